use std::collections::HashMap;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};

use super::*;
use crate::dynamodb::tables::{Layout, Table, create_missing, index};

type Item = HashMap<String, AttributeValue>;

fn layout() -> Layout {
    Layout::new("test", |_| None).expect("a layout")
}

async fn database() -> (EmbeddedDynamoDb, Client, Layout) {
    let database = EmbeddedDynamoDb::in_memory().expect("a database");
    let (client, layout) = (database.client(), layout());
    create_missing(&client, &layout).await.expect("tables");
    (database, client, layout)
}

fn item(attributes: &[(&str, &str)]) -> Item {
    let attribute = |(name, value): &(&str, &str)| ((*name).to_owned(), AttributeValue::S((*value).to_owned()));
    attributes.iter().map(attribute).collect()
}

fn ada() -> Item {
    item(&[("id", "user_1"), ("user_id", "user_1"), ("tenant_id", "tenant_1"), ("email", "ada@example.com")])
}

fn put_new(name: &str, item: Item) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(name)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(id)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .expect("a put");
    TransactWriteItem::builder().put(put).build()
}

#[tokio::test]
async fn an_item_put_is_read_back_by_its_key_and_through_its_index() {
    let (_database, client, layout) = database().await;
    let users = layout.name(Table::Users);
    client.put_item().table_name(users).set_item(Some(ada())).send().await.expect("a put");

    let key = AttributeValue::S("user_1".to_owned());
    let got = client.get_item().table_name(users).key("id", key).send().await.expect("a get");
    assert_eq!(got.item, Some(ada()));

    let found = client
        .query()
        .table_name(users)
        .index_name(index::USERS_BY_EMAIL)
        .key_condition_expression("email = :email")
        .expression_attribute_values(":email", AttributeValue::S("ada@example.com".to_owned()))
        .send()
        .await
        .expect("a query");
    assert_eq!(found.items, Some(vec![ada()]));
}

#[tokio::test]
async fn a_failed_condition_returns_the_item_that_failed_it() {
    let (_database, client, layout) = database().await;
    let put = || {
        client
            .put_item()
            .table_name(layout.name(Table::Users))
            .set_item(Some(ada()))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    };
    put().send().await.expect("the first put");
    let error = put().send().await.expect_err("the second put").into_service_error();
    let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(refused) = error else {
        panic!("{error:?}");
    };
    assert_eq!(refused.item, Some(ada()));
}

#[tokio::test]
async fn a_cancelled_transaction_says_which_write_was_refused_and_why_and_writes_nothing() {
    let (_database, client, layout) = database().await;
    let users = layout.name(Table::Users);
    client.put_item().table_name(users).set_item(Some(ada())).send().await.expect("a put");

    let error = client
        .transact_write_items()
        .transact_items(put_new(users, item(&[("id", "user_2"), ("tenant_id", "tenant_2")])))
        .transact_items(put_new(users, ada()))
        .send()
        .await
        .expect_err("a cancellation")
        .into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        cancelled,
    ) = error
    else {
        panic!("{error:?}");
    };
    let reasons = cancelled.cancellation_reasons();
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code().unwrap_or_default()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    assert_eq!(reasons[0].item, None);
    assert_eq!(reasons[1].item, Some(ada()));

    let scanned = client.scan().table_name(users).send().await.expect("a scan");
    assert_eq!(scanned.items, Some(vec![ada()]));
}

#[tokio::test]
async fn a_transaction_writes_to_several_tables_and_a_batch_reads_from_them() {
    let (_database, client, layout) = database().await;
    let (users, tenants) = (layout.name(Table::Users), layout.name(Table::Tenants));
    let tenant = item(&[("tenant_id", "tenant_1"), ("domain", "example.com")]);
    let create_tenant = Put::builder().table_name(tenants).set_item(Some(tenant.clone())).build().expect("a put");
    let forget = Delete::builder().table_name(users).set_key(Some(item(&[("id", "nobody")])));
    client
        .transact_write_items()
        .transact_items(put_new(users, ada()))
        .transact_items(TransactWriteItem::builder().put(create_tenant).build())
        .transact_items(TransactWriteItem::builder().delete(forget.build().expect("a delete")).build())
        .send()
        .await
        .expect("a transaction");

    let key = |key| KeysAndAttributes::builder().keys(item(&[key])).build().expect("a key");
    let read = client
        .batch_get_item()
        .request_items(users, key(("id", "user_1")))
        .request_items(tenants, key(("tenant_id", "tenant_1")))
        .send()
        .await
        .expect("a batch");
    let responses = read.responses.expect("responses");
    assert_eq!(responses[users], [ada()]);
    assert_eq!(responses[tenants], [tenant]);
}

#[tokio::test]
async fn a_request_that_dynamodb_would_refuse_is_a_validation_exception() {
    let (_database, client, layout) = database().await;
    let users = layout.name(Table::Users);
    let keyless = client.put_item().table_name(users).item("email", AttributeValue::Bool(true));
    let error = keyless.send().await.expect_err("a refusal");
    assert_eq!(error.code(), Some("ValidationException"));

    let reserved = client
        .scan()
        .table_name(users)
        .filter_expression("status = :active")
        .expression_attribute_values(":active", AttributeValue::S("active".to_owned()));
    let error = reserved.send().await.expect_err("a refusal");
    assert_eq!(error.code(), Some("ValidationException"));

    let error = client.scan().table_name("nowhere").send().await.expect_err("a refusal");
    assert_eq!(error.code(), Some("ResourceNotFoundException"));
}

#[tokio::test]
async fn an_operation_that_is_not_served_is_refused_at_once() {
    let (_database, client, _) = database().await;
    let error = client.list_backups().send().await.expect_err("a refusal");
    assert_eq!(error.code(), Some("UnknownOperationException"));
}

#[tokio::test]
async fn items_outlive_the_process_that_wrote_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, layout) = (directory.path().join("data"), layout());
    let users = layout.name(Table::Users);
    {
        let client = EmbeddedDynamoDb::open(&path).expect("a database").client();
        create_missing(&client, &layout).await.expect("tables");
        client.put_item().table_name(users).set_item(Some(ada())).send().await.expect("a put");
    }
    let client = EmbeddedDynamoDb::open(&path).expect("the same database").client();
    assert_eq!(create_missing(&client, &layout).await.expect("tables"), []);
    let scanned = client.scan().table_name(users).send().await.expect("a scan");
    assert_eq!(scanned.items, Some(vec![ada()]));
}

#[tokio::test]
async fn a_second_process_is_told_that_the_directory_is_in_use() {
    let directory = tempfile::tempdir().expect("a directory");
    let client = EmbeddedDynamoDb::open(directory.path()).expect("a database").client();
    let error = EmbeddedDynamoDb::open(directory.path()).expect_err("a refusal");
    assert!(matches!(error, EmbeddedError::InUse { .. }), "{error}");
    assert!(error.to_string().starts_with("another process is using"), "{error}");

    // The claim lasts as long as a client does, and no longer.
    drop(client);
    EmbeddedDynamoDb::open(directory.path()).expect("a database that is free again");
}

#[cfg(unix)]
#[test]
fn the_directory_is_closed_to_other_users_of_the_machine() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("data");
    let _database = EmbeddedDynamoDb::open(&path).expect("a database");
    let mode = path.metadata().expect("metadata").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_sweep_removes_what_has_expired_and_nothing_else() {
    let (database, client, layout) = database().await;
    let sessions = layout.name(Table::AccountSessions);
    let expiring = [("expired", "1"), ("far", "99999999999"), ("never", "")];
    for (id, ttl) in expiring {
        let mut session = item(&[("session_id", id)]);
        if !ttl.is_empty() {
            session.insert("ttl".to_owned(), AttributeValue::N(ttl.to_owned()));
        }
        client.put_item().table_name(sessions).set_item(Some(session)).send().await.expect("a put");
    }
    assert_eq!(database.sweep_ttl().await.expect("a sweep"), 1);
    let left = client.scan().table_name(sessions).send().await.expect("a scan");
    let mut ids: Vec<_> = left.items().iter().map(|item| item["session_id"].as_s().expect("text").clone()).collect();
    ids.sort();
    assert_eq!(ids, ["far", "never"]);
}

#[tokio::test]
async fn the_periodic_sweep_ends_when_the_database_is_dropped() {
    let database = EmbeddedDynamoDb::in_memory().expect("a database");
    let sweeping = tokio::spawn(database.sweep_periodically(Duration::from_millis(1)));
    drop(database);
    sweeping.await.expect("an end");
}

#[tokio::test]
async fn another_process_reaches_the_database_over_tcp_until_it_is_told_to_stop() {
    let (database, local, layout) = database().await;
    let users = layout.name(Table::Users);
    local.put_item().table_name(users).set_item(Some(ada())).send().await.expect("a put");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        database.serve_on(listener, stopped).await
    });
    let remote = Client::from_conf(
        local
            .config()
            .to_builder()
            .endpoint_url(format!("http://{address}"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build(),
    );
    let scanned = remote.scan().table_name(users).send().await.expect("a scan");
    assert_eq!(scanned.items, Some(vec![ada()]));

    stop.send(()).expect("a running server");
    drop(remote);
    server.await.expect("a task").expect("a clean end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_racing_conditional_writes_one_wins() {
    let (_database, client, layout) = database().await;
    let racers = (0..20).map(|racer| {
        let put = client
            .put_item()
            .table_name(layout.name(Table::AccountEmailClaims))
            .set_item(Some(item(&[("email", "ada@example.com"), ("user_id", &racer.to_string())])))
            .condition_expression("attribute_not_exists(email)");
        tokio::spawn(async move { put.send().await.is_ok() })
    });
    let won = futures::future::join_all(racers).await;
    assert_eq!(won.into_iter().filter(|won| *won.as_ref().expect("a task")).count(), 1);
}
