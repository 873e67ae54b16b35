//! A subscription, as clients see it.

use application::{billing::ShownSubscription, ports::BillingProviderName};
use chrono::{DateTime, Utc};
use domain::{
    Frequency, SubscriptionStatus, Tier, TierOffer,
    subscription::{PlanChoice, Renewal, SubscriptionState},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    entitlement::{Features, Limits},
    example_time,
    money::Amount,
    schemas,
};

/// What a tenant has subscribed to.
#[expect(clippy::struct_excessive_bools, reason = "the contract has them")]
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subscription)]
pub(crate) struct SubscriptionInfo {
    #[schema(schema_with = schemas::id)]
    id: String,
    #[schema(schema_with = schemas::id)]
    tenant_id: String,
    /// Who subscribed, where that is known.
    #[schema(schema_with = schemas::nullable_id, required = true)]
    user_id: Option<String>,
    tier: SubscribedTier,
    #[schema(schema_with = schemas::frequency)]
    frequency: &'static str,
    #[schema(schema_with = schemas::subscription_status)]
    status: &'static str,
    /// Whether you get what you subscribed to: it is paid, on trial, or a payment is being tried again and the time of
    /// grace is not over.
    is_active: bool,
    current_period_start: DateTime<Utc>,
    pub(super) current_period_end: DateTime<Utc>,
    /// When it ends, if it does not renew.
    #[schema(required = true)]
    expiration_date: Option<DateTime<Utc>>,
    cancel_at_period_end: bool,
    auto_renewal: bool,
    /// What one period costs, after the discount.
    price: Amount,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: String,
    is_trial: bool,
    #[schema(required = true)]
    trial_end_date: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pending_change: Option<PendingChange>,
    /// Who takes the money: with `local`, nobody does.
    #[schema(schema_with = schemas::billing_provider)]
    billing_provider: &'static str,
}

/// What a subscription is for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscribedTier {
    #[schema(schema_with = schemas::tier)]
    id: &'static str,
    name: String,
    features: Features,
    limits: Limits,
    #[schema(schema_with = schemas::frequencies)]
    supported_frequencies: Vec<&'static str>,
}

/// What a subscription becomes at the end of its period.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PendingChange {
    #[schema(schema_with = schemas::tier)]
    tier_id: &'static str,
    #[schema(schema_with = schemas::frequency)]
    frequency: &'static str,
    effective_date: DateTime<Utc>,
}

impl From<&TierOffer> for SubscribedTier {
    fn from(offer: &TierOffer) -> Self {
        Self {
            id: offer.tier.as_str(),
            name: offer.name.clone(),
            features: (&offer.terms).into(),
            limits: (&offer.terms).into(),
            supported_frequencies: offer.frequencies.iter().map(|frequency| frequency.as_str()).collect(),
        }
    }
}

impl From<ShownSubscription> for SubscriptionInfo {
    fn from(shown: ShownSubscription) -> Self {
        let ShownSubscription { subscription, offer, is_live, provider } = shown;
        let snapshot = subscription.snapshot();
        let state = &snapshot.state;
        let period = state.period();
        let (start, end) = period.map_or((snapshot.created_at, snapshot.created_at), |it| (it.start(), it.end()));
        let renewal = state.renewal();
        let is_trial = matches!(state, SubscriptionState::Trialing { .. });
        let ends_at = match state {
            SubscriptionState::Cancelled { at, .. } => Some(*at),
            _ => (renewal == Some(Renewal::Off)).then_some(end),
        };
        Self {
            id: snapshot.id.to_string(),
            tenant_id: snapshot.tenant_id.to_string(),
            user_id: snapshot.user_id.as_ref().map(ToString::to_string),
            tier: (&offer).into(),
            frequency: snapshot.choice.frequency.as_str(),
            status: state.status().as_str(),
            is_active: is_live,
            current_period_start: start,
            current_period_end: end,
            expiration_date: ends_at,
            cancel_at_period_end: renewal == Some(Renewal::Off),
            auto_renewal: renewal.is_some_and(|renewal| renewal != Renewal::Off),
            price: (&snapshot.price).into(),
            currency: snapshot.price.currency().as_str().to_owned(),
            is_trial,
            trial_end_date: is_trial.then_some(end),
            pending_change: match renewal {
                Some(Renewal::Changing(PlanChoice { tier, frequency })) => {
                    Some(PendingChange { tier_id: tier.as_str(), frequency: frequency.as_str(), effective_date: end })
                }
                _ => None,
            },
            billing_provider: match provider {
                BillingProviderName::Stripe => "stripe",
                BillingProviderName::Local => "local",
                BillingProviderName::None => "none",
            },
        }
    }
}

impl SubscriptionInfo {
    pub(crate) fn example() -> Self {
        let id = |last: &str| format!("0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c{last}");
        let start = example_time();
        Self {
            id: id("71"),
            tenant_id: id("55"),
            user_id: Some("0198c5a2-8f00-7b11-8a4c-2f9d6e3c1a07".to_owned()),
            tier: (&TierOffer::seed(Tier::Professional)).into(),
            frequency: Frequency::Monthly.as_str(),
            status: SubscriptionStatus::Active.as_str(),
            is_active: true,
            current_period_start: start,
            current_period_end: start + chrono::Days::new(30),
            expiration_date: None,
            cancel_at_period_end: false,
            auto_renewal: true,
            price: TierOffer::seed(Tier::Professional).prices.monthly.into(),
            currency: "USD".to_owned(),
            is_trial: false,
            trial_end_date: None,
            pending_change: None,
            billing_provider: "stripe",
        }
    }
}
