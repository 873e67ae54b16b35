//! Changing what is subscribed to.

use domain::{
    Frequency, PromoCode, Subscription, Tier, Timestamp,
    subscription::{ChangeRefused, PlanChange, PlanChoice, Renewal},
};

use super::{BillingService, ShownSubscription, price::NotPriced};
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{BillingError, ChangeSet, CommitError, PricedPlan, Refusal, Write},
    retry::{Setback, look_again, settle, settle_within},
};

/// How often a change is tried while others redeem the same promotion code.
const ATTEMPTS: u32 = 60;

/// An owner who wants something else; what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ChangePlan {
    /// Another tier.
    pub tier: Option<Tier>,
    /// Another frequency.
    pub frequency: Option<Frequency>,
    /// A promotion code for what is chosen now.
    pub promo_code: Option<PromoCode>,
}

/// A subscription that was changed, or will be.
#[derive(Clone, Debug)]
pub struct PlanChanged {
    /// As it is now.
    pub subscription: ShownSubscription,
    /// When the change takes effect.
    pub effective_at: Timestamp,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePlanError {
    /// The role does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is nothing to change.
    #[error("this organisation has no subscription that is paid for; subscribe instead")]
    NoSubscription,
    /// It cannot be changed now.
    #[error(transparent)]
    Refused(#[from] ChangeRefused),
    /// What was chosen is not on sale, or not with this promotion code.
    #[error(transparent)]
    NotPriced(#[from] NotPriced),
    /// The provider did not do it, or the payment was declined.
    #[error(transparent)]
    Provider(#[from] BillingError),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for ChangePlanError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NoSubscription | Self::Refused(ChangeRefused::NotPaidFor) => ErrorKind::SubscriptionNotFound,
            Self::Refused(ChangeRefused::PaymentOutstanding) => ErrorKind::PaymentRequired,
            Self::NotPriced(why) => why.kind(),
            Self::Provider(error) => error.kind(),
            Self::Failed(failure) => failure.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::NotPriced(why) => why.field(),
            _ => None,
        }
    }
}

from_port_errors!(ChangePlanError);

/// A change that has been decided.
struct Decided {
    subscription: Subscription,
    change: PlanChange,
    plan: PricedPlan,
    /// The promotion code that was redeemed for it.
    redeemed: Option<PromoCode>,
}

impl BillingService {
    /// Changes the subscription of the actor's tenant: to more at once, with the rest of the period credited, and to
    /// less at the end of the period. Choosing what there is takes back a change that was to come.
    ///
    /// # Errors
    ///
    /// [`ChangePlanError`] says why not; nothing is charged then.
    pub async fn change_plan(&self, actor: &Actor, command: ChangePlan) -> Result<PlanChanged, ChangePlanError> {
        actor.require_owner()?;
        let decided = settle_within(ATTEMPTS, || self.try_decide(actor, &command)).await?;
        let Decided { subscription, change, plan, redeemed } = decided;
        let snapshot = subscription.snapshot();
        let (Some(id), Some(period)) = (&snapshot.provider_id, snapshot.state.period().copied()) else {
            return Err(ChangePlanError::NoSubscription);
        };
        // The same until something about the subscription changes: a change that is tried again is the same one.
        let PlanChoice { tier, frequency } = plan.choice;
        let attempt = format!("{}.{}.{}.{}", snapshot.id, snapshot.version.get(), tier.as_str(), frequency.as_str());
        let asked = match change {
            PlanChange::Nothing => {
                let is_to_come = snapshot.state.renewal() == Some(Renewal::Changing(plan.choice));
                let effective_at = if is_to_come { period.end() } else { self.clock.now() };
                return Ok(PlanChanged { subscription: self.shown(subscription).await?, effective_at });
            }
            PlanChange::Now => self.provider.change_now(id, &plan, &attempt).await,
            PlanChange::AtPeriodEnd => self.provider.change_at_period_end(id, &plan, &attempt).await,
            PlanChange::TakenBack => self.provider.set_renewal(id, true).await,
        };
        if let (Err(BillingError::Declined(_)), Some(code)) = (&asked, &redeemed) {
            self.give_back(actor, code).await?;
        }
        asked?;
        let followed = self.follow::<ChangePlanError>(actor, id).await?;
        let subscription = followed.ok_or(ChangePlanError::NoSubscription)?;
        let effective_at = if change == PlanChange::AtPeriodEnd { period.end() } else { self.clock.now() };
        Ok(PlanChanged { subscription: self.shown(subscription).await?, effective_at })
    }

    /// The promotion code whose discount the subscription has at the provider, which knows whether it is used up.
    async fn going_on(&self, subscription: &Subscription) -> Result<Option<PromoCode>, ChangePlanError> {
        let Some(id) = &subscription.snapshot().provider_id else { return Ok(None) };
        Ok(self.provider.subscription(id).await?.and_then(|billed| billed.promo_code))
    }

    /// Decides what the change is, and puts the redemption of its promotion code on record. Where the change breaks off
    /// after that, it goes on when it is asked for again: the code is this subscription's then.
    async fn try_decide(&self, actor: &Actor, command: &ChangePlan) -> Result<Decided, Setback<ChangePlanError>> {
        let scope = TenantScope::from(actor);
        let billing = self.billing.find(&scope).await?;
        let subscription = billing.at_provider().cloned().ok_or(ChangePlanError::NoSubscription)?;
        let PlanChoice { tier, frequency } = subscription.snapshot().choice;
        let choice =
            PlanChoice { tier: command.tier.unwrap_or(tier), frequency: command.frequency.unwrap_or(frequency) };
        let change = subscription.change_to(choice).map_err(ChangePlanError::from)?;
        let changes_plan = matches!(change, PlanChange::Now | PlanChange::AtPeriodEnd);
        let going_on = if changes_plan { self.going_on(&subscription).await? } else { None };
        let new_code = command.promo_code.as_ref().filter(|named| going_on.as_ref() != Some(*named));
        let Some(code) = new_code else {
            let priced = match &going_on {
                Some(code) => self.priced_going_on(choice, code).await,
                None => self.priced(choice, None, false).await,
            };
            let plan = priced.map_err(ChangePlanError::from)?.plan;
            return match command.promo_code {
                Some(_) if plan.discount.is_none() => Err(ChangePlanError::from(NotPriced::PromoCode).into()),
                _ => Ok(Decided { subscription, change, plan, redeemed: None }),
            };
        };
        // What it was ordered with, and does not go on, is used up.
        if changes_plan && subscription.snapshot().promo_code.as_ref() == Some(code) {
            return Err(ChangePlanError::from(NotPriced::PromoCode).into());
        }
        let redeemed = self.discounts.redemption(&scope, code).await?;
        let snapshot = subscription.snapshot();
        // For this very change, which broke off: nothing has happened to the subscription since.
        let is_redeemed = redeemed.is_some_and(|redeemed| {
            redeemed.subscription_id == snapshot.id && redeemed.redeemed_at >= snapshot.updated_at
        });
        let priced = self.priced(choice, Some(code), is_redeemed).await.map_err(ChangePlanError::from)?;
        let covers = priced.code.as_ref().is_some_and(|code| code.covers(choice.tier, choice.frequency).is_ok());
        if !changes_plan || !covers {
            return Err(ChangePlanError::from(NotPriced::PromoCode).into());
        }
        let decided = Decided { subscription, change, plan: priced.plan, redeemed: Some(code.clone()) };
        let Some(code) = priced.code.filter(|_| !is_redeemed) else { return Ok(decided) };
        let changes = ChangeSet::default().by(actor.user_id());
        let changes = self
            .redeem(code, &decided.subscription, choice, changes)
            .map_err(|refused| ChangePlanError::from(NotPriced::from(refused)))?;
        match self.unit_of_work.commit(changes).await {
            Ok(()) => Ok(decided),
            Err(CommitError::Refused(Refusal::CodeUsedByTenant)) => {
                Err(ChangePlanError::from(NotPriced::PromoCode).into())
            }
            Err(error) => Err(look_again(error)),
        }
    }

    /// Gives the promotion code of a change back that came to nothing.
    async fn give_back(&self, actor: &Actor, code: &PromoCode) -> Result<(), ChangePlanError> {
        settle(|| async {
            let Some(redemption) = self.discounts.redemption(&TenantScope::from(actor), code).await? else {
                return Ok(());
            };
            let released = redemption.release();
            let changes =
                ChangeSet::default().by(actor.user_id()).write(Write::ReleaseCode(redemption)).record(released);
            self.unit_of_work.commit(changes).await.map_err(look_again::<ChangePlanError>)
        })
        .await
    }
}
