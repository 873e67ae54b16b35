//! What handlers work with.

use std::sync::Arc;

use application::{
    AdminService, AuditService, AuthService, BillingService, BusinessService, DiscountService, InvitationService,
    MemberService, TenantService, UsageService, UseCases, UserService,
    ports::{Clock, Component, HealthCheck, IdGenerator},
};
use axum::extract::FromRef;
use domain::Timestamp;
use futures::future::join_all;

/// What handlers work with; each takes the one service that it needs.
#[derive(Clone)]
pub struct ApiState {
    use_cases: UseCases,
    health: HealthService,
    pub(crate) ids: Arc<dyn IdGenerator>,
}

impl ApiState {
    /// What handlers need: the use cases, how the service itself is, and where ids of requests come from that
    /// bring none.
    #[must_use]
    pub fn new(use_cases: UseCases, health: HealthService, ids: Arc<dyn IdGenerator>) -> Self {
        Self { use_cases, health, ids }
    }
}

macro_rules! hand_out {
    ($($service:ty: $($field:ident).+;)+) => {
        $(impl FromRef<ApiState> for $service {
            fn from_ref(state: &ApiState) -> Self {
                state.$($field).+.clone()
            }
        })+
    };
}

hand_out! {
    AuthService: use_cases.auth;
    InvitationService: use_cases.invitations;
    UserService: use_cases.users;
    AuditService: use_cases.audit;
    AdminService: use_cases.admin;
    TenantService: use_cases.tenants;
    BillingService: use_cases.billing;
    UsageService: use_cases.usage;
    BusinessService: use_cases.business;
    MemberService: use_cases.members;
    DiscountService: use_cases.discounts;
    HealthService: health;
}

/// What the service says about itself.
#[derive(Clone, Debug)]
pub struct ServiceInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The environment that it runs in.
    pub environment: String,
}

/// Knows how the service is.
#[derive(Clone)]
pub struct HealthService {
    about: Arc<ServiceInfo>,
    clock: Arc<dyn Clock>,
    checks: Arc<[Arc<dyn HealthCheck>]>,
}

/// How one component is.
pub(crate) struct Examined {
    pub(crate) component: Component,
    pub(crate) healthy: bool,
    pub(crate) latency: std::time::Duration,
}

impl HealthService {
    /// A service that depends on what `checks` look at.
    #[must_use]
    pub fn new(about: ServiceInfo, clock: Arc<dyn Clock>, checks: Vec<Arc<dyn HealthCheck>>) -> Self {
        Self { about: Arc::new(about), clock, checks: checks.into() }
    }

    pub(crate) fn about(&self) -> &ServiceInfo {
        &self.about
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Looks at every component that is `wanted`, all at once.
    pub(crate) async fn examine(&self, wanted: impl Fn(Component) -> bool) -> Vec<Examined> {
        join_all(self.checks.iter().filter(|check| wanted(check.component())).map(|check| examine(check.as_ref())))
            .await
    }
}

async fn examine(check: &dyn HealthCheck) -> Examined {
    let component = check.component();
    let begun = std::time::Instant::now();
    let result = check.check().await;
    if let Err(error) = &result {
        tracing::warn!(component = component.as_str(), error, "health check failed");
    }
    Examined { component, healthy: result.is_ok(), latency: begun.elapsed() }
}
