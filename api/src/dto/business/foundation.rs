//! The business foundation: what coaching builds on, as a view on the onboarding.

use domain::{
    BusinessFoundation,
    business::{BusinessChange, Line, PositioningChange, Prose},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::string_of;
use crate::{
    dto::{change, null_or_value, rules, schemas},
    error::{ApiError, AtField},
};

/// What coaching builds on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BusinessFoundation)]
pub(crate) struct FoundationInfo {
    #[schema(required = true)]
    business_name: Option<String>,
    #[schema(required = true)]
    vision: Option<String>,
    #[schema(required = true)]
    purpose: Option<String>,
    core_values: Vec<String>,
    /// The niche of the onboarding.
    #[schema(required = true)]
    target_market: Option<String>,
    #[schema(required = true)]
    value_proposition: Option<String>,
    /// Counts the changes, those of the onboarding included. Send it back with yours to have it refused when somebody
    /// else was faster.
    version: u64,
}

impl From<&BusinessFoundation> for FoundationInfo {
    fn from(foundation: &BusinessFoundation) -> Self {
        let business = foundation.snapshot();
        Self {
            business_name: string_of(business.business_name.as_ref()),
            vision: string_of(business.vision.as_ref()),
            purpose: string_of(business.purpose.as_ref()),
            core_values: business.core_values.iter().map(|value| value.as_str().to_owned()).collect(),
            target_market: string_of(business.positioning.niche.as_ref()),
            value_proposition: string_of(business.positioning.value_proposition.as_ref()),
            version: business.version.get(),
        }
    }
}

impl FoundationInfo {
    pub(crate) fn example() -> Self {
        let text = |text: &str| Some(text.to_owned());
        Self {
            business_name: text("Lee & Co"),
            vision: text("A hundred firms that run without their founders"),
            purpose: text("Firms that people like to work for"),
            core_values: vec!["Candour".to_owned()],
            target_market: text("Founders of small firms"),
            value_proposition: text("A team that decides without you, in six months"),
            version: 12,
        }
    }
}

/// A wish to change some of the foundation. What is absent stays as it is; `null` empties a text.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = BusinessFoundationUpdate, example = json!({ "purpose": "Firms that people like to work for", "version": 12 }))]
#[expect(clippy::option_option, reason = "absent, null and a value are three wishes; the domain has `Change` for them")]
pub(crate) struct FoundationRequest {
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::nullable_line)]
    business_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::prose))]
    #[schema(schema_with = schemas::nullable_prose)]
    vision: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::prose))]
    #[schema(schema_with = schemas::nullable_prose)]
    purpose: Option<Option<String>>,
    /// The whole list; blank entries are left out.
    #[validate(custom(function = rules::core_values))]
    #[schema(schema_with = schemas::core_values)]
    core_values: Option<Vec<String>>,
    /// The niche of the onboarding.
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::prose))]
    #[schema(schema_with = schemas::nullable_prose)]
    target_market: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::prose))]
    #[schema(schema_with = schemas::nullable_prose)]
    value_proposition: Option<Option<String>>,
    /// The version that the wish was made for; without one, it goes for whatever is there now.
    #[validate(custom(function = rules::version))]
    #[schema(schema_with = schemas::nullable_version)]
    pub(crate) version: Option<i64>,
}

impl TryFrom<FoundationRequest> for BusinessChange {
    type Error = ApiError;

    fn try_from(request: FoundationRequest) -> Result<Self, ApiError> {
        let FoundationRequest {
            business_name,
            vision,
            purpose,
            core_values,
            target_market,
            value_proposition,
            version: _,
        } = request;
        Ok(Self {
            business_name: change(business_name.as_ref(), Line::parse).at("business_name")?,
            vision: change(vision.as_ref(), Prose::parse).at("vision")?,
            purpose: change(purpose.as_ref(), Prose::parse).at("purpose")?,
            core_values: core_values.as_deref().map(rules::read_core_values).transpose().at("core_values")?,
            positioning: PositioningChange {
                niche: change(target_market.as_ref(), Prose::parse).at("target_market")?,
                value_proposition: change(value_proposition.as_ref(), Prose::parse).at("value_proposition")?,
                ..PositioningChange::default()
            },
            ..Self::default()
        })
    }
}
