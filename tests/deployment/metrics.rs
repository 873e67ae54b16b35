//! Alarms and dashboards look at metrics that exist: the service's own, or those that AWS publishes.

use std::collections::{BTreeMap, BTreeSet};

use application::telemetry::{METRICS, NAMESPACE, STAGE};
use infrastructure::dynamodb::tables::Layout;
use serde_json::Value;
use tests::templates::{FOLDERS, Template, required, with_everything};

/// A namespace, the sets of dimensions of its metrics, and the metrics with the unit of each.
type Published = (&'static str, &'static [&'static [&'static str]], &'static [(&'static str, &'static str)]);

/// What AWS publishes and the templates may use.
const OF_AWS: [Published; 4] = [
    (
        "AWS/Lambda",
        &[&["FunctionName"], &["FunctionName", "Resource"], &["ExecutedVersion", "FunctionName", "Resource"]],
        &[
            ("ConcurrentExecutions", "Count"),
            ("Duration", "Milliseconds"),
            ("Errors", "Count"),
            ("Invocations", "Count"),
            ("IteratorAge", "Milliseconds"),
            ("Throttles", "Count"),
        ],
    ),
    // Those of HTTP APIs: the same of REST APIs are called 4XXError and 5XXError.
    (
        "AWS/ApiGateway",
        &[&["ApiId"]],
        &[
            ("4xx", "Count"),
            ("5xx", "Count"),
            ("Count", "Count"),
            ("IntegrationLatency", "Milliseconds"),
            ("Latency", "Milliseconds"),
        ],
    ),
    (
        "AWS/DynamoDB",
        &[&["TableName"]],
        &[
            ("ConsumedReadCapacityUnits", "Count"),
            ("ConsumedWriteCapacityUnits", "Count"),
            ("ReadThrottleEvents", "Count"),
            ("WriteThrottleEvents", "Count"),
        ],
    ),
    ("AWS/DynamoDB", &[&["Operation", "TableName"]], &[("SystemErrors", "Count"), ("ThrottledRequests", "Count")]),
];

/// What stands for the name of a table, or the id of the API, that another stack knows.
const GIVEN_OUT: [&str; 7] = [
    "import.purposepath-account-rust-api-id-dev",
    "import.purposepath-account-rust-users-table-name-dev",
    "import.purposepath-account-rust-tenants-table-name-dev",
    "import.purposepath-users-table-dev",
    "import.purposepath-tenants-table-dev",
    "import.purposepath-subscriptions-table-dev",
    "import.purposepath-business-data-table-dev",
];

/// A metric that a template names.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    namespace: String,
    name: String,
    /// With their values, where those are named.
    dimensions: BTreeMap<String, Option<String>>,
    unit: Option<String>,
}

impl Named {
    /// What is wrong with it, if it is not a metric that is there.
    fn mistake(&self) -> Option<String> {
        let Some(unit) = self.published_unit() else { return Some("there is no such metric".to_owned()) };
        if self.unit.as_ref().is_some_and(|named| named != unit) {
            return Some(format!("its unit is {unit}"));
        }
        let wrong =
            self.dimensions.iter().find(|(name, value)| value.as_ref().is_some_and(|value| !self.may_be(name, value)));
        wrong.map(|(name, value)| format!("{name} is never {value:?}"))
    }

    /// The unit of the metric with these dimensions.
    fn published_unit(&self) -> Option<&'static str> {
        let has = |dimensions: &[&str]| self.dimensions.keys().eq(dimensions);
        let of_aws = OF_AWS.iter().find_map(|(namespace, dimensions, metrics)| {
            let is_here = self.namespace == *namespace && dimensions.iter().any(|set| has(set));
            metrics.iter().find(|(name, _)| is_here && self.name == *name).map(|(_, unit)| *unit)
        });
        of_aws.or_else(|| {
            let ours = METRICS.iter().find(|metric| {
                let mut dimensions: Vec<_> = metric.dimensions.iter().copied().chain([STAGE]).collect();
                dimensions.sort_unstable();
                self.namespace == NAMESPACE && self.name == metric.name && has(&dimensions)
            })?;
            Some(match ours.unit {
                ::metrics::Unit::Seconds => "Seconds",
                ::metrics::Unit::Milliseconds => "Milliseconds",
                _ => "Count",
            })
        })
    }

    fn may_be(&self, dimension: &str, value: &str) -> bool {
        const FUNCTION: &str = "purposepath-account-rust-dev";
        match dimension {
            "Stage" => value == "dev",
            "FunctionName" => value == FUNCTION,
            "Resource" => value.strip_prefix(FUNCTION) == Some(":live"),
            "ExecutedVersion" => value.ends_with(".Version.Version"),
            "ApiId" => value == "Api" || GIVEN_OUT.contains(&value),
            "TableName" => {
                let layout = Layout::new("dev", |_| None).unwrap();
                GIVEN_OUT.contains(&value) || layout.definitions().any(|definition| definition.name == value)
            }
            "Operation" => value == "TransactWriteItems",
            // The list says what values its own dimension has.
            _ => {
                let metric = METRICS.iter().find(|metric| metric.name == self.name).unwrap();
                metric.meaning.split('`').skip(1).step_by(2).any(|listed| listed == value)
            }
        }
    }

    fn of_alarm(alarm: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let dimensions = alarm["Dimensions"].as_array().unwrap().iter();
        let dimensions = dimensions.map(|dimension| (text(&dimension["Name"]), Some(text(&dimension["Value"]))));
        Self {
            namespace: text(&alarm["Namespace"]),
            name: text(&alarm["MetricName"]),
            dimensions: dimensions.collect(),
            unit: alarm["Unit"].as_str().map(str::to_owned),
        }
    }

    /// A line of a widget: namespace, name, dimensions with their values, and perhaps how it is shown; or a search.
    fn of_widget(line: &Value) -> Self {
        let words: Vec<_> = line.as_array().unwrap().iter().map_while(Value::as_str).collect();
        if let [namespace, name, dimensions @ ..] = words.as_slice() {
            let dimensions = dimensions.chunks(2).map(|pair| (pair[0].to_owned(), Some(pair[1].to_owned())));
            return Self {
                namespace: (*namespace).to_owned(),
                name: (*name).to_owned(),
                dimensions: dimensions.collect(),
                unit: None,
            };
        }
        let search = line[0]["expression"].as_str().unwrap();
        let (schema, rest) = search.strip_prefix("SEARCH('{").and_then(|rest| rest.split_once('}')).unwrap();
        let mut schema = schema.split(',');
        let mut quoted = rest.split('"').skip(1).step_by(2);
        let (namespace, name) = (schema.next().unwrap().to_owned(), quoted.next().unwrap().to_owned());
        let mut dimensions: BTreeMap<_, _> = schema.map(|name| (name.to_owned(), None)).collect();
        dimensions.insert(STAGE.to_owned(), Some(quoted.next().unwrap().to_owned()));
        Self { namespace, name, dimensions, unit: None }
    }
}

/// The metrics of every line of every dashboard of a template.
fn lines_of_dashboards(folder: &str, parameters: &[(&str, &str)]) -> Vec<Named> {
    let stack = Template::read(folder).stack(parameters);
    let mut lines = Vec::new();
    for (_, dashboard) in stack.of_type("AWS::CloudWatch::Dashboard") {
        let body: Value = serde_json::from_str(dashboard["Properties"]["DashboardBody"].as_str().unwrap()).unwrap();
        let widgets = body["widgets"].as_array().unwrap().iter();
        let metrics = widgets.flat_map(|widget| widget["properties"]["metrics"].as_array().unwrap());
        lines.extend(metrics.map(Named::of_widget));
    }
    lines
}

#[test]
fn alarms_and_dashboards_look_at_metrics_that_exist() {
    let (mut alarms, mut widgets) = (0, 0);
    for folder in FOLDERS {
        let parameters = with_everything(folder);
        for (id, alarm) in Template::read(folder).stack(&parameters).of_type("AWS::CloudWatch::Alarm") {
            let named = Named::of_alarm(&alarm["Properties"]);
            assert_eq!(named.mistake(), None, "{id} of {folder}: {named:?}");
            alarms += 1;
        }
        for named in lines_of_dashboards(folder, &parameters) {
            assert_eq!(named.mistake(), None, "the dashboard of {folder}: {named:?}");
            widgets += 1;
        }
    }
    assert!(alarms > 15 && widgets > 30, "{alarms} alarms, {widgets} lines of widgets");
}

#[test]
fn a_metric_that_does_not_exist_is_found() {
    let named = |namespace: &str, name: &str, dimensions: &[(&str, &str)]| Named {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: dimensions.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect(),
        unit: None,
    };
    let exists = |named: &Named| named.mistake().is_none();
    assert!(exists(&named("AWS/ApiGateway", "5xx", &[("ApiId", "Api")])));
    assert!(!exists(&named("AWS/ApiGateway", "5XXError", &[("ApiId", "Api")])));
    assert!(!exists(&named("AWS/ApiGateway", "5xx", &[("ApiName", "Api")])));
    let mails = |outcome: &str| named(NAMESPACE, "Mails", &[("Outcome", outcome), ("Stage", "dev")]);
    assert!(exists(&mails("given_up")));
    assert!(!exists(&mails("failed")), "that is for webhooks");
    assert!(!exists(&named(NAMESPACE, "Mails", &[("Stage", "dev")])));
    assert!(!exists(&named(NAMESPACE, "Faxes", &[("Stage", "dev")])));
    assert!(!exists(&named("AWS/DynamoDB", "ReadThrottleEvents", &[("TableName", "purposepath-people-dev")])));
    assert!(!exists(&Named { unit: Some("Seconds".to_owned()), ..mails("given_up") }));
}

/// A table that is imported may have any name.
#[test]
fn what_watches_a_table_of_others_watches_the_one_that_is_imported() {
    let sources = ["Users", "Tenants", "Subscriptions", "BusinessData"].map(|table| format!("{table}TableSource"));
    let exports =
        ["users", "tenants", "subscriptions", "business-data"].map(|table| format!("purposepath-{table}-table-dev"));
    let imported: Vec<_> =
        sources.iter().zip(&exports).map(|(name, export)| (name.as_str(), export.as_str())).collect();

    let mut parameters = required("shared-infrastructure");
    parameters.extend(&imported);
    let lines = lines_of_dashboards("shared-infrastructure", &parameters);
    let watched: BTreeSet<_> = lines.into_iter().filter_map(|mut line| line.dimensions.remove("TableName")?).collect();
    assert_eq!(watched, exports.iter().map(|export| format!("import.{export}")).collect());

    let mut parameters = required("account-service");
    parameters.extend(&imported);
    let given_out = Template::read("account-service").stack(&parameters).outputs;
    for (output, export) in [("UsersTableName", "users"), ("TenantsTableName", "tenants")] {
        assert_eq!(given_out[output]["Value"], format!("import.purposepath-{export}-table-dev"));
        let name = given_out[output]["Export"]["Name"].as_str().unwrap();
        assert!(GIVEN_OUT.contains(&format!("import.{name}").as_str()), "{name}");
    }
    let observability = Template::read("observability").stack(&required("observability"));
    for (id, alarm) in observability.of_type("AWS::CloudWatch::Alarm") {
        let table = Named::of_alarm(&alarm["Properties"]).dimensions.remove("TableName").flatten();
        assert!(table.is_none_or(|table| table.starts_with("import.") || table.contains("-account-")), "{id}");
    }
}

/// An alarm that never speaks, or always, is of no use.
#[test]
fn every_alarm_has_a_name_of_its_stage_a_sentence_and_somewhere_to_go() {
    // Another alarm calls people about the same; this one is for CodeDeploy.
    const CALLS_NOBODY: [&str; 1] = ["NewVersionServerErrorsAlarm"];
    // What is missing is what it is about.
    const WANTS_DATA: [&str; 1] = ["FunctionSilentAlarm"];
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
            let without_data = if WANTS_DATA.contains(&id) { "breaching" } else { "notBreaching" };
            assert_eq!(properties["TreatMissingData"], without_data, "{id}");
            let calls =
                if CALLS_NOBODY.contains(&id) { None } else { Some("arn:aws:sns:us-east-1:123456789012:alarms") };
            assert_eq!(properties["AlarmActions"][0].as_str(), calls, "{id}");
        }
    }
}

/// Both kinds of failure stop a new version: invocations that end without an answer, and answers that say so.
#[test]
fn a_new_version_goes_back_by_its_errors_and_by_those_that_clients_see() {
    let stack = Template::read("account-service").stack(&with_everything("account-service"));
    let alarms = &stack.function["DeploymentPreference"]["Alarms"];
    assert_eq!(*alarms, serde_json::json!(["NewVersionErrorsAlarm", "NewVersionServerErrorsAlarm"]));
    let metric = |id: &str| Named::of_alarm(&stack.resources[id]["Properties"]).name;
    assert_eq!(metric("NewVersionErrorsAlarm"), "Errors");
    assert_eq!(metric("NewVersionServerErrorsAlarm"), "5xx");
    assert_eq!(stack.resources["NewVersionServerErrorsAlarm"]["Properties"]["Period"], 60, "a canary is short");
}
