//! The local provider, held to what every provider must do.

use std::sync::{Arc, Mutex};

use application::ports::Clock;
use async_trait::async_trait;
use chrono::{DateTime, Duration};
use domain::{
    Money, Timestamp,
    subscription::{CustomerId, ProviderSubscriptionId},
};
use infrastructure::{billing::local::LocalBilling, system::SystemIds};

use super::provider::{Provider, World};

struct LocalWorld {
    billing: LocalBilling,
    clock: Arc<StandingClock>,
}

/// A clock that goes when it is told to.
struct StandingClock(Mutex<Timestamp>);

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

#[async_trait]
impl World for LocalWorld {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn confirm(&self, client_secret: &str) {
        self.billing.confirm(client_secret).await.unwrap();
    }

    async fn charges(&self, customer: &CustomerId) -> Option<Vec<Money>> {
        let ledger = self.billing.overview().await.unwrap().ledger;
        let of_customer = ledger.into_iter().filter(|entry| entry.customer_id == customer.as_str());
        Some(of_customer.map(|entry| Money::new(entry.bill.charged, entry.bill.currency)).collect())
    }

    async fn advance(&self, by: Duration) {
        *self.clock.0.lock().unwrap() += by;
    }

    async fn fail_next_payment(&self, id: &ProviderSubscriptionId) {
        self.billing.fail_payments(id, 1).await.unwrap();
    }
}

async fn provider() -> Provider {
    let noon = DateTime::from_timestamp_micros(1_801_483_200_123_456).unwrap();
    let clock = Arc::new(StandingClock(Mutex::new(noon)));
    let billing = LocalBilling::open(None, clock.clone(), Arc::new(SystemIds)).unwrap();
    Provider::new(Arc::new(billing.clone()), Arc::new(LocalWorld { billing, clock })).await
}

macro_rules! tests_of_the_local_provider {
    ($($module:ident { $($test:ident)+ })+) => { $(mod $module { $(
        #[tokio::test]
        async fn $test() {
            super::super::$module::$test(&super::provider().await).await;
        }
    )+ })+ };
}

super::for_each_test!(tests_of_the_local_provider);
super::for_each_test_in_time!(tests_of_the_local_provider);
