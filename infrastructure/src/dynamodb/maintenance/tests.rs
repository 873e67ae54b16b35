//! The pace, on the embedded store and a clock that goes when everybody waits.

use std::{num::NonZeroU32, sync::Mutex, time::Duration};

use aws_sdk_dynamodb::Client;
use tokio::time::Instant;

use super::*;
use crate::{
    dynamodb::{
        embedded::EmbeddedDynamoDb,
        expression::{Item, text},
        tables::{UsersKey, create_missing},
    },
    system::SystemClock,
};

#[derive(Default)]
struct Steps(Mutex<Vec<Progress>>);

impl Observer for Steps {
    fn advanced(&self, progress: Progress) {
        self.0.lock().unwrap().push(progress);
    }
}

async fn with_users(count: usize) -> (Client, Layout) {
    let client = EmbeddedDynamoDb::in_memory().unwrap().client();
    let layout = Layout::new("dev", |_| None).unwrap();
    create_missing(&client, &layout).await.unwrap();
    for number in 0..count {
        let user = [
            ("id", format!("user_{number}")),
            ("tenant_id", "tenant_1".to_owned()),
            ("email", format!("person{number}@example.com")),
        ];
        let user = user.map(|(name, value)| (name.to_owned(), text(value)));
        let put = client.put_item().table_name(layout.name(Table::Users)).set_item(Some(Item::from(user)));
        put.send().await.unwrap();
    }
    (client, layout)
}

fn settings(read_units: u32, write_units: u32) -> Settings {
    let of = |number| NonZeroU32::new(number).unwrap();
    Settings { read_units: of(read_units), write_units: of(write_units), page_size: of(5), attempts: of(1) }
}

#[tokio::test(start_paused = true)]
async fn no_more_capacity_is_consumed_in_a_second_than_was_granted() {
    let (client, layout) = with_users(20).await;
    let steps = Steps::default();
    let tables = Tables { client: &client, layout: &layout, observer: &steps };
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::at(folder.path().join("checkpoint"));

    // Five pages of users, the last of them empty or not, and one of each other table, at a unit each and more.
    let began = Instant::now();
    verify(tables, settings(1, 1)).await.unwrap();
    let slow = began.elapsed();
    assert!(slow >= Duration::from_secs(20), "{slow:?}");
    let began = Instant::now();
    verify(tables, settings(10, 1)).await.unwrap();
    let fast = began.elapsed();
    assert_eq!(fast.as_millis() / 100, slow.as_millis() / 1000, "{fast:?} {slow:?}");

    // Twenty transactions of two small rows, at two units a row.
    let began = Instant::now();
    migrate(tables, settings(1_000_000, 10), &SystemClock, Run::Real(&checkpoint)).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(6), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_sees_each_page() {
    let (client, layout) = with_users(12).await;
    let steps = Steps::default();
    let tables = Tables { client: &client, layout: &layout, observer: &steps };
    migrate(tables, settings(1000, 1000), &SystemClock, Run::Dry).await.unwrap();
    let steps = steps.0.into_inner().unwrap();
    let of_users: Vec<_> = steps
        .iter()
        .filter(|step| step.table == Table::Users && step.phase == Phase::Migrate)
        .map(|step| (step.rows, step.of))
        .collect();
    assert_eq!(of_users, [(5, 12), (10, 12), (12, 12)]);
    assert!(steps.iter().all(|step| step.phase != Phase::Check && step.rows <= step.of));
}

#[tokio::test]
async fn the_key_of_the_users_table_is_found_out() {
    let client = EmbeddedDynamoDb::in_memory().unwrap().client();
    let missing = find_layout(&client, "dev", |_| None).await.unwrap_err();
    assert_eq!(missing.to_string(), "there is no table purposepath-users-dev");
    for (stage, key) in [("dev", UsersKey::Id), ("staging", UsersKey::UserId)] {
        let setting = |variable: &str| (variable == "USERS_KEY").then(|| key.attribute().to_owned());
        create_missing(&client, &Layout::new(stage, setting).unwrap()).await.unwrap();
        assert_eq!(find_layout(&client, stage, |_| None).await.unwrap().users_key(), key);
    }
    let renamed = |variable: &str| (variable == "USERS_TABLE").then(|| "purposepath-tenants-dev".to_owned());
    assert!(matches!(find_layout(&client, "prod", renamed).await, Err(MaintenanceError::UnknownLayout(_))));
}
