//! The templates as stacks, in an emulator of AWS: what `CloudFormation` makes of them, and what it refuses.

use std::{io::Write, path::Path, process::Command};

use aws_sdk_dynamodb::{Client, types::StreamSpecification};
use infrastructure::dynamodb::tables::{Layout, Table, TableDefinition};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tests::{
    Ministack,
    templates::{parameter_of, required},
};

use crate::{
    python,
    samconfig::{self, STAGES},
};

const SHARED: &str = "purposepath-account-rust-shared-dev";
const SERVICE: &str = "purposepath-account-rust-dev";
const MAPPING: &str = "purposepath-account-rust-mapping-dev";
const BUCKET: &str = "purposepath-account-rust-artifacts-dev-000000000000";
/// The tables that the shared infrastructure makes.
const CORE: [Table; 4] = [Table::Users, Table::Tenants, Table::Subscriptions, Table::BusinessData];

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        a_stage_with_nothing_gets_everything,
        every_stage_deploys_beside_what_runs_there_today,
        a_missing_export_rolls_back_and_is_no_obstacle_afterwards,
        what_is_imported_cannot_be_deleted,
        the_tables_outlive_the_service_and_are_taken_again,
        a_new_release_gets_a_version_and_the_alias,
        tables_and_images_come_before_the_function,
        the_mapping_changes_where_it_is_and_back,
        a_mistake_in_the_parameters_is_refused,
        a_pipeline_gets_a_role_and_a_boundary_for_the_service,
        sam_deploys_what_samconfig_says,
    ]
}

/// An emulator with what the tests need beside the templates.
struct Cloud {
    aws: Ministack,
}

impl Cloud {
    async fn start() -> Self {
        Self { aws: Ministack::start(&python()).await }
    }

    /// A stage that has had nothing, with the shared infrastructure.
    async fn with_shared() -> Self {
        let cloud = Self::start().await;
        let zone = json!({ "Name": "example.com", "CallerReference": "1" });
        let zone = cloud.aws.call("route53", "create_hosted_zone", &zone);
        let zone = zone["HostedZone"]["Id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let mut parameters = json!({
            "Stage": "dev", "CreateSecret": "true", "CreateDomain": "true", "DomainName": "api.dev.example.com",
            "HostedZoneId": zone, "AlarmEmail": "operators@example.com",
        });
        for table in CORE {
            parameters[format!("Create{}", parameter_of(table, ""))] = "true".into();
        }
        cloud.deploy(SHARED, "shared-infrastructure", &parameters);
        cloud
    }

    /// Deploys, which must succeed, and says what the stack gives out.
    #[track_caller]
    fn deploy(&self, stack: &str, folder: &str, parameters: &Value) -> Value {
        let deployed = self.aws.deploy(stack, folder, parameters);
        let status = deployed["status"].as_str().unwrap_or_default();
        assert!(matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE"), "{stack}: {deployed}");
        deployed["outputs"].clone()
    }

    /// A zip in the bucket of the stage, and the parameters of a service that runs it.
    fn zipped_service(&self, release: &str) -> Value {
        self.aws.call("s3", "create_bucket", &json!({ "Bucket": BUCKET }));
        let key = format!("{release}.zip");
        self.aws.call("s3", "put_object", &json!({ "Bucket": BUCKET, "Key": key, "Body": EMPTY_ZIP }));
        let mut parameters = service();
        for (name, value) in [("CodeBucket", BUCKET), ("CodeKey", &key), ("Release", release)] {
            parameters[name] = value.into();
        }
        parameters
    }

    /// The same parameters with every table that is there taken as it is.
    async fn with_existing_tables(&self, mut parameters: Value) -> Value {
        let (dynamodb, layout) = (self.aws.dynamodb().await, Layout::new("dev", |_| None).unwrap());
        for definition in layout.definitions().filter(|definition| !CORE.contains(&definition.table)) {
            let Ok(found) = dynamodb.describe_table().table_name(definition.name).send().await else { continue };
            parameters[parameter_of(definition.table, "Source")] = "existing".into();
            if definition.stream.is_some() {
                parameters["AccountOutboxStreamArn"] = found.table.unwrap().latest_stream_arn.unwrap().into();
            }
        }
        parameters
    }

    fn tables(&self) -> Vec<String> {
        let tables = self.aws.call("dynamodb", "list_tables", &json!({}));
        tables["TableNames"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    fn has_function(&self) -> bool {
        self.aws.call("lambda", "get_function", &json!({ "FunctionName": SERVICE })).get("error").is_none()
    }
}

/// The end of a zip's directory, which is all that a zip with nothing in it has.
const EMPTY_ZIP: &str = "PK\u{5}\u{6}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The release of the first deployment.
const FIRST: &str = "1111111111";

/// The parameters of a service that takes what the shared infrastructure made, without code. There is no `CodeDeploy`
/// to shift its traffic.
fn service() -> Value {
    let mut parameters: Value =
        required("account-service").into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    for table in CORE {
        let export = format!("purposepath-account-rust-{}-table-dev", table.base_name());
        parameters[parameter_of(table, "Source")] = export.into();
    }
    for (name, value) in [
        ("JwtSecretExport", "purposepath-account-rust-jwt-secret-arn-dev"),
        ("CanaryEnabled", "false"),
        ("CodeKey", ""),
    ] {
        parameters[name] = value.into();
    }
    parameters
}

async fn a_stage_with_nothing_gets_everything() {
    let cloud = Cloud::with_shared().await;
    let given_out = cloud.deploy(SERVICE, "account-service", &cloud.zipped_service(FIRST));
    let dynamodb = cloud.aws.dynamodb().await;
    for definition in Layout::new("dev", |_| None).unwrap().definitions() {
        is_as_defined(&dynamodb, &definition).await;
    }
    assert_eq!(cloud.tables().len(), Table::ALL.len());

    let alias = format!("arn:aws:lambda:us-east-1:000000000000:function:{SERVICE}:live");
    assert_eq!(given_out["AliasArn"], alias);
    // Whoever calls the function calls the alias, so that all of them move together.
    let api = json!({ "ApiId": given_out["ApiId"] });
    let integration = cloud.aws.call("apigatewayv2", "get_integrations", &api);
    assert_eq!(integration["Items"][0]["IntegrationUri"], alias);
    assert_eq!(integration["Items"][0]["PayloadFormatVersion"], "2.0");
    let routes = cloud.aws.call("apigatewayv2", "get_routes", &api);
    assert_eq!(routes["Items"].as_array().unwrap().len(), 1);
    assert_eq!(routes["Items"][0]["RouteKey"], "$default");
    let streams = cloud.aws.call("lambda", "list_event_source_mappings", &json!({}));
    assert_eq!(streams["EventSourceMappings"][0]["FunctionArn"], alias);
    let rule = json!({ "Rule": "purposepath-account-rust-outbox-dev" });
    assert_eq!(cloud.aws.call("events", "list_targets_by_rule", &rule)["Targets"][0]["Arn"], alias);

    let function = cloud.aws.call("lambda", "get_function_configuration", &json!({ "FunctionName": SERVICE }));
    let variables = &function["Environment"]["Variables"];
    assert_eq!(variables["USERS_TABLE"], "purposepath-users-dev", "the value of an import");
    let secret = variables["JWT_SECRET_ARN"].as_str().unwrap();
    let secret = cloud.aws.call("secretsmanager", "get_secret_value", &json!({ "SecretId": secret }));
    let secret: Value = serde_json::from_str(secret["SecretString"].as_str().unwrap()).unwrap();
    assert!(secret["jwt_secret"].as_str().unwrap().len() >= 32);

    cloud.deploy("purposepath-account-rust-observability-dev", "observability", &json!({ "Stage": "dev" }));
}

/// A table that exists is the code's. (The emulator does nothing about time to live and recovery to a point in time; that
/// the templates ask for both, a test of their text shows.)
async fn is_as_defined(dynamodb: &Client, definition: &TableDefinition<'_>) {
    let name = definition.name;
    let found = dynamodb.describe_table().table_name(name).send().await.unwrap().table.unwrap();
    assert_eq!(definition.differences(&found), []);
    assert_eq!(found.deletion_protection_enabled, Some(true), "{name}");
    let wanted = definition.create_request().unwrap().build().unwrap();
    assert_eq!(found.global_secondary_indexes().len(), wanted.global_secondary_indexes().len(), "{name}");
    assert_eq!(found.billing_mode_summary.and_then(|summary| summary.billing_mode), wanted.billing_mode, "{name}");
    let view = |stream: Option<&StreamSpecification>| stream.and_then(StreamSpecification::stream_view_type).cloned();
    assert_eq!(view(found.stream_specification.as_ref()), view(wanted.stream_specification.as_ref()), "{name}");
}

/// The stacks of the Python services are there, with their exports, and `samconfig.toml` says what each stage gives.
async fn every_stage_deploys_beside_what_runs_there_today() {
    for stage in STAGES {
        let cloud = Cloud::start().await;
        let mut template = tempfile::NamedTempFile::with_suffix(".json").unwrap();
        template.write_all(todays_stack(stage).to_string().as_bytes()).unwrap();
        let today = cloud.aws.deploy_file(&format!("purposepath-api-{stage}"), template.path(), &json!({}));
        assert_eq!(today["status"], "CREATE_COMPLETE", "{today}");

        let parameters = |folder: &str| json!(samconfig::parameters(folder, stage));
        let shared = format!("purposepath-account-rust-shared-{stage}");
        cloud.deploy(&shared, "shared-infrastructure", &parameters("shared-infrastructure"));
        let mut service = parameters("account-service");
        service["CanaryEnabled"] = "false".into();
        let zipped = cloud.zipped_service(FIRST);
        for name in ["CodeBucket", "CodeKey", "Release"] {
            service[name] = zipped[name].clone();
        }
        cloud.deploy(&format!("purposepath-account-rust-{stage}"), "account-service", &service);
        assert_eq!(cloud.tables().len(), Table::ALL.len(), "{stage}");
    }
}

/// As much of today's stack of tables as others import.
fn todays_stack(stage: &str) -> Value {
    let mut template = json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": {}, "Outputs": {} });
    let mut export = |id: String, name: String, resource: Value| {
        template["Resources"][&id] = resource;
        template["Outputs"][&id] = json!({ "Value": { "Ref": id }, "Export": { "Name": name } });
    };
    for table in CORE {
        let resource = json!({ "Type": "AWS::DynamoDB::Table", "Properties": {
            "TableName": format!("purposepath-{}-{stage}", table.base_name()),
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        }});
        export(parameter_of(table, ""), format!("purposepath-{}-table-{stage}", table.base_name()), resource);
    }
    let secret = json!({ "Type": "AWS::SecretsManager::Secret", "Properties": { "GenerateSecretString": {} } });
    export("JwtSecret".to_owned(), format!("purposepath-jwt-secret-arn-{stage}"), secret);
    template
}

async fn a_missing_export_rolls_back_and_is_no_obstacle_afterwards() {
    let cloud = Cloud::with_shared().await;
    let mut parameters = cloud.zipped_service(FIRST);
    parameters["UsersTableSource"] = "purposepath-nobody-table-dev".into();
    let deployed = cloud.aws.deploy(SERVICE, "account-service", &parameters);
    assert_eq!(deployed["status"], "ROLLBACK_COMPLETE", "{deployed}");
    assert!(deployed["failed"].to_string().contains("purposepath-nobody-table-dev"), "{deployed}");
    assert!(!cloud.has_function());

    // Tables that were made meanwhile stay, because nobody deletes a table by mistake; they are taken as they are.
    assert_eq!(cloud.aws.delete(SERVICE)["status"], "DELETE_COMPLETE");
    cloud.deploy(SERVICE, "account-service", &cloud.with_existing_tables(cloud.zipped_service(FIRST)).await);
}

async fn what_is_imported_cannot_be_deleted() {
    let cloud = Cloud::with_shared().await;
    cloud.deploy(SERVICE, "account-service", &cloud.zipped_service(FIRST));
    let refused = cloud.aws.delete(SHARED);
    assert!(refused.to_string().contains(&format!("is imported by stack {SERVICE}")), "{refused}");
    assert!(cloud.tables().contains(&"purposepath-users-dev".to_owned()));
}

async fn the_tables_outlive_the_service_and_are_taken_again() {
    let cloud = Cloud::with_shared().await;
    cloud.deploy(SERVICE, "account-service", &cloud.zipped_service(FIRST));
    let dynamodb = cloud.aws.dynamodb().await;
    let claim = dynamodb.put_item().table_name("purposepath-account-email-claims-dev");
    claim.item("email", tests::text("anna@example.com")).send().await.unwrap();

    assert_eq!(cloud.aws.delete(SERVICE)["status"], "DELETE_COMPLETE");
    assert!(!cloud.has_function());
    assert_eq!(cloud.tables().len(), Table::ALL.len());

    cloud.deploy(SERVICE, "account-service", &cloud.with_existing_tables(cloud.zipped_service(FIRST)).await);
    let claims = dynamodb.scan().table_name("purposepath-account-email-claims-dev").send().await.unwrap();
    assert_eq!(claims.items().len(), 1);
}

async fn a_new_release_gets_a_version_and_the_alias() {
    let cloud = Cloud::with_shared().await;
    let alias = || {
        let alias = cloud.aws.call("lambda", "get_alias", &json!({ "FunctionName": SERVICE, "Name": "live" }));
        alias["FunctionVersion"].as_str().unwrap().to_owned()
    };
    let first = cloud.deploy(SERVICE, "account-service", &cloud.zipped_service(FIRST));
    assert_eq!(first["FunctionVersion"], alias());
    // The code is the same, and a setting is not.
    let mut parameters = cloud.zipped_service("2222222222");
    parameters["CodeKey"] = format!("{FIRST}.zip").into();
    parameters["SessionIdleDays"] = "7".into();
    let second = cloud.deploy(SERVICE, "account-service", &parameters);
    assert_eq!(second["FunctionVersion"], alias());
    assert_ne!(first["FunctionVersion"], second["FunctionVersion"]);
    let versions = cloud.aws.call("lambda", "list_versions_by_function", &json!({ "FunctionName": SERVICE }));
    assert_eq!(versions["Versions"].as_array().unwrap().len(), 3, "$LATEST, and both to go back to: {versions}");
}

async fn tables_and_images_come_before_the_function() {
    let cloud = Cloud::with_shared().await;
    let mut parameters = service();
    parameters["CreateImageRepository"] = "true".into();
    let base = cloud.deploy(SERVICE, "account-service", &parameters);
    assert_eq!(cloud.tables().len(), Table::ALL.len());
    assert!(!cloud.has_function());
    let repository = base["ImageRepositoryUri"].as_str().unwrap();
    assert!(repository.ends_with("/purposepath-account-rust-dev"), "{repository}");

    parameters["ImageUri"] = format!("{repository}:dev-0123abc").into();
    parameters["Release"] = FIRST.into();
    let deployed = cloud.deploy(SERVICE, "account-service", &parameters);
    assert!(deployed["ApiId"].is_string() && cloud.has_function());
    assert_eq!(deployed["ImageRepositoryUri"], repository);
    let function = cloud.aws.call("lambda", "get_function", &json!({ "FunctionName": SERVICE }));
    assert_eq!(function["Configuration"]["PackageType"], "Image");
}

async fn the_mapping_changes_where_it_is_and_back() {
    let cloud = Cloud::with_shared().await;
    let ours = cloud.deploy(SERVICE, "account-service", &cloud.zipped_service(FIRST))["ApiId"].clone();
    let api = json!({ "Name": "purposepath-account-api-dev", "ProtocolType": "HTTP" });
    let python = cloud.aws.call("apigatewayv2", "create_api", &api)["ApiId"].clone();
    let stage = json!({ "ApiId": python, "StageName": "$default", "AutoDeploy": true });
    cloud.aws.call("apigatewayv2", "create_stage", &stage);

    let domain = json!({ "DomainName": "api.dev.example.com" });
    let mappings = || {
        let found = cloud.aws.call("apigatewayv2", "get_api_mappings", &domain);
        let mapping = |mapping: &Value| {
            assert_eq!(mapping["ApiMappingKey"], "account");
            (mapping["ApiMappingId"].clone(), mapping["ApiId"].clone())
        };
        found["Items"].as_array().unwrap().iter().map(mapping).collect::<Vec<_>>()
    };
    let mut parameters = json!({ "Stage": "dev", "DomainName": "api.dev.example.com", "TargetApiId": python });
    cloud.deploy(MAPPING, "domain-mapping", &parameters);
    let id = mappings()[0].0.clone();
    assert_eq!(mappings(), [(id.clone(), python.clone())]);
    // Nothing is named: it is the service's own export.
    parameters["TargetApiId"] = "".into();
    cloud.deploy(MAPPING, "domain-mapping", &parameters);
    assert_eq!(mappings(), [(id.clone(), ours)]);
    let refused = cloud.aws.delete(SERVICE);
    assert!(refused.to_string().contains(&format!("is imported by stack {MAPPING}")), "{refused}");

    parameters["TargetApiId"] = python.clone();
    cloud.deploy(MAPPING, "domain-mapping", &parameters);
    assert_eq!(mappings(), [(id.clone(), python.clone())]);
    assert_eq!(cloud.aws.delete(MAPPING)["status"], "DELETE_COMPLETE");
    assert_eq!(mappings(), [(id, python)], "without the stack, requests are answered all the same");
}

async fn a_mistake_in_the_parameters_is_refused() {
    let cloud = Cloud::start().await;
    for (wrong, why) in [
        (json!({ "ImageUri": "image:tag", "CodeKey": "account.zip" }), "not both"),
        (json!({ "AccountOutboxTableSource": "existing" }), "needs AccountOutboxStreamArn"),
        (json!({ "Release": "yesterdays" }), "Release"),
        (json!({ "Stage": "production" }), "Stage"),
    ] {
        let mut parameters = service();
        parameters.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let refused = cloud.aws.deploy(SERVICE, "account-service", &parameters);
        let message = refused["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(why), "{refused}");
    }
    assert!(cloud.tables().is_empty());
}

async fn a_pipeline_gets_a_role_and_a_boundary_for_the_service() {
    let cloud = Cloud::with_shared().await;
    let repository = json!({ "Stage": "dev", "Repository": "example/account" });
    let pipeline = cloud.deploy("purposepath-account-rust-ci-dev", "ci-oidc", &repository);
    assert!(pipeline["DeployRoleArn"].as_str().unwrap().ends_with(":role/purposepath-account-rust-deploy-dev"));
    let mut parameters = cloud.zipped_service(FIRST);
    parameters["PermissionsBoundaryArn"] = pipeline["BoundaryArn"].clone();
    cloud.deploy(SERVICE, "account-service", &parameters);
}

/// The tool reads the file, and takes the template through a bucket of its own.
async fn sam_deploys_what_samconfig_says() {
    let cloud = Cloud::start().await;
    let deployment = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deployment");
    let ran = Command::new(python().with_file_name("sam"))
        .current_dir(deployment)
        .args(["deploy", "--template-file", "shared-infrastructure/template.yaml", "--config-env", "dev"])
        .args([
            "--config-file",
            &format!("{}/../deployment/shared-infrastructure/samconfig.toml", env!("CARGO_MANIFEST_DIR")),
        ])
        .envs([("AWS_ENDPOINT_URL", cloud.aws.endpoint()), ("AWS_DEFAULT_REGION", "us-east-1")])
        .envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("SAM_CLI_TELEMETRY", "0")])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let stack = cloud.aws.call("cloudformation", "describe_stacks", &json!({ "StackName": SHARED }));
    assert_eq!(stack["Stacks"][0]["StackStatus"], "CREATE_COMPLETE");
}
