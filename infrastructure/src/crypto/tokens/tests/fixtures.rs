//! A service with its keys, and forgers of tokens.

use std::sync::Arc;

use application::ports::{AccessTokenClaims, Clock, IssuedAccessToken, RefreshTokenClaims, Tokens};
use chrono::TimeDelta;
use domain::user::UserStatus;
use domain::{EmailAddress, Role, SessionId, TenantId, Tier, TokenId, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode, errors::Result};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::config::AccessTokenSigner;
use crate::crypto::key_ring::KeyRing;
use crate::crypto::tokens::{JwtTokens, LegacyTokens, TokenSettings};
use crate::fixtures::{PinnedClock, Rotated, ed25519_pem, p256_pem};

pub(super) const OLD: &str = "the old secret, long enough to sign";
pub(super) const SECRET: &str = "the new secret, long enough to sign";

/// A service to ask, and the clock that it goes by.
pub(super) struct Service {
    pub(super) tokens: JwtTokens,
    pub(super) clock: Arc<PinnedClock>,
}

pub(super) struct Options {
    pub(super) secret: SecretString,
    pub(super) previous: Option<SecretString>,
    pub(super) signer: AccessTokenSigner,
    pub(super) settings: TokenSettings,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            secret: SECRET.into(),
            previous: None,
            signer: AccessTokenSigner::Hs256,
            settings: TokenSettings {
                issuer: "purposepath".to_owned(),
                audience: None,
                access_lifetime: TimeDelta::minutes(60),
                legacy: LegacyTokens::AcceptedFromIssuer,
            },
        }
    }
}

impl Options {
    pub(super) fn legacy(mut self, legacy: LegacyTokens) -> Self {
        self.settings.legacy = legacy;
        self
    }

    pub(super) fn audience(mut self, audience: &str) -> Self {
        self.settings.audience = Some(audience.to_owned());
        self
    }

    pub(super) fn previous(mut self, previous: &str) -> Self {
        self.previous = Some(previous.into());
        self
    }

    /// With this text of the secret, and this signer.
    pub(super) fn keys(mut self, secret: &str, signer: AccessTokenSigner) -> Self {
        (self.secret, self.signer) = (secret.into(), signer);
        self
    }

    pub(super) async fn start(self) -> Service {
        let clock = PinnedClock::new();
        let source = Arc::new(Rotated { current: self.secret, previous: self.previous });
        let keys = KeyRing::load(source, self.signer, clock.clone()).await.unwrap();
        Service { tokens: JwtTokens::new(Arc::new(keys), clock.clone(), self.settings), clock }
    }
}

/// The service as it is without settings.
pub(super) async fn service() -> Service {
    Options::default().start().await
}

impl Service {
    /// Anna's access token.
    pub(super) async fn access(&self) -> String {
        self.access_as(Role::Manager).await.token.expose_secret().to_owned()
    }

    /// Anna's access token, if she had another role.
    pub(super) async fn access_as(&self, role: Role) -> IssuedAccessToken {
        let claims = AccessTokenClaims {
            id: &TokenId::restore("access-1"),
            session_id: &SessionId::restore("session-1"),
            user_id: &UserId::restore("user-anna"),
            tenant_id: &TenantId::restore("tenant-1"),
            role,
            email: &EmailAddress::restore("anna@example.com"),
            email_verified: true,
            user_status: UserStatus::Active,
            tier: Tier::Professional,
            issued_at: self.clock.now(),
        };
        self.tokens.issue_access(&claims).await.unwrap()
    }

    /// Anna's refresh token, which works for 30 days.
    pub(super) async fn refresh(&self) -> String {
        let claims = RefreshTokenClaims {
            id: &TokenId::restore("refresh-1"),
            session_id: &SessionId::restore("session-1"),
            user_id: &UserId::restore("user-anna"),
            tenant_id: &TenantId::restore("tenant-1"),
            issued_at: self.clock.now(),
            expires_at: self.clock.now() + TimeDelta::days(30),
        };
        self.tokens.issue_refresh(&claims).await.unwrap().expose_secret().to_owned()
    }

    /// A token with these claims and those of [`Self::timed`], signed by somebody who has the shared secret.
    pub(super) fn forge(&self, claims: Value) -> String {
        forge(&Header::default(), &self.timed(claims), SECRET)
    }

    /// `claims` with an issuer and with times around now. What is `null` in `claims` is left out.
    pub(super) fn timed(&self, claims: Value) -> Value {
        let now = self.clock.now().timestamp();
        let mut claims = with(json!({"iss": "purposepath", "iat": now, "nbf": now, "exp": now + 600}), claims);
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }
}

/// A token with these claims, signed HS256 whatever the header says of keys.
pub(super) fn forge(header: &Header, claims: &Value, secret: &str) -> String {
    encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// An object with the members of another put over its own.
pub(super) fn with(object: Value, changes: Value) -> Value {
    let (Value::Object(mut object), Value::Object(changes)) = (object, changes) else { panic!("two objects") };
    object.extend(changes);
    object.into()
}

/// The header and the claims of a token, unverified.
pub(super) fn look_into(token: &str) -> (Header, Map<String, Value>) {
    (decode_header(token).unwrap(), jsonwebtoken::dangerous::insecure_decode_claims(token).unwrap())
}

/// A secret's text with a key pair for each algorithm, and the private keys.
pub(super) struct TwoPairs {
    pub(super) text: String,
    pub(super) p256: String,
}

impl TwoPairs {
    pub(super) fn new() -> Self {
        let p256 = p256_pem();
        let text = json!({"jwt_secret": SECRET, "signing_keys": [
            {"kid": "ec-1", "alg": "ES256", "private_key": p256},
            {"kid": "ed-1", "alg": "EdDSA", "private_key": ed25519_pem()},
        ]});
        Self { text: text.to_string(), p256 }
    }

    /// The public half of the ECDSA key as an attacker has it: in PEM, and in DER.
    pub(super) fn public_p256(&self) -> (String, Vec<u8>) {
        use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

        let private = self.p256.lines().filter(|line| !line.starts_with("-----")).collect::<String>();
        let private = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, private).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &private).unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        (crate::fixtures::pem("PUBLIC KEY", der.as_ref()), der.as_ref().to_vec())
    }

    /// A token of the ECDSA key with this header.
    pub(super) fn sign_p256(&self, header: &Header, claims: &Value) -> Result<String> {
        assert_eq!(header.alg, Algorithm::ES256);
        encode(header, claims, &EncodingKey::from_ec_pem(self.p256.as_bytes())?)
    }
}
