//! The store's contract, held by the embedded DynamoDB in both layouts of the users table, and that of billing providers.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod billing;
mod fixtures;
mod suite;

use infrastructure::dynamodb::{embedded::EmbeddedDynamoDb, tables::UsersKey};
use suite::store::Store;

async fn store(users_key: UsersKey) -> Store {
    let database = EmbeddedDynamoDb::in_memory().unwrap();
    Store::create(database.client(), users_key, "contract").await
}

macro_rules! tests_in_layout {
    ($layout:ident, $users_key:ident, { $($module:ident { $($test:ident)+ })+ }) => {
        mod $layout { $(mod $module { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let store = crate::store(crate::UsersKey::$users_key).await;
                crate::suite::$module::$test(&store).await;
            }
        )+ })+ }
    };
}

macro_rules! tests_in_both_layouts {
    ($($tests:tt)*) => {
        tests_in_layout!(users_keyed_by_id, Id, { $($tests)* });
        tests_in_layout!(users_keyed_by_user_id, UserId, { $($tests)* });
    };
}

macro_rules! tests_of_a_current_store {
    ($($tests:tt)*) => { tests_in_layout!(current_store, Id, { $($tests)* }); };
}

suite::for_each_test!(tests_in_both_layouts);
suite::for_each_test_of_a_current_store!(tests_of_a_current_store);
