//! What the command-line tools answer in an account where the Python services run: the shapes are those of
//! version 1 and 2 of the AWS command-line interface.

use std::collections::BTreeMap;

use infrastructure::dynamodb::tables::{Layout, Table, TableDefinition};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The secret of these tests.
pub(crate) const SECRET: &str = "a-secret-of-these-tests-with-enough-bytes";
/// The account's number, most of which nobody must see.
pub(crate) const ACCOUNT: &str = "123456789012";
/// Where Python's API is.
pub(crate) const PYTHON_API: &str = "py7h0napi1";
/// Where ours is.
pub(crate) const OUR_API: &str = "ru57api222";
/// The mapping of the account service.
pub(crate) const MAPPING: &str = "m4pp1n";

/// What a program says at its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What programs answer, by the call: the program and its arguments with blanks between, without the region and the
/// output format; a `*` at its end stands for any more arguments. Of several answers each is given once, and the last
/// for ever.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct World {
    replies: BTreeMap<String, Vec<Reply>>,
    /// What stands for the workspace in calls is `<root>`.
    pub(crate) root: String,
}

impl World {
    /// A call as it is looked up here.
    pub(crate) fn key<'a>(&self, program: &'a str, arguments: impl Iterator<Item = &'a str>) -> String {
        let call = std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ");
        let call = call.strip_suffix(" --region us-east-1 --output json").unwrap_or(&call);
        if self.root.is_empty() { call.to_owned() } else { call.replace(&self.root, "<root>") }
    }

    /// What is answered to a call that was made `before` times before.
    pub(crate) fn reply(&self, call: &str, before: usize) -> Option<&Reply> {
        let begins_so =
            |(known, _): &(&String, &Vec<Reply>)| known.strip_suffix('*').is_some_and(|begin| call.starts_with(begin));
        let begun = || self.replies.iter().find(begins_so).map(|(_, replies)| replies);
        let replies = self.replies.get(call).or_else(begun)?;
        replies.get(before).or(replies.last())
    }

    /// From now on the call is answered like this.
    pub(crate) fn set(&mut self, call: &str, answer: &Value) -> &mut Self {
        self.set_text(call, &answer.to_string())
    }

    pub(crate) fn set_text(&mut self, call: &str, answer: &str) -> &mut Self {
        let reply = Reply { success: true, stdout: answer.to_owned(), stderr: String::new() };
        self.replies.insert(call.to_owned(), vec![reply]);
        self
    }

    /// After its answers so far, the call is answered like this.
    pub(crate) fn then(&mut self, call: &str, answer: &Value) -> &mut Self {
        let reply = Reply { success: true, stdout: answer.to_string(), stderr: String::new() };
        self.replies.entry(call.to_owned()).or_default().push(reply);
        self
    }

    /// After its answers so far, AWS refuses the call.
    pub(crate) fn then_refuse(&mut self, call: &str, code: &str, message: &str) -> &mut Self {
        let stderr = format!("\nAn error occurred ({code}) when calling the X operation: {message}\n");
        let reply = Reply { success: false, stdout: String::new(), stderr };
        self.replies.entry(call.to_owned()).or_default().push(reply);
        self
    }

    /// From now on AWS refuses the call.
    pub(crate) fn refuse(&mut self, call: &str, code: &str, message: &str) -> &mut Self {
        self.fail(call, &format!("\nAn error occurred ({code}) when calling the X operation: {message}\n"))
    }

    /// From now on the call fails.
    pub(crate) fn fail(&mut self, call: &str, stderr: &str) -> &mut Self {
        let reply = Reply { success: false, stdout: String::new(), stderr: stderr.to_owned() };
        self.replies.insert(call.to_owned(), vec![reply]);
        self
    }

    /// The answer to a call, changed.
    pub(crate) fn change(&mut self, call: &str, change: impl FnOnce(&mut Value)) -> &mut Self {
        let replies = self.replies.get(call).unwrap_or_else(|| panic!("nothing answers {call}"));
        let mut answer = serde_json::from_str(&replies[0].stdout).unwrap();
        change(&mut answer);
        self.set(call, &answer)
    }

    /// A stack that says that it is there.
    pub(crate) fn stack(&mut self, name: &str, status: &str, outputs: &[(&str, &str)]) -> &mut Self {
        let call = format!("aws cloudformation describe-stacks --stack-name {name}");
        self.set(&call, &json!({"Stacks": [stack(name, status, outputs)]}))
    }

    /// Our stack, whose function answers at `endpoint`.
    pub(crate) fn our_stack(&mut self, endpoint: &str) -> &mut Self {
        let alias = format!("{}:live", function_arn());
        let outputs = [("ApiId", OUR_API), ("ApiEndpoint", endpoint), ("AliasArn", &alias)];
        self.stack("purposepath-account-rust-dev", "UPDATE_COMPLETE", &outputs)
    }

    /// The mapping of the account service leads to us.
    pub(crate) fn lead_to_us(&mut self) -> &mut Self {
        let call = "aws apigatewayv2 get-api-mappings --domain-name api.dev.purposepath.app";
        self.set(call, &json!({"Items": [mapping(MAPPING, "account", OUR_API)]}))
    }

    /// A table that is as it is defined, and belongs to a stack.
    pub(crate) fn table(&mut self, definition: &TableDefinition<'_>, owner: Option<&str>) -> &mut Self {
        let name = definition.name;
        self.set(&format!("aws dynamodb describe-table --table-name {name}"), &described(definition));
        let ttl = definition.ttl_attribute.map_or_else(
            || json!({"TimeToLiveStatus": "DISABLED"}),
            |attribute| json!({"TimeToLiveStatus": "ENABLED", "AttributeName": attribute}),
        );
        let call = format!("aws dynamodb describe-time-to-live --table-name {name}");
        self.set(&call, &json!({"TimeToLiveDescription": ttl}));
        let call = format!("aws dynamodb describe-continuous-backups --table-name {name}");
        let recovery = json!({"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 35});
        let backups = json!({"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery});
        self.set(&call, &json!({"ContinuousBackupsDescription": backups}));
        self.owner(name, owner)
    }

    /// A table that is not there.
    pub(crate) fn no_table(&mut self, name: &str) -> &mut Self {
        let call = format!("aws dynamodb describe-table --table-name {name}");
        let message = format!("Requested resource not found: Table: {name} not found");
        self.refuse(&call, "ResourceNotFoundException", &message)
    }

    /// The stack that a resource belongs to.
    pub(crate) fn owner(&mut self, id: &str, stack: Option<&str>) -> &mut Self {
        let call = format!("aws cloudformation describe-stack-resources --physical-resource-id {id}");
        let Some(stack) = stack else {
            return self.refuse(&call, "ValidationError", &format!("Stack for {id} does not exist"));
        };
        let other = json!({"StackName": stack, "LogicalResourceId": "Other", "ResourceStatus": "CREATE_COMPLETE"});
        let it = json!({"StackName": stack, "LogicalResourceId": "It", "PhysicalResourceId": id});
        self.set(&call, &json!({"StackResources": [other, it]}))
    }
}

/// The stage `dev` as it is before anything of ours is there.
pub(crate) fn before_us() -> World {
    let mut world = World::default();
    world
        .set("aws sts get-caller-identity", &json!({"UserId": "A", "Account": ACCOUNT, "Arn": "arn:aws:iam::x:user/x"}))
        .set(
            "aws cloudformation describe-stacks",
            &json!({"Stacks": [
                stack("purposepath-api-dev", "UPDATE_COMPLETE", &[]),
                stack("purposepath-account-api-dev", "UPDATE_COMPLETE", &[]),
                stack("purposepath-api-domain-mapping-dev", "CREATE_COMPLETE", &[]),
                stack("somebody-elses", "CREATE_COMPLETE", &[]),
            ]}),
        )
        .set(
            "aws cloudformation list-exports",
            &json!({"Exports": [
                export("purposepath-users-table-dev", "purposepath-users-dev"),
                export("purposepath-tenants-table-dev", "purposepath-tenants-dev"),
                export("purposepath-subscriptions-table-dev", "purposepath-subscriptions-dev"),
                export("purposepath-business-data-table-dev", "purposepath-business-data-dev"),
                export("purposepath-jwt-secret-arn-dev", &secret_arn()),
                export("purposepath-users-table-prod", "purposepath-users-prod"),
                export("somebody-elses-dev", "x"),
            ]}),
        );
    for name in ["tenants-table", "subscriptions-table", "business-data-table", "jwt-secret-arn"] {
        let export = format!("purposepath-{name}-dev");
        let message = format!("Export '{export}' is not imported by any stack.");
        world.refuse(&format!("aws cloudformation list-imports --export-name {export}"), "ValidationError", &message);
    }
    world.set(
        "aws cloudformation list-imports --export-name purposepath-users-table-dev",
        &json!({"Imports": ["purposepath-account-api-dev", "purposepath-coaching-api-dev"]}),
    );
    let layout = Layout::new("dev", |_| None).unwrap();
    for definition in layout.definitions() {
        match definition.table {
            Table::Users | Table::Tenants | Table::Subscriptions | Table::BusinessData => {
                world.table(&definition, Some("purposepath-api-dev"));
            }
            // Made by hand, once.
            Table::Invitations => {
                world.table(&definition, None);
            }
            _ => {
                world.no_table(definition.name);
            }
        }
    }
    world
        .set(
            "aws apigatewayv2 get-api-mappings --domain-name api.dev.purposepath.app",
            &json!({"Items": [mapping("c0ach", "coaching", "c0ach1ng"), mapping(MAPPING, "account", PYTHON_API)]}),
        )
        .owner(MAPPING, Some("purposepath-api-domain-mapping-dev"))
        .set(&secret_call("AWSCURRENT"), &secret(&json!({"jwt_secret": SECRET}).to_string()))
        .refuse(&secret_call("AWSPREVIOUS"), "ResourceNotFoundException", "Secrets Manager can't find AWSPREVIOUS")
        .clone()
}

/// The same with our stack, whose function answers.
pub(crate) fn with_us() -> World {
    let mut world = before_us();
    let endpoint = format!("https://{OUR_API}.execute-api.us-east-1.amazonaws.com");
    let function = function_arn();
    let versions = ["$LATEST", "7", "43", "42", "41"].map(|version| {
        let (time, description) = ("2026-01-01T10:00:00.000+0000", format!("as of {version}"));
        json!({"Version": version, "CodeSize": 1, "LastModified": time, "Description": description})
    });
    world
        .our_stack(&endpoint)
        .set(
            &format!("aws lambda get-alias --function-name {function} --name live"),
            &json!({"AliasArn": format!("{function}:live"), "Name": "live", "FunctionVersion": "42", "RevisionId": "r3v"}),
        )
        .set(
            &format!("aws lambda list-versions-by-function --function-name {function}"),
            &json!({"Versions": versions}),
        )
        .refuse(&record_call(), "ParameterNotFound", "")
        .set(
            "aws ssm put-parameter --name /purposepath/account-rust/dev/switch *",
            &json!({"Version": 1, "Tier": "Standard"}),
        );
    world
}

/// What is there once traffic went to us three weeks ago, for commands that need all of it; but the mapping leads to
/// Python, for those that lead it. Ours answers at `endpoint`.
pub(crate) fn everything(endpoint: &str, switched_at: &str) -> World {
    let mut world = with_us();
    let record = json!({
        "domain": "api.dev.purposepath.app",
        "mapping_id": MAPPING,
        "previous": {"api_id": PYTHON_API, "api_stage": "$default"},
        "target": {"api_id": OUR_API, "api_stage": "$default"},
        "switched_at": switched_at,
    });
    let resources = json!({"StackResourceSummaries": [
        {"LogicalResourceId": "Api", "PhysicalResourceId": "0ther", "ResourceType": "AWS::ApiGatewayV2::Api"},
    ]});
    world
        .our_stack(endpoint)
        .stack("purposepath-account-rust-shared-dev", "UPDATE_COMPLETE", &[])
        .stack("purposepath-account-rust-observability-dev", "UPDATE_COMPLETE", &[])
        .stack("purposepath-account-rust-mapping-dev", "UPDATE_COMPLETE", &[])
        .stack("purposepath-account-rust-ci-dev", "UPDATE_COMPLETE", &[])
        .set(&record_call(), &json!({"Parameter": {"Value": record.to_string()}}))
        .change("aws cloudformation list-exports", |answer| {
            let name = format!("purposepath-account-rust-artifacts-dev-{ACCOUNT}");
            let bucket = export("purposepath-account-rust-artifact-bucket-dev", &name);
            answer["Exports"].as_array_mut().unwrap().push(bucket);
        })
        .refuse(
            "aws cloudformation list-imports --export-name purposepath-account-rust-artifact-bucket-dev",
            "ValidationError",
            "Export 'purposepath-account-rust-artifact-bucket-dev' is not imported by any stack.",
        )
        .set("aws cloudformation list-change-sets *", &json!({"Summaries": []}))
        .set_text("cargo lambda --version", "cargo-lambda 1.9.2")
        .set_text("cfn-lint *", "")
        .set_text("sam validate *", "");
    for name in ["account-api", "account-dotnet"] {
        let stack = format!("purposepath-{name}-dev");
        let template = format!("aws cloudformation get-template --stack-name {stack} --template-stage Processed");
        world
            .stack(&stack, "UPDATE_COMPLETE", &[])
            .set(&format!("aws cloudformation list-stack-resources --stack-name {stack}"), &resources)
            .set(&template, &json!({"TemplateBody": {"Resources": {}}}));
    }
    world
}

/// The same world in another stage.
pub(crate) fn in_stage(world: &World, stage: &str) -> World {
    let domain =
        if stage == "prod" { "api.purposepath.app".to_owned() } else { format!("api.{stage}.purposepath.app") };
    let text = serde_json::to_string(world).unwrap();
    let text = text.replace("api.dev.purposepath.app", &domain);
    let text = text.replace("-dev", &format!("-{stage}")).replace("/dev/", &format!("/{stage}/"));
    serde_json::from_str(&text).unwrap()
}

/// Our function.
pub(crate) fn function_arn() -> String {
    format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:purposepath-account-rust-dev")
}

/// The call that reads the record of the last switch.
pub(crate) fn record_call() -> String {
    "aws ssm get-parameter --name /purposepath/account-rust/dev/switch".to_owned()
}

/// The call that reads a version of the secret.
pub(crate) fn secret_call(label: &str) -> String {
    format!("aws secretsmanager get-secret-value --secret-id {} --version-stage {label}", secret_arn())
}

/// What that answers.
pub(crate) fn secret(text: &str) -> Value {
    json!({"ARN": secret_arn(), "Name": "purposepath-jwt-secret-dev", "SecretString": text, "CreatedDate": 1.5})
}

fn secret_arn() -> String {
    format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:purposepath-jwt-secret-dev-a1b2c3")
}

/// A mapping, as AWS lists it.
pub(crate) fn mapping(id: &str, key: &str, api_id: &str) -> Value {
    json!({"ApiId": api_id, "ApiMappingId": id, "ApiMappingKey": key, "Stage": "$default"})
}

/// An export of the stack `purposepath-api-dev`.
pub(crate) fn export(name: &str, value: &str) -> Value {
    json!({"ExportingStackId": stack_id("purposepath-api-dev"), "Name": name, "Value": value})
}

/// A stack's id.
pub(crate) fn stack_id(name: &str) -> String {
    format!("arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{name}/51af3dc0-da77-11e4-872e-1234567db123")
}

/// A stack, as AWS describes it.
pub(crate) fn stack(name: &str, status: &str, outputs: &[(&str, &str)]) -> Value {
    let outputs: Vec<_> = outputs.iter().map(|(key, value)| json!({"OutputKey": key, "OutputValue": value})).collect();
    json!({
        "StackId": stack_id(name), "StackName": name, "CreationTime": "2026-01-01T10:00:00.000000+00:00",
        "StackStatus": status, "DisableRollback": false, "NotificationARNs": [], "Tags": [], "Outputs": outputs,
        "EnableTerminationProtection": false, "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    })
}

/// A table as it is defined, as AWS describes it.
fn described(definition: &TableDefinition<'_>) -> Value {
    let key = |key: &str, sort_key: Option<&str>| {
        let mut schema = vec![json!({"AttributeName": key, "KeyType": "HASH"})];
        schema.extend(sort_key.map(|key| json!({"AttributeName": key, "KeyType": "RANGE"})));
        schema
    };
    let mut attributes = vec![definition.key];
    attributes.extend(definition.sort_key);
    for index in &definition.indexes {
        attributes.push(index.key);
        attributes.extend(index.sort_key);
    }
    attributes.sort_unstable();
    attributes.dedup();
    let attributes: Vec<_> =
        attributes.iter().map(|name| json!({"AttributeName": name, "AttributeType": "S"})).collect();
    let mut table = json!({
        "AttributeDefinitions": attributes, "TableName": definition.name,
        "KeySchema": key(definition.key, definition.sort_key), "TableStatus": "ACTIVE",
        "CreationDateTime": "2025-01-01T10:00:00.000000+00:00", "TableSizeBytes": 1, "ItemCount": 1,
        "TableArn": format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{}", definition.name),
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "DeletionProtectionEnabled": true,
    });
    if !definition.indexes.is_empty() {
        let index = |index: &infrastructure::dynamodb::tables::IndexDefinition<'_>| {
            json!({
                "IndexName": index.name, "KeySchema": key(index.key, index.sort_key),
                "Projection": {"ProjectionType": "ALL"}, "IndexStatus": "ACTIVE", "ItemCount": 1,
            })
        };
        table["GlobalSecondaryIndexes"] = definition.indexes.iter().map(index).collect();
    }
    if let Some(view) = &definition.stream {
        table["StreamSpecification"] = json!({"StreamEnabled": true, "StreamViewType": view.as_str()});
        table["LatestStreamArn"] =
            json!(format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{}/stream/1", definition.name));
    }
    json!({"Table": table})
}
