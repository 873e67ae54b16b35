//! A billing provider under test.

use std::sync::Arc;

use application::ports::{BillingProvider, NewCustomer, Ordered, PricedPlan, PromoDiscount, SubscriptionOrder};
use async_trait::async_trait;
use chrono::Duration;
use domain::{
    Currency, EmailAddress, Frequency, Money, Percentage, PromoCode, SubscriptionId, TenantId, Tier, TierOffer,
    Timestamp,
    discount::{AmountOff, Discount, DiscountDuration},
    subscription::{BilledStatus, BilledSubscription, CustomerId, PlanChoice, ProviderSubscriptionId},
};

/// A card that pays.
pub(super) const VISA: Option<&str> = Some("pm_card_visa");
/// A card that does not.
pub(super) const DECLINED: Option<&str> = Some("pm_card_chargeDeclined");
/// A card whose owner has to confirm what it pays.
pub(super) const ASKS: Option<&str> = Some("pm_card_authenticationRequired");

/// What belongs to a provider and not to its port.
#[async_trait]
pub(super) trait World: Send + Sync {
    /// The provider's time.
    fn now(&self) -> Timestamp;

    /// Confirms a payment, as the customer's browser does.
    async fn confirm(&self, client_secret: &str);

    /// What a customer's cards have paid so far, oldest first; `None` where nobody writes it down.
    async fn charges(&self, customer: &CustomerId) -> Option<Vec<Money>>;

    /// Lets time pass.
    async fn advance(&self, by: Duration);

    /// Has the next payment of a subscription fail.
    async fn fail_next_payment(&self, id: &ProviderSubscriptionId);
}

/// A provider, and one customer of it.
pub(super) struct Provider {
    pub(super) billing: Arc<dyn BillingProvider>,
    pub(super) world: Arc<dyn World>,
    pub(super) customer: CustomerId,
}

impl Provider {
    /// A provider that has no customer yet gets one.
    pub(super) async fn new(billing: Arc<dyn BillingProvider>, world: Arc<dyn World>) -> Self {
        let customer = billing.create_customer(&tenant("t1")).await.unwrap();
        Self { billing, world, customer }
    }

    /// Orders a plan as the subscription `s1`.
    pub(super) async fn order(&self, item: PricedPlan, card: Option<&str>) -> Ordered {
        self.billing.subscribe(&self.order_of("s1", item, card)).await.unwrap()
    }

    pub(super) fn order_of(&self, id: &str, item: PricedPlan, card: Option<&str>) -> SubscriptionOrder {
        SubscriptionOrder {
            customer_id: self.customer.clone(),
            subscription_id: SubscriptionId::restore(id),
            tenant_id: TenantId::restore("t1"),
            item,
            payment_method: card.map(str::to_owned),
        }
    }

    /// A subscription that is paid for.
    pub(super) async fn active(&self, item: PricedPlan) -> BilledSubscription {
        let Ordered { subscription, payment } = self.order(item, VISA).await;
        assert_eq!((subscription.status, payment), (BilledStatus::Active, None));
        subscription
    }

    /// The subscription as it is now.
    pub(super) async fn look(&self, id: &ProviderSubscriptionId) -> BilledSubscription {
        self.billing.subscription(id).await.unwrap().unwrap()
    }

    /// Checks what the cards of the customer have paid, in cents, where somebody writes it down.
    #[track_caller]
    pub(super) fn paid<const N: usize>(&self, expected: [u64; N]) -> impl Future<Output = ()> {
        let here = std::panic::Location::caller();
        async move {
            let Some(charges) = self.world.charges(&self.customer).await else { return };
            // Whether a payment of nothing is one, is for the provider to say.
            let charges: Vec<_> = charges.into_iter().filter(|charge| !charge.is_zero()).collect();
            assert_eq!(charges, expected.map(dollars), "at {here}");
        }
    }
}

/// A tenant that becomes a customer.
pub(super) fn tenant(id: &str) -> NewCustomer {
    NewCustomer {
        tenant_id: TenantId::restore(id),
        name: "Analytical Engines".to_owned(),
        email: EmailAddress::parse("ada@example.com").unwrap(),
    }
}

/// A plan at the price of the catalogue.
pub(super) fn plan(tier: Tier, frequency: Frequency) -> PricedPlan {
    let list_price = TierOffer::seed(tier).prices.of(frequency).clone();
    PricedPlan { choice: PlanChoice { tier, frequency }, list_price, discount: None }
}

pub(super) fn monthly(tier: Tier) -> PricedPlan {
    plan(tier, Frequency::Monthly)
}

pub(super) fn yearly(tier: Tier) -> PricedPlan {
    plan(tier, Frequency::Yearly)
}

/// The same with so many hundredths off so many payments.
pub(super) fn percent_off(item: PricedPlan, percent: u64, cycles: Option<u64>) -> PricedPlan {
    off(item, Discount::Percentage(Percentage::new(percent).unwrap()), cycles)
}

/// The same with so many cents off so many payments.
pub(super) fn cents_off(item: PricedPlan, cents: u64, cycles: Option<u64>) -> PricedPlan {
    off(item, Discount::Fixed(AmountOff::new(dollars(cents)).unwrap()), cycles)
}

/// The code of every discount here.
pub(super) fn spring() -> PromoCode {
    PromoCode::parse("SPRING27").unwrap()
}

fn off(item: PricedPlan, discount: Discount, cycles: Option<u64>) -> PricedPlan {
    let code = spring();
    let duration = DiscountDuration::from_cycles(cycles).unwrap();
    PricedPlan { discount: Some(PromoDiscount { code, discount, duration }), ..item }
}

pub(super) fn dollars(cents: u64) -> Money {
    Money::new(cents, Currency::default())
}
