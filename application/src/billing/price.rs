//! What a plan costs with a promotion code, and redeeming and releasing the code.

use domain::{
    DiscountCode, Money, PromoCode, Subscription, SubscriptionId,
    discount::{CodeRefused, NewRedemption},
    subscription::{PlanChoice, SubscriptionState},
};

use super::BillingService;
use crate::{
    actor::TenantScope,
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{ChangeSet, DiscountRepository, PricedPlan, PromoDiscount, StoreError, Write},
};

/// A plan that can be ordered.
pub(super) struct Priced {
    /// As the provider is asked for it.
    pub(super) plan: PricedPlan,
    /// What one period costs, after the discount.
    pub(super) price: Money,
    /// The promotion code, as loaded.
    pub(super) code: Option<DiscountCode>,
}

/// Why a plan has no price.
#[derive(Debug, thiserror::Error)]
pub enum NotPriced {
    /// What was chosen is not on sale.
    #[error("this plan is not offered")]
    NotOffered,
    /// The promotion code does not apply. Which of the reasons it is, is not said (it would tell which codes exist).
    #[error("this promotion code is not valid")]
    PromoCode,
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for NotPriced {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotOffered => ErrorKind::Validation,
            Self::PromoCode => ErrorKind::PromoCodeInvalid,
            Self::Failed(failure) => failure.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::NotOffered => Some(("tier_id", self.to_string())),
            Self::PromoCode => Some(("promo_code", self.to_string())),
            Self::Failed(_) => None,
        }
    }
}

from_port_errors!(NotPriced);

impl From<CodeRefused> for NotPriced {
    fn from(_: CodeRefused) -> Self {
        Self::PromoCode
    }
}

impl BillingService {
    /// What a plan costs. `is_redeemed`: the code has been redeemed for this very subscription, and is not asked again
    /// whether it may be.
    pub(super) async fn priced(
        &self,
        choice: PlanChoice,
        promo_code: Option<&PromoCode>,
        is_redeemed: bool,
    ) -> Result<Priced, NotPriced> {
        let offer = self.tiers.find(choice.tier).await?;
        let list_price = offer.price(choice.frequency).ok_or(NotPriced::NotOffered)?.clone();
        let Some(promo_code) = promo_code else {
            let plan = PricedPlan { choice, list_price: list_price.clone(), discount: None };
            return Ok(Priced { plan, price: list_price, code: None });
        };
        let code = self.discounts.find(promo_code).await?.ok_or(NotPriced::PromoCode)?;
        if !is_redeemed {
            code.check(choice.tier, choice.frequency, self.clock.now())?;
        }
        let price = code.price_of(&list_price)?;
        let terms = &code.snapshot().terms;
        let discount =
            PromoDiscount { code: promo_code.clone(), discount: terms.discount.clone(), duration: terms.duration };
        Ok(Priced { plan: PricedPlan { choice, list_price, discount: Some(discount) }, price, code: Some(code) })
    }

    /// What a plan costs for who has the discount of this code on what they have now: it goes on, unless it is for other
    /// plans.
    pub(super) async fn priced_going_on(&self, choice: PlanChoice, code: &PromoCode) -> Result<Priced, NotPriced> {
        let found = self.discounts.find(code).await?;
        let covers = found.is_some_and(|found| found.covers(choice.tier, choice.frequency).is_ok());
        self.priced(choice, Some(code).filter(|_| covers), true).await
    }

    /// Redeems a code for a subscription, in the transaction of the changes.
    pub(super) fn redeem(
        &self,
        code: DiscountCode,
        subscription: &Subscription,
        choice: PlanChoice,
        changes: ChangeSet,
    ) -> Result<ChangeSet, CodeRefused> {
        let new = NewRedemption {
            id: self.ids.uuid().into(),
            tenant_id: subscription.snapshot().tenant_id.clone(),
            subscription_id: subscription.snapshot().id.clone(),
            tier: choice.tier,
            frequency: choice.frequency,
        };
        let (redemption, redeemed) = code.redeem(new, self.clock.now())?;
        Ok(changes.write(Write::RedeemCode { code: Box::new(code), redemption }).record(redeemed))
    }
}

/// Gives the redemptions of codes back whose orders come to nothing with these changes.
pub(super) async fn release(
    discounts: &dyn DiscountRepository,
    scope: &TenantScope,
    mut changes: ChangeSet,
) -> Result<ChangeSet, StoreError> {
    let given_up: Vec<_> = changes.writes.iter().filter_map(given_up_with).collect();
    for (order, code) in given_up {
        let redemption = discounts.redemption(scope, &code).await?;
        if let Some(redemption) = redemption.filter(|redeemed| redeemed.subscription_id == order) {
            let released = redemption.release();
            changes = changes.write(Write::ReleaseCode(redemption)).record(released);
        }
    }
    Ok(changes)
}

/// The order that comes to nothing with a change, and the code that it was placed with.
fn given_up_with(change: &Write) -> Option<(SubscriptionId, PromoCode)> {
    let Write::SaveSubscription { before, after } = change else { return None };
    let was_ordered = before.snapshot().state == SubscriptionState::Incomplete;
    let code = after.snapshot().promo_code.clone().filter(|_| was_ordered && after.is_over())?;
    Some((after.snapshot().id.clone(), code))
}
