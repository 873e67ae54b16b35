//! The tables that are there, held against the one definition (`infrastructure::dynamodb::tables`), and what to
//! do about each.

use std::collections::HashMap;

use infrastructure::dynamodb::tables::{Layout, Table, TableDefinition, UsersKey};
use serde::Serialize;

use super::questions::at_once;
use crate::{
    aws::{
        cloudformation::{self, Export},
        dynamodb,
    },
    context::Context,
    failure::{Code, Failure},
};

/// What to do about a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Decision {
    /// Another stack has it and exports its name: import that.
    Import,
    /// It is there without an export: use it by its name.
    Use,
    /// Our own stack has it: leave it there.
    Keep,
    /// It is not there: our stack creates it.
    Create,
}

impl Decision {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Use => "use",
            Self::Keep => "keep",
            Self::Create => "create",
        }
    }
}

/// One table, and what to do about it.
#[derive(Debug, Serialize)]
pub(crate) struct Inspected {
    /// The middle of its name.
    pub(crate) table: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// The export that gave the name.
    pub(crate) export: Option<String>,
    /// The stack that has it.
    pub(crate) owner: Option<String>,
    pub(crate) decision: Decision,
    /// Why the service cannot work with it.
    pub(crate) problems: Vec<String>,
    /// What somebody should look at.
    pub(crate) notices: Vec<String>,
    /// Where its stream is.
    #[serde(skip)]
    pub(crate) stream: Option<String>,
    #[serde(skip)]
    pub(crate) which: Table,
}

/// Every table, and the layout that they have.
pub(crate) struct Inspection {
    pub(crate) tables: Vec<Inspected>,
    pub(crate) layout: Layout,
}

/// A table as it is.
struct Found {
    table: dynamodb::Table,
    ttl_attribute: Option<String>,
    can_be_restored: bool,
    owner: Option<String>,
}

/// The export that carries the name of a table: the one that other services use, or that of our own shared
/// infrastructure.
fn export_of<'a>(context: &Context<'_>, exports: &'a [Export], table: Table) -> Option<&'a Export> {
    let middles = [format!("{}-table", table.base_name()), format!("account-rust-{}-table", table.base_name())];
    let names = middles.map(|middle| context.stage.name(&middle));
    names.iter().find_map(|name| exports.iter().find(|export| export.name == *name))
}

/// Looks at every table of the stage.
pub(crate) fn inspect(context: &Context<'_>, exports: &[Export]) -> Result<Inspection, Failure> {
    let exported: HashMap<Table, &Export> = Table::ALL
        .into_iter()
        .filter_map(|table| export_of(context, exports, table).map(|export| (table, export)))
        .collect();
    let named = |table: Table| exported.get(&table).map(|export| export.value.clone());
    let usual = layout(context, named, &HashMap::new())?;
    let looks = at_once(context, "tables", &Table::ALL, |table| look(context, usual.name(*table)))?;
    let found = Table::ALL.into_iter().zip(looks).filter_map(|(table, found)| Some((table, found?))).collect();
    let layout = layout(context, named, &found)?;
    let tables = layout
        .definitions()
        .map(|definition| decide(context, &definition, found.get(&definition.table), exported.get(&definition.table)))
        .collect();
    Ok(Inspection { tables, layout })
}

fn look(context: &Context<'_>, name: &str) -> Result<Option<Found>, Failure> {
    let Some(table) = dynamodb::table(context, name)? else { return Ok(None) };
    Ok(Some(Found {
        table,
        ttl_attribute: dynamodb::ttl_attribute(context, name)?,
        can_be_restored: dynamodb::can_be_restored(context, name)?,
        owner: cloudformation::owner(context, name)?,
    }))
}

/// The names of the tables, and which of the known layouts they have.
fn layout(
    context: &Context<'_>,
    named: impl Fn(Table) -> Option<String>,
    found: &HashMap<Table, Found>,
) -> Result<Layout, Failure> {
    let by_tenant = |table: Table| {
        let indexes = found.get(&table).map(|found| found.table.global_secondary_indexes.as_slice());
        let mut indexes = indexes.unwrap_or_default().iter();
        indexes.find(|index| dynamodb::key(&index.key_schema) == ["tenant_id"]).map(|index| index.index_name.clone())
    };
    let users_key = found.get(&Table::Users).and_then(|users| {
        let key = dynamodb::key(&users.table.key_schema);
        [UsersKey::Id, UsersKey::UserId].map(UsersKey::attribute).into_iter().find(|known| key == [*known])
    });
    let lookup = |variable: &str| match variable {
        "USERS_KEY" => users_key.map(str::to_owned),
        "USERS_TENANT_INDEX" => by_tenant(Table::Users),
        "SUBSCRIPTIONS_TENANT_INDEX" => by_tenant(Table::Subscriptions),
        variable => Table::ALL.into_iter().find(|table| table.variable() == variable).and_then(&named),
    };
    Layout::new(context.stage.as_str(), lookup)
        .map_err(|error| Failure::new(Code::PreflightFailed, format!("the tables cannot be named: {error}")))
}

fn decide(
    context: &Context<'_>,
    definition: &TableDefinition<'_>,
    found: Option<&Found>,
    export: Option<&&Export>,
) -> Inspected {
    let mut inspected = Inspected {
        table: definition.table.base_name(),
        name: definition.name.to_owned(),
        export: export.map(|export| export.name.clone()),
        owner: found.and_then(|found| found.owner.clone()).or(export.map(|export| export.stack().to_owned())),
        decision: Decision::Create,
        problems: Vec::new(),
        notices: Vec::new(),
        stream: found.and_then(|found| found.table.latest_stream_arn.clone()),
        which: definition.table,
    };
    let Some(found) = found else {
        inspected.problems.extend(export.map(|export| format!("{} names a table that is not there", export.name)));
        return inspected;
    };
    inspected.decision = match (&found.owner, export) {
        (Some(owner), _) if *owner == context.stage.our_stack() => Decision::Keep,
        (_, Some(export)) if export.stack() == context.stage.our_stack() => Decision::Keep,
        (_, Some(_)) => Decision::Import,
        (_, None) => Decision::Use,
    };
    inspected.problems = problems(definition, found);
    inspected.notices = notices(definition, found);
    if inspected.owner.is_none() {
        inspected.notices.push("no stack has it".to_owned());
    }
    inspected
}

/// Why the service cannot work with the table. What the table has beyond the definition is no problem.
fn problems(definition: &TableDefinition<'_>, found: &Found) -> Vec<String> {
    let table = &found.table;
    let mut problems = Vec::new();
    if table.table_status != "ACTIVE" {
        problems.push(format!("it is {}", table.table_status));
    }
    let expected = names(definition.key, definition.sort_key);
    let key = dynamodb::key(&table.key_schema);
    if key != expected {
        problems.push(format!("its key is {}, not {}", key.join(" + "), expected.join(" + ")));
    }
    let mut used = expected;
    for index in &definition.indexes {
        let expected = names(index.key, index.sort_key);
        match table.global_secondary_indexes.iter().find(|candidate| candidate.index_name == index.name) {
            None => problems.push(format!("its index {} on {} is missing", index.name, expected.join(" + "))),
            Some(actual) => problems.extend(index_problems(actual, &expected)),
        }
        used.extend(expected);
    }
    let not_text = |attribute: &&dynamodb::Attribute| {
        attribute.attribute_type != "S" && used.contains(&attribute.attribute_name.as_str())
    };
    let not_text = table.attribute_definitions.iter().filter(not_text);
    problems.extend(not_text.map(|attribute| format!("{} is no string", attribute.attribute_name)));
    if let Some(view) = &definition.stream {
        let stream = table.stream_specification.as_ref().filter(|stream| stream.stream_enabled);
        if stream.and_then(|stream| stream.stream_view_type.as_deref()) != Some(view.as_str()) {
            problems.push(format!("it has no stream of {}", view.as_str()));
        }
    }
    if let Some(attribute) = found.ttl_attribute.as_deref().filter(|found| definition.ttl_attribute != Some(found)) {
        problems.push(format!("time to live removes rows by {attribute}"));
    }
    problems
}

fn index_problems(index: &dynamodb::Index, expected: &[&str]) -> Vec<String> {
    let name = &index.index_name;
    let mut problems = Vec::new();
    let key = dynamodb::key(&index.key_schema);
    if key != expected {
        problems.push(format!("its index {name} is on {}, not {}", key.join(" + "), expected.join(" + ")));
    }
    if index.projection.projection_type.as_deref() != Some("ALL") {
        problems.push(format!("its index {name} does not carry every attribute"));
    }
    if let Some(status) = index.index_status.as_deref().filter(|status| *status != "ACTIVE") {
        problems.push(format!("its index {name} is {status}"));
    }
    problems
}

/// What somebody should look at before this table is relied on.
fn notices(definition: &TableDefinition<'_>, found: &Found) -> Vec<String> {
    let missing_ttl = definition.ttl_attribute.filter(|_| found.ttl_attribute.is_none());
    let checks = [
        missing_ttl.map(|attribute| format!("expired rows stay: time to live on {attribute} is off")),
        (!found.can_be_restored).then(|| "no point-in-time recovery".to_owned()),
        (!found.table.deletion_protection_enabled).then(|| "no deletion protection".to_owned()),
    ];
    checks.into_iter().flatten().collect()
}

fn names<'a>(key: &'a str, sort_key: Option<&'a str>) -> Vec<&'a str> {
    [Some(key), sort_key].into_iter().flatten().collect()
}
