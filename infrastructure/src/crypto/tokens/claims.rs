//! What tokens say: the claims that we write, and those that we look at in a token from outside.

use std::time::Duration;

use application::ports::{AccessTokenClaims, RefreshTokenClaims};
use chrono::DateTime;
use domain::{Permission, Role, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Number;

use super::TokenSettings;

/// The claims of an access token, as `contract/tokens.md` lists them.
#[derive(Serialize)]
pub(super) struct AccessClaims<'a> {
    sub: &'a str,
    user_id: &'a str,
    tenant_id: &'a str,
    role: &'static str,
    roles: [&'static str; 1],
    permissions: Vec<&'static str>,
    scope: String,
    subscription_tier: &'static str,
    is_owner: bool,
    is_tenant_owner: bool,
    email: &'a str,
    email_verified: bool,
    user_status: &'static str,
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: &'a str,
    sid: &'a str,
    token_use: &'static str,
}

impl<'a> AccessClaims<'a> {
    pub(super) fn new(claims: &AccessTokenClaims<'a>, settings: &'a TokenSettings) -> Self {
        let AccessTokenClaims {
            id,
            session_id,
            user_id,
            tenant_id,
            role,
            email,
            email_verified,
            user_status,
            tier,
            issued_at,
        } = *claims;
        let permissions: Vec<_> = role.permissions().iter().copied().map(Permission::as_str).collect();
        let is_owner = role == Role::Owner;
        let issued_at = issued_at.timestamp();
        Self {
            sub: user_id.as_str(),
            user_id: user_id.as_str(),
            tenant_id: tenant_id.as_str(),
            role: role.as_str(),
            roles: [role.as_str()],
            scope: permissions.join(" "),
            permissions,
            subscription_tier: tier.as_str(),
            is_owner,
            is_tenant_owner: is_owner,
            email: email.as_str(),
            email_verified,
            user_status: user_status.as_str(),
            iss: &settings.issuer,
            aud: settings.audience.as_deref(),
            iat: issued_at,
            nbf: issued_at,
            exp: issued_at.saturating_add(settings.access_lifetime.num_seconds()),
            jti: id.as_str(),
            sid: session_id.as_str(),
            token_use: "access",
        }
    }
}

/// The claims of a refresh token: nothing that a reader of access tokens could be content with.
#[derive(Serialize)]
pub(super) struct RefreshClaims<'a> {
    sub: &'a str,
    tenant_id: &'a str,
    iss: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: &'a str,
    sid: &'a str,
    token_use: &'static str,
}

impl<'a> RefreshClaims<'a> {
    pub(super) fn new(claims: &RefreshTokenClaims<'a>, settings: &'a TokenSettings) -> Self {
        let RefreshTokenClaims { id, session_id, user_id, tenant_id, issued_at, expires_at } = *claims;
        Self {
            sub: user_id.as_str(),
            tenant_id: tenant_id.as_str(),
            iss: &settings.issuer,
            iat: issued_at.timestamp(),
            nbf: issued_at.timestamp(),
            exp: expires_at.timestamp(),
            jti: id.as_str(),
            sid: session_id.as_str(),
            token_use: "refresh",
        }
    }
}

/// What we look at in a token that somebody presents. Which claims there must be depends on whose token it is.
#[derive(Deserialize)]
pub(super) struct PresentedClaims {
    pub(super) token_use: Option<String>,
    sub: Option<String>,
    user_id: Option<String>,
    pub(super) tenant_id: Option<String>,
    pub(super) role: Option<String>,
    pub(super) iss: Option<String>,
    pub(super) aud: Option<Audience>,
    #[serde(default, deserialize_with = "numeric_date")]
    pub(super) iat: Option<Timestamp>,
    #[serde(default, deserialize_with = "numeric_date")]
    pub(super) nbf: Option<Timestamp>,
    #[serde(default, deserialize_with = "numeric_date")]
    pub(super) exp: Option<Timestamp>,
    pub(super) jti: Option<String>,
    pub(super) sid: Option<String>,
    // By these names Python services tell their tokens apart.
    r#type: Option<String>,
    token_type: Option<String>,
}

/// Who issued a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// This service.
    Here,
    /// The Python service before it.
    Python,
}

impl PresentedClaims {
    /// The user's id, which may be in either claim; `None` when it is in neither, or they disagree.
    pub(super) fn user(&self) -> Option<&str> {
        match (&self.sub, &self.user_id) {
            (Some(sub), Some(user_id)) if sub != user_id => None,
            (sub, user_id) => sub.as_deref().or(user_id.as_deref()),
        }
    }

    /// Whether a Python service marked the token as one of this type.
    pub(super) fn is_typed(&self, name: &str) -> bool {
        [&self.r#type, &self.token_type].into_iter().flatten().any(|marked| marked.eq_ignore_ascii_case(name))
    }
}

/// `aud`: one reader, or a list of them (RFC 7519 §4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// Everybody whom the token is for.
    pub(crate) fn readers(&self) -> impl Iterator<Item = &str> {
        let readers = match self {
            Self::One(reader) => std::slice::from_ref(reader),
            Self::Many(readers) => readers,
        };
        readers.iter().map(String::as_str)
    }

    pub(super) fn contains(&self, reader: &str) -> bool {
        self.readers().any(|named| named == reader)
    }
}

/// Seconds since 1970, with or without a fraction (RFC 7519 §2, `NumericDate`).
pub(crate) fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let whole = number.as_i64().or_else(|| {
        let seconds = Duration::try_from_secs_f64(number.as_f64()?).ok()?;
        i64::try_from(seconds.as_secs()).ok()
    });
    whole.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).map(Some).ok_or_else(|| Error::custom("not a date"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn exp(value: &Value) -> Option<i64> {
        let claims: PresentedClaims = serde_json::from_value(json!({ "exp": value })).ok()?;
        claims.exp.map(|exp| exp.timestamp())
    }

    #[test]
    fn dates_are_seconds_with_or_without_a_fraction_and_nothing_else() {
        assert_eq!(exp(&json!(1_801_483_200)), Some(1_801_483_200));
        assert_eq!(exp(&json!(1_801_483_200.75)), Some(1_801_483_200));
        for wrong in [json!("1801483200"), json!(1e300), json!(-1.5), json!(i64::MAX), json!(true), json!(null)] {
            assert_eq!(exp(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_id_that_two_claims_disagree_on_is_nobodys() {
        let user = |claims: Value| serde_json::from_value::<PresentedClaims>(claims).unwrap().user().map(str::to_owned);
        assert_eq!(user(json!({"sub": "anna"})).as_deref(), Some("anna"));
        assert_eq!(user(json!({"user_id": "anna"})).as_deref(), Some("anna"));
        assert_eq!(user(json!({"sub": "anna", "user_id": "anna"})).as_deref(), Some("anna"));
        assert_eq!(user(json!({"sub": "anna", "user_id": "bob"})), None);
        assert_eq!(user(json!({})), None);
    }
}
