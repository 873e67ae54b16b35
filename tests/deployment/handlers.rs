//! What `CloudFormation` calls to make, read, change and delete the resources of the service, by the schemas that AWS
//! publishes of them: it calls with the rights of whoever deploys.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use libtest_mimic::Trial;
use serde::Deserialize;
use serde_json::{Value, json};
use tests::templates::{Template, statements_of_role, texts, with_everything};

use crate::linters::run;

pub(crate) fn trials() -> Vec<Trial> {
    trials![the_pipeline_s_role_may_do_what_cloudformation_does_for_the_service]
}

/// Why an action of a handler is not called for what the templates ask for, or is for people.
const NOT_ALLOWED: [(&str, &[&str]); 14] = [
    ("deleting a table or the images is for people", &["dynamodb:DeleteTable", "ecr:DeleteRepository"]),
    ("no role leaves the boundary", &["iam:DeleteRolePermissionsBoundary"]),
    (
        "the keys that encrypt are AWS's own",
        &[
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:ListAliases",
            "kms:RetireGrant",
            "kms:RevokeGrant",
            "logs:AssociateKmsKey",
            "logs:DisassociateKmsKey",
        ],
    ),
    (
        "no table is replicated to another region",
        &[
            "dynamodb:AssociateTableReplica",
            "dynamodb:BatchWriteItem",
            "dynamodb:CreateTableReplica",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
            "iam:CreateServiceLinkedRole",
        ],
    ),
    (
        "no table is filled from a bucket",
        &[
            "dynamodb:DescribeImport",
            "dynamodb:ImportTable",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
            "s3:GetObjectMetadata",
        ],
    ),
    (
        "no table streams to Kinesis",
        &[
            "dynamodb:DisableKinesisStreamingDestination",
            "dynamodb:EnableKinesisStreamingDestination",
            "dynamodb:UpdateKinesisStreamingDestination",
            "kinesis:DescribeStream",
            "kinesis:PutRecords",
        ],
    ),
    (
        "no table has a policy, or insights into its contributors",
        &["dynamodb:DeleteResourcePolicy", "dynamodb:PutResourcePolicy", "dynamodb:UpdateContributorInsights"],
    ),
    (
        "the policies of the repository are changed and never taken away",
        &["ecr:DeleteLifecyclePolicy", "ecr:DeleteRepositoryPolicy"],
    ),
    (
        "the function has no file system and no layers",
        &["elasticfilesystem:DescribeMountTargets", "lambda:GetLayerVersion", "s3files:ListMountTargets"],
    ),
    (
        "its code is not signed, and the key of the code in the bucket is its digest, so that versions of it do not count",
        &[
            "lambda:DeleteFunctionCodeSigningConfig",
            "lambda:GetCodeSigningConfig",
            "lambda:PutFunctionCodeSigningConfig",
            "s3:GetObjectVersion",
        ],
    ),
    (
        "it asks for no runtime of a certain day, no loop detection of its own, and no provisioned concurrency or capacity",
        &[
            "lambda:AssociateRuntimeAlias",
            "lambda:DeleteProvisionedConcurrencyConfig",
            "lambda:PassCapacityProvider",
            "lambda:PutFunctionRecursionConfig",
            "lambda:PutFunctionScalingConfig",
            "lambda:PutProvisionedConcurrencyConfig",
            "lambda:PutRuntimeManagementConfig",
        ],
    ),
    (
        "log groups have no policies of their own, no bearer tokens and no protection, and are delivered nowhere else",
        &[
            "firehose:TagDeliveryStream",
            "logs:DeleteDataProtectionPolicy",
            "logs:DeleteIndexPolicy",
            "logs:DeleteResourcePolicy",
            "logs:PutBearerTokenAuthentication",
            "logs:PutDataProtectionPolicy",
            "logs:PutIndexPolicy",
            "logs:PutLogGroupDeletionProtection",
            "s3:REST.PUT.OBJECT",
        ],
    ),
    ("tags of APIs are set by POST and DELETE", &["apigateway:TagResource", "apigateway:UntagResource"]),
    ("the canary is of a function", &["codedeploy:RegisterOnPremisesInstance"]),
];

/// A schema of a type of resources, as far as it is of interest.
#[derive(Deserialize)]
struct Schema {
    #[serde(rename = "typeName")]
    type_name: String,
    #[serde(default)]
    handlers: BTreeMap<String, Handler>,
}

#[derive(Deserialize)]
struct Handler {
    #[serde(default)]
    permissions: Vec<String>,
}

/// The types of everything in what SAM makes of the service, and of what watches it.
fn types() -> BTreeSet<String> {
    let parameters = with_everything("account-service").into_iter();
    let parameters: Value = parameters.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/deployment/cloud.py");
    let mut types = BTreeSet::new();
    for (folder, parameters) in [("account-service", parameters), ("observability", json!({"Stage": "dev"}))] {
        let template = format!("{folder}/template.yaml");
        let (translated, said) = run("python", &[script, "translate", &template, &parameters.to_string()]);
        assert!(translated, "{said}");
        let template: Value = serde_json::from_str(&said).unwrap();
        let resources = template["Resources"].as_object().unwrap().values();
        types.extend(resources.map(|resource| resource["Type"].as_str().unwrap().to_owned()));
    }
    types
}

/// The schemas that cfn-lint brings along.
fn schemas() -> Vec<Schema> {
    let (found, path) = run("python", &["-c", "import cfnlint; print(cfnlint.__path__[0])"]);
    assert!(found, "{path}");
    let folder = PathBuf::from(path.trim()).join("data/schemas/resources");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()).collect()
}

async fn the_pipeline_s_role_may_do_what_cloudformation_does_for_the_service() {
    let stack = Template::read("ci-oidc").stack(&with_everything("ci-oidc"));
    let allowed: BTreeSet<_> = statements_of_role(&stack, "DeployRole")
        .into_iter()
        .filter(|statement| statement["Effect"] == "Allow")
        .flat_map(|statement| texts(&statement["Action"]))
        .map(str::to_lowercase)
        .collect();
    let listed: BTreeSet<_> =
        NOT_ALLOWED.iter().flat_map(|(_, actions)| *actions).map(|action| action.to_lowercase()).collect();

    let mut types = types();
    let mut asked = BTreeSet::new();
    for schema in schemas().into_iter().filter(|schema| types.remove(&schema.type_name)) {
        for (handler, actions) in schema.handlers.iter().filter(|(name, _)| *name != "list") {
            for action in &actions.permissions {
                let action = action.to_lowercase();
                let place = format!("{handler} of {}", schema.type_name);
                assert!(allowed.contains(&action) || listed.contains(&action), "{place} needs {action}");
                asked.insert(action);
            }
        }
    }
    assert!(types.is_empty(), "no schema tells of {types:?}");
    assert!(asked.len() > 100, "{}", asked.len());
    for action in &listed {
        assert!(!allowed.contains(action), "{action} is allowed, and said not to be");
        assert!(asked.contains(action), "no handler asks for {action} any more");
    }
}
