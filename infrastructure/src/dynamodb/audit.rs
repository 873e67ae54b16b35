//! Reading the audit trail.

use std::error::Error;

use application::{
    TenantScope,
    actor::PlatformAdmin,
    audit::AuditRecord,
    page::{InvalidCursor, Page, PageError, PageRequest},
    ports::{AuditFilter, AuditTrail, StoreError},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use chrono::{Duration, NaiveDate};

use super::{
    DynamoStore, cursor,
    errors::store_error,
    expression::{Changes, Condition, Parts, text},
    items::{audit_record, time},
    tables::{Table, index},
};

/// How often DynamoDB is asked for one page. Enough for the months that records are usually kept, each of which takes
/// one question even where nothing happened in it.
const MAX_CALLS: u32 = 16;
/// How many records one call looks at when not all of them may be wanted.
const LOOKED_AT: usize = 500;
/// How far the clock of another instance may be ahead.
const FAST_CLOCK: Duration = Duration::hours(1);

/// The audit table, and its index over months for what happened anywhere.
#[derive(Clone, Debug)]
pub struct DynamoAuditTrail {
    store: DynamoStore,
}

/// Whose records are read.
#[derive(Clone, Copy)]
enum Whose<'a> {
    Tenant(&'a TenantScope),
    Everybody,
}

impl DynamoAuditTrail {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }

    /// Walks from the newest record that may be wanted towards the oldest. `before` is the place that has been
    /// reached: everything from there on was looked at.
    async fn walk(
        &self,
        whose: Whose<'_>,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditRecord>, PageError> {
        let now = self.store.clock.now();
        let (oldest, newest) = (now - self.store.audit_kept_for, now + FAST_CLOCK);
        let mut before = time::to_sortable_text(filter.to.map_or(newest, |to| to.clamp(oldest, newest)));
        let oldest = time::to_sortable_text(filter.from.map_or(oldest, |from| from.clamp(oldest, newest)));
        if let Some(cursor) = &page.after {
            let [reached] = cursor::keys(cursor)?;
            month_before(&reached)?;
            before = before.min(reached);
        }
        let size = usize::from(page.size.get());
        let mut records = Vec::new();
        for _ in 0..MAX_CALLS {
            let month = month_before(&before)?;
            if matches!(whose, Whose::Everybody) && *month < *oldest.get(..month.len()).unwrap_or_default() {
                return Ok(Page { items: records, next: None });
            }
            // One more than the page shows whether there is a next one.
            let is_picky = filter.actor.is_some() || filter.action.is_some();
            let limit = if is_picky { LOOKED_AT } else { size + 1 - records.len() };
            let found = self.query(whose, &month, &before, filter, limit).await?;
            for item in found.items() {
                let position = audit_record::read_position(item)?;
                if *position < *oldest {
                    return Ok(Page { items: records, next: None });
                }
                if records.len() == size {
                    return Ok(Page { items: records, next: Some(cursor::after([&before])) });
                }
                match audit_record::read(item) {
                    Ok(record) => records.push(record),
                    Err(error) => log_unreadable(position, &error),
                }
                position.clone_into(&mut before);
            }
            match (&found.last_evaluated_key, whose) {
                (Some(key), _) => audit_record::read_position(key)?.clone_into(&mut before),
                (None, Whose::Tenant(_)) => return Ok(Page { items: records, next: None }),
                (None, Whose::Everybody) => before = month,
            }
        }
        Ok(Page { items: records, next: Some(cursor::after([&before])) })
    }

    async fn query(
        &self,
        whose: Whose<'_>,
        month: &str,
        before: &str,
        filter: &AuditFilter,
        limit: usize,
    ) -> Result<QueryOutput, StoreError> {
        let (index, key, value) = match whose {
            Whose::Tenant(scope) => (None, "tenant_id", scope.tenant_id().as_str()),
            Whose::Everybody => (Some(index::AUDIT_BY_MONTH), "month", month),
        };
        let range = Condition::new(format!("#{key} = :key AND #position < :before"))
            .with("key", text(value))
            .with("before", text(before));
        let mut wanted = Condition::default();
        if let Some(actor) = &filter.actor {
            wanted = wanted.and("#actor_id = :actor").with("actor", text(actor.as_str()));
        }
        if let Some(action) = &filter.action {
            wanted = wanted.and("#action = :action").with("action", text(action));
        }
        let range = Parts::new(Changes::default(), range);
        let wanted = Parts::new(Changes::default(), wanted);
        self.store
            .client
            .query()
            .table_name(self.store.name(Table::AccountAudit))
            .set_index_name(index.map(str::to_owned))
            // An index cannot be read consistently.
            .consistent_read(index.is_none())
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_key_condition_expression(range.condition)
            .set_filter_expression(wanted.condition)
            .set_expression_attribute_names(Some(range.names.into_iter().chain(wanted.names).flatten().collect()))
            .set_expression_attribute_values(Some(range.values.into_iter().chain(wanted.values).flatten().collect()))
            .send()
            .await
            .map_err(store_error)
    }
}

/// The month in which the records right before a place are. A place is a date of any precision; a month alone is where
/// that month begins.
fn month_before(place: &str) -> Result<String, InvalidCursor> {
    let first_day = place.get(..7).and_then(|month| NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d").ok());
    let first_day = first_day.ok_or(InvalidCursor)?;
    let day = if place.len() == 7 { first_day.pred_opt().ok_or(InvalidCursor)? } else { first_day };
    Ok(day.format("%Y-%m").to_string())
}

fn log_unreadable(position: &str, error: &StoreError) {
    tracing::error!(position, error = error as &dyn Error, "an unreadable audit record is left out");
}

#[async_trait]
impl AuditTrail for DynamoAuditTrail {
    async fn of_tenant(
        &self,
        scope: &TenantScope,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditRecord>, PageError> {
        self.walk(Whose::Tenant(scope), filter, page).await
    }

    async fn everywhere(
        &self,
        _admin: &PlatformAdmin,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditRecord>, PageError> {
        self.walk(Whose::Everybody, filter, page).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_before_a_month_are_in_the_one_before_it() {
        let before = |place: &str| month_before(place).ok();
        assert_eq!(before("2026-03-01T00:00:00.000000Z#id"), Some("2026-03".to_owned()));
        assert_eq!(before("2026-03"), Some("2026-02".to_owned()));
        assert_eq!(before("2026-01"), Some("2025-12".to_owned()));
        for bad in ["", "2026", "2026-13", "never-ever", "2026-1é"] {
            assert_eq!(before(bad), None, "{bad}");
        }
    }
}
