//! The payment methods that there are: some of those that Stripe has for tests, by the same names.

use application::ports::BillingError;
use serde::{Deserialize, Serialize};

/// A card that a customer has given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PaymentMethod {
    /// `pm_card_visa`: pays.
    Visa,
    /// `pm_card_authenticationRequired`: pays what somebody confirms, each time.
    AuthenticationRequired,
}

impl PaymentMethod {
    /// The card of that name. `pm_card_chargeDeclined` is declined here already, as Stripe does: it checks a card before
    /// it is kept.
    pub(super) fn attach(name: &str) -> Result<Self, BillingError> {
        match name {
            "pm_card_visa" => Ok(Self::Visa),
            "pm_card_authenticationRequired" => Ok(Self::AuthenticationRequired),
            "pm_card_chargeDeclined" => Err(Self::declined()),
            _ => Err(BillingError::Unknown("this payment method")),
        }
    }

    /// What is said of a card that does not pay.
    pub(super) fn declined() -> BillingError {
        BillingError::Declined("Your card was declined.".to_owned())
    }

    /// Whether it pays while nobody is there to confirm it.
    pub(super) const fn pays_alone(self) -> bool {
        matches!(self, Self::Visa)
    }
}
