//! Discount codes, as administrators of the platform make and see them.

use std::num::NonZeroU32;

use application::page::PageRequest;
use chrono::{DateTime, Utc};
use domain::{
    Currency, DiscountCode, Frequency, Money, Percentage, PromoCode, Tier,
    discount::{AmountOff, Discount, DiscountChanges, DiscountTerms, Redemption},
};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use super::{
    change,
    discount::{DiscountValue, value_of},
    example_time, null_or, null_or_value,
    page::page_request,
    rules, schemas,
};
use crate::error::{ApiError, AtField};

/// Which page to show.
#[derive(Debug, Default, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiscountCodeQuery {
    #[validate(custom(function = rules::page_size))]
    #[param(schema_with = schemas::page_size)]
    limit: Option<String>,
    #[validate(custom(function = rules::cursor))]
    #[param(schema_with = schemas::cursor)]
    cursor: Option<String>,
}

impl DiscountCodeQuery {
    pub(crate) fn read(&self) -> Result<PageRequest, ApiError> {
        page_request(self.limit.as_deref(), self.cursor.as_deref())
    }
}

/// A field that is wrong, and why.
type Wrong = (&'static str, String);

/// What `type`, `value` and `currency` say together; `None` when they say nothing.
fn read_discount(
    kind: Option<&str>,
    value: Option<&Number>,
    currency: Option<&str>,
) -> Result<Option<Discount>, Wrong> {
    let wrong = |field| move |why: &dyn ToString| (field, why.to_string());
    let (kind, value) = match (kind, value) {
        (None, None) if currency.is_none() => return Ok(None),
        (None, _) => return Err(("type", "is required".to_owned())),
        (_, None) => return Err(("value", "is required".to_owned())),
        (Some(kind), Some(value)) => (kind, value.to_string()),
    };
    let discount = match kind {
        "percentage" => {
            // `20.0` is a whole number, too.
            let percent = value.strip_suffix(".0").unwrap_or(&value).parse().unwrap_or_default();
            Percentage::new(percent).map(Discount::Percentage).map_err(|why| wrong("value")(&why))?
        }
        "fixed" => {
            let currency = currency.map_or_else(|| Ok(Currency::default()), Currency::parse);
            let money = Money::from_major(&value, currency.map_err(|why| wrong("currency")(&why))?);
            let amount = AmountOff::new(money.map_err(|why| wrong("value")(&why))?);
            Discount::Fixed(amount.map_err(|why| wrong("value")(&why))?)
        }
        _ => return Err(("type", "must be one of percentage, fixed".to_owned())),
    };
    Ok(Some(discount))
}

fn judge<T>(read: Result<T, Wrong>) -> Result<(), ValidationError> {
    read.map_or_else(|(field, why)| rules::refuse_field(field, why), |_| Ok(()))
}

fn or_refuse<T>(read: Result<T, Wrong>) -> Result<T, ApiError> {
    read.or_else(|(field, why)| Err(why).at(field))
}

/// A discount code to make.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[validate(schema(function = is_discount, skip_on_field_errors = false))]
#[schema(example = json!({
    "code": "SPRING27", "type": "percentage", "value": 20, "duration_in_cycles": 3, "max_redemptions": 100,
    "tiers": ["starter", "professional"], "frequencies": ["monthly"], "valid_until": "2027-06-01T00:00:00Z",
}))]
pub(crate) struct DiscountCodeRequest {
    #[serde(default)]
    #[validate(custom(function = rules::promo_code))]
    #[schema(schema_with = schemas::promo_code, required = true)]
    code: String,
    #[schema(schema_with = schemas::discount_type, required = true)]
    r#type: Option<String>,
    #[schema(schema_with = schemas::discount_value, required = true)]
    value: Option<Number>,
    /// Of a fixed discount; USD unless told.
    #[schema(schema_with = schemas::nullable_currency)]
    currency: Option<String>,
    /// From how many payments; from all of them unless told.
    #[validate(custom(function = rules::duration_in_cycles))]
    #[schema(schema_with = schemas::nullable_duration_in_cycles)]
    duration_in_cycles: Option<i64>,
    /// How many tenants can redeem it; any number unless told.
    #[validate(custom(function = rules::max_redemptions))]
    #[schema(schema_with = schemas::nullable_max_redemptions)]
    max_redemptions: Option<i64>,
    /// For which tiers; for every paid one unless told.
    #[validate(custom(function = rules::paid_tiers))]
    #[schema(schema_with = schemas::nullable_paid_tiers)]
    tiers: Option<Vec<String>>,
    /// For which frequencies; for every one unless told.
    #[validate(custom(function = rules::frequencies))]
    #[schema(schema_with = schemas::nullable_frequencies)]
    frequencies: Option<Vec<String>>,
    /// From when on it cannot be redeemed any more; never unless told.
    #[validate(custom(function = rules::time))]
    #[schema(schema_with = schemas::nullable_time)]
    valid_until: Option<String>,
}

fn is_discount(request: &DiscountCodeRequest) -> Result<(), ValidationError> {
    judge(request.discount())
}

impl DiscountCodeRequest {
    fn discount(&self) -> Result<Discount, Wrong> {
        let said = read_discount(self.r#type.as_deref(), self.value.as_ref(), self.currency.as_deref())?;
        said.ok_or_else(|| ("type", "is required".to_owned()))
    }

    pub(crate) fn read(&self) -> Result<(PromoCode, DiscountTerms), ApiError> {
        let terms = DiscountTerms {
            discount: or_refuse(self.discount())?,
            duration: rules::read_duration_in_cycles(self.duration_in_cycles).at("duration_in_cycles")?,
            max_redemptions: self.max_redemptions.map(rules::read_max_redemptions).transpose().at("max_redemptions")?,
            tiers: rules::read_paid_tiers(self.tiers.as_deref().unwrap_or_default()).at("tiers")?,
            frequencies: rules::read_frequencies(self.frequencies.as_deref().unwrap_or_default()).at("frequencies")?,
            valid_until: self.valid_until.as_deref().map(rules::read_time).transpose().at("valid_until")?,
        };
        Ok((PromoCode::parse(&self.code).at("code")?, terms))
    }
}

/// A wish to change some of a discount code. What is absent stays as it is; `null` lifts a limit.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[validate(schema(function = is_other_discount, skip_on_field_errors = false))]
#[schema(as = DiscountCodeUpdate, example = json!({ "max_redemptions": 200, "valid_until": null }))]
#[expect(clippy::option_option, reason = "absent, null and a value are three wishes; the domain has `Change` for them")]
pub(crate) struct DiscountCodeUpdate {
    /// Together with `value`. Not once somebody has redeemed the code.
    #[schema(schema_with = schemas::nullable_discount_type)]
    r#type: Option<String>,
    #[schema(schema_with = schemas::nullable_discount_value)]
    value: Option<Number>,
    #[schema(schema_with = schemas::nullable_currency)]
    currency: Option<String>,
    /// Not once somebody has redeemed the code.
    #[serde(default, deserialize_with = "null_or")]
    #[validate(custom(function = rules::duration_in_cycles))]
    #[schema(schema_with = schemas::nullable_duration_in_cycles)]
    duration_in_cycles: Option<Option<i64>>,
    /// Not less than have redeemed it.
    #[serde(default, deserialize_with = "null_or")]
    #[validate(custom(function = rules::max_redemptions))]
    #[schema(schema_with = schemas::nullable_max_redemptions)]
    max_redemptions: Option<Option<i64>>,
    /// An empty list is every paid one.
    #[validate(custom(function = rules::paid_tiers))]
    #[schema(schema_with = schemas::nullable_paid_tiers)]
    tiers: Option<Vec<String>>,
    /// An empty list is every one.
    #[validate(custom(function = rules::frequencies))]
    #[schema(schema_with = schemas::nullable_frequencies)]
    frequencies: Option<Vec<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::time))]
    #[schema(schema_with = schemas::nullable_time)]
    valid_until: Option<Option<String>>,
}

fn is_other_discount(update: &DiscountCodeUpdate) -> Result<(), ValidationError> {
    judge(update.discount())
}

impl DiscountCodeUpdate {
    fn discount(&self) -> Result<Option<Discount>, Wrong> {
        read_discount(self.r#type.as_deref(), self.value.as_ref(), self.currency.as_deref())
    }

    pub(crate) fn read(&self) -> Result<DiscountChanges, ApiError> {
        let duration = self.duration_in_cycles.map(rules::read_duration_in_cycles);
        Ok(DiscountChanges {
            discount: or_refuse(self.discount())?,
            duration: duration.transpose().at("duration_in_cycles")?,
            max_redemptions: change(self.max_redemptions.as_ref(), |max: &i64| rules::read_max_redemptions(*max))
                .at("max_redemptions")?,
            tiers: self.tiers.as_deref().map(rules::read_paid_tiers).transpose().at("tiers")?,
            frequencies: self.frequencies.as_deref().map(rules::read_frequencies).transpose().at("frequencies")?,
            valid_until: change(self.valid_until.as_ref(), rules::read_time).at("valid_until")?,
        })
    }
}

/// A discount code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DiscountCode)]
pub(crate) struct DiscountCodeInfo {
    /// The same as `code`.
    #[schema(schema_with = schemas::promo_code)]
    id: String,
    #[schema(schema_with = schemas::promo_code)]
    code: String,
    #[schema(schema_with = schemas::discount_type)]
    r#type: &'static str,
    #[schema(schema_with = schemas::discount_value)]
    value: DiscountValue,
    /// Of a fixed discount; `null` of a percentage.
    #[schema(schema_with = schemas::nullable_currency, required = true)]
    currency: Option<String>,
    #[schema(schema_with = schemas::discount_duration)]
    duration: &'static str,
    /// From how many payments; `null` is from all of them.
    #[schema(schema_with = schemas::nullable_duration_in_cycles, required = true)]
    duration_in_cycles: Option<u8>,
    /// How many tenants have redeemed it.
    redemptions: u32,
    /// How many tenants can; `null` is any number.
    #[schema(schema_with = schemas::nullable_max_redemptions, required = true)]
    max_redemptions: Option<NonZeroU32>,
    /// For which tiers; none is every paid one.
    #[schema(schema_with = schemas::paid_tiers)]
    tiers: Vec<&'static str>,
    /// For which frequencies; none is every one.
    #[schema(schema_with = schemas::frequencies)]
    frequencies: Vec<&'static str>,
    /// From when on it cannot be redeemed any more; `null` is never.
    #[schema(required = true)]
    valid_until: Option<DateTime<Utc>>,
    /// Whether it can be redeemed.
    is_enabled: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<DiscountCode> for DiscountCodeInfo {
    fn from(code: DiscountCode) -> Self {
        let code = code.snapshot();
        let terms = &code.terms;
        let (value, currency) = value_of(&terms.discount);
        Self {
            id: code.code.to_string(),
            code: code.code.to_string(),
            r#type: terms.discount.kind(),
            value,
            currency,
            duration: terms.duration.kind(),
            duration_in_cycles: terms.duration.cycles(),
            redemptions: code.redeemed,
            max_redemptions: terms.max_redemptions,
            tiers: terms.tiers.iter().map(|tier| tier.as_str()).collect(),
            frequencies: terms.frequencies.iter().map(|frequency| frequency.as_str()).collect(),
            valid_until: terms.valid_until,
            is_enabled: code.enabled,
            created_at: code.created_at,
            updated_at: code.updated_at,
        }
    }
}

impl DiscountCodeInfo {
    pub(crate) fn example() -> Self {
        Self {
            id: "SPRING27".to_owned(),
            code: "SPRING27".to_owned(),
            r#type: "percentage",
            value: DiscountValue::Percent(20),
            currency: None,
            duration: "repeating",
            duration_in_cycles: Some(3),
            redemptions: 12,
            max_redemptions: NonZeroU32::new(100),
            tiers: vec![Tier::Starter.as_str(), Tier::Professional.as_str()],
            frequencies: vec![Frequency::Monthly.as_str()],
            valid_until: Some(example_time() + chrono::Duration::days(90)),
            is_enabled: true,
            created_at: example_time(),
            updated_at: example_time(),
        }
    }
}

/// That a tenant has redeemed a code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Redemption)]
pub(crate) struct RedemptionInfo {
    #[schema(schema_with = schemas::id)]
    tenant_id: String,
    #[schema(schema_with = schemas::id)]
    subscription_id: String,
    redeemed_at: DateTime<Utc>,
}

impl From<Redemption> for RedemptionInfo {
    fn from(redemption: Redemption) -> Self {
        let Redemption { id: _, code: _, tenant_id, subscription_id, redeemed_at } = redemption;
        Self { tenant_id: tenant_id.to_string(), subscription_id: subscription_id.to_string(), redeemed_at }
    }
}

impl RedemptionInfo {
    pub(crate) fn example() -> Self {
        Self {
            tenant_id: "0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c55".to_owned(),
            subscription_id: "0198c5a2-8f00-7a90-8c4d-1e5f7b2a9d33".to_owned(),
            redeemed_at: example_time(),
        }
    }
}
