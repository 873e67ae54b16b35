//! What the function is invoked with, and what it answers.

use application::ports::Stream;
use lambda_http::request::LambdaRequest;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::value::RawValue;

/// One invocation.
pub(crate) enum Event {
    /// A request, from an HTTP API or a REST API.
    Http(Box<LambdaRequest>),
    /// Something was just committed to these streams of the outbox: deliver it.
    Committed(Vec<Stream>),
    /// The schedule: deliver whatever has become due.
    Scheduled,
}

impl Event {
    /// What kind it is, for traces.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Http(_) => "request",
            Self::Committed(_) => "outbox stream",
            Self::Scheduled => "schedule",
        }
    }
}

/// Just enough of an event to tell its kind.
#[derive(Deserialize)]
struct Envelope {
    source: Option<String>,
    #[serde(rename = "Records", default)]
    records: Vec<Record>,
}

/// A record of the outbox table's stream.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_source: String,
    event_name: String,
    dynamodb: StreamRecord,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StreamRecord {
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    stream: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

impl Envelope {
    fn is_scheduled(&self) -> bool {
        matches!(self.source.as_deref(), Some("aws.events" | "aws.scheduler"))
    }

    fn is_stream(&self) -> bool {
        !self.records.is_empty() && self.records.iter().all(|record| record.event_source == "aws:dynamodb")
    }

    /// Where something is new. Leases and deliveries change the table too, and need nobody's attention.
    fn into_committed(self) -> Vec<Stream> {
        let new = self.records.into_iter().filter(|record| record.event_name == "INSERT");
        new.map(|record| Stream::restore(record.dynamodb.keys.stream.text)).collect()
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match serde_json::from_str::<Envelope>(raw.get()) {
            Ok(envelope) if envelope.is_scheduled() => return Ok(Self::Scheduled),
            Ok(envelope) if envelope.is_stream() => return Ok(Self::Committed(envelope.into_committed())),
            _ => {}
        }
        serde_json::from_str(raw.get()).map(|request| Self::Http(Box::new(request))).map_err(D::Error::custom)
    }
}

/// The answer to one invocation.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Reply<R> {
    /// To a request.
    Http(R),
    /// To a delivery: nothing to say. A delivery that could not be made fails the invocation instead, which
    /// makes Lambda repeat it.
    Delivered,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_tells_where_something_is_new() {
        let record = |name: &str, stream: &str| {
            format!(
                r#"{{"eventID":"1","eventName":"{name}","eventSource":"aws:dynamodb",
                    "dynamodb":{{"Keys":{{"stream":{{"S":"{stream}"}},"position":{{"S":"1"}}}},"SequenceNumber":"1"}}}}"#
            )
        };
        let event = format!(r#"{{"Records":[{},{}]}}"#, record("INSERT", "user#1"), record("MODIFY", "user#2"));
        let Ok(Event::Committed(streams)) = serde_json::from_str(&event) else { panic!("not a stream event") };
        assert_eq!(streams, [Stream::restore("user#1")]);
    }

    #[test]
    fn the_schedule_is_recognised() {
        let event = r#"{"version":"0","detail-type":"Scheduled Event","source":"aws.events","detail":{}}"#;
        assert!(matches!(serde_json::from_str(event), Ok(Event::Scheduled)));
    }

    #[test]
    fn a_request_is_a_request_whatever_its_body_says() {
        let body = r#"{\"source\":\"aws.events\",\"Records\":[{\"eventSource\":\"aws:dynamodb\"}]}"#;
        let event = format!(
            r#"{{"version":"2.0","rawPath":"/","rawQueryString":"","headers":{{}},"isBase64Encoded":false,"body":"{body}",
                "requestContext":{{"http":{{"method":"POST","path":"/","sourceIp":"192.0.2.1"}},"stage":"$default"}}}}"#
        );
        assert!(matches!(serde_json::from_str(&event), Ok(Event::Http(_))));
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(serde_json::from_str::<Event>(r#"{"hello":"world"}"#).is_err());
    }
}
