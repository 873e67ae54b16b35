//! Who may deploy, and what a pipeline does: rights bound to one repository and environment, and programs of others by
//! their digest.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;
use tests::templates::{Stack, Template, read, read_yaml, statements_of_role, texts, with_everything};

fn stack(folder: &str) -> Stack {
    Template::read(folder).stack(&with_everything(folder))
}

/// What the policies of a role allow.
fn actions<'a>(statements: impl IntoIterator<Item = &'a Value>) -> BTreeSet<&'a str> {
    let allowed = statements.into_iter().filter(|statement| statement["Effect"] == "Allow");
    allowed.flat_map(|statement| texts(&statement["Action"])).collect()
}

#[test]
fn only_one_repository_in_one_environment_may_deploy() {
    let stack = stack("ci-oidc");
    let trust = &stack.resources["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"];
    let [statement] = trust.as_array().unwrap().as_slice() else { panic!("{trust}") };
    assert_eq!(statement["Action"], "sts:AssumeRoleWithWebIdentity");
    // Equal, and not like: a pattern would let other repositories in.
    let condition = statement["Condition"].as_object().unwrap();
    assert_eq!(condition.keys().collect::<Vec<_>>(), ["StringEquals"]);
    let claims = &condition["StringEquals"];
    assert_eq!(claims["token.actions.githubusercontent.com:sub"], "repo:example/account:environment:dev");
    assert_eq!(claims["token.actions.githubusercontent.com:aud"], "sts.amazonaws.com");
}

#[test]
fn a_pipeline_makes_roles_inside_the_boundary_only_and_deletes_no_table() {
    let stack = stack("ci-oidc");
    for statement in statements_of_role(&stack, "DeployRole") {
        let may_make_roles = texts(&statement["Action"]).iter().any(|action| {
            ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"]
                .contains(action)
        });
        if may_make_roles {
            assert_eq!(statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"], "Boundary", "{statement}");
        }
    }
    let allowed = actions(statements_of_role(&stack, "DeployRole"));
    for refused in
        ["dynamodb:DeleteTable", "dynamodb:GetItem", "iam:CreatePolicyVersion", "iam:DeleteRolePermissionsBoundary"]
    {
        assert!(!allowed.contains(refused), "{refused}");
    }
}

/// Every workflow, by the name of its file.
fn workflows() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/workflows");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| (file.display().to_string(), read_yaml(&fs::read_to_string(&file).unwrap()))).collect()
}

#[test]
fn programs_of_others_are_named_by_their_digest() {
    for (file, workflow) in workflows() {
        for job in workflow["jobs"].as_object().unwrap().values() {
            for step in job["steps"].as_array().unwrap() {
                let Some(uses) = step["uses"].as_str() else { continue };
                let digest = uses.split_once('@').unwrap().1;
                assert!(digest.len() == 40 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{file}: {uses}");
            }
        }
        // A person reads the version beside it.
        for line in fs::read_to_string(&file).unwrap().lines().filter(|line| line.contains("uses: ")) {
            assert!(line.contains(" # v"), "{file}: {line}");
        }
    }
}

#[test]
fn rights_in_aws_are_asked_for_in_an_environment_and_never_for_a_fork() {
    let (_, workflow) = workflows().into_iter().find(|(file, _)| file.ends_with("deploy.yml")).unwrap();
    assert_eq!(workflow["permissions"], serde_json::json!({ "contents": "read" }));
    let jobs = workflow["jobs"].as_object().unwrap();
    for (name, job) in jobs {
        let steps = job["steps"].as_array().unwrap();
        let signs_in =
            steps.iter().any(|step| step["uses"].as_str().is_some_and(|uses| uses.contains("configure-aws")));
        assert_eq!(signs_in, job["environment"].is_string(), "{name}");
        let keeps_token = steps.iter().any(|step| {
            step["uses"].as_str().is_some_and(|uses| uses.starts_with("actions/checkout@"))
                && step["with"]["persist-credentials"] != false
        });
        assert!(!keeps_token, "{name}");
    }
    let condition = jobs["build"]["if"].as_str().unwrap();
    assert!(condition.contains("head.repo.full_name == github.repository"), "{condition}");
    assert_eq!(jobs["deploy"]["needs"], "build", "what is not built is not deployed");
}

#[test]
fn the_programs_of_aws_are_those_of_the_tests_and_come_before_the_rights() {
    let (_, workflow) = workflows().into_iter().find(|(file, _)| file.ends_with("deploy.yml")).unwrap();
    let steps = workflow["jobs"]["deploy"]["steps"].as_array().unwrap();
    let at = |wanted: &dyn Fn(&Value) -> bool| steps.iter().position(wanted).unwrap();
    let installed =
        at(&|step| step["run"].as_str().is_some_and(|run| run.contains("--requirement .ci/requirements.txt")));
    let signed_in = at(&|step| step["uses"].as_str().is_some_and(|uses| uses.contains("configure-aws")));
    assert!(installed < signed_in);
    let versions = read("../.ci/requirements.txt");
    for program in ["awscli==", "aws-sam-cli=="] {
        assert!(versions.lines().any(|line| line.starts_with(program)), "{program}");
    }
}

/// The role must let a job have its rights for as long as the job asks for.
#[test]
fn the_rights_hold_as_long_as_the_job_may_take() {
    let (_, workflow) = workflows().into_iter().find(|(file, _)| file.ends_with("deploy.yml")).unwrap();
    let job = &workflow["jobs"]["deploy"];
    let mut steps = job["steps"].as_array().unwrap().iter();
    let seconds = steps.find_map(|step| step["with"]["role-duration-seconds"].as_u64()).unwrap();
    assert_eq!(job["timeout-minutes"].as_u64().map(|minutes| minutes * 60), Some(seconds));
    let pipeline = stack("ci-oidc");
    assert_eq!(pipeline.resources["DeployRole"]["Properties"]["MaxSessionDuration"], seconds);
}
