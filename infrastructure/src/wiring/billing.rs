//! Chooses who takes the money.

use std::{path::Path, sync::Arc};

use application::ports::{BillingProvider, Clock, IdGenerator};
use aws_config::SdkConfig;

use super::WiringError;
#[cfg(feature = "embedded")]
use crate::billing::local::LocalBilling;
use crate::{
    aws,
    billing::NoBilling,
    config::{BillingConfig, Config, StripeAccount, StripeConfig},
    secrets::SecretsManagerSecret,
    stripe::{AccountKeys, StripeBilling},
};

/// Who takes the money.
pub(super) struct Chosen {
    pub(super) provider: Arc<dyn BillingProvider>,
    /// The provider inside the process, where it is the one.
    #[cfg(feature = "embedded")]
    pub(super) local: Option<LocalBilling>,
}

impl Chosen {
    fn elsewhere(provider: Arc<dyn BillingProvider>) -> Self {
        Self {
            provider,
            #[cfg(feature = "embedded")]
            local: None,
        }
    }
}

/// `books`: where the provider inside the process keeps its books; in memory without a folder.
pub(super) fn choose(
    config: &Config,
    sdk: &SdkConfig,
    #[cfg_attr(not(feature = "embedded"), expect(unused_variables, reason = "the provider inside is not built in"))]
    books: Option<&Path>,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdGenerator>,
) -> Result<Chosen, WiringError> {
    match &config.billing {
        BillingConfig::Stripe(stripe) => Ok(Chosen::elsewhere(Arc::new(billing_by_stripe(stripe, sdk, clock, ids)))),
        #[cfg(feature = "embedded")]
        BillingConfig::Local => {
            let local = LocalBilling::open(books, Arc::clone(clock), Arc::clone(ids))?;
            Ok(Chosen { provider: Arc::new(local.clone()), local: Some(local) })
        }
        _ => Ok(Chosen::elsewhere(Arc::new(NoBilling))),
    }
}

fn billing_by_stripe(
    StripeConfig { url, account, mode }: &StripeConfig,
    sdk: &SdkConfig,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdGenerator>,
) -> StripeBilling {
    let keys = match account {
        StripeAccount::Given(secrets) => AccountKeys::given(secrets.clone()),
        StripeAccount::SecretsManager(arn) => {
            let kept = SecretsManagerSecret::new(aws::secrets_manager_client(sdk), arn.clone());
            AccountKeys::kept(Arc::new(kept), *mode, Arc::clone(clock))
        }
    };
    StripeBilling::new(url.clone(), Arc::new(keys), Arc::clone(clock), Arc::clone(ids))
}
