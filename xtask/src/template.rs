//! What we need to know of a `CloudFormation` template. Its functions (`!Ref` and the like) are of no interest here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::failure::{Code, Failure};

/// A template.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Template {
    #[serde(default)]
    parameters: BTreeMap<String, TemplateParameter>,
    #[serde(default)]
    resources: BTreeMap<String, TemplateResource>,
}

/// A parameter of a template.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TemplateParameter {
    #[serde(rename = "Type")]
    _type: String,
}

/// A resource in a template.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TemplateResource {
    deletion_policy: Option<String>,
}

impl Template {
    /// Reads a template. `name` is for messages.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        serde_saphyr::from_str(text).map_err(|error| unreadable(name, &error.to_string()))
    }

    /// Reads a template as AWS returns it: text, or an object.
    pub(crate) fn of_body(name: &str, body: Value) -> Result<Self, Failure> {
        match body {
            Value::String(text) => Self::parse(name, &text),
            object => serde_json::from_value(object).map_err(|error| unreadable(name, &error.to_string())),
        }
    }

    /// Whether the template takes this parameter.
    pub(crate) fn takes(&self, parameter: &str) -> bool {
        self.parameters.contains_key(parameter)
    }

    /// Whether the resource stays when its stack goes.
    pub(crate) fn retains(&self, logical_id: &str) -> bool {
        let policy = self.resources.get(logical_id).and_then(|resource| resource.deletion_policy.as_deref());
        matches!(policy, Some("Retain" | "RetainExceptOnCreate"))
    }
}

fn unreadable(name: &str, why: &str) -> Failure {
    Failure::new(Code::ToolAnswerUnreadable, format!("the template {name} cannot be read: {why}"))
}

/// What keeps data.
const DATA: [&str; 19] = [
    "AWS::CloudFormation::Stack",
    "AWS::Cognito::UserPool",
    "AWS::DocDB::DBCluster",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Volume",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Logs::LogGroup",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
];

/// What takes traffic.
const TRAFFIC: [&str; 10] = [
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::CertificateManager::Certificate",
    "AWS::EC2::VPC",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Function",
    "AWS::Route53::RecordSet",
    "AWS::Serverless::Function",
];

/// Whether resources of this type keep data that would be lost. A stack within a stack may.
pub(crate) fn keeps_data(resource_type: &str) -> bool {
    DATA.contains(&resource_type)
}

/// Whether a change must not replace or delete resources of this type: data would be lost, or traffic.
pub(crate) fn is_protected(resource_type: &str) -> bool {
    keeps_data(resource_type) || TRAFFIC.contains(&resource_type)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = r#"
Parameters:
  Stage: {Type: String, AllowedValues: [dev, prod]}
  UsersTableSource: {Type: String, Default: existing}
Conditions:
  Creates: !Equals [!Ref UsersTableSource, create]
Resources:
  Users:
    Type: AWS::DynamoDB::Table
    Condition: Creates
    DeletionPolicy: Retain
    Properties: {TableName: !Sub "purposepath-users-${Stage}"}
  Tenants:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Join ["-", [purposepath, tenants, !Ref Stage]]
      Tags: [{Key: a, Value: !ImportValue {"Fn::Sub": "x-${Stage}"}}]
"#;

    #[test]
    fn a_template_with_functions_is_read() {
        let template = Template::parse("t", TEXT).unwrap();
        assert!(template.takes("Stage") && !template.takes("CodeKey"));
        assert!(template.retains("Users") && !template.retains("Tenants") && !template.retains("Nobody"));
    }

    #[test]
    fn a_template_is_read_in_both_forms_in_which_aws_returns_it() {
        let object = json!({"Resources": {"Users": {"Type": "T", "DeletionPolicy": "Retain"}}});
        assert!(Template::of_body("t", object).unwrap().retains("Users"));
        assert!(Template::of_body("t", json!(TEXT)).unwrap().retains("Users"));
        assert_eq!(Template::of_body("t", json!("{")).unwrap_err().code, Code::ToolAnswerUnreadable);
        assert_eq!(Template::of_body("t", json!([1])).unwrap_err().code, Code::ToolAnswerUnreadable);
    }
}
