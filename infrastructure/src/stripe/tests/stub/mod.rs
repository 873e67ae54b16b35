//! A server that stands in for Stripe, written from the description of its API: what it takes, what it answers, and what
//! it does once however often it is asked. It refuses what it does not know, as Stripe does.

mod catalogue;
mod params;
mod schedules;
mod state;
mod subscriptions;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::{Value, json};
use url::Url;

use params::Params;
pub(super) use state::{Card, State};

use crate::fixtures::server::{Received, Reply, Server, answer};

/// The key that it knows.
pub(super) const KEY: &str = "sk_test_stub";

/// What goes wrong with a request.
#[derive(Clone)]
pub(super) enum Fault {
    /// It never arrives.
    Lost,
    /// It is fulfilled, and the answer is lost.
    AnswerLost,
    /// This comes back, from whoever is in between.
    Instead(String),
    /// It breaks down at Stripe, before or after it is fulfilled, and that is remembered.
    BreakDown { is_fulfilled: bool },
    /// Nothing comes back.
    Silence,
    /// More comes back than anybody wants to read.
    Endless,
}

/// A request as the stand-in saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Method and path.
    pub(super) what: String,
    pub(super) idempotency_key: Option<String>,
    pub(super) body: String,
}

/// An answer: status and body.
pub(super) type Result = std::result::Result<Value, Error>;

/// An error as Stripe words it.
#[derive(Clone, Debug)]
pub(super) struct Error {
    status: u16,
    body: Value,
}

impl Error {
    fn new(status: u16, kind: &str, code: Option<&str>, param: Option<&str>) -> Self {
        let message = "A sentence about sub_1 and somebody@example.com.";
        Self { status, body: json!({ "type": kind, "code": code, "param": param, "message": message }) }
    }

    pub(super) fn invalid(code: &str, param: &str) -> Self {
        Self::new(400, "invalid_request_error", Some(code), Some(param))
    }

    pub(super) fn missing(param: &str) -> Self {
        Self::new(404, "invalid_request_error", Some("resource_missing"), Some(param))
    }

    pub(super) fn card(code: &str, decline_code: Option<&str>) -> Self {
        let mut error = Self::new(402, "card_error", Some(code), None);
        error.body["decline_code"] = json!(decline_code);
        error
    }
}

struct Inner {
    state: State,
    seen: Vec<Seen>,
    answered: HashMap<String, (Seen, u16, Value)>,
    faults: Vec<Option<Fault>>,
    fault_from: Option<(usize, Fault)>,
    key: String,
}

/// The stand-in.
pub(super) struct Stub {
    pub(super) url: Url,
    inner: Arc<Mutex<Inner>>,
}

impl Stub {
    pub(super) fn start(now: i64) -> Self {
        let inner = Arc::new(Mutex::new(Inner {
            state: State::new(now),
            seen: Vec::new(),
            answered: HashMap::new(),
            faults: Vec::new(),
            fault_from: None,
            key: KEY.to_owned(),
        }));
        let shared = Arc::clone(&inner);
        let server = Server::start(Reply::Of(Arc::new(move |request| shared.lock().unwrap().reply(request))));
        Self { url: server.url, inner }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Looks at the state, or changes it behind everybody's back.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.inner().state)
    }

    /// What goes wrong with the next requests, one after the other.
    pub(super) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inner().faults = faults.into_iter().map(Some).collect();
    }

    /// What goes wrong with every request, once that many have been answered.
    pub(super) fn fail_after(&self, answered: usize, fault: Fault) {
        let mut inner = self.inner();
        let from = inner.seen.len() + answered;
        inner.fault_from = Some((from, fault));
    }

    /// What goes wrong with some requests, once that many have been answered.
    pub(super) fn fail_once_after(&self, answered: usize, faults: Vec<Fault>) {
        self.inner().faults = std::iter::repeat_n(None, answered).chain(faults.into_iter().map(Some)).collect();
    }

    /// Nothing goes wrong any more.
    pub(super) fn heal(&self) {
        let mut inner = self.inner();
        (inner.faults, inner.fault_from) = (Vec::new(), None);
    }

    /// From now on, another key counts.
    pub(super) fn roll_key(&self, key: &str) {
        key.clone_into(&mut self.inner().key);
    }

    /// A day has passed: no key is remembered.
    pub(super) fn forget_keys(&self) {
        self.inner().answered.clear();
    }

    /// What was asked since the last time, oldest first.
    pub(super) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.inner().seen)
    }
}

impl Inner {
    fn reply(&mut self, request: &Received) -> Reply {
        let mut words = request.line.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let seen = Seen {
            what: format!("{method} {path}"),
            idempotency_key: request.headers.get("idempotency-key").cloned(),
            body: if method == "POST" { request.body.clone() } else { query.to_owned() },
        };
        self.seen.push(seen.clone());
        let fault = match &self.fault_from {
            Some((from, fault)) if self.seen.len() > *from => Some(fault.clone()),
            _ if self.faults.is_empty() => None,
            _ => self.faults.remove(0),
        };
        match fault {
            Some(Fault::Lost) => return Reply::HangUp,
            Some(Fault::Instead(text)) => return Reply::Text(text),
            Some(Fault::Silence) => return Reply::Silence,
            Some(Fault::Endless) => return Reply::Endless,
            Some(Fault::BreakDown { .. } | Fault::AnswerLost) | None => {}
        }
        let remembered = self.answered.contains_key(seen.idempotency_key.as_deref().unwrap_or_default());
        let (status, body) = match fault {
            Some(Fault::BreakDown { is_fulfilled }) if !remembered => self.break_down(request, seen, is_fulfilled),
            _ => self.fulfil(request, seen),
        };
        if matches!(fault, Some(Fault::AnswerLost)) {
            return Reply::HangUp;
        }
        let is_replayed = remembered && body["error"]["type"] != "idempotency_error";
        let headers = format!("request-id: req_1\r\nidempotent-replayed: {is_replayed}\r\n");
        Reply::Text(answer(&format!("{status} Whatever"), &headers, &body.to_string()))
    }

    fn break_down(&mut self, request: &Received, seen: Seen, is_fulfilled: bool) -> (u16, Value) {
        if is_fulfilled {
            self.fulfil(request, seen.clone());
        }
        let broken = (500, json!({ "error": Error::new(500, "api_error", None, None).body }));
        if let Some(key) = seen.idempotency_key.clone() {
            self.answered.insert(key, (seen, broken.0, broken.1.clone()));
        }
        broken
    }

    fn fulfil(&mut self, request: &Received, seen: Seen) -> (u16, Value) {
        let header = |name: &str| request.headers.get(name).map(String::as_str);
        if header("authorization") != Some(format!("Bearer {}", self.key).as_str()) {
            let error = Error::new(401, "invalid_request_error", None, None);
            return (401, json!({ "error": error.body }));
        }
        assert_eq!(header("stripe-version"), Some("2026-08-26.dahlia"));
        let is_post = seen.what.starts_with("POST ");
        assert_eq!(seen.idempotency_key.is_some(), is_post, "{seen:?}");
        if is_post {
            assert_eq!(header("content-type"), Some("application/x-www-form-urlencoded"));
        }
        let key = seen.idempotency_key.clone().unwrap_or_default();
        if let Some((before, status, body)) = self.answered.get(&key) {
            if *before == seen {
                return (*status, body.clone());
            }
            let error = Error::new(400, "idempotency_error", None, None);
            return (400, json!({ "error": error.body }));
        }
        let (status, body) = match self.state.fulfil(&seen.what, Params::parse(&seen.body)) {
            Ok(body) => (200, body),
            Err(Error { status, body }) => (status, json!({ "error": body })),
        };
        // What is wrong with a request is not remembered; what came of it is.
        if is_post && matches!(status, 200 | 402) {
            self.answered.insert(key, (seen, status, body.clone()));
        }
        (status, body)
    }
}

impl State {
    fn fulfil(&mut self, what: &str, mut params: Params) -> Result {
        params.read_expansions();
        let (method, path) = what.split_once(" /v1/").unwrap();
        let segments: Vec<_> = path.split('/').collect();
        let answer = match (method, segments.as_slice()) {
            ("POST", ["customers"]) => self.create_customer(&mut params),
            ("POST", ["customers", id]) => self.update_customer(id, &mut params),
            ("GET", ["prices"]) => self.list_prices(&mut params),
            ("POST", ["prices"]) => self.create_price(&mut params),
            ("POST", ["products"]) => self.create_product(&mut params),
            ("GET", ["coupons", id]) => self.coupon(id),
            ("POST", ["coupons"]) => self.create_coupon(&mut params),
            ("GET", ["payment_methods", id]) => self.payment_method(id),
            ("POST", ["payment_methods", id, "attach"]) => self.attach(id, &mut params),
            ("GET", ["subscriptions"]) => self.list_subscriptions(&mut params),
            ("POST", ["subscriptions"]) => self.create_subscription(&mut params),
            ("GET", ["subscriptions", id]) => self.subscription(id, &params),
            ("POST", ["subscriptions", id]) => self.update_subscription(id, &mut params),
            ("DELETE", ["subscriptions", id]) => self.cancel_subscription(id, &mut params),
            ("POST", ["invoices", id, "pay"]) => self.pay(id, &mut params),
            ("POST", ["subscription_schedules"]) => self.create_schedule(&mut params),
            ("GET", ["subscription_schedules", id]) => self.schedule(id, &params),
            ("POST", ["subscription_schedules", id]) => self.update_schedule(id, &mut params),
            ("POST", ["subscription_schedules", id, "release"]) => self.release_schedule(id),
            ("GET", ["billing_portal", "configurations"]) => Ok(self.list_configurations(&mut params)),
            ("POST", ["billing_portal", "configurations"]) => Ok(self.create_configuration(&mut params)),
            ("POST", ["billing_portal", "sessions"]) => self.create_session(&mut params),
            _ => panic!("nobody knows {what}"),
        }?;
        match params.left_over() {
            Some(name) => panic!("{what} has a parameter that nobody knows: {name}"),
            None => Ok(answer),
        }
    }
}
