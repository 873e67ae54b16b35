//! The people of a tenant.

use application::{
    members::{MemberFilter, MemberSearch},
    page::PageRequest,
    ports::Member,
};
use domain::{HttpsUrl, Role, UserId, user::UserStatus};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::{page::page_request, rules, schemas, text_or_blank};
use crate::error::{ApiError, AtField};

/// A person, as the others of their organisation see them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserReference {
    #[schema(schema_with = schemas::id)]
    user_id: String,
    #[schema(schema_with = schemas::email)]
    email: String,
    first_name: String,
    last_name: String,
    #[schema(schema_with = schemas::nullable_https_url, required = true)]
    avatar_url: Option<String>,
    #[schema(schema_with = schemas::role)]
    role: &'static str,
    #[schema(schema_with = schemas::user_status)]
    status: &'static str,
}

impl From<Member> for UserReference {
    fn from(member: Member) -> Self {
        let Member { id, email, first_name, last_name, avatar_url, role, status } = member;
        Self {
            user_id: id.to_string(),
            email: email.as_str().to_owned(),
            first_name: first_name.as_str().to_owned(),
            last_name: last_name.as_str().to_owned(),
            avatar_url: avatar_url.as_ref().map(HttpsUrl::as_str).map(str::to_owned),
            role: role.as_str(),
            status: status.as_str(),
        }
    }
}

impl UserReference {
    pub(crate) fn example() -> Self {
        Self::example_of(Role::Member, UserStatus::Active)
    }

    pub(crate) fn example_of(role: Role, status: UserStatus) -> Self {
        Self {
            user_id: "0198c5a2-8f00-7b11-8a4c-2f9d6e3c1a08".to_owned(),
            email: "ben.okoro@example.com".to_owned(),
            first_name: "Ben".to_owned(),
            last_name: "Okoro".to_owned(),
            avatar_url: None,
            role: role.as_str(),
            status: status.as_str(),
        }
    }
}

/// Which members to show.
#[derive(Debug, Default, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MemberListRequest {
    /// Only those with this status.
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::user_status))]
    #[param(schema_with = schemas::user_status)]
    status: Option<String>,
    /// Only those whose first name, last name, full name or address begins so, in any case.
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::member_search))]
    #[param(value_type = Option<String>, max_length = 254)]
    search: Option<String>,
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::page_size))]
    #[param(schema_with = schemas::page_size)]
    limit: Option<String>,
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::cursor))]
    #[param(schema_with = schemas::cursor)]
    cursor: Option<String>,
}

impl MemberListRequest {
    pub(crate) fn into_query(self) -> Result<(MemberFilter, PageRequest), ApiError> {
        let Self { status, search, limit, cursor } = self;
        let filter = MemberFilter {
            status: status.as_deref().map(rules::read_user_status).transpose().at("status")?,
            search: search.as_deref().map(MemberSearch::parse).transpose().at("search")?,
        };
        Ok((filter, page_request(limit.as_deref(), cursor.as_deref())?))
    }
}

/// How many people an organisation has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserCount {
    /// Those who are switched off included.
    pub(crate) user_count: u32,
}

/// A place in the organisation.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "role": "manager" }))]
pub(crate) struct RoleRequest {
    #[serde(default)]
    #[validate(custom(function = rules::role))]
    #[schema(schema_with = schemas::role, required = true)]
    role: String,
}

impl RoleRequest {
    pub(crate) fn role(&self) -> Result<Role, ApiError> {
        rules::read_role(&self.role).at("role")
    }
}

/// Who is to own the organisation.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "user_id": "0198c5a2-8f00-7b11-8a4c-2f9d6e3c1a08" }))]
pub(crate) struct TransferRequest {
    #[serde(default)]
    #[validate(custom(function = rules::user_id))]
    #[schema(schema_with = schemas::id, required = true)]
    user_id: String,
}

impl TransferRequest {
    pub(crate) fn user_id(&self) -> Result<UserId, ApiError> {
        UserId::parse(&self.user_id).at("user_id")
    }
}
