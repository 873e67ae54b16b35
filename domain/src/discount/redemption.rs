//! That a tenant has redeemed a code.

use super::{PromoCode, RedemptionEvent, RedemptionEventKind};
use crate::{Outcome, RedemptionId, SubscriptionId, TenantId, Timestamp};

/// That a tenant has redeemed a code, which it can do once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// Identity.
    pub id: RedemptionId,
    /// Which code.
    pub code: PromoCode,
    /// Who.
    pub tenant_id: TenantId,
    /// For what.
    pub subscription_id: SubscriptionId,
    /// When.
    pub redeemed_at: Timestamp,
}

impl Redemption {
    /// Gives it back, because what it was redeemed for never came to be: the tenant can redeem the code again, and so can one
    /// more.
    pub fn release(&self) -> Outcome<RedemptionEvent> {
        Outcome::of(RedemptionEventKind::Released.of(self))
    }
}
