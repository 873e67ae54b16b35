//! Work on whole tables, as an operator starts it, on the embedded DynamoDB.

use std::path::Path;

use infrastructure::dynamodb::{
    embedded::EmbeddedDynamoDb,
    tables::{Layout, Table, create_missing},
};
use serde_json::json;
use tests::App;
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{sandbox::Sandbox, world::World};

/// Empty tables of these stages on a port of this machine, until the runtime ends.
pub(crate) fn serve_tables(stages: &[&str]) -> (Runtime, String) {
    let runtime = Runtime::new().unwrap();
    let endpoint = runtime.block_on(async {
        let database = EmbeddedDynamoDb::in_memory().unwrap();
        for stage in stages {
            create_missing(&database.client(), &Layout::new(stage, |_| None).unwrap()).await.unwrap();
        }
        serve(database).await
    });
    (runtime, endpoint)
}

async fn serve(database: EmbeddedDynamoDb) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { database.serve_on(listener, std::future::pending()).await });
    endpoint
}

/// Empty tables as a local service keeps them.
pub(crate) fn keep_tables(folder: &Path) {
    let database = EmbeddedDynamoDb::open(folder).unwrap();
    let layout = Layout::new("local", |_| None).unwrap();
    Runtime::new().unwrap().block_on(create_missing(&database.client(), &layout)).unwrap();
}

/// A stage where two Python users have an address each and two share one.
fn with_python_users(stage: &str) -> (Runtime, App, String) {
    let runtime = Runtime::new().unwrap();
    let (app, endpoint) = runtime.block_on(async {
        let database = EmbeddedDynamoDb::in_memory().unwrap();
        let app = App::builder().setting("STAGE", stage).start_on(database.client()).await;
        for address in ["anna@example.com", "ben@example.com", "both@example.com", "both@example.com"] {
            app.python_user(address).await;
        }
        (app, serve(database).await)
    });
    (runtime, app, endpoint)
}

#[test]
fn a_migration_is_shown_then_made_then_has_nothing_to_do() {
    let (runtime, app, endpoint) = with_python_users("dev");
    let sandbox = Sandbox::new(&World::default());
    let migrate = |more: &[&str]| sandbox.run(&[&["migrate", "--json", "--endpoint", &endpoint], more].concat());
    let dry = migrate(&["--dry-run"]);
    assert_eq!(dry.status, 0, "{}", dry.errors);
    assert!(runtime.block_on(app.rows(Table::AccountEmailClaims)).is_empty());

    let real = migrate(&[]);
    assert_eq!((real.status, &real.json()["error"]["code"]), (1, &json!("MIGRATION_INCOMPLETE")), "{}", real.errors);
    let (dry, real) = (dry.json(), real.json());
    for part in ["tables", "changes", "exceptions", "verification"] {
        assert_eq!(dry["result"][part], real["result"][part]);
    }
    assert_eq!(real["result"]["changes"].as_array().unwrap().len(), 2 + 4 + 4 + 4);
    assert_eq!(real["result"]["verification"]["exceptions"][0]["kind"], "shared_address");
    assert_eq!(runtime.block_on(app.rows(Table::AccountEmailClaims)).len(), 2);
    assert_eq!(sandbox.file("target/xtask/migrate-dev.json"), None, "the work is done");
    assert_eq!(migrate(&[]).json()["result"]["changes"], json!([]));

    let people = sandbox.run(&["migrate", "--endpoint", &endpoint]);
    for said in ["ok nothing is missing", "!  2 of 4 addresses are claimed for their user", "have one address"] {
        assert!(people.answer.contains(said), "{said}: {}", people.answer);
    }
    assert!(people.errors.contains("... who has which address: users"), "{}", people.errors);
    assert!(!format!("{dry}{real}{}{}", people.answer, people.errors).contains("@example"), "an address was shown");
    runtime.block_on(app.finish());
}

#[test]
fn what_cannot_be_read_is_listed_and_ends_with_a_no() {
    let (runtime, app, endpoint) = with_python_users("dev");
    let sandbox = Sandbox::new(&World::default());
    let good = sandbox.run(&["verify", "--endpoint", &endpoint]);
    assert_eq!(good.status, 0, "{}\n{}", good.answer, good.errors);
    assert!(good.answer.contains("ok both services can read every row"), "{}", good.answer);

    let id = runtime.block_on(async {
        let row = app.rows(Table::Users).await.remove(0);
        let id = row["id"].as_s().unwrap().clone();
        app.set(Table::Users, &id, "role", "emperor").await;
        id
    });
    let bad = sandbox.run(&["verify", "--json", "--endpoint", &endpoint]);
    let answer = bad.json();
    assert_eq!((bad.status, &answer["error"]["code"]), (1, &json!("ROWS_UNREADABLE")));
    let defect = json!({
        "row": id, "reader": "account", "problem": "attribute role is not one of its known values",
    });
    assert_eq!(answer["result"]["tables"][0]["defects"][0], defect);
    assert!(!bad.answer.contains("emperor"));
    runtime.block_on(app.finish());
}

#[test]
fn a_checkpoint_of_other_tables_is_refused_until_somebody_begins_anew() {
    let (_runtime, endpoint) = serve_tables(&["dev"]);
    let sandbox = Sandbox::new(&World::default());
    let position = r#"{"done":[],"after":null,"findings":[]}"#;
    let stored = format!(r#"{{"format":2,"scope":"x","users_table":"people-prod","position":{position}}}"#);
    sandbox.put("target/xtask/migrate-dev.json", &stored);
    let migrate = |more: &[&str]| sandbox.run(&[&["migrate", "--json", "--endpoint", &endpoint], more].concat());
    let refused = migrate(&[]);
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (1, &json!("CHECKPOINT_REFUSED")));
    assert!(refused.answer.contains("people-prod"), "{}", refused.answer);
    assert_eq!(migrate(&["--dry-run"]).status, 0, "a dry run goes through everything");
    assert_eq!(migrate(&["--restart"]).status, 0);
}

#[test]
fn tables_are_found_or_the_answer_says_what_is_wrong() {
    let (_runtime, endpoint) = serve_tables(&["dev"]);
    let sandbox = Sandbox::new(&World::default());
    let code = |arguments: &[&str]| {
        let said = sandbox.run(&[arguments, &["--json"]].concat());
        (said.status, said.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let missing = (1, "TABLE_MISSING".to_owned());
    assert_eq!(code(&["verify", "--endpoint", &endpoint, "--stage", "staging"]), missing);
    let other = ["verify", "--endpoint", &endpoint, "--table", "users=purposepath-tenants-dev"];
    assert_eq!(code(&other), (3, "TABLE_FAILED".to_owned()), "two tables of one name");
    assert_eq!(code(&["verify", "--endpoint", &endpoint, "--table", "users=people"]), missing);
    assert_eq!(code(&["verify", "--data", "nowhere"]), (3, "FILE_FAILED".to_owned()));
    assert_eq!(code(&["migrate", "--stage", "prod"]), (1, "CONFIRMATION_REQUIRED".to_owned()));
    assert_eq!(sandbox.run(&["verify", "--table", "people=x"]).status, 2);

    keep_tables(&sandbox.working_folder().join("data"));
    assert_eq!(code(&["migrate", "--data", "data"]), (0, String::new()));
    assert_eq!(code(&["verify", "--data", "data"]), (0, String::new()));
}
