//! Users.

use chrono::{DateTime, Utc};
use domain::{HttpsUrl, PersonName, PhoneNumber, User, user::ProfileChange};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{
    change, example_time, null_or_value,
    preferences::{PreferencesInfo, PreferencesRequest},
    rules, schemas,
};
use crate::error::{ApiError, AtField};

/// A person, as they see themselves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserProfile {
    #[schema(schema_with = schemas::id)]
    user_id: String,
    #[schema(schema_with = schemas::id)]
    tenant_id: String,
    #[schema(schema_with = schemas::email)]
    email: String,
    first_name: String,
    last_name: String,
    #[schema(schema_with = schemas::role)]
    role: &'static str,
    #[schema(schema_with = schemas::user_status)]
    status: &'static str,
    email_verified: bool,
    #[schema(schema_with = schemas::nullable_https_url, required = true)]
    avatar_url: Option<String>,
    #[schema(required = true)]
    phone: Option<String>,
    /// IANA.
    timezone: String,
    /// BCP 47.
    language: String,
    preferences: PreferencesInfo,
    #[schema(required = true)]
    last_login: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<&User> for UserProfile {
    fn from(user: &User) -> Self {
        let user = user.snapshot();
        Self {
            user_id: user.id.to_string(),
            tenant_id: user.tenant_id.to_string(),
            email: user.email.as_str().to_owned(),
            first_name: user.first_name.as_str().to_owned(),
            last_name: user.last_name.as_str().to_owned(),
            role: user.role.as_str(),
            status: user.status.as_str(),
            email_verified: user.email_verified,
            avatar_url: user.avatar_url.as_ref().map(|url| url.as_str().to_owned()),
            phone: user.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            timezone: user.timezone.as_str().to_owned(),
            language: user.language.as_str().to_owned(),
            preferences: (&user.preferences).into(),
            last_login: user.last_login,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

impl UserProfile {
    pub(crate) fn example() -> Self {
        Self {
            user_id: "0198c5a2-8f00-7b11-8a4c-2f9d6e3c1a07".to_owned(),
            tenant_id: "0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c55".to_owned(),
            email: "anna.lee@example.com".to_owned(),
            first_name: "Anna".to_owned(),
            last_name: "Lee".to_owned(),
            role: "owner",
            status: "active",
            email_verified: true,
            avatar_url: None,
            phone: Some("+49 30 901820".to_owned()),
            timezone: "UTC".to_owned(),
            language: "en".to_owned(),
            preferences: PreferencesInfo::example(),
            last_login: Some(example_time()),
            created_at: example_time(),
            updated_at: example_time(),
        }
    }
}

/// A wish to change one's profile; what is absent stays as it is, and `null` empties `phone` and `avatar_url`.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(
    as = ProfileUpdate,
    example = json!({ "first_name": "Anna", "phone": null, "preferences": { "theme": "dark" } })
)]
#[expect(clippy::option_option, reason = "absent, null and a value are three wishes; the domain has `Change` for them")]
pub(crate) struct ProfileRequest {
    #[validate(custom(function = rules::person_name))]
    #[schema(schema_with = schemas::nullable_person_name)]
    first_name: Option<String>,
    #[validate(custom(function = rules::person_name))]
    #[schema(schema_with = schemas::nullable_person_name)]
    last_name: Option<String>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::phone))]
    #[schema(schema_with = schemas::nullable_phone)]
    phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "null_or_value")]
    #[validate(custom(function = rules::https_url))]
    #[schema(schema_with = schemas::nullable_https_url)]
    avatar_url: Option<Option<String>>,
    #[validate(nested)]
    preferences: Option<PreferencesRequest>,
}

impl TryFrom<ProfileRequest> for ProfileChange {
    type Error = ApiError;

    fn try_from(request: ProfileRequest) -> Result<Self, ApiError> {
        let ProfileRequest { first_name, last_name, phone, avatar_url, preferences } = request;
        Ok(Self {
            first_name: first_name.as_deref().map(PersonName::parse).transpose().at("first_name")?,
            last_name: last_name.as_deref().map(PersonName::parse).transpose().at("last_name")?,
            phone: change(phone.as_ref(), PhoneNumber::parse).at("phone")?,
            avatar_url: change(avatar_url.as_ref(), HttpsUrl::parse).at("avatar_url")?,
            preferences: preferences.unwrap_or_default().try_into()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::Change;
    use serde_json::{Value, json};

    use super::*;
    use crate::extract::decode;

    fn wish(fields: Value) -> ProfileChange {
        decode::<ProfileRequest>(fields).unwrap().try_into().unwrap()
    }

    #[test]
    fn absent_null_and_a_value_are_three_wishes() {
        assert_eq!(wish(json!({})).phone, Change::Keep);
        assert_eq!(wish(json!({ "phone": null })).phone, Change::Clear);
        assert_eq!(wish(json!({ "phone": " " })).phone, Change::Clear);
        let number = PhoneNumber::parse("+49 30 901820").unwrap();
        assert_eq!(wish(json!({ "phone": "+49 30 901820" })).phone, Change::Set(number));
    }

    #[test]
    fn null_leaves_alone_what_cannot_be_empty() {
        assert_eq!(wish(json!({ "first_name": null, "preferences": null })).first_name, None);
    }
}
