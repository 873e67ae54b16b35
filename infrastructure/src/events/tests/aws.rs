//! What EventBridge, SNS and SQS are asked, and what their answers mean.

use std::collections::BTreeMap;

use application::ports::{EventEnvelope, EventPublisher};
use aws_config::{ecs::EcsCredentialsProvider, provider_config::ProviderConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    cloud_event, enormous_event, event, event_of, format,
    signature::{ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, assert_signed},
};
use crate::{
    events::{AwsDestination, EventBridgePublisher, SnsPublisher, SqsPublisher},
    fixtures::{
        PinnedClock,
        server::{Received, Reply, Server, answer},
    },
};

const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:account-events";
const QUEUE: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/account-events";

#[derive(Clone, Copy, Debug)]
enum Service {
    EventBridge,
    Sns,
    Sqs,
}

const ALL: [Service; 3] = [Service::EventBridge, Service::Sns, Service::Sqs];

impl Service {
    /// What it says when all is well.
    fn content(self) -> &'static str {
        match self {
            Self::EventBridge => r#"{"FailedEntryCount":0,"Entries":[{"EventId":"11710aed"}]}"#,
            Self::Sns => {
                "<PublishResponse><PublishResult><MessageId>567910cd</MessageId></PublishResult></PublishResponse>"
            }
            Self::Sqs => r#"{"MessageId":"219f8380","MD5OfMessageBody":"fafb00f5732ab283681e124bf8747ed1"}"#,
        }
    }

    fn publisher(self, name: &str, server: &Server) -> Box<dyn EventPublisher> {
        let destination =
            AwsDestination { name: name.to_owned(), region: "eu-central-1".to_owned(), endpoint: server.url.clone() };
        let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, Some(SESSION_TOKEN.to_owned()), None, "test");
        let (credentials, clock) = (SharedCredentialsProvider::new(credentials), PinnedClock::new());
        match self {
            Self::EventBridge => Box::new(EventBridgePublisher::new(destination, credentials, format(), clock)),
            Self::Sns => Box::new(SnsPublisher::new(destination, credentials, format(), clock)),
            Self::Sqs => Box::new(SqsPublisher::new(destination, credentials, format(), clock)),
        }
    }

    /// Publishes an event to a service that is content, and says what it was asked.
    async fn asked(self, name: &str, event: &EventEnvelope) -> Received {
        let server = Server::start(Reply::Text(answer("200 OK", "", self.content())));
        self.publisher(name, &server).publish(event).await.unwrap();
        server.received().unwrap()
    }

    /// Why an event is not taken by a service that gives this reply.
    async fn refusal(self, reply: Reply) -> String {
        let server = Server::start(reply);
        self.publisher("account-events", &server).publish(&event()).await.unwrap_err().to_string()
    }
}

fn body(request: &Received) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

fn form(request: &Received) -> BTreeMap<String, String> {
    form_urlencoded::parse(request.body.as_bytes()).into_owned().collect()
}

fn parsed(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn eventbridge_is_asked_to_put_one_signed_entry() {
    let request = Service::EventBridge.asked("account-events", &event()).await;
    assert_eq!(request.line, "POST / HTTP/1.1");
    assert_eq!(request.headers["content-type"], "application/x-amz-json-1.1");
    assert_eq!(request.headers["x-amz-target"], "AWSEvents.PutEvents");
    assert_signed(&request, "20270201/eu-central-1/events");
    let mut asked = body(&request);
    assert_eq!(parsed(&asked["Entries"][0]["Detail"].take()), cloud_event());
    let entry = json!({
        "EventBusName": "account-events", "Source": "purposepath.account", "DetailType": "RoleChanged",
        "Time": 1_800_000_000, "Detail": null,
    });
    assert_eq!(asked, json!({ "Entries": [entry] }));
}

#[tokio::test]
async fn sns_is_asked_to_publish_one_signed_message() {
    let request = Service::Sns.asked(TOPIC, &event()).await;
    assert_eq!(request.line, "POST / HTTP/1.1");
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    assert_signed(&request, "20270201/eu-central-1/sns");
    let mut asked = form(&request);
    assert_eq!(parsed(&asked.remove("Message").unwrap().into()), cloud_event());
    let expected = [
        ("Action", "Publish"),
        ("Version", "2010-03-31"),
        ("TopicArn", TOPIC),
        ("MessageAttributes.entry.1.Name", "type"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        ("MessageAttributes.entry.1.Value.StringValue", "app.purposepath.account.RoleChanged.v1"),
        ("MessageAttributes.entry.2.Name", "tenantid"),
        ("MessageAttributes.entry.2.Value.DataType", "String"),
        ("MessageAttributes.entry.2.Value.StringValue", "tenant-1"),
    ];
    assert_eq!(asked, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[tokio::test]
async fn sqs_is_asked_to_send_one_signed_message() {
    let request = Service::Sqs.asked(QUEUE, &event()).await;
    assert_eq!(request.line, "POST / HTTP/1.1");
    assert_eq!(request.headers["content-type"], "application/x-amz-json-1.0");
    assert_eq!(request.headers["x-amz-target"], "AmazonSQS.SendMessage");
    assert_signed(&request, "20270201/eu-central-1/sqs");
    let mut asked = body(&request);
    assert_eq!(parsed(&asked["MessageBody"].take()), cloud_event());
    let attributes = json!({
        "type": { "DataType": "String", "StringValue": "app.purposepath.account.RoleChanged.v1" },
        "tenantid": { "DataType": "String", "StringValue": "tenant-1" },
    });
    assert_eq!(asked, json!({ "QueueUrl": QUEUE, "MessageBody": null, "MessageAttributes": attributes }));
}

#[tokio::test]
async fn a_fifo_queue_or_topic_is_told_the_aggregate_as_group_and_the_event_as_duplicate() {
    let message = body(&Service::Sqs.asked(&format!("{QUEUE}.fifo"), &event()).await);
    assert_eq!(message["MessageGroupId"], "user#user-1");
    assert_eq!(message["MessageDeduplicationId"], event().id);
    let message = form(&Service::Sns.asked(&format!("{TOPIC}.fifo"), &event()).await);
    assert_eq!(message["MessageGroupId"], "user#user-1");
    assert_eq!(message["MessageDeduplicationId"], event().id);
}

#[tokio::test]
async fn an_aggregate_whose_name_aws_does_not_take_as_a_group_has_one_of_its_own_all_the_same() {
    let mut groups = Vec::new();
    for id in ["a".repeat(124), "b".repeat(124), "with a space".to_owned(), "ü".to_owned()] {
        let message = body(&Service::Sqs.asked(&format!("{QUEUE}.fifo"), &event_of(&format!("user#{id}"))).await);
        let group = message["MessageGroupId"].as_str().unwrap().to_owned();
        assert!(group.len() == 64 && group.chars().all(|c| c.is_ascii_hexdigit()), "{group}");
        assert!(!groups.contains(&group));
        groups.push(group);
    }
}

#[tokio::test]
async fn an_entry_that_eventbridge_refuses_is_not_published() {
    let refused = r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure","ErrorMessage":"user-1"}]}"#;
    let why = Service::EventBridge.refusal(Reply::Text(answer("200 OK", "", refused))).await;
    assert_eq!(why, "event was not taken: EventBridge refused the entry: InternalFailure");
    let why = Service::EventBridge.refusal(Reply::Text(answer("200 OK", "", r#"{"FailedEntryCount":1}"#))).await;
    assert_eq!(why, "event was not taken: EventBridge refused the entry: without a code");
}

/// What was sent may stand in the message of an error, never in its code.
#[tokio::test]
async fn an_error_is_told_by_its_code_alone() {
    let json = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"user-1"}"#;
    let why = Service::Sqs.refusal(Reply::Text(answer("400 Bad Request", "", json))).await;
    assert_eq!(why, "event was not taken: SQS answered 400 QueueDoesNotExist");
    let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>user-1</Message>";
    let why = Service::Sns.refusal(Reply::Text(answer("403 Forbidden", "", xml))).await;
    assert_eq!(why, "event was not taken: SNS answered 403 AuthorizationError");
    let why = Service::EventBridge.refusal(Reply::Text(answer("503 Unavailable", "", "<html>user-1</html>"))).await;
    assert_eq!(why, "event was not taken: EventBridge answered 503 without a code");
    let forged = format!(r#"{{"__type":"a\nb {}"}}"#, "c".repeat(1000));
    let why = Service::Sqs.refusal(Reply::Text(answer("500 Error", "", &forged))).await;
    assert_eq!(why, format!("event was not taken: SQS answered 500 ab{}", "c".repeat(98)));
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_no_success_of_a_service_that_says_something() {
    for service in [Service::EventBridge, Service::Sqs] {
        let why = service.refusal(Reply::Text(answer("200 OK", "", "<html>"))).await;
        assert!(why.ends_with("gave an answer that cannot be understood"), "{why}");
    }
    // An answer that does not end is read as far as it may be long.
    let why = Service::EventBridge.refusal(Reply::Endless).await;
    assert!(why.ends_with("gave an answer that cannot be understood"), "{why}");
}

#[tokio::test]
async fn a_redirect_is_a_failure() {
    for service in ALL {
        let elsewhere = Server::start(Reply::Text(answer("200 OK", "", service.content())));
        let redirect = answer("307 Temporary Redirect", &format!("location: {}\r\n", elsewhere.url), "");
        let why = service.refusal(Reply::Text(redirect)).await;
        assert!(why.ends_with("answered 307 without a code"), "{why}");
        assert!(elsewhere.received().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_answer_is_given_up() {
    for service in ALL {
        let why = service.refusal(Reply::Silence).await;
        assert!(why.ends_with("cannot be asked: no answer in time"), "{why}");
    }
}

#[tokio::test]
async fn an_event_that_is_too_long_for_aws_is_not_sent() {
    for service in ALL {
        let server = Server::start(Reply::Text(answer("200 OK", "", service.content())));
        let why = service.publisher("q", &server).publish(&enormous_event()).await.unwrap_err().to_string();
        assert!(why.ends_with("bytes; at most 256000 can be sent"), "{why}");
        assert!(server.received().is_none());
    }
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let server = Server::start(Reply::Text(answer("200 OK", "", Service::Sqs.content())));
    let destination =
        AwsDestination { name: QUEUE.to_owned(), region: "eu-central-1".to_owned(), endpoint: server.url.clone() };
    let nobody = EcsCredentialsProvider::builder().configure(&ProviderConfig::empty()).build();
    let nobody = SharedCredentialsProvider::new(nobody);
    let publisher = SqsPublisher::new(destination, nobody, format(), PinnedClock::new());
    assert_eq!(
        publisher.publish(&event()).await.unwrap_err().to_string(),
        "event was not taken: SQS cannot be asked: no credentials"
    );
    assert!(server.received().is_none());
}
