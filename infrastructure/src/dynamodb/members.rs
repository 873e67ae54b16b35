//! Reading the people of a tenant.

use application::{
    TenantScope,
    members::MemberFilter,
    page::{Page, PageError, PageRequest},
    ports::{Member, MemberRepository, SeatRecord, SeatSource, StoreError},
};
use async_trait::async_trait;
use chrono::Duration;
use domain::{Seats, Timestamp, Version, user::UserStatus};

use super::{
    DynamoStore, cursor,
    expression::{Item, text},
    items::{
        seats::{self, StoredSeats},
        user,
    },
    store::PageOf,
    tables::Table,
};

/// How many calls, of 1 MB each, look for the members on one page whom a filter admits.
const MOST_CALLS: usize = 4;

/// How long a count of the seats is good for: the Python services add and remove people and note it nowhere.
const COUNT_AGAIN_AFTER: Duration = Duration::hours(1);
/// How long nothing must have changed before seats are counted: the index lags behind the table, and what it does not
/// show yet would be missing from the record from then on.
const QUIET_FOR: Duration = Duration::minutes(1);

/// Reads the people of a tenant through the tenant's index of the users table, which may lag by a moment, and the
/// record of its seats.
#[derive(Clone, Debug)]
pub struct DynamoMemberRepository {
    store: DynamoStore,
}

impl DynamoMemberRepository {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }

    /// The key in the tenant's index of a user. It need not exist: a query goes on after the place where it would be.
    fn place_of(&self, scope: &TenantScope, user_id: &str) -> Item {
        let mut place = self.store.key(Table::Users, user_id);
        place.insert("tenant_id".to_owned(), text(scope.tenant_id().as_str()));
        place
    }

    /// The id of the user of an item, or of a key.
    fn id_in<'a>(&self, item: &'a Item) -> Option<&'a str> {
        item.get(self.store.layout.users_key().attribute())?.as_s().ok().map(String::as_str)
    }

    fn read(&self, item: &Item) -> Option<Member> {
        let member = user::read_member(item, self.store.layout.users_key());
        let unreadable = |error: &StoreError| {
            tracing::error!(error = error as &dyn std::error::Error, "a member is left out of a list");
        };
        member.inspect_err(unreadable).ok()
    }

    /// Counts the members of a tenant, one call for each megabyte of them, of which little more than their number is
    /// sent.
    async fn count(&self, scope: &TenantScope) -> Result<Seats, StoreError> {
        let index = Some(self.store.layout.users_tenant_index());
        let key = ("tenant_id", scope.tenant_id().as_str());
        let (mut seats, mut after) = (Seats::default(), None);
        loop {
            let page = PageOf { after, limit: None, attributes: &["status"] };
            let page = self.store.query_page(Table::Users, index, key, page).await?;
            let switched_off = text(UserStatus::Inactive.as_str());
            let takes_a_seat = |item: &&Item| item.get("status") != Some(&switched_off);
            let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            seats.members = seats.members.saturating_add(number(page.items.len()));
            seats.taken = seats.taken.saturating_add(number(page.items.iter().filter(takes_a_seat).count()));
            after = page.last;
            if after.is_none() {
                return Ok(seats);
            }
        }
    }

    async fn counted(&self, scope: &TenantScope, record: Option<Version>) -> Result<SeatRecord, StoreError> {
        Ok(SeatRecord { seats: self.count(scope).await?, source: SeatSource::Count { record } })
    }
}

fn is_due(record: &StoredSeats, now: Timestamp) -> bool {
    now - record.counted_at >= COUNT_AGAIN_AFTER && now - record.updated_at >= QUIET_FOR
}

#[async_trait]
impl MemberRepository for DynamoMemberRepository {
    async fn page(
        &self,
        scope: &TenantScope,
        filter: &MemberFilter,
        request: &PageRequest,
    ) -> Result<Page<Member>, PageError> {
        let start = request.after.as_ref().map(cursor::keys::<1>).transpose()?;
        let mut after = start.map(|[user_id]| self.place_of(scope, &user_id));
        let size = usize::from(request.size.get());
        let limit = filter.is_open().then(|| i32::from(request.size.get()));
        let index = Some(self.store.layout.users_tenant_index());
        let mut members = Vec::with_capacity(size);
        for _ in 0..MOST_CALLS {
            let page = PageOf { after: after.take(), limit, attributes: &user::MEMBER_ATTRIBUTES };
            let key = ("tenant_id", scope.tenant_id().as_str());
            let page = self.store.query_page(Table::Users, index, key, page).await?;
            for item in &page.items {
                members.extend(self.read(item).filter(|member| filter.admits(member)));
                if members.len() == size && !filter.is_open() {
                    return Ok(Page { items: members, next: self.id_in(item).map(|id| cursor::after([id])) });
                }
            }
            after = page.last;
            if after.is_none() || filter.is_open() {
                break;
            }
        }
        let next = after.as_ref().and_then(|key| self.id_in(key)).map(|id| cursor::after([id]));
        Ok(Page { items: members, next })
    }

    async fn seats(&self, scope: &TenantScope) -> Result<SeatRecord, StoreError> {
        let Some(item) = self.store.get(Table::AccountSeats, scope.tenant_id().as_str()).await? else {
            return self.counted(scope, None).await;
        };
        let record = seats::read(&item)?;
        if is_due(&record, self.store.clock.now()) {
            return self.counted(scope, Some(record.version)).await;
        }
        Ok(SeatRecord { seats: record.seats, source: SeatSource::Record })
    }
}
