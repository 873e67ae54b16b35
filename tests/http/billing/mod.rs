//! Subscriptions, and what is paid for them, on the provider inside the process.

mod breaking_off;
mod changing;
mod closing;
mod discounted;
mod ending;
mod held_trials;
mod lagging;
mod overtaking;
mod racing;
mod shuffled;
mod subscribing;
mod webhooks;

use chrono::TimeDelta;
use domain::subscription::ProviderSubscriptionId;
use infrastructure::{
    billing::local::{LocalBilling, Overview, SignedEvent},
    dynamodb::tables::Table,
};
use serde_json::{Value, json};
use tests::{Answer, App, python::PythonUser};

/// A card that pays.
const VISA: &str = "pm_card_visa";
/// A card that does not.
const DECLINED: &str = "pm_card_chargeDeclined";

/// An organisation with an owner, who buys.
struct Shop {
    app: App,
    owner: PythonUser,
}

impl Shop {
    async fn open() -> Self {
        let app = App::start().await;
        let owner = app.python_user("owner@example.com").await;
        Self { app, owner }
    }

    /// The same place for another organisation, which has bought nothing yet.
    async fn of_another(self, name: &str) -> Self {
        let owner = self.app.python_user(&format!("{name}@example.com")).await;
        Self { owner, ..self }
    }

    /// An access token of the owner.
    fn token(&self) -> String {
        self.owner.access_token(&self.app)
    }

    async fn close(self) {
        self.deliver_events().await;
        self.app.finish().await;
    }

    fn provider(&self) -> &LocalBilling {
        self.app.billing()
    }

    async fn get(&self, route: &str) -> Answer {
        self.app.client.get(route).bearer(&self.token()).send().await
    }

    async fn post(&self, route: &str, body: Value) -> Answer {
        self.app.client.post(route, &body).bearer(&self.token()).send().await
    }

    async fn put(&self, route: &str, body: Value) -> Answer {
        self.app.client.put(route, &body).bearer(&self.token()).send().await
    }

    async fn delete(&self, route: &str, body: Value) -> Answer {
        self.app.client.delete(route).json(&body).bearer(&self.token()).send().await
    }

    async fn subscribe(&self, tier: &str, frequency: &str, card: Option<&str>) -> Answer {
        let body = json!({ "tier_id": tier, "frequency": frequency, "payment_method_id": card });
        self.post("/user/subscription", body).await
    }

    /// A subscription that is paid.
    async fn subscribed(&self, tier: &str, frequency: &str) -> Value {
        let answer = self.subscribe(tier, frequency, Some(VISA)).await.data();
        assert_eq!(answer["subscription"]["status"], "active");
        answer["subscription"].clone()
    }

    /// Subscribes by card, unless that has happened.
    async fn subscribed_or_was(&self, tier: &str) {
        let answer = self.subscribe(tier, "monthly", Some(VISA)).await;
        assert!(matches!(answer.status, 200 | 409), "{}", answer.text());
        let current = self.current().await;
        assert_eq!((&current["status"], &current["tier"]["id"]), (&json!("active"), &json!(tier)));
    }

    async fn current(&self) -> Value {
        self.get("/user/subscription").await.data()
    }

    async fn overview(&self) -> Overview {
        self.provider().overview().await.unwrap()
    }

    /// What the provider has charged the tenant, in cents, oldest first.
    async fn charges(&self) -> Vec<u64> {
        let Overview { customers, ledger, .. } = self.overview().await;
        let ours = customers.into_iter().filter(|customer| customer.tenant_id == self.owner.tenant_id);
        let ours: Vec<_> = ours.map(|customer| customer.id).collect();
        let entries = ledger.into_iter().filter(|entry| ours.contains(&entry.customer_id));
        entries.map(|entry| entry.bill.charged).filter(|cents| *cents > 0).collect()
    }

    /// The provider's name for the one subscription that it has.
    async fn at_provider(&self) -> ProviderSubscriptionId {
        let overview = self.overview().await;
        let [only] = overview.subscriptions.as_slice() else { panic!("{:?}", overview.subscriptions) };
        ProviderSubscriptionId::restore(only.id.clone())
    }

    /// Sends an event as the provider does.
    async fn send(&self, event: &SignedEvent) -> Answer {
        let call = self.app.client.call(axum::http::Method::POST, "/billing/webhook/stripe");
        let call = call.body("application/json; charset=utf-8", event.body.clone());
        call.header("stripe-signature", &event.signature).send().await
    }

    /// Sends everything that the provider has to say.
    async fn deliver_events(&self) {
        for event in self.provider().take_events().await.unwrap() {
            self.send(&self.provider().sign(&event)).await.succeeded();
        }
    }

    /// Lets time go by, and the provider do and say what it brings.
    async fn wait(&self, time: TimeDelta) {
        self.app.clock.advance(time);
        self.provider().settle().await.unwrap();
        self.deliver_events().await;
    }

    /// The rows of the tenant's subscriptions.
    async fn rows(&self) -> usize {
        self.app.rows(Table::Subscriptions).await.len()
    }
}
