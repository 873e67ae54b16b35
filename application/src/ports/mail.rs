use std::fmt;

use async_trait::async_trait;
use domain::{EmailAddress, Language};
use secrecy::SecretString;

/// A mail that a use case orders. It is queued with the change that caused it and leaves after the commit.
#[derive(Clone)]
pub struct Mail {
    /// To whom.
    pub to: EmailAddress,
    /// How the greeting addresses them, if they are known.
    pub first_name: Option<String>,
    /// In which language they would like it.
    pub language: Language,
    /// What it says.
    pub kind: MailKind,
    /// The link that it carries; it may hold a secret.
    pub link: SecretString,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("to", &self.to).field("kind", &self.kind.as_str()).finish_non_exhaustive()
    }
}

/// What a mail says.
#[derive(Clone, PartialEq, Eq)]
pub enum MailKind {
    /// Confirm your address with this link.
    ConfirmEmail,
    /// Choose a new password with this link.
    ResetPassword,
    /// Somebody tried to register with your address; here is where to sign in.
    AlreadyRegistered,
    /// Your password was changed; here is what to do if it was not you.
    PasswordChanged,
    /// Your password is not accepted any more, because somebody failed too often; here is where to choose another.
    PasswordDisabled,
    /// You closed your organisation; open it again with this link.
    TenantClosed,
    /// Somebody wants you in their organisation; here is how to come in.
    Invitation(InvitationNote),
}

/// What a mail of an invitation says beside the usual. Written by people, to a stranger.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationNote {
    /// The name of whoever invites.
    pub inviter: String,
    /// The name of their organisation.
    pub tenant: String,
    /// What they have to say.
    pub message: Option<String>,
}

impl MailKind {
    /// Every kind that says the same to everybody.
    pub const PLAIN: [Self; 6] = [
        Self::ConfirmEmail,
        Self::ResetPassword,
        Self::AlreadyRegistered,
        Self::PasswordChanged,
        Self::PasswordDisabled,
        Self::TenantClosed,
    ];

    /// The kind's name in the outbox, in logs, and of its templates.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ConfirmEmail => "confirm_email",
            Self::ResetPassword => "reset_password",
            Self::AlreadyRegistered => "already_registered",
            Self::PasswordChanged => "password_changed",
            Self::PasswordDisabled => "password_disabled",
            Self::Invitation(_) => "invitation",
            Self::TenantClosed => "tenant_closed",
        }
    }
}

impl fmt::Debug for MailKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Sends mail.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one mail to whoever delivers it. `id` stays the same over retries, for adapters that can drop
    /// duplicates.
    ///
    /// # Errors
    ///
    /// [`MailError`] when it was not taken.
    async fn send(&self, id: &str, mail: &Mail) -> Result<(), MailError>;
}

/// Why a mail was not taken. Holds no address and no content.
#[derive(Debug, thiserror::Error)]
#[error("mail was not taken: {0}")]
pub struct MailError(pub String);
