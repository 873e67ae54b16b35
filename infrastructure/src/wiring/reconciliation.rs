//! The reconciliation, for a command.

use std::{num::NonZeroU32, path::Path, sync::Arc};

use application::{
    billing::{Reconciliation, ReconciliationPorts},
    ports::BillingProvider,
};
use aws_sdk_dynamodb::Client;

use super::{Ambient, Store, WiringError, billing, connect};
use crate::{
    aws,
    billing::PacedBilling,
    config::Config,
    crypto::{PayloadSealer, SealError},
    dynamodb::DynamoStore,
};

/// The reconciliation of what tenants pay for, which asks the provider at most so often in a second. `data_dir` is where
/// a local service keeps what it knows.
///
/// # Errors
///
/// [`WiringError`] says why it cannot be put together.
pub async fn reconciliation(
    config: &Config,
    store: Store,
    data_dir: &Path,
    calls_per_second: NonZeroU32,
) -> Result<Reconciliation, WiringError> {
    let sdk = aws::load(config.region.clone()).await?;
    let books = Some(data_dir).filter(|_| store.is_kept());
    let client = connect(config, &sdk, store).await?;
    let ambient = Ambient::of_the_system();
    let provider = billing::choose(config, &sdk, books, &ambient.clock, &ambient.ids)?.provider;
    let provider = Arc::new(PacedBilling::new(provider, calls_per_second));
    Ok(assemble_reconciliation(config, client, provider, ambient))
}

/// The reconciliation on a DynamoDB whose tables exist, with this provider: [`reconciliation`] without its choices.
#[must_use]
pub fn assemble_reconciliation(
    config: &Config,
    dynamodb: Client,
    provider: Arc<dyn BillingProvider>,
    Ambient { clock, ids }: Ambient,
) -> Reconciliation {
    let (tables, sealer) = (Arc::new(config.tables.clone()), Arc::new(SealsNothing));
    let store = DynamoStore::new(dynamodb, tables, Arc::clone(&ids), Arc::clone(&clock), sealer, None)
        .keeping_audit_for(config.audit_kept_for);
    Reconciliation::new(ReconciliationPorts {
        billed_tenants: Arc::new(store.billed_tenants()),
        billing: Arc::new(store.billing()),
        tenants: Arc::new(store.tenants()),
        discounts: Arc::new(store.discounts()),
        provider,
        unit_of_work: Arc::new(store.unit_of_work()),
        clock,
        ids,
    })
}

/// Nothing is mailed, so that nothing has to be sealed, and whoever reconciles needs no key.
struct SealsNothing;

impl PayloadSealer for SealsNothing {
    fn seal(&self, _: &[u8]) -> Result<String, SealError> {
        Err(SealError::Broken)
    }

    fn open(&self, _: &str) -> Result<Vec<u8>, SealError> {
        Err(SealError::UnknownKey)
    }
}
