//! Every row that the service writes can be read by both services, and lacks nothing.

use infrastructure::{
    dynamodb::maintenance::{Observer, Progress, Run, Settings, Tables, migrate, verify},
    system::SystemClock,
};
use tests::App;

struct Unobserved;

impl Observer for Unobserved {
    fn advanced(&self, _: Progress) {}
}

fn tables(app: &App) -> Tables<'_> {
    Tables { client: &app.dynamodb, layout: &app.tables, observer: &Unobserved }
}

/// Whatever people did, both services can read every row. Each journey is asked.
pub(crate) async fn every_row_can_be_read(app: &App) {
    let reading = verify(tables(app), Settings::default()).await.unwrap();
    let defects: Vec<_> = reading.tables.iter().flat_map(|table| &table.defects).collect();
    assert!(defects.is_empty(), "{defects:#?}");
}

#[tokio::test]
async fn what_the_service_wrote_lacks_nothing() {
    let app = App::start().await;
    let owner = app.member("owner").await;
    let colleague = app.address("colleague");
    let token = app.invited(&owner.tokens.access, &colleague).await;
    app.activate(&token).await.succeeded();
    every_row_can_be_read(&app).await;
    let migration = migrate(tables(&app), Settings::default(), &SystemClock, Run::Dry).await.unwrap();
    assert_eq!((migration.changes, migration.exceptions), (Vec::new(), Vec::new()));
    assert_eq!((migration.verification.claimed, migration.verification.exceptions), (2, Vec::new()));
    app.finish().await;
}
