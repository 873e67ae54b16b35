//! One identity provider, and what its tokens must say to be believed.

use std::sync::Arc;

use application::ports::{Clock, IdentityRejected, MAX_ID_TOKEN_LENGTH, VerifiedIdentity};
use domain::{IdentityProvider, OutsideIdentity};

use super::{
    ProviderSettings,
    claims::IdClaims,
    key_cache::{KeyCache, KeySource},
};
use crate::crypto::{keys::Unverified, tokens::LEEWAY};

/// What stands for the tenant in an issuer, as Microsoft writes it.
const TENANT: &str = "{tenantid}";

/// A provider that is set up.
pub(super) struct Provider {
    name: IdentityProvider,
    settings: ProviderSettings,
    keys: KeyCache,
    clock: Arc<dyn Clock>,
}

impl Provider {
    pub(super) fn new(
        name: IdentityProvider,
        settings: ProviderSettings,
        source: Arc<dyn KeySource>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { name, settings, keys: KeyCache::new(source, Arc::clone(&clock)), clock }
    }

    pub(super) const fn name(&self) -> IdentityProvider {
        self.name
    }

    /// Checks a token: its signature first, so that nothing that it says is looked at before.
    pub(super) async fn verify(&self, token: &str, nonce: Option<&str>) -> Result<VerifiedIdentity, IdentityRejected> {
        let invalid = || IdentityRejected::Invalid(self.name);
        if token.len() > MAX_ID_TOKEN_LENGTH {
            return Err(invalid());
        }
        let unavailable =
            |error: super::key_cache::FetchError| IdentityRejected::Unavailable(self.name, error.to_string());
        let mut keys = self.keys.current().await.map_err(unavailable)?;
        if matches!(keys.verify(token), Err(Unverified::NoKeyFits))
            && let Some(newer) = self.keys.newer_than(&keys).await
        {
            keys = newer;
        }
        let (claims, key_is_for) = keys.verify(token).map_err(|_| invalid())?;
        let issuer = self.issuer_of(&claims).ok_or_else(invalid)?;
        let key_fits = key_is_for.is_none_or(|template| fill_in(template, &claims) == issuer);
        let nonce_fits = nonce.is_none_or(|nonce| claims.nonce.as_deref() == Some(nonce));
        if !(key_fits && nonce_fits && self.is_for_us(&claims)) {
            return Err(invalid());
        }
        self.check_times(&claims)?;
        // The subject is `sub`, with Microsoft too (docs/adr/0014-outside-identities.md).
        let identity = OutsideIdentity::parse(&issuer, &claims.sub).map_err(|_| invalid())?;
        let (first_name, last_name) = claims.names();
        Ok(VerifiedIdentity {
            provider: self.name,
            identity,
            email: claims.email(),
            email_verified: claims.email_verified(),
            first_name,
            last_name,
        })
    }

    /// Who issued the token, spelt one way only; `None` when it is none whose tokens are taken.
    fn issuer_of(&self, claims: &IdClaims) -> Option<String> {
        if self.settings.issuer.contains(TENANT) {
            let tenant = claims.tid.as_deref().filter(|tenant| is_tenant(tenant))?;
            let taken = self.settings.tenants.is_empty() || self.settings.tenants.iter().any(|taken| taken == tenant);
            return Some(fill_in(&self.settings.issuer, claims)).filter(|issuer| taken && *issuer == claims.iss);
        }
        // Google writes its issuer with and without the scheme.
        let issuer = self.settings.issuer.as_str();
        let is_issuer = claims.iss == issuer || issuer.strip_prefix("https://") == Some(claims.iss.as_str());
        is_issuer.then(|| issuer.to_owned())
    }

    /// OpenID Connect Core §3.1.3.7: issued for us, and for nobody whom we do not know.
    fn is_for_us(&self, claims: &IdClaims) -> bool {
        let mut readers = claims.aud.readers().peekable();
        readers.peek().is_some() && readers.all(|reader| self.settings.client_ids.iter().any(|id| id == reader))
    }

    fn check_times(&self, claims: &IdClaims) -> Result<(), IdentityRejected> {
        let (Some(expires_at), Some(issued_at)) = (claims.exp, claims.iat) else {
            return Err(IdentityRejected::Invalid(self.name));
        };
        let now = self.clock.now();
        if now - LEEWAY >= expires_at {
            return Err(IdentityRejected::Expired(self.name));
        }
        let from_the_future = |begins: domain::Timestamp| begins > now + LEEWAY;
        if from_the_future(issued_at) || claims.nbf.is_some_and(from_the_future) {
            return Err(IdentityRejected::Invalid(self.name));
        }
        Ok(())
    }
}

fn fill_in(template: &str, claims: &IdClaims) -> String {
    template.replace(TENANT, claims.tid.as_deref().unwrap_or_default())
}

/// Whether the text is a tenant's identifier: a UUID as Microsoft writes it.
fn is_tenant(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|id| id.hyphenated().to_string() == text)
}
