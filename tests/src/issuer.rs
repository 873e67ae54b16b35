//! A stand-in for the identity providers, on this machine.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Json, Router, routing::get};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{Answer, App, AppBuilder};

/// A private key for ES256, made for these tests and good for nothing else.
const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
                           MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgz7v9WrMh1Phxtaad\n\
                           lW+kS+WavRrTi2zp73fnISQql5ChRANCAAQRPx8+NSpoTJhN/EMTnygtlLT91yj7\n\
                           1xE3uYEFG2WvTMX7jU8UN5Cjb5PlPVsyrxy3UVZODhLKIQpi7OHGRTo4\n\
                           -----END PRIVATE KEY-----\n";
const KEY_ID: &str = "2027-02";
const CLIENT_ID: &str = "purposepath.apps.example.com";
/// The tenant of Microsoft's that everybody here is from.
const MICROSOFT_TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

/// Publishes keys over HTTP and issues ID tokens, in the name of Google and of Microsoft.
pub struct Issuer {
    keys_url: String,
    published: Arc<Mutex<Value>>,
    fetches: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl Issuer {
    /// Starts to publish.
    pub async fn start() -> Self {
        let published = Arc::new(Mutex::new(key_set()));
        let fetches = Arc::new(AtomicUsize::new(0));
        let (keys, count) = (Arc::clone(&published), Arc::clone(&fetches));
        let publish = move || {
            count.fetch_add(1, Ordering::SeqCst);
            let keys = keys.lock().expect("no test panics while it holds the keys").clone();
            async move { Json(keys) }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let keys_url = format!("http://{}/keys", listener.local_addr().expect("a bound port"));
        let router = Router::new().route("/keys", get(publish));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("a server") });
        Self { keys_url, published, fetches, server }
    }

    /// How often the keys were fetched.
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    /// Publishes nothing that could be used.
    pub fn break_down(&self) {
        *self.published.lock().expect("no test panics while it holds the keys") = json!({});
    }

    /// Publishes its keys again.
    pub fn recover(&self) {
        *self.published.lock().expect("no test panics while it holds the keys") = key_set();
    }

    /// What Google says about somebody for whose address it vouches.
    pub fn google(&self, app: &App, subject: &str, email: &str) -> Value {
        let now = app.now().timestamp();
        json!({
            "iss": "https://accounts.google.com", "aud": CLIENT_ID, "sub": subject, "email": email,
            "email_verified": true, "given_name": "Gina", "family_name": "Lollo", "iat": now, "exp": now + 3600,
        })
    }

    /// What Microsoft says about somebody for whose address it vouches.
    pub fn microsoft(&self, app: &App, subject: &str, email: &str) -> Value {
        let now = app.now().timestamp();
        json!({
            "iss": format!("https://login.microsoftonline.com/{MICROSOFT_TENANT}/v2.0"), "tid": MICROSOFT_TENANT,
            "aud": CLIENT_ID, "sub": subject, "email": email, "xms_edov": true, "name": "Mica Soft", "iat": now,
            "exp": now + 3600,
        })
    }

    /// An ID token that says this.
    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &private_key()).expect("claims that can be written")
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn private_key() -> EncodingKey {
    EncodingKey::from_ec_pem(PRIVATE_KEY.as_bytes()).expect("a key")
}

fn key_set() -> Value {
    let mut key = Jwk::from_encoding_key(&private_key(), Algorithm::ES256).expect("a public half");
    key.common.key_id = Some(KEY_ID.to_owned());
    json!({ "keys": [key] })
}

impl AppBuilder {
    /// People can sign in with Google and Microsoft, for both of which this issuer stands.
    pub fn with_issuer(self, issuer: &Issuer) -> Self {
        self.setting("GOOGLE_CLIENT_ID", CLIENT_ID)
            .setting("GOOGLE_JWKS_URL", &issuer.keys_url)
            .setting("MICROSOFT_CLIENT_ID", CLIENT_ID)
            .setting("MICROSOFT_JWKS_URL", &issuer.keys_url)
    }
}

impl App {
    /// Signs in with an ID token.
    pub async fn sign_in_with(&self, provider: &str, token: &str) -> Answer {
        self.client.post(&format!("/auth/{provider}"), &json!({ "token": token })).send().await
    }
}
