//! Two signers, and keys that change (rule 13).

use application::ports::{TokenRejected, Tokens};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use super::fixtures::{OLD, Options, SECRET, TwoPairs, forge, look_into, service};
use crate::config::AccessTokenSigner::{self, EdDsa, Es256, Hs256};

/// What an access token of ours must have.
fn access() -> Value {
    json!({
        "sub": "user-anna", "tenant_id": "tenant-1", "role": "member", "jti": "access-1", "sid": "session-1",
        "token_use": "access",
    })
}

/// Rule 13: during a change-over both signers' tokens are out there.
#[tokio::test]
async fn tokens_of_either_signer_are_taken_whichever_signs_now() {
    let pairs = TwoPairs::new();
    let start = |signer| Options::default().keys(&pairs.text, signer).start();
    for signs in [Hs256, Es256, EdDsa] {
        let token = start(signs).await.access().await;
        for verifies in [Hs256, Es256, EdDsa] {
            let verdict = start(verifies).await.tokens.verify_access(&token).await;
            assert!(verdict.is_ok(), "{signs:?} then {verifies:?}: {verdict:?}");
        }
    }
}

/// Rule 13: signed out by nobody, though one secret has replaced the other.
#[tokio::test]
async fn tokens_of_the_previous_secret_are_taken_until_the_next_rotation() {
    let before = Options::default().keys(OLD, Hs256).start().await;
    let (access, refresh) = (before.access().await, before.refresh().await);

    let after = Options::default().previous(OLD).start().await;
    assert!(after.tokens.verify_access(&access).await.is_ok());
    assert!(after.tokens.verify_refresh(&refresh).await.is_ok());
    assert!(before.tokens.verify_access(&after.access().await).await.is_err(), "the new secret signs");

    let later = service().await;
    assert!(matches!(later.tokens.verify_access(&access).await, Err(TokenRejected::Invalid)));
    assert!(matches!(later.tokens.verify_refresh(&refresh).await, Err(TokenRejected::Invalid)));
}

/// Rule 13: a key pair that a rotation removed verifies as long as it is in the previous secret.
#[tokio::test]
async fn tokens_of_a_removed_key_pair_are_taken_until_the_next_rotation() {
    let pairs = TwoPairs::new();
    let token = Options::default().keys(&pairs.text, Es256).start().await.access().await;
    let after = Options::default().previous(&pairs.text).start().await;
    assert!(after.tokens.verify_access(&token).await.is_ok());
    assert!(service().await.tokens.verify_access(&token).await.is_err());
}

/// Rule 13.
#[tokio::test]
async fn the_second_signer_names_its_key_and_publishes_it() {
    let pairs = TwoPairs::new();
    for (signer, id, algorithm) in [(Es256, "ec-1", Algorithm::ES256), (EdDsa, "ed-1", Algorithm::EdDSA)] {
        let service = Options::default().keys(&pairs.text, signer).start().await;
        let (header, _) = look_into(&service.access().await);
        assert_eq!((header.kid.as_deref(), header.alg), (Some(id), algorithm));
        let published = service.tokens.public_keys().await.unwrap();
        let named = published["keys"].as_array().unwrap().iter().find(|key| key["kid"] == id);
        assert_eq!(named.unwrap()["alg"], serde_json::to_value(algorithm).unwrap());
    }
    assert_eq!(service().await.tokens.public_keys().await.unwrap(), json!({"keys": []}));
}

/// A lost answer is given again by signing again, which ECDSA could not.
#[tokio::test]
async fn refresh_tokens_are_signed_with_the_shared_secret_whoever_signs_access_tokens() {
    let pairs = TwoPairs::new();
    for signer in [Es256, EdDsa] {
        let service = Options::default().keys(&pairs.text, signer).start().await;
        let token = service.refresh().await;
        assert_eq!(look_into(&token).0.alg, Algorithm::HS256);
        assert_eq!(token, service.refresh().await);
        assert!(service.tokens.verify_refresh(&token).await.is_ok());
    }
    // A refresh token of a key pair is nobody's.
    let service = Options::default().keys(&pairs.text, Es256).start().await;
    let refresh = json!({
        "sub": "user-anna", "tenant_id": "tenant-1", "jti": "refresh-1", "sid": "session-1", "token_use": "refresh",
    });
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("ec-1".to_owned());
    let token = pairs.sign_p256(&header, &service.timed(refresh)).unwrap();
    assert!(service.tokens.verify_refresh(&token).await.is_err());
}

/// Rule 14: no symmetric key where an asymmetric is expected. The public key is public, so a verifier that took
/// it for a secret would take anybody's tokens.
#[tokio::test]
async fn a_token_that_is_signed_with_the_public_key_as_a_secret_is_refused() {
    let pairs = TwoPairs::new();
    let (pem, der) = pairs.public_p256();
    for signer in [Hs256, Es256] {
        let service = Options::default().keys(&pairs.text, signer).start().await;
        let claims = service.timed(access());
        let mut named = Header::new(Algorithm::HS256);
        named.kid = Some("ec-1".to_owned());
        for header in [Header::new(Algorithm::HS256), named] {
            let from_der = jsonwebtoken::EncodingKey::from_secret(&der);
            let attempts = [forge(&header, &claims, &pem), jsonwebtoken::encode(&header, &claims, &from_der).unwrap()];
            for attempt in attempts {
                assert!(matches!(service.tokens.verify_access(&attempt).await, Err(TokenRejected::Invalid)));
            }
        }
    }
}

/// Rule 14: an algorithm allow-list per key.
#[tokio::test]
async fn a_key_is_used_by_its_name_and_for_its_algorithm_only() {
    let pairs = TwoPairs::new();
    let service = Options::default().keys(&pairs.text, Es256).start().await;
    let claims = service.timed(access());
    let signed = |kid: Option<&str>| {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = kid.map(str::to_owned);
        pairs.sign_p256(&header, &claims).unwrap()
    };
    assert!(service.tokens.verify_access(&signed(Some("ec-1"))).await.is_ok());
    for kid in [None, Some("ed-1"), Some("ec-2")] {
        assert!(service.tokens.verify_access(&signed(kid)).await.is_err(), "{kid:?}");
    }
    // The shared secret under a key pair's name.
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("ec-1".to_owned());
    assert!(service.tokens.verify_access(&forge(&header, &claims, SECRET)).await.is_err());
}

/// Rule 13: an instance that has not looked since the rotation meets a token of one that has.
#[tokio::test]
async fn a_token_that_is_newer_than_the_keys_makes_them_new() {
    use std::sync::{Arc, Mutex};

    use application::ports::Clock;
    use chrono::TimeDelta;

    use crate::crypto::key_ring::KeyRing;
    use crate::crypto::tokens::{JwtTokens, TokenSettings};
    use crate::fixtures::PinnedClock;
    use crate::secrets::{SecretError, SecretSource, SecretTexts};

    struct Turning(Mutex<&'static str>);

    #[async_trait::async_trait]
    impl SecretSource for Turning {
        async fn fetch(&self) -> Result<SecretTexts, SecretError> {
            Ok(SecretTexts { current: (*self.0.lock().unwrap()).into(), previous: None })
        }
    }

    let (clock, source) = (PinnedClock::new(), Arc::new(Turning(Mutex::new(OLD))));
    let keys = Arc::new(KeyRing::load(source.clone(), AccessTokenSigner::Hs256, clock.clone()).await.unwrap());
    let settings: TokenSettings = Options::default().settings;
    let tokens = JwtTokens::new(keys, clock.clone() as Arc<dyn Clock>, settings);

    *source.0.lock().unwrap() = SECRET;
    let newer = service().await.access().await;
    assert!(tokens.verify_access(&newer).await.is_err(), "the keys are a moment old");
    clock.advance(TimeDelta::seconds(15));
    assert!(tokens.verify_access(&newer).await.is_ok());
}
