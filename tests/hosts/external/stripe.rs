//! Stripe, as localstripe stands in for it: an implementation that knows nothing of this one. It has customers, payment
//! methods and signed webhooks, and none of the prices that an order needs (`infrastructure/src/stripe/tests` has those).

use std::{path::Path, process::Command};

use libtest_mimic::Trial;
use reqwest::Client;
use serde_json::{Value, json};

use crate::{local::LocalHost, program::Program, tools::tool};

pub(crate) fn trials() -> Vec<Trial> {
    trials![a_tenant_becomes_a_customer, rule_28_events_are_taken_with_the_right_signature_only]
}

const KEY: &str = "sk_test_12345";
const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";
const OTHER_SECRET: &str = "whsec_fedcba9876543210fedcba9876543210";

async fn a_tenant_becomes_a_customer() {
    let stripe = Stripe::start();
    let data = tempfile::tempdir().unwrap();
    let host = stripe.host(data.path());
    let owner = host.api.register("ada@example.com").await.unwrap();
    let order = json!({ "tier_id": "starter", "frequency": "monthly" });
    for _ in 0..2 {
        let ordered = stripe.client.post(format!("{}/api/v1/user/subscription", host.api.url));
        let ordered = ordered.bearer_auth(owner.text("/access_token")).json(&order).send().await.unwrap();
        let answer: Value = ordered.json().await.unwrap();
        // It has no prices.
        assert_eq!(answer["code"], "STRIPE_ERROR", "{answer}");
    }
    let customers = stripe.get("/v1/customers").await;
    let [customer] = customers["data"].as_array().unwrap().as_slice() else { panic!("{customers}") };
    assert_eq!(customer["metadata"]["tenant_id"], owner.text("/tenant/id"));
    assert_eq!(
        (&customer["email"], &customer["name"]),
        (&"ada@example.com".into(), &owner.text("/tenant/name").into())
    );
}

async fn rule_28_events_are_taken_with_the_right_signature_only() {
    let mut stripe = Stripe::start();
    let data = tempfile::tempdir().unwrap();
    let host = stripe.host(data.path());
    let address = format!("{}/api/v1/billing/webhook/stripe", host.api.url);
    for (secret, outcome) in [
        (SECRET, r#"webhook "customer.created" successfully delivered"#),
        (OTHER_SECRET, r#"webhook "customer.created" failed with response code 400"#),
    ] {
        stripe.post("/_config/webhooks/account", &[("url", &address), ("secret", secret)]).await;
        stripe.post("/v1/customers", &[("name", "Ärger & Söhne")]).await;
        stripe.server.wait_for(outcome, |said| said.stderr.iter().find(|line| line.contains(outcome)).map(drop));
    }
}

/// localstripe.
struct Stripe {
    url: String,
    client: Client,
    server: Program,
}

impl Stripe {
    fn start() -> Self {
        let mut python = Command::new(tool("ACCOUNT_TEST_PYTHON"));
        python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/localstripe_server.py"));
        let mut server = Program::start(&mut python);
        let said: Value = server.wait_for("line that says where it is", |said| {
            said.stdout.iter().find_map(|line| serde_json::from_str(line).ok())
        });
        let client = Client::builder().no_proxy().build().unwrap();
        Self { url: said["url"].as_str().unwrap().to_owned(), client, server }
    }

    /// A local host whose billing provider it is.
    fn host(&self, data_dir: &Path) -> LocalHost {
        let settings = [
            ("REQUIRE_EMAIL_VERIFICATION", "false"),
            ("BILLING_PROVIDER", "stripe"),
            ("STRIPE_API_URL", self.url.as_str()),
            ("STRIPE_SECRET_KEY", KEY),
            ("STRIPE_WEBHOOK_SECRETS", SECRET),
        ];
        LocalHost::start(data_dir, &settings)
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(KEY);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) {
        let body = form.iter().map(|(name, value)| format!("{name}={}", percent_encoded(value)));
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(KEY);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let sent = request.body(body.collect::<Vec<_>>().join("&")).send().await.unwrap();
        sent.error_for_status().unwrap();
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}
