//! Buying, changing and ending subscriptions, and paying for them.

use application::{
    billing::{CancelSubscription, ChangePlan, OpenPortal, PlanChanged, ShownSubscription, Subscribe, Subscribed},
    idempotency::IdempotentRequest,
    ports::{OutstandingPayment, PortalSession},
};
use chrono::{DateTime, Utc};
use domain::{
    PromoCode, Tier, Timestamp,
    subscription::{CancellationReason, PlanChoice},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{example_time, rules, schemas, subscription::SubscriptionInfo};
use crate::error::{ApiError, AtField};

/// Longest name of a payment method, in characters.
pub(crate) const MAX_PAYMENT_METHOD: usize = 255;
/// Longest page to come back to, in bytes.
pub(crate) const MAX_RETURN_URL: usize = 2048;

/// A wish to subscribe.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "tier_id": "professional", "frequency": "monthly" }))]
pub(crate) struct SubscribeRequest {
    #[serde(default)]
    #[validate(custom(function = rules::paid_tier))]
    #[schema(schema_with = schemas::paid_tier, required = true)]
    tier_id: String,
    #[serde(default)]
    #[validate(custom(function = rules::frequency))]
    #[schema(schema_with = schemas::frequency, required = true)]
    frequency: String,
    #[serde(default, deserialize_with = "super::text_or_blank")]
    #[validate(custom(function = rules::promo_code))]
    #[schema(schema_with = schemas::nullable_promo_code)]
    promo_code: Option<String>,
    /// What to pay with, as the provider's library in the browser names it. Without it, the answer holds a
    /// `client_secret` with which the browser confirms the payment.
    #[serde(default, deserialize_with = "super::text_or_blank")]
    #[validate(custom(function = rules::payment_method))]
    #[schema(schema_with = schemas::nullable_payment_method)]
    payment_method_id: Option<String>,
}

impl SubscribeRequest {
    pub(crate) fn into_command(self, idempotency: Option<IdempotentRequest>) -> Result<Subscribe, ApiError> {
        Ok(Subscribe {
            choice: PlanChoice {
                tier: rules::read_paid_tier(&self.tier_id).at("tier_id")?,
                frequency: rules::read_frequency(&self.frequency).at("frequency")?,
            },
            promo_code: self.promo_code.as_deref().map(PromoCode::parse).transpose().at("promo_code")?,
            payment_method: self.payment_method_id,
            idempotency,
        })
    }
}

/// A wish to be asked for the first payment of a subscription.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "tier_id": "professional", "frequency": "monthly" }))]
pub(crate) struct PaymentIntentRequest {
    #[serde(default)]
    #[validate(custom(function = rules::paid_tier))]
    #[schema(schema_with = schemas::paid_tier, required = true)]
    tier_id: String,
    #[serde(default)]
    #[validate(custom(function = rules::frequency))]
    #[schema(schema_with = schemas::frequency, required = true)]
    frequency: String,
    #[serde(default, deserialize_with = "super::text_or_blank")]
    #[validate(custom(function = rules::promo_code))]
    #[schema(schema_with = schemas::nullable_promo_code)]
    promo_code: Option<String>,
}

impl PaymentIntentRequest {
    pub(crate) fn into_command(self, idempotency: Option<IdempotentRequest>) -> Result<Subscribe, ApiError> {
        let Self { tier_id, frequency, promo_code } = self;
        SubscribeRequest { tier_id, frequency, promo_code, payment_method_id: None }.into_command(idempotency)
    }
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscribeResponse {
    subscription: SubscriptionInfo,
    /// Whether the first payment waits for a confirmation in the browser.
    requires_payment_confirmation: bool,
    /// What the browser confirms the payment with.
    client_secret: Option<String>,
}

impl From<Subscribed> for SubscribeResponse {
    fn from(Subscribed { subscription, payment }: Subscribed) -> Self {
        Self {
            subscription: subscription.into(),
            requires_payment_confirmation: payment.is_some(),
            client_secret: payment.map(|payment| payment.client_secret),
        }
    }
}

impl SubscribeResponse {
    pub(crate) fn example() -> Self {
        Self { subscription: SubscriptionInfo::example(), requires_payment_confirmation: false, client_secret: None }
    }
}

/// A wish to change what one has subscribed to; what is absent stays as it is.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "tier_id": "enterprise" }))]
pub(crate) struct ChangePlanRequest {
    #[serde(default, alias = "tier", deserialize_with = "super::text_or_blank")]
    #[validate(custom(function = rules::paid_tier))]
    #[schema(schema_with = schemas::nullable_paid_tier)]
    tier_id: Option<String>,
    #[serde(default, alias = "plan", deserialize_with = "super::text_or_blank")]
    #[validate(custom(function = rules::frequency))]
    #[schema(schema_with = schemas::nullable_frequency)]
    frequency: Option<String>,
    #[serde(default, deserialize_with = "super::text_or_blank")]
    #[validate(custom(function = rules::promo_code))]
    #[schema(schema_with = schemas::nullable_promo_code)]
    promo_code: Option<String>,
}

impl TryFrom<ChangePlanRequest> for ChangePlan {
    type Error = ApiError;

    fn try_from(request: ChangePlanRequest) -> Result<Self, ApiError> {
        let ChangePlanRequest { tier_id, frequency, promo_code } = request;
        Ok(Self {
            tier: tier_id.as_deref().map(rules::read_paid_tier).transpose().at("tier_id")?,
            frequency: frequency.as_deref().map(rules::read_frequency).transpose().at("frequency")?,
            promo_code: promo_code.as_deref().map(PromoCode::parse).transpose().at("promo_code")?,
        })
    }
}

/// A subscription that was changed, or will be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangePlanResponse {
    subscription: SubscriptionInfo,
    effective_date: DateTime<Utc>,
}

impl From<PlanChanged> for ChangePlanResponse {
    fn from(PlanChanged { subscription, effective_at }: PlanChanged) -> Self {
        Self { subscription: subscription.into(), effective_date: effective_at }
    }
}

impl ChangePlanResponse {
    pub(crate) fn example() -> Self {
        Self { subscription: SubscriptionInfo::example(), effective_date: example_time() }
    }
}

/// A wish to end a subscription.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "reason": "We only needed it for a year", "cancel_at_period_end": true }))]
pub(crate) struct CancelRequest {
    #[serde(default, deserialize_with = "super::text_or_blank")]
    #[validate(custom(function = rules::cancellation_reason))]
    #[schema(schema_with = schemas::nullable_reason)]
    reason: Option<String>,
    /// Whether it goes on until the period that is paid for is over; `true` unless told.
    cancel_at_period_end: Option<bool>,
}

impl TryFrom<CancelRequest> for CancelSubscription {
    type Error = ApiError;

    fn try_from(CancelRequest { reason, cancel_at_period_end }: CancelRequest) -> Result<Self, ApiError> {
        let reason = reason.as_deref().map(CancellationReason::parse).transpose().at("reason")?;
        Ok(Self { reason, at_period_end: cancel_at_period_end.unwrap_or(true) })
    }
}

/// A subscription that ended, or will.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CancelResponse {
    subscription: SubscriptionInfo,
    cancel_effective_date: DateTime<Utc>,
}

impl CancelResponse {
    pub(crate) fn new(subscription: ShownSubscription, ends_at: Timestamp) -> Self {
        Self { subscription: subscription.into(), cancel_effective_date: ends_at }
    }

    pub(crate) fn example() -> Self {
        Self { subscription: SubscriptionInfo::example(), cancel_effective_date: example_time() }
    }
}

/// Whether a subscription goes on after its period.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "auto_renewal": false }))]
pub(crate) struct AutoRenewalRequest {
    pub(crate) auto_renewal: bool,
}

/// A wish to try a tier.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "tier_id": "professional" }))]
pub(crate) struct StartTrialRequest {
    #[serde(default)]
    #[validate(custom(function = rules::paid_tier))]
    #[schema(schema_with = schemas::paid_tier, required = true)]
    tier_id: String,
}

impl StartTrialRequest {
    pub(crate) fn tier(&self) -> Result<Tier, ApiError> {
        rules::read_paid_tier(&self.tier_id).at("tier_id")
    }
}

/// A trial that began.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StartTrialResponse {
    subscription: SubscriptionInfo,
    trial_end_date: DateTime<Utc>,
}

impl From<ShownSubscription> for StartTrialResponse {
    fn from(shown: ShownSubscription) -> Self {
        let subscription = SubscriptionInfo::from(shown);
        Self { trial_end_date: subscription.current_period_end, subscription }
    }
}

impl StartTrialResponse {
    pub(crate) fn example() -> Self {
        let subscription = SubscriptionInfo::example();
        Self { trial_end_date: subscription.current_period_end, subscription }
    }
}

/// A payment to be confirmed in the browser.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentIntent {
    /// What the browser confirms the payment with.
    client_secret: String,
    /// What will be charged, in the currency's smallest unit, such as cents.
    amount: u64,
    /// ISO 4217.
    currency: String,
}

impl From<OutstandingPayment> for PaymentIntent {
    fn from(OutstandingPayment { client_secret, amount }: OutstandingPayment) -> Self {
        Self { client_secret, amount: amount.minor_units(), currency: amount.currency().as_str().to_owned() }
    }
}

impl PaymentIntent {
    pub(crate) fn example() -> Self {
        Self { client_secret: "pi_3Q_secret_x1".to_owned(), amount: 9_900, currency: "USD".to_owned() }
    }
}

/// A wish to see the provider's page.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "return_url": "https://app.purposepath.app/settings/billing" }))]
pub(crate) struct PortalRequest {
    /// The page to come back to, of a site that is known; any other is replaced by the usual one.
    #[serde(default, deserialize_with = "super::text_or_blank")]
    #[validate(custom(function = rules::return_url))]
    #[schema(schema_with = schemas::nullable_url)]
    return_url: Option<String>,
}

impl PortalRequest {
    pub(crate) fn into_command(self, link_base: Option<String>) -> OpenPortal {
        OpenPortal { return_url: self.return_url, link_base }
    }
}

/// The provider's page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Portal {
    url: String,
    expires_at: DateTime<Utc>,
}

impl From<PortalSession> for Portal {
    fn from(PortalSession { url, expires_at }: PortalSession) -> Self {
        Self { url, expires_at }
    }
}

impl Portal {
    pub(crate) fn example() -> Self {
        Self { url: "https://billing.stripe.com/p/session/live_x1".to_owned(), expires_at: example_time() }
    }
}

/// That an event of the provider was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Received {
    #[schema(schema_with = schemas::always_true)]
    pub(crate) received: bool,
}
