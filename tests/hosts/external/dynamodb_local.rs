//! The hosts on Amazon's own DynamoDB Local, so that nothing leans on one emulator.

use std::process::Command;

use libtest_mimic::Trial;
use tests::DynamoDbLocal;

use crate::{
    cargo_lambda,
    function::Surroundings,
    local::{self, LocalHost},
    program::Program,
    tools::tool,
};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        every_journey_leads_to_the_same_end,
        the_printed_commands_lead_to_a_profile,
        missing_tables_are_a_clear_reason_not_to_start
    ]
}

async fn every_journey_leads_to_the_same_end() {
    let amazon = DynamoDbLocal::start(&tool("ACCOUNT_TEST_DYNAMODB_LOCAL")).await;
    let surroundings = Surroundings::on(amazon.client(), amazon.endpoint().to_string()).await;
    cargo_lambda::take(&cargo_lambda::journeys_that_arrive(), &surroundings).await;
}

async fn the_printed_commands_lead_to_a_profile() {
    let amazon = DynamoDbLocal::start(&tool("ACCOUNT_TEST_DYNAMODB_LOCAL")).await;
    let data = tempfile::tempdir().unwrap();
    let settings = [("AWS_ENDPOINT_URL_DYNAMODB", amazon.endpoint().as_str())];
    let mut host = LocalHost::run(local::command(data.path(), &settings).arg("--create-tables"));
    let ran = Command::new("sh").args(["-c", &host.first_steps()]).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(said.contains(r#""email_verified":true"#), "{said}");
    drop(host);

    // The tables are there now, and so is the user.
    let host = LocalHost::start(data.path(), &settings);
    let signed_in = host.api.login("ada@example.com").await.unwrap();
    let profile = host.api.profile(signed_in.text("/access_token")).await.unwrap();
    assert_eq!(profile.text("/first_name"), "Ada");
    assert_eq!(host.api.register("grace@example.com").await.unwrap().status, 200);
}

async fn missing_tables_are_a_clear_reason_not_to_start() {
    let amazon = DynamoDbLocal::start(&tool("ACCOUNT_TEST_DYNAMODB_LOCAL")).await;
    let data = tempfile::tempdir().unwrap();
    let settings = [("AWS_ENDPOINT_URL_DYNAMODB", amazon.endpoint().as_str())];
    let ended = Program::start(&mut local::command(data.path(), &settings)).wait();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.said);
    let said = ended.said.stderr.join("\n");
    assert!(said.contains("purposepath-account-email-claims-local") && said.contains("--create-tables"), "{said}");
}
