//! An organisation and the wall around its data.

mod event;
mod name;
mod ownership;
mod settings;
mod standing;

pub use event::{TenantEvent, TenantEventKind};
pub use name::TenantName;
pub use ownership::TransferRefused;
pub use settings::{TargetLineMode, TenantSettings, TenantSettingsChange};
pub use standing::{Reopening, Standing, SuspensionReason, TenantStatus};

use crate::{Outcome, TenantId, Timestamp, TokenHash, UserId, Version, verification::TokenRefused};

/// Everything a tenant consists of, as read from or written to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSnapshot {
    /// Identity.
    pub id: TenantId,
    /// What people call it.
    pub name: TenantName,
    /// Who owns it. Others may be owners beside them, but this one cannot leave, be removed, switched off or put into
    /// another role without handing it over: a tenant always has an owner, and nobody has to count them.
    pub owner_user_id: UserId,
    /// Whether it is on trial, or was when it was last in use.
    pub on_trial: bool,
    /// Whether it may be used.
    pub standing: Standing,
    /// Sign-ins before this instant are over (security rule 16).
    pub signed_out_at: Option<Timestamp>,
    /// How it wants the product to behave.
    pub settings: TenantSettings,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// How often the row was written.
    pub version: Version,
}

impl TenantSnapshot {
    /// Whether the tenant may be used, in one word.
    #[must_use]
    pub const fn status(&self) -> TenantStatus {
        match self.standing {
            Standing::InUse if self.on_trial => TenantStatus::Trial,
            Standing::InUse => TenantStatus::Active,
            Standing::Suspended { .. } => TenantStatus::Suspended,
            Standing::Closed { .. } => TenantStatus::Cancelled,
        }
    }
}

/// Why a tenant was not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseRefused {
    /// Somebody else owns it. Others may have the owner's role; the tenant is one person's.
    #[error("only the person who owns this organisation can close it")]
    NotItsOwner,
    /// The platform switched it off.
    #[error("this organisation is not active")]
    Suspended,
}

/// The time in which a closed tenant could be opened again is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this organisation was closed for good")]
pub struct ClosedForGood;

/// An organisation. Every user belongs to exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    state: TenantSnapshot,
}

impl Tenant {
    /// Creates a tenant for its owner.
    pub fn create(id: TenantId, name: TenantName, owner: UserId, now: Timestamp) -> (Self, Outcome<TenantEvent>) {
        let state = TenantSnapshot {
            id,
            name,
            owner_user_id: owner,
            on_trial: false,
            standing: Standing::InUse,
            signed_out_at: None,
            settings: TenantSettings::default(),
            created_at: now,
            updated_at: now,
            version: Version::UNWRITTEN,
        };
        let created = TenantEventKind::Created { owner_user_id: state.owner_user_id.clone() }.of(&state);
        (Self { state }, Outcome::of(created))
    }

    /// Takes a tenant from the store as it is.
    #[must_use]
    pub const fn restore(state: TenantSnapshot) -> Self {
        Self { state }
    }

    /// What the tenant consists of.
    #[must_use]
    pub const fn snapshot(&self) -> &TenantSnapshot {
        &self.state
    }

    /// Whether its members may use the service.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        matches!(self.state.standing, Standing::InUse)
    }

    /// Whether a sign-in at this instant is over because everybody was signed out since (security rule 16).
    #[must_use]
    pub fn has_signed_out(&self, signed_in_at: Timestamp) -> bool {
        self.state.signed_out_at.is_some_and(|signed_out_at| signed_in_at < signed_out_at)
    }

    /// Gives it another name.
    pub fn rename(&mut self, name: TenantName, now: Timestamp) -> Outcome<TenantEvent> {
        if self.state.name == name {
            return Outcome::nothing();
        }
        self.state.name = name;
        self.happened(TenantEventKind::Renamed, now)
    }

    /// Changes its settings.
    pub fn change_settings(&mut self, change: TenantSettingsChange, now: Timestamp) -> Outcome<TenantEvent> {
        let settings = self.state.settings.changed(change);
        if self.state.settings == settings {
            return Outcome::nothing();
        }
        self.state.settings = settings;
        self.happened(TenantEventKind::SettingsChanged { settings }, now)
    }

    /// Switches it off for the platform and signs everybody out. A tenant that its owner closed can be switched
    /// off, too: then only the platform can open it again. One that is switched off already stays as it is.
    pub fn suspend(&mut self, reason: SuspensionReason, now: Timestamp) -> Outcome<TenantEvent> {
        if matches!(self.state.standing, Standing::Suspended { .. }) {
            return Outcome::nothing();
        }
        self.state.standing = Standing::Suspended { since: now, reason };
        self.sign_everybody_out(now);
        self.happened(TenantEventKind::Suspended { reason }, now)
    }

    /// Puts it back into use for the platform, whoever switched it off or closed it. One that is in use stays as
    /// it is.
    ///
    /// # Errors
    ///
    /// [`ClosedForGood`] when its owner closed it and the time to open it again is over.
    pub fn reactivate(&mut self, now: Timestamp) -> Result<Outcome<TenantEvent>, ClosedForGood> {
        match &self.state.standing {
            Standing::InUse => return Ok(Outcome::nothing()),
            Standing::Closed { reopening: Some(reopening), .. } if now >= reopening.until => return Err(ClosedForGood),
            Standing::Suspended { .. } | Standing::Closed { .. } => {}
        }
        self.put_into_use(now);
        Ok(self.happened(TenantEventKind::Reactivated, now))
    }

    /// Closes it for its owner and signs everybody out. One that is closed already stays as it is, and with it the
    /// token that opens it.
    ///
    /// # Errors
    ///
    /// [`CloseRefused`] says why not.
    pub fn close(
        &mut self,
        by: &UserId,
        reopening: Reopening,
        now: Timestamp,
    ) -> Result<Outcome<TenantEvent>, CloseRefused> {
        if self.state.owner_user_id != *by {
            return Err(CloseRefused::NotItsOwner);
        }
        match self.state.standing {
            Standing::InUse => {}
            Standing::Suspended { .. } => return Err(CloseRefused::Suspended),
            Standing::Closed { .. } => return Ok(Outcome::nothing()),
        }
        let reopen_until = reopening.until;
        self.state.standing = Standing::Closed { since: now, reopening: Some(reopening) };
        self.sign_everybody_out(now);
        Ok(self.happened(TenantEventKind::Closed { reopen_until }, now))
    }

    /// Opens it again for whoever holds the token that its owner was sent. The token works once, as long as
    /// nothing else became of the tenant meanwhile.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`] when the time is over, or the token is not the one that opens this tenant now.
    pub fn reopen(&mut self, token: &TokenHash, now: Timestamp) -> Result<Outcome<TenantEvent>, TokenRefused> {
        let Standing::Closed { reopening: Some(reopening), .. } = &self.state.standing else {
            return Err(TokenRefused::Superseded);
        };
        if !reopening.token.matches(token) {
            return Err(TokenRefused::Superseded);
        }
        if now >= reopening.until {
            return Err(TokenRefused::Expired);
        }
        self.put_into_use(now);
        Ok(self.happened(TenantEventKind::Reopened, now))
    }

    /// Whoever was just signing in when the tenant went out of use is not signed in when it comes back.
    fn put_into_use(&mut self, now: Timestamp) {
        self.state.standing = Standing::InUse;
        self.sign_everybody_out(now);
    }

    const fn sign_everybody_out(&mut self, now: Timestamp) {
        self.state.signed_out_at = Some(now);
    }

    fn happened(&mut self, event: TenantEventKind, now: Timestamp) -> Outcome<TenantEvent> {
        self.state.updated_at = now;
        Outcome::of(event.of(&self.state))
    }
}

#[cfg(test)]
mod tests;
