//! A sign-in and the family of refresh tokens that carries it on (security rules 12, 15 and 16).
//!
//! A family is one chain: every refresh spends the current token and makes its successor. Somebody who
//! presents a spent token either lost the answer that carried the successor, or has stolen it. The direct
//! predecessor, for a short while, and as long as nobody has used the successor, is a lost answer; everything
//! else is theft and ends the session.

use chrono::Duration;

use crate::{SessionId, TenantId, Timestamp, TokenHash, TokenId, UserId, Version, user::SessionGeneration};

/// For how long after a sign-in nobody has to prove again who they are (security rule 9).
const FRESH: Duration = Duration::minutes(5);

/// How long sessions live.
#[derive(Clone, Copy, Debug)]
pub struct SessionPolicy {
    /// How long a refresh token works after it was issued.
    pub refresh_token_lifetime: Duration,
    /// How long a session lasts without a refresh.
    pub idle_timeout: Duration,
    /// How long a spent token is honoured again while its successor is unused.
    pub reuse_grace: Duration,
}

/// A refresh token as its session knows it: by name and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Its `jti`.
    pub id: TokenId,
    /// The hash of the whole token.
    pub hash: TokenHash,
    /// When it was issued; with the id, enough to make the very same token again.
    pub issued_at: Timestamp,
}

/// The token that was current before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentToken {
    /// Its `jti`.
    pub id: TokenId,
    /// When it was spent.
    pub spent_at: Timestamp,
}

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// It can be refreshed.
    Active {
        /// The token that refreshes it.
        current: RefreshToken,
        /// The one before.
        previous: Option<SpentToken>,
    },
    /// It is over.
    Ended {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: SessionEnd,
    },
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// The person signed out.
    SignedOut,
    /// The person ended it from elsewhere.
    EndedRemotely,
    /// A spent token was used again: one of its holders is a thief.
    TokenReused,
}

impl SessionEnd {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::SignedOut, Self::EndedRemotely, Self::TokenReused];

    /// The reason's name in tables and events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::EndedRemotely => "ended_remotely",
            Self::TokenReused => "token_reused",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// Something that happened to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEvent {
    /// The session.
    pub session_id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// Their tenant.
    pub tenant_id: TenantId,
    /// The version of the session that it led to.
    pub version: Version,
    /// What happened.
    pub what: SessionEventKind,
}

/// What happened to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEventKind {
    /// It ended.
    Ended {
        /// Why.
        reason: SessionEnd,
    },
}

/// From where somebody signed in, so that they can recognise it later (security rule 17).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// What the client calls itself, cut to [`Device::MAX_USER_AGENT`] characters.
    pub user_agent: Option<String>,
    /// The network address that the request came from.
    pub source: Option<String>,
}

impl Device {
    /// Most characters kept of a `User-Agent`.
    pub const MAX_USER_AGENT: usize = 256;

    /// Describes a device, cutting what is too long.
    #[must_use]
    pub fn new(user_agent: Option<&str>, source: Option<String>) -> Self {
        let user_agent =
            user_agent.map(|text| text.chars().filter(|c| !c.is_control()).take(Self::MAX_USER_AGENT).collect());
        Self { user_agent, source }
    }
}

/// Everything a session consists of, as read from or written to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSnapshot {
    /// Identity: the `sid` claim of its tokens.
    pub id: SessionId,
    /// Who is signed in.
    pub user_id: UserId,
    /// Their tenant.
    pub tenant_id: TenantId,
    /// The generation of the user's sessions that it belongs to.
    pub generation: u64,
    /// From where.
    pub device: Device,
    /// Sign-in.
    pub started_at: Timestamp,
    /// Sign-in or last refresh.
    pub last_used_at: Timestamp,
    /// Where it stands.
    pub state: SessionState,
    /// How often the row was written.
    pub version: Version,
}

/// What a new session starts with.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Identity.
    pub id: SessionId,
    /// Who signs in.
    pub user_id: UserId,
    /// Their tenant.
    pub tenant_id: TenantId,
    /// The user's present generation.
    pub generation: SessionGeneration,
    /// From where.
    pub device: Device,
    /// The first refresh token.
    pub token: RefreshToken,
    /// The token that was exchanged for this session, if it carries on one of the Python service: it is
    /// honoured again like any direct predecessor.
    pub predecessor: Option<TokenId>,
}

/// What a refresh comes to.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "every decision but a refusal has something to commit or to answer"]
pub enum RefreshDecision {
    /// The token was spent and the successor is current. `spent` names the spent one.
    Rotated {
        /// The token that no longer counts.
        spent: TokenId,
    },
    /// The token's successor is on its way already or got lost: send it again. Nothing changed.
    Repeat {
        /// The successor.
        current: RefreshToken,
    },
    /// The token is a spent one: the session is over now.
    FamilyRevoked {
        /// What to commit.
        event: SessionEvent,
        /// The token that was current and no longer counts.
        current: TokenId,
    },
    /// The session is over: ended, idle for too long, or of an earlier generation.
    Refused,
}

/// One sign-in on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    state: SessionSnapshot,
}

impl Session {
    /// Signs somebody in.
    #[must_use]
    pub fn start(new: NewSession) -> Self {
        let NewSession { id, user_id, tenant_id, generation, device, token, predecessor } = new;
        let previous = predecessor.map(|id| SpentToken { id, spent_at: token.issued_at });
        Self {
            state: SessionSnapshot {
                id,
                user_id,
                tenant_id,
                generation: generation.number,
                device,
                started_at: token.issued_at,
                last_used_at: token.issued_at,
                state: SessionState::Active { current: token, previous },
                version: Version::UNWRITTEN,
            },
        }
    }

    /// Takes a session from the store as it is.
    #[must_use]
    pub const fn restore(state: SessionSnapshot) -> Self {
        Self { state }
    }

    /// What the session consists of.
    #[must_use]
    pub const fn snapshot(&self) -> &SessionSnapshot {
        &self.state
    }

    /// The token that refreshes the session; `None` when it is over.
    #[must_use]
    pub const fn current_token(&self) -> Option<&RefreshToken> {
        match &self.state.state {
            SessionState::Active { current, .. } => Some(current),
            SessionState::Ended { .. } => None,
        }
    }

    /// Whether the session still counts (security rule 16).
    #[must_use]
    pub fn is_live(&self, generation: SessionGeneration, policy: &SessionPolicy, now: Timestamp) -> bool {
        matches!(self.state.state, SessionState::Active { .. })
            && self.state.generation == generation.number
            && now < self.state.last_used_at + policy.idle_timeout
    }

    /// Whether the session began with a sign-in of the last five minutes. A session can begin without one, too, when
    /// somebody moves or comes from the Python service; the user's `last_login` tells.
    #[must_use]
    pub fn is_fresh(&self, last_login: Option<Timestamp>, now: Timestamp) -> bool {
        let is_recent = |at: Timestamp| now < at + FRESH;
        is_recent(self.state.started_at) && last_login.is_some_and(is_recent)
    }

    /// Decides about a refresh token that somebody presents, and rotates it if it is the current one.
    pub fn refresh(
        &mut self,
        presented: (&TokenId, &TokenHash),
        successor: RefreshToken,
        generation: SessionGeneration,
        policy: &SessionPolicy,
    ) -> RefreshDecision {
        let now = successor.issued_at;
        if !self.is_live(generation, policy, now) {
            return RefreshDecision::Refused;
        }
        let SessionState::Active { current, previous } = &self.state.state else {
            return RefreshDecision::Refused;
        };
        let (id, hash) = presented;
        if *id == current.id && hash.matches(&current.hash) {
            let spent = current.id.clone();
            let previous = Some(SpentToken { id: spent.clone(), spent_at: now });
            self.state.state = SessionState::Active { current: successor, previous };
            self.state.last_used_at = now;
            return RefreshDecision::Rotated { spent };
        }
        // `previous` is by construction the direct predecessor of a successor that nobody has used.
        let is_lost_answer = |spent: &SpentToken| spent.id == *id && now - spent.spent_at <= policy.reuse_grace;
        if previous.as_ref().is_some_and(is_lost_answer) {
            return RefreshDecision::Repeat { current: current.clone() };
        }
        let current = current.id.clone();
        RefreshDecision::FamilyRevoked { event: self.end(SessionEnd::TokenReused, now), current }
    }

    /// Signs the person out here.
    pub fn sign_out(&mut self, now: Timestamp) -> Option<SessionEvent> {
        matches!(self.state.state, SessionState::Active { .. }).then(|| self.end(SessionEnd::SignedOut, now))
    }

    /// Ends the session on the person's wish, from wherever they are (security rule 17).
    pub fn end_remotely(&mut self, now: Timestamp) -> Option<SessionEvent> {
        matches!(self.state.state, SessionState::Active { .. }).then(|| self.end(SessionEnd::EndedRemotely, now))
    }

    /// Takes the session into the generation that ended all others.
    pub const fn outlive(&mut self, generation: SessionGeneration) {
        self.state.generation = generation.number;
    }

    /// Ends the family because one of its spent tokens was used again where this service could not see it.
    pub fn revoke(&mut self, now: Timestamp) -> Option<SessionEvent> {
        matches!(self.state.state, SessionState::Active { .. }).then(|| self.end(SessionEnd::TokenReused, now))
    }

    fn end(&mut self, reason: SessionEnd, now: Timestamp) -> SessionEvent {
        self.state.state = SessionState::Ended { at: now, reason };
        SessionEvent {
            session_id: self.state.id.clone(),
            user_id: self.state.user_id.clone(),
            tenant_id: self.state.tenant_id.clone(),
            version: self.state.version.next(),
            what: SessionEventKind::Ended { reason },
        }
    }
}

#[cfg(test)]
mod tests;
