//! What people are told of discount codes.

use application::discounts::{CheckedCode, PromoCheck};
use domain::{Currency, Money, PromoCode, discount::Discount};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{money::Amount, rules, schemas};
use crate::error::{ApiError, AtField};

/// A code that somebody wants to know something of.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "promo_code": "SPRING27", "tier_id": "starter", "frequency": "yearly" }))]
pub(crate) struct PromoRequest {
    #[serde(default)]
    #[validate(custom(function = rules::promo_code))]
    #[schema(schema_with = schemas::promo_code, required = true)]
    promo_code: String,
    #[serde(default)]
    #[validate(custom(function = rules::paid_tier))]
    #[schema(schema_with = schemas::paid_tier, required = true)]
    tier_id: String,
    #[serde(default)]
    #[validate(custom(function = rules::frequency))]
    #[schema(schema_with = schemas::frequency, required = true)]
    frequency: String,
}

impl PromoRequest {
    pub(crate) fn into_query(self) -> Result<PromoCheck, ApiError> {
        Ok(PromoCheck {
            code: PromoCode::parse(&self.promo_code).at("promo_code")?,
            tier: rules::read_paid_tier(&self.tier_id).at("tier_id")?,
            frequency: rules::read_frequency(&self.frequency).at("frequency")?,
        })
    }
}

/// What a code would take off. Whatever is wrong with one, the answer is the same.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PromoInfo {
    is_valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    discount: Option<DiscountInfo>,
    /// What is left of the price, in the currency of the tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_price: Option<Amount>,
    /// What to tell a person; only when the code is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'static str>,
}

/// What a code takes off.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Discount)]
pub(crate) struct DiscountInfo {
    #[schema(schema_with = schemas::discount_type)]
    r#type: &'static str,
    #[schema(schema_with = schemas::discount_value)]
    value: DiscountValue,
    /// Of a fixed discount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::currency)]
    currency: Option<String>,
    #[schema(schema_with = schemas::discount_duration)]
    duration: &'static str,
    /// Of a `repeating` discount.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_months: Option<u32>,
}

/// How much is taken off.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum DiscountValue {
    Percent(u8),
    Amount(Amount),
}

/// How much is taken off, and of which currency where that matters.
pub(super) fn value_of(discount: &Discount) -> (DiscountValue, Option<String>) {
    match discount {
        Discount::Percentage(percentage) => (DiscountValue::Percent(percentage.get()), None),
        Discount::Fixed(amount) => {
            let money = amount.money();
            (DiscountValue::Amount(money.into()), Some(money.currency().as_str().to_owned()))
        }
    }
}

impl From<Option<CheckedCode>> for PromoInfo {
    fn from(checked: Option<CheckedCode>) -> Self {
        let error_message = checked.is_none().then_some("This promo code is not valid");
        let (discount, new_price) = checked
            .map(|CheckedCode { discount, duration, frequency, price }| {
                let (value, currency) = value_of(&discount);
                let duration_in_months = duration.months(frequency);
                let (kind, duration) = (discount.kind(), duration.kind());
                (DiscountInfo { r#type: kind, value, currency, duration, duration_in_months }, price.into())
            })
            .unzip();
        Self { is_valid: error_message.is_none(), discount, new_price, error_message }
    }
}

impl PromoInfo {
    pub(crate) fn example() -> Self {
        let discount = DiscountInfo {
            r#type: "percentage",
            value: DiscountValue::Percent(20),
            currency: None,
            duration: "once",
            duration_in_months: None,
        };
        let price = Money::new(23_200, Currency::default());
        Self { is_valid: true, discount: Some(discount), new_price: Some(price.into()), error_message: None }
    }
}
