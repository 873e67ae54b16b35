//! What is in the link of an invitation.

use std::{convert::Infallible, fmt, str::FromStr};

use secrecy::{ExposeSecret, SecretString};

use crate::{InvitationId, TokenHash, TokenSecret};

/// The token in the link of an invitation: `<invitation id>.<secret>`.
///
/// The table of invitations is not keyed by their tokens, so a token says to which one it belongs. Those of the
/// Python service do not.
#[derive(Clone)]
pub struct InvitationToken {
    text: SecretString,
    invitation_id: Option<InvitationId>,
}

impl InvitationToken {
    /// How many hexadecimal digits a secret has.
    const SECRET_LENGTH: usize = 64;

    /// A new token for an invitation.
    #[must_use]
    pub fn new(id: &InvitationId, secret: &TokenSecret) -> Self {
        Self { text: format!("{id}.{}", secret.expose()).into(), invitation_id: Some(id.clone()) }
    }

    /// A token that somebody presents.
    #[must_use]
    pub fn presented(text: SecretString) -> Self {
        let invitation_id = text
            .expose_secret()
            .rsplit_once('.')
            .filter(|(_, secret)| secret.len() == Self::SECRET_LENGTH && secret.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|(id, _)| InvitationId::parse(id).ok());
        Self { text, invitation_id }
    }

    /// The invitation that it belongs to; `None` for a token that may be of the Python service.
    #[must_use]
    pub const fn invitation_id(&self) -> Option<&InvitationId> {
        self.invitation_id.as_ref()
    }

    /// What is stored in its place.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose())
    }

    /// The text that goes into the link.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

/// Any text is a token that somebody presents.
impl FromStr for InvitationToken {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::presented(text.into()))
    }
}

impl fmt::Debug for InvitationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvitationToken").field("invitation_id", &self.invitation_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_to_its_invitation() {
        for id in ["0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c55", "inv_3f2a9c0d1b2e", "a.b"].map(InvitationId::restore) {
            let token = InvitationToken::new(&id, &TokenSecret::from_random([7; 32]));
            let presented = InvitationToken::presented(token.expose().into());
            assert_eq!(presented.invitation_id(), Some(&id));
            assert!(presented.hash().matches(&token.hash()));
            assert!(!format!("{token:?}").contains(&"07".repeat(32)));
        }
    }

    #[rstest::rstest]
    #[case::of_python("Zk3vXw1c8n0Qm2pT-y_7")]
    #[case::hexadecimal(&"0f".repeat(32))]
    #[case::a_jwt("eyJh.eyJz.c2ln")]
    #[case::no_id(&format!(".{}", "0f".repeat(32)))]
    #[case::a_path(&format!("../x.{}", "0f".repeat(32)))]
    #[case::empty("")]
    fn another_text_leads_to_none(#[case] text: &str) {
        assert_eq!(InvitationToken::presented(text.into()).invitation_id(), None);
    }
}
