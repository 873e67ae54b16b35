//! The events that a developer can look at.

use serde_json::Value;

use crate::local::LocalHost;

const REGISTERED: &str = "app.purposepath.account.UserRegistered.v1";

#[tokio::test]
async fn the_events_of_what_was_just_done_are_listed_newest_first() {
    let data = tempfile::tempdir().unwrap();
    let host = LocalHost::start(data.path(), &[]);
    assert_eq!(host.api.register("ada@example.com").await.unwrap().status, 200);
    let events = events(&host).await;
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    for expected in [REGISTERED, "app.purposepath.account.TenantCreated.v1"] {
        assert!(types.contains(&expected), "{types:?}");
    }
    let before = types.len();
    assert!(!Value::from(events).to_string().contains("ada@"), "events hold no personal data");

    assert_eq!(host.api.register("grace@example.com").await.unwrap().status, 200);
    let events = self::events(&host).await;
    let registered: Vec<_> = events.iter().filter(|event| event["type"] == REGISTERED).collect();
    assert_eq!((events.len(), registered.len()), (2 * before, 2));
    assert!(registered[0]["time"].as_str() > registered[1]["time"].as_str(), "{registered:?}");
}

#[tokio::test]
async fn the_events_are_a_page_for_people() {
    let data = tempfile::tempdir().unwrap();
    let host = LocalHost::start(data.path(), &[]);
    let page = reqwest::get(format!("{}/dev/events", host.api.url)).await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(page.text().await.unwrap().contains("<title>Events"));
}

async fn events(host: &LocalHost) -> Vec<Value> {
    host.api.dev("events").await.unwrap().body.as_array().unwrap().clone()
}
