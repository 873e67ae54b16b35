//! The store's contract, held by Amazon's own DynamoDB Local over HTTP, so that nothing leans on one emulator.
//!
//! It needs Java and a download, so it runs only where it is asked for.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod suite;

use std::{
    process::ExitCode,
    sync::atomic::{AtomicU32, Ordering},
};

use aws_sdk_dynamodb::Client;
use infrastructure::dynamodb::tables::{Table, UsersKey};
use libtest_mimic::{Arguments, Trial};
use suite::store::Store;
use tests::DynamoDbLocal;
use tokio::runtime::Runtime;

/// Set to `1` to run these tests.
const SWITCH: &str = "ACCOUNT_TEST_EXTERNAL";
/// The folder with `DynamoDBLocal.jar` and `DynamoDBLocal_lib`.
const FOLDER: &str = "ACCOUNT_TEST_DYNAMODB_LOCAL";

const LAYOUTS: [(&str, UsersKey); 2] =
    [("users_keyed_by_id", UsersKey::Id), ("users_keyed_by_user_id", UsersKey::UserId)];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = Runtime::new().unwrap();
    let wanted = setting(SWITCH).as_deref() == Some("1");
    let server = (wanted && !arguments.list).then(|| {
        let folder = setting(FOLDER).unwrap_or_else(|| panic!("{SWITCH}=1 needs {FOLDER}"));
        runtime.block_on(DynamoDbLocal::start(folder.as_ref()))
    });
    if !wanted {
        say(&format!("skipped: set {SWITCH}=1 and {FOLDER} to run the contract against DynamoDB Local"));
    }
    let client = server.as_ref().map(DynamoDbLocal::client);
    let conclusion = libtest_mimic::run(&arguments, trials(&runtime, client.as_ref()));
    // Exiting would leave the server running.
    drop(server);
    conclusion.exit_code()
}

/// Every test in every layout; ignored without a store to run against.
fn trials(runtime: &Runtime, client: Option<&Client>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (layout, users_key) in LAYOUTS {
        macro_rules! add {
            ($can:expr; $($module:ident { $($test:ident)+ })+) => { $($(
                let (handle, running) = (runtime.handle().clone(), client.cloned());
                let is_ignored = running.is_none() || !$can;
                let name = concat!(stringify!($module), "::", stringify!($test));
                let trial = Trial::test(format!("{layout}::{name}"), move || {
                    let client = running.ok_or("there is no DynamoDB Local to run against")?;
                    handle.block_on(async {
                        let store = Store::create(client, users_key, &stage()).await;
                        suite::$module::$test(&store).await;
                        drop_tables(&store).await;
                    });
                    Ok(())
                });
                trials.push(trial.with_ignored_flag(is_ignored));
            )+)+ };
        }
        macro_rules! add_all { ($($tests:tt)*) => { add!(true; $($tests)*); }; }
        macro_rules! add_ignored { ($($tests:tt)*) => { add!(false; $($tests)*); }; }
        suite::for_each_test!(add_all);
        suite::for_each_test_of_a_current_store!(add_ignored);
    }
    trials
}

/// Removes the tables of one test, so that the server does not fill up.
async fn drop_tables(store: &Store) {
    for table in Table::ALL {
        store.client.delete_table().table_name(store.layout.name(table)).send().await.unwrap();
    }
}

/// A name for the tables of one test.
fn stage() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("contract-{}", NEXT.fetch_add(1, Ordering::SeqCst))
}

#[expect(clippy::disallowed_methods, reason = "what to run a test against is the environment's to say")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::print_stderr, reason = "a test that does not run must say so")]
fn say(what: &str) {
    eprintln!("{what}");
}
