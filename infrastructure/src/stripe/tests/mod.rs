//! The adapter against a server that stands in for Stripe.

mod changes;
mod customers;
mod failures;
mod orders;
mod secrets;
mod stub;

use std::sync::Arc;

use application::ports::{
    BillingProvider, Clock, IdGenerator, NewCustomer, PricedPlan, PromoDiscount, SubscriptionOrder,
};
use domain::{
    Currency, EmailAddress, Frequency, Money, Percentage, PromoCode, SubscriptionId, TenantId, Tier,
    discount::{Discount, DiscountDuration},
    subscription::{CustomerId, PlanChoice, ProviderSubscriptionId},
};
use stub::{Card, Fault, KEY, Stub};

use super::{AccountKeys, AccountSecrets, StripeBilling, StripeMode};
use crate::{fixtures::PinnedClock, system::SystemIds};

const ENDPOINT_SECRET: &str = "whsec_test_secret_of_an_endpoint";

const STARTER: PlanChoice = PlanChoice { tier: Tier::Starter, frequency: Frequency::Monthly };
const PROFESSIONAL: PlanChoice = PlanChoice { tier: Tier::Professional, frequency: Frequency::Monthly };
const PROFESSIONAL_YEARLY: PlanChoice = PlanChoice { tier: Tier::Professional, frequency: Frequency::Yearly };

/// How a request can come to nothing, or seem to.
const FAULTS: [Fault; 4] =
    [Fault::Lost, Fault::AnswerLost, Fault::BreakDown { is_fulfilled: false }, Fault::BreakDown { is_fulfilled: true }];

/// The adapter and what it talks to.
struct Bench {
    stub: Stub,
    clock: Arc<PinnedClock>,
    billing: StripeBilling,
}

impl Bench {
    fn start() -> Self {
        let clock = PinnedClock::new();
        let stub = Stub::start(clock.now().timestamp());
        let keys = AccountKeys::given(secrets(KEY));
        Self { billing: billing(&stub, keys, &clock), stub, clock }
    }

    async fn customer(&self) -> CustomerId {
        self.billing.create_customer(&new_customer()).await.unwrap()
    }

    /// A subscription that is paid with a good card.
    async fn subscribed(&self, item: PricedPlan) -> ProviderSubscriptionId {
        self.stub.with(|state| state.add_card("pm_good", Card::Good));
        let order = SubscriptionOrder { item, ..order(&self.customer().await, Some("pm_good")) };
        self.billing.subscribe(&order).await.unwrap().subscription.id
    }

    fn charges(&self) -> Vec<i64> {
        self.stub.with(|state| state.charges.clone())
    }
}

fn secrets(key: &str) -> AccountSecrets {
    AccountSecrets::new(key.into(), &[ENDPOINT_SECRET.into()], StripeMode::Test).unwrap()
}

fn billing(stub: &Stub, keys: AccountKeys, clock: &Arc<PinnedClock>) -> StripeBilling {
    let (clock, ids) = (Arc::clone(clock) as Arc<dyn Clock>, Arc::new(SystemIds) as Arc<dyn IdGenerator>);
    let billing = StripeBilling::new(stub.url.clone(), Arc::new(keys), clock, ids);
    StripeBilling { client: billing.client.without_pauses(), ..billing }
}

fn new_customer() -> NewCustomer {
    NewCustomer {
        tenant_id: TenantId::restore("tenant-1"),
        name: "Ärger & Söhne".to_owned(),
        email: EmailAddress::parse("owner+1@example.com").unwrap(),
    }
}

fn dollars(minor_units: u64) -> Money {
    Money::new(minor_units, Currency::default())
}

fn plan(choice: PlanChoice) -> PricedPlan {
    let list_price = dollars(match (choice.tier, choice.frequency) {
        (Tier::Starter, Frequency::Monthly) => 2_900,
        (Tier::Professional, Frequency::Monthly) => 9_900,
        (Tier::Professional, Frequency::Yearly) => 99_000,
        other => panic!("{other:?}"),
    });
    PricedPlan { choice, list_price, discount: None }
}

fn with_discount(plan: PricedPlan, discount: Discount, cycles: Option<u64>) -> PricedPlan {
    let (code, duration) = (PromoCode::parse("SPRING27").unwrap(), DiscountDuration::from_cycles(cycles).unwrap());
    PricedPlan { discount: Some(PromoDiscount { code, discount, duration }), ..plan }
}

fn percent(percent: u64) -> Discount {
    Discount::Percentage(Percentage::new(percent).unwrap())
}

fn order(customer: &CustomerId, payment_method: Option<&str>) -> SubscriptionOrder {
    SubscriptionOrder {
        customer_id: customer.clone(),
        subscription_id: SubscriptionId::restore("subscription-1"),
        tenant_id: TenantId::restore("tenant-1"),
        item: plan(PROFESSIONAL),
        payment_method: payment_method.map(str::to_owned),
    }
}
