//! Where the events go.

use std::collections::HashMap;

use axum::{Json, Router, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};

use crate::{
    local::{self, LocalHost},
    program::{PATIENCE, Program},
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

type Call = (HeaderMap, Value);

/// A webhook that keeps what it is sent, and takes nothing that it has not been sent before.
async fn webhook() -> (String, UnboundedReceiver<Call>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, calls) = unbounded_channel();
    let router = Router::new().route("/hook", post(receive)).with_state((sender, <_>::default()));
    tokio::spawn(async { axum::serve(listener, router).await });
    (url, calls)
}

type Seen = std::sync::Arc<std::sync::Mutex<HashMap<String, u32>>>;

async fn receive(
    State((sender, seen)): State<(UnboundedSender<Call>, Seen)>,
    headers: HeaderMap,
    Json(event): Json<Value>,
) -> StatusCode {
    let mut seen = seen.lock().unwrap();
    let times = seen.entry(event["id"].to_string()).or_default();
    *times += 1;
    // The test may be over.
    let _ = sender.send((headers, event));
    if *times > 1 { StatusCode::NO_CONTENT } else { StatusCode::SERVICE_UNAVAILABLE }
}

#[tokio::test]
async fn a_webhook_is_sent_every_event_until_it_takes_it_and_in_order() {
    let (url, mut calls) = webhook().await;
    let data = tempfile::tempdir().unwrap();
    let settings =
        [("EVENTS_PUBLISHER", "webhook"), ("EVENTS_WEBHOOK_URL", url.as_str()), ("EVENTS_WEBHOOK_SECRET", SECRET)];
    let host = LocalHost::start(data.path(), &settings);
    assert_eq!(host.api.register("ada@example.com").await.unwrap().status, 200);

    let (mut calls_of_each, mut taken) = (HashMap::<String, Vec<Call>>::new(), Vec::new());
    while !taken.iter().any(|event: &Value| event["type"] == "app.purposepath.account.TenantCreated.v1")
        || !taken.iter().any(|event| event["type"] == "app.purposepath.account.EmailConfirmationRequested.v1")
    {
        let call = timeout(PATIENCE, calls.recv()).await.unwrap().unwrap();
        let of_this = calls_of_each.entry(call.1["id"].to_string()).or_default();
        of_this.push(call);
        if let [first, second] = of_this.as_slice() {
            assert_eq!(first.1, second.1);
            taken.push(second.1.clone());
        }
    }
    for (headers, event) in calls_of_each.values().flatten() {
        assert_eq!(headers["webhook-id"], event["id"].as_str().unwrap());
        assert!(headers["webhook-signature"].to_str().unwrap().starts_with("v1,"));
    }
    let mut last = HashMap::new();
    for event in &taken {
        let before = last.insert(event["partitionkey"].as_str(), event["sequence"].as_str());
        assert!(before.is_none_or(|before| before < event["sequence"].as_str()), "{taken:#?}");
    }
}

#[test]
fn what_a_publisher_needs_is_asked_for_at_the_start() {
    for (settings, complaint) in [
        (vec![("EVENTS_PUBLISHER", "sqs")], "EVENTS_QUEUE_URL  must be set where EVENTS_PUBLISHER is sqs"),
        (
            vec![("EVENTS_PUBLISHER", "webhook"), ("EVENTS_WEBHOOK_URL", "https://hooks.example.com/")],
            "EVENTS_WEBHOOK_SECRET must be set, or webhook_secret in the signing secret",
        ),
        (
            vec![
                ("EVENTS_PUBLISHER", "webhook"),
                ("EVENTS_WEBHOOK_URL", "https://hooks.example.com/"),
                ("JWT_SECRET", r#"{"jwt_secret":"0123456789abcdef0123456789abcdef","webhook_secret":"hunter2"}"#),
            ],
            "webhook_secret must be whsec_ and 24 to 64 bytes in Base64",
        ),
    ] {
        let data = tempfile::tempdir().unwrap();
        let ended = Program::start(&mut local::command(data.path(), &settings)).wait();
        assert_eq!(ended.status.code(), Some(1), "{}", ended.said);
        let said = ended.said.to_string();
        assert!(said.contains(complaint) && !said.contains("hunter2"), "{said}");
    }
}
