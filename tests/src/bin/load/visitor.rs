//! One client, and what it saw.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, RequestBuilder, StatusCode, Url, header};
use serde_json::{Value, json};

const PASSWORD: &str = "plum-otter-canyon-27";
/// How long a client that was told to come back later stays away. Shorter than it was told, to keep the pressure.
const PAUSE: Duration = Duration::from_millis(100);
/// Failures that are kept to be shown; the others are counted.
const SHOWN_FAILURES: usize = 10;

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Register,
    Login,
    Refresh,
    Profile,
}

impl Operation {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::Profile => "profile",
        }
    }
}

/// What came of one kind of operation.
#[derive(Default)]
pub(crate) struct Samples {
    /// How long each success took.
    pub(crate) answered: Vec<Duration>,
    /// How often the service said that it has too much to do.
    pub(crate) refused: u64,
}

/// What came of everything.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) operations: BTreeMap<Operation, Samples>,
    pub(crate) failures: u64,
    pub(crate) shown_failures: Vec<String>,
}

impl Tally {
    /// Adds what somebody else saw.
    pub(crate) fn add(&mut self, other: Self) {
        for (operation, samples) in other.operations {
            let own = self.operations.entry(operation).or_default();
            own.answered.extend(samples.answered);
            own.refused += samples.refused;
        }
        self.failures += other.failures;
        self.shown_failures.extend(other.shown_failures);
        self.shown_failures.truncate(SHOWN_FAILURES);
    }

    fn fail(&mut self, operation: Operation, why: &str) {
        self.failures += 1;
        if self.shown_failures.len() < SHOWN_FAILURES {
            self.shown_failures.push(format!("{}: {why}", operation.name()));
        }
    }
}

/// A client, with the account that it signed up for last.
pub(crate) struct Visitor {
    http: Client,
    base: Url,
    addresses: Arc<AtomicU64>,
    email: String,
    access_token: String,
    refresh_token: String,
    /// What it saw.
    pub(crate) tally: Tally,
}

impl Visitor {
    /// A client that takes the number of its next address from `addresses`.
    pub(crate) fn new(http: &Client, base: &Url, addresses: &Arc<AtomicU64>) -> Self {
        Self {
            http: http.clone(),
            base: base.clone(),
            addresses: Arc::clone(addresses),
            email: String::new(),
            access_token: String::new(),
            refresh_token: String::new(),
            tally: Tally::default(),
        }
    }

    /// Another client of the same account.
    pub(crate) fn twin(&self) -> Self {
        Self {
            http: self.http.clone(),
            base: self.base.clone(),
            addresses: Arc::clone(&self.addresses),
            email: self.email.clone(),
            access_token: self.access_token.clone(),
            refresh_token: self.refresh_token.clone(),
            tally: Tally::default(),
        }
    }

    /// Signs up with an address that nobody has. Says whether that worked, as the others do.
    pub(crate) async fn register(&mut self) -> bool {
        let number = self.addresses.fetch_add(1, Ordering::Relaxed);
        self.email = format!("load-{}-{number}@example.com", std::process::id());
        let body = json!({
            "email": self.email, "password": PASSWORD, "first_name": "Ada", "last_name": "Byron"
        });
        let request = self.post("auth/register", &body);
        self.keep_tokens(Operation::Register, request).await
    }

    /// Signs in again.
    pub(crate) async fn login(&mut self) -> bool {
        let request = self.post("auth/login", &json!({ "email": self.email, "password": PASSWORD }));
        self.keep_tokens(Operation::Login, request).await
    }

    /// Exchanges the refresh token.
    pub(crate) async fn refresh(&mut self) -> bool {
        let request = self.post("auth/refresh", &json!({ "refresh_token": self.refresh_token }));
        self.keep_tokens(Operation::Refresh, request).await
    }

    /// Reads the profile.
    pub(crate) async fn profile(&mut self) -> bool {
        let request = self.http.get(self.at("user/profile")).bearer_auth(&self.access_token);
        match self.send(Operation::Profile, request).await {
            Some(data) if text(&data, "email") == Some(&self.email) => true,
            Some(data) => {
                self.tally.fail(Operation::Profile, &format!("another user's profile: {data}"));
                false
            }
            None => false,
        }
    }

    fn at(&self, route: &str) -> String {
        format!("{}/api/v1/{route}", self.base.as_str().trim_end_matches('/'))
    }

    fn post(&self, route: &str, body: &Value) -> RequestBuilder {
        self.http.post(self.at(route)).json(body)
    }

    async fn keep_tokens(&mut self, operation: Operation, request: RequestBuilder) -> bool {
        let Some(data) = self.send(operation, request).await else { return false };
        let (Some(access), Some(refresh)) = (text(&data, "access_token"), text(&data, "refresh_token")) else {
            self.tally.fail(operation, "no tokens: the service must not ask for confirmed addresses");
            return false;
        };
        access.clone_into(&mut self.access_token);
        refresh.clone_into(&mut self.refresh_token);
        true
    }

    /// The `data` of a success.
    async fn send(&mut self, operation: Operation, request: RequestBuilder) -> Option<Value> {
        let begun = Instant::now();
        let answer = async {
            let response = request.send().await?;
            let comes_back = response.headers().contains_key(header::RETRY_AFTER);
            Ok::<_, reqwest::Error>((response.status(), comes_back, response.json::<Value>().await?))
        };
        match answer.await {
            Ok((StatusCode::OK, _, mut body)) => {
                self.tally.operations.entry(operation).or_default().answered.push(begun.elapsed());
                return body.get_mut("data").map(Value::take);
            }
            Ok((StatusCode::SERVICE_UNAVAILABLE, true, body)) if text(&body, "code") == Some("SERVICE_UNAVAILABLE") => {
                self.tally.operations.entry(operation).or_default().refused += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Ok((status, _, body)) => self.tally.fail(operation, &format!("{status} {body}")),
            Err(error) => self.tally.fail(operation, &format!("{error:?}")),
        }
        None
    }
}

fn text<'a>(json: &'a Value, field: &str) -> Option<&'a str> {
    json.get(field)?.as_str()
}
