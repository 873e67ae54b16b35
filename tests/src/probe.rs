//! Watches the calls to DynamoDB: counts them, and loses those that a test wants lost.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use aws_sdk_dynamodb::{Client, config::retry::RetryConfig};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use tokio::sync::Notify;

use crate::Access;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never reaches the store.
    RequestLost,
    /// The store does what it is asked, and nobody learns of it.
    AnswerLost,
}

/// What was asked of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many calls there were of each operation.
    pub calls: BTreeMap<String, usize>,
    /// How often the number of calls in flight went from none to one. Calls that are made together wait
    /// together, so this is how many times the latency of the store is paid.
    pub round_trips: usize,
}

impl Tally {
    /// How many calls there were.
    pub fn total(&self) -> usize {
        self.calls.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} round trips:", self.round_trips)?;
        self.calls.iter().try_for_each(|(operation, count)| write!(f, " {operation} {count}"))
    }
}

#[derive(Debug, Default)]
struct State {
    tally: Tally,
    accesses: BTreeSet<Access>,
    in_flight: usize,
    /// Which of the calls to come fail, counted from 0.
    faults: Option<(usize, usize, Fault)>,
    /// The operation whose next call is held, and by whom.
    held: Option<(&'static str, Arc<Gate>)>,
    /// The table whose indexes do not follow it any more, and what queries of them have found.
    lagging: Option<(String, Found)>,
}

/// The bodies of the answers to queries, by what they ask.
type Found = HashMap<Vec<u8>, Vec<u8>>;

#[derive(Debug, Default)]
struct Gate {
    reached: Notify,
    opened: Notify,
}

/// A call that is held before it reaches the store.
#[must_use = "the call goes on when it is told to"]
pub struct Held(Arc<Gate>);

impl Held {
    /// Waits until the call is made, does something meanwhile, and lets the call go on.
    pub async fn meanwhile<T>(self, work: impl Future<Output = T>) -> T {
        self.0.reached.notified().await;
        let result = work.await;
        self.0.opened.notify_one();
        result
    }
}

/// Stands between a client and its DynamoDB.
#[derive(Clone, Debug, Default)]
pub struct Probe(Arc<Mutex<State>>);

impl Probe {
    /// The same client, watched. It does not retry, so that a call of the service is a call here.
    pub fn watch(&self, client: &Client) -> Client {
        let config = client.config();
        let watched = Watched { probe: self.clone(), inner: config.http_client().expect("every client has one") };
        let config = config.to_builder().http_client(watched).retry_config(RetryConfig::disabled()).build();
        Client::from_conf(config)
    }

    /// What `work` asks of the store.
    pub async fn measure<T>(&self, work: impl Future<Output = T>) -> (T, Tally) {
        self.state().tally = Tally::default();
        let result = work.await;
        (result, self.state().tally.clone())
    }

    /// What a role must allow for everything that was asked so far.
    pub fn accesses(&self) -> BTreeSet<Access> {
        self.state().accesses.clone()
    }

    /// Makes one call fail: the next when `after` is 0.
    pub fn break_call(&self, after: usize, fault: Fault) {
        self.state().faults = Some((after, 1, fault));
    }

    /// Makes every call fail until [`Self::mend`].
    pub fn break_all(&self) {
        self.state().faults = Some((0, usize::MAX, Fault::RequestLost));
    }

    /// Lets calls succeed again. Says whether a fault is left that no call has met.
    pub fn mend(&self) -> bool {
        self.state().faults.take().is_some()
    }

    /// Holds the next call of an operation.
    pub fn hold(&self, operation: &'static str) -> Held {
        let gate = Arc::<Gate>::default();
        self.state().held = Some((operation, Arc::clone(&gate)));
        Held(gate)
    }

    /// Keeps the indexes of a table from following it: what a query finds in one when it asks for the first time, it finds
    /// from then on. The embedded store has no such lag.
    pub fn let_lag(&self, table: &str) {
        self.state().lagging = Some((table.to_owned(), Found::new()));
    }

    /// Lets the indexes catch up.
    pub fn catch_up(&self) {
        self.state().lagging = None;
    }

    /// What a query of a lagging index has found before.
    fn found_before(&self, body: &[u8]) -> Option<HttpResponse> {
        let body = self.state().lagging.as_ref()?.1.get(body)?.clone();
        Some(HttpResponse::new(200_u16.try_into().ok()?, body.into()))
    }

    /// Keeps what a query of a lagging index finds.
    fn keep(&self, operation: &str, body: &[u8], answer: &HttpResponse) {
        let mut state = self.state();
        let Some((table, found)) = &mut state.lagging else { return };
        let text = String::from_utf8_lossy(body);
        if operation == "Query" && text.contains("IndexName") && text.contains(&format!("\"{table}\"")) {
            found.extend(answer.body().bytes().map(|answer| (body.to_vec(), answer.to_vec())));
        }
    }

    fn gate(&self, operation: &str) -> Option<Arc<Gate>> {
        self.state().held.take_if(|(held, _)| *held == operation).map(|(_, gate)| gate)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the probe")
    }

    fn begin(&self, operation: &str, body: &[u8]) -> Option<Fault> {
        let mut state = self.state();
        state.accesses.extend(Access::of(operation, body));
        *state.tally.calls.entry(operation.to_owned()).or_default() += 1;
        state.tally.round_trips += usize::from(state.in_flight == 0);
        state.in_flight += 1;
        let (after, count, fault) = state.faults?;
        if let Some(after) = after.checked_sub(1) {
            state.faults = Some((after, count, fault));
            return None;
        }
        state.faults = (count > 1).then_some((0, count, fault));
        Some(fault)
    }
}

/// Counts a call as in flight for as long as it lives: a caller may stop waiting.
struct InFlight(Probe);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
    }
}

#[derive(Clone, Debug)]
struct Watched<T> {
    probe: Probe,
    inner: T,
}

impl HttpClient for Watched<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, parts);
        SharedHttpConnector::new(Watched { probe: self.probe.clone(), inner })
    }
}

impl HttpConnector for Watched<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { probe, inner } = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
            let operation = target.rsplit('.').next().unwrap_or_default();
            if let Some(gate) = probe.gate(operation) {
                gate.reached.notify_one();
                gate.opened.notified().await;
            }
            let asked = request.body().bytes().unwrap_or_default().to_vec();
            let fault = probe.begin(operation, &asked);
            let _in_flight = InFlight(probe.clone());
            // The embedded store may have answered before the caller looks for the first time. Calls that are made
            // together count as that, so each waits until the others had their turn to begin.
            tokio::task::yield_now().await;
            if fault == Some(Fault::RequestLost) {
                return Err(ConnectorError::io("the test lost the request".into()));
            }
            let answer = match probe.found_before(&asked) {
                Some(found) => Ok(found),
                None => inner.call(request).await,
            };
            if let Ok(answer) = &answer {
                probe.keep(operation, &asked, answer);
            }
            if fault == Some(Fault::AnswerLost) {
                return Err(ConnectorError::timeout("the test lost the answer".into()));
            }
            answer
        })
    }
}
