//! The subscriptions table, shared with the Python services.

use std::collections::BTreeMap;

use application::ports::StoreError;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    BillingPeriod, Currency, Frequency, Money, Plan, Subscription, SubscriptionId, SubscriptionStatus, TenantId, Tier,
    Timestamp, UserId,
    discount::PromoCode,
    entitlement::TierTerms,
    subscription::{
        CancellationReason, GRACE, PlanChoice, ProviderSubscriptionId, Renewal, SubscriptionSnapshot,
        SubscriptionState, TRIAL, TrialExtension, TrialExtensionReason,
    },
    tier::TierOffer,
};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{
    expression::{Item, number},
    tables::Table,
};

/// What the provider calls it.
const PROVIDER_ID: &str = "external_subscription_id";

/// The limits of its tier, which the Python services read in the subscription.
pub(in crate::dynamodb) const LIMITS: &str = "limits";

/// The subscription as an item, but for the version, which the write decides, and the limits of its tier.
pub(in crate::dynamodb) fn to_item(subscription: &SubscriptionSnapshot) -> Item {
    let SubscriptionSnapshot {
        id,
        tenant_id,
        user_id,
        choice: PlanChoice { tier, frequency },
        price,
        state,
        promo_code,
        provider_id,
        last_event_at,
        cancellation_reason,
        trial_extensions,
        version: _,
        created_at,
        updated_at,
    } = subscription;
    // What has had no period yet has an empty one: the Python services expect both ends of it.
    let (start, end) = state.period().map_or((*created_at, *created_at), |period| (period.start(), period.end()));
    let item = ItemBuilder::default()
        .text("subscription_id", id.as_str())
        .text("tenant_id", tenant_id.as_str())
        .text_if("user_id", user_id.as_ref().map(UserId::as_str))
        .text("tier", tier.as_str())
        .text("status", state.status().as_str())
        .text("billing_cycle", frequency.as_str())
        .number("amount", &price.minor_units())
        .text("currency", price.currency().as_str())
        .time("current_period_start", start)
        .time("current_period_end", end)
        .text_if("promo_code", promo_code.as_ref().map(PromoCode::as_str))
        .text_if(PROVIDER_ID, provider_id.as_ref().map(ProviderSubscriptionId::as_str))
        .time_if("last_event_at", *last_event_at)
        .text_if("cancellation_reason", cancellation_reason.as_ref().map(CancellationReason::as_str))
        .time("created_at", *created_at)
        .time("updated_at", *updated_at);
    let item = match state.renewal() {
        Some(Renewal::Off) => item.flag("cancel_at_period_end", true),
        Some(Renewal::Changing(PlanChoice { tier, frequency })) => {
            item.text("next_tier", tier.as_str()).text("next_billing_cycle", frequency.as_str())
        }
        Some(Renewal::Automatic) | None => item,
    };
    let item = match state {
        SubscriptionState::Incomplete => item.flag("incomplete", true),
        SubscriptionState::Trialing { period, .. } => item.time("trial_ends_at", period.end()),
        SubscriptionState::PastDue { grace_ends_at, .. } => item.time("grace_ends_at", *grace_ends_at),
        SubscriptionState::Cancelled { at, .. } => item.time("cancelled_at", *at),
        SubscriptionState::Active { .. } | SubscriptionState::Unpaid { .. } => item,
    };
    if trial_extensions.is_empty() {
        return item.build();
    }
    let extensions = trial_extensions.iter().map(|extension| AttributeValue::M(extension_to_item(extension)));
    item.set("trial_extensions", AttributeValue::L(extensions.collect())).build()
}

fn extension_to_item(TrialExtension { from, to, reason, by, at }: &TrialExtension) -> Item {
    ItemBuilder::default()
        .time("from", *from)
        .time("to", *to)
        .text("reason", reason.as_str())
        .text("by", by.as_str())
        .time("at", *at)
        .build()
}

/// The item of a subscription that is not stored yet, with the terms of its tier.
pub(in crate::dynamodb) fn to_new_item(subscription: &SubscriptionSnapshot, terms: TierTerms) -> Item {
    let mut item = to_item(subscription);
    item.extend(ItemBuilder::default().version_after(subscription.version).build());
    item.insert(LIMITS.to_owned(), limits_of(terms));
    item
}

/// The limits of a tier as the Python services read them: what is unlimited is not named.
pub(in crate::dynamodb) fn limits_of(terms: TierTerms) -> AttributeValue {
    let limits = terms.limits.into_iter();
    AttributeValue::M(limits.filter_map(|(name, limit)| limit.map(|limit| (name, number(&limit)))).collect())
}

/// The tenant's live subscription now, among all that it ever had. There is at most one; should there be more, an
/// active one goes first, as the Python services have it.
///
/// A subscription that cannot be read counts as none and is logged: what a tenant pays for is no reason to keep
/// its people from signing in.
pub(in crate::dynamodb) fn live_plan<'a>(items: impl IntoIterator<Item = &'a Item>, now: Timestamp) -> Option<Plan> {
    let plans = items.into_iter().filter_map(|item| {
        let subscription = read_or_log(item).ok().filter(|subscription| subscription.is_live(now))?;
        // Clients are told when the trial ended also once it is paid for.
        let trial_ends_at = Reader::new(Table::Subscriptions, item).time_if("trial_ends_at").ok().flatten();
        Some(Plan { trial_ends_at, ..subscription.plan() })
    });
    plans.min_by_key(|plan| SubscriptionStatus::ALL.iter().position(|status| *status == plan.status))
}

/// How much a tenant had used, as the Python services counted it in the latest of its subscriptions that says so. Less
/// than nothing is nothing.
pub(in crate::dynamodb) fn read_usage(items: &[Item]) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut latest: Option<(Timestamp, Reader<'_>, &Item)> = None;
    for item in items {
        let row = Reader::new(Table::Subscriptions, item);
        if let Some(counts) = row.map_if("usage")?.filter(|counts| !counts.is_empty()) {
            let (_, updated_at) = row.created_and_updated()?;
            if latest.as_ref().is_none_or(|(known, ..)| *known <= updated_at) {
                latest = Some((updated_at, row, counts));
            }
        }
    }
    let Some((_, row, counts)) = latest else { return Ok(BTreeMap::new()) };
    let read = |value: &AttributeValue| value.as_n().ok()?.parse::<i64>().ok();
    let named = |(name, value): (&String, &AttributeValue)| {
        let used = read(value).ok_or_else(|| row.unreadable("usage", "holds what is no count"))?;
        Ok((name.clone(), u64::try_from(used).unwrap_or_default()))
    };
    counts.iter().map(named).collect()
}

/// Which subscription a row is of.
pub(in crate::dynamodb) fn id_of(item: &Item) -> Option<&str> {
    Reader::new(Table::Subscriptions, item).text_if("subscription_id").ok().flatten()
}

/// Whose subscription a row is of.
pub(in crate::dynamodb) fn tenant_of(item: &Item) -> Option<&str> {
    Reader::new(Table::Subscriptions, item).text_if("tenant_id").ok().flatten()
}

/// When a row changed last.
pub(in crate::dynamodb) fn updated_at(item: &Item) -> Option<Timestamp> {
    Reader::new(Table::Subscriptions, item).created_and_updated().ok().map(|(_, updated_at)| updated_at)
}

/// Whether a row is of a subscription that may change yet.
pub(in crate::dynamodb) fn is_open(item: &Item) -> bool {
    let status = Reader::new(Table::Subscriptions, item).text_if("status");
    !matches!(status, Ok(Some(status)) if status == SubscriptionStatus::Cancelled.as_str())
}

/// Reads a subscription. The log says which one cannot be read.
pub(in crate::dynamodb) fn read_or_log(item: &Item) -> Result<Subscription, StoreError> {
    read(item).inspect_err(|error| {
        let subscription_id = Reader::new(Table::Subscriptions, item).text_if("subscription_id").ok().flatten();
        let error: &dyn std::error::Error = error;
        tracing::warn!(subscription_id, error, "a subscription cannot be read");
    })
}

/// Whether the provider has a name for a subscription, or may have one: what is written there cannot be read either.
pub(in crate::dynamodb) fn may_be_billed(item: &Item) -> bool {
    !matches!(Reader::new(Table::Subscriptions, item).text_if(PROVIDER_ID), Ok(None))
}

/// Reads a subscription.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<Subscription, StoreError> {
    let row = Reader::new(Table::Subscriptions, item);
    let (created_at, updated_at) = row.created_and_updated()?;
    let tier = row.choice_if("tier", Tier::from_name)?.ok_or_else(|| row.unreadable("tier", "is missing"))?;
    let frequency = row.choice_if("billing_cycle", Frequency::from_name)?.unwrap_or(Frequency::Monthly);
    let currency = row.text_if("currency")?.map_or_else(Currency::default, Currency::restore);
    let price = match row.number_if("amount")? {
        Some(amount) => Money::new(amount, currency),
        None => TierOffer::seed(tier).price(frequency).cloned().unwrap_or_else(|| Money::new(0, currency)),
    };
    let extensions = row.list_if("trial_extensions")?.unwrap_or_default().iter();
    Ok(Subscription::restore(SubscriptionSnapshot {
        id: SubscriptionId::restore(row.text("subscription_id")?),
        tenant_id: TenantId::restore(row.text("tenant_id")?),
        user_id: row.text_if("user_id")?.map(UserId::restore),
        choice: PlanChoice { tier, frequency },
        price,
        state: read_state(row, item, frequency, created_at, updated_at)?,
        promo_code: row.text_if("promo_code")?.map(PromoCode::restore),
        provider_id: row.text_if(PROVIDER_ID)?.map(ProviderSubscriptionId::restore),
        last_event_at: row.time_if("last_event_at")?,
        cancellation_reason: row.text_if("cancellation_reason")?.map(CancellationReason::restore),
        trial_extensions: extensions.map(|value| read_extension(row, value)).collect::<Result<_, _>>()?,
        version: row.version()?,
        created_at,
        updated_at,
    }))
}

fn read_state(
    row: Reader<'_>,
    item: &Item,
    frequency: Frequency,
    created_at: Timestamp,
    updated_at: Timestamp,
) -> Result<SubscriptionState, StoreError> {
    let status = row.choice_if("status", SubscriptionStatus::from_name)?;
    let status = status.ok_or_else(|| row.unreadable("status", "is missing"))?;
    let start = row.time_if("current_period_start")?.unwrap_or(created_at);
    let written = match row.time_if("current_period_end")? {
        Some(end) => BillingPeriod::restore(start, end).ok(),
        None => None,
    };
    // A row that does not say for how long it is paid was paid once, from its beginning.
    let period = || {
        let counted = || BillingPeriod::nth(start, frequency, 0);
        written.or_else(counted).ok_or_else(|| row.unreadable("current_period_end", "is out of range"))
    };
    let renewal = read_renewal(row, item)?;
    Ok(match status {
        SubscriptionStatus::Trialing => {
            let ends_at = row.time_if("trial_ends_at")?;
            let ends_at = ends_at.or_else(|| written.map(|period| period.end())).unwrap_or(created_at + TRIAL);
            let period = BillingPeriod::lasting(start, ends_at - start);
            SubscriptionState::Trialing { period, renewal }
        }
        SubscriptionStatus::Active => SubscriptionState::Active { period: period()?, renewal },
        SubscriptionStatus::PastDue => {
            let grace_ends_at = row.time_if("grace_ends_at")?.unwrap_or(updated_at + GRACE);
            SubscriptionState::PastDue { period: period()?, renewal, grace_ends_at }
        }
        SubscriptionStatus::Unpaid if item.contains_key("incomplete") => SubscriptionState::Incomplete,
        SubscriptionStatus::Unpaid => SubscriptionState::Unpaid { period: period()? },
        SubscriptionStatus::Cancelled => {
            let at = row.time_if("cancelled_at")?.unwrap_or(updated_at);
            SubscriptionState::Cancelled { at, period: written }
        }
    })
}

fn read_renewal(row: Reader<'_>, item: &Item) -> Result<Renewal, StoreError> {
    if item.contains_key("cancel_at_period_end") && row.flag("cancel_at_period_end")? {
        return Ok(Renewal::Off);
    }
    let (tier, frequency) =
        (row.choice_if("next_tier", Tier::from_name)?, row.choice_if("next_billing_cycle", Frequency::from_name)?);
    Ok(tier
        .zip(frequency)
        .map_or(Renewal::Automatic, |(tier, frequency)| Renewal::Changing(PlanChoice { tier, frequency })))
}

fn read_extension(row: Reader<'_>, value: &AttributeValue) -> Result<TrialExtension, StoreError> {
    let item = value.as_m().map_err(|_| row.unreadable("trial_extensions", "holds what is no map"))?;
    let entry = Reader::new(Table::Subscriptions, item);
    Ok(TrialExtension {
        from: entry.time("from")?,
        to: entry.time("to")?,
        reason: TrialExtensionReason::restore(entry.text("reason")?),
        by: UserId::restore(entry.text("by")?),
        at: entry.time("at")?,
    })
}

#[cfg(test)]
mod tests;
