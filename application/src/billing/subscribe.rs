//! Ordering a subscription.

use domain::{
    BillingAccount, PromoCode, Subscription, SubscriptionId, Timestamp,
    subscription::{BilledStatus, CustomerId, Order, PlanChoice, Renewal, SubscriptionState},
};
use serde::{Deserialize, Serialize};

use super::{BillingService, ShownSubscription, price::NotPriced};
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    idempotency::{IdempotencyRecord, IdempotentRequest, KeyReused, ReplayError},
    ports::{
        BillingError, ChangeSet, CommitError, NewCustomer, OutstandingPayment, PricedPlan, Refusal, StoreError,
        SubscriptionOrder, TenantBilling, Write,
    },
    retry::{Setback, look_again, settle, settle_within},
};

/// How often an order is tried while others redeem the same promotion code.
const ATTEMPTS: u32 = 60;

/// An owner who subscribes.
#[derive(Clone)]
pub struct Subscribe {
    /// To what.
    pub choice: PlanChoice,
    /// With which promotion code.
    pub promo_code: Option<PromoCode>,
    /// With what to pay; `None` to be asked for it.
    pub payment_method: Option<String>,
    /// The request as its key remembers it.
    pub idempotency: Option<IdempotentRequest>,
}

/// A subscription that was ordered.
#[derive(Clone, Debug)]
pub struct Subscribed {
    /// As it is now: paid, or waiting for its first payment.
    pub subscription: ShownSubscription,
    /// The first payment, while it is outstanding.
    pub payment: Option<OutstandingPayment>,
}

/// Why nothing was ordered.
#[derive(Debug, thiserror::Error)]
pub enum SubscribeError {
    /// The role does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The tenant has a subscription, which can be changed.
    #[error("this organisation has a subscription; change that one instead")]
    Subscribed,
    /// There is nothing to pay for now.
    #[error("there is nothing to pay")]
    NothingToPay,
    /// Somebody gave the order up, or ordered something else, before it was paid.
    #[error("this order was given up meanwhile")]
    GivenUp,
    /// What was chosen is not on sale, or not with this promotion code.
    #[error(transparent)]
    NotPriced(#[from] NotPriced),
    /// The idempotency key was used for something else.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The provider did not take the order, or the payment was declined. The order waits, and can be tried again.
    #[error(transparent)]
    Provider(#[from] BillingError),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for SubscribeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Subscribed | Self::NothingToPay | Self::GivenUp => ErrorKind::Conflict,
            Self::NotPriced(why) => why.kind(),
            Self::KeyReused(_) => ErrorKind::IdempotencyKeyReused,
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

from_port_errors!(SubscribeError);

impl From<ReplayError> for SubscribeError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::KeyReused(reused) => Self::KeyReused(reused),
            ReplayError::Store(error) => Self::Failed(error.into()),
        }
    }
}

/// How an order is remembered under its idempotency key: what became of it is asked for anew, because the answer holds
/// a secret.
#[derive(Serialize, Deserialize)]
struct RememberedOrder {
    subscription_id: String,
}

impl Subscribe {
    /// Whether an order is what is wanted.
    fn is_for(&self, order: &Subscription) -> bool {
        order.snapshot().choice == self.choice && order.snapshot().promo_code == self.promo_code
    }

    /// What the key of the request remembers of an order.
    fn record(&self, order: &Subscription, now: Timestamp) -> Result<Option<IdempotencyRecord>, StoreError> {
        let remembered = RememberedOrder { subscription_id: order.snapshot().id.to_string() };
        self.idempotency.as_ref().map(|request| request.record(&remembered, now)).transpose()
    }

    /// Whether what is wanted is what the tenant has already, and goes on having.
    fn is_had_with(&self, subscription: &Subscription, now: Timestamp) -> bool {
        let renewal = subscription.snapshot().state.renewal();
        self.is_for(subscription) && subscription.is_live(now) && renewal == Some(Renewal::Automatic)
    }
}

/// An order that is on record, and what the provider needs to take it.
struct Placed {
    subscription: Subscription,
    item: PricedPlan,
    /// Whether an earlier request had put it on record.
    is_resumed: bool,
}

impl Placed {
    fn is_waiting(&self) -> bool {
        self.subscription.snapshot().state == SubscriptionState::Incomplete
    }

    /// What the provider is asked for.
    fn order(&self, actor: &Actor, customer_id: CustomerId) -> SubscriptionOrder {
        SubscriptionOrder {
            customer_id,
            subscription_id: self.subscription.snapshot().id.clone(),
            tenant_id: actor.tenant_id().clone(),
            item: self.item.clone(),
            payment_method: None,
        }
    }
}

impl BillingService {
    /// Orders a subscription for the actor's tenant: puts it on record, with the redemption of its promotion code and
    /// the answer to its key, has the provider begin it, and takes over what the provider says.
    ///
    /// An order that broke off anywhere goes on where it stopped when it is placed again, by whomever, as long as it is
    /// for the same. One for something else takes its place.
    ///
    /// # Errors
    ///
    /// [`SubscribeError`] says why not.
    pub async fn subscribe(&self, actor: &Actor, command: Subscribe) -> Result<Subscribed, SubscribeError> {
        actor.require_owner()?;
        let command = Subscribe { idempotency: command.idempotency.map(|request| request.of(actor)), ..command };
        let remembered = self.remembered(&command).await?;
        if remembered.is_none() {
            self.make_way(actor, &command).await?;
        }
        let customer_id = self.customer_of(actor).await?;
        let place = || settle_within(ATTEMPTS, || self.try_place(actor, &command, remembered.as_ref()));
        let mut placed = place().await?;
        let mut begun = self.begin(actor, &customer_id, &placed).await?;
        if begun.is_none() && placed.is_resumed && remembered.is_none() {
            // It was waited for too long, which nobody had said here yet.
            placed = place().await?;
            begun = self.begin(actor, &customer_id, &placed).await?;
        }
        let Some((subscription, payment)) = begun else { return Err(SubscribeError::GivenUp) };
        if placed.is_resumed && remembered.is_none() {
            self.remember(&command, &subscription).await?;
        }
        let Some(payment_method) = command.payment_method.clone().filter(|_| placed.is_waiting()) else {
            return self.subscribed(subscription, payment).await;
        };
        let order = SubscriptionOrder { payment_method: Some(payment_method), ..placed.order(actor, customer_id) };
        let ordered = self.provider.subscribe(&order).await?;
        let followed = self.follow::<SubscribeError>(actor, &ordered.subscription.id).await?;
        if ordered.subscription.status.is_over() {
            return Err(SubscribeError::GivenUp);
        }
        self.subscribed(followed.unwrap_or(subscription), ordered.payment).await
    }

    async fn subscribed(
        &self,
        subscription: Subscription,
        payment: Option<OutstandingPayment>,
    ) -> Result<Subscribed, SubscribeError> {
        let is_waiting = subscription.snapshot().state == SubscriptionState::Incomplete;
        let subscription = self.shown(subscription).await?;
        Ok(Subscribed { subscription, payment: payment.filter(|_| is_waiting) })
    }

    /// Has the provider begin what was ordered, and puts on record what it calls that, before any card is asked to pay:
    /// whoever gives the order up from then on stops its payment, and what was given up before is not paid for. `None`
    /// when it came to nothing.
    async fn begin(
        &self,
        actor: &Actor,
        customer_id: &CustomerId,
        placed: &Placed,
    ) -> Result<Option<(Subscription, Option<OutstandingPayment>)>, SubscribeError> {
        if !placed.is_waiting() {
            return Ok(Some((placed.subscription.clone(), None)));
        }
        let begun = self.provider.subscribe(&placed.order(actor, customer_id.clone())).await?;
        let id = &begun.subscription.id;
        let Some(subscription) = self.follow::<SubscribeError>(actor, id).await? else { return Ok(None) };
        if !subscription.is_over() {
            return Ok(Some((subscription, begun.payment)));
        }
        // What has been paid all the same is for a person to look at.
        if begun.subscription.status == BilledStatus::Incomplete {
            self.provider.cancel(id).await?;
        }
        Ok(None)
    }

    /// Orders a subscription that is to be paid for in the browser, and says with what. The payment is the first one of
    /// the subscription itself, so that nobody pays twice who subscribes afterwards.
    ///
    /// # Errors
    ///
    /// [`SubscribeError`] says why not.
    pub async fn payment_intent(
        &self,
        actor: &Actor,
        command: Subscribe,
    ) -> Result<OutstandingPayment, SubscribeError> {
        let command = Subscribe { payment_method: None, ..command };
        self.subscribe(actor, command).await?.payment.ok_or(SubscribeError::NothingToPay)
    }

    /// Gives up an order that waits for its first payment, if it is for something else than what is wanted now, and that
    /// can be ordered.
    async fn make_way(&self, actor: &Actor, command: &Subscribe) -> Result<(), SubscribeError> {
        let billing = self.billing.find(&TenantScope::from(actor)).await?;
        let waiting = billing.waiting_order();
        // What the order holds is there again once it is given up.
        let code = command.promo_code.as_ref();
        let mut ours = waiting.into_iter().chain(billing.at_provider());
        let is_held = code.is_some() && ours.any(|one| one.snapshot().promo_code.as_ref() == code);
        self.priced(command.choice, code, is_held).await?;
        match waiting.filter(|order| !command.is_for(order)) {
            Some(order) => self.give_up(actor, order).await,
            None => Ok(()),
        }
    }

    /// Has a key answer with what another request had ordered.
    async fn remember(&self, command: &Subscribe, subscription: &Subscription) -> Result<(), SubscribeError> {
        let Some(record) = command.record(subscription, self.clock.now())? else { return Ok(()) };
        let changes = ChangeSet::default().write(Write::Remember(record));
        match self.unit_of_work.commit(changes).await {
            // Whoever sent the same request at the same time has done it.
            Ok(()) | Err(CommitError::Conflict | CommitError::Refused(_)) => Ok(()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    async fn remembered(&self, command: &Subscribe) -> Result<Option<SubscriptionId>, SubscribeError> {
        let Some(request) = &command.idempotency else { return Ok(None) };
        let Some(record) = self.accounts.find_idempotency_record(request.id()).await? else { return Ok(None) };
        let remembered: Option<RememberedOrder> = record.replay(request, self.clock.now())?;
        Ok(remembered.map(|RememberedOrder { subscription_id }| SubscriptionId::restore(subscription_id)))
    }

    /// The tenant's customer, who is made with the first order. On record before anything is ordered: what the provider
    /// has of the tenant can then be found whatever breaks off.
    async fn customer_of(&self, actor: &Actor) -> Result<CustomerId, SubscribeError> {
        let scope = TenantScope::from(actor);
        let known = |billing: &TenantBilling| billing.account.as_ref()?.snapshot().customer_id.clone();
        if let Some(customer) = known(&self.billing.find(&scope).await?) {
            return Ok(customer);
        }
        let new = NewCustomer {
            tenant_id: actor.tenant_id().clone(),
            name: actor.tenant.snapshot().name.as_str().to_owned(),
            email: actor.user.snapshot().email.clone(),
        };
        let made = self.provider.create_customer(&new).await?;
        settle(|| async {
            let billing = self.billing.find(&scope).await?;
            if let Some(customer) = known(&billing) {
                return Ok(customer);
            }
            let (before, now) = (billing.account, self.clock.now());
            let mut account = before.clone().unwrap_or_else(|| BillingAccount::open(actor.tenant_id().clone(), now));
            account.is_paid_by(made.clone(), now);
            let changes = ChangeSet::default()
                .by(actor.user_id())
                .write(Write::SaveBillingAccount { before: before.map(Box::new), after: Box::new(account) });
            self.unit_of_work.commit(changes).await.map_err(look_again::<SubscribeError>)?;
            Ok(made.clone())
        })
        .await
    }

    async fn try_place(
        &self,
        actor: &Actor,
        command: &Subscribe,
        remembered: Option<&SubscriptionId>,
    ) -> Result<Placed, Setback<SubscribeError>> {
        let (scope, now) = (TenantScope::from(actor), self.clock.now());
        let billing = self.billing.find(&scope).await?;
        let known = remembered
            .and_then(|id| billing.subscriptions.iter().find(|one| one.snapshot().id == *id))
            .or_else(|| billing.waiting_order().filter(|order| command.is_for(order)))
            .or_else(|| billing.at_provider().filter(|had| command.is_had_with(had, now)));
        if let Some(known) = known {
            let snapshot = known.snapshot();
            let priced = self.priced(snapshot.choice, snapshot.promo_code.as_ref(), true).await;
            let item = priced.map_err(SubscribeError::from)?.plan;
            return Ok(Placed { subscription: known.clone(), item, is_resumed: true });
        }
        if billing.waiting_order().is_some() || billing.at_provider().is_some() {
            return Err(SubscribeError::Subscribed.into());
        }
        let item = self.priced(command.choice, command.promo_code.as_ref(), false).await;
        let item = item.map_err(SubscribeError::from)?;
        let mut changes = ChangeSet::default().by(actor.user_id());

        let order = Order {
            id: self.ids.uuid().into(),
            tenant_id: actor.tenant_id().clone(),
            user_id: actor.user_id().clone(),
            choice: command.choice,
            price: item.price.clone(),
            promo_code: command.promo_code.clone(),
        };
        let (subscription, ordered) = Subscription::order(order, now);
        let id = subscription.snapshot().id.clone();
        changes = changes.write(Write::CreateSubscription(Box::new(subscription.clone()))).record(ordered);
        if let Some(code) = item.code {
            let redeemed = self.redeem(code, &subscription, command.choice, changes);
            changes = redeemed.map_err(|refused| SubscribeError::from(NotPriced::from(refused)))?;
        }
        let before = billing.account;
        let mut account = before.clone().unwrap_or_else(|| BillingAccount::open(actor.tenant_id().clone(), now));
        account.place_order(id.clone(), now);
        let record = command.record(&subscription, now)?;
        let changes = changes
            .write(Write::SaveBillingAccount { before: before.map(Box::new), after: Box::new(account) })
            .write_if(record.map(Write::Remember));
        match self.unit_of_work.commit(changes).await {
            Ok(()) => Ok(Placed { subscription, item: item.plan, is_resumed: false }),
            Err(CommitError::Refused(Refusal::CodeUsedByTenant)) => {
                Err(SubscribeError::from(NotPriced::PromoCode).into())
            }
            Err(error) => Err(look_again(error)),
        }
    }
}
