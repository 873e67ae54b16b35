//! Stages may share an account: what is allowed in one reaches nothing of another, and all that it has to.

use infrastructure::dynamodb::tables::{Layout, Table};
use serde_json::Value;
use tests::templates::{Stack, Template, covers, statements_of_role, texts, with_everything};

use crate::samconfig::STAGES;

const REGION_AND_ACCOUNT: &str = "us-east-1:123456789012";
/// The tables that are not the service's own.
const OF_OTHERS: [Table; 4] = [Table::Users, Table::Tenants, Table::Subscriptions, Table::BusinessData];

fn stack(folder: &str) -> Stack {
    Template::read(folder).stack(&with_everything(folder))
}

/// The pipeline of a stage, of which nothing but its API was named.
fn pipeline(stage: &str) -> Stack {
    let api = format!("api-of-{stage}");
    Template::read("ci-oidc").stack(&[("Stage", stage), ("Repository", "example/account"), ("ApiId", &api)])
}

fn boundary(stack: &Stack) -> Vec<&Value> {
    stack.resources["Boundary"]["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap().iter().collect()
}

/// Whether a statement allows this action on this resource.
fn allows(statement: &Value, action: &str, resource: &str) -> bool {
    statement["Effect"] == "Allow"
        && texts(&statement["Action"]).contains(&action)
        && texts(&statement["Resource"]).iter().any(|pattern| covers(pattern, resource))
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION_AND_ACCOUNT}:{resource}")
}

/// What a stage has of which the name is known; `middle` is what a name may have before it.
fn resources(stage: &str, middle: &str) -> Vec<String> {
    let us = format!("purposepath-account-rust-{middle}{stage}");
    let mut arns = vec![
        arn("lambda", &format!("function:{us}")),
        arn("lambda", &format!("function:{us}:live")),
        arn("secretsmanager", &format!("secret:purposepath-jwt-secret-{middle}{stage}-a1B2c3")),
        arn("secretsmanager", &format!("secret:purposepath-stripe-{middle}{stage}-a1B2c3")),
        arn("logs", &format!("log-group:/aws/lambda/{us}:log-stream:1")),
        arn("logs", &format!("log-group:/aws/apigateway/{us}")),
        arn("ecr", &format!("repository/{us}")),
        arn("cloudformation", &format!("stack/{us}/1")),
        arn("cloudformation", &format!("stack/purposepath-account-rust-observability-{middle}{stage}/1")),
        arn("cloudwatch", &format!("alarm:purposepath-account-rust-api-5xx-{middle}{stage}")),
        format!("arn:aws:cloudwatch::123456789012:dashboard/{us}"),
        arn("events", &format!("rule/purposepath-account-rust-outbox-{middle}{stage}")),
        // What AWS names begins with the stack.
        arn("codedeploy", &format!("application:purposepath-account-rust-{stage}-{middle}Application-1")),
        format!("arn:aws:iam::123456789012:role/purposepath-account-rust-{stage}-{middle}FunctionRole-1"),
        format!("arn:aws:s3:::purposepath-account-rust-artifacts-{middle}{stage}-123456789012/templates/1.template"),
        format!("arn:aws:apigateway:us-east-1::/apis/api-of-{middle}{stage}/integrations/1"),
    ];
    for table in Table::ALL {
        let table = format!("table/purposepath-{}-{middle}{stage}", table.base_name());
        arns.extend(["", "/index/user-index", "/stream/1"].map(|part| arn("dynamodb", &format!("{table}{part}"))));
    }
    arns
}

/// What a role names, without what is any resource; another test wants a reason for that.
fn named<'a>(statements: &[&'a Value]) -> Vec<&'a str> {
    let allowed = statements.iter().filter(|statement| statement["Effect"] == "Allow");
    allowed.flat_map(|statement| texts(&statement["Resource"])).filter(|pattern| *pattern != "*").collect()
}

/// Any branch gets the role of `dev`, without anybody's approval.
#[test]
fn what_a_pipeline_and_its_functions_may_do_ends_at_their_stage() {
    for stage in STAGES {
        let pipeline = pipeline(stage);
        let statements = [statements_of_role(&pipeline, "DeployRole"), boundary(&pipeline)].concat();
        let patterns = named(&statements);
        for resource in resources(stage, "") {
            assert!(patterns.iter().any(|pattern| covers(pattern, &resource)), "{stage} has no {resource}");
        }
        for other in STAGES.into_iter().filter(|other| *other != stage) {
            // A name in which both stages are is the last one's.
            let both = format!("{stage}-");
            for resource in [resources(other, ""), resources(other, &both)].concat() {
                let reached = patterns.iter().find(|pattern| covers(pattern, &resource));
                assert_eq!(reached, None, "{stage} reaches {resource}");
            }
        }
    }
}

#[test]
fn a_pipeline_shares_no_bucket_with_another_stage() {
    for stage in STAGES {
        let pipeline = pipeline(stage);
        let patterns = named(&statements_of_role(&pipeline, "DeployRole"));
        let buckets: Vec<_> =
            patterns.into_iter().filter_map(|pattern| pattern.strip_prefix("arn:aws:s3:::")).collect();
        let own = format!("purposepath-account-rust-artifacts-{stage}-123456789012");
        assert_eq!(buckets, [own.clone(), format!("{own}/*")]);
    }
    let settings = tests::templates::FOLDERS.map(|folder| tests::templates::read(&format!("{folder}/samconfig.toml")));
    for settings in settings {
        assert!(!settings.contains("resolve_s3"), "the bucket that SAM makes is one for all stages: {settings}");
    }
}

#[test]
fn a_pipeline_changes_the_tables_that_its_stack_makes_and_looks_at_all() {
    let pipeline = pipeline("dev");
    let statements = statements_of_role(&pipeline, "DeployRole");
    let may = |action: &str, table: &str| {
        statements.iter().any(|statement| allows(statement, action, &arn("dynamodb", &format!("table/{table}"))))
    };
    let layout = Layout::new("dev", |_| None).unwrap();
    let tables = Table::ALL.map(|table| (layout.name(table), !OF_OTHERS.contains(&table)));
    for (table, is_ours) in tables.into_iter().chain([("purposepath-coaching-sessions-dev", false)]) {
        for action in ["CreateTable", "TagResource", "UpdateContinuousBackups", "UpdateTable", "UpdateTimeToLive"] {
            assert_eq!(may(&format!("dynamodb:{action}"), table), is_ours, "{action} on {table}");
        }
        assert!(may("dynamodb:DescribeTable", table), "{table}");
        assert!(!may("dynamodb:DeleteTable", table), "{table}");
    }
}

#[test]
fn the_stream_is_that_of_the_stage_s_function() {
    let pipeline = pipeline("dev");
    let statements = statements_of_role(&pipeline, "DeployRole");
    let function = "arn:aws:lambda:us-east-1:123456789012:function:purposepath-account-rust-dev";
    for action in ["CreateEventSourceMapping", "DeleteEventSourceMapping", "UpdateEventSourceMapping"] {
        let action = format!("lambda:{action}");
        let allowing = statements.iter().filter(|statement| texts(&statement["Action"]).contains(&action.as_str()));
        for statement in allowing {
            let functions = texts(&statement["Condition"]["ArnLike"]["lambda:FunctionArn"]);
            assert_eq!(functions, [function.to_owned(), format!("{function}:*")], "{action}");
        }
    }
}

/// Whatever the service is given, the boundary is given too.
#[test]
fn the_boundary_holds_everything_that_the_roles_of_the_service_are_allowed() {
    let pipeline = stack("ci-oidc");
    let boundary = boundary(&pipeline);
    for publisher in ["eventbridge", "sns", "sqs"] {
        let mut parameters = with_everything("account-service");
        parameters.push(("EventsPublisher", publisher));
        let service = Template::read("account-service").stack(&parameters);
        for role in ["FunctionRole", "DeploymentRole"] {
            let statements = statements_of_role(&service, role);
            for statement in statements.into_iter().filter(|statement| statement["Effect"] == "Allow") {
                for action in texts(&statement["Action"]) {
                    // What has no ARN here is made up by AWS, or by another stack.
                    let resources = texts(&statement["Resource"]).into_iter();
                    for resource in resources.filter(|resource| *resource == "*" || resource.starts_with("arn:")) {
                        let is_held = boundary.iter().any(|held| allows(held, action, resource));
                        assert!(is_held, "{role}: {action} on {resource}");
                    }
                }
            }
            assert_eq!(
                service.resources[role]["Properties"]["PermissionsBoundary"],
                "arn:aws:iam::123456789012:policy/boundary"
            );
        }
    }
}

/// A secret of another name than the stage's must be named in both stacks.
#[test]
fn the_boundary_refuses_a_secret_that_is_neither_the_stage_s_nor_named() {
    let plain = pipeline("dev");
    let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe";
    let may_read = |stack: &Stack| {
        boundary(stack).iter().any(|statement| allows(statement, "secretsmanager:GetSecretValue", secret))
    };
    assert!(!may_read(&plain));
    assert!(may_read(&stack("ci-oidc")));
}

/// IAM takes no more than so many characters.
#[test]
fn the_policies_are_small_enough_for_iam() {
    const OF_A_ROLE: usize = 10_240;
    const OF_A_MANAGED_POLICY: usize = 6_144;
    for (folder, role) in [("ci-oidc", "DeployRole"), ("account-service", "FunctionRole")] {
        let stack = stack(folder);
        let policies = stack.resources[role]["Properties"]["Policies"].as_array().unwrap();
        let size: usize = policies.iter().map(|policy| policy["PolicyDocument"].to_string().len()).sum();
        assert!(size < OF_A_ROLE, "{role} has {size}");
    }
    let pipeline = stack("ci-oidc");
    let boundary = pipeline.resources["Boundary"]["Properties"]["PolicyDocument"].to_string().len();
    assert!(boundary < OF_A_MANAGED_POLICY, "{boundary}");
}
