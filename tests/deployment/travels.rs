//! Everything that the service ever asks of the store: the journeys, and what lies beside their way.

use std::collections::BTreeSet;

use application::ports::PricedPlan;
use chrono::TimeDelta;
use domain::{
    Frequency, Tier, TierOffer,
    subscription::{CustomerId, PlanChoice},
};
use futures::{StreamExt, stream};
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::{Access, App, Issuer, Registration, Row, journeys, text};

/// What was asked of the store on every way through the service.
pub(crate) async fn accesses() -> BTreeSet<Access> {
    let travels = stream::iter(journeys::ALL).map(|(name, _)| async move {
        let app = App::start().await;
        journeys::run(name, &app).await;
        end(app).await
    });
    // More at once would make each other wait for longer than requests do.
    let mut made: BTreeSet<_> = travels.buffer_unordered(2).flat_map(stream::iter).collect().await;
    made.extend(administration().await);
    made.extend(members().await);
    made.extend(repeated_registration().await);
    made.extend(unreadable_message().await);
    made.extend(billing().await);
    made
}

async fn end(app: App) -> BTreeSet<Access> {
    app.deliver_mail().await;
    let accesses = app.accesses();
    app.finish().await;
    accesses
}

/// The lists of the whole platform, and a trial that is extended.
async fn administration() -> BTreeSet<Access> {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let by_address = format!("/admin/users?email={}", admin.email);
    for path in ["/admin/users", "/admin/tenants", "/admin/subscriptions", "/admin/audit"] {
        app.client.get(path).bearer(&admin.tokens.access).send().await.succeeded();
    }
    let trial = json!({ "tier_id": "starter" });
    app.client.post("/subscription/trial/start", &trial).bearer(&admin.tokens.access).send().await.succeeded();
    let longer = json!({ "new_expiration_date": app.now() + TimeDelta::days(20), "reason": "Late data" });
    let extend = format!("/admin/users/{}/subscription/trial/extend", admin.user_id);
    app.client.put(&extend, &longer).bearer(&admin.tokens.access).send().await.succeeded();
    // The address is claimed, and the index of addresses does not say so.
    app.set(Table::Users, &admin.user_id, "email", &app.address("other")).await;
    app.client.get(&by_address).bearer(&admin.tokens.access).send().await.succeeded();
    discount_codes(&app, &admin.tokens.access).await;
    end(app).await
}

/// A discount code from its beginning to its end.
async fn discount_codes(app: &App, admin: &str) {
    let body = json!({ "code": "SPRING27", "type": "percentage", "value": 20 });
    app.client.post("/admin/discount-codes", &body).bearer(admin).send().await.created();
    let call = app.client.post("/admin/discount-codes/SPRING27/disable", &json!({})).bearer(admin);
    call.documented_as("/api/v1/admin/discount-codes/{id}/disable").send().await.succeeded();
    app.client.get("/admin/discount-codes").bearer(admin).send().await.succeeded();
    app.client.get("/admin/discount-codes/SPRING27/usage").bearer(admin).send().await.succeeded();
    app.client.delete("/admin/discount-codes/SPRING27").bearer(admin).send().await.succeeded();
}

/// People join, one of them with Google, and leave again with links still open.
async fn members() -> BTreeSet<Access> {
    let issuer = Issuer::start().await;
    let app = App::builder().with_issuer(&issuer).start().await;
    let owner = app.member("owner").await;
    for name in ["first", "second"] {
        let email = app.address(name);
        let token = app.invited(&owner.tokens.access, &email).await;
        let id_token = issuer.sign(&issuer.google(&app, name, &email));
        let body = json!({
            "token": token, "first_name": "Gina", "last_name": "Lollo", "provider": "google", "id_token": id_token,
        });
        let joined = app.client.post("/invitations/activate", &body).send().await;
        app.sign_in_with("google", &id_token).await.succeeded();
        app.forgot(&email).await;
        let user_id = joined.data()["user"]["user_id"].as_str().unwrap().to_owned();
        let confirmation = [("token_hash", text(&"0".repeat(64))), ("user_id", text(&user_id))];
        let confirmation = confirmation.map(|(name, value)| (name.to_owned(), value)).into();
        app.plant(Table::VerificationTokens, confirmation).await;
        app.client.delete(&format!("/users/{user_id}")).bearer(&owner.tokens.access).send().await.succeeded();
    }
    end(app).await
}

/// A client that did not get the answer.
async fn repeated_registration() -> BTreeSet<Access> {
    let app = App::start().await;
    let registration = Registration::of(&app.address("key"));
    for _ in 0..2 {
        app.client.post("/auth/register", &registration.0).header("idempotency-key", "k").send().await.succeeded();
    }
    end(app).await
}

/// A message that nobody can read goes to the dead letters.
async fn unreadable_message() -> BTreeSet<Access> {
    let app = App::start().await;
    app.register(&Registration::of(&app.address("unread"))).await.succeeded();
    for mut row in app.rows(Table::AccountOutbox).await {
        row.insert("payload".to_owned(), text("not what was written"));
        app.plant(Table::AccountOutbox, row).await;
    }
    app.deliver_mail().await;
    let accesses = app.accesses();
    for row in app.rows(Table::AccountOutbox).await {
        remove(&app, &row).await;
    }
    app.finish().await;
    accesses
}

async fn remove(app: &App, message: &Row) {
    let delete = app.dynamodb.delete_item().table_name(app.tables.name(Table::AccountOutbox));
    let delete = delete.key("stream", message["stream"].clone()).key("position", message["position"].clone());
    delete.send().await.unwrap();
}

/// Somebody orders with a code and changes their mind, buys, and the provider says so, and speaks of somebody else as well.
async fn billing() -> BTreeSet<Access> {
    let app = App::start().await;
    let owner = app.member("buyer").await;
    let admin = app.platform_admin().await;
    let code = json!({ "code": "SPRING27", "type": "percentage", "value": 20 });
    app.client.post("/admin/discount-codes", &code).bearer(&admin.tokens.access).send().await.created();
    // Waits for its payment until another one takes its place, and the code is given back.
    let waiting = json!({ "tier_id": "professional", "frequency": "monthly", "promo_code": "SPRING27" });
    app.client.post("/user/subscription", &waiting).bearer(&owner.tokens.access).send().await.succeeded();
    let order = json!({ "tier_id": "starter", "frequency": "monthly", "payment_method_id": "pm_card_visa" });
    app.client.post("/user/subscription", &order).bearer(&owner.tokens.access).send().await.succeeded();
    let starter = TierOffer::seed(Tier::Starter);
    let item = PricedPlan {
        choice: PlanChoice { tier: Tier::Starter, frequency: Frequency::Monthly },
        list_price: starter.prices.monthly,
        discount: None,
    };
    let customer = app.billing().overview().await.unwrap().customers.remove(0).id;
    app.billing().start(&CustomerId::restore(customer), &item, None).await.unwrap();
    for event in app.billing().take_events().await.unwrap() {
        let signed = app.billing().sign(&event);
        let call = app.client.post("/billing/webhook/stripe", &json!({}));
        let call = call.body("application/json; charset=utf-8", signed.body);
        call.header("stripe-signature", &signed.signature).send().await.succeeded();
    }
    end(app).await
}
