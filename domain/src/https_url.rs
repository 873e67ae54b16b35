//! Links that users give us.

use url::{Host, Url};

/// A link to a public `https` site (security rule 22). It is shown, never fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpsUrl(String);

/// Why a text is not such a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHttpsUrl {
    /// Not an absolute `https` URL, longer than [`HttpsUrl::MAX_LENGTH`], or with a user name in it.
    #[error("must be an https:// link")]
    Malformed,
    /// Points into a private network or at this machine.
    #[error("must point to a public host")]
    PrivateHost,
}

impl HttpsUrl {
    /// Longest link, in bytes.
    pub const MAX_LENGTH: usize = 2048;

    /// Reads a link.
    ///
    /// # Errors
    ///
    /// [`InvalidHttpsUrl`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidHttpsUrl> {
        let text = text.trim();
        if text.len() > Self::MAX_LENGTH {
            return Err(InvalidHttpsUrl::Malformed);
        }
        let url = Url::parse(text).map_err(|_| InvalidHttpsUrl::Malformed)?;
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidHttpsUrl::Malformed);
        }
        let public = match url.host() {
            Some(Host::Domain(name)) => is_public_name(name.trim_end_matches('.')),
            // A person's picture or site has a name; a bare address is a router, a cluster or a metadata service.
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => false,
            None => return Err(InvalidHttpsUrl::Malformed),
        };
        if !public {
            return Err(InvalidHttpsUrl::PrivateHost);
        }
        Ok(Self(url.into()))
    }

    /// Takes a link from the store as it is.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The link.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names that only resolve inside somebody's network (RFC 6761, RFC 6762, RFC 8375, and ICANN's `internal`).
fn is_public_name(name: &str) -> bool {
    const PRIVATE: [&str; 6] = ["localhost", "local", "internal", "lan", "home", "arpa"];
    name.rsplit_once('.').is_some_and(|(_, last_label)| !PRIVATE.contains(&last_label))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn rule_22_a_public_https_link_is_accepted() {
        let link = HttpsUrl::parse("https://cdn.example.com/a.png?x=1").map(|u| u.as_str().to_owned());
        assert_eq!(link, Ok("https://cdn.example.com/a.png?x=1".to_owned()));
    }

    #[rstest]
    #[case::http("http://example.com/a.png", InvalidHttpsUrl::Malformed)]
    #[case::script("javascript:alert(1)", InvalidHttpsUrl::Malformed)]
    #[case::data("data:image/png;base64,AAAA", InvalidHttpsUrl::Malformed)]
    #[case::credentials("https://user:pw@example.com/", InvalidHttpsUrl::Malformed)]
    #[case::relative("/a.png", InvalidHttpsUrl::Malformed)]
    #[case::loopback_name("https://localhost/a.png", InvalidHttpsUrl::PrivateHost)]
    #[case::loopback_name_with_dot("https://app.localhost./", InvalidHttpsUrl::PrivateHost)]
    #[case::loopback("https://127.0.0.1/", InvalidHttpsUrl::PrivateHost)]
    #[case::loopback_as_number("https://2130706433/", InvalidHttpsUrl::PrivateHost)]
    #[case::private("https://192.168.1.1/", InvalidHttpsUrl::PrivateHost)]
    #[case::metadata("https://169.254.169.254/latest", InvalidHttpsUrl::PrivateHost)]
    #[case::ipv6("https://[::1]/", InvalidHttpsUrl::PrivateHost)]
    #[case::mapped("https://[::ffff:10.0.0.1]/", InvalidHttpsUrl::PrivateHost)]
    #[case::cluster("https://db.prod.internal/", InvalidHttpsUrl::PrivateHost)]
    #[case::single_label("https://intranet/", InvalidHttpsUrl::PrivateHost)]
    fn rule_22_other_schemes_and_private_hosts_are_refused(#[case] text: &str, #[case] why: InvalidHttpsUrl) {
        assert_eq!(HttpsUrl::parse(text), Err(why));
    }
}
