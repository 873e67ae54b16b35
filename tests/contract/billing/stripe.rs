//! The adapter of Stripe, held to what every provider must do, on the server that stands in for Stripe in its own tests.

#[path = "../../../infrastructure/src/stripe/tests/stub/mod.rs"]
#[expect(dead_code, reason = "the tests of the adapter have more go wrong")]
mod stub;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration};
use domain::{
    Money, Timestamp,
    subscription::{CustomerId, ProviderSubscriptionId},
};
use infrastructure::{
    stripe::{AccountKeys, AccountSecrets, StripeBilling, StripeMode},
    system::{SystemClock, SystemIds},
};

use super::provider::{Provider, World, dollars};
use stub::{Card, KEY, Stub};

struct StripeWorld(Stub);

#[async_trait]
impl World for StripeWorld {
    fn now(&self) -> Timestamp {
        DateTime::from_timestamp(self.0.with(|state| state.now), 0).unwrap()
    }

    async fn confirm(&self, client_secret: &str) {
        self.0.with(|state| state.confirm(client_secret, "pm_card_visa"));
    }

    async fn charges(&self, _: &CustomerId) -> Option<Vec<Money>> {
        let cents = |cents: &i64| dollars(u64::try_from(*cents).unwrap());
        Some(self.0.with(|state| state.charges.iter().map(cents).collect()))
    }

    async fn advance(&self, by: Duration) {
        self.0.with(|state| state.advance(by));
    }

    async fn fail_next_payment(&self, id: &ProviderSubscriptionId) {
        self.0.with(|state| {
            let found = state.subscriptions.iter().find(|found| found.id == id.as_str()).unwrap();
            let method = found.payment_method.clone().unwrap();
            state.payment_methods.get_mut(&method).unwrap().card = Card::Declined("generic_decline");
        });
    }
}

async fn provider() -> Provider {
    // Noon of 1 February 2027.
    let stub = Stub::start(1_801_483_200);
    let secrets = AccountSecrets::new(KEY.into(), &["whsec_0123456789abcdef".into()], StripeMode::Test).unwrap();
    let keys = Arc::new(AccountKeys::given(secrets));
    let billing = StripeBilling::new(stub.url.clone(), keys, Arc::new(SystemClock), Arc::new(SystemIds));
    Provider::new(Arc::new(billing), Arc::new(StripeWorld(stub))).await
}

macro_rules! tests_of_stripe {
    ($($module:ident { $($test:ident)+ })+) => { $(mod $module { $(
        #[tokio::test]
        async fn $test() {
            super::super::$module::$test(&super::provider().await).await;
        }
    )+ })+ };
}

super::for_each_test!(tests_of_stripe);
super::for_each_test_in_time!(tests_of_stripe);
