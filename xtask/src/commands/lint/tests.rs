use super::*;
use crate::fakes::{Bench, world::World};

const CFN_LINT: &str = "cfn-lint --region us-east-1 --format parseable -- <root>/deployment/a/template.yaml";
const SAM: &str = "sam validate --lint --template-file <root>/deployment/a/template.yaml --region us-east-1";

fn bench(world: World) -> Bench {
    let bench = Bench::new(world);
    bench.put("deployment/a/template.yaml", "Resources: {}");
    bench.put("deployment/a/samconfig.toml", "");
    bench.put("deployment/README.md", "");
    bench
}

fn good() -> World {
    let mut world = World::default();
    world.set_text(CFN_LINT, "").set_text(SAM, "is a valid SAM Template");
    world
}

#[test]
fn each_template_is_read_by_both_programs() {
    let bench = bench(good());
    assert_eq!(run(&bench.context()).unwrap().failure, None);
    assert_eq!(bench.calls(), [CFN_LINT, SAM]);
}

#[test]
fn findings_are_shown_and_a_program_that_fails_in_silence_has_found_something() {
    let mut world = good();
    world.fail(CFN_LINT, "template.yaml:1:1:1:1:E3002:Invalid property").fail(SAM, "");
    let report = run(&bench(world).context()).unwrap();
    assert_eq!(report.failure.as_ref().unwrap().message, "2 checks have findings");
    assert!(report.text().contains("E3002"));
    assert!(report.text().contains("it failed and did not say why"));
}

#[test]
fn no_template_at_all_and_no_program_are_failures() {
    let empty = run(&Bench::new(World::default()).context()).unwrap_err();
    assert_eq!(empty.code, Code::FileFailed);
    let missing = run(&bench(good()).without("sam").context()).unwrap_err();
    assert_eq!(missing.code, Code::ToolMissing);
}
