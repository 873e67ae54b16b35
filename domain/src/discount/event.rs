//! What happens to discount codes, and to their redemptions.

use super::{DiscountCodeSnapshot, PromoCode, Redemption};
use crate::{DiscountCodeId, RedemptionId, SubscriptionId, TenantId, Version};

/// Something that happened to a discount code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscountCodeEvent {
    /// The code's identity.
    pub id: DiscountCodeId,
    /// Its text.
    pub code: PromoCode,
    /// The version of the code that it led to.
    pub version: Version,
    /// What happened.
    pub what: DiscountCodeEventKind,
}

/// What happened to a discount code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscountCodeEventKind {
    /// It was made.
    Created,
    /// It gives something else, or to others.
    Changed,
    /// It can be redeemed again.
    Enabled,
    /// It cannot be redeemed any more. Who has redeemed it keeps the discount.
    Disabled,
    /// It was deleted.
    Deleted,
}

/// Something that happened to a redemption: of a stream of its own, so that many can redeem a code at the same moment
/// without an order among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedemptionEvent {
    /// The redemption.
    pub redemption_id: RedemptionId,
    /// Of which code.
    pub code: PromoCode,
    /// By which tenant.
    pub tenant_id: TenantId,
    /// For which subscription.
    pub subscription_id: SubscriptionId,
    /// What happened.
    pub what: RedemptionEventKind,
}

/// What happened to a redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedemptionEventKind {
    /// A tenant got the discount of a code for a subscription.
    Redeemed,
    /// It was given back, because what it was redeemed for never came to be.
    Released,
}

impl RedemptionEvent {
    /// The version of the redemption that it led to: it is made, and may be given back.
    #[must_use]
    pub const fn version(&self) -> Version {
        match self.what {
            RedemptionEventKind::Redeemed => Version::UNWRITTEN.next(),
            RedemptionEventKind::Released => Version::UNWRITTEN.next().next(),
        }
    }
}

impl DiscountCodeEventKind {
    pub(super) fn of(self, code: &DiscountCodeSnapshot) -> DiscountCodeEvent {
        DiscountCodeEvent { id: code.id.clone(), code: code.code.clone(), version: code.version.next(), what: self }
    }
}

impl RedemptionEventKind {
    pub(super) fn of(self, redemption: &Redemption) -> RedemptionEvent {
        let Redemption { id, code, tenant_id, subscription_id, redeemed_at: _ } = redemption;
        RedemptionEvent {
            redemption_id: id.clone(),
            code: code.clone(),
            tenant_id: tenant_id.clone(),
            subscription_id: subscription_id.clone(),
            what: self,
        }
    }
}
