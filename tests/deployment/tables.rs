//! The tables of the templates are those of the code's one definition, attribute by attribute.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeDefinition, KeySchemaElement, Projection, StreamSpecification};
use infrastructure::dynamodb::tables::{Layout, Table, TableDefinition};
use serde_json::{Value, json};
use tests::templates::{FOLDERS, Stack, Template, parameter_of, required, with_everything};

const TABLE: &str = "AWS::DynamoDB::Table";

/// The layouts that tables are found in: what parameters say, and what variables say.
const LAYOUTS: [&[(&str, &str, &str)]; 2] = [
    &[],
    &[
        ("UsersKey", "USERS_KEY", "user_id"),
        ("UsersTenantIndex", "USERS_TENANT_INDEX", "tenant-index"),
        ("SubscriptionsTenantIndex", "SUBSCRIPTIONS_TENANT_INDEX", "tenant-index"),
    ],
];

/// Every table that any template makes when it is asked for all.
fn tables_of_templates(settings: &[(&str, &str, &str)]) -> BTreeMap<String, Value> {
    let mut tables = BTreeMap::new();
    for folder in FOLDERS {
        for (id, resource) in everything(folder, settings).of_type(TABLE) {
            let name = resource["Properties"]["TableName"].as_str().unwrap().to_owned();
            assert!(tables.insert(name, resource.clone()).is_none(), "{id} of {folder} is in another template too");
        }
    }
    tables
}

/// The stack of a stage that has nothing.
fn everything(folder: &str, settings: &[(&str, &str, &str)]) -> Stack {
    let template = Template::read(folder);
    let mut given: Vec<(&str, &str)> = with_everything(folder);
    let known = settings.iter().filter(|(name, ..)| template.section("Parameters").contains_key(*name));
    given.extend(known.map(|(name, _, value)| (*name, *value)));
    template.stack(&given)
}

/// A table as the code defines it, in the words of `CloudFormation`.
fn properties_of(definition: &TableDefinition<'_>) -> Value {
    let request = definition.create_request().unwrap().build().unwrap();
    let mut properties = json!({
        "TableName": definition.name,
        "BillingMode": request.billing_mode().unwrap().as_str(),
        "DeletionProtectionEnabled": true,
        "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true },
        "AttributeDefinitions": request.attribute_definitions().iter().map(attribute).collect::<BTreeSet<_>>(),
        "KeySchema": request.key_schema().iter().map(key).collect::<Vec<_>>(),
    });
    let indexes: Vec<_> = request
        .global_secondary_indexes()
        .iter()
        .map(|index| {
            let projection = index.projection().and_then(Projection::projection_type).unwrap();
            json!({
                "IndexName": index.index_name(),
                "KeySchema": index.key_schema().iter().map(key).collect::<Vec<_>>(),
                "Projection": { "ProjectionType": projection.as_str() },
            })
        })
        .collect();
    if !indexes.is_empty() {
        properties["GlobalSecondaryIndexes"] = indexes.into();
    }
    if let Some(attribute) = definition.ttl_attribute {
        properties["TimeToLiveSpecification"] = json!({ "AttributeName": attribute, "Enabled": true });
    }
    if let Some(view) = request.stream_specification().and_then(StreamSpecification::stream_view_type) {
        properties["StreamSpecification"] = json!({ "StreamViewType": view.as_str() });
    }
    properties
}

fn attribute(definition: &AttributeDefinition) -> String {
    format!("{} {}", definition.attribute_name(), definition.attribute_type().as_str())
}

fn key(element: &KeySchemaElement) -> Value {
    json!({ "AttributeName": element.attribute_name(), "KeyType": element.key_type().as_str() })
}

/// A table of a template with what has no order brought into one.
fn normalised(resource: &Value) -> Value {
    let mut properties = resource["Properties"].clone();
    let attributes = properties["AttributeDefinitions"].as_array().unwrap().iter().map(|attribute| {
        format!("{} {}", attribute["AttributeName"].as_str().unwrap(), attribute["AttributeType"].as_str().unwrap())
    });
    properties["AttributeDefinitions"] = attributes.collect::<BTreeSet<_>>().into_iter().collect();
    properties
}

#[test]
fn the_templates_make_the_tables_of_the_code_in_both_layouts() {
    for settings in LAYOUTS {
        let lookup = |name: &str| {
            settings.iter().find(|(_, variable, _)| *variable == name).map(|(.., value)| (*value).to_owned())
        };
        let layout = Layout::new("dev", lookup).unwrap();
        let mut found = tables_of_templates(settings);
        for definition in layout.definitions() {
            let resource =
                found.remove(definition.name).unwrap_or_else(|| panic!("no template makes {}", definition.name));
            assert_eq!(normalised(&resource), properties_of(&definition), "{}", definition.name);
        }
        assert!(found.is_empty(), "tables that the code does not know: {:?}", found.keys());
    }
}

#[test]
fn every_table_outlives_its_stack() {
    for (name, resource) in tables_of_templates(&[]) {
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(resource[policy], "Retain", "{policy} of {name}");
        }
    }
}

/// Tools derive the parameters' names from the tables'.
#[test]
fn a_parameter_decides_of_every_table_whether_it_is_made() {
    let (service, shared) = (Template::read("account-service"), Template::read("shared-infrastructure"));
    for table in Table::ALL {
        let (source_name, shared_name) = (parameter_of(table, "Source"), format!("Create{}", parameter_of(table, "")));
        let source =
            service.section("Parameters").get(&source_name).unwrap_or_else(|| panic!("{source_name} is missing"));
        let is_shared = shared.section("Parameters").contains_key(&shared_name);
        assert_eq!(source["Default"], if is_shared { "existing" } else { "create" }, "{source_name}");
    }
}

#[test]
fn a_table_that_exists_is_left_alone() {
    const STREAM: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/purposepath-account-outbox-dev/stream/1";
    let template = Template::read("account-service");
    let mut given = required("account-service");
    let sources: Vec<_> = Table::ALL.iter().map(|table| parameter_of(*table, "Source")).collect();
    given.extend(sources.iter().map(|source| (source.as_str(), "existing")));
    given.push(("AccountOutboxStreamArn", STREAM));
    let stack = template.stack(&given);
    assert_eq!(stack.of_type(TABLE).count(), 0);
    assert_eq!(stack.resources["OutboxStream"]["Properties"]["EventSourceArn"], STREAM);
}
