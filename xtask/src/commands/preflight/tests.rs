use infrastructure::dynamodb::tables::{Layout, Table};
use serde_json::{Value, json};

use super::*;
use crate::{
    fakes::{
        Bench,
        world::{self, ACCOUNT, SECRET, World},
    },
    stage::Stage,
};

mod ours;
mod stripe_secret;

const DOMAIN: &str = "api.dev.purposepath.app";
const FILE: &str = "deployment/parameters/dev.json";

fn written(bench: &Bench) -> Value {
    serde_json::from_str(&bench.read(FILE).expect("a parameter file")).unwrap()
}

/// The problems that are found in a world, after a change of it.
fn problems(change: impl FnOnce(&mut World)) -> Vec<String> {
    let mut world = world::before_us();
    change(&mut world);
    let bench = Bench::new(world);
    let report = run(&bench.context(), DOMAIN).unwrap();
    let problems: Vec<String> = serde_json::from_value(report.result()["problems"].clone()).unwrap();
    assert_eq!(report.failure.map(|failure| failure.code), (!problems.is_empty()).then_some(Code::PreflightFailed));
    assert_eq!(
        bench.read(FILE).is_none(),
        !problems.is_empty(),
        "decisions are written down unless there are problems"
    );
    problems
}

#[test]
fn what_others_export_is_imported_what_is_missing_is_created_and_nothing_is_changed() {
    let bench = Bench::new(world::before_us());
    let report = run(&bench.context(), DOMAIN).unwrap();
    assert_eq!(report.failure, None);
    let expected = json!({
        "Stage": "dev",
        "UsersKey": "id",
        "UsersTenantIndex": "tenant-id-index",
        "SubscriptionsTenantIndex": "tenant_id-index",
        "JwtSecretExport": "purposepath-jwt-secret-arn-dev",
        "CreateSecret": "false",
        "UsersTableSource": "purposepath-users-table-dev",
        "CreateUsersTable": "false",
        "TenantsTableSource": "purposepath-tenants-table-dev",
        "CreateTenantsTable": "false",
        "SubscriptionsTableSource": "purposepath-subscriptions-table-dev",
        "CreateSubscriptionsTable": "false",
        "BusinessDataTableSource": "purposepath-business-data-table-dev",
        "CreateBusinessDataTable": "false",
        "InvitationsTableSource": "existing",
        "RefreshTokensTableSource": "create",
        "PasswordResetsTableSource": "create",
        "VerificationTokensTableSource": "create",
        "UserPreferencesTableSource": "create",
        "TiersTableSource": "create",
        "TenantOverridesTableSource": "create",
        "AccountEmailClaimsTableSource": "create",
        "AccountIdentitiesTableSource": "create",
        "AccountSessionsTableSource": "create",
        "AccountSeatsTableSource": "create",
        "AccountOutboxTableSource": "create",
        "AccountIdempotencyTableSource": "create",
        "AccountAuditTableSource": "create",
    });
    let mut found = written(&bench);
    // A table that a later version of the data model adds is created, too.
    found.as_object_mut().unwrap().retain(|name, source| !expected[name].is_null() || source != "create");
    assert_eq!(found, expected);
    assert_eq!(bench.changes(), Vec::<String>::new());
}

#[test]
fn every_table_is_asked_for_once_and_one_that_is_missing_nothing_more() {
    let bench = Bench::new(world::before_us());
    run(&bench.context(), DOMAIN).unwrap();
    let about = |name: &str| bench.calls().into_iter().filter(|call| call.contains(name)).collect::<Vec<_>>();
    assert_eq!(
        about(" purposepath-tenants-dev"),
        [
            "aws dynamodb describe-table --table-name purposepath-tenants-dev",
            "aws dynamodb describe-time-to-live --table-name purposepath-tenants-dev",
            "aws dynamodb describe-continuous-backups --table-name purposepath-tenants-dev",
            "aws cloudformation describe-stack-resources --physical-resource-id purposepath-tenants-dev",
        ]
    );
    assert_eq!(
        about("purposepath-account-outbox-dev"),
        ["aws dynamodb describe-table --table-name purposepath-account-outbox-dev"]
    );
}

#[test]
fn neither_the_secret_nor_a_token_nor_the_account_is_shown() {
    let bench = Bench::new(world::before_us());
    let report = run(&bench.context(), DOMAIN).unwrap();
    let shown = report.text() + &report.result().to_string() + &bench.read(FILE).unwrap();
    for hidden in [SECRET, "eyJ", ACCOUNT] {
        assert!(!shown.contains(hidden), "{hidden} is in {shown}");
    }
    assert!(shown.contains("9012"), "the end of the account's number tells accounts apart");
}

#[test]
fn the_layout_of_the_python_code_is_recognised() {
    let mut world = world::before_us();
    let settings = |name: &str| match name {
        "USERS_KEY" => Some("user_id".to_owned()),
        "USERS_TENANT_INDEX" | "SUBSCRIPTIONS_TENANT_INDEX" => Some("tenant-index".to_owned()),
        _ => None,
    };
    let layout = Layout::new("dev", settings).unwrap();
    world.table(&layout.definition(Table::Users), Some("purposepath-api-dev"));
    world.table(&layout.definition(Table::Subscriptions), Some("purposepath-api-dev"));
    let bench = Bench::new(world);
    assert_eq!(run(&bench.context(), DOMAIN).unwrap().failure, None);
    let written = written(&bench);
    assert_eq!(written["UsersKey"], "user_id");
    assert_eq!(written["UsersTenantIndex"], "tenant-index");
    assert_eq!(written["SubscriptionsTenantIndex"], "tenant-index");
}

#[test]
fn a_table_that_our_stack_has_stays_in_our_stack() {
    let mut world = world::before_us();
    let layout = Layout::new("dev", |_| None).unwrap();
    world.table(&layout.definition(Table::AccountOutbox), Some("purposepath-account-rust-dev"));
    let bench = Bench::new(world);
    let report = run(&bench.context(), DOMAIN).unwrap();
    assert_eq!(written(&bench)["AccountOutboxTableSource"], "create");
    let table = report.result()["tables"].as_array().unwrap().iter().find(|table| table["table"] == "account-outbox");
    assert_eq!(table.unwrap()["decision"], "keep");
}

#[test]
fn an_outbox_that_was_left_behind_is_used_with_its_stream() {
    let mut world = world::before_us();
    let layout = Layout::new("dev", |_| None).unwrap();
    world.table(&layout.definition(Table::AccountOutbox), None);
    let bench = Bench::new(world);
    run(&bench.context(), DOMAIN).unwrap();
    let written = written(&bench);
    assert_eq!(written["AccountOutboxTableSource"], "existing");
    assert!(written["AccountOutboxStreamArn"].as_str().unwrap().ends_with("purposepath-account-outbox-dev/stream/1"));
}

#[test]
fn what_only_the_shared_infrastructure_can_make_is_left_to_it() {
    let mut world = world::before_us();
    world.no_table("purposepath-users-dev").change("aws cloudformation list-exports", |answer| {
        answer["Exports"].as_array_mut().unwrap().retain(|export| {
            let name = export["Name"].as_str().unwrap();
            !name.contains("users-table") && !name.contains("secret")
        });
    });
    let bench = Bench::new(world);
    let report = run(&bench.context(), DOMAIN).unwrap();
    assert_eq!(report.failure, None);
    let written = written(&bench);
    assert_eq!((&written["UsersTableSource"], &written["CreateUsersTable"]), (&json!("existing"), &json!("true")));
    assert_eq!(written["CreateSecret"], "true");
    let notices = report.result()["notices"].to_string();
    assert!(notices.contains("has to create purposepath-users-dev"), "{notices}");
    assert!(notices.contains("nothing exports purposepath-jwt-secret-arn-dev"), "{notices}");
}

#[test]
fn a_table_that_the_service_cannot_work_with_is_a_problem_that_is_said() {
    type Change = fn(&mut Value);
    let table = "aws dynamodb describe-table --table-name purposepath-users-dev";
    let cases: [(&str, Change); 9] = [
        ("it is UPDATING", |it| it["TableStatus"] = json!("UPDATING")),
        ("its key is email, not id", |it| it["KeySchema"] = json!([{"AttributeName": "email", "KeyType": "HASH"}])),
        ("its key is id + email, not id", |it| {
            let range = json!({"AttributeName": "email", "KeyType": "RANGE"});
            it["KeySchema"].as_array_mut().unwrap().push(range);
        }),
        ("its index email-index on email is missing", |it| {
            it["GlobalSecondaryIndexes"].as_array_mut().unwrap().remove(0);
        }),
        ("its index email-index is on id, not email", |it| {
            it["GlobalSecondaryIndexes"][0]["KeySchema"][0]["AttributeName"] = json!("id");
        }),
        ("its index email-index does not carry every attribute", |it| {
            it["GlobalSecondaryIndexes"][0]["Projection"]["ProjectionType"] = json!("KEYS_ONLY");
        }),
        ("its index email-index is CREATING", |it| {
            it["GlobalSecondaryIndexes"][0]["IndexStatus"] = json!("CREATING");
        }),
        ("created_at is no string", |it| it["AttributeDefinitions"][0]["AttributeType"] = json!("N")),
        ("its index tenant-id-index on tenant_id is missing", |it| {
            it["GlobalSecondaryIndexes"]
                .as_array_mut()
                .unwrap()
                .retain(|index| index["IndexName"] != "tenant-id-index");
        }),
    ];
    for (expected, change) in cases {
        let found = problems(|world| {
            world.change(table, |answer| change(&mut answer["Table"]));
        });
        assert_eq!(found, [format!("purposepath-users-dev: {expected}")]);
    }
}

#[test]
fn rows_that_vanish_and_a_stream_that_is_missing_are_problems() {
    let layout = Layout::new("dev", |_| None).unwrap();
    let found = problems(|world| {
        let ttl = json!({"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "last_login"}});
        world.set("aws dynamodb describe-time-to-live --table-name purposepath-users-dev", &ttl);
        world.table(&layout.definition(Table::AccountOutbox), None).change(
            "aws dynamodb describe-table --table-name purposepath-account-outbox-dev",
            |answer| {
                answer["Table"]["StreamSpecification"]["StreamEnabled"] = json!(false);
            },
        );
    });
    assert_eq!(
        found,
        [
            "purposepath-users-dev: time to live removes rows by last_login",
            "purposepath-account-outbox-dev: it has no stream of KEYS_ONLY",
        ]
    );
}

#[test]
fn a_table_that_works_but_is_not_safe_is_worth_a_look() {
    let mut world = world::before_us();
    world
        .set(
            "aws dynamodb describe-continuous-backups --table-name purposepath-users-dev",
            &json!({"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}}),
        )
        .change("aws dynamodb describe-table --table-name purposepath-users-dev", |answer| {
            answer["Table"].as_object_mut().unwrap().remove("DeletionProtectionEnabled");
        });
    let bench = Bench::new(world);
    let report = run(&bench.context(), DOMAIN).unwrap();
    assert_eq!(report.failure, None);
    let notices = report.result()["tables"][0]["notices"].clone();
    assert_eq!(notices, json!(["no point-in-time recovery", "no deletion protection"]));
}

#[test]
fn a_stack_that_is_being_changed_and_an_export_without_its_table_are_problems() {
    let found = problems(|world| {
        world.no_table("purposepath-tenants-dev").change("aws cloudformation describe-stacks", |answer| {
            answer["Stacks"][0]["StackStatus"] = json!("UPDATE_ROLLBACK_IN_PROGRESS");
        });
    });
    assert_eq!(
        found,
        [
            "the stack purposepath-api-dev is UPDATE_ROLLBACK_IN_PROGRESS: wait until what is being done to it has come \
             to an end",
            "purposepath-tenants-dev: purposepath-tenants-table-dev names a table that is not there",
        ]
    );
}

#[test]
fn a_secret_that_cannot_be_used_is_a_problem_whatever_is_wrong_with_it() {
    let current = world::secret_call("AWSCURRENT");
    let with_text = |text: &str| {
        problems(|world| {
            world.set(&current, &world::secret(text));
        })
    };
    assert_eq!(with_text("short"), ["the secret: the key has 5 bytes; it must have at least 32"]);
    let binary = problems(|world| {
        world.set(&current, &json!({"SecretBinary": "AAAA"}));
    });
    assert_eq!(binary, ["the secret: the secret is not text"]);
    let gone = problems(|world| {
        world.refuse(&current, "ResourceNotFoundException", "can't find it");
    });
    assert_eq!(gone, ["the secret: the secret is not there, or has no version"]);
    assert_eq!(with_text(SECRET), Vec::<String>::new());
}

#[test]
fn a_missing_domain_and_a_missing_mapping_are_worth_a_look() {
    let call = "aws apigatewayv2 get-api-mappings --domain-name api.dev.purposepath.app";
    for (change, expected) in [
        (None, "there is no custom domain api.dev.purposepath.app"),
        (Some(json!({"Items": []})), "has no mapping `account`"),
    ] {
        let mut world = world::before_us();
        match change {
            None => world.refuse(call, "NotFoundException", "Invalid domain name identifier specified"),
            Some(answer) => world.set(call, &answer),
        };
        let bench = Bench::new(world);
        let report = run(&bench.context(), DOMAIN).unwrap();
        assert_eq!(report.failure, None);
        let notices = report.result()["notices"].to_string();
        assert!(notices.contains(expected), "{notices}");
    }
}

#[test]
fn mappings_are_read_to_the_last_page() {
    let call = "aws apigatewayv2 get-api-mappings --domain-name api.dev.purposepath.app";
    let mut world = world::before_us();
    world
        .set(call, &json!({"Items": [world::mapping("c0ach", "coaching", "x")], "NextToken": "2"}))
        .set(&format!("{call} --next-token 2"), &json!({"Items": [world::mapping(world::MAPPING, "account", "y")]}));
    let bench = Bench::new(world);
    let report = run(&bench.context(), DOMAIN).unwrap();
    assert_eq!(report.result()["domain"]["mappings"].as_array().unwrap().len(), 2);

    let mut world = world::before_us();
    world.set(call, &json!({"Items": [], "NextToken": "2"}));
    world.set(&format!("{call} --next-token 2"), &json!({"Items": [], "NextToken": "2"}));
    let endless = run(&Bench::new(world).context(), DOMAIN).unwrap_err();
    assert_eq!(endless.code, Code::ToolAnswerUnreadable);
}

#[test]
fn whoever_is_not_signed_in_is_told_so() {
    for said in [
        "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
        "\nAn error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token included in \
         the request is expired",
        "The SSO session associated with this profile has expired or is otherwise invalid.",
        "The config profile (x) could not be found",
    ] {
        let mut world = world::before_us();
        world.fail("aws sts get-caller-identity", said);
        let failure = run(&Bench::new(world).context(), DOMAIN).unwrap_err();
        assert_eq!(failure.code, Code::NotSignedIn, "{failure}");
    }
}

#[test]
fn a_program_that_is_missing_fails_or_answers_nonsense_is_named() {
    let missing = run(&Bench::new(world::before_us()).without("aws").context(), DOMAIN).unwrap_err();
    assert_eq!(missing.code, Code::ToolMissing);

    let exports = "aws cloudformation list-exports";
    let mut world = world::before_us();
    world.refuse(exports, "AccessDenied", "User is not authorized to perform: cloudformation:ListExports");
    let denied = run(&Bench::new(world).context(), DOMAIN).unwrap_err();
    assert_eq!(denied.code, Code::ToolFailed);
    assert!(denied.message.starts_with("`aws cloudformation list-exports` failed: An error occurred (AccessDenied)"));

    for (answer, expected) in [
        ("<html>", "no JSON (line 1, column 1)"),
        ("", "another shape than expected"),
        ("{\"Exports\": 7}", "another shape than expected"),
    ] {
        let mut world = world::before_us();
        world.set_text(exports, answer);
        let failure = run(&Bench::new(world).context(), DOMAIN).unwrap_err();
        assert_eq!(failure.code, Code::ToolAnswerUnreadable);
        assert!(failure.message.contains(expected), "{failure}");
    }
}

#[test]
fn an_unreadable_secret_is_not_quoted() {
    let mut world = world::before_us();
    let answer = json!({"SecretString": {"jwt_secret": SECRET}});
    world.set(&world::secret_call("AWSCURRENT"), &answer);
    let failure = run(&Bench::new(world).context(), DOMAIN).unwrap_err();
    assert_eq!(failure.code, Code::ToolAnswerUnreadable);
    assert!(!failure.message.contains(SECRET), "{failure}");
}

#[test]
fn a_dry_run_writes_nothing_down() {
    let bench = Bench::new(world::before_us()).dry();
    let context = bench.context();
    assert_eq!(run(&context, DOMAIN).unwrap().failure, None);
    assert_eq!(bench.read(FILE), None);
    let [written] = context.left_out().try_into().unwrap();
    assert!(written.starts_with("mkdir -p ") && written.contains("JwtSecretExport"), "{written}");
}
