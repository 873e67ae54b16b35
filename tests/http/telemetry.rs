//! The metrics that the list promises, and no others, with the dimensions that it promises.

use std::collections::{BTreeMap, BTreeSet};

use application::telemetry::{self, METRICS, Metric, NAMESPACE, STAGE};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{EmailAddress, ThrottleSubject};
use infrastructure::dynamodb::tables::Table;
use metrics::with_local_recorder;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use serde_json::json;
use tests::{App, PASSWORD};

/// What was recorded: for each metric, its sets of dimensions and what they count or time.
type Recorded = BTreeMap<String, BTreeMap<Vec<(String, String)>, DebugValue>>;

/// Records what happens in this thread, which is everything that happens in the service.
fn record(test: impl AsyncFnOnce()) -> Recorded {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    with_local_recorder(&recorder, || runtime.block_on(test()));
    recorded(&snapshotter)
}

fn recorded(snapshotter: &Snapshotter) -> Recorded {
    let mut found = Recorded::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let labels = key.key().labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect();
        found.entry(key.key().name().to_owned()).or_default().insert(labels, value);
    }
    found
}

fn count(recorded: &Recorded, metric: &str, dimension: (&str, &str)) -> u64 {
    let labels = vec![(dimension.0.to_owned(), dimension.1.to_owned())];
    match recorded[metric].get(&labels) {
        Some(DebugValue::Counter(count)) => *count,
        None => 0,
        other => panic!("{metric} is no counter: {other:?}"),
    }
}

/// As if a password had been wrong a hundred times by now.
async fn lock(app: &App, email: &str) {
    let counter = ThrottleSubject::of_address(&EmailAddress::parse(email).unwrap());
    let mut row = app.row(Table::AccountThrottles, counter.as_str()).await.unwrap();
    row.insert("count".to_owned(), AttributeValue::N("100".to_owned()));
    app.plant(Table::AccountThrottles, row).await;
}

#[test]
fn the_service_records_every_metric_of_the_list_and_no_other() {
    let recorded = record(async || {
        telemetry::started();
        let app = App::start().await;
        let anna = app.member("anna").await;
        app.login(&anna.email, "not the password").await.refused(401, "INVALID_CREDENTIALS");
        for _ in 0..5 {
            app.login("nobody@example.com", PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
        }
        app.login("nobody@example.com", PASSWORD).await.refused(429, "RATE_LIMIT_EXCEEDED");
        lock(&app, &anna.email).await;
        app.login(&anna.email, PASSWORD).await.refused(423, "ACCOUNT_LOCKED");
        app.mail_to(&anna.email).await;
        app.client.post("/billing/webhook/stripe", &json!({})).send().await.refused(400, "INVALID_INPUT");
        app.finish().await;
    });
    let names: BTreeSet<_> = recorded.keys().map(String::as_str).collect();
    assert_eq!(names, METRICS.iter().map(|metric| metric.name).collect());
    for Metric { name, dimensions, .. } in METRICS {
        for labels in recorded[name].keys() {
            let found: Vec<_> = labels.iter().map(|(dimension, _)| dimension.as_str()).collect();
            assert_eq!(found, *dimensions, "{name}");
        }
    }
    assert_eq!(count(&recorded, "SignIns", ("Outcome", "success")), 1);
    assert_eq!(count(&recorded, "SignIns", ("Outcome", "wrong_password")), 1);
    assert_eq!(count(&recorded, "SignIns", ("Outcome", "too_many_attempts")), 1);
    assert_eq!(count(&recorded, "SignIns", ("Outcome", "password_disabled")), 1);
    for outcome in ["delayed", "locked", "refused"] {
        assert_eq!(count(&recorded, "LockOuts", ("Outcome", outcome)), 1, "{outcome}");
    }
    assert_eq!(count(&recorded, "Webhooks", ("Outcome", "rejected")), 1);
    assert_eq!(count(&recorded, "Mails", ("Outcome", "delivered")), 2);
    assert!(count(&recorded, "Events", ("Outcome", "delivered")) >= 3);
    assert!(count(&recorded, "Requests", ("Status", "2xx")) >= 3);
}

#[test]
fn what_clients_make_up_makes_no_metrics() {
    let recorded = record(async || {
        for n in 0..50 {
            telemetry::answered("GET", None, 404, std::time::Duration::ZERO);
            telemetry::answered(&format!("MADEUP{n}"), Some("/api/v1/auth/login"), 405, std::time::Duration::ZERO);
        }
    });
    assert_eq!(recorded["RequestLatency"].len(), 1);
    assert_eq!(count(&recorded, "Requests", ("Status", "4xx")), 100);
}

#[test]
fn throttled_requests_are_counted_apart() {
    let recorded = record(async || {
        let app = App::builder().setting("RATE_LIMIT_PER_MINUTE", "1").start().await;
        for _ in 0..2 {
            app.login("nobody@example.com", PASSWORD).await;
        }
        app.finish().await;
    });
    assert_eq!(count(&recorded, "Requests", ("Status", "429")), 1);
}

/// Alarms name these values.
#[test]
fn what_the_list_says_of_its_dimensions_is_what_is_recorded() {
    let recorded = record(async || {
        for status in [200, 301, 404, 429, 500] {
            telemetry::answered("GET", None, status, std::time::Duration::ZERO);
        }
        let app = App::start().await;
        app.member("anna").await;
        app.client.post("/billing/webhook/stripe", &json!({})).send().await.refused(400, "INVALID_INPUT");
        app.finish().await;
    });
    let mut checked = 0;
    for Metric { name, meaning, .. } in METRICS {
        // Reasons and routes are too many for a sentence.
        if ["SignIns", "RequestLatency"].contains(&name) {
            continue;
        }
        let listed: Vec<_> = meaning.split('`').skip(1).step_by(2).collect();
        for (_, value) in recorded.get(name).into_iter().flat_map(BTreeMap::keys).flatten() {
            assert!(listed.contains(&value.as_str()), "{name} says nothing of {value}");
            checked += 1;
        }
    }
    assert!(checked >= 8, "{checked}");
    assert_eq!(recorded["Requests"].len(), 5);
}

#[test]
fn the_documentation_lists_the_metrics() {
    let document = include_str!("../../docs/telemetry.md");
    let documented: Vec<_> = document.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<_> = METRICS
        .iter()
        .map(|Metric { name, unit, dimensions, meaning }| {
            let dimensions: Vec<_> = [STAGE].iter().chain(*dimensions).map(|name| format!("`{name}`")).collect();
            format!("| `{name}` | {} | {} | {meaning} |", unit.as_str(), dimensions.join(", "))
        })
        .collect();
    assert_eq!(documented, expected);
    assert!(document.contains(NAMESPACE));
}
