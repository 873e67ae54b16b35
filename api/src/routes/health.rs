//! How the service is.

use application::ports::Component;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{
    handlers::{Routes, routes},
    names::also_at,
};
use crate::{
    HealthService,
    dto::{
        envelope::{self, Failure, Success},
        health::{DetailedHealthReport, HealthReport, HealthStatus, Unhealthy},
    },
    error::{ApiError, ErrorCode},
};

pub(super) fn routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(get_health))
        .routes(routes!(get_detailed_health))
        .routes(routes!(get_readiness))
        .routes(routes!(get_liveness))
}

/// The address among the routes of authentication that the service always had.
pub(super) fn auth_routes<R: Routes>() -> R {
    R::default().routes(also_at("/auth/health", routes!(get_health)))
}

/// Whether the service runs.
///
/// Touches nothing that it depends on. Also at `/health`.
#[utoipa::path(
    get,
    path = "/health",
    tag = "Service",
    responses((
        status = OK, description = "It runs.", body = Success<HealthReport>,
        example = json!(Success::of(HealthReport::example(HealthStatus::Healthy)))
    ))
)]
async fn get_health(State(health): State<HealthService>) -> Success<HealthReport> {
    Success::of(HealthReport::of(&health, true))
}

/// Whether the process lives.
///
/// For an orchestrator that restarts it otherwise. Also at `/health/live`.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "Service",
    responses((
        status = OK, description = "It lives.", body = Success<HealthReport>,
        example = json!(Success::of(HealthReport::example(HealthStatus::Healthy)))
    ))
)]
async fn get_liveness(State(health): State<HealthService>) -> Success<HealthReport> {
    Success::of(HealthReport::of(&health, true))
}

/// Whether the service can answer.
///
/// For a load balancer: it cannot while the store is out of reach. Also at `/health/ready`.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "Service",
    responses((
        status = OK, description = "It can.", body = Success<HealthReport>,
        example = json!(Success::of(HealthReport::example(HealthStatus::Healthy)))
    ))
)]
async fn get_readiness(State(health): State<HealthService>) -> Result<Success<HealthReport>, ApiError> {
    let examined = health.examine(|component| component == Component::Store).await;
    if examined.iter().any(|component| !component.healthy) {
        return Err(ApiError::unavailable(None));
    }
    Ok(Success::of(HealthReport::of(&health, true)))
}

/// How everything is that the service depends on.
///
/// Also at `/health/detailed`.
#[utoipa::path(
    get,
    path = "/health/detailed",
    tag = "Service",
    responses(
        (
            status = OK, description = "Everything answers.", body = Success<DetailedHealthReport>,
            example = json!(Success::of(DetailedHealthReport::example(HealthStatus::Healthy)))
        ),
        (
            status = SERVICE_UNAVAILABLE, description = "Something does not answer.", body = Unhealthy,
            example = json!(unhealthy(DetailedHealthReport::example(HealthStatus::Unhealthy)))
        )
    )
)]
async fn get_detailed_health(State(health): State<HealthService>) -> Response {
    let examined = health.examine(|_| true).await;
    let report = DetailedHealthReport::of(&health, &examined);
    match report.status() {
        HealthStatus::Healthy => Success::of(report).into_response(),
        HealthStatus::Unhealthy => envelope::json(StatusCode::SERVICE_UNAVAILABLE, &unhealthy(report)),
    }
}

fn unhealthy(report: DetailedHealthReport) -> Unhealthy {
    Unhealthy::new(
        Failure::of(ErrorCode::ServiceUnavailable, "Something that the service needs does not answer"),
        report,
    )
}
