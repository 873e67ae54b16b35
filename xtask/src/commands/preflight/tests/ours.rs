//! Our own stacks: how they are, and what they give to each other.

use super::*;

#[test]
fn a_stack_that_has_to_be_repaired_is_a_problem_where_it_is_ours_and_worth_a_look_elsewhere() {
    for (status, advice) in [
        ("ROLLBACK_COMPLETE", "delete-stack"),
        ("ROLLBACK_FAILED", "delete-stack"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
    ] {
        for middle in ["account-rust", "account-rust-observability", "account-rust-ci"] {
            let name = format!("purposepath-{middle}-dev");
            let found = problems(|world| {
                world.change("aws cloudformation describe-stacks", |answer| {
                    answer["Stacks"].as_array_mut().unwrap().push(world::stack(&name, status, &[]));
                });
            });
            let [problem] = found.as_slice() else { panic!("{found:?}") };
            assert!(problem.starts_with(&format!("the stack {name} is {status}: ")), "{problem}");
            assert!(problem.contains(&format!("{advice} --stack-name {name}")), "{problem}");
        }
        let mut world = world::before_us();
        world.change("aws cloudformation describe-stacks", |answer| answer["Stacks"][0]["StackStatus"] = json!(status));
        let bench = Bench::new(world);
        let report = run(&bench.context(), DOMAIN).unwrap();
        assert_eq!(report.failure, None);
        let notices = report.result()["notices"].to_string();
        assert!(notices.contains(&format!("the stack purposepath-api-dev is {status}")), "{notices}");
    }
}

#[test]
fn what_our_own_stacks_export_for_each_other_is_passed_on() {
    for (folder, middle, parameter) in [
        ("ci-oidc", "account-rust-boundary-arn", "PermissionsBoundaryArn"),
        ("shared-infrastructure", "account-rust-alarm-topic-arn", "AlarmTopicArn"),
    ] {
        let template = ::tests::templates::read(&format!("{folder}/template.yaml"));
        assert!(template.contains(&format!("purposepath-{middle}-${{Stage}}")), "{folder} does not export {middle}");
        assert!(::tests::templates::read("account-service/template.yaml").contains(&format!("  {parameter}:")));

        let name = format!("purposepath-{middle}-dev");
        let mut world = world::before_us();
        world
            .change("aws cloudformation list-exports", |answer| {
                answer["Exports"].as_array_mut().unwrap().push(world::export(&name, "arn:aws:x:y"));
            })
            .set(&format!("aws cloudformation list-imports --export-name {name}"), &json!({"Imports": []}));
        let bench = Bench::new(world);
        run(&bench.context(), DOMAIN).unwrap();
        assert_eq!(written(&bench)[parameter], "arn:aws:x:y");
    }
}

#[test]
fn alarms_that_nobody_is_told_of_are_worth_a_look_in_production() {
    let notices = |stage: Stage, change: &dyn Fn(&mut World)| {
        let mut world = world::before_us();
        change(&mut world);
        let mut bench = Bench::new(world::in_stage(&world, stage.as_str()));
        bench.stage = stage;
        let report = run(&bench.context(), stage.domain()).unwrap();
        assert_eq!(report.failure, None);
        report.result()["notices"].to_string()
    };
    let unheard = "nothing exports purposepath-account-rust-alarm-topic-arn-prod: nobody is told of alarms";
    assert!(notices(Stage::Prod, &|_| {}).contains(unheard));
    assert!(!notices(Stage::Dev, &|_| {}).contains("alarms"));
    let with_topic = notices(Stage::Prod, &|world| {
        let name = "purposepath-account-rust-alarm-topic-arn-dev";
        world
            .change("aws cloudformation list-exports", |answer| {
                answer["Exports"].as_array_mut().unwrap().push(world::export(name, "arn:aws:sns:x"));
            })
            .set(&format!("aws cloudformation list-imports --export-name {name}"), &json!({"Imports": []}));
    });
    assert!(!with_topic.contains("alarms"), "{with_topic}");
}
