//! Gives the rows of the Python services what ours have: a claim of each address, and what is missing.

use application::ports::Clock;
use aws_sdk_dynamodb::types::TableDescription;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{
    Checkpoint, Exception, MaintenanceError, MigratedTable, Migration, Phase, Progress, Settings, Tables, Verification,
    access::{Access, Written},
    checkpoint::{Position, Scope},
    plan::{self, Plan},
    survey::{Address, Survey, claim_of, text_of},
};
use crate::dynamodb::{expression::Item, tables::Table};

/// The tables that rows may lack something in, in the order of the work.
const TABLES: [Table; 5] =
    [Table::Users, Table::UserPreferences, Table::Tenants, Table::Invitations, Table::BusinessData];
/// Rows that are written at a time. DynamoDB takes some milliseconds for each, and the pace decides anyway.
const AT_ONCE: usize = 8;
/// How often a row is looked at that others write as well.
const LOOKS: usize = 5;

/// Whether anything is written.
#[derive(Clone, Copy, Debug)]
pub enum Run<'a> {
    /// Nothing is written.
    Dry,
    /// Everything is, from where this checkpoint says. It is removed at the end.
    Real(&'a Checkpoint),
}

/// Gives every row what it lacks, or says what it would.
///
/// No claim of another is taken, no attribute that has a value is changed, and a row that changes meanwhile is looked at
/// again. It can be stopped at any moment and run again, and a second run has nothing to write.
///
/// # Errors
/// When a table is missing or fails for long, or the checkpoint cannot be used or belongs to other tables.
pub async fn migrate(
    tables: Tables<'_>,
    settings: Settings,
    clock: &dyn Clock,
    run: Run<'_>,
) -> Result<Migration, MaintenanceError> {
    let access = Access::new(tables, settings);
    let users = required(&access, Table::Users).await?;
    let mut work = Work { access: &access, clock, is_dry: true, survey: Survey::default() };
    let mut migration = Migration {
        dry_run: matches!(run, Run::Dry),
        tables: Vec::new(),
        changes: Vec::new(),
        exceptions: Vec::new(),
        verification: Verification::default(),
    };
    match run {
        Run::Dry => {
            work.survey = Survey::take(&access, Phase::Survey).await?;
            work.all(&mut migration, &mut Position::default(), |_| Ok(())).await?;
            migration.verification = work.survey.verify(None).await?;
        }
        Run::Real(checkpoint) => {
            required(&access, Table::AccountEmailClaims).await?;
            let scope = Scope::of(tables.layout, &users);
            let mut position = checkpoint.read(&scope)?;
            migration.exceptions.clone_from(&position.findings);
            work.is_dry = false;
            work.survey = Survey::take(&access, Phase::Survey).await?;
            work.all(&mut migration, &mut position, |position| checkpoint.write(&scope, position)).await?;
            // What others did meanwhile counts as well.
            let outcome = Survey::take(&access, Phase::Check).await?;
            migration.verification = outcome.verify(Some(&access)).await?;
            checkpoint.forget()?;
        }
    }
    Ok(migration)
}

async fn required(access: &Access<'_>, table: Table) -> Result<TableDescription, MaintenanceError> {
    let description = access.describe(table).await?;
    description.ok_or_else(|| MaintenanceError::NoTable(access.layout().name(table).to_owned()))
}

struct Work<'a> {
    access: &'a Access<'a>,
    clock: &'a dyn Clock,
    is_dry: bool,
    survey: Survey,
}

impl Work<'_> {
    /// Goes through the tables from this position on, and hands it on after each page.
    async fn all(
        &mut self,
        migration: &mut Migration,
        position: &mut Position,
        save: impl Fn(&Position) -> Result<(), super::CheckpointError>,
    ) -> Result<(), MaintenanceError> {
        for table in TABLES {
            if position.is_done(table) {
                continue;
            }
            let described = required(self.access, table).await?;
            let of = described.item_count().and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
            let mut done = MigratedTable { table: table.base_name(), rows: 0, changes: 0 };
            loop {
                let page = self.access.page(table, position.key().as_ref()).await?;
                done.rows += page.items.len() as u64;
                for Plan { changes, exceptions, claim, .. } in self.page(table, page.items).await? {
                    if let (Some((address, holder)), true) = (claim, self.is_dry) {
                        self.survey.foresee(address, holder);
                    }
                    done.changes += changes.len() as u64;
                    migration.changes.extend(changes);
                    position.keep(&exceptions);
                    migration.exceptions.extend(exceptions);
                }
                match &page.last {
                    Some(last) => position.advance(last),
                    None => position.finish(table),
                }
                save(position)?;
                let rows = done.rows;
                let progress = Progress { phase: Phase::Migrate, table, rows, of: of.max(rows) };
                self.access.tables.observer.advanced(progress);
                if page.last.is_none() {
                    break;
                }
            }
            migration.tables.push(done);
        }
        Ok(())
    }

    async fn page(&mut self, table: Table, items: Vec<Item>) -> Result<Vec<Plan>, MaintenanceError> {
        if table == Table::Users {
            // Who is new since the survey counts before anything is claimed.
            let key = self.access.layout().users_key().attribute();
            for item in &items {
                if let (Some(id), Address::Usable(address)) = (text_of(item, key), Address::of(item)) {
                    self.survey.add(address, id, text_of(item, "tenant_id"));
                }
            }
        }
        let this = &*self;
        stream::iter(items).map(|item| this.row(table, item)).buffered(AT_ONCE).try_collect().await
    }

    /// Does what is to be done about one row, and says what it was.
    async fn row(&self, table: Table, mut item: Item) -> Result<Plan, MaintenanceError> {
        let key = self.access.layout().definition(table).key;
        let id = text_of(&item, key).unwrap_or_default().to_owned();
        for look in 0..LOOKS {
            let plan = self.plan(table, &item, look == 0).await?;
            if self.is_dry || plan.writes.is_empty() {
                return Ok(plan);
            }
            if self.access.write(table, &plan.writes).await? == Written::Done {
                return Ok(plan);
            }
            match self.access.get(table, &id).await? {
                Some(changed) => item = changed,
                None => return Ok(Plan::default()),
            }
        }
        let exceptions = vec![Exception::Busy { table: table.base_name().to_owned(), row: id }];
        Ok(Plan { exceptions, ..Plan::default() })
    }

    async fn plan(&self, table: Table, item: &Item, is_first: bool) -> Result<Plan, MaintenanceError> {
        let layout = self.access.layout();
        let planned = match table {
            Table::Users => {
                // A refusal may mean that the address was claimed since the survey.
                let claim = match Address::of(item) {
                    Address::Usable(address) if !is_first => claim_of(self.access, &address).await?,
                    _ => None,
                };
                let is_free = |address: &_, user: &str| claim.is_none() && self.survey.is_free_for(address, user);
                plan::of_user(layout, item, is_free, self.clock.now())
            }
            Table::UserPreferences if plan::lack_tenant(item) => {
                let key = layout.definition(table).key;
                let user = self.access.get(Table::Users, text_of(item, key).unwrap_or_default()).await?;
                plan::of_preferences(layout, item, user.as_ref())
            }
            table => plan::of_row(layout, table, item),
        };
        planned.map_err(|source| MaintenanceError::Table { name: layout.name(table).to_owned(), source })
    }
}
