//! A provider with its keys, and forgers of tokens.

use std::sync::{
    Arc, LazyLock, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use application::ports::{Clock, IdentityRejected, VerifiedIdentity};
use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use chrono::TimeDelta;
use domain::IdentityProvider;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};

use crate::fixtures::{PinnedClock, p256_pem, pem};
use crate::oidc::{
    ProviderSettings,
    key_cache::{FetchError, Fetched, KeySource},
    provider::Provider,
};

pub(super) const CLIENT: &str = "client.apps.example.com";
pub(super) const PHONE: &str = "phone.apps.example.com";
pub(super) const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

/// A private key and the name that its public half is published under.
#[derive(Clone)]
pub(super) struct SigningKey {
    pub(super) id: &'static str,
    pub(super) algorithm: Algorithm,
    pub(super) private: EncodingKey,
}

/// Making an RSA key takes a while, so that the tests share these.
static RSA: LazyLock<[EncodingKey; 2]> = LazyLock::new(|| {
    [(); 2].map(|()| {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
        EncodingKey::from_rsa_pem(pem("PRIVATE KEY", der.as_ref()).as_bytes()).unwrap()
    })
});

pub(super) fn rsa(id: &'static str) -> SigningKey {
    SigningKey { id, algorithm: Algorithm::RS256, private: RSA[0].clone() }
}

pub(super) fn another_rsa(id: &'static str) -> SigningKey {
    SigningKey { id, algorithm: Algorithm::RS256, private: RSA[1].clone() }
}

pub(super) fn ec(id: &'static str) -> SigningKey {
    let private = EncodingKey::from_ec_pem(p256_pem().as_bytes()).unwrap();
    SigningKey { id, algorithm: Algorithm::ES256, private }
}

impl SigningKey {
    pub(super) fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        let mut public = serde_json::to_value(jwk).unwrap();
        public["use"] = json!("sig");
        public
    }

    pub(super) fn header(&self) -> Header {
        Header { kid: Some(self.id.to_owned()), ..Header::new(self.algorithm) }
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        encode(&self.header(), claims, &self.private).unwrap()
    }
}

/// What a provider publishes, and how often it was asked.
pub(super) struct Published {
    answer: Mutex<Result<Fetched, FetchError>>,
    fetches: AtomicUsize,
}

impl Published {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { answer: Mutex::new(Err(down())), fetches: AtomicUsize::new(0) })
    }

    pub(super) fn keys(&self, keys: &[Value], max_age: Option<TimeDelta>) {
        *self.answer.lock().unwrap() =
            Ok(Fetched { document: json!({ "keys": keys }).to_string().into_bytes(), max_age });
    }

    pub(super) fn text(&self, text: &str) {
        *self.answer.lock().unwrap() = Ok(Fetched { document: text.as_bytes().to_vec(), max_age: None });
    }

    pub(super) fn down(&self) {
        *self.answer.lock().unwrap() = Err(down());
    }

    pub(super) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

fn down() -> FetchError {
    FetchError("connection refused".to_owned())
}

#[async_trait]
impl KeySource for Published {
    async fn fetch(&self) -> Result<Fetched, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        // Gives the others a chance to come in between.
        tokio::task::yield_now().await;
        self.answer.lock().unwrap().clone()
    }
}

/// A provider as it is set up here.
pub(super) struct SetUp {
    pub(super) provider: Provider,
    pub(super) published: Arc<Published>,
    pub(super) clock: Arc<PinnedClock>,
}

pub(super) fn settings(provider: IdentityProvider) -> ProviderSettings {
    let issuer = match provider {
        IdentityProvider::Google => "https://accounts.google.com",
        IdentityProvider::Microsoft => "https://login.microsoftonline.com/{tenantid}/v2.0",
    };
    ProviderSettings {
        client_ids: vec![CLIENT.to_owned(), PHONE.to_owned()],
        issuer: issuer.to_owned(),
        tenants: Vec::new(),
        keys_url: "https://keys.example.com/".parse().unwrap(),
    }
}

impl SetUp {
    /// A provider that publishes these keys.
    pub(super) fn new(provider: IdentityProvider, settings: ProviderSettings, keys: &[Value]) -> Self {
        let (published, clock) = (Published::new(), PinnedClock::new());
        published.keys(keys, None);
        let source = Arc::clone(&published) as Arc<dyn KeySource>;
        let provider = Provider::new(provider, settings, source, Arc::clone(&clock) as Arc<dyn Clock>);
        Self { provider, published, clock }
    }

    pub(super) fn google(keys: &[&SigningKey]) -> Self {
        let public: Vec<_> = keys.iter().map(|key| key.public()).collect();
        Self::new(IdentityProvider::Google, settings(IdentityProvider::Google), &public)
    }

    /// What a good token says now.
    pub(super) fn claims(&self) -> Value {
        let now = self.clock.now().timestamp();
        match self.provider.name() {
            IdentityProvider::Google => json!({
                "iss": "https://accounts.google.com", "aud": CLIENT, "azp": "another", "sub": "110169484474386276334",
                "email": "Anna.Lee@example.com", "email_verified": true, "given_name": "Anna", "family_name": "Lee",
                "nonce": "n-1", "iat": now, "exp": now + 3600,
            }),
            IdentityProvider::Microsoft => json!({
                "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "tid": TENANT, "aud": CLIENT,
                "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
                "email": "anna.lee@example.com", "name": "Anna Lee", "ver": "2.0", "nbf": now, "iat": now,
                "exp": now + 3600,
            }),
        }
    }

    pub(super) async fn verify(&self, token: &str) -> Result<VerifiedIdentity, IdentityRejected> {
        self.provider.verify(token, None).await
    }
}
