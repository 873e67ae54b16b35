use std::collections::HashSet;

use super::*;

fn layout(settings: &[(&str, &str)]) -> Result<Layout, LayoutError> {
    Layout::new("dev", |variable| {
        let setting = settings.iter().find(|(name, _)| *name == variable);
        setting.map(|(_, value)| (*value).to_owned())
    })
}

fn python_layout() -> Layout {
    layout(&[
        ("USERS_KEY", "user_id"),
        ("USERS_TENANT_INDEX", "tenant-index"),
        ("SUBSCRIPTIONS_TENANT_INDEX", "tenant-index"),
    ])
    .expect("a layout")
}

/// The contract's table of tables, spelled out a second time: name, variable, key, indexes, TTL.
const CONTRACT: &str = "
    users                 USERS_TABLE                id                   email-index(email),tenant-id-index(tenant_id),created-at-index(id+created_at) -
    tenants               TENANTS_TABLE              tenant_id            domain-index(domain) -
    subscriptions         SUBSCRIPTIONS_TABLE        subscription_id      tenant_id-index(tenant_id) -
    refresh-tokens        REFRESH_TOKENS_TABLE       jti                  user-index(user_id) ttl
    password-resets       PASSWORD_RESETS_TABLE      token_hash           user-index(user_id) ttl
    verification-tokens   VERIFICATION_TOKENS_TABLE  token_hash           user-index(user_id) ttl
    user-preferences      USER_PREFERENCES_TABLE     user_id              tenant_id-index(tenant_id) -
    invitations           INVITATIONS_TABLE          invitation_id        tenant_id-status-index(tenant_id+status),email-status-index(email+status) expires_at
    tiers                 TIERS_TABLE                tier_id              - -
    tenant-overrides      TENANT_OVERRIDES_TABLE     tenant_id+feature    - -
    business-data         BUSINESS_DATA_TABLE        business_id          tenant_id-version-index(tenant_id+version) -
    account-email-claims  ACCOUNT_EMAIL_CLAIMS_TABLE email                - -
    account-identities    ACCOUNT_IDENTITIES_TABLE   identity_id          user-index(user_id) -
    account-throttles     ACCOUNT_THROTTLES_TABLE    subject              - ttl
    account-sessions      ACCOUNT_SESSIONS_TABLE     session_id           user-index(user_id) ttl
    account-seats         ACCOUNT_SEATS_TABLE        tenant_id            - -
    account-usage         ACCOUNT_USAGE_TABLE        tenant_id+name       - -
    account-billing       ACCOUNT_BILLING_TABLE      tenant_id            customer-index(customer_id) -
    account-provider-events ACCOUNT_PROVIDER_EVENTS_TABLE event_id         - ttl
    account-outbox        ACCOUNT_OUTBOX_TABLE       stream+position      due-index(queue+due_at) ttl
    account-idempotency   ACCOUNT_IDEMPOTENCY_TABLE  key_hash             - ttl
    account-audit         ACCOUNT_AUDIT_TABLE        tenant_id+position   month-index(month+position) ttl
    account-discount-codes ACCOUNT_DISCOUNT_CODES_TABLE code - -
    account-redemptions   ACCOUNT_REDEMPTIONS_TABLE  code+tenant_id       - -
";

fn described(definition: &TableDefinition<'_>) -> String {
    let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    let key = |key, sort_key: Option<&str>| match sort_key {
        Some(sort_key) => format!("{key}+{sort_key}"),
        None => String::from(key),
    };
    let indexes: Vec<_> =
        definition.indexes.iter().map(|index| format!("{}({})", index.name, key(index.key, index.sort_key))).collect();
    [
        definition.table.base_name().to_owned(),
        definition.table.variable().to_owned(),
        key(definition.key, definition.sort_key),
        or_dash(indexes.join(",")),
        or_dash(definition.ttl_attribute.unwrap_or_default().to_owned()),
    ]
    .join(" ")
}

#[test]
fn the_default_layout_is_the_contract() {
    let layout = layout(&[]).expect("a layout");
    let ours: Vec<_> = layout.definitions().map(|definition| described(&definition)).collect();
    let contract: Vec<_> = CONTRACT
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(ours, contract);
    for table in Table::ALL {
        let expected = format!("purposepath-{}-dev", table.base_name());
        assert_eq!(layout.name(table), expected);
    }
}

#[test]
fn the_other_layout_changes_the_users_key_and_two_indexes_and_nothing_else() {
    let default = layout(&[]).expect("a layout");
    let python = python_layout();
    let users = python.definition(Table::Users);
    assert_eq!(users.key, "user_id");
    assert_eq!(users.indexes[1].name, "tenant-index");
    assert_eq!(python.definition(Table::Subscriptions).indexes[0].name, "tenant-index");
    for table in Table::ALL {
        if ![Table::Users, Table::Subscriptions].contains(&table) {
            assert_eq!(python.definition(table), default.definition(table));
        }
    }
}

#[test]
fn every_name_can_be_overridden_by_its_own_variable() {
    for table in Table::ALL {
        let layout = layout(&[(table.variable(), "Elsewhere.1")]).expect("a layout");
        for other in Table::ALL {
            assert_eq!(layout.name(other) == "Elsewhere.1", other == table);
        }
    }
}

#[test]
fn every_problem_of_a_layout_is_reported_at_once() {
    let error = layout(&[
        ("USERS_TABLE", ""),
        ("TENANTS_TABLE", "no spaces"),
        ("TIERS_TABLE", "shared"),
        ("INVITATIONS_TABLE", "shared"),
        ("USERS_KEY", "email"),
        ("USERS_TENANT_INDEX", "x"),
    ])
    .expect_err("problems");
    let name = |variable| LayoutProblem::Name { variable };
    assert_eq!(
        error.problems,
        [
            name("USERS_TABLE"),
            name("TENANTS_TABLE"),
            LayoutProblem::Shared { first: "INVITATIONS_TABLE", second: "TIERS_TABLE" },
            name("USERS_TENANT_INDEX"),
            LayoutProblem::UsersKey,
        ]
    );
    assert!(Layout::new("", |_| None).is_err());
    assert!(Layout::new("Dev Stage", |_| None).is_err());
}

#[test]
fn a_request_defines_each_key_attribute_once_and_projects_everything() {
    let layout = layout(&[("USERS_KEY", "user_id")]).expect("a layout");
    for definition in layout.definitions() {
        let request = definition.create_request().expect("a request").build().expect("an input");
        assert_eq!(request.table_name(), Some(definition.name));
        assert_eq!(request.billing_mode(), Some(&BillingMode::PayPerRequest));

        let defined: Vec<_> = request.attribute_definitions().iter().map(AttributeDefinition::attribute_name).collect();
        let of_indexes = request.global_secondary_indexes().iter().flat_map(|index| {
            let projection = index.projection().and_then(Projection::projection_type);
            assert_eq!(projection, Some(&ProjectionType::All));
            index.key_schema()
        });
        let used: HashSet<_> =
            request.key_schema().iter().chain(of_indexes).map(KeySchemaElement::attribute_name).collect();
        assert_eq!(defined.len(), used.len(), "{defined:?}");
        assert_eq!(defined.into_iter().collect::<HashSet<_>>(), used);
    }
}

#[test]
fn only_the_outbox_has_a_stream() {
    let layout = layout(&[]).expect("a layout");
    for definition in layout.definitions() {
        let request = definition.create_request().expect("a request").build().expect("an input");
        let view = request.stream_specification().and_then(StreamSpecification::stream_view_type);
        let expected = (definition.table == Table::AccountOutbox).then_some(&StreamViewType::KeysOnly);
        assert_eq!(view, expected);
    }
}

#[cfg(feature = "embedded")]
mod created {
    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::types::TimeToLiveStatus;

    use super::*;
    use crate::dynamodb::embedded::EmbeddedDynamoDb;

    fn client() -> Client {
        EmbeddedDynamoDb::in_memory().expect("a database").client()
    }

    async fn check_created(layout: Layout) {
        let client = client();
        let created = create_missing(&client, &layout).await.expect("tables");
        let tables: Vec<_> = created.iter().map(|created| created.table).collect();
        assert_eq!(tables, Table::ALL);
        for definition in layout.definitions() {
            let described = client.describe_table().table_name(definition.name).send().await;
            let description = described.expect("a table").table.expect("a description");
            assert_eq!(definition.differences(&description), []);

            let ttl = client.describe_time_to_live().table_name(definition.name).send().await;
            let ttl = ttl.expect("an answer").time_to_live_description.expect("a description");
            let enabled = ttl.time_to_live_status == Some(TimeToLiveStatus::Enabled);
            assert_eq!(enabled, definition.ttl_attribute.is_some());
            assert_eq!(ttl.attribute_name(), definition.ttl_attribute);
        }
    }

    #[tokio::test]
    async fn what_is_created_is_what_is_defined_in_both_layouts() {
        check_created(layout(&[]).expect("a layout")).await;
        check_created(python_layout()).await;
    }

    #[tokio::test]
    async fn of_two_processes_that_create_the_tables_each_creates_its_share_and_neither_fails() {
        let (client, layout) = (client(), layout(&[]).expect("a layout"));
        let (one, other) = tokio::join!(create_missing(&client, &layout), create_missing(&client, &layout));
        let created: Vec<_> = one.expect("tables").into_iter().chain(other.expect("tables")).collect();
        assert_eq!(created.len(), Table::ALL.len());
        assert_eq!(create_missing(&client, &layout).await.expect("tables"), []);
    }

    #[tokio::test]
    async fn a_table_of_the_other_layout_is_refused_with_what_it_lacks() {
        let client = client();
        create_missing(&client, &layout(&[]).expect("a layout")).await.expect("tables");
        let other = layout(&[("USERS_KEY", "user_id"), ("USERS_TENANT_INDEX", "tenant-index")]);
        let error = create_missing(&client, &other.expect("a layout")).await.expect_err("a refusal");
        assert_eq!(
            error.to_string(),
            "the table purposepath-users-dev exists, but its key is id, not user_id, \
             and its index tenant-index on tenant_id is missing"
        );
    }
}
