//! The decisions as parameters of the templates.

use std::{collections::BTreeMap, path::PathBuf};

use infrastructure::dynamodb::tables::Table;

use super::tables::{Decision, Inspection};
use crate::{aws::cloudformation::Export, context::Context};

/// Parameters of the templates, by name.
pub(crate) type Parameters = BTreeMap<String, String>;

/// Tables of the Python services that only the shared infrastructure creates: without them there is no product
/// that the account service could join.
pub(crate) const CREATED_BY_SHARED: [Table; 4] =
    [Table::Users, Table::Tenants, Table::Subscriptions, Table::BusinessData];

/// Where the decisions are kept. Git ignores it: it says what was there when somebody looked, and holds the
/// account's number inside of ARNs.
pub(crate) fn file(context: &Context<'_>) -> PathBuf {
    context.path(&format!("deployment/parameters/{}.json", context.stage))
}

/// What one of our stacks makes for another: the parameter, and the middle of the name of the export.
const OF_OUR_STACKS: [(&str, &str); 2] =
    [("PermissionsBoundaryArn", "account-rust-boundary-arn"), (ALARM_TOPIC, ALARM_TOPIC_EXPORT)];
/// Where alarms are sent.
pub(super) const ALARM_TOPIC: &str = "AlarmTopicArn";
/// The middle of the name of the export that says so.
pub(super) const ALARM_TOPIC_EXPORT: &str = "account-rust-alarm-topic-arn";

/// What the templates must be told.
pub(crate) fn of(
    context: &Context<'_>,
    exports: &[Export],
    inspection: &Inspection,
    secret: Option<&Export>,
) -> Parameters {
    let layout = &inspection.layout;
    let shared_stack = context.stage.shared_stack();
    let creates_secret = secret.is_none_or(|export| export.stack() == shared_stack);
    let mut parameters = Parameters::from([
        ("Stage".to_owned(), context.stage.to_string()),
        ("UsersKey".to_owned(), layout.users_key().attribute().to_owned()),
        ("UsersTenantIndex".to_owned(), layout.users_tenant_index().to_owned()),
        ("SubscriptionsTenantIndex".to_owned(), layout.subscriptions_tenant_index().to_owned()),
        ("CreateSecret".to_owned(), creates_secret.to_string()),
    ]);
    let secret_export =
        secret.map_or_else(|| context.stage.name("account-rust-jwt-secret-arn"), |export| export.name.clone());
    parameters.insert("JwtSecretExport".to_owned(), secret_export);
    for (parameter, middle) in OF_OUR_STACKS {
        let name = context.stage.name(middle);
        let export = exports.iter().find(|export| export.name == name);
        parameters.extend(export.map(|export| (parameter.to_owned(), export.value.clone())));
    }
    for table in &inspection.tables {
        let name = pascal_case(table.table);
        let by_shared = CREATED_BY_SHARED.contains(&table.which);
        let creates = matches!(table.decision, Decision::Create | Decision::Keep);
        let source = match (table.decision, &table.export) {
            (Decision::Import, Some(export)) => export.as_str(),
            _ if creates && !by_shared => "create",
            _ => "existing",
        };
        parameters.insert(format!("{name}TableSource"), source.to_owned());
        if by_shared {
            let is_theirs = table.owner.as_deref() == Some(&shared_stack);
            let creates = table.decision == Decision::Create || is_theirs;
            parameters.insert(format!("Create{name}Table"), creates.to_string());
        }
        if let (Table::AccountOutbox, Decision::Use, Some(stream)) = (table.which, table.decision, &table.stream) {
            parameters.insert("AccountOutboxStreamArn".to_owned(), stream.clone());
        }
    }
    parameters
}

/// `account-email-claims` as a template writes it.
fn pascal_case(name: &str) -> String {
    let mut upper = true;
    let letters = name.chars().filter_map(|letter| {
        let first = std::mem::replace(&mut upper, letter == '-');
        (letter != '-').then(|| if first { letter.to_ascii_uppercase() } else { letter })
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tables_are_written_as_in_templates() {
        assert_eq!(pascal_case("account-email-claims"), "AccountEmailClaims");
        assert_eq!(pascal_case("users"), "Users");
    }
}
