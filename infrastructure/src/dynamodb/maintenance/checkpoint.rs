//! How far a migration has come, in a file, so that it can be stopped at any moment.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use aws_sdk_dynamodb::types::{AttributeValue, TableDescription};
use domain::TokenHash;
use serde::{Deserialize, Serialize};

use super::Exception;
use crate::dynamodb::{
    expression::{Item, text},
    tables::{Layout, Table},
};

/// The file's format. A file of another is refused.
const FORMAT: u32 = 2;
/// Findings that are kept: the file is written after each page.
const MAX_FINDINGS: usize = 1000;

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file cannot be read or written.
    #[error("the checkpoint {} cannot be used: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is no checkpoint of this version.
    #[error("{} is no checkpoint of this version", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// The file says how far the work on other tables has come.
    #[error("the checkpoint {} belongs to the tables around {users}", path.display())]
    OtherTables {
        /// The file.
        path: PathBuf,
        /// The users table of those others.
        users: String,
    },
}

/// Where the migration goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Tables that are done, by the middle of their names.
    pub(super) done: Vec<String>,
    /// The key of the row after which the next page of the first other table begins. Keys are texts.
    pub(super) after: Option<BTreeMap<String, String>>,
    /// What was left for people to decide in all pages before: the first [`MAX_FINDINGS`]. Nobody looks at those pages
    /// again, and without it a work that was stopped would end as if all were well.
    pub(super) findings: Vec<Exception>,
}

impl Position {
    pub(super) fn is_done(&self, table: Table) -> bool {
        self.done.iter().any(|done| done == table.base_name())
    }

    pub(super) fn finish(&mut self, table: Table) {
        self.done.push(table.base_name().to_owned());
        self.after = None;
    }

    pub(super) fn keep(&mut self, findings: &[Exception]) {
        let room = MAX_FINDINGS.saturating_sub(self.findings.len());
        self.findings.extend(findings.iter().take(room).cloned());
    }

    pub(super) fn key(&self) -> Option<Item> {
        let after = self.after.as_ref()?;
        Some(after.iter().map(|(name, value)| (name.clone(), text(value))).collect())
    }

    pub(super) fn advance(&mut self, last: &Item) {
        let as_text = |value: &AttributeValue| value.as_s().cloned().unwrap_or_default();
        self.after = Some(last.iter().map(|(name, value)| (name.clone(), as_text(value))).collect());
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    /// Of which tables.
    scope: String,
    /// For people, who want to know whose file this is.
    users_table: String,
    position: Position,
}

/// A file that says how far a migration has come, and what it found. It holds ids of rows and nothing else of them.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    path: PathBuf,
}

impl Checkpoint {
    /// The checkpoint in this file, which need not exist.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Forgets how far the work has come, so that it begins anew.
    ///
    /// # Errors
    /// When the file is there and cannot be removed.
    pub fn forget(&self) -> Result<(), CheckpointError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    /// Where to go on; the beginning when there is no file.
    pub(super) fn read(&self, scope: &Scope) -> Result<Position, CheckpointError> {
        let content = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Position::default()),
            read => read.map_err(|error| self.failed(error))?,
        };
        let unreadable = || CheckpointError::Unreadable { path: self.path.clone() };
        let stored: Stored = serde_json::from_slice(&content).map_err(|_| unreadable())?;
        if stored.format != FORMAT {
            return Err(unreadable());
        }
        if stored.scope != scope.fingerprint {
            return Err(CheckpointError::OtherTables { path: self.path.clone(), users: stored.users_table });
        }
        Ok(stored.position)
    }

    /// Writes down how far the work has come. Whoever reads it finds this or what was there before, whenever the
    /// process ends.
    pub(super) fn write(&self, scope: &Scope, position: &Position) -> Result<(), CheckpointError> {
        let stored = Stored {
            format: FORMAT,
            scope: scope.fingerprint.clone(),
            users_table: scope.users_table.clone(),
            position: position.clone(),
        };
        let content = serde_json::to_vec(&stored).map_err(io::Error::other);
        content.and_then(|content| replace(&self.path, &content)).map_err(|error| self.failed(error))
    }

    fn failed(&self, source: io::Error) -> CheckpointError {
        CheckpointError::File { path: self.path.clone(), source }
    }
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(content)?;
    // Without it, the name could reach the disk before the content.
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// Which tables a checkpoint is about.
pub(super) struct Scope {
    fingerprint: String,
    users_table: String,
}

impl Scope {
    /// The tables of this layout, in the place where this users table is: its ARN names account and region, and its id
    /// changes when it is made anew.
    pub(super) fn of(layout: &Layout, users: &TableDescription) -> Self {
        let names = Table::ALL.map(|table| layout.name(table)).join("\n");
        let key = layout.users_key().attribute();
        let place = [users.table_arn(), users.table_id()].map(Option::unwrap_or_default).join("\n");
        let fingerprint = TokenHash::of(&format!("{names}\n{key}\n{place}")).as_str().to_owned();
        Self { fingerprint, users_table: layout.name(Table::Users).to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(stage: &str, arn: &str) -> Scope {
        let users = TableDescription::builder().table_arn(arn).build();
        Scope::of(&Layout::new(stage, |_| None).unwrap(), &users)
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::at(folder.path().join("deep/below/checkpoint.json"));
        let scope = scope("dev", "arn:1");
        assert_eq!(checkpoint.read(&scope).unwrap(), Position::default());

        let mut position = Position::default();
        position.finish(Table::Users);
        position.advance(&Item::from([("user_id".to_owned(), text("user_1"))]));
        position.keep(&[
            Exception::KeysDiffer { user: "user_1".to_owned() },
            Exception::PreferencesOfNobody { user: "user_2".to_owned() },
            Exception::Busy { table: "users".to_owned(), row: "user_3".to_owned() },
        ]);
        checkpoint.write(&scope, &position).unwrap();
        assert_eq!(checkpoint.read(&scope).unwrap(), position);
        assert_eq!(position.key(), Some(Item::from([("user_id".to_owned(), text("user_1"))])));
        assert!(position.is_done(Table::Users) && !position.is_done(Table::Tenants));

        checkpoint.forget().unwrap();
        checkpoint.forget().unwrap();
        assert_eq!(checkpoint.read(&scope).unwrap(), Position::default());
    }

    #[test]
    fn no_more_findings_are_kept_than_a_file_may_hold() {
        let finding = |number: usize| Exception::KeysDiffer { user: format!("user_{number}") };
        let mut position = Position::default();
        for begin in [0, 900] {
            position.keep(&(begin..begin + 900).map(finding).collect::<Vec<_>>());
        }
        assert_eq!(position.findings, (0..MAX_FINDINGS).map(finding).collect::<Vec<_>>());
    }

    #[test]
    fn a_checkpoint_of_other_tables_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::at(folder.path().join("checkpoint.json"));
        checkpoint.write(&scope("dev", "arn:1"), &Position::default()).unwrap();
        for other in [scope("prod", "arn:1"), scope("dev", "arn:2")] {
            let error = checkpoint.read(&other).unwrap_err().to_string();
            assert!(error.ends_with("belongs to the tables around purposepath-users-dev"), "{error}");
        }
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.json");
        let former = r#"{"format":1,"scope":"","users_table":"","position":{"done":[],"after":null}}"#;
        let later = r#"{"format":3,"scope":"","users_table":"","position":{"done":[],"after":null,"findings":[]}}"#;
        for content in ["", "{}", former, later] {
            fs::write(&path, content).unwrap();
            let error = Checkpoint::at(&path).read(&scope("dev", "arn:1")).unwrap_err();
            assert!(matches!(error, CheckpointError::Unreadable { .. }), "{content}: {error}");
        }
        let error = Checkpoint::at(folder.path()).read(&scope("dev", "arn:1")).unwrap_err();
        assert!(matches!(error, CheckpointError::File { .. }), "{error}");
    }
}
