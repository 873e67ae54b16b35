use std::fmt;

use async_trait::async_trait;
use domain::{
    BillingAccount, EmailAddress, Money, Subscription, SubscriptionId, TenantId, Timestamp,
    discount::{Discount, DiscountDuration, PromoCode},
    subscription::{BilledSubscription, CustomerId, PlanChoice, ProviderSubscriptionId, SubscriptionState},
};

use super::StoreError;
use crate::{
    actor::TenantScope,
    billing::Reconciler,
    error::{Classified, ErrorKind},
    page::{Page, PageError, PageRequest},
};

/// Who takes the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillingProviderName {
    /// Stripe.
    Stripe,
    /// A provider inside the process, on which the whole flow works without a key, a network or money.
    Local,
    /// Nobody at all: nothing can be paid for.
    None,
}

/// A tenant, as the provider gets to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCustomer {
    /// Whose customer it is.
    pub tenant_id: TenantId,
    /// What the tenant is called.
    pub name: String,
    /// Where receipts go.
    pub email: EmailAddress,
}

/// A subscription that the provider is asked to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionOrder {
    /// Who pays.
    pub customer_id: CustomerId,
    /// Which subscription of ours it is.
    pub subscription_id: SubscriptionId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// What is ordered.
    pub item: PricedPlan,
    /// With what to pay; `None` to ask for it.
    pub payment_method: Option<String>,
}

/// A plan, what one period of it costs in the catalogue, and what is taken off that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedPlan {
    /// The plan.
    pub choice: PlanChoice,
    /// What one period costs, before the discount.
    pub list_price: Money,
    /// What is taken off. The discount of a code that the subscription has already goes on where it is, and does not
    /// begin again; that of any other code ends.
    pub discount: Option<PromoDiscount>,
}

/// The discount of a promotion code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromoDiscount {
    /// The code.
    pub code: PromoCode,
    /// What it takes off.
    pub discount: Discount,
    /// For how long.
    pub duration: DiscountDuration,
}

/// A subscription that was ordered, and what is still to be paid for it.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// As the provider has it.
    pub subscription: BilledSubscription,
    /// The first payment, while it is outstanding.
    pub payment: Option<OutstandingPayment>,
}

/// A payment that somebody has to confirm in their browser.
#[derive(Clone, PartialEq, Eq)]
pub struct OutstandingPayment {
    /// What the browser confirms it with. A secret: neither stored nor logged.
    pub client_secret: String,
    /// What will be charged.
    pub amount: Money,
}

impl fmt::Debug for OutstandingPayment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutstandingPayment").field("amount", &self.amount).finish_non_exhaustive()
    }
}

/// A page of the provider where a customer looks after cards and receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalSession {
    /// Its address. Whoever has it is the customer.
    pub url: String,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// Something that happened at the provider, as its webhook says it. What became of the subscription is not taken from
/// here but asked for: an event says when to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderEvent {
    /// Unique; the same over every delivery.
    pub id: String,
    /// What happened, in the provider's words.
    pub kind: String,
    /// When, by the provider's clock, to the second.
    pub occurred_at: Timestamp,
    /// To which subscription; `None` for what is about none.
    pub subscription_id: Option<ProviderSubscriptionId>,
}

/// Why a webhook was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRejected {
    /// It is not signed with a secret that is shared with the provider, or not lately (security rule 28).
    #[error("the signature is missing, wrong or too old")]
    Signature,
    /// It is signed, and nobody can make sense of it.
    #[error("the event cannot be read")]
    Unreadable,
    /// What it is signed with cannot be had now.
    #[error("the signature cannot be checked now")]
    Unavailable,
}

/// Why the provider did not do what it was asked. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillingError {
    /// Nobody takes money here: the service was set up without a provider.
    #[error("no billing provider is set up")]
    NotConfigured,
    /// The payment was declined; the reason is the provider's, for the person who pays.
    #[error("the payment was declined: {0}")]
    Declined(String),
    /// There is no such customer, subscription or payment method.
    #[error("the provider does not know {0}")]
    Unknown(&'static str),
    /// It cannot be asked now, or does not answer. Whether it did the work is not known.
    #[error("the billing provider cannot be reached: {0}")]
    Unavailable(String),
    /// It refused what no client can put right.
    #[error("the billing provider refused: {0}")]
    Refused(String),
}

impl Classified for BillingError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Declined(_) => ErrorKind::PaymentFailed,
            Self::Unknown(_) => ErrorKind::Conflict,
            Self::NotConfigured | Self::Unavailable(_) | Self::Refused(_) => ErrorKind::BillingProvider,
        }
    }
}

/// Takes the money. The same call made again, after an answer was lost or the process died, does nothing twice.
#[async_trait]
pub trait BillingProvider: Send + Sync {
    /// Who it is.
    fn name(&self) -> BillingProviderName;

    /// Makes a customer; the one that there is already when this tenant's was made in the last day.
    ///
    /// # Errors
    ///
    /// [`BillingError`] says why not.
    async fn create_customer(&self, customer: &NewCustomer) -> Result<CustomerId, BillingError>;

    /// A subscription as it is now; `None` when there is none of that id, or it is for nothing that is sold here.
    ///
    /// # Errors
    ///
    /// [`BillingError`] says why not.
    async fn subscription(&self, id: &ProviderSubscriptionId) -> Result<Option<BilledSubscription>, BillingError>;

    /// Every subscription of a customer that is not over, and those that ended lately, newest first.
    ///
    /// # Errors
    ///
    /// [`BillingError`] says why not.
    async fn subscriptions_of(&self, customer: &CustomerId) -> Result<Vec<BilledSubscription>, BillingError>;

    /// Begins a subscription, or finds the one that this order began before. With a payment method, the first payment
    /// is tried at once.
    ///
    /// # Errors
    ///
    /// [`BillingError::Declined`] when the payment method was refused; the order can be placed again with another.
    async fn subscribe(&self, order: &SubscriptionOrder) -> Result<Ordered, BillingError>;

    /// Changes a subscription to another plan at once; what is left of the period is credited, and the difference
    /// charged. Takes back a change that was to come. `attempt` is the same for a change that is tried again.
    ///
    /// # Errors
    ///
    /// [`BillingError::Declined`] when the difference could not be charged; nothing is changed then.
    async fn change_now(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError>;

    /// Has a subscription go on as another plan after its period, in place of any change that was to come.
    ///
    /// # Errors
    ///
    /// [`BillingError`] says why not.
    async fn change_at_period_end(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError>;

    /// Has a subscription go on after its period as it is, or end with it. Takes back a change that was to come.
    ///
    /// # Errors
    ///
    /// [`BillingError`] says why not.
    async fn set_renewal(&self, id: &ProviderSubscriptionId, renews: bool) -> Result<BilledSubscription, BillingError>;

    /// Ends a subscription at once, without a refund. One that is over stays as it is.
    ///
    /// # Errors
    ///
    /// [`BillingError`] says why not.
    async fn cancel(&self, id: &ProviderSubscriptionId) -> Result<BilledSubscription, BillingError>;

    /// Lets the trial of a subscription end at another time.
    ///
    /// # Errors
    ///
    /// [`BillingError`] says why not.
    async fn extend_trial(
        &self,
        id: &ProviderSubscriptionId,
        ends_at: Timestamp,
    ) -> Result<BilledSubscription, BillingError>;

    /// Opens the customer's own page, which leads back to `return_url`.
    ///
    /// # Errors
    ///
    /// [`BillingError`] says why not.
    async fn open_portal(&self, customer: &CustomerId, return_url: &str) -> Result<PortalSession, BillingError>;

    /// Reads an event that claims to be the provider's: the body as it arrived, byte by byte, and its signature.
    ///
    /// # Errors
    ///
    /// [`WebhookRejected`] when it is not.
    async fn read_event(&self, body: &[u8], signature: &str, now: Timestamp) -> Result<ProviderEvent, WebhookRejected>;
}

/// Everything about what a tenant pays for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantBilling {
    /// Its account; `None` when it never ordered anything here.
    pub account: Option<BillingAccount>,
    /// Every subscription that it has or had, in no order, as it is now. One that the Python service made a moment ago may
    /// be missed.
    pub subscriptions: Vec<Subscription>,
}

impl TenantBilling {
    /// The subscription that counts: the live one, and one that is paid for before one that is tried; or else what waits
    /// for a payment; or else the latest.
    #[must_use]
    pub fn current(&self, now: Timestamp) -> Option<&Subscription> {
        self.subscriptions.iter().max_by_key(|subscription| {
            let snapshot = subscription.snapshot();
            let is_paid = snapshot.provider_id.is_some();
            (subscription.is_live(now), !subscription.is_over(), is_paid, snapshot.created_at)
        })
    }

    /// The subscription at the provider that is not over: paid for, or waiting for a payment.
    #[must_use]
    pub fn at_provider(&self) -> Option<&Subscription> {
        let at_provider = |one: &&Subscription| !one.is_over() && one.snapshot().provider_id.is_some();
        // One that was paid for comes before an order, whether it is paid for now or not.
        self.subscriptions.iter().filter(at_provider).max_by_key(|one| {
            let snapshot = one.snapshot();
            (snapshot.state != SubscriptionState::Incomplete, snapshot.created_at)
        })
    }

    /// The order that waits for its first payment.
    #[must_use]
    pub fn waiting_order(&self) -> Option<&Subscription> {
        self.subscriptions.iter().find(|one| one.snapshot().state == SubscriptionState::Incomplete)
    }
}

/// A tenant that the provider bills: proved by the provider, which was asked with a key of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BilledTenant {
    /// The tenant.
    pub tenant_id: TenantId,
}

impl BilledTenant {
    /// The tenant that a subscription was made for, if it was made from here.
    #[must_use]
    pub fn of(billed: &BilledSubscription) -> Option<Self> {
        billed.tenant_id.clone().map(|tenant_id| Self { tenant_id })
    }
}

/// Reads what tenants pay for.
#[async_trait]
pub trait BillingRepository: Send + Sync {
    /// What a tenant pays for.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find(&self, scope: &TenantScope) -> Result<TenantBilling, StoreError>;

    /// The tenant of a customer of the provider. May miss one that became a customer a moment ago.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn tenant_of(&self, customer: &CustomerId) -> Result<Option<BilledTenant>, StoreError>;

    /// Whether an event of the provider was received before.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn has_received(&self, event_id: &str) -> Result<bool, StoreError>;
}

/// Knows which tenants are billed, or may be.
#[async_trait]
pub trait BilledTenants: Send + Sync {
    /// A page of the tenants that have a billing account, or a subscription that the provider has a name for; each once
    /// over all pages, in no order that means anything. One that becomes such a tenant meanwhile may be missed.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the cursor is none of this list, or the store fails.
    async fn page(&self, reconciler: &Reconciler, page: &PageRequest) -> Result<Page<TenantId>, PageError>;
}

/// A tenant that was closed: proved by the commit that closed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedTenant {
    /// The tenant.
    pub tenant_id: TenantId,
}

/// Does what was put off because it needs the provider: until somebody is known, or for when the provider answers. Doing
/// it twice changes nothing.
#[async_trait]
pub trait DeferredBilling: Send + Sync {
    /// Takes over what the provider says now about what an event is about.
    ///
    /// # Errors
    ///
    /// [`NotSettled`] when that cannot be done yet.
    async fn look_again(&self, event: &ProviderEvent) -> Result<(), NotSettled>;

    /// Has what a closed tenant pays for end with what is paid, unless the tenant was opened again.
    ///
    /// # Errors
    ///
    /// [`NotSettled`] when that cannot be done yet.
    async fn stop_renewal(&self, closed: &ClosedTenant) -> Result<(), NotSettled>;
}

/// Why something still has to wait. Holds no secret: it is logged and kept with dead letters.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotSettled(pub String);
