//! How the service is.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{envelope::Failure, example_time};
use crate::state::{Examined, HealthService};

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) enum HealthStatus {
    Healthy,
    Unhealthy,
}

impl HealthStatus {
    const fn of(healthy: bool) -> Self {
        if healthy { Self::Healthy } else { Self::Unhealthy }
    }
}

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthReport {
    status: HealthStatus,
    service: String,
    version: String,
    timestamp: DateTime<Utc>,
    environment: String,
}

impl HealthReport {
    pub(crate) fn of(health: &HealthService, healthy: bool) -> Self {
        let about = health.about();
        Self {
            status: HealthStatus::of(healthy),
            service: about.name.clone(),
            version: about.version.clone(),
            timestamp: health.now(),
            environment: about.environment.clone(),
        }
    }

    pub(crate) fn example(status: HealthStatus) -> Self {
        Self {
            status,
            service: "account-service".to_owned(),
            version: "0.1.0".to_owned(),
            timestamp: example_time(),
            environment: "local".to_owned(),
        }
    }
}

/// How the service and everything that it depends on is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DetailedHealthReport {
    #[serde(flatten)]
    report: HealthReport,
    checks: Vec<CheckReport>,
}

/// How one component is.
#[derive(Debug, Serialize, ToSchema)]
struct CheckReport {
    component: &'static str,
    status: HealthStatus,
    latency_ms: u64,
}

impl DetailedHealthReport {
    pub(crate) fn of(health: &HealthService, examined: &[Examined]) -> Self {
        let healthy = examined.iter().all(|component| component.healthy);
        Self { report: HealthReport::of(health, healthy), checks: examined.iter().map(CheckReport::from).collect() }
    }

    pub(crate) fn example(status: HealthStatus) -> Self {
        let check = CheckReport { component: "dynamodb", status, latency_ms: 4 };
        Self { report: HealthReport::example(status), checks: vec![check] }
    }

    pub(crate) fn status(&self) -> HealthStatus {
        self.report.status
    }
}

impl From<&Examined> for CheckReport {
    fn from(examined: &Examined) -> Self {
        Self {
            component: examined.component.as_str(),
            status: HealthStatus::of(examined.healthy),
            latency_ms: u64::try_from(examined.latency.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// A failure that says what was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Unhealthy {
    #[serde(flatten)]
    failure: Failure,
    data: DetailedHealthReport,
}

impl Unhealthy {
    pub(crate) const fn new(failure: Failure, data: DetailedHealthReport) -> Self {
        Self { failure, data }
    }
}
