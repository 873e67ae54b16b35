//! What a tenant says about its business: onboarding and the foundation, which are two views on one thing.

mod foundation;
mod products;

use std::sync::Arc;

use domain::{
    BusinessFoundation, Outcome, Permission, ProductId, Timestamp, Version,
    business::{BusinessEvent, ProductsRefused},
};

use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{BusinessRepository, ChangeSet, Clock, IdGenerator, StoreError, UnitOfWork, Write},
    retry::{Setback, look_again, settle_within},
    use_cases::Ports,
};

/// How often a change is tried. A whole team fills in one form: whoever comes too late was overtaken by somebody
/// who got through, so that this many people can write at the same moment and all of them do.
const ATTEMPTS: u32 = 25;

/// The use cases of a tenant's business.
#[derive(Clone)]
pub struct BusinessService {
    business: Arc<dyn BusinessRepository>,
    unit_of_work: Arc<dyn UnitOfWork>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

/// Why something about the business was not shown or not changed.
#[derive(Debug, thiserror::Error)]
pub enum BusinessError {
    /// The role does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The change was made for another version than there is now.
    #[error("somebody else has changed this meanwhile")]
    Overtaken {
        /// The version that there is now.
        current: Version,
    },
    /// There is no product of that id.
    #[error("there is no such product")]
    NoSuchProduct,
    /// The list of products cannot be as it was sent.
    #[error("the list of products {0}")]
    Products(ProductsRefused),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for BusinessError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Overtaken { .. } => ErrorKind::Conflict,
            Self::NoSuchProduct => ErrorKind::NotFound,
            Self::Products(_) => ErrorKind::Validation,
            Self::Failed(failure) => failure.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Products(why) => Some(("products", why.to_string())),
            _ => None,
        }
    }

    fn current_version(&self) -> Option<Version> {
        match self {
            Self::Overtaken { current } => Some(*current),
            _ => None,
        }
    }
}

from_port_errors!(BusinessError);

impl BusinessService {
    /// The service on these ports.
    #[must_use]
    pub fn new(ports: &Ports) -> Self {
        let Ports { business, unit_of_work, clock, ids, .. } = ports.clone();
        Self { business, unit_of_work, clock, ids }
    }

    fn new_product_id(&self) -> ProductId {
        self.ids.uuid().into()
    }

    async fn load(&self, actor: &Actor) -> Result<Option<BusinessFoundation>, StoreError> {
        self.business.find(&TenantScope::from(actor)).await
    }

    fn empty(&self, actor: &Actor) -> BusinessFoundation {
        BusinessFoundation::empty(actor.tenant_id().clone(), self.clock.now())
    }

    /// Runs a command on what there is now and returns what there is then. With `expected`, only if that is the
    /// version that there is now.
    async fn decide<C>(
        &self,
        actor: &Actor,
        expected: Option<Version>,
        command: C,
    ) -> Result<BusinessFoundation, BusinessError>
    where
        C: Fn(&mut BusinessFoundation, Timestamp) -> Result<Outcome<BusinessEvent>, BusinessError>,
    {
        actor.require(Permission::WriteBusinessData)?;
        settle_within(ATTEMPTS, || self.try_decide(actor, expected, &command)).await
    }

    async fn try_decide(
        &self,
        actor: &Actor,
        expected: Option<Version>,
        command: &impl Fn(&mut BusinessFoundation, Timestamp) -> Result<Outcome<BusinessEvent>, BusinessError>,
    ) -> Result<BusinessFoundation, Setback<BusinessError>> {
        let before = self.load(actor).await?;
        let mut after = before.clone().unwrap_or_else(|| self.empty(actor));
        let current = after.snapshot().version;
        if expected.is_some_and(|expected| expected != current) {
            return Err(BusinessError::Overtaken { current }.into());
        }
        let outcome = command(&mut after, self.clock.now())?;
        if !outcome.is_nothing() {
            let write = Write::SaveBusiness { before: before.map(Box::new), after: Box::new(after.clone()) };
            let changes = ChangeSet::default().write(write).record(outcome).by(actor.user_id());
            self.unit_of_work.commit(changes).await.map_err(look_again::<BusinessError>)?;
        }
        Ok(after)
    }
}
