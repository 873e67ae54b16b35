//! From the command line to the first answer, or to a reason why there is none.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path, process::Command};

use serde_json::Value;

use crate::{
    UNVERIFIED,
    local::{self, LocalHost},
    program::{Ended, Program},
};

#[tokio::test]
async fn it_answers_where_it_says_that_it_listens() {
    let data = tempfile::tempdir().unwrap();
    let host = LocalHost::start(data.path(), &[]);
    for path in ["/health", "/api/v1/health/detailed", "/account/api/v1/health/ready", "/openapi.json", "/docs/"] {
        let response = reqwest::get(format!("{}{path}", host.api.url)).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
    }
}

#[test]
fn the_printed_commands_lead_to_a_profile() {
    let Some(answers) = run_first_steps(&[]) else { return };
    let [registered, confirmed, profile] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(registered["data"]["requires_email_verification"], true);
    assert_eq!(confirmed["success"], true);
    assert_eq!(profile["data"]["email"], "ada@example.com");
    assert_eq!(profile["data"]["email_verified"], true);
}

#[test]
fn the_printed_commands_lead_to_a_profile_where_addresses_are_not_confirmed() {
    let Some(answers) = run_first_steps(&[UNVERIFIED]) else { return };
    let [registered, profile] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(registered["data"]["token_type"], "Bearer");
    assert_eq!(profile["data"]["email"], "ada@example.com");
}

#[test]
fn output_that_nobody_watches_has_no_colours() {
    let data = tempfile::tempdir().unwrap();
    let mut host = LocalHost::start(data.path(), &[("LOG_LEVEL", "debug")]);
    host.first_steps();
    host.program.child.kill().unwrap();
    let said = host.program.wait().said.to_string();
    assert!(!said.contains('\x1b'), "{said:?}");
}

#[test]
fn a_data_folder_belongs_to_one_process() {
    let data = tempfile::tempdir().unwrap();
    let _first = LocalHost::start(data.path(), &[]);
    let second = Program::start(&mut local::command(data.path(), &[])).wait();
    assert_refused(&second, &["another process is using the database", &data.path().display().to_string()]);
}

/// Looking for credentials or a region that nobody has would ask the network, and take seconds.
#[test]
fn a_start_with_no_settings_has_nothing_to_warn_of() {
    let data = tempfile::tempdir().unwrap();
    let mut host = LocalHost::start(data.path(), &[]);
    host.program.child.kill().unwrap();
    let said = host.program.wait().said;
    assert!(!said.stderr.iter().any(|line| line.contains("WARN") || line.contains("ERROR")), "{said}");
}

#[test]
fn the_data_is_for_the_eyes_of_its_owner() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    let _host = LocalHost::start(&data, &[]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("jwt-secret")), 0o600);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("data");
    let mut command = local::command(&folder, &[]);
    let ended = Program::start(command.args(["--port", &port.to_string()])).wait();
    assert_refused(&ended, &[&format!("cannot listen on 127.0.0.1:{port}"), "in use"]);
    assert!(!folder.exists(), "a start that fails leaves nothing behind");
}

#[test]
fn every_wrong_setting_is_listed_by_name_and_without_its_value() {
    let wrong = [
        ("STAGE", "canary-stage"),
        ("PASSWORD_MIN_LENGTH", "canary-length"),
        ("JWT_SIGNER", "canary-signer"),
        ("CORS_ORIGINS", "canary-origin"),
        ("RATE_LIMIT_PER_MINUTE", "canary-limit"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "canary-endpoint"),
        ("USERS_KEY", "canary-key"),
        ("TENANTS_TABLE", "canary table"),
        ("MAIL_TRANSPORT", "canary-transport"),
        ("REQUIRE_EMAIL_VERIFICATION", "canary-flag"),
    ];
    let data = tempfile::tempdir().unwrap();
    let ended = Program::start(&mut local::command(data.path(), &wrong)).wait();
    assert_refused(&ended, &wrong.map(|(name, _)| name));
    let said = ended.said.to_string();
    assert!(!said.contains("canary"), "{said}");
}

/// What the commands that the host prints answer when a shell runs them; nothing where there is no `curl`.
fn run_first_steps(settings: &[(&str, &str)]) -> Option<Vec<Value>> {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: the printed commands need curl");
        return None;
    }
    let data = tempfile::tempdir().unwrap();
    let mut host = LocalHost::start(data.path(), settings);
    let script = host.first_steps();
    let ran = Command::new("sh").arg("-c").arg(&script).output().unwrap();
    let answers = serde_json::Deserializer::from_slice(&ran.stdout).into_iter().collect::<Result<_, _>>();
    Some(answers.unwrap_or_else(|error| panic!("{error} after\n{script}\n{ran:?}")))
}

fn assert_refused(ended: &Ended, reasons: &[&str]) {
    let Ended { status, said } = ended;
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.stdout.is_empty(), "{said}");
    let stderr = said.stderr.join("\n");
    for reason in reasons {
        assert!(stderr.contains(reason), "no {reason:?} in\n{stderr}");
    }
}
