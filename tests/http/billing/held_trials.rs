//! Trials that the provider holds, because somebody began them there.

use application::ports::{BillingProvider, NewCustomer, PricedPlan};
use chrono::{SubsecRound, TimeDelta};
use domain::{EmailAddress, Frequency, TenantId, Tier, TierOffer, subscription::PlanChoice};
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::{PLATFORM_ADMIN, text};

use super::Shop;

#[tokio::test]
async fn a_trial_that_the_provider_holds_is_extended_there_and_followed() {
    let shop = Shop::open().await;
    let admin = shop.app.platform_admin().await;
    let customer = NewCustomer {
        tenant_id: TenantId::restore(&shop.owner.tenant_id),
        name: "Lee & Co".to_owned(),
        email: EmailAddress::restore(&shop.owner.email),
    };
    let customer = shop.provider().create_customer(&customer).await.unwrap();
    let account = [("tenant_id", shop.owner.tenant_id.as_str()), ("customer_id", customer.as_str())];
    let account = account.map(|(name, value)| (name.to_owned(), text(value)));
    shop.app.plant(Table::AccountBilling, account.into()).await;
    let item = PricedPlan {
        choice: PlanChoice { tier: Tier::Professional, frequency: Frequency::Monthly },
        list_price: TierOffer::seed(Tier::Professional).prices.monthly,
        discount: None,
    };
    let in_days = |days| (shop.app.now() + TimeDelta::days(days)).trunc_subsecs(0);
    let first_end = in_days(5);
    shop.provider().start(&customer, &item, Some(first_end)).await.unwrap();
    shop.deliver_events().await;
    assert_eq!(shop.current().await["status"], "trialing");

    let path = format!("/admin/users/{}/subscription/trial/extend", shop.owner.user_id);
    let extend = async |until| {
        let body = json!({ "new_expiration_date": until, "reason": "Late data" });
        shop.app.client.put(&path, &body).bearer(&admin.tokens.access).send().await
    };
    extend(in_days(4)).await.refused(422, "VALIDATION_ERROR").field_error("new_expiration_date");
    let until = in_days(9);
    assert_eq!(extend(until).await.data()["trial_end_date"], json!(until));
    let held = shop.provider().subscription(&shop.at_provider().await).await.unwrap().unwrap();
    assert_eq!(held.period.end(), until);
    // What the provider says of it is no news.
    shop.deliver_events().await;
    assert_eq!(shop.current().await["trial_end_date"], json!(until));
    let path = path.replace("/extend", "/history");
    let history = shop.app.client.get(&path).bearer(&admin.tokens.access).send().await.data();
    let expected = json!([{
        "previous_expiration_date": first_end, "new_expiration_date": until, "reason": "Late data",
        "extended_by": PLATFORM_ADMIN, "extended_at": shop.app.now(),
    }]);
    assert_eq!(history, expected);
    shop.close().await;
}
