//! One's own subscription.

use domain::Subscription;

use super::BillingService;
use crate::{
    actor::{Actor, TenantScope},
    error::Failure,
};

impl BillingService {
    /// The subscription of the actor's tenant that counts: the live one, or what is left of the latest; `None` for who
    /// never had any.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it cannot be found out.
    pub async fn current(&self, actor: &Actor) -> Result<Option<Subscription>, Failure> {
        let billing = self.billing.find(&TenantScope::from(actor)).await?;
        Ok(billing.current(self.clock.now()).cloned())
    }
}
