//! Whether the Python services take our tokens, and we take theirs (`docs/deployment/analysis.md`): our side is
//! the code that is deployed, theirs is written here from what they are known to check.

use std::{collections::HashSet, sync::Arc};

use application::ports::{AccessTokenClaims, Clock, IdGenerator, RefreshTokenClaims, Tokens};
use chrono::TimeDelta;
use domain::{EmailAddress, Role, SessionId, TenantId, Tier, TokenId, UserId, user::UserStatus};
use infrastructure::{
    config::AccessTokenSigner,
    crypto::{
        key_ring::KeyRing,
        tokens::{JwtTokens, LegacyTokens, TokenSettings},
    },
    secrets::FixedSecret,
    system::{SystemClock, SystemIds},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failure::{Code, Failure};

/// `iss` outside development, unless `JWT_ISSUER` says otherwise.
const ISSUER: &str = "purposepath";
/// How long an access token works.
const LIFETIME: TimeDelta = TimeDelta::minutes(60);

/// A token from one service to the other.
#[derive(Debug, Serialize)]
pub(crate) struct CrossCheck {
    pub(crate) name: &'static str,
    /// Why it went wrong.
    pub(crate) failure: Option<String>,
}

/// Lets each service read tokens of the other. `text` is the secret as it is kept, and `key` what the Python
/// services find in it.
pub(crate) fn cross_check(text: SecretString, key: &SecretString) -> Result<Vec<CrossCheck>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Code::ToolFailed, error.to_string()))?;
    Ok(runtime.block_on(async {
        let ours = match Ours::new(text).await {
            Ok(ours) => ours,
            Err(why) => return vec![CrossCheck { name: "this service reads the secret", failure: Some(why) }],
        };
        let theirs = Theirs { key };
        let checks = [
            ("Python takes our access token", theirs.takes(&ours.access().await)),
            ("Python refuses our refresh token where an access token is due", theirs.refuses(&ours.refresh().await)),
            ("we take an access token of Python", ours.takes_access(&theirs.access()).await),
            ("we take a refresh token of Python", ours.takes_refresh(&theirs.refresh()).await),
        ];
        checks.map(|(name, result)| CrossCheck { name, failure: result.err() }).into()
    }))
}

/// This service.
struct Ours(JwtTokens);

type Token = Result<String, String>;

impl Ours {
    async fn new(text: SecretString) -> Result<Self, String> {
        let source = Arc::new(FixedSecret::new(text));
        let keys = KeyRing::load(source, AccessTokenSigner::Hs256, Arc::new(SystemClock)).await;
        let settings = TokenSettings {
            issuer: ISSUER.to_owned(),
            audience: None,
            access_lifetime: LIFETIME,
            legacy: LegacyTokens::AcceptedFromIssuer,
        };
        let keys = Arc::new(keys.map_err(|error| error.to_string())?);
        Ok(Self(JwtTokens::new(keys, Arc::new(SystemClock), settings)))
    }

    async fn access(&self) -> Token {
        let claims = AccessTokenClaims {
            id: &TokenId::restore(id()),
            session_id: &SessionId::restore(id()),
            user_id: &UserId::restore(USER),
            tenant_id: &TenantId::restore(TENANT),
            role: Role::Manager,
            email: &EmailAddress::restore(EMAIL),
            email_verified: true,
            user_status: UserStatus::Active,
            tier: Tier::Professional,
            issued_at: SystemClock.now(),
        };
        let issued = self.0.issue_access(&claims).await.map_err(|error| error.to_string())?;
        Ok(issued.token.expose_secret().to_owned())
    }

    async fn refresh(&self) -> Token {
        let now = SystemClock.now();
        let claims = RefreshTokenClaims {
            id: &TokenId::restore(id()),
            session_id: &SessionId::restore(id()),
            user_id: &UserId::restore(USER),
            tenant_id: &TenantId::restore(TENANT),
            issued_at: now,
            expires_at: now + LIFETIME,
        };
        let issued = self.0.issue_refresh(&claims).await.map_err(|error| error.to_string())?;
        Ok(issued.expose_secret().to_owned())
    }

    async fn takes_access(&self, token: &Token) -> Result<(), String> {
        let verified = self.0.verify_access(token.as_ref()?).await.map_err(|error| error.to_string())?;
        same(verified.user_id.as_str(), USER)
    }

    async fn takes_refresh(&self, token: &Token) -> Result<(), String> {
        let verified = self.0.verify_refresh(token.as_ref()?).await.map_err(|error| error.to_string())?;
        same(verified.user_id.as_str(), USER)
    }
}

/// The Python services.
struct Theirs<'a> {
    key: &'a SecretString,
}

/// What their readers ask of a token, together.
#[derive(Deserialize)]
struct Required {
    sub: String,
    user_id: String,
    tenant_id: String,
    role: String,
    roles: Vec<String>,
    permissions: Vec<String>,
    scope: String,
    subscription_tier: String,
    user_status: String,
    email: String,
    #[serde(rename = "is_owner")]
    _is_owner: bool,
    #[serde(rename = "is_tenant_owner")]
    _is_tenant_owner: bool,
    #[serde(rename = "email_verified")]
    _email_verified: bool,
}

impl Theirs<'_> {
    fn takes(&self, token: &Token) -> Result<(), String> {
        let claims = self.verified(token.as_ref()?)?;
        let known = |value: &str, list: &[&str]| list.contains(&value);
        let complete = [&claims.user_id, &claims.tenant_id, &claims.email].iter().all(|claim| !claim.is_empty());
        let permissions: HashSet<_> = claims.permissions.iter().map(String::as_str).collect();
        let rules = [
            (claims.sub == claims.user_id, "sub and user_id differ"),
            (complete, "a claim is empty"),
            (known(&claims.role, &["owner", "admin", "manager", "member", "viewer"]), "the role is unknown"),
            (claims.roles == [claims.role.as_str()], "roles is not the one role"),
            (claims.scope.split(' ').collect::<HashSet<_>>() == permissions, "scope is not the permissions"),
            (known(&claims.subscription_tier, &["starter", "professional", "enterprise"]), "the tier is unknown"),
            (claims.user_status == "active", "the user is not active"),
        ];
        let broken: Vec<_> = rules.into_iter().filter(|(holds, _)| !holds).map(|(_, broken)| broken).collect();
        if broken.is_empty() { Ok(()) } else { Err(broken.join(", ")) }
    }

    fn refuses(&self, token: &Token) -> Result<(), String> {
        match self.verified(token.as_ref()?) {
            Ok(_) => Err("it is taken".to_owned()),
            Err(_) => Ok(()),
        }
    }

    /// HS256 and nothing else, the signature, the times to the second, the issuer, and no audience.
    fn verified(&self, token: &str) -> Result<Required, String> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        let key = DecodingKey::from_secret(self.key.expose_secret().as_bytes());
        // The library's message may quote the token.
        let claims = decode::<Required>(token, &key, &validation).map(|data| data.claims);
        claims.map_err(|error| format!("{:?}", error.into_kind()).chars().take_while(|c| *c != '(').collect())
    }

    fn access(&self) -> Token {
        self.sign(
            &json!({"user_id": USER, "tenant_id": TENANT, "role": "owner", "email": EMAIL, "user_status": "active"}),
        )
    }

    fn refresh(&self) -> Token {
        self.sign(&json!({"tenant_id": TENANT, "jti": id()}))
    }

    fn sign(&self, claims: &Value) -> Token {
        let now = SystemClock.now();
        let mut all = json!({"sub": USER, "iss": ISSUER, "iat": now.timestamp(), "exp": (now + LIFETIME).timestamp()});
        if let (Some(all), Some(claims)) = (all.as_object_mut(), claims.as_object()) {
            all.extend(claims.clone());
        }
        let key = EncodingKey::from_secret(self.key.expose_secret().as_bytes());
        encode(&Header::default(), &all, &key).map_err(|error| error.to_string())
    }
}

/// Somebody who is nobody: the tokens lead nowhere, and are never shown.
const USER: &str = "user_000000000000";
const TENANT: &str = "tenant_000000000000";
const EMAIL: &str = "preflight@example.com";

fn id() -> String {
    SystemIds.uuid().to_string()
}

fn same(found: &str, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err("it is somebody else's".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "a-secret-of-these-tests-with-enough-bytes";

    fn failures(text: &str, key: &str) -> Vec<&'static str> {
        let checks = cross_check(text.into(), &key.into()).unwrap();
        checks.iter().filter(|check| check.failure.is_some()).map(|check| check.name).collect()
    }

    #[test]
    fn with_one_secret_each_service_takes_the_tokens_of_the_other() {
        let json = json!({"jwt_secret": KEY, "other": 1}).to_string();
        assert_eq!(failures(&json, KEY), Vec::<&str>::new());
        assert_eq!(failures(KEY, KEY), Vec::<&str>::new());
    }

    #[test]
    fn with_two_secrets_neither_takes_a_token_of_the_other() {
        let expected =
            ["Python takes our access token", "we take an access token of Python", "we take a refresh token of Python"];
        assert_eq!(failures(KEY, "another secret, which is long enough"), expected);
    }

    #[test]
    fn a_secret_that_this_service_refuses_is_said_so_and_not_shown() {
        let checks = cross_check("short".into(), &"short".into()).unwrap();
        let why = checks[0].failure.as_deref().unwrap();
        assert_eq!(why, "the signing secret has 5 bytes; it must have at least 32");
    }
}
