//! What could not be delivered: given up by one process, looked after by the command, delivered by the next process.

use std::{collections::BTreeSet, fs, path::Path};

use infrastructure::dynamodb::embedded::EmbeddedDynamoDb;
use serde_json::{Value, json};
use tests::text;

use crate::{
    local::{self, LocalHost},
    program::{Ended, Program},
};

/// A mail server at a port where nobody listens.
const NO_SERVER: [(&str, &str); 2] = [("MAIL_TRANSPORT", "smtp"), ("SMTP_URL", "smtp://127.0.0.1:1")];
const OUTBOX: &str = "purposepath-account-outbox-local";

#[tokio::test]
async fn what_was_given_up_is_listed_and_delivered_after_a_replay() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    give_up_mails_to(data, &["ada@example.com", "grace@example.com"]).await;

    let letters = answer(data, &["list", "--json"]);
    let [first, second] = letters.as_array().unwrap().as_slice() else { panic!("{letters}") };
    assert_eq!(first["what"], "mail");
    assert_eq!(first["attempts"], 34);
    assert!(first["reason"].as_str().unwrap().len() > 10, "{first}");
    assert!(!letters.to_string().contains("example.com"), "whom a mail is for stays sealed: {letters}");
    let (first, second) = (first["id"].as_str().unwrap(), second["id"].as_str().unwrap());

    let table = succeeded(data, &["list"]);
    assert_eq!(table.len(), 3, "{table:?}");
    let reason_column = table[0].find("REASON").unwrap();
    for (line, id) in table[1..].iter().zip([first, second]) {
        let before_the_reason = line.get(..reason_column).unwrap();
        assert!(line.starts_with(id) && before_the_reason.ends_with("  34  "), "{table:?}");
    }
    assert_eq!(answer(data, &["list", "--json", "--limit", "1"])[0]["id"], first);

    let rehearsed = succeeded(data, &["replay", "--all", "--dry-run"]);
    assert_eq!(rehearsed.last().unwrap(), "2 dead letters would be put back");
    assert_eq!(answer(data, &["list", "--json"]), letters, "a dry run changes nothing");

    let ended = run(data, &["replay", second, "no-such-id", "--json"]);
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ended.said.stderr, ["error: no dead letter has the id no-such-id"]);
    let replayed: Value = serde_json::from_str(&ended.said.stdout.join("\n")).unwrap();
    assert_eq!((&replayed["replayed"][0]["id"], &replayed["unknown"]), (&json!(second), &json!(["no-such-id"])));
    assert_eq!(succeeded(data, &["replay", "--all"]).last().unwrap(), "1 dead letter put back");
    assert_eq!(succeeded(data, &["list"]), ["There are no dead letters."]);

    let host = LocalHost::start(data, &[]);
    let mails = host.api.mailbox().await.unwrap();
    let mut to: Vec<_> = mails.body.as_array().unwrap().iter().map(|mail| mail["to"].as_str().unwrap()).collect();
    to.sort_unstable();
    assert_eq!(to, ["ada@example.com", "grace@example.com"]);
}

#[tokio::test]
async fn the_command_says_why_it_cannot_look() {
    let data = tempfile::tempdir().unwrap();
    let nowhere = data.path().join("nowhere");
    refused(&nowhere, &["list"], 1, "no service has kept data in");
    assert!(!nowhere.exists());
    let _host = LocalHost::start(data.path(), &[]);
    refused(data.path(), &["list"], 1, "another process is using the database");
    refused(data.path(), &["replay"], 2, "<ID>");
    refused(data.path(), &["replay", "id", "--all"], 2, "cannot be used with");
    refused(data.path(), &["list", "--limit", "10001"], 2, "10001");
}

#[test]
fn the_documented_commands_run() {
    let data = tempfile::tempdir().unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events/README.md");
    let page = fs::read_to_string(page).unwrap();
    let documented: Vec<_> =
        page.lines().filter_map(|line| line.strip_prefix("cargo run -p api-local -- dead-letters ")).collect();
    assert!(documented.len() >= 3, "{documented:?}");
    for command in documented {
        let arguments: Vec<_> = command.split_whitespace().collect();
        assert_eq!(run(data.path(), &arguments).status.code(), Some(0), "{command}");
    }
}

/// Leaves one dead letter for each of these newcomers: the mail that should have confirmed their address.
async fn give_up_mails_to(data: &Path, newcomers: &[&str]) {
    let mut host = LocalHost::start(data, &NO_SERVER);
    for email in newcomers {
        assert_eq!(host.api.register(email).await.unwrap().status, 200);
    }
    // Each is tried again and again.
    host.program.wait_for("failed deliveries", |said| {
        let failed = said.stderr.iter().filter(|line| line.contains("delivery failed"));
        let ids: BTreeSet<_> = failed.filter_map(|line| line.split_once("message_id=")?.1.split(' ').next()).collect();
        (ids.len() == newcomers.len()).then_some(())
    });
    drop(host);
    assert_eq!(tire_of_waiting(data).await, newcomers.len());
    let mut host = LocalHost::start(data, &NO_SERVER);
    host.program.wait_for("given up deliveries", |said| {
        let given_up = said.stderr.iter().filter(|line| line.contains("delivery given up")).count();
        (given_up == newcomers.len()).then_some(())
    });
}

/// Makes the next attempt of every mail that waits the last one, and due now; says how many wait.
async fn tire_of_waiting(data: &Path) -> usize {
    let dynamodb = EmbeddedDynamoDb::open(data).unwrap().client();
    let mut waiting = dynamodb.scan().table_name(OUTBOX).send().await.unwrap().items.unwrap_or_default();
    waiting.retain(|message| message["kind"] == text("mail"));
    for mut message in waiting.clone() {
        let long_ago = text("2026-01-01T00:00:00.000000Z");
        message.insert("attempts".to_owned(), aws_sdk_dynamodb::types::AttributeValue::N("33".to_owned()));
        message.extend([("due_at".to_owned(), long_ago.clone()), ("held_until".to_owned(), long_ago)]);
        dynamodb.put_item().table_name(OUTBOX).set_item(Some(message)).send().await.unwrap();
    }
    waiting.len()
}

fn run(data: &Path, arguments: &[&str]) -> Ended {
    Program::start(local::command(data, &[]).arg("dead-letters").args(arguments)).wait()
}

fn succeeded(data: &Path, arguments: &[&str]) -> Vec<String> {
    let ended = run(data, arguments);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.said);
    assert!(ended.said.stderr.is_empty(), "{}", ended.said);
    ended.said.stdout
}

fn answer(data: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&succeeded(data, arguments).join("\n")).unwrap()
}

fn refused(data: &Path, arguments: &[&str], code: i32, why: &str) {
    let ended = run(data, arguments);
    assert_eq!(ended.status.code(), Some(code), "{}", ended.said);
    assert!(ended.said.stdout.is_empty(), "{}", ended.said);
    assert!(ended.said.stderr.join("\n").contains(why), "no {why:?} in {}", ended.said);
}
