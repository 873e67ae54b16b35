//! A client of the service.

use reqwest::{Client, RequestBuilder, Result, StatusCode};
use serde_json::{Value, json};

/// A password that the service takes.
pub(crate) const PASSWORD: &str = "plum-otter-canyon-27";

/// The service at one address.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    /// Without a path.
    pub(crate) url: String,
}

/// An answer in JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Api {
    pub(crate) fn new(url: String) -> Self {
        Self { client: Client::builder().no_proxy().build().unwrap(), url }
    }

    pub(crate) async fn register(&self, email: &str) -> Result<Answer> {
        self.post("/api/v1/auth/register", &registration(email)).await
    }

    pub(crate) async fn login(&self, email: &str) -> Result<Answer> {
        self.post("/api/v1/auth/login", &json!({ "email": email, "password": PASSWORD })).await
    }

    pub(crate) async fn profile(&self, access_token: &str) -> Result<Answer> {
        answer(self.client.get(self.at("/api/v1/user/profile")).bearer_auth(access_token)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        answer(self.client.post(self.at(path)).json(body)).await
    }

    pub(crate) async fn mailbox(&self) -> Result<Answer> {
        self.dev("mailbox").await
    }

    /// A list for developers.
    pub(crate) async fn dev(&self, list: &str) -> Result<Answer> {
        answer(self.client.get(self.at("/dev/") + list).header("accept", "application/json")).await
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

/// The body that registers `email`.
pub(crate) fn registration(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "first_name": "Ada", "last_name": "Byron" })
}

async fn answer(request: RequestBuilder) -> Result<Answer> {
    let response = request.send().await?;
    Ok(Answer { status: response.status(), body: response.json().await? })
}

impl Answer {
    /// The text at `path` of the answer's `data`.
    pub(crate) fn text(&self, path: &str) -> &str {
        let found = self.body["data"].pointer(path).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no text at data{path} of {self:?}"))
    }
}
