//! Reading and changing what a tenant says about its business.

use domain::{BusinessFoundation, Permission, Version, business::BusinessChange};

use super::{BusinessError, BusinessService};
use crate::actor::Actor;

impl BusinessService {
    /// What the actor's tenant says about its business; empty while it has said nothing, which writes nothing.
    ///
    /// # Errors
    ///
    /// [`BusinessError`] when it cannot be shown.
    pub async fn foundation(&self, actor: &Actor) -> Result<BusinessFoundation, BusinessError> {
        actor.require(Permission::ReadBusinessData)?;
        Ok(self.load(actor).await?.unwrap_or_else(|| self.empty(actor)))
    }

    /// Changes what the wish names, whatever the rest is by now; with `expected`, only if that is the version that
    /// there is now.
    ///
    /// # Errors
    ///
    /// [`BusinessError`] when nothing was changed.
    pub async fn change(
        &self,
        actor: &Actor,
        change: BusinessChange,
        expected: Option<Version>,
    ) -> Result<BusinessFoundation, BusinessError> {
        self.decide(actor, expected, |foundation, now| {
            let outcome = foundation.change(change.clone(), || self.new_product_id(), actor.user_id(), now);
            outcome.map_err(BusinessError::Products)
        })
        .await
    }
}
