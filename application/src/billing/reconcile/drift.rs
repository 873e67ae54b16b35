//! What the provider and the store see differently, and what was done about it.

use domain::{
    BillingPeriod, Money, Subscription, SubscriptionId, TenantId, Timestamp,
    subscription::{
        BilledStatus, BilledSubscription, CustomerId, PlanChoice, ProviderSubscriptionId, Renewal, SubscriptionState,
    },
};

use crate::{
    error::{Failure, from_port_errors},
    ports::BillingError,
};

/// What one side says of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Where it stands: `incomplete`, `trialing`, `active`, `past_due`, `unpaid` or `cancelled`.
    pub status: &'static str,
    /// What it is for.
    pub choice: PlanChoice,
    /// What one period costs, after the discount.
    pub price: Money,
    /// The current period, or the last one.
    pub period: Option<BillingPeriod>,
    /// What becomes of it at the end of the period, where anything does.
    pub renewal: Option<Renewal>,
}

impl From<&Subscription> for Side {
    fn from(subscription: &Subscription) -> Self {
        let snapshot = subscription.snapshot();
        let status = match &snapshot.state {
            SubscriptionState::Incomplete => "incomplete",
            state => state.status().as_str(),
        };
        Self {
            status,
            choice: snapshot.choice,
            price: snapshot.price.clone(),
            period: snapshot.state.period().copied(),
            renewal: snapshot.state.renewal(),
        }
    }
}

impl From<&BilledSubscription> for Side {
    fn from(billed: &BilledSubscription) -> Self {
        let status = match billed.status {
            BilledStatus::Incomplete => "incomplete",
            BilledStatus::Trialing => "trialing",
            BilledStatus::Active => "active",
            BilledStatus::PastDue => "past_due",
            BilledStatus::Unpaid => "unpaid",
            BilledStatus::Cancelled { .. } => "cancelled",
        };
        let renewal = (!billed.status.is_over()).then_some(billed.renewal);
        Self { status, choice: billed.choice, price: billed.price.clone(), period: Some(billed.period), renewal }
    }
}

/// A difference between the provider and the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// Both know the subscription, and say different things of it. Repaired by taking over what the provider says.
    Differs {
        /// The subscription here.
        id: SubscriptionId,
        /// The same at the provider.
        provider_id: ProviderSubscriptionId,
        /// As it is here.
        ours: Side,
        /// As it is according to the provider.
        theirs: Side,
    },
    /// The provider has what is still an order here: the answer to the order was lost. Repaired as [`Self::Differs`].
    OrderTaken {
        /// The order.
        id: SubscriptionId,
        /// What the provider has made of it.
        provider_id: ProviderSubscriptionId,
        /// The order, as it is here.
        ours: Side,
        /// As it is at the provider.
        theirs: Side,
    },
    /// The subscription is the same on both sides, and the tenant's billing account does not say that it is the one that
    /// counts, or says that somebody else pays, or is not there at all. Repaired by making it say so.
    AccountDiffers {
        /// The subscription here.
        id: SubscriptionId,
        /// The same at the provider.
        provider_id: ProviderSubscriptionId,
        /// Who pays, as the account has it.
        ours: Option<CustomerId>,
        /// Who pays at the provider.
        theirs: CustomerId,
    },
    /// The provider bills the tenant for a subscription that is not here, and for no other. Repaired by adopting it.
    UnknownHere {
        /// The subscription at the provider.
        provider_id: ProviderSubscriptionId,
        /// As it is there.
        theirs: Side,
    },
    /// An order waits here for more than a day, and the provider has nothing of it. Repaired by giving it up, and its
    /// promotion code back.
    OrderLost {
        /// The order.
        id: SubscriptionId,
        /// When it was placed.
        ordered_at: Timestamp,
    },
    /// A subscription is over here, and the provider goes on with it. Repaired by ending it there.
    OverHere {
        /// The subscription here.
        id: SubscriptionId,
        /// The same at the provider.
        provider_id: ProviderSubscriptionId,
        /// As it is there.
        theirs: Side,
    },
    /// The tenant was closed, and its subscription would renew. Repaired by switching the renewal off.
    RenewsThoughClosed {
        /// The subscription at the provider.
        provider_id: ProviderSubscriptionId,
        /// As it is there.
        theirs: Side,
    },
    /// An order was given up here, and paid for at the provider in the same moment. For a person: ended here, it cannot
    /// come back to life, and ended there, the payment would be lost.
    PaidAfterAll {
        /// The order.
        id: SubscriptionId,
        /// What was paid for.
        provider_id: ProviderSubscriptionId,
        /// As it is there.
        theirs: Side,
    },
    /// More than one subscription is alive. For a person: which of them was meant, nobody here can know. Nothing of the
    /// tenant that rests on the answer is repaired until then.
    SeveralLive {
        /// Those that are alive here.
        ours: Vec<SubscriptionId>,
        /// Those that are alive at the provider.
        theirs: Vec<ProviderSubscriptionId>,
    },
    /// The provider does not know a subscription that is alive here, or it is for nothing that is sold here. For a person.
    UnknownThere {
        /// The subscription here.
        id: SubscriptionId,
        /// What the provider should know it by.
        provider_id: ProviderSubscriptionId,
        /// As it is here.
        ours: Side,
    },
    /// The provider does not know who pays. For a person: where many are found, the key is one of another account.
    CustomerUnknownThere {
        /// Who pays, as the account has it.
        ours: CustomerId,
    },
    /// The provider says of a subscription of this tenant, or of its customer, that it is another tenant's. For a person.
    OtherTenants {
        /// The subscription at the provider.
        provider_id: ProviderSubscriptionId,
        /// Whose it is.
        theirs: TenantId,
    },
    /// Who pays for this tenant is on record as paying for another one. For a person.
    CustomerOfOther {
        /// Who pays.
        customer_id: CustomerId,
        /// The tenant on whose account they are.
        other: TenantId,
    },
    /// The provider bills a tenant that is not there. For a person.
    NoTenant {
        /// The subscription at the provider.
        provider_id: ProviderSubscriptionId,
        /// As it is there.
        theirs: Side,
    },
}

impl Drift {
    /// The name of this kind of drift, which does not change.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Differs { .. } => "differs",
            Self::OrderTaken { .. } => "order_taken",
            Self::AccountDiffers { .. } => "account_differs",
            Self::UnknownHere { .. } => "unknown_here",
            Self::OrderLost { .. } => "order_lost",
            Self::OverHere { .. } => "over_here",
            Self::RenewsThoughClosed { .. } => "renews_though_closed",
            Self::PaidAfterAll { .. } => "paid_after_all",
            Self::SeveralLive { .. } => "several_live",
            Self::UnknownThere { .. } => "unknown_there",
            Self::CustomerUnknownThere { .. } => "customer_unknown_there",
            Self::OtherTenants { .. } => "other_tenants",
            Self::CustomerOfOther { .. } => "customer_of_other",
            Self::NoTenant { .. } => "no_tenant",
        }
    }

    /// The subscription here that it is about, if it is about one.
    #[must_use]
    pub const fn subscription_id(&self) -> Option<&SubscriptionId> {
        match self {
            Self::Differs { id, .. }
            | Self::OrderTaken { id, .. }
            | Self::AccountDiffers { id, .. }
            | Self::OrderLost { id, .. }
            | Self::OverHere { id, .. }
            | Self::PaidAfterAll { id, .. }
            | Self::UnknownThere { id, .. } => Some(id),
            Self::UnknownHere { .. }
            | Self::RenewsThoughClosed { .. }
            | Self::SeveralLive { .. }
            | Self::CustomerUnknownThere { .. }
            | Self::OtherTenants { .. }
            | Self::CustomerOfOther { .. }
            | Self::NoTenant { .. } => None,
        }
    }

    /// The subscription at the provider that it is about, if it is about one.
    #[must_use]
    pub const fn provider_id(&self) -> Option<&ProviderSubscriptionId> {
        match self {
            Self::Differs { provider_id, .. }
            | Self::OrderTaken { provider_id, .. }
            | Self::AccountDiffers { provider_id, .. }
            | Self::UnknownHere { provider_id, .. }
            | Self::OverHere { provider_id, .. }
            | Self::RenewsThoughClosed { provider_id, .. }
            | Self::PaidAfterAll { provider_id, .. }
            | Self::UnknownThere { provider_id, .. }
            | Self::OtherTenants { provider_id, .. }
            | Self::NoTenant { provider_id, .. } => Some(provider_id),
            Self::OrderLost { .. }
            | Self::SeveralLive { .. }
            | Self::CustomerUnknownThere { .. }
            | Self::CustomerOfOther { .. } => None,
        }
    }
}

/// What was done about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing, because it is a rehearsal: it can be repaired.
    Repairable,
    /// It was repaired.
    Repaired,
    /// Nothing, because a person has to decide.
    Left,
    /// Its repair failed; the tenant's report says why.
    Failed,
}

impl Done {
    /// The word for it, which does not change.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Repairable => "repairable",
            Self::Repaired => "repaired",
            Self::Left => "left",
            Self::Failed => "failed",
        }
    }
}

/// A difference that was found, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The difference.
    pub drift: Drift,
    /// What was done.
    pub done: Done,
}

/// What was found about one tenant.
#[derive(Debug)]
pub struct TenantReport {
    /// The tenant.
    pub tenant_id: TenantId,
    /// What was found. Not all of it when something failed.
    pub findings: Vec<Finding>,
    /// Why the tenant could not be compared, or not repaired, to the end.
    pub failure: Option<TenantFailure>,
}

/// Why a tenant could not be reconciled. What was done before stays done.
#[derive(Debug, thiserror::Error)]
pub enum TenantFailure {
    /// There is no such tenant, and nothing that it would pay for.
    #[error("there is no such tenant")]
    NoTenant,
    /// The provider cannot be asked, or does not do what it is asked.
    #[error(transparent)]
    Provider(#[from] BillingError),
    /// The store failed, holds something unreadable, or others kept changing the same rows.
    #[error(transparent)]
    Failed(#[from] Failure),
}

from_port_errors!(TenantFailure);

impl TenantFailure {
    /// The name of this kind of failure, which does not change.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoTenant => "no_tenant",
            Self::Provider(_) => "provider",
            Self::Failed(Failure::Contention(_)) => "contention",
            Self::Failed(_) => "store",
        }
    }
}
