//! What the billing provider says by itself (security rules 28–31).

use async_trait::async_trait;
use domain::subscription::{BilledSubscription, ProviderSubscriptionId};

use super::{BillingService, follow::Followed};
use crate::{
    actor::TenantScope,
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{
        BilledTenant, BillingError, ChangeSet, ClosedTenant, CommitError, DeferredBilling, NotSettled, ProviderEvent,
        Refusal, StoreError, WebhookRejected, Write,
    },
    retry::{Setback, look_again, settle},
    telemetry::{self, WebhookOutcome},
};

/// Why an event of the provider was not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It is not the provider's.
    #[error(transparent)]
    Rejected(#[from] WebhookRejected),
    /// The provider cannot be asked what became of it; it will send the event again (security rule 31).
    #[error(transparent)]
    Provider(#[from] BillingError),
    /// Something else; the provider will send the event again.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for WebhookError {
    fn kind(&self) -> ErrorKind {
        match self {
            // Whatever it is: an answer of the four hundreds would say that the event was wrong.
            Self::Rejected(WebhookRejected::Unavailable) | Self::Provider(_) => ErrorKind::BillingProvider,
            Self::Rejected(_) => ErrorKind::InvalidRequest,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(WebhookError);

impl BillingService {
    /// Takes an event of the provider: the body as it arrived, and its signature.
    ///
    /// An event says when to look, not what to find: what became of the subscription is asked for once its row has been
    /// loaded, so that of two events that are taken at once, or in another order than they happened, none puts back what
    /// the other one brought (docs/adr/0016-the-provider-is-right.md).
    ///
    /// # Errors
    ///
    /// [`WebhookError`] says why it was not taken; nothing is changed then.
    pub async fn receive(&self, body: &[u8], signature: &str) -> Result<(), WebhookError> {
        let taken = self.verify_and_take(body, signature).await;
        telemetry::webhook(match &taken {
            Ok(outcome) => *outcome,
            Err(WebhookError::Rejected(WebhookRejected::Signature | WebhookRejected::Unreadable)) => {
                WebhookOutcome::Rejected
            }
            Err(_) => WebhookOutcome::Failed,
        });
        taken.map(drop)
    }

    async fn verify_and_take(&self, body: &[u8], signature: &str) -> Result<WebhookOutcome, WebhookError> {
        let event = self.provider.read_event(body, signature, self.clock.now()).await?;
        let Some(id) = &event.subscription_id else { return Ok(WebhookOutcome::Ignored) };
        if self.billing.has_received(&event.id).await? {
            return Ok(WebhookOutcome::Duplicate);
        }
        settle(|| self.try_take(&event, id)).await
    }

    async fn try_take(
        &self,
        event: &ProviderEvent,
        id: &ProviderSubscriptionId,
    ) -> Result<WebhookOutcome, Setback<WebhookError>> {
        let received = ChangeSet::default().write(Write::RememberProviderEvent(event.clone()));
        let Some(billed) = self.provider.subscription(id).await.map_err(WebhookError::from)? else {
            return self.commit_received(received, WebhookOutcome::Ignored).await;
        };
        let Some(tenant) = self.billed_tenant(&billed).await? else {
            return self.commit_received(received.defer(event.clone()), WebhookOutcome::Deferred).await;
        };
        let scope = TenantScope::from(&tenant);
        match self.follow_now::<WebhookError>(&scope, id, Some(event)).await? {
            Some(Followed { before: None, .. }) if !self.may_adopt(&scope, &billed).await? => {
                self.commit_received(received.defer(event.clone()), WebhookOutcome::Deferred).await
            }
            Some(Followed { changes, .. }) => {
                let changes = changes.write(Write::RememberProviderEvent(event.clone()));
                self.commit_received(changes, WebhookOutcome::Applied).await
            }
            None => self.commit_received(received, WebhookOutcome::Ignored).await,
        }
    }

    async fn commit_received(
        &self,
        changes: ChangeSet,
        outcome: WebhookOutcome,
    ) -> Result<WebhookOutcome, Setback<WebhookError>> {
        match self.unit_of_work.commit(changes).await {
            Ok(()) => Ok(outcome),
            Err(CommitError::Refused(Refusal::AlreadyReceived)) => Ok(WebhookOutcome::Duplicate),
            Err(error) => Err(look_again(error)),
        }
    }

    /// The tenant that a subscription is for: the provider knows it, or we know the customer.
    async fn billed_tenant(&self, billed: &BilledSubscription) -> Result<Option<BilledTenant>, StoreError> {
        match BilledTenant::of(billed) {
            Some(tenant) => Ok(Some(tenant)),
            None => self.billing.tenant_of(&billed.customer_id).await,
        }
    }

    /// Whether a subscription that is not known here can become a tenant's: there is such a tenant, and nobody else is
    /// the customer. What the provider was told when it was made may have been another stage's, or somebody's copy.
    async fn may_adopt(&self, scope: &TenantScope, billed: &BilledSubscription) -> Result<bool, StoreError> {
        if self.tenants.find(scope).await?.is_none() {
            return Ok(false);
        }
        let customer = self.billing.tenant_of(&billed.customer_id).await?;
        Ok(customer.is_none_or(|customer| customer.tenant_id == *scope.tenant_id()))
    }

    async fn try_look_again(
        &self,
        id: &ProviderSubscriptionId,
        event: &ProviderEvent,
    ) -> Result<bool, Setback<WebhookError>> {
        let Some(billed) = self.provider.subscription(id).await.map_err(WebhookError::from)? else { return Ok(true) };
        let Some(tenant) = self.billed_tenant(&billed).await? else { return Ok(false) };
        let scope = TenantScope::from(&tenant);
        if let Some(Followed { before, changes, .. }) = self.follow_now::<WebhookError>(&scope, id, Some(event)).await?
        {
            if before.is_none() && !self.may_adopt(&scope, &billed).await? {
                return Ok(false);
            }
            self.unit_of_work.commit(changes).await.map_err(look_again::<WebhookError>)?;
        }
        Ok(true)
    }
}

#[async_trait]
impl DeferredBilling for BillingService {
    async fn look_again(&self, event: &ProviderEvent) -> Result<(), NotSettled> {
        let Some(id) = &event.subscription_id else { return Ok(()) };
        match settle(|| self.try_look_again(id, event)).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(NotSettled("nobody here is that customer of the billing provider".to_owned())),
            Err(error) => Err(NotSettled(error.to_string())),
        }
    }

    async fn stop_renewal(&self, closed: &ClosedTenant) -> Result<(), NotSettled> {
        self.try_stop_renewal(closed).await.map_err(|error| NotSettled(error.to_string()))
    }
}
