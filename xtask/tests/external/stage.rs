//! A stage from nothing to traffic and back, with the real `aws` and `sam` on an emulator of AWS.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{App, Ministack, templates::parameter_of};

use crate::tools::tool;

const DOMAIN: &str = "api.dev.purposepath.app";
const SERVICE: &str = "purposepath-account-rust-dev";
const IMAGE: &str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/purposepath-account-rust-dev@sha256:";

/// A workspace with the templates, and an AWS.
struct Stage {
    aws: Ministack,
    folder: TempDir,
}

impl Stage {
    async fn start() -> Self {
        let stage = Self { aws: Ministack::start(&tool("ACCOUNT_TEST_PYTHON")).await, folder: TempDir::new().unwrap() };
        for folder in ["shared-infrastructure", "account-service"] {
            let (from, to) = (repository(folder), stage.folder.path().join("deployment").join(folder));
            fs::create_dir_all(&to).unwrap();
            let template = fs::read_to_string(from.join("template.yaml")).unwrap();
            fs::write(to.join("template.yaml"), without_canary(&template)).unwrap();
            fs::copy(from.join("samconfig.toml"), to.join("samconfig.toml")).unwrap();
        }
        stage
    }

    /// Runs the program, and answers with what it says and whether it succeeded.
    fn run(&self, arguments: &[&str]) -> (bool, Value) {
        let programs = tool("ACCOUNT_TEST_PYTHON").parent().unwrap().to_owned();
        let ran = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .arg("--json")
            .arg("--root")
            .arg(self.folder.path())
            .env_clear()
            .env("PATH", programs)
            .env("HOME", self.folder.path())
            .envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")])
            .env("AWS_ENDPOINT_URL", self.aws.endpoint())
            .output()
            .unwrap();
        let (said, complained) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        let answer = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}\n{complained}"));
        (ran.status.success(), answer)
    }

    #[track_caller]
    fn succeed(&self, arguments: &[&str]) -> Value {
        let (success, answer) = self.run(arguments);
        assert!(success, "{arguments:?}: {answer:#}");
        answer["result"].clone()
    }

    #[track_caller]
    fn fail(&self, arguments: &[&str]) -> String {
        let (success, answer) = self.run(arguments);
        assert!(!success, "{arguments:?}: {answer:#}");
        answer["error"]["code"].as_str().unwrap().to_owned()
    }

    /// The one mapping of the domain, and where it leads.
    fn mapping(&self) -> (String, String) {
        let mappings = self.aws.call("apigatewayv2", "get_api_mappings", &json!({"DomainName": DOMAIN}));
        let [mapping] = mappings["Items"].as_array().unwrap().as_slice() else { panic!("{mappings}") };
        let text = |name: &str| mapping[name].as_str().unwrap().to_owned();
        (text("ApiMappingId"), text("ApiId"))
    }

    /// The version that answers: what the stack says and what the alias does.
    fn version(&self) -> String {
        let stack = self.aws.call("cloudformation", "describe_stacks", &json!({"StackName": SERVICE}));
        let outputs = stack["Stacks"][0]["Outputs"].as_array().unwrap();
        let output = outputs.iter().find(|output| output["OutputKey"] == "FunctionVersion").unwrap();
        let alias = self.aws.call("lambda", "get_alias", &json!({"FunctionName": SERVICE, "Name": "live"}));
        assert_eq!(alias["FunctionVersion"], output["OutputValue"]);
        alias["FunctionVersion"].as_str().unwrap().to_owned()
    }

    /// Makes the domain with a mapping that leads to an API of another service, which it answers with.
    fn lead_to_another(&self) -> String {
        self.aws.call("apigatewayv2", "create_domain_name", &json!({"DomainName": DOMAIN}));
        let api = json!({"Name": "purposepath-account-api-dev", "ProtocolType": "HTTP"});
        let api = self.aws.call("apigatewayv2", "create_api", &api)["ApiId"].as_str().unwrap().to_owned();
        self.aws.call("apigatewayv2", "create_stage", &json!({"ApiId": api, "StageName": "$default"}));
        let mapping = json!({"DomainName": DOMAIN, "ApiId": api, "Stage": "$default", "ApiMappingKey": "account"});
        self.aws.call("apigatewayv2", "create_api_mapping", &mapping);
        api
    }
}

fn repository(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deployment").join(folder)
}

/// The emulator has no `CodeDeploy`.
fn without_canary(template: &str) -> String {
    let Some((before, after)) = template.split_once("    DeploymentPreference:\n") else { return template.to_owned() };
    let (_, after) = after.split_once("    Environment:\n").unwrap();
    format!("{before}    Environment:\n{after}")
}

/// How many tables are imported, and created.
fn decided(found: &Value) -> [usize; 2] {
    let tables = found["tables"].as_array().unwrap();
    ["import", "create"].map(|decision| tables.iter().filter(|table| table["decision"] == decision).count())
}

/// Every step of `docs/deployment/migration.md`, as far as the emulator goes.
pub(crate) async fn a_stage_is_deployed_and_switched() {
    let stage = Stage::start().await;
    let tables = Table::ALL.len();
    assert_eq!(decided(&stage.succeed(&["preflight"])), [0, tables]);
    assert_eq!(stage.fail(&["deploy", "account"]), "PARAMETERS_MISSING");
    assert_eq!(stage.succeed(&["deploy", "shared"])["status"], "CREATE_COMPLETE");

    let found = stage.succeed(&["preflight"]);
    assert_eq!(decided(&found), [4, tables - 4]);
    let checks = found["secret"]["cross_checks"].as_array().unwrap();
    assert!(checks.len() == 4 && checks.iter().all(|check| check["failure"].is_null()), "{checks:?}");

    let program = stage.folder.path().join("program");
    let release = |content: &str| {
        fs::write(&program, content).unwrap();
        stage.succeed(&["build", "--binary", program.to_str().unwrap()]);
        stage.succeed(&["package"]);
        stage.succeed(&["deploy", "account"])["status"].as_str().unwrap_or("nothing to do").to_owned()
    };
    assert_eq!(release("a program"), "CREATE_COMPLETE");
    let first = stage.version();
    assert_eq!(release("another program"), "UPDATE_COMPLETE");
    assert_ne!(stage.version(), first, "what was built anew answers");
    assert_eq!(release("another program"), "nothing to do");
    let other = stage.lead_to_another();
    let (app, url) = App::builder().setting("STAGE", "dev").serve().await;
    app.finish().await;
    let (id, target) = stage.mapping();
    assert_eq!(target, other);
    let switch = |domain_url: &str| {
        ["switch", "--patience", "0", "--target-url", &url, "--domain-url", domain_url].map(str::to_owned)
    };
    let nobody = switch("http://127.0.0.1:9");
    assert_eq!(stage.fail(&nobody.each_ref().map(String::as_str)), "SWITCH_REVERTED");
    assert_eq!(stage.mapping(), (id.clone(), other.clone()), "traffic is back, through the same mapping");

    let somebody = switch(&url);
    let switched = stage.succeed(&somebody.each_ref().map(String::as_str));
    let ours = switched["target"]["api_id"].as_str().unwrap().to_owned();
    assert_ne!(ours, other);
    assert_eq!(stage.mapping(), (id.clone(), ours));

    stage.succeed(&["rollback", "--domain-url", &url]);
    assert_eq!(stage.mapping(), (id, other));
    assert_eq!(stage.fail(&["decommission", "python"]), "STACK_MISSING");
}

/// The repository and the tables, then an image, then the same of another commit, as the pipeline does it.
pub(crate) async fn images_come_after_their_repository_again_and_again() {
    let stage = Stage::start().await;
    // What a preflight would decide, which the other trial shows, of a stage that has nothing.
    let mut found = json!({"Stage": "dev", "CreateSecret": "true"});
    found["JwtSecretExport"] = "purposepath-account-rust-jwt-secret-arn-dev".into();
    for table in [Table::Users, Table::Tenants, Table::Subscriptions, Table::BusinessData] {
        found[parameter_of(table, "Source")] = "existing".into();
        found[format!("Create{}", parameter_of(table, ""))] = "true".into();
    }
    let parameters = stage.folder.path().join("deployment/parameters");
    fs::create_dir_all(&parameters).unwrap();
    fs::write(parameters.join("dev.json"), found.to_string()).unwrap();
    stage.succeed(&["deploy", "shared"]);
    let deploy = |more: &[&str]| stage.succeed(&[&["deploy", "account"], more].concat())["status"].clone();
    let release = |digit: &str| {
        stage.succeed(&["package", "--image-uri", &format!("{IMAGE}{}", digit.repeat(64))]);
        deploy(&[])
    };
    assert_eq!(deploy(&["--base"]), "CREATE_COMPLETE");
    assert_eq!(release("1"), "UPDATE_COMPLETE");
    let first = stage.version();
    deploy(&["--base"]);
    assert_eq!(stage.version(), first, "the base leaves the function alone");
    assert_eq!(release("2"), "UPDATE_COMPLETE");
    assert_ne!(stage.version(), first);
}
