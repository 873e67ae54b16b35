//! What signing and verifying tokens costs, by signer.
//!
//! Run with `cargo bench -p infrastructure --bench token_verification`. Every request with a token pays one
//! verification, every sign-in and every refresh two signatures.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to report")]

use std::hint::black_box;
use std::sync::Arc;

use application::ports::{AccessTokenClaims, Clock, RefreshTokenClaims, Tokens};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use criterion::Criterion;
use domain::user::UserStatus;
use domain::{EmailAddress, Role, SessionId, TenantId, Tier, TokenId, UserId};
use infrastructure::config::AccessTokenSigner;
use infrastructure::crypto::key_ring::KeyRing;
use infrastructure::crypto::tokens::{JwtTokens, LegacyTokens, TokenSettings};
use infrastructure::secrets::FixedSecret;
use infrastructure::system::SystemClock;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::runtime::Runtime;

fn main() {
    let runtime = Runtime::new().unwrap();
    let mut criterion = Criterion::default().configure_from_args();
    for (name, signer) in
        [("HS256", AccessTokenSigner::Hs256), ("ES256", AccessTokenSigner::Es256), ("EdDSA", AccessTokenSigner::EdDsa)]
    {
        access_tokens(&mut criterion, &runtime, name, &runtime.block_on(tokens(signer)));
    }
    refresh_tokens(&mut criterion, &runtime, &runtime.block_on(tokens(AccessTokenSigner::Hs256)));
    criterion.final_summary();
}

fn access_tokens(criterion: &mut Criterion, runtime: &Runtime, signer: &str, tokens: &JwtTokens) {
    let claims = AccessTokenClaims {
        id: &TokenId::restore("0192f0c1-7c1e-7c3a-9c52-0d6f3f0f1a2b"),
        session_id: &SessionId::restore("0192f0c1-7c1e-7c3a-9c52-0d6f3f0f1a2c"),
        user_id: &UserId::restore("0192f0c1-7c1e-7c3a-9c52-0d6f3f0f1a2e"),
        tenant_id: &TenantId::restore("0192f0c1-7c1e-7c3a-9c52-0d6f3f0f1a2f"),
        role: Role::Owner,
        email: &EmailAddress::restore("anna@example.com"),
        email_verified: true,
        user_status: UserStatus::Active,
        tier: Tier::Professional,
        issued_at: SystemClock.now(),
    };
    let issued = runtime.block_on(tokens.issue_access(&claims)).unwrap();
    let mut group = criterion.benchmark_group(format!("access token, {signer}"));
    group.bench_function("sign", |bencher| {
        bencher.iter(|| runtime.block_on(tokens.issue_access(black_box(&claims))).unwrap());
    });
    group.bench_function("verify", |bencher| {
        bencher.iter(|| runtime.block_on(tokens.verify_access(black_box(issued.token.expose_secret()))).unwrap());
    });
    group.finish();
}

fn refresh_tokens(criterion: &mut Criterion, runtime: &Runtime, tokens: &JwtTokens) {
    let issued_at = SystemClock.now();
    let claims = RefreshTokenClaims {
        id: &TokenId::restore("0192f0c1-7c1e-7c3a-9c52-0d6f3f0f1a2d"),
        session_id: &SessionId::restore("0192f0c1-7c1e-7c3a-9c52-0d6f3f0f1a2c"),
        user_id: &UserId::restore("0192f0c1-7c1e-7c3a-9c52-0d6f3f0f1a2e"),
        tenant_id: &TenantId::restore("0192f0c1-7c1e-7c3a-9c52-0d6f3f0f1a2f"),
        issued_at,
        expires_at: issued_at + TimeDelta::days(30),
    };
    let issued = runtime.block_on(tokens.issue_refresh(&claims)).unwrap();
    let mut group = criterion.benchmark_group("refresh token");
    group.bench_function("sign", |bencher| {
        bencher.iter(|| runtime.block_on(tokens.issue_refresh(black_box(&claims))).unwrap());
    });
    group.bench_function("verify", |bencher| {
        bencher.iter(|| runtime.block_on(tokens.verify_refresh(black_box(issued.expose_secret()))).unwrap());
    });
    group.finish();
}

async fn tokens(signer: AccessTokenSigner) -> JwtTokens {
    let random = SystemRandom::new();
    let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let ed25519 = Ed25519KeyPair::generate_pkcs8v1(&random).unwrap();
    let secret = json!({"jwt_secret": "a secret for measuring, long enough to sign", "signing_keys": [
        {"kid": "ec", "alg": "ES256", "private_key": pem(p256.as_ref())},
        {"kid": "ed", "alg": "EdDSA", "private_key": pem(ed25519.as_ref())},
    ]});
    let source = Arc::new(FixedSecret::new(secret.to_string().into()));
    let keys = KeyRing::load(source, signer, Arc::new(SystemClock)).await.unwrap();
    let settings = TokenSettings {
        issuer: "purposepath".to_owned(),
        audience: None,
        access_lifetime: TimeDelta::minutes(60),
        legacy: LegacyTokens::AcceptedFromIssuer,
    };
    JwtTokens::new(Arc::new(keys), Arc::new(SystemClock), settings)
}

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}
