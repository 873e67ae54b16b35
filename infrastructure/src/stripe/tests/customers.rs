//! Who pays, and their page.

use application::ports::{BillingError, BillingProvider, NewCustomer};
use chrono::TimeDelta;
use domain::{EmailAddress, subscription::CustomerId};

use super::{Bench, new_customer};

#[tokio::test]
async fn a_tenant_becomes_one_customer() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    // Also when somebody has changed the name meanwhile.
    let renamed = NewCustomer {
        name: "Ärger & Töchter".to_owned(),
        email: EmailAddress::parse("other@example.com").unwrap(),
        ..new_customer()
    };
    assert_eq!(bench.billing.create_customer(&renamed).await.as_ref(), Ok(&customer));
    bench.stub.with(|state| {
        let found = &state.customers[customer.as_str()];
        assert_eq!(found["metadata"]["tenant_id"], "tenant-1");
        assert_eq!((&found["name"], &found["email"]), (&"Ärger & Töchter".into(), &"other@example.com".into()));
    });
}

#[tokio::test]
async fn the_portal_opens_with_a_configuration_of_ours_which_is_made_once() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    let back = "https://app.example.com/billing?a=b&c=d";
    for _ in 0..2 {
        let session = bench.billing.open_portal(&customer, back).await.unwrap();
        assert!(session.url.starts_with("https://billing.stripe.com/p/session/"), "{session:?}");
        let now = bench.stub.with(|state| state.now);
        assert_eq!(session.expires_at.timestamp() - now, TimeDelta::minutes(5).num_seconds());
        bench.stub.forget_keys();
    }
    assert_eq!(bench.stub.with(|state| state.configurations.len()), 1);
    let nobody = CustomerId::restore("cus_nobody");
    assert_eq!(bench.billing.open_portal(&nobody, back).await, Err(BillingError::Unknown("the customer")));
}
