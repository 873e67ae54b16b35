//! Links in mails.

use domain::{InvitationToken, TokenSecret};
use secrecy::{ExposeSecret, SecretString};

/// The longest page to come back to, in bytes.
const MAX_RETURN_URL: usize = 2048;

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

    /// The page to come back to from the billing provider: the one that is asked for, if it is of a site that may be
    /// linked to.
    pub(crate) fn back_from_billing(&self, wanted: Option<&str>, requested: Option<&str>) -> String {
        let listed = |url: &&str| {
            let allowed = self.allowed.iter().chain([&self.default]);
            url.len() <= MAX_RETURN_URL && allowed.into_iter().any(|origin| is_below(url, origin))
        };
        match wanted.filter(listed) {
            Some(url) => url.to_owned(),
            None => format!("{}/settings/billing", self.base(requested)),
        }
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

/// Whether a URL is a page of an origin.
fn is_below(url: &str, origin: &str) -> bool {
    let (start, rest) = url.split_at_checked(origin.len()).unwrap_or_default();
    start.eq_ignore_ascii_case(origin) && (rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

fn normalised(origin: &str) -> String {
    origin.trim().trim_end_matches('/').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn billing_leads_back_to_a_listed_site_only() {
        let policy = LinkPolicy::new("https://app.example.com/", &["https://beta.example.com".into()]);
        let back = |url| policy.back_from_billing(Some(url), None);
        for page in ["https://beta.example.com/plan?paid=1", "https://app.example.com", "https://APP.example.com/x#y"] {
            assert_eq!(back(page), page);
        }
        for evil in [
            "https://evil.example/",
            "https://app.example.com.evil.example/",
            "https://app.example.com@evil.example/",
            "javascript:alert(1)",
            "https://beta.example.co",
        ] {
            assert_eq!(back(evil), "https://app.example.com/settings/billing");
        }
        let home = policy.back_from_billing(None, Some("https://beta.example.com"));
        assert_eq!(home, "https://beta.example.com/settings/billing");
    }

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
