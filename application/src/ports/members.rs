use async_trait::async_trait;
use domain::{
    EmailAddress, HttpsUrl, PersonName, Role, Seats, User, UserId, Version,
    user::{UserSnapshot, UserStatus},
};

use super::StoreError;
use crate::{
    actor::TenantScope,
    members::MemberFilter,
    page::{Page, PageError, PageRequest},
};

/// A member of a tenant, as the others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Identity.
    pub id: UserId,
    /// Address.
    pub email: EmailAddress,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// A picture; shown, never fetched.
    pub avatar_url: Option<HttpsUrl>,
    /// Place in the tenant.
    pub role: Role,
    /// Whether the account may be used.
    pub status: UserStatus,
}

impl From<&User> for Member {
    fn from(user: &User) -> Self {
        let UserSnapshot { id, email, first_name, last_name, avatar_url, role, status, .. } = user.snapshot().clone();
        Self { id, email, first_name, last_name, avatar_url, role, status }
    }
}

/// The seats of a tenant, and how they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatRecord {
    /// The numbers.
    pub seats: Seats,
    /// How they are known.
    pub source: SeatSource,
}

/// How the seats of a tenant are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatSource {
    /// They were read from the record.
    Record,
    /// They were counted: the Python services keep no record, so that a tenant of theirs has none, and one that there
    /// is misses, as time goes by, whom they added and removed.
    Count {
        /// The version of the record that the count puts right, if there is one.
        record: Option<Version>,
    },
}

/// Reads the people of a tenant.
#[async_trait]
pub trait MemberRepository: Send + Sync {
    /// The members that the filter admits, in an order that does not change, a page at a time. Somebody who is a member
    /// from the first page to the last is on exactly one of them, whoever comes and goes meanwhile; somebody who became
    /// one a moment ago may be missed. Whom nobody can make sense of is left out. A page costs one call, and with a
    /// filter a few, of at most 1 MB each.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the cursor is not of this list, or the store fails.
    async fn page(
        &self,
        scope: &TenantScope,
        filter: &MemberFilter,
        request: &PageRequest,
    ) -> Result<Page<Member>, PageError>;

    /// The seats of the tenant. From the record it is one strongly consistent read; counting takes one for each
    /// megabyte of members. They are counted when there is no record, and when the last count is an hour old and
    /// nothing has changed for a minute, so that what is counted lags behind nothing that was recorded.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn seats(&self, scope: &TenantScope) -> Result<SeatRecord, StoreError>;
}
