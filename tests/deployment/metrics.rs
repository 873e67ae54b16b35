//! Alarms and dashboards look at metrics that exist: the service's own, or those that AWS publishes.

use std::collections::BTreeSet;

use application::telemetry::{METRICS, NAMESPACE, STAGE};
use serde_json::Value;
use tests::templates::{FOLDERS, Template, with_everything};

/// A namespace, the sets of dimensions of its metrics, and the metrics.
type Published = (&'static str, &'static [&'static [&'static str]], &'static [&'static str]);

/// What AWS publishes and the templates may use.
const OF_AWS: [Published; 4] = [
    (
        "AWS/Lambda",
        &[&["FunctionName"], &["FunctionName", "Resource"], &["ExecutedVersion", "FunctionName", "Resource"]],
        &["ConcurrentExecutions", "Duration", "Errors", "Invocations", "IteratorAge", "Throttles"],
    ),
    // Those of HTTP APIs: the same of REST APIs are called 4XXError and 5XXError.
    ("AWS/ApiGateway", &[&["ApiId"]], &["4xx", "5xx", "Count", "IntegrationLatency", "Latency"]),
    (
        "AWS/DynamoDB",
        &[&["TableName"]],
        &["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents"],
    ),
    ("AWS/DynamoDB", &[&["Operation", "TableName"]], &["SystemErrors", "ThrottledRequests"]),
];

/// A metric that a template names.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    namespace: String,
    name: String,
    dimensions: BTreeSet<String>,
}

impl Named {
    fn exists(&self) -> bool {
        let has = |dimensions: &[&str]| self.dimensions.iter().eq(dimensions);
        let is_of_aws = OF_AWS.iter().any(|(namespace, dimensions, names)| {
            self.namespace == *namespace && names.contains(&self.name.as_str()) && dimensions.iter().any(|set| has(set))
        });
        let is_ours = METRICS.iter().any(|metric| {
            let mut dimensions: Vec<_> = metric.dimensions.iter().copied().chain([STAGE]).collect();
            dimensions.sort_unstable();
            self.namespace == NAMESPACE && self.name == metric.name && has(&dimensions)
        });
        is_of_aws || is_ours
    }

    fn of_alarm(alarm: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let dimensions = alarm["Dimensions"].as_array().unwrap().iter().map(|dimension| text(&dimension["Name"]));
        Self {
            namespace: text(&alarm["Namespace"]),
            name: text(&alarm["MetricName"]),
            dimensions: dimensions.collect(),
        }
    }

    /// A line of a widget: namespace, name, dimensions with their values, and perhaps how it is shown; or a search.
    fn of_widget(line: &Value) -> Self {
        let words: Vec<_> = line.as_array().unwrap().iter().map_while(Value::as_str).collect();
        if let [namespace, name, dimensions @ ..] = words.as_slice() {
            let dimensions = dimensions.chunks(2).map(|pair| pair[0].to_owned());
            return Self {
                namespace: (*namespace).to_owned(),
                name: (*name).to_owned(),
                dimensions: dimensions.collect(),
            };
        }
        let search = line[0]["expression"].as_str().unwrap();
        let (schema, rest) = search.strip_prefix("SEARCH('{").and_then(|rest| rest.split_once('}')).unwrap();
        let mut schema = schema.split(',').map(str::to_owned);
        let name = rest.split('"').nth(1).unwrap().to_owned();
        Self { namespace: schema.next().unwrap(), name, dimensions: schema.collect() }
    }
}

#[test]
fn alarms_and_dashboards_look_at_metrics_that_exist() {
    let (mut alarms, mut widgets) = (0, 0);
    for folder in FOLDERS {
        let stack = Template::read(folder).stack(&with_everything(folder));
        for (id, alarm) in stack.of_type("AWS::CloudWatch::Alarm") {
            let named = Named::of_alarm(&alarm["Properties"]);
            assert!(named.exists(), "{id} of {folder}: {named:?}");
            alarms += 1;
        }
        for (id, dashboard) in stack.of_type("AWS::CloudWatch::Dashboard") {
            let body: Value = serde_json::from_str(dashboard["Properties"]["DashboardBody"].as_str().unwrap()).unwrap();
            for line in body["widgets"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|widget| widget["properties"]["metrics"].as_array().unwrap())
            {
                let named = Named::of_widget(line);
                assert!(named.exists(), "{id} of {folder}: {named:?}");
                widgets += 1;
            }
        }
    }
    assert!(alarms > 15 && widgets > 30, "{alarms} alarms, {widgets} lines of widgets");
}

#[test]
fn a_metric_that_does_not_exist_is_found() {
    let named = |namespace: &str, name: &str, dimensions: &[&str]| Named {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: dimensions.iter().map(|name| (*name).to_owned()).collect(),
    };
    assert!(named("AWS/ApiGateway", "5xx", &["ApiId"]).exists());
    assert!(!named("AWS/ApiGateway", "5XXError", &["ApiId"]).exists());
    assert!(!named("AWS/ApiGateway", "5xx", &["ApiName"]).exists());
    assert!(named(NAMESPACE, "Mails", &["Outcome", "Stage"]).exists());
    assert!(!named(NAMESPACE, "Mails", &["Stage"]).exists());
    assert!(!named(NAMESPACE, "LockOuts", &["Stage"]).exists());
}

/// An alarm that never speaks, or always, is of no use.
#[test]
fn every_alarm_has_a_name_of_its_stage_a_sentence_and_somewhere_to_go() {
    for folder in FOLDERS {
        let mut parameters = with_everything(folder);
        if ["account-service", "observability"].contains(&folder) {
            parameters.push(("AlarmTopicArn", "arn:aws:sns:us-east-1:123456789012:alarms"));
        }
        for (id, alarm) in Template::read(folder).stack(&parameters).of_type("AWS::CloudWatch::Alarm") {
            let properties = &alarm["Properties"];
            let name = properties["AlarmName"].as_str().unwrap();
            assert!(name.starts_with("purposepath-account-rust-") && name.ends_with("-dev"), "{id}: {name}");
            assert!(properties["AlarmDescription"].as_str().unwrap().ends_with('.'), "{id}");
            assert_eq!(properties["TreatMissingData"], "notBreaching", "{id}");
            assert_eq!(properties["AlarmActions"][0], "arn:aws:sns:us-east-1:123456789012:alarms", "{id}");
        }
    }
}
