//! What the service counts and times: the one list of metrics, and everything that records them.
//!
//! `docs/telemetry.md` shows the list; alarms and dashboards are held to it. Values of dimensions come from closed
//! lists of ours, because each combination is a metric that somebody pays for, and none names a person or a tenant.

use std::time::Duration;

use chrono::TimeDelta;
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

use crate::ports::OutboxPayload;

/// Where the metrics are in `CloudWatch`.
pub const NAMESPACE: &str = "PurposePath/Account";

/// The dimension that every metric has beside its own.
pub const STAGE: &str = "Stage";

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub unit: Unit,
    /// Its dimensions beside [`STAGE`].
    pub dimensions: &'static [&'static str],
    /// What it says, for people, with the values of its dimension in backquotes where there is a closed list of them.
    pub meaning: &'static str,
}

const REQUESTS: &str = "Requests";
const REQUEST_LATENCY: &str = "RequestLatency";
const SIGN_INS: &str = "SignIns";
const LOCK_OUTS: &str = "LockOuts";
const MAILS: &str = "Mails";
const EVENTS: &str = "Events";
const OUTBOX_LAG: &str = "OutboxLag";
const WEBHOOKS: &str = "Webhooks";
const COLD_STARTS: &str = "ColdStarts";

const OUTCOME: &str = "Outcome";
const ROUTE: &str = "Route";
const STATUS: &str = "Status";

/// Every metric.
pub const METRICS: [Metric; 9] = [
    Metric {
        name: REQUESTS,
        unit: Unit::Count,
        dimensions: &[STATUS],
        meaning: "Answers, by class of status (`2xx`, `3xx`, `4xx`, `5xx`); `429` stands for itself: it counts who was throttled",
    },
    Metric {
        name: REQUEST_LATENCY,
        unit: Unit::Milliseconds,
        dimensions: &[ROUTE],
        meaning: "Time to an answer, by route, such as `POST /api/v1/auth/login`; what no route matches is `unmatched`",
    },
    Metric {
        name: SIGN_INS,
        unit: Unit::Count,
        dimensions: &[OUTCOME],
        meaning: "Sign-ins: `success`, or the reason of the refusal as in the log",
    },
    Metric {
        name: LOCK_OUTS,
        unit: Unit::Count,
        dimensions: &[OUTCOME],
        meaning: "Attempts at passwords that failed too often before: `delayed` when they have to wait, `refused` when the password is disabled, and `locked` for each that disabled one",
    },
    Metric {
        name: MAILS,
        unit: Unit::Count,
        dimensions: &[OUTCOME],
        meaning: "Attempts to deliver a mail: `delivered`, `postponed` when it will be tried again, `given_up`",
    },
    Metric {
        name: EVENTS,
        unit: Unit::Count,
        dimensions: &[OUTCOME],
        meaning: "Attempts to publish an event: `delivered`, `postponed`, `given_up`, likewise",
    },
    Metric {
        name: OUTBOX_LAG,
        unit: Unit::Seconds,
        dimensions: &[],
        meaning: "Age of a mail or an event when its delivery was tried, whether that succeeded or not",
    },
    Metric {
        name: WEBHOOKS,
        unit: Unit::Count,
        dimensions: &[OUTCOME],
        meaning: "Events of the billing provider: `applied`, `duplicate`, `ignored`, `deferred` when nobody here is that customer yet, `rejected` for a wrong signature, `failed` when the provider will send it again, `given_up` when what was deferred came to nothing",
    },
    Metric { name: COLD_STARTS, unit: Unit::Count, dimensions: &[], meaning: "Starts of an instance of the function" },
];

/// Tells the recorder of this process the units. Without a recorder, nothing is recorded.
pub fn describe() {
    for Metric { name, unit, meaning, .. } in METRICS {
        if unit == Unit::Count {
            describe_counter!(name, unit, meaning);
        } else {
            describe_histogram!(name, unit, meaning);
        }
    }
}

/// An instance of the service started.
pub fn started() {
    counter!(COLD_STARTS).increment(1);
}

/// A request was answered. `route` is the pattern that it matched, if it matched one.
pub fn answered(method: &str, route: Option<&str>, status: u16, latency: Duration) {
    let class = match status {
        429 => "429",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    counter!(REQUESTS, STATUS => class).increment(1);
    // Anybody can make up methods; those of our routes are few.
    let route = match (method, route) {
        ("GET" | "POST" | "PUT" | "DELETE", Some(route)) => format!("{method} {route}"),
        _ => "unmatched".to_owned(),
    };
    histogram!(REQUEST_LATENCY, ROUTE => route).record(latency.as_secs_f64() * 1000.0);
}

/// Somebody tried to sign in.
pub(crate) fn sign_in(outcome: &'static str) {
    counter!(SIGN_INS, OUTCOME => outcome).increment(1);
}

/// What became of an attempt at a password that failed too often.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LockOut {
    Delayed,
    Locked,
    Refused,
}

/// Somebody failed too often.
pub(crate) fn lock_out(outcome: LockOut) {
    let outcome = match outcome {
        LockOut::Delayed => "delayed",
        LockOut::Locked => "locked",
        LockOut::Refused => "refused",
    };
    counter!(LOCK_OUTS, OUTCOME => outcome).increment(1);
}

/// How an attempt to deliver something ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    Delivered,
    Postponed,
    GivenUp,
}

/// The delivery of a message of this age was tried.
pub(crate) fn attempted(payload: &OutboxPayload, attempt: Attempt, age: TimeDelta) {
    let outcome = match attempt {
        Attempt::Delivered => "delivered",
        Attempt::Postponed => "postponed",
        Attempt::GivenUp => "given_up",
    };
    match payload {
        OutboxPayload::Mail(_) => counter!(MAILS, OUTCOME => outcome).increment(1),
        OutboxPayload::Event(_) | OutboxPayload::ClosedTenant(_) => counter!(EVENTS, OUTCOME => outcome).increment(1),
        OutboxPayload::ProviderEvent(_) => match attempt {
            Attempt::Delivered => webhook(WebhookOutcome::Applied),
            Attempt::Postponed => webhook(WebhookOutcome::Deferred),
            Attempt::GivenUp => webhook(WebhookOutcome::GivenUp),
        },
    }
    // Clocks of two machines may differ by a little.
    histogram!(OUTBOX_LAG).record(age.to_std().unwrap_or_default().as_secs_f64());
}

/// What became of an event of the billing provider.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WebhookOutcome {
    Applied,
    Duplicate,
    Ignored,
    Deferred,
    Rejected,
    Failed,
    GivenUp,
}

/// The billing provider sent an event.
pub(crate) fn webhook(outcome: WebhookOutcome) {
    let outcome = match outcome {
        WebhookOutcome::Applied => "applied",
        WebhookOutcome::Duplicate => "duplicate",
        WebhookOutcome::Ignored => "ignored",
        WebhookOutcome::Deferred => "deferred",
        WebhookOutcome::Rejected => "rejected",
        WebhookOutcome::Failed => "failed",
        WebhookOutcome::GivenUp => "given_up",
    };
    counter!(WEBHOOKS, OUTCOME => outcome).increment(1);
}
