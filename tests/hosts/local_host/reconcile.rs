//! The command that compares what tenants pay for with what the billing provider has.

use std::{fs, path::Path};

use infrastructure::dynamodb::embedded::EmbeddedDynamoDb;
use serde_json::{Value, json};
use tests::text;

use crate::{
    billing::Shop,
    local::{self, LocalHost},
    program::{Ended, Program},
};

const SUBSCRIPTIONS: &str = "purposepath-subscriptions-local";

#[tokio::test]
async fn what_somebody_changed_by_hand_is_found_and_put_right() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let shop = Shop::open(data).await;
    shop.subscribe(Some("pm_card_visa")).await;
    shop.deliver_events().await;
    drop(shop);
    assert_eq!(succeeded(data, &["reconcile"]), ["1 tenant compared with local: no differences"]);
    change_tier_by_hand(data, "enterprise").await;

    let ended = run(data, &["reconcile", "--json"]);
    assert_eq!(ended.status.code(), Some(3), "{}", ended.said);
    let report: Value = serde_json::from_str(&ended.said.stdout.join("\n")).unwrap();
    let [finding] = report["findings"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!((&finding["finding"], &finding["done"]), (&json!("differs"), &json!("repairable")));
    assert_eq!((&finding["ours"]["tier"], &finding["theirs"]["tier"]), (&json!("enterprise"), &json!("starter")));
    assert_eq!((&report["applied"], &report["tenants"], &report["next"]), (&json!(false), &json!(1), &Value::Null));
    assert!(!report.to_string().contains("example.com"), "nothing about people: {report}");

    let ended = run(data, &["reconcile"]);
    assert_eq!(ended.status.code(), Some(3), "{}", ended.said);
    let [heading, row, _, sum] = ended.said.stdout.as_slice() else { panic!("{}", ended.said) };
    let sides = row.get(heading.find("HERE").unwrap()..).unwrap();
    assert!(sides.starts_with("enterprise monthly  starter monthly"), "{row}");
    assert_eq!(sum, "1 tenant compared with local: 1 difference, 1 that --apply repairs");

    let tenant_id = finding["tenant_id"].as_str().unwrap();
    let of_one = succeeded(data, &["reconcile", "--apply", "--tenant", tenant_id]);
    assert_eq!(of_one.last().unwrap(), "1 tenant compared with local: 1 difference, 1 repaired");
    assert_eq!(succeeded(data, &["reconcile", "--apply"]), ["1 tenant compared with local: no differences"]);

    let host = LocalHost::start(data, &[]);
    let events = host.api.dev("events").await.unwrap();
    assert!(events.body.to_string().contains("SubscriptionChanged"), "it was published: {}", events.body);
}

#[tokio::test]
async fn a_run_that_was_stopped_goes_on_where_it_says() {
    let data = tempfile::tempdir().unwrap();
    Shop::open(data.path()).await.subscribe(Some("pm_card_visa")).await;
    let ended = run(data.path(), &["reconcile"]);
    let progress = ended.said.stderr.first().unwrap();
    assert!(progress.starts_with("... 1 tenant compared with local: no differences; --after "), "{progress}");
    let after = progress.split_once("--after ").unwrap().1.split(' ').next().unwrap();
    let rest = succeeded(data.path(), &["reconcile", "--after", after]);
    assert_eq!(rest, ["0 tenants compared with local: no differences"]);
}

#[tokio::test]
async fn the_command_says_why_it_cannot_compare() {
    let data = tempfile::tempdir().unwrap();
    let nowhere = data.path().join("nowhere");
    refused(&nowhere, &["reconcile"], 1, "no service has kept data in");
    refused(data.path(), &["reconcile", "--after", "?"], 2, "--after");
    refused(data.path(), &["reconcile", "--tenant", ""], 2, "1 to 128 characters");
    refused(data.path(), &["reconcile", "--per-second", "31"], 2, "31");
    refused(data.path(), &["reconcile", "--after", "eA"], 1, "cannot be listed");
    let without = Program::start(local::command(data.path(), &[("BILLING_PROVIDER", "none")]).arg("reconcile")).wait();
    assert_eq!(without.status.code(), Some(1));
    assert!(without.said.stderr.join("\n").contains("no billing provider is set up"), "{}", without.said);
    let ended = run(data.path(), &["reconcile", "--tenant", "nobody", "--json"]);
    assert_eq!(ended.status.code(), Some(1));
    let report: Value = serde_json::from_str(&ended.said.stdout.join("\n")).unwrap();
    assert_eq!(report["failures"][0]["failure"], "no_tenant");
    let _host = LocalHost::start(data.path(), &[]);
    refused(data.path(), &["reconcile"], 1, "another process is using the database");
}

#[test]
fn the_documented_commands_run() {
    let data = tempfile::tempdir().unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reconciliation.md");
    let page = fs::read_to_string(page).unwrap();
    let documented: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("cargo run -p api-local -- ")).collect();
    assert!(documented.len() >= 3, "{documented:?}");
    for command in documented {
        let arguments: Vec<_> = command.split_whitespace().collect();
        assert_eq!(run(data.path(), &arguments).status.code(), Some(0), "{command}");
    }
}

/// Works on the table past the service.
async fn change_tier_by_hand(data: &Path, tier: &str) {
    let dynamodb = EmbeddedDynamoDb::open(data).unwrap().client();
    let rows = dynamodb.scan().table_name(SUBSCRIPTIONS).send().await.unwrap().items.unwrap_or_default();
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    let mut row = row.clone();
    row.insert("tier".to_owned(), text(tier));
    dynamodb.put_item().table_name(SUBSCRIPTIONS).set_item(Some(row)).send().await.unwrap();
}

fn run(data: &Path, arguments: &[&str]) -> Ended {
    Program::start(local::command(data, &[]).args(arguments)).wait()
}

fn succeeded(data: &Path, arguments: &[&str]) -> Vec<String> {
    let ended = run(data, arguments);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.said);
    ended.said.stdout
}

fn refused(data: &Path, arguments: &[&str], code: i32, why: &str) {
    let ended = run(data, arguments);
    assert_eq!(ended.status.code(), Some(code), "{}", ended.said);
    assert!(ended.said.stderr.join("\n").contains(why), "no {why:?} in {}", ended.said);
}
