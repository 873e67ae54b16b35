//! The subscriptions table, shared with the Python services, as far as signing in reads it.

use application::ports::StoreError;
use domain::{Plan, SubscriptionStatus, Tier, Timestamp};

use super::Reader;
use crate::dynamodb::{expression::Item, tables::Table};

/// The tenant's live subscription now, among all that it ever had. There is at most one; should there be more, an
/// active one goes first, as the Python services have it.
///
/// A subscription that cannot be read counts as none and is logged: what a tenant pays for is no reason to keep
/// its people from signing in.
pub(in crate::dynamodb) fn live_plan<'a>(items: impl IntoIterator<Item = &'a Item>, now: Timestamp) -> Option<Plan> {
    let live = items.into_iter().filter_map(read_or_log).filter(|plan| plan.is_live(now));
    live.min_by_key(|plan| SubscriptionStatus::ALL.iter().position(|status| *status == plan.status))
}

fn read_or_log(item: &Item) -> Option<Plan> {
    read(item)
        .inspect_err(|error| {
            let subscription_id = Reader::new(Table::Subscriptions, item).text_if("subscription_id").ok().flatten();
            let error: &dyn std::error::Error = error;
            tracing::warn!(subscription_id, error, "a subscription cannot be read");
        })
        .ok()
}

/// Reads a subscription.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<Plan, StoreError> {
    let row = Reader::new(Table::Subscriptions, item);
    Ok(Plan {
        tier: row.choice_if("tier", Tier::from_name)?.ok_or_else(|| row.unreadable("tier", "is missing"))?,
        status: row
            .choice_if("status", SubscriptionStatus::from_name)?
            .ok_or_else(|| row.unreadable("status", "is missing"))?,
        trial_ends_at: row.time_if("trial_ends_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::expression::text;

    fn subscription(status: &str, tier: &str) -> Item {
        [("status", status), ("tier", tier)].map(|(name, value)| (name.to_owned(), text(value))).into()
    }

    fn tier_of(items: &[Item]) -> Option<Tier> {
        live_plan(items, Timestamp::UNIX_EPOCH).map(|plan| plan.tier)
    }

    #[test]
    fn an_active_subscription_goes_before_one_that_is_tried() {
        let items = [
            subscription("cancelled", "enterprise"),
            subscription("trialing", "professional"),
            subscription("active", "starter"),
        ];
        assert_eq!(tier_of(&items), Some(Tier::Starter));
        assert_eq!(tier_of(&items[..2]), Some(Tier::Professional));
        assert_eq!(tier_of(&items[..1]), None);
    }

    #[test]
    fn a_subscription_that_cannot_be_read_counts_as_none() {
        let items = [subscription("paused", "starter"), subscription("active", "platinum"), Item::new()];
        assert_eq!(tier_of(&items), None);
    }
}
