mod books;
mod events;
mod money;
mod properties;
mod schedule;

use std::{fs, path::Path, sync::Arc};

use application::ports::{
    BillingError, BillingProvider, Clock, NewCustomer, Ordered, PricedPlan, PromoDiscount, SubscriptionOrder,
};
use chrono::{DateTime, Duration};
use domain::{
    Currency, EmailAddress, Frequency, Money, SubscriptionId, TenantId, Tier, TierOffer, Timestamp,
    discount::{Discount, DiscountDuration, PromoCode},
    money::Percentage,
    subscription::{BilledStatus, BilledSubscription, CustomerId, PlanChoice, ProviderSubscriptionId},
};

use super::{LedgerEntry, LocalBilling};
use crate::{fixtures::PinnedClock, system::SystemIds};

/// A provider with a clock of its own, and one customer.
struct Shop {
    billing: LocalBilling,
    clock: Arc<PinnedClock>,
    customer: CustomerId,
}

impl Shop {
    async fn open() -> Self {
        let clock = PinnedClock::new();
        Self::on(open(None, &clock), clock).await
    }

    async fn on(billing: LocalBilling, clock: Arc<PinnedClock>) -> Self {
        let customer = billing.create_customer(&new_customer("t1")).await.unwrap();
        Self { billing, clock, customer }
    }

    /// The order of a subscription under this id of ours.
    fn order(&self, id: &str, item: PricedPlan, payment_method: Option<&str>) -> SubscriptionOrder {
        SubscriptionOrder {
            customer_id: self.customer.clone(),
            subscription_id: SubscriptionId::restore(id),
            tenant_id: TenantId::restore("t1"),
            item,
            payment_method: payment_method.map(str::to_owned),
        }
    }

    async fn subscribe(&self, item: PricedPlan, payment_method: Option<&str>) -> Result<Ordered, BillingError> {
        self.billing.subscribe(&self.order("s1", item, payment_method)).await
    }

    /// A subscription that is paid by a card that always pays.
    async fn subscribed(&self, item: PricedPlan) -> BilledSubscription {
        let ordered = self.subscribe(item, Some("pm_card_visa")).await.unwrap();
        assert_eq!((ordered.subscription.status, ordered.payment), (BilledStatus::Active, None));
        ordered.subscription
    }

    async fn look(&self, id: &ProviderSubscriptionId) -> BilledSubscription {
        self.billing.subscription(id).await.unwrap().unwrap()
    }

    async fn ledger(&self) -> Vec<LedgerEntry> {
        self.billing.overview().await.unwrap().ledger
    }

    /// What the card paid, each time.
    async fn charges(&self) -> Vec<u64> {
        self.ledger().await.iter().map(|entry| entry.bill.charged).collect()
    }

    /// The credit that the customer has, in cents.
    async fn credit(&self) -> u64 {
        let overview = self.billing.overview().await.unwrap();
        overview.customers[0].credit.get("USD").copied().unwrap_or(0)
    }

    /// Lets time pass until this instant.
    fn wait_until(&self, at: Timestamp) {
        self.clock.advance(at - self.clock.now());
    }
}

fn open(folder: Option<&Path>, clock: &Arc<PinnedClock>) -> LocalBilling {
    LocalBilling::open(folder, clock.clone(), Arc::new(SystemIds)).unwrap()
}

fn new_customer(tenant: &str) -> NewCustomer {
    NewCustomer {
        tenant_id: TenantId::restore(tenant),
        name: "Analytical Engines".to_owned(),
        email: EmailAddress::restore("ada@example.com"),
    }
}

/// A plan at the price of the catalogue.
fn plan(tier: Tier, frequency: Frequency) -> PricedPlan {
    let list_price = TierOffer::seed(tier).prices.of(frequency).clone();
    PricedPlan { choice: PlanChoice { tier, frequency }, list_price, discount: None }
}

fn monthly(tier: Tier) -> PricedPlan {
    plan(tier, Frequency::Monthly)
}

fn yearly(tier: Tier) -> PricedPlan {
    plan(tier, Frequency::Yearly)
}

/// The same with so much off, for so many payments.
fn with_percent_off(item: PricedPlan, percent: u64, cycles: Option<u64>) -> PricedPlan {
    let discount = PromoDiscount {
        code: PromoCode::restore("SPRING27"),
        discount: Discount::Percentage(Percentage::new(percent).unwrap()),
        duration: DiscountDuration::from_cycles(cycles).unwrap(),
    };
    PricedPlan { discount: Some(discount), ..item }
}

fn dollars(cents: u64) -> Money {
    Money::new(cents, Currency::default())
}

fn at(text: &str) -> Timestamp {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}
