//! Tenants that are billed, as the store and the provider have them.

use std::sync::{Arc, Mutex};

use application::{
    BillingService, Ports,
    billing::{Reconciliation, ReconciliationPorts},
    links::LinkPolicy,
    ports::{ChangeSet, Clock, CommitError, StoreError, UnitOfWork, Unreached, Write},
};
use async_trait::async_trait;
use chrono::Duration;
use domain::{
    BillingAccount, BillingPeriod, Currency, Frequency, Money, PromoCode, Subscription, SubscriptionId, Tenant,
    TenantId, Tier, Timestamp, UserId, Version,
    billing_account::BillingAccountSnapshot,
    subscription::{
        BilledStatus, BilledSubscription, CustomerId, PlanChoice, ProviderSubscriptionId, Renewal,
        SubscriptionSnapshot, SubscriptionState,
    },
    tenant::TenantName,
};
use infrastructure::{dynamodb::tables::Table, system::SystemIds};

use super::{
    given::start,
    scripted_provider::ScriptedProvider,
    store::{Store, item, scope, text},
};

/// A store, and a provider beside it. Everything of one tenant is named after it: `sub-x` and `cus-x` belong to `x`, which
/// the provider calls `p-x`.
pub(crate) struct World<'a> {
    pub(crate) store: &'a Store,
    pub(crate) provider: Arc<ScriptedProvider>,
}

pub(crate) fn tenant(name: &str) -> TenantId {
    TenantId::restore(name)
}

pub(crate) fn choice() -> PlanChoice {
    PlanChoice { tier: Tier::Professional, frequency: Frequency::Monthly }
}

pub(crate) fn period() -> BillingPeriod {
    BillingPeriod::nth(start() - Duration::days(3), Frequency::Monthly, 0).unwrap()
}

pub(crate) fn active() -> SubscriptionState {
    SubscriptionState::Active { period: period(), renewal: Renewal::Automatic }
}

pub(crate) fn over() -> SubscriptionState {
    SubscriptionState::Cancelled { at: start(), period: Some(period()) }
}

/// A subscription of ours: `sub-x`, ordered an hour ago.
pub(crate) fn ours(name: &str, provider_id: Option<&str>, state: SubscriptionState) -> SubscriptionSnapshot {
    SubscriptionSnapshot {
        id: SubscriptionId::restore(format!("sub-{name}")),
        tenant_id: tenant(name),
        user_id: Some(UserId::restore("owner")),
        choice: choice(),
        price: Money::new(9900, Currency::default()),
        state,
        promo_code: None,
        provider_id: provider_id.map(ProviderSubscriptionId::restore),
        last_event_at: None,
        cancellation_reason: None,
        trial_extensions: Vec::new(),
        version: Version::UNWRITTEN,
        created_at: start() - Duration::hours(1),
        updated_at: start(),
    }
}

/// A subscription as the provider has it: of `cus-x`, ordered from here as `sub-x` unless a test says otherwise.
pub(crate) fn theirs(name: &str, provider_id: &str, status: BilledStatus) -> BilledSubscription {
    BilledSubscription {
        id: ProviderSubscriptionId::restore(provider_id),
        customer_id: CustomerId::restore(format!("cus-{name}")),
        subscription_id: Some(SubscriptionId::restore(format!("sub-{name}"))),
        tenant_id: Some(tenant(name)),
        status,
        choice: choice(),
        price: Money::new(9900, Currency::default()),
        promo_code: None,
        period: period(),
        renewal: Renewal::Automatic,
    }
}

/// The same, made by somebody at the provider.
pub(crate) fn theirs_alone(name: &str, provider_id: &str, status: BilledStatus) -> BilledSubscription {
    BilledSubscription { subscription_id: None, tenant_id: None, ..theirs(name, provider_id, status) }
}

pub(crate) const CANCELLED: BilledStatus = BilledStatus::Cancelled { at: Timestamp::UNIX_EPOCH };

impl<'a> World<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store, provider: Arc::default() }
    }

    /// The reconciliation, which writes through this.
    pub(crate) fn reconciliation_through(&self, unit_of_work: Arc<dyn UnitOfWork>) -> Reconciliation {
        Reconciliation::new(ReconciliationPorts {
            billed_tenants: Arc::clone(&self.store.billed_tenants),
            billing: Arc::clone(&self.store.billing),
            tenants: Arc::clone(&self.store.tenants),
            discounts: Arc::clone(&self.store.discounts),
            provider: self.provider.clone(),
            unit_of_work,
            clock: Arc::clone(&self.store.clock) as Arc<dyn Clock>,
            ids: Arc::new(SystemIds),
        })
    }

    pub(crate) fn reconciliation(&self) -> Reconciliation {
        self.reconciliation_through(Arc::clone(&self.store.unit_of_work))
    }

    /// The use cases of billing, as far as webhooks and closed tenants need them.
    pub(crate) fn service(&self) -> BillingService {
        self.service_through(Arc::clone(&self.store.unit_of_work))
    }

    /// The same, which writes through this.
    pub(crate) fn service_through(&self, unit_of_work: Arc<dyn UnitOfWork>) -> BillingService {
        let unreached = Arc::new(Unreached);
        let ports = Ports {
            accounts: Arc::clone(&self.store.accounts),
            tenants: Arc::clone(&self.store.tenants),
            members: unreached.clone(),
            sessions: unreached.clone(),
            entitlements: unreached.clone(),
            usage: unreached.clone(),
            directory: unreached.clone(),
            audit_trail: unreached.clone(),
            invitations: unreached.clone(),
            business: unreached.clone(),
            identity_claims: unreached.clone(),
            identity_tokens: unreached.clone(),
            billing: Arc::clone(&self.store.billing),
            discounts: Arc::clone(&self.store.discounts),
            tiers: unreached.clone(),
            billing_provider: self.provider.clone(),
            unit_of_work,
            failures: unreached.clone(),
            passwords: unreached.clone(),
            tokens: unreached,
            clock: Arc::clone(&self.store.clock) as Arc<dyn Clock>,
            ids: Arc::new(SystemIds),
        };
        BillingService::new(&ports, LinkPolicy::new("https://app.example.com", &[]))
    }

    pub(crate) async fn given_tenant(&self, name: &str) {
        let (tenant, _) = Tenant::create(tenant(name), TenantName::restore(name), UserId::restore("owner"), start());
        self.store.commit(ChangeSet::default().write(Write::CreateTenant(tenant))).await.unwrap();
    }

    /// A tenant with its customer, and with this subscription as the one that counts, or is ordered.
    pub(crate) async fn given(&self, name: &str, subscription: Option<SubscriptionSnapshot>) {
        self.given_tenant(name).await;
        self.given_billing(name, subscription).await;
    }

    pub(crate) async fn given_billing(&self, name: &str, subscription: Option<SubscriptionSnapshot>) {
        let id = subscription.as_ref().map(|subscription| subscription.id.clone());
        let is_order = subscription.as_ref().is_some_and(|one| one.state == SubscriptionState::Incomplete);
        let account = BillingAccount::restore(BillingAccountSnapshot {
            tenant_id: tenant(name),
            customer_id: Some(CustomerId::restore(format!("cus-{name}"))),
            current: id.clone().filter(|_| !is_order),
            ordered: id.filter(|_| is_order),
            trial_started_at: None,
            version: Version::UNWRITTEN,
            created_at: start(),
            updated_at: start(),
        });
        let subscription = subscription.map(|one| Write::CreateSubscription(Box::new(Subscription::restore(one))));
        let changes = ChangeSet::default()
            .write_if(subscription)
            .write(Write::SaveBillingAccount { before: None, after: Box::new(account) });
        self.store.commit(changes).await.unwrap();
    }

    /// A subscription as the Python service writes it: `sub-x`, which the provider calls so.
    pub(crate) async fn given_by_python(&self, name: &str, id: &str, provider_id: Option<&str>, status: &str) {
        let mut row = item([
            ("subscription_id", text(id)),
            ("tenant_id", text(name)),
            ("tier", text("professional")),
            ("status", text(status)),
            ("billing_cycle", text("monthly")),
            ("current_period_start", text(&period().start().to_rfc3339())),
            ("current_period_end", text(&period().end().to_rfc3339())),
            ("created_at", text("2026-01-01T00:00:00+00:00")),
        ]);
        row.extend(provider_id.map(|id| ("external_subscription_id".to_owned(), text(id))));
        self.store.plant(Table::Subscriptions, row).await;
    }

    pub(crate) async fn closes(&self, name: &str) {
        self.store.overwrite(Table::Tenants, name, "status", text("cancelled")).await;
    }

    /// Its only subscription.
    pub(crate) async fn subscription(&self, name: &str) -> SubscriptionSnapshot {
        let billing = self.store.billing.find(&scope(&tenant(name))).await.unwrap();
        let [subscription] = billing.subscriptions.as_slice() else { panic!("{name}: {billing:?}") };
        subscription.snapshot().clone()
    }

    pub(crate) async fn account(&self, name: &str) -> BillingAccountSnapshot {
        let billing = self.store.billing.find(&scope(&tenant(name))).await.unwrap();
        billing.account.unwrap().snapshot().clone()
    }
}

pub(crate) fn code(text: &str) -> PromoCode {
    PromoCode::parse(text).unwrap()
}

/// Where a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// Before the step is taken.
    Before,
    /// When it is taken, and before anybody learns of it.
    After,
}

/// A process that dies at its first commit, and does nothing afterwards.
pub(crate) struct Mortal {
    unit_of_work: Arc<dyn UnitOfWork>,
    death: Mutex<Option<Death>>,
}

impl Mortal {
    pub(crate) fn new(unit_of_work: &Arc<dyn UnitOfWork>, death: Death) -> Self {
        Self { unit_of_work: Arc::clone(unit_of_work), death: Mutex::new(Some(death)) }
    }
}

#[async_trait]
impl UnitOfWork for Mortal {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        let death = self.death.lock().unwrap().take();
        if death == Some(Death::After) {
            self.unit_of_work.commit(changes).await?;
        }
        Err(CommitError::Store(StoreError::Unavailable("the process died".into())))
    }
}
