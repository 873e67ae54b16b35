//! The program as an operator starts it, beside programs that answer what was said.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod data;
mod documentation;
mod pipeline;
mod sandbox;
#[path = "../support/world.rs"]
#[expect(dead_code, reason = "not every test needs all of it")]
mod world;

use serde_json::{Value, json};

use sandbox::{Sandbox, serve};

#[test]
fn an_answer_is_for_people_or_for_programs_and_progress_goes_elsewhere() {
    let sandbox = Sandbox::new(&world::before_us());
    let people = sandbox.run(&["preflight"]);
    assert_eq!(people.status, 0, "{}", people.errors);
    // How wide the columns are is for the tests of the table to say.
    let lines: Vec<_> =
        people.answer.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "Stacks of dev in us-east-1 (account …9012)",
        "purposepath-account-api-dev UPDATE_COMPLETE",
        "purposepath-users-dev import purposepath-users-table-dev fits",
        "purposepath-invitations-dev use - fits, 1 to look at",
        "purposepath-account-outbox-dev create - -",
        "ok Python takes our access token",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line}\n{}", people.answer);
    }
    assert!(!people.answer.contains('\x1b'), "colour is for terminals");
    assert!(people.errors.contains("... tables: 6 of"));

    let programs = sandbox.run(&["preflight", "--json"]);
    let answer = programs.json();
    assert_eq!(
        (&answer["command"], &answer["ok"], &answer["error"]),
        (&json!("preflight"), &json!(true), &Value::Null)
    );
    assert_eq!(answer["result"]["tables"][0]["decision"], "import");
    assert!(sandbox.file("deployment/parameters/dev.json").is_some());
}

#[test]
fn the_exit_status_tells_no_from_could_not() {
    let mut world = world::before_us();
    world.change("aws cloudformation describe-stacks", |answer| {
        answer["Stacks"][0]["StackStatus"] = json!("UPDATE_IN_PROGRESS");
    });
    let refused = Sandbox::new(&world).run(&["preflight", "--json"]);
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (1, &json!("PREFLIGHT_FAILED")));
    assert_eq!(refused.json()["ok"], false);
    assert!(!refused.json()["result"].is_null(), "a no shows what it is based on");

    let sandbox = Sandbox::new(&world::before_us());
    sandbox.remove_program("aws");
    let missing = sandbox.run(&["preflight"]);
    assert_eq!((missing.status, missing.answer.as_str()), (3, ""));
    let said = "TOOL_MISSING: `aws` is not installed, or not in the search path";
    assert!(missing.errors.contains(said), "{}", missing.errors);

    assert_eq!(sandbox.run(&["preflight", "--stage", "production"]).status, 2);
    assert_eq!(sandbox.run(&["explode"]).status, 2);
    assert_eq!(sandbox.run(&["--help"]).status, 0);
}

#[test]
fn a_dry_run_shows_the_calls_that_it_left_out_so_that_they_can_be_pasted() {
    let (_runtime, endpoint) = serve("dev");
    let sandbox = Sandbox::new(&world::everything(&endpoint, "2026-01-01T00:00:00Z"));
    let back = sandbox.run(&["rollback", "--dry-run"]);
    assert_eq!(back.status, 0, "{}", back.errors);
    let call = format!(
        "   aws apigatewayv2 update-api-mapping --domain-name api.dev.purposepath.app --api-mapping-id {} \
         --api-mapping-key account --api-id {} --stage '$default' --region us-east-1 --output json",
        world::MAPPING,
        world::OUR_API
    );
    // The record says that it was led to us from Python; the mapping still leads to Python.
    assert!(back.answer.contains("leads there already"), "{}", back.answer);
    let there = sandbox.run(&["switch", "--dry-run"]);
    assert_eq!(there.status, 0, "{}", there.errors);
    assert!(there.answer.lines().any(|line| line == call), "{}", there.answer);
    assert!(sandbox.calls().iter().all(|call| !call.contains("update-") && !call.contains("put-")));
}

/// The parameters hold blanks, brackets and quotation marks.
#[cfg(unix)]
#[test]
fn what_a_dry_run_of_a_deployment_shows_writes_what_sam_then_reads() {
    let sandbox = Sandbox::new(&world::everything("https://api.example.com", "2026-01-01T00:00:00Z"));
    sandbox.put_templates();
    let mut calls = Vec::new();
    for command in [["preflight", ""], ["package", "--bucket=b"], ["deploy", "account"]] {
        sandbox.put("target/lambda/arm64/account-service.zip", "a program");
        let words: Vec<_> = command.into_iter().filter(|word| !word.is_empty()).collect();
        let said = sandbox.run(&[words.as_slice(), &["--dry-run", "--json"]].concat());
        assert_eq!(said.status, 0, "{}", said.errors);
        calls = serde_json::from_value::<Vec<String>>(said.json()["left_out"].clone()).unwrap();
        for writing in calls.iter().filter(|call| call.starts_with("mkdir")) {
            let pasted = std::process::Command::new("sh").args(["-c", writing]).status().unwrap();
            assert!(pasted.success(), "{writing}");
        }
    }
    let written = sandbox.file("target/xtask/account-service-dev.yaml").unwrap();
    let told: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(told["CorsOrigins"], r#"["https://app.dev.purposepath.app"]"#);
    assert_eq!(told["EmailFrom"], "PurposePath <no-reply@purposepath.app>");
    assert_eq!(told["UsersTableSource"], "purposepath-users-table-dev");
    assert!(calls[1].ends_with("/target/xtask/account-service-dev.yaml"), "{calls:?}");
}

#[test]
fn the_service_itself_passes_the_smoke_test_and_another_address_does_not() {
    let (_runtime, endpoint) = serve("dev");
    let sandbox = Sandbox::new(&world::before_us());
    let smoke = |url: &str| sandbox.run(&["smoke", "--json", "--url", url]);
    for url in [endpoint.clone(), format!("{endpoint}/"), format!("{endpoint}/account")] {
        let good = smoke(&url);
        assert_eq!((good.status, &good.json()["ok"]), (0, &json!(true)), "{}", good.answer);
    }
    let wrong = smoke(&format!("{endpoint}/somewhere"));
    assert_eq!((wrong.status, &wrong.json()["error"]["code"]), (1, &json!("SMOKE_FAILED")));
    let nobody = smoke("http://127.0.0.1:9");
    assert_eq!(nobody.status, 1);
    let other_stage = sandbox.run(&["smoke", "--stage", "staging", "--url", &endpoint]);
    assert_eq!(other_stage.status, 1);
}

#[test]
fn a_zip_of_a_binary_that_is_there_is_made_without_a_compiler() {
    let sandbox = Sandbox::new(&world::World::default());
    sandbox.put("a-binary", "a program");
    let binary = sandbox.path("a-binary");
    let built = sandbox.run(&["build", "--arch", "x86-64", "--json", "--binary", &binary]);
    assert_eq!(built.status, 0, "{}", built.errors);
    assert_eq!(built.json()["result"]["architecture"], "x86_64");
    assert!(sandbox.file("target/lambda/x86-64/account-service.zip").is_some());
    assert_eq!(sandbox.calls(), Vec::<String>::new());
}
