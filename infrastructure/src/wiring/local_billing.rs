//! The billing provider inside the process, for a developer's machine.

use std::{path::Path, sync::Arc};

use application::ports::{Clock, IdGenerator};

use crate::{
    billing::local::{LocalBilling, OpenLocalBillingError},
    config::{Config, Host, Stage},
};

pub(super) fn open(
    config: &Config,
    books: Option<&Path>,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdGenerator>,
) -> Result<Option<LocalBilling>, OpenLocalBillingError> {
    match (config.host, config.stage) {
        (Host::Local, Stage::Local) => LocalBilling::open(books, Arc::clone(clock), Arc::clone(ids)).map(Some),
        _ => Ok(None),
    }
}
