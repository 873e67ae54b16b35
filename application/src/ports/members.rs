use async_trait::async_trait;
use domain::Seats;

use super::StoreError;
use crate::actor::TenantScope;

/// The seats of a tenant, and whether they are on record.
///
/// The Python services keep no such record: the seats of a tenant of theirs are counted, and put on record with
/// the first change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatRecord {
    /// The numbers.
    pub seats: Seats,
    /// Whether they were read from the record; they were counted otherwise.
    pub on_record: bool,
}

/// Reads the people of a tenant.
#[async_trait]
pub trait MemberRepository: Send + Sync {
    /// The seats of the tenant. From the record it is one strongly consistent read; counting takes one for each
    /// megabyte of members.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn seats(&self, scope: &TenantScope) -> Result<SeatRecord, StoreError>;
}
