//! Links in mails.

use domain::{InvitationToken, TokenSecret};
use secrecy::{ExposeSecret, SecretString};

/// Which sites mails may link to. `X-Frontend-Base-Url` chooses among them; an origin that is not listed would
/// let anybody send our users, in our name, to a site of theirs.
#[derive(Clone, Debug)]
pub struct LinkPolicy {
    default: String,
    allowed: Vec<String>,
}

impl LinkPolicy {
    /// Links go to `default`, or to one of `allowed` when a request asks for it. Origins are compared without
    /// case and without a slash at the end.
    #[must_use]
    pub fn new(default: &str, allowed: &[String]) -> Self {
        Self { default: normalised(default), allowed: allowed.iter().map(|origin| normalised(origin)).collect() }
    }

    fn base(&self, requested: Option<&str>) -> &str {
        let requested = requested.map(normalised);
        requested
            .and_then(|requested| self.allowed.iter().find(|origin| **origin == requested))
            .unwrap_or(&self.default)
    }

    /// The link that confirms an address.
    pub(crate) fn confirm_email(&self, requested: Option<&str>, secret: &TokenSecret) -> SecretString {
        format!("{}/auth/confirm-email?token={}", self.base(requested), secret.expose()).into()
    }

    /// The link that leads to choosing a new password.
    pub(crate) fn reset_password(&self, requested: Option<&str>, secret: &TokenSecret) -> SecretString {
        format!("{}/auth/reset-password?token={}", self.base(requested), secret.expose()).into()
    }

    /// The link that accepts an invitation.
    pub(crate) fn invitation(&self, requested: Option<&str>, token: &InvitationToken) -> SecretString {
        format!("{}/auth/accept-invitation?token={}", self.base(requested), token.expose()).into()
    }

    /// The link that opens a closed tenant again.
    pub(crate) fn reopen_tenant(&self, requested: Option<&str>, token: &SecretString) -> SecretString {
        format!("{}/tenants/reopen?token={}", self.base(requested), token.expose_secret()).into()
    }

    /// The page for signing in.
    pub(crate) fn login(&self, requested: Option<&str>) -> SecretString {
        format!("{}/auth/login", self.base(requested)).into()
    }

    /// The page for asking for a reset link.
    pub(crate) fn forgot_password(&self, requested: Option<&str>) -> SecretString {
        format!("{}/auth/forgot-password", self.base(requested)).into()
    }
}

fn normalised(origin: &str) -> String {
    origin.trim().trim_end_matches('/').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_are_linked_to() {
        let policy = LinkPolicy::new("https://app.example.com/", &["https://beta.example.com".into()]);
        assert_eq!(policy.base(None), "https://app.example.com");
        assert_eq!(policy.base(Some("https://BETA.example.com/")), "https://beta.example.com");
        for evil in
            ["https://evil.example", "https://beta.example.com.evil.example", "https://beta.example.com@evil.example"]
        {
            assert_eq!(policy.base(Some(evil)), "https://app.example.com");
        }
    }
}
