//! What is different about one tenant, and what would put it right.

use chrono::Duration;
use domain::{
    Subscription, SubscriptionId, TenantId, Timestamp,
    subscription::{BilledStatus, BilledSubscription, ProviderSubscriptionId, SubscriptionState},
    tenant::TenantStatus,
};

use super::{
    super::follow::{Followed, Following},
    drift::{Drift, Side},
    look::Look,
};

/// How long an order may wait for the provider to have something of it. The provider gives up a first payment earlier.
const ORDER_WAITS: Duration = Duration::days(1);

/// A difference, and what would put it right.
pub(super) struct Decision {
    pub(super) drift: Drift,
    pub(super) remedy: Remedy,
}

/// What puts a difference right.
pub(super) enum Remedy {
    /// A person.
    Person,
    /// What following the provider led to, under the versions that were loaded.
    Commit(Box<Followed>),
    /// The end of an order, under the version that was loaded.
    GiveUp(Box<Subscription>),
    /// The end of a subscription at the provider.
    Cancel(ProviderSubscriptionId),
    /// The end of it with its period.
    StopRenewal(ProviderSubscriptionId),
}

impl Decision {
    const fn for_a_person(drift: Drift) -> Self {
        Self { drift, remedy: Remedy::Person }
    }

    /// Whether the reconciliation can put it right.
    pub(super) const fn is_repairable(&self) -> bool {
        !matches!(self.remedy, Remedy::Person)
    }
}

/// Decides about one tenant.
pub(super) struct Decider<'a> {
    pub(super) tenant_id: &'a TenantId,
    pub(super) look: &'a Look,
    pub(super) now: Timestamp,
    /// Names what is adopted.
    pub(super) new_id: &'a dyn Fn() -> SubscriptionId,
}

impl Decider<'_> {
    /// Everything that is different.
    pub(super) fn decide(&self) -> Vec<Decision> {
        let look = self.look;
        if let Some((customer_id, other)) = look.customer_of_other.clone() {
            return vec![Decision::for_a_person(Drift::CustomerOfOther { customer_id, other })];
        }
        let mut found = Vec::new();
        let missing = look.missing_customer.iter().map(|ours| Drift::CustomerUnknownThere { ours: ours.clone() });
        found.extend(missing.map(Decision::for_a_person));
        found.extend(look.missing.iter().filter_map(unknown_there).map(Decision::for_a_person));
        let mut own = Vec::new();
        for billed in &look.billed {
            match &billed.tenant_id {
                Some(theirs) if theirs != self.tenant_id => {
                    let (provider_id, theirs) = (billed.id.clone(), theirs.clone());
                    found.push(Decision::for_a_person(Drift::OtherTenants { provider_id, theirs }));
                }
                _ => match self.known(billed).filter(|ours| ours.is_over() && !billed.status.is_over()) {
                    Some(ours) => found.push(over_here(ours, billed)),
                    None => own.push(billed),
                },
            }
        }
        if let Some(several) = self.several_live(&own) {
            found.push(Decision::for_a_person(several));
            return found;
        }
        // What is over first: it makes room for what is adopted.
        own.sort_by_key(|billed| is_live(billed));
        // What is over on both sides says who pays, if nothing else does.
        let mut says_who_pays = self.look.customer().is_none() && !own.iter().copied().any(is_live);
        for billed in own {
            let is_over_here = self.known(billed).is_some_and(Subscription::is_over);
            if !is_over_here || std::mem::take(&mut says_who_pays) {
                found.extend(self.follow(billed));
            }
        }
        found.extend(self.lost_orders());
        found
    }

    fn known<'b>(&'b self, billed: &BilledSubscription) -> Option<&'b Subscription> {
        Following::find(&self.look.billing, billed)
    }

    /// More than one subscription that is alive, on either side. One that a live one takes the place of is over there.
    fn several_live(&self, own: &[&BilledSubscription]) -> Option<Drift> {
        let theirs: Vec<_> = own.iter().copied().filter(|billed| is_live(billed)).collect();
        let unknown = theirs.iter().any(|billed| self.known(billed).is_none());
        let is_elsewhere = |ours: &&Subscription| {
            let id = ours.snapshot().provider_id.as_ref();
            id.is_some() && is_paid(ours) && own.iter().all(|billed| Some(&billed.id) != id)
        };
        let elsewhere = self.look.billing.subscriptions.iter().filter(is_elsewhere);
        if theirs.len() < 2 && !(unknown && elsewhere.clone().next().is_some()) {
            return None;
        }
        let known = theirs.iter().filter_map(|billed| self.known(billed));
        let ours = known.chain(elsewhere).map(|ours| ours.snapshot().id.clone()).collect();
        Some(Drift::SeveralLive { ours, theirs: theirs.iter().map(|billed| billed.id.clone()).collect() })
    }

    /// What taking over what the provider says of a subscription would change, and what the provider is to change.
    fn follow(&self, billed: &BilledSubscription) -> Vec<Decision> {
        if self.known(billed).is_none() && !is_live(billed) {
            // It gives nothing, and ends by itself unless it is paid.
            return Vec::new();
        }
        let (provider_id, theirs) = (billed.id.clone(), Side::from(billed));
        let Some(tenant) = &self.look.tenant else {
            let is_billed = is_live(billed).then_some(Drift::NoTenant { provider_id, theirs });
            return is_billed.map(Decision::for_a_person).into_iter().collect();
        };
        let loaded = self.look.billing.clone();
        let followed = Following::new(self.tenant_id.clone(), loaded, self.now).follow(billed, None, self.new_id);
        let drift = self.drift_of(&followed, billed);
        let differs = drift.map(|drift| Decision { drift, remedy: Remedy::Commit(Box::new(followed)) });
        let is_closed = tenant.snapshot().status() == TenantStatus::Cancelled;
        let renews = (is_closed && billed.renews()).then(|| Decision {
            remedy: Remedy::StopRenewal(provider_id.clone()),
            drift: Drift::RenewsThoughClosed { provider_id, theirs },
        });
        differs.into_iter().chain(renews).collect()
    }

    fn drift_of(&self, followed: &Followed, billed: &BilledSubscription) -> Option<Drift> {
        if followed.changes.writes.is_empty() {
            return None;
        }
        let provider_id = billed.id.clone();
        let Some(before) = &followed.before else {
            return Some(Drift::UnknownHere { provider_id, theirs: billed.into() });
        };
        let id = before.snapshot().id.clone();
        let (ours, theirs) = (Side::from(before), Side::from(&followed.subscription));
        Some(if before.snapshot().provider_id.is_none() {
            Drift::OrderTaken { id, provider_id, ours, theirs: billed.into() }
        } else if *before != followed.subscription {
            Drift::Differs { id, provider_id, ours, theirs }
        } else {
            let ours = self.look.customer().cloned();
            Drift::AccountDiffers { id, provider_id, ours, theirs: billed.customer_id.clone() }
        })
    }

    /// Orders that have waited for too long. None is given up where the provider does not know who pays: it may be
    /// another account of the provider that is asked.
    fn lost_orders(&self) -> impl Iterator<Item = Decision> {
        let look = self.look;
        let is_lost = |order: &&Subscription| {
            let snapshot = order.snapshot();
            let is_taken = look.billed.iter().any(|billed| billed.subscription_id.as_ref() == Some(&snapshot.id));
            snapshot.state == SubscriptionState::Incomplete
                && snapshot.provider_id.is_none()
                && snapshot.created_at + ORDER_WAITS <= self.now
                && !is_taken
        };
        let may = look.missing_customer.is_none();
        let lost = look.billing.subscriptions.iter().filter(move |order| may && is_lost(order));
        lost.map(|order| {
            let snapshot = order.snapshot();
            let drift = Drift::OrderLost { id: snapshot.id.clone(), ordered_at: snapshot.created_at };
            Decision { drift, remedy: Remedy::GiveUp(Box::new(order.clone())) }
        })
    }
}

/// Whether the provider asks for money for it, or did, or will.
const fn is_live(billed: &BilledSubscription) -> bool {
    !matches!(billed.status, BilledStatus::Incomplete | BilledStatus::Cancelled { .. })
}

const fn is_paid(ours: &Subscription) -> bool {
    !matches!(ours.snapshot().state, SubscriptionState::Incomplete | SubscriptionState::Cancelled { .. })
}

fn unknown_there(ours: &Subscription) -> Option<Drift> {
    let snapshot = ours.snapshot();
    let provider_id = snapshot.provider_id.clone()?;
    Some(Drift::UnknownThere { id: snapshot.id.clone(), provider_id, ours: ours.into() })
}

/// What is over here stays so; what the provider was never heard to begin may have been paid all the same.
fn over_here(ours: &Subscription, billed: &BilledSubscription) -> Decision {
    let (id, provider_id, theirs) = (ours.snapshot().id.clone(), billed.id.clone(), Side::from(billed));
    if ours.snapshot().provider_id.is_none() && is_live(billed) {
        return Decision::for_a_person(Drift::PaidAfterAll { id, provider_id, theirs });
    }
    let remedy = Remedy::Cancel(provider_id.clone());
    Decision { drift: Drift::OverHere { id, provider_id, theirs }, remedy }
}
