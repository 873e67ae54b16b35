//! The billing provider inside the process.

use std::fs;

use reqwest::{Client, Method, StatusCode, redirect::Policy};
use serde_json::{Value, json};

use crate::{
    UNVERIFIED,
    api::Answer,
    local::{self, LocalHost},
    program::{PATIENCE, Program},
};

/// A local host, and the owner of an organisation who buys something there.
pub(crate) struct Shop {
    host: LocalHost,
    client: Client,
    token: String,
}

impl Shop {
    pub(crate) async fn open(data: &std::path::Path) -> Self {
        let host = LocalHost::start(data, &[UNVERIFIED]);
        let token = host.api.register("ada@example.com").await.unwrap().text("/access_token").to_owned();
        Self::of(host, token)
    }

    fn of(host: LocalHost, token: String) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { host, client, token }
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.client.request(method, format!("{}/api/v1{path}", self.host.api.url));
        let response = request.bearer_auth(&self.token).json(body).send().await.unwrap();
        let answer = Answer { status: response.status(), body: response.json().await.unwrap() };
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// Orders a subscription, and answers with the provider's name for it.
    pub(crate) async fn subscribe(&self, card: Option<&str>) -> String {
        let order = json!({ "tier_id": "starter", "frequency": "monthly", "payment_method_id": card });
        self.call(Method::POST, "/user/subscription", &order).await;
        self.at_provider().await["id"].as_str().unwrap().to_owned()
    }

    /// Has everything published that waits: a host that is killed with an event in hand keeps it for a minute.
    pub(crate) async fn deliver_events(&self) {
        self.host.api.dev("events").await.unwrap();
    }

    /// The one subscription that the provider has.
    async fn at_provider(&self) -> Value {
        let overview = self.overview().await;
        assert_eq!(overview["subscriptions"].as_array().unwrap().len(), 1, "{overview}");
        overview["subscriptions"][0].clone()
    }

    async fn overview(&self) -> Value {
        self.host.api.dev("billing").await.unwrap().body
    }

    /// Presses a button of the dashboard.
    async fn press(&self, button: &str, subscription: &str, headers: &[(&str, &str)]) -> StatusCode {
        let path = format!("/dev/billing/subscriptions/{subscription}/{button}");
        let press = self.client.post(format!("{}{path}", self.host.api.url));
        let press = headers.iter().fold(press, |press, (name, value)| press.header(*name, *value));
        press.send().await.unwrap().status()
    }

    /// Waits until the service knows what the provider has told it.
    async fn until(&self, status: &str) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while self.call(Method::GET, "/user/subscription", &Value::Null).await.text("/status") != status {
                tokio::task::yield_now().await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("the subscription never became {status}"));
    }
}

#[tokio::test]
async fn the_dashboard_pays_fails_and_ends_what_is_subscribed_to() {
    let data = tempfile::tempdir().unwrap();
    let shop = Shop::open(data.path()).await;
    let id = shop.subscribe(None).await;
    shop.until("unpaid").await;
    // What happens at the provider reaches the service through its own webhook.
    for (button, status) in [("pay", "active"), ("fail-next-payment", "active"), ("advance", "past_due")] {
        assert_eq!(shop.press(button, &id, &[]).await, 303, "{button}");
        shop.until(status).await;
    }
    assert_eq!(shop.press("cancel", &id, &[]).await, 303);
    shop.until("cancelled").await;
    for (button, subscription, status) in
        [("advance", id.as_str(), 409), ("pay", &id, 409), ("refund", &id, 404), ("cancel", "sub_unknown", 404)]
    {
        assert_eq!(shop.press(button, subscription, &[]).await, status, "{button}");
    }
}

#[tokio::test]
async fn the_dashboard_is_a_page_to_which_portals_lead() {
    let data = tempfile::tempdir().unwrap();
    let shop = Shop::open(data.path()).await;
    shop.subscribe(Some("pm_card_visa")).await;
    let portal = shop.call(Method::POST, "/billing/portal", &json!({})).await;
    let url = portal.text("/url");
    assert!(url.starts_with(&format!("{}/dev/billing?customer=cus_", shop.host.api.url)), "{url}");

    let page = shop.client.get(url).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-store");
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    assert!(page.text().await.unwrap().contains("<title>Billing"));

    // A button leads back to the same page.
    let (page, query) = url.split_once('?').unwrap();
    let id = shop.at_provider().await["id"].as_str().unwrap().to_owned();
    let pressed = shop.client.post(format!("{page}/subscriptions/{id}/cancel?{query}")).send().await.unwrap();
    assert_eq!(pressed.headers()["location"].to_str().unwrap(), format!("/dev/billing?{query}"));
}

#[tokio::test]
async fn another_site_cannot_press_the_buttons() {
    let data = tempfile::tempdir().unwrap();
    let shop = Shop::open(data.path()).await;
    let id = shop.subscribe(Some("pm_card_visa")).await;
    for header in [("origin", "https://evil.example.com"), ("sec-fetch-site", "cross-site")] {
        assert_eq!(shop.press("cancel", &id, &[header]).await, 403, "{header:?}");
    }
    assert_eq!(shop.at_provider().await["status"], "active");
    let same_origin = [("sec-fetch-site", "same-origin"), ("origin", shop.host.api.url.as_str())];
    assert_eq!(shop.press("cancel", &id, &same_origin).await, 303);
}

#[tokio::test]
async fn what_was_paid_survives_a_restart_and_what_was_not_told_is_told_then() {
    let data = tempfile::tempdir().unwrap();
    let shop = Shop::open(data.path()).await;
    let id = shop.subscribe(Some("pm_card_visa")).await;
    let (overview, token) = (shop.overview().await, shop.token.clone());
    drop(shop);

    let start = || LocalHost::start(data.path(), &[UNVERIFIED]);
    let shop = Shop::of(start(), token.clone());
    assert_eq!(shop.overview().await, overview);
    assert_eq!(shop.press("cancel", &id, &[]).await, 303);
    // Killed before, while or after the service hears of it.
    drop(shop);
    Shop::of(start(), token).until("cancelled").await;
}

#[tokio::test]
async fn broken_books_keep_the_service_from_starting_and_stay_as_they_are() {
    let data = tempfile::tempdir().unwrap();
    let books = data.path().join("billing.json");
    fs::write(&books, "{").unwrap();
    let ended = Program::start(&mut local::command(data.path(), &[])).wait();
    let said = ended.said.stderr.join("\n");
    assert!(!ended.status.success());
    assert!(said.contains("billing.json does not hold the books of the local billing provider"), "{said}");
    assert_eq!(fs::read_to_string(&books).unwrap(), "{");
}
