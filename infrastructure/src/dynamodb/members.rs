//! Reading the people of a tenant.

use application::{
    TenantScope,
    ports::{MemberRepository, SeatRecord, StoreError},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::Select;
use domain::{Seats, user::UserStatus};

use super::{
    DynamoStore,
    errors::store_error,
    expression::{Changes, Condition, Parts, text},
    items::seats,
    tables::Table,
};

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

    /// Counts the members of a tenant that has no record of its seats. DynamoDB counts what it looked at beside
    /// what it found, so that one pass gives both numbers.
    async fn count(&self, scope: &TenantScope) -> Result<Seats, StoreError> {
        let condition = Condition::new("#tenant_id = :tenant").with("tenant", text(scope.tenant_id().as_str()));
        let takes_a_seat = Condition::new("attribute_not_exists(#status) OR NOT #status = :off")
            .with("off", text(UserStatus::Inactive.as_str()));
        let Parts { condition, names, values, .. } = Parts::new(Changes::default(), condition);
        let filter = Parts::new(Changes::default(), takes_a_seat);
        let names = names.into_iter().chain(filter.names).flatten().collect();
        let values = values.into_iter().chain(filter.values).flatten().collect();
        let query = self
            .store
            .client
            .query()
            .table_name(self.store.name(Table::Users))
            .index_name(self.store.layout.users_tenant_index())
            .select(Select::Count)
            .set_key_condition_expression(condition)
            .set_filter_expression(filter.condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values));
        let (mut seats, mut start) = (Seats::default(), None);
        loop {
            let page = query.clone().set_exclusive_start_key(start).send().await.map_err(store_error)?;
            seats.members = seats.members.saturating_add_signed(page.scanned_count);
            seats.taken = seats.taken.saturating_add_signed(page.count);
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(seats);
            }
        }
    }
}

#[async_trait]
impl MemberRepository for DynamoMemberRepository {
    async fn seats(&self, scope: &TenantScope) -> Result<SeatRecord, StoreError> {
        match self.store.get(Table::AccountSeats, scope.tenant_id().as_str()).await? {
            Some(item) => Ok(SeatRecord { seats: seats::read(&item)?, on_record: true }),
            None => Ok(SeatRecord { seats: self.count(scope).await?, on_record: false }),
        }
    }
}
