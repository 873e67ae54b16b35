//! Signing in with accounts elsewhere: ID tokens of OpenID Connect, verified with the provider's published keys
//! (security rule 11, RFC 8725).

mod claims;
mod fetch;
mod key_cache;
mod key_set;
mod provider;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use application::ports::{Clock, IdentityRejected, IdentityTokens, VerifiedIdentity};
use async_trait::async_trait;
use domain::IdentityProvider;
use url::Url;

use fetch::HttpsKeySource;
use provider::Provider;

/// What is to be known about a provider before anybody can sign in with it.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// `aud`: the names under which the provider knows this service and its apps.
    pub client_ids: Vec<String>,
    /// `iss`; `{tenantid}` in it stands for the tenant that a token names.
    pub issuer: String,
    /// The tenants whose tokens are taken, where the issuer has tenants; empty is every one.
    pub tenants: Vec<String>,
    /// Where the provider publishes its keys.
    pub keys_url: Url,
}

/// Verifies ID tokens of the providers that are set up.
pub struct OidcIdentityTokens {
    providers: Vec<Provider>,
}

impl OidcIdentityTokens {
    /// Tokens of these providers. Nothing is fetched before somebody signs in with one.
    #[must_use]
    pub fn new(
        providers: impl IntoIterator<Item = (IdentityProvider, ProviderSettings)>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let set_up = |(provider, settings): (_, ProviderSettings)| {
            let source = Arc::new(HttpsKeySource::new(settings.keys_url.clone()));
            Provider::new(provider, settings, source, Arc::clone(clock))
        };
        Self { providers: providers.into_iter().map(set_up).collect() }
    }
}

#[async_trait]
impl IdentityTokens for OidcIdentityTokens {
    async fn verify(
        &self,
        provider: IdentityProvider,
        token: &str,
        nonce: Option<&str>,
    ) -> Result<VerifiedIdentity, IdentityRejected> {
        let set_up = self.providers.iter().find(|set_up| set_up.name() == provider);
        set_up.ok_or(IdentityRejected::NotOffered(provider))?.verify(token, nonce).await
    }
}
