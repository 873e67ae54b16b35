//! A subscription as the billing provider has it.

use super::{PlanChoice, Renewal};
use crate::{BillingPeriod, Money, SubscriptionId, TenantId, Timestamp, discount::PromoCode};

/// What the billing provider says about a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BilledSubscription {
    /// What the provider calls it.
    pub id: ProviderSubscriptionId,
    /// Who pays.
    pub customer_id: CustomerId,
    /// Which subscription of ours it is, if it was made from here.
    pub subscription_id: Option<SubscriptionId>,
    /// Whose it is, if it was made from here.
    pub tenant_id: Option<TenantId>,
    /// Where it stands.
    pub status: BilledStatus,
    /// What is paid for now.
    pub choice: PlanChoice,
    /// What one period costs, after the discount.
    pub price: Money,
    /// The promotion code whose discount goes on: it is not used up by the payments that were made.
    pub promo_code: Option<PromoCode>,
    /// The current period, or the last one.
    pub period: BillingPeriod,
    /// What becomes of it at the end of the period.
    pub renewal: Renewal,
}

impl BilledSubscription {
    /// Whether the provider goes on with it after the period, and asks for money for that.
    #[must_use]
    pub fn renews(&self) -> bool {
        !matches!(self.status, BilledStatus::Incomplete | BilledStatus::Cancelled { .. })
            && self.renewal != Renewal::Off
    }
}

/// Where a subscription stands with the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BilledStatus {
    /// The first payment is outstanding.
    Incomplete,
    /// On trial.
    Trialing,
    /// Paid.
    Active,
    /// A payment failed and is being tried again.
    PastDue,
    /// The payment was given up, or a trial ended without anything to pay with.
    Unpaid,
    /// It ended, or its first payment never came.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

impl BilledStatus {
    /// Whether the provider may still ask for money.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Cancelled { .. })
    }
}

macro_rules! provider_identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes an identifier from the provider or the store as it is.
            #[must_use]
            pub fn restore(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The identifier's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

provider_identifier! {
    /// Names a subscription at the billing provider.
    ProviderSubscriptionId
}
provider_identifier! {
    /// Names who pays at the billing provider: one customer for each tenant.
    CustomerId
}
