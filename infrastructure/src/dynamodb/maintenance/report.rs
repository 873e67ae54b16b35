//! What was found and done, for people and programs. Rows are named by their ids, never by an address, and no value of a
//! person is in any of it.

use serde::{Deserialize, Serialize};

/// What a migration did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Migration {
    /// Nothing was written.
    pub dry_run: bool,
    /// The tables, in the order of the work, without those that an earlier run was done with.
    pub tables: Vec<MigratedTable>,
    /// Every change, in the order of the work.
    pub changes: Vec<Change>,
    /// What was left for people to decide, by an earlier run that this one goes on from as well.
    pub exceptions: Vec<Exception>,
    /// How the claims stand: after the work, or, in a dry run, now.
    pub verification: Verification,
}

/// How much of a table was looked at and changed in this run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MigratedTable {
    /// The middle of its name.
    pub table: &'static str,
    /// Rows that were looked at.
    pub rows: u64,
    /// Changes of those rows, claims included.
    pub changes: u64,
}

/// One change of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The table, by the middle of its name.
    pub table: &'static str,
    /// The row's id.
    pub row: String,
    /// What is written.
    #[serde(flatten)]
    pub what: What,
}

/// What is written for a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum What {
    /// A claim of the user's address.
    ClaimAddress,
    /// The row itself, as the seed of a tier has it.
    Seed,
    /// An attribute that was missing. Its value is an id or a constant.
    Set {
        /// Which attribute.
        attribute: &'static str,
        /// Its value.
        value: String,
    },
}

/// How the claims stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Users in all.
    pub users: u64,
    /// Users without an address, who need no claim.
    pub without_address: u64,
    /// Users whose address is claimed for them and nobody else has it.
    pub claimed: u64,
    /// Claims in all.
    pub claims: u64,
    /// Every user, and every claim, that is not as it should be.
    pub exceptions: Vec<Exception>,
}

/// Something that is left for people to decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Exception {
    /// Several users have one address. None of them gets a claim, which would decide between them for good (ADR 9).
    SharedAddress {
        /// Who.
        users: Vec<String>,
        /// For whom it is claimed all the same.
        holder: Option<String>,
    },
    /// The address is claimed for a user who does not have it.
    HeldByAnother {
        /// Who has it.
        user: String,
        /// Who holds the claim.
        holder: String,
    },
    /// What the row has for an address is none that somebody could sign in with.
    UnusableAddress {
        /// Whose.
        user: String,
    },
    /// The row does not say which tenant the user is of, and a claim has to.
    NoTenant {
        /// Which user.
        user: String,
    },
    /// Nobody claimed the address, although only this user has it.
    Unclaimed {
        /// Who has it.
        user: String,
    },
    /// The claim names another tenant than the user's row.
    ClaimOfAnotherTenant {
        /// Which user.
        user: String,
    },
    /// The claim of this user's address cannot be read.
    ClaimUnreadable {
        /// Who has the address.
        user: String,
    },
    /// A claim names a user who has another address, or is not there.
    ClaimOfNobody {
        /// Who is named.
        user: String,
    },
    /// `id` and `user_id` of a row are two different ids.
    KeysDiffer {
        /// The row's key.
        user: String,
    },
    /// Preferences without a tenant, of a user who is not there or has none either.
    PreferencesOfNobody {
        /// Who is named.
        user: String,
    },
    /// A row changed each time that it was to be written.
    Busy {
        /// The table, by the middle of its name.
        table: String,
        /// The row's id.
        row: String,
    },
}

/// What reading every row has shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// Every table.
    pub tables: Vec<ReadTable>,
}

impl Reading {
    /// How many rows somebody cannot read.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.tables.iter().map(|table| table.unreadable).sum()
    }
}

/// What reading one table has shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadTable {
    /// The middle of its name.
    pub table: &'static str,
    /// Whether it is there at all.
    pub exists: bool,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that somebody cannot read.
    pub unreadable: u64,
    /// What is wrong with them: the first [`SHOWN_DEFECTS`](super::SHOWN_DEFECTS).
    pub defects: Vec<Defect>,
}

/// Why a row cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Defect {
    /// The row's id.
    pub row: String,
    /// Who cannot read it.
    pub reader: Reader,
    /// Which attribute has which problem; no value.
    pub problem: String,
}

/// Who reads the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// This service.
    Account,
    /// The Python services.
    Python,
}
