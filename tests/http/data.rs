//! Every row that the service writes can be read by both services, and lacks nothing.

use infrastructure::{
    dynamodb::maintenance::{Observer, Progress, Run, Settings, Tables, migrate, verify},
    system::SystemClock,
};
use tests::{App, journeys};

struct Unobserved;

impl Observer for Unobserved {
    fn advanced(&self, _: Progress) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_people_do_every_row_can_be_read_and_lacks_nothing() {
    let app = App::start().await;
    for (journey, run) in journeys::ALL {
        run(&app).await;
        let tables = Tables { client: &app.dynamodb, layout: &app.tables, observer: &Unobserved };
        let reading = verify(tables, Settings::default()).await.unwrap();
        let defects: Vec<_> = reading.tables.iter().flat_map(|table| &table.defects).collect();
        assert!(defects.is_empty(), "{journey}: {defects:#?}");
    }
    let tables = Tables { client: &app.dynamodb, layout: &app.tables, observer: &Unobserved };
    let migration = migrate(tables, Settings::default(), &SystemClock, Run::Dry).await.unwrap();
    assert_eq!((migration.changes, migration.exceptions), (Vec::new(), Vec::new()));
    assert_eq!(migration.verification.exceptions, []);
    app.finish().await;
}
