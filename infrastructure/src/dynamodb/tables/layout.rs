//! What the tables are called in one deployment.

use std::collections::HashMap;

use super::{Table, TableDefinition};

/// Which attribute the users table is keyed by. The `CloudFormation` templates say `id`, the Python
/// data access layer says `user_id`; every user has both, with the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UsersKey {
    /// `id`, as the templates have it.
    #[default]
    Id,
    /// `user_id`, as the Python code has it.
    UserId,
}

impl UsersKey {
    /// The attribute's name.
    #[must_use]
    pub const fn attribute(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::UserId => "user_id",
        }
    }
}

/// The resolved names of the tables, and of what differs between deployments.
#[derive(Debug, Clone)]
pub struct Layout {
    names: HashMap<Table, String>,
    users_key: UsersKey,
    users_tenant_index: String,
    subscriptions_tenant_index: String,
}

impl Layout {
    /// Resolves the names for `stage`, each `purposepath-<table>-<stage>` unless `lookup` has a
    /// value for its variable. `lookup` is also asked for `USERS_KEY` (`id`, the default, or
    /// `user_id`), `USERS_TENANT_INDEX` (`tenant-id-index`) and `SUBSCRIPTIONS_TENANT_INDEX`
    /// (`tenant_id-index`).
    ///
    /// # Errors
    /// Every value that DynamoDB would refuse as a name, every name that two tables share, and an
    /// unknown `USERS_KEY`, all at once.
    pub fn new(stage: &str, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, LayoutError> {
        let mut problems = Vec::new();
        if stage.is_empty() || !stage.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            problems.push(LayoutProblem::Stage);
        }

        let mut names = HashMap::new();
        let mut owners = HashMap::new();
        for table in Table::ALL {
            let overriding = lookup(table.variable());
            let overridden = overriding.is_some();
            let name = overriding.unwrap_or_else(|| format!("purposepath-{}-{stage}", table.base_name()));
            if overridden && !is_name(&name) {
                problems.push(LayoutProblem::Name { variable: table.variable() });
                continue;
            }
            if let Some(owner) = owners.insert(name.clone(), table) {
                let (first, second) = (owner.variable(), table.variable());
                problems.push(LayoutProblem::Shared { first, second });
            }
            names.insert(table, name);
        }

        let mut index = |variable, default: &str| {
            let name = lookup(variable).unwrap_or_else(|| default.to_owned());
            if !is_name(&name) {
                problems.push(LayoutProblem::Name { variable });
            }
            name
        };
        let users_tenant_index = index("USERS_TENANT_INDEX", "tenant-id-index");
        let subscriptions_tenant_index = index("SUBSCRIPTIONS_TENANT_INDEX", "tenant_id-index");

        let users_key = match lookup("USERS_KEY").as_deref() {
            None | Some("id") => UsersKey::Id,
            Some("user_id") => UsersKey::UserId,
            Some(_) => {
                problems.push(LayoutProblem::UsersKey);
                UsersKey::default()
            }
        };

        if problems.is_empty() {
            Ok(Self { names, users_key, users_tenant_index, subscriptions_tenant_index })
        } else {
            Err(LayoutError { problems })
        }
    }

    /// The table's full name.
    #[must_use]
    pub fn name(&self, table: Table) -> &str {
        // `new` names every table, so the fallback is only there to satisfy the type.
        self.names.get(&table).map_or(table.base_name(), String::as_str)
    }

    /// The attribute the users table is keyed by.
    #[must_use]
    pub const fn users_key(&self) -> UsersKey {
        self.users_key
    }

    /// The index that finds users by tenant.
    #[must_use]
    pub fn users_tenant_index(&self) -> &str {
        &self.users_tenant_index
    }

    /// The index that finds subscriptions by tenant.
    #[must_use]
    pub fn subscriptions_tenant_index(&self) -> &str {
        &self.subscriptions_tenant_index
    }

    /// The definition of one table under this layout.
    #[must_use]
    pub fn definition(&self, table: Table) -> TableDefinition<'_> {
        TableDefinition::new(self, table)
    }

    /// The definitions of every table, in the order of [`Table::ALL`].
    pub fn definitions(&self) -> impl Iterator<Item = TableDefinition<'_>> {
        Table::ALL.into_iter().map(|table| self.definition(table))
    }
}

/// DynamoDB's rule for the names of tables and indexes.
fn is_name(value: &str) -> bool {
    (3..=255).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// Why no layout could be made; every problem, not the first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", problems.iter().map(|problem| format!("{} {problem}", problem.variable())).collect::<Vec<_>>().join("; "))]
pub struct LayoutError {
    /// The problems, in the order of [`Table::ALL`], then the other settings.
    pub problems: Vec<LayoutProblem>,
}

/// One thing wrong with the settings of the tables. Shows the rule, never the value, as for every other setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutProblem {
    /// The stage cannot be part of a name.
    #[error("must be lower-case letters, digits and hyphens")]
    Stage,
    /// A variable holds something that cannot be a table's or an index's name.
    #[error("must be 3 to 255 letters, digits, underscores, hyphens or dots")]
    Name {
        /// The variable.
        variable: &'static str,
    },
    /// Two tables would be one, and overwrite each other's items.
    #[error("must not name the same table as {first}")]
    Shared {
        /// One table's variable.
        first: &'static str,
        /// The other's.
        second: &'static str,
    },
    /// `USERS_KEY` is neither of the two known layouts.
    #[error("must be id or user_id")]
    UsersKey,
}

impl LayoutProblem {
    /// The variable that is wrong.
    #[must_use]
    pub const fn variable(&self) -> &'static str {
        match self {
            Self::Stage => "STAGE",
            Self::Name { variable } | Self::Shared { second: variable, .. } => variable,
            Self::UsersKey => "USERS_KEY",
        }
    }
}
