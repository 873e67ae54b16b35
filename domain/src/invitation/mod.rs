//! A seat that is kept warm for somebody who is not a member yet.

mod event;
mod message;
mod token;

pub use event::{InvitationEvent, InvitationEventKind};
pub use message::{InvalidMessage, InvitationMessage};
pub use token::InvitationToken;

use chrono::Duration;

use crate::{EmailAddress, InvitationId, Outcome, Role, TenantId, Timestamp, TokenHash, UserId, Version};

/// For how many days an invitation is open, counted from its last mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFor(u8);

/// Why a number of days is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {} to {} days", OpenFor::MIN_DAYS, OpenFor::MAX_DAYS)]
pub struct InvalidOpenFor;

impl OpenFor {
    /// The least number of days.
    pub const MIN_DAYS: u8 = 1;
    /// The greatest number of days.
    pub const MAX_DAYS: u8 = 30;
    /// The number of days when nobody says another.
    pub const DEFAULT: Self = Self(7);

    /// Reads a number of days.
    ///
    /// # Errors
    ///
    /// [`InvalidOpenFor`] when it is too small or too large.
    pub fn from_days(days: i64) -> Result<Self, InvalidOpenFor> {
        let days = u8::try_from(days).map_err(|_| InvalidOpenFor)?;
        if (Self::MIN_DAYS..=Self::MAX_DAYS).contains(&days) { Ok(Self(days)) } else { Err(InvalidOpenFor) }
    }

    /// The number of days.
    #[must_use]
    pub const fn days(self) -> u8 {
        self.0
    }

    /// The same as a duration.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::days(self.0.into())
    }
}

/// Where an invitation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvitationState {
    /// It waits for an answer, until it expires.
    Pending,
    /// Somebody took it.
    Accepted {
        /// Who; `None` where the Python service did not say.
        by: Option<UserId>,
        /// When.
        at: Timestamp,
    },
    /// The Python service noted that its time was over. This service leaves that to the clock.
    Expired,
    /// It was taken back.
    Cancelled,
}

/// Where an invitation stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationStatus {
    /// It waits for an answer.
    Pending,
    /// Somebody took it.
    Accepted,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Cancelled,
}

impl InvitationStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Accepted, Self::Expired, Self::Cancelled];

    /// The status's name in tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// Everything an invitation consists of, as read from or written to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationSnapshot {
    /// Identity.
    pub id: InvitationId,
    /// The tenant that it leads into.
    pub tenant_id: TenantId,
    /// Whom it is for: nobody with another address can take it.
    pub email: EmailAddress,
    /// Their place in the tenant.
    pub role: Role,
    /// Who invited them; `None` where the Python service did not say.
    pub invited_by: Option<UserId>,
    /// What the mail says beside the usual.
    pub message: Option<InvitationMessage>,
    /// Where it stands.
    pub state: InvitationState,
    /// The hash of the one token that works; `None`: none does.
    pub token: Option<TokenHash>,
    /// For how long a mail keeps it open.
    pub open_for: OpenFor,
    /// Until when it is open.
    pub expires_at: Timestamp,
    /// When the last mail was ordered.
    pub email_sent_at: Option<Timestamp>,
    /// How often it was mailed again.
    pub reminders_sent: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// How often the row was written.
    pub version: Version,
}

/// What an inviter decides.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Identity.
    pub id: InvitationId,
    /// The tenant that it leads into.
    pub tenant_id: TenantId,
    /// Whom it is for.
    pub email: EmailAddress,
    /// Their place in the tenant.
    pub role: Role,
    /// What the mail says beside the usual.
    pub message: Option<InvitationMessage>,
    /// For how long it is open.
    pub open_for: OpenFor,
}

/// A member who invites, or invites again.
#[derive(Clone, Copy, Debug)]
pub struct Inviter<'a> {
    /// Who.
    pub user_id: &'a UserId,
    /// Their own place in the tenant.
    pub role: Role,
}

impl Inviter<'_> {
    fn may_grant(self, role: Role) -> Result<(), RoleAboveOwn> {
        if role.is_above(self.role) { Err(RoleAboveOwn) } else { Ok(()) }
    }
}

/// Nobody gives away more than they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody can grant a role above their own")]
pub struct RoleAboveOwn;

/// Why an invitation cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvitationRefused {
    /// Somebody took it already.
    #[error("this invitation has already been accepted")]
    Accepted,
    /// Its time is over.
    #[error("this invitation has expired; ask for a new one")]
    Expired,
    /// It was taken back.
    #[error("this invitation was withdrawn")]
    Cancelled,
    /// It was sent to another address.
    #[error("this invitation was sent to another email address")]
    OtherAddress,
}

/// Why an invitation is not mailed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResendRefused {
    /// It grants more than whoever wants it sent has.
    #[error(transparent)]
    RoleAboveOwn(#[from] RoleAboveOwn),
    /// It is answered or taken back.
    #[error("this invitation is no longer open")]
    Closed,
    /// It was mailed often enough.
    #[error("this invitation was sent {} times; cancel it and invite again", Invitation::MAX_REMINDERS + 1)]
    TooOften,
}

/// Somebody took the invitation: there is nothing left to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this invitation has already been accepted")]
pub struct AlreadyAccepted;

/// An offer to one address to become a member of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    state: InvitationSnapshot,
}

impl Invitation {
    /// How often an invitation is mailed again: a stranger can be reminded, not pestered.
    pub const MAX_REMINDERS: u32 = 5;

    /// Invites somebody with this token.
    ///
    /// # Errors
    ///
    /// [`RoleAboveOwn`] when the inviter has less than they offer.
    pub fn invite(
        new: NewInvitation,
        by: Inviter<'_>,
        token: &InvitationToken,
        now: Timestamp,
    ) -> Result<(Self, Outcome<InvitationEvent>), RoleAboveOwn> {
        by.may_grant(new.role)?;
        let NewInvitation { id, tenant_id, email, role, message, open_for } = new;
        let mut invitation = Self {
            state: InvitationSnapshot {
                id,
                tenant_id,
                email,
                role,
                invited_by: Some(by.user_id.clone()),
                message,
                state: InvitationState::Pending,
                token: Some(token.hash()),
                open_for,
                expires_at: now + open_for.duration(),
                email_sent_at: Some(now),
                reminders_sent: 0,
                created_at: now,
                updated_at: now,
                version: Version::UNWRITTEN,
            },
        };
        let outcome = invitation.happened(InvitationEventKind::Invited { by: by.user_id.clone(), role }, now);
        Ok((invitation, outcome))
    }

    /// Takes an invitation from the store as it is.
    #[must_use]
    pub const fn restore(state: InvitationSnapshot) -> Self {
        Self { state }
    }

    /// What the invitation consists of.
    #[must_use]
    pub const fn snapshot(&self) -> &InvitationSnapshot {
        &self.state
    }

    /// Where it stands now, in one word.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> InvitationStatus {
        match self.state.state {
            InvitationState::Pending if now < self.state.expires_at => InvitationStatus::Pending,
            InvitationState::Pending | InvitationState::Expired => InvitationStatus::Expired,
            InvitationState::Accepted { .. } => InvitationStatus::Accepted,
            InvitationState::Cancelled => InvitationStatus::Cancelled,
        }
    }

    /// Whether this is the newest token that was mailed for it (security rule 8).
    #[must_use]
    pub fn recognises(&self, token: &TokenHash) -> bool {
        self.state.token.as_ref().is_some_and(|newest| newest.matches(token))
    }

    /// Whether it could be taken now.
    ///
    /// # Errors
    ///
    /// [`InvitationRefused`] says why not.
    pub fn check(&self, now: Timestamp) -> Result<(), InvitationRefused> {
        match self.status(now) {
            InvitationStatus::Pending => Ok(()),
            InvitationStatus::Accepted => Err(InvitationRefused::Accepted),
            InvitationStatus::Expired => Err(InvitationRefused::Expired),
            InvitationStatus::Cancelled => Err(InvitationRefused::Cancelled),
        }
    }

    /// Mails it again with a new token, which voids the old one, and opens it for as long as at first, be it
    /// expired by now.
    ///
    /// # Errors
    ///
    /// [`ResendRefused`] says why not.
    pub fn resend(
        &mut self,
        by: Inviter<'_>,
        token: &InvitationToken,
        now: Timestamp,
    ) -> Result<Outcome<InvitationEvent>, ResendRefused> {
        if !matches!(self.state.state, InvitationState::Pending | InvitationState::Expired) {
            return Err(ResendRefused::Closed);
        }
        by.may_grant(self.state.role)?;
        if self.state.reminders_sent >= Self::MAX_REMINDERS {
            return Err(ResendRefused::TooOften);
        }
        self.state.state = InvitationState::Pending;
        self.state.token = Some(token.hash());
        self.state.expires_at = now + self.state.open_for.duration();
        self.state.email_sent_at = Some(now);
        self.state.reminders_sent += 1;
        Ok(self.happened(InvitationEventKind::Resent, now))
    }

    /// Takes it back. Doing so twice changes nothing.
    ///
    /// # Errors
    ///
    /// [`AlreadyAccepted`] when somebody took it.
    pub fn cancel(&mut self, now: Timestamp) -> Result<Outcome<InvitationEvent>, AlreadyAccepted> {
        match self.state.state {
            InvitationState::Accepted { .. } => Err(AlreadyAccepted),
            InvitationState::Cancelled => Ok(Outcome::nothing()),
            InvitationState::Pending | InvitationState::Expired => {
                self.state.state = InvitationState::Cancelled;
                Ok(self.happened(InvitationEventKind::Cancelled, now))
            }
        }
    }

    /// Takes it for the user who has this address.
    ///
    /// # Errors
    ///
    /// [`InvitationRefused`] says why not.
    pub fn accept(
        &mut self,
        user_id: &UserId,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Outcome<InvitationEvent>, InvitationRefused> {
        self.check(now)?;
        if *email != self.state.email {
            return Err(InvitationRefused::OtherAddress);
        }
        self.state.state = InvitationState::Accepted { by: Some(user_id.clone()), at: now };
        Ok(self.happened(InvitationEventKind::Accepted { by: user_id.clone() }, now))
    }

    fn happened(&mut self, event: InvitationEventKind, now: Timestamp) -> Outcome<InvitationEvent> {
        self.state.updated_at = now;
        Outcome::of(event.of(&self.state))
    }
}

#[cfg(test)]
mod tests;
