//! Reads where domain events go.

use secrecy::SecretString;
use url::Url;

use super::{
    Stage,
    read::{read_endpoint, read_https},
    reader::Reader,
};
use crate::{crypto::webhook_secrets::WebhookSecrets, events::AwsDestination};

/// Where domain events go.
#[derive(Clone, Debug)]
pub enum EventsConfig {
    /// Into the log.
    Log,
    /// To a bus of Amazon EventBridge.
    EventBridge(AwsDestination),
    /// To a topic of Amazon SNS.
    Sns(AwsDestination),
    /// To a queue of Amazon SQS.
    Sqs(AwsDestination),
    /// To an address that takes them over HTTPS.
    Webhook {
        /// The address.
        url: Url,
        /// What signs them; `None`: what the signing secret says.
        secrets: Option<WebhookSecrets>,
    },
    /// To nobody: they are gone.
    Nowhere,
}

const PUBLISHER: &str = "EVENTS_PUBLISHER";
const BUS: &str = "EVENTS_BUS";
const TOPIC: &str = "EVENTS_TOPIC_ARN";
const QUEUE: &str = "EVENTS_QUEUE_URL";
const WEBHOOK_URL: &str = "EVENTS_WEBHOOK_URL";
const WEBHOOK_SECRET: &str = "EVENTS_WEBHOOK_SECRET";
const EVENTBRIDGE_ENDPOINT: &str = "AWS_ENDPOINT_URL_EVENTBRIDGE";
const SNS_ENDPOINT: &str = "AWS_ENDPOINT_URL_SNS";

/// Longest name of a bus or a topic.
const LONGEST_NAME: usize = 256;

#[derive(Clone, Copy)]
enum Kind {
    Log,
    EventBridge,
    Sns,
    Sqs,
    Webhook,
    Nowhere,
}

const KINDS: [(&str, Kind); 6] = [
    ("log", Kind::Log),
    ("eventbridge", Kind::EventBridge),
    ("sns", Kind::Sns),
    ("sqs", Kind::Sqs),
    ("webhook", Kind::Webhook),
    ("none", Kind::Nowhere),
];

/// Only the settings of the publisher that is chosen are looked at.
pub(super) fn read_events(reader: &mut Reader<'_>, stage: Stage, region: &str) -> Option<EventsConfig> {
    match reader.choice(PUBLISHER, Kind::Log, &KINDS) {
        Kind::Log => Some(EventsConfig::Log),
        Kind::EventBridge => read_bus(reader, stage, region).map(EventsConfig::EventBridge),
        Kind::Sns => read_topic(reader, stage).map(EventsConfig::Sns),
        Kind::Sqs => read_queue(reader, stage, region).map(EventsConfig::Sqs),
        Kind::Webhook => read_webhook(reader, stage),
        Kind::Nowhere => Some(EventsConfig::Nowhere),
    }
}

fn read_bus(reader: &mut Reader<'_>, stage: Stage, region: &str) -> Option<AwsDestination> {
    let endpoint = reader.parsed(EVENTBRIDGE_ENDPOINT, |text| read_stand_in(text, stage));
    let (name, region) = required(reader, BUS, "eventbridge", |text| {
        let why = || "must be the name or the ARN of an event bus".to_owned();
        if is_name(text, "/._-") {
            return Ok((text.to_owned(), region.to_owned()));
        }
        let (region, resource) = parse_arn(text, "events").ok_or_else(why)?;
        let is_bus = resource.strip_prefix("event-bus/").is_some_and(|name| is_name(name, "/._-"));
        if is_bus { Ok((text.to_owned(), region.to_owned())) } else { Err(why()) }
    })?;
    let endpoint = endpoint.or_else(|| endpoint_of(reader, "events", &region))?;
    Some(AwsDestination { name, region, endpoint })
}

fn read_topic(reader: &mut Reader<'_>, stage: Stage) -> Option<AwsDestination> {
    let endpoint = reader.parsed(SNS_ENDPOINT, |text| read_stand_in(text, stage));
    let (name, region) = required(reader, TOPIC, "sns", |text| {
        let (region, _) = parse_arn(text, "sns")
            .filter(|(_, name)| is_name(name.strip_suffix(".fifo").unwrap_or(name), "_-"))
            .ok_or("must be the ARN of a topic, such as arn:aws:sns:us-east-1:123456789012:account-events.fifo")?;
        Ok((text.to_owned(), region.to_owned()))
    })?;
    let endpoint = endpoint.or_else(|| endpoint_of(reader, "sns", &region))?;
    Some(AwsDestination { name, region, endpoint })
}

/// The URL of a queue says where SQS is, too.
fn read_queue(reader: &mut Reader<'_>, stage: Stage, region: &str) -> Option<AwsDestination> {
    required(reader, QUEUE, "sqs", |text| {
        let why = "must be the URL of a queue, such as \
                   https://sqs.us-east-1.amazonaws.com/123456789012/account-events.fifo";
        let url = read_stand_in(text, stage)?;
        let is_queue = url.path().len() > 1 && is_bare(&url) && url.query().is_none();
        let endpoint = url.join("/").ok().filter(|_| is_queue).ok_or(why)?;
        let mut labels = url.domain().unwrap_or_default().split('.').skip_while(|label| *label != "sqs");
        let region = labels.nth(1).unwrap_or(region).to_owned();
        Ok(AwsDestination { name: url.into(), region, endpoint })
    })
}

fn read_webhook(reader: &mut Reader<'_>, stage: Stage) -> Option<EventsConfig> {
    let secrets = reader.parsed(WEBHOOK_SECRET, |text| {
        WebhookSecrets::parse(&SecretString::from(text)).map_err(|error| error.to_string())
    });
    let url = required(reader, WEBHOOK_URL, "webhook", |text| {
        let url = read_https(text, stage)?;
        if is_bare(&url) { Ok(url) } else { Err("must have no user, password or fragment".to_owned()) }
    })?;
    Some(EventsConfig::Webhook { url, secrets })
}

/// A setting that the chosen publisher cannot do without.
fn required<T>(
    reader: &mut Reader<'_>,
    name: &str,
    publisher: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    if reader.text(name).is_none() {
        reader.problem(name, format!("must be set where {PUBLISHER} is {publisher}"));
    }
    reader.parsed(name, parse)
}

/// Where a service of AWS, or on a developer's machine something in its place, answers.
fn read_stand_in(text: &str, stage: Stage) -> Result<Url, String> {
    let url = read_endpoint(text)?;
    if url.scheme() == "https" || stage == Stage::Local { Ok(url) } else { Err("must be https".to_owned()) }
}

fn endpoint_of(reader: &mut Reader<'_>, service: &str, region: &str) -> Option<Url> {
    let url = Some(region).filter(|region| is_region(region));
    let url = url.and_then(|region| Url::parse(&format!("https://{service}.{region}.amazonaws.com/")).ok());
    if url.is_none() {
        reader.problem("AWS_REGION", "must be a region such as us-east-1");
    }
    url
}

/// Region and resource of an ARN of this service.
fn parse_arn<'a>(text: &'a str, service: &str) -> Option<(&'a str, &'a str)> {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let ["arn", partition, named, region, account, resource] = parts.as_slice() else { return None };
    let is_account = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    let fits = is_region(partition) && *named == service && is_region(region) && is_account;
    fits.then_some((*region, *resource))
}

fn is_region(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_name(text: &str, separators: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || separators.contains(c);
    (1..=LONGEST_NAME).contains(&text.len()) && text.chars().all(fits)
}

fn is_bare(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::reader::Problem;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn read(stage: Stage, settings: &[(&str, &str)]) -> Result<EventsConfig, Vec<Problem>> {
        let lookup = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let mut reader = Reader::new(&lookup);
        let events = read_events(&mut reader, stage, "eu-central-1");
        reader.finish(events).map_err(|error| error.problems)
    }

    fn destination(settings: &[(&str, &str)]) -> AwsDestination {
        match read(Stage::Prod, settings).unwrap() {
            EventsConfig::EventBridge(found) | EventsConfig::Sns(found) | EventsConfig::Sqs(found) => found,
            other => panic!("{other:?}"),
        }
    }

    fn problem(stage: Stage, settings: &[(&str, &str)]) -> String {
        let problems = read(stage, settings).unwrap_err();
        let [Problem { name, why }] = problems.as_slice() else { panic!("{problems:?}") };
        format!("{name} {why}")
    }

    #[test]
    fn events_go_to_the_log_unless_the_settings_say_otherwise() {
        assert!(matches!(read(Stage::Prod, &[]), Ok(EventsConfig::Log)));
        assert!(matches!(read(Stage::Prod, &[(PUBLISHER, "none")]), Ok(EventsConfig::Nowhere)));
        // What another publisher would need is not looked at.
        assert!(matches!(read(Stage::Prod, &[(PUBLISHER, "log"), (BUS, "?")]), Ok(EventsConfig::Log)));
        assert_eq!(
            problem(Stage::Prod, &[(PUBLISHER, "kafka")]),
            "EVENTS_PUBLISHER must be one of log, eventbridge, sns, sqs, webhook, none"
        );
    }

    #[test]
    fn a_publisher_needs_its_destination() {
        for (publisher, setting) in [("eventbridge", BUS), ("sns", TOPIC), ("sqs", QUEUE), ("webhook", WEBHOOK_URL)] {
            assert_eq!(
                problem(Stage::Local, &[(PUBLISHER, publisher)]),
                format!("{setting} must be set where EVENTS_PUBLISHER is {publisher}")
            );
        }
    }

    #[test]
    fn a_bus_is_in_our_region_or_in_that_of_its_arn() {
        let bus = |name| destination(&[(PUBLISHER, "eventbridge"), (BUS, name)]);
        let named = bus("account-events");
        assert_eq!((named.name.as_str(), named.region.as_str()), ("account-events", "eu-central-1"));
        assert_eq!(named.endpoint.as_str(), "https://events.eu-central-1.amazonaws.com/");
        let arn = "arn:aws:events:us-east-1:123456789012:event-bus/account-events";
        let elsewhere = bus(arn);
        assert_eq!((elsewhere.name.as_str(), elsewhere.region.as_str()), (arn, "us-east-1"));
        assert_eq!(elsewhere.endpoint.as_str(), "https://events.us-east-1.amazonaws.com/");
    }

    #[test]
    fn a_topic_or_a_queue_says_its_region() {
        let arn = "arn:aws:sns:us-east-1:123456789012:account-events.fifo";
        let topic = destination(&[(PUBLISHER, "sns"), (TOPIC, arn)]);
        assert_eq!((topic.name.as_str(), topic.region.as_str()), (arn, "us-east-1"));
        assert_eq!(topic.endpoint.as_str(), "https://sns.us-east-1.amazonaws.com/");

        let queue = |url| destination(&[(PUBLISHER, "sqs"), (QUEUE, url)]);
        let url = "https://sqs.us-east-1.amazonaws.com/123456789012/account-events.fifo";
        let public = queue(url);
        assert_eq!((public.name.as_str(), public.region.as_str()), (url, "us-east-1"));
        assert_eq!(public.endpoint.as_str(), "https://sqs.us-east-1.amazonaws.com/");
        let private = queue("https://vpce-0a1b.sqs.eu-west-1.vpce.amazonaws.com/123456789012/q");
        assert_eq!(private.region, "eu-west-1");
        assert_eq!(private.endpoint.as_str(), "https://vpce-0a1b.sqs.eu-west-1.vpce.amazonaws.com/");
        assert_eq!(queue("https://eu-central-1.queue.amazonaws.com/123456789012/q").region, "eu-central-1");
    }

    #[test]
    fn a_destination_that_cannot_be_one_is_told_by_its_setting_and_rule() {
        for wrong in ["a bus", "arn:aws:events:us-east-1:123456789012:rule/r", "arn:aws:sns:us-east-1:123456789012:t"] {
            assert_eq!(
                problem(Stage::Prod, &[(PUBLISHER, "eventbridge"), (BUS, wrong)]),
                "EVENTS_BUS must be the name or the ARN of an event bus"
            );
        }
        for wrong in [
            "account-events",
            "arn:aws:sns:us-east-1:1234:t",
            "arn:aws:sns:evil.example/:123456789012:t",
            "arn:aws:sns:us-east-1:123456789012:t:0a1b-the-subscription",
            "arn:aws:sqs:us-east-1:123456789012:t",
        ] {
            assert!(
                problem(Stage::Prod, &[(PUBLISHER, "sns"), (TOPIC, wrong)])
                    .starts_with("EVENTS_TOPIC_ARN must be the ARN of a topic, such as "),
                "{wrong}"
            );
        }
        for wrong in ["https://sqs.us-east-1.amazonaws.com/", "https://sqs.us-east-1.amazonaws.com/1/q?a=b"] {
            assert!(
                problem(Stage::Prod, &[(PUBLISHER, "sqs"), (QUEUE, wrong)])
                    .starts_with("EVENTS_QUEUE_URL must be the URL of a queue, such as "),
                "{wrong}"
            );
        }
        let lookup = |name: &str| [(PUBLISHER, "eventbridge"), (BUS, "b")].into_iter().find(|(key, _)| *key == name);
        let lookup = |name: &str| lookup(name).map(|(_, value)| value.to_owned());
        let mut reader = Reader::new(&lookup);
        assert!(read_events(&mut reader, Stage::Prod, "evil.example/").is_none());
        assert_eq!(reader.finish::<()>(None).unwrap_err().problems[0].name, "AWS_REGION");
    }

    #[test]
    fn a_stand_in_for_aws_is_asked_on_a_developers_machine_only() {
        let bus = [(PUBLISHER, "eventbridge"), (BUS, "b"), (EVENTBRIDGE_ENDPOINT, "http://moto:5000")];
        let Ok(EventsConfig::EventBridge(found)) = read(Stage::Local, &bus) else { panic!("a bus") };
        assert_eq!(found.endpoint.as_str(), "http://moto:5000/");
        assert_eq!(problem(Stage::Dev, &bus), "AWS_ENDPOINT_URL_EVENTBRIDGE must be https");
        let queue = [(PUBLISHER, "sqs"), (QUEUE, "http://moto:5000/123456789012/q")];
        assert!(read(Stage::Local, &queue).is_ok());
        assert_eq!(problem(Stage::Dev, &queue), "EVENTS_QUEUE_URL must be https");
    }

    #[test]
    fn a_webhook_is_called_over_tls_but_on_a_developers_own_machine() {
        let webhook = |url| [(PUBLISHER, "webhook"), (WEBHOOK_URL, url)];
        for own in ["http://127.0.0.1:9/hook", "http://[::1]:9/hook", "http://localhost:9/hook"] {
            assert!(read(Stage::Local, &webhook(own)).is_ok());
            assert_eq!(problem(Stage::Dev, &webhook(own)), "EVENTS_WEBHOOK_URL must be https");
        }
        assert_eq!(problem(Stage::Local, &webhook("http://example.com/")), "EVENTS_WEBHOOK_URL must be https");
        assert_eq!(problem(Stage::Local, &webhook("hook")), "EVENTS_WEBHOOK_URL must be an http or https URL");
        for wrong in ["https://user:password@example.com/", "https://example.com/#hook"] {
            assert_eq!(
                problem(Stage::Prod, &webhook(wrong)),
                "EVENTS_WEBHOOK_URL must have no user, password or fragment"
            );
        }
        assert!(read(Stage::Prod, &webhook("https://example.com/hook?tenant=1")).is_ok());
    }

    #[test]
    fn a_secret_of_the_webhook_is_checked_and_never_shown() {
        let webhook =
            |secret| [(PUBLISHER, "webhook"), (WEBHOOK_URL, "https://example.com/"), (WEBHOOK_SECRET, secret)];
        let shown = format!("{:?}", read(Stage::Prod, &webhook(SECRET)).unwrap());
        assert!(shown.contains("WebhookSecrets(1)") && !shown.contains("MfKQ"), "{shown}");
        let why = problem(Stage::Prod, &webhook("hunter2"));
        assert!(why.starts_with("EVENTS_WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in Base64"), "{why}");
    }
}
