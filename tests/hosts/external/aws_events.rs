//! Events through `EventBridge`, SNS and SQS, as moto stands in for them, from a registration to a queue.

use std::{collections::HashMap, path::Path, process::Command};

use libtest_mimic::Trial;
use serde_json::Value;

use crate::{local::LocalHost, program::Program, tools::tool};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        events_arrive_through_a_bus,
        events_arrive_through_a_topic,
        events_arrive_in_a_queue,
        events_arrive_in_order_through_a_fifo_topic,
        events_arrive_in_order_in_a_fifo_queue,
    ]
}

/// What one registration says, in the order of their names.
const EVENTS: [&str; 3] = ["EmailConfirmationRequested", "TenantCreated", "UserRegistered"];

async fn events_arrive_through_a_bus() {
    let aws = Aws::start();
    let settings = [
        ("EVENTS_PUBLISHER", "eventbridge"),
        ("EVENTS_BUS", aws.name("bus")),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", aws.name("endpoint")),
    ];
    let mut events = Vec::new();
    for message in aws.arriving("queue", &settings).await {
        let mut delivered = body(&message);
        assert_eq!(delivered["source"], "purposepath.account");
        assert!(delivered["detail"]["type"].as_str().unwrap().contains(delivered["detail-type"].as_str().unwrap()));
        events.push(delivered["detail"].take());
    }
    assert_whole(&events);
}

async fn events_arrive_through_a_topic() {
    let aws = Aws::start();
    let settings = [
        ("EVENTS_PUBLISHER", "sns"),
        ("EVENTS_TOPIC_ARN", aws.name("topic")),
        ("AWS_ENDPOINT_URL_SNS", aws.name("endpoint")),
    ];
    assert_filterable(&aws.arriving("queue", &settings).await);
}

async fn events_arrive_in_a_queue() {
    let aws = Aws::start();
    let settings = [("EVENTS_PUBLISHER", "sqs"), ("EVENTS_QUEUE_URL", aws.name("queue"))];
    assert_filterable(&aws.arriving("queue", &settings).await);
}

async fn events_arrive_in_order_through_a_fifo_topic() {
    let aws = Aws::start();
    let settings = [
        ("EVENTS_PUBLISHER", "sns"),
        ("EVENTS_TOPIC_ARN", aws.name("fifo_topic")),
        ("AWS_ENDPOINT_URL_SNS", aws.name("endpoint")),
    ];
    assert_ordered(&aws.arriving("fifo_queue", &settings).await);
}

async fn events_arrive_in_order_in_a_fifo_queue() {
    let aws = Aws::start();
    let settings = [("EVENTS_PUBLISHER", "sqs"), ("EVENTS_QUEUE_URL", aws.name("fifo_queue"))];
    assert_ordered(&aws.arriving("fifo_queue", &settings).await);
}

/// A bus, topics and queues on this machine.
struct Aws {
    names: Value,
    _server: Program,
}

impl Aws {
    fn start() -> Self {
        let mut server = Program::start(script().arg("serve"));
        let names = server.wait_for("line that says what there is", |said| {
            said.stdout.iter().find_map(|line| serde_json::from_str(line).ok())
        });
        Self { names, _server: server }
    }

    fn name(&self, of: &str) -> &str {
        self.names[of].as_str().unwrap()
    }

    /// What arrives in a queue when somebody registers with a service that has these settings.
    async fn arriving(&self, queue: &str, settings: &[(&str, &str)]) -> Vec<Value> {
        let data = tempfile::tempdir().unwrap();
        let host = LocalHost::start(data.path(), settings);
        assert_eq!(host.api.register("ada@example.com").await.unwrap().status, 200);
        let mut receive = script();
        receive.args(["receive", self.name("endpoint"), self.name(queue), &EVENTS.len().to_string()]);
        let ended = Program::start(&mut receive).wait();
        assert!(ended.status.success(), "{}", ended.said);
        serde_json::from_str(&ended.said.stdout.concat()).unwrap()
    }
}

fn script() -> Command {
    let mut python = Command::new(tool("ACCOUNT_TEST_PYTHON"));
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/aws_events.py"));
    python
}

fn body(message: &Value) -> Value {
    serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()
}

fn assert_whole(events: &[Value]) {
    let of_type = |name| format!("app.purposepath.account.{name}.v1");
    let mut types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    types.sort_unstable();
    assert_eq!(types, EVENTS.map(of_type));
    assert!(
        events.iter().all(|event| event["specversion"] == "1.0" && event["data"]["tenant_id"] == event["tenantid"])
    );
}

fn assert_filterable(messages: &[Value]) {
    let events: Vec<_> = messages.iter().map(body).collect();
    assert_whole(&events);
    for (message, event) in messages.iter().zip(&events) {
        for attribute in ["type", "tenantid"] {
            assert_eq!(message["MessageAttributes"][attribute]["StringValue"], event[attribute]);
        }
    }
}

fn assert_ordered(messages: &[Value]) {
    assert_filterable(messages);
    let mut last = HashMap::new();
    for (message, event) in messages.iter().map(|message| (message, body(message))) {
        assert_eq!(message["Attributes"]["MessageGroupId"], event["partitionkey"]);
        assert_eq!(message["Attributes"]["MessageDeduplicationId"], event["id"]);
        let sequence = event["sequence"].as_str().unwrap().to_owned();
        let before = last.insert(event["partitionkey"].to_string(), sequence.clone());
        assert!(before.is_none_or(|before| before < sequence), "{messages:#?}");
    }
}
