//! What people may change of onboarding.

use domain::{
    HttpsUrl,
    business::{AddressChange, BusinessChange, Line, PositioningChange, Prose, Steps},
};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use validator::Validate;

use super::products::{self, ProductEntryRequest};
use crate::{
    dto::{change, null_or_value, rules, schemas},
    error::{ApiError, AtField},
};

/// A wish to change some of what a tenant says about its business. What is absent stays as it is; `null` empties a
/// text and leaves everything else alone.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(
    as = OnboardingUpdate,
    example = json!({ "business_name": "Lee & Co", "step4": { "vision": null }, "completed_steps": [1], "version": 12 })
)]
#[expect(clippy::option_option, reason = "absent, null and a value are three wishes; the domain has `Change` for them")]
pub(crate) struct OnboardingRequest {
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::nullable_line)]
    business_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::https_url))]
    #[schema(schema_with = schemas::nullable_https_url)]
    website: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::nullable_line)]
    industry: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::nullable_line)]
    business_type: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_text_or_number")]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::nullable_text_or_count)]
    employee_count: Option<Option<String>>,
    #[validate(nested)]
    address: Option<AddressRequest>,
    /// The whole list: who has an `id` is changed, who has none is new, and who is not in it goes.
    #[validate(nested)]
    #[schema(max_items = 50)]
    products: Option<Vec<ProductEntryRequest>>,
    #[validate(nested)]
    step3: Option<Step3Request>,
    #[validate(nested)]
    step4: Option<Step4Request>,
    #[validate(custom(function = rules::steps))]
    #[schema(schema_with = schemas::steps)]
    completed_steps: Option<Vec<i64>>,
    /// Without `completed_steps`, `true` completes them all; `false` says nothing.
    is_completed: Option<bool>,
    /// The version that the wish was made for; without one, it goes for whatever is there now.
    #[validate(custom(function = rules::version))]
    #[schema(schema_with = schemas::nullable_version)]
    pub(crate) version: Option<i64>,
}

/// A wish to change some of the address.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[schema(as = BusinessAddressUpdate)]
#[expect(clippy::option_option, reason = "see `OnboardingRequest`")]
struct AddressRequest {
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::nullable_line)]
    street: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::nullable_line)]
    city: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::nullable_line)]
    state: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::nullable_line)]
    zip: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::nullable_line)]
    country: Option<Option<String>>,
}

/// A wish to change some of the place in the market.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[schema(as = OnboardingStep3Update)]
#[expect(clippy::option_option, reason = "see `OnboardingRequest`")]
struct Step3Request {
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::prose))]
    #[schema(schema_with = schemas::nullable_prose)]
    niche: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::prose))]
    #[schema(schema_with = schemas::nullable_prose)]
    ica: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::prose))]
    #[schema(schema_with = schemas::nullable_prose)]
    value_proposition: Option<Option<String>>,
}

/// A wish to change some of what the business stands for.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[schema(as = OnboardingStep4Update)]
#[expect(clippy::option_option, reason = "see `OnboardingRequest`")]
struct Step4Request {
    /// The whole list; blank entries are left out.
    #[validate(custom(function = rules::core_values))]
    #[schema(schema_with = schemas::core_values)]
    core_values: Option<Vec<String>>,
    #[validate(custom(function = rules::step_status))]
    #[schema(schema_with = schemas::nullable_step_status)]
    core_values_status: Option<String>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::prose))]
    #[schema(schema_with = schemas::nullable_prose)]
    purpose: Option<Option<String>>,
    #[validate(custom(function = rules::step_status))]
    #[schema(schema_with = schemas::nullable_step_status)]
    purpose_status: Option<String>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::prose))]
    #[schema(schema_with = schemas::nullable_prose)]
    vision: Option<Option<String>>,
    #[validate(custom(function = rules::step_status))]
    #[schema(schema_with = schemas::nullable_step_status)]
    vision_status: Option<String>,
}

/// Forms send the size of a business as a number or as one of their choices; it is kept as a text.
#[expect(clippy::option_option, reason = "see `OnboardingRequest`")]
fn null_text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "invalid type: something else, expected a text or a whole number")]
    enum TextOrNumber {
        Text(String),
        Number(u32),
    }
    let text = Option::<TextOrNumber>::deserialize(deserializer)?.map(|value| match value {
        TextOrNumber::Text(text) => text,
        TextOrNumber::Number(number) => number.to_string(),
    });
    Ok(Some(text.filter(|text| !text.trim().is_empty())))
}

impl TryFrom<OnboardingRequest> for BusinessChange {
    type Error = ApiError;

    fn try_from(request: OnboardingRequest) -> Result<Self, ApiError> {
        let OnboardingRequest {
            business_name,
            website,
            industry,
            business_type,
            employee_count,
            address,
            products,
            step3,
            step4,
            completed_steps,
            is_completed,
            version: _,
        } = request;
        let Step4Request { core_values, core_values_status, purpose, purpose_status, vision, vision_status } =
            step4.unwrap_or_default();
        let status = |name: Option<String>| name.as_deref().map(rules::read_step_status).transpose();
        let completed_steps = completed_steps.as_deref().map(Steps::parse).transpose().at("completed_steps")?;
        Ok(Self {
            business_name: change(business_name.as_ref(), Line::parse).at("business_name")?,
            website: change(website.as_ref(), HttpsUrl::parse).at("website")?,
            industry: change(industry.as_ref(), Line::parse).at("industry")?,
            business_type: change(business_type.as_ref(), Line::parse).at("business_type")?,
            employee_count: change(employee_count.as_ref(), Line::parse).at("employee_count")?,
            address: address.unwrap_or_default().try_into()?,
            products: products.map(products::entries).transpose()?,
            positioning: step3.unwrap_or_default().try_into()?,
            core_values: core_values.as_deref().map(rules::read_core_values).transpose().at("step4.core_values")?,
            core_values_status: status(core_values_status).at("step4.core_values_status")?,
            purpose: change(purpose.as_ref(), Prose::parse).at("step4.purpose")?,
            purpose_status: status(purpose_status).at("step4.purpose_status")?,
            vision: change(vision.as_ref(), Prose::parse).at("step4.vision")?,
            vision_status: status(vision_status).at("step4.vision_status")?,
            completed_steps: completed_steps.or_else(|| is_completed.unwrap_or_default().then(Steps::all)),
        })
    }
}

impl TryFrom<AddressRequest> for AddressChange {
    type Error = ApiError;

    fn try_from(AddressRequest { street, city, state, zip, country }: AddressRequest) -> Result<Self, ApiError> {
        Ok(Self {
            street: change(street.as_ref(), Line::parse).at("address.street")?,
            city: change(city.as_ref(), Line::parse).at("address.city")?,
            state: change(state.as_ref(), Line::parse).at("address.state")?,
            zip: change(zip.as_ref(), Line::parse).at("address.zip")?,
            country: change(country.as_ref(), Line::parse).at("address.country")?,
        })
    }
}

impl TryFrom<Step3Request> for PositioningChange {
    type Error = ApiError;

    fn try_from(Step3Request { niche, ica, value_proposition }: Step3Request) -> Result<Self, ApiError> {
        Ok(Self {
            niche: change(niche.as_ref(), Prose::parse).at("step3.niche")?,
            ideal_customer: change(ica.as_ref(), Prose::parse).at("step3.ica")?,
            value_proposition: change(value_proposition.as_ref(), Prose::parse).at("step3.value_proposition")?,
        })
    }
}
