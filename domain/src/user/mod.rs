//! A person with an account.

mod event;
mod identities;
mod membership;
mod moving;
pub mod password;
pub mod preferences;
mod sign_in;
mod status;

pub use event::{UserEvent, UserEventKind};
pub use identities::LastWayIn;
pub use membership::{Authority, MembershipRefused};
pub use password::{Password, PasswordHash, PasswordPolicy, PasswordTooLong, PersonalContext, WeakPassword};
pub use preferences::{Preferences, PreferencesChange};
pub use sign_in::{EmailVerification, SignInRefused};
pub use status::UserStatus;

use crate::{
    Change, EmailAddress, HttpsUrl, Language, OneTimeToken, Outcome, PersonName, PhoneNumber, Role, TenantId, TimeZone,
    Timestamp, TokenHash, UserId, Version,
    verification::{Purpose, TokenRefused},
};

/// Which sessions of a user count. Ending all of them at once is one step to the next generation, however
/// many there are (security rule 16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionGeneration {
    /// Sessions of an earlier number are over.
    pub number: u64,
    /// When this generation began; `None` for the first. Judges tokens of the Python service, which name no
    /// session.
    pub began_at: Option<Timestamp>,
}

impl SessionGeneration {
    fn advance(&mut self, now: Timestamp) {
        *self = Self { number: self.number.saturating_add(1), began_at: Some(now) };
    }
}

/// Everything a user consists of, as read from or written to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSnapshot {
    /// Identity.
    pub id: UserId,
    /// The tenant that the user belongs to.
    pub tenant_id: TenantId,
    /// The address for signing in and for mail.
    pub email: EmailAddress,
    /// Whether the person proved that the address is theirs.
    pub email_verified: bool,
    /// The one confirmation token that works. `None`: no newer one than those of the Python service.
    pub confirmation_token: Option<TokenHash>,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Place in the tenant.
    pub role: Role,
    /// Whether the account may be used.
    pub status: UserStatus,
    /// Hash of the password; `None` for who signs in elsewhere.
    pub password_hash: Option<PasswordHash>,
    /// The one reset token that works. `None`: no newer one than those of the Python service.
    pub reset_token: Option<TokenHash>,
    /// Which sessions count.
    pub sessions: SessionGeneration,
    /// A picture; shown, never fetched.
    pub avatar_url: Option<HttpsUrl>,
    /// Telephone.
    pub phone: Option<PhoneNumber>,
    /// Zone of the profile.
    pub timezone: TimeZone,
    /// Language of the profile.
    pub language: Language,
    /// How the product should behave.
    pub preferences: Preferences,
    /// Last sign-in with credentials.
    pub last_login: Option<Timestamp>,
    /// Registration.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// How often the row was written.
    pub version: Version,
}

/// What registration knows of a person.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Identity.
    pub id: UserId,
    /// The tenant to belong to.
    pub tenant_id: TenantId,
    /// The address.
    pub email: EmailAddress,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Telephone.
    pub phone: Option<PhoneNumber>,
    /// Place in the tenant.
    pub role: Role,
    /// Hash of the chosen password; `None` for who signs in elsewhere.
    pub password_hash: Option<PasswordHash>,
}

/// A wish to change some of the profile.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// New first name.
    pub first_name: Option<PersonName>,
    /// New last name.
    pub last_name: Option<PersonName>,
    /// New telephone.
    pub phone: Change<PhoneNumber>,
    /// New picture.
    pub avatar_url: Change<HttpsUrl>,
    /// New preferences.
    pub preferences: PreferencesChange,
}

/// A person with an account. Holds who they are, how they prove it and how they want to be treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    state: UserSnapshot,
}

impl User {
    /// Creates an account.
    pub fn register(new: NewUser, verification: EmailVerification, now: Timestamp) -> (Self, Outcome<UserEvent>) {
        let NewUser { id, tenant_id, email, first_name, last_name, phone, role, password_hash } = new;
        let state = UserSnapshot {
            id,
            tenant_id,
            email,
            email_verified: false,
            confirmation_token: None,
            first_name,
            last_name,
            role,
            status: match verification {
                EmailVerification::Required => UserStatus::Pending,
                EmailVerification::Optional => UserStatus::Active,
            },
            password_hash,
            reset_token: None,
            sessions: SessionGeneration::default(),
            avatar_url: None,
            phone,
            timezone: TimeZone::default(),
            language: Language::default(),
            preferences: Preferences::default(),
            last_login: None,
            created_at: now,
            updated_at: now,
            version: Version::UNWRITTEN,
        };
        let outcome = Outcome::of(UserEventKind::Registered.of(&state));
        (Self { state }, outcome)
    }

    /// Creates an account whose address is proved already, by an issuer that vouches for it or by a link that was
    /// mailed there. It works at once.
    pub fn register_proved(new: NewUser, now: Timestamp) -> (Self, Outcome<UserEvent>) {
        let (mut user, outcome) = Self::register(new, EmailVerification::Optional, now);
        user.prove_address();
        (user, outcome)
    }

    /// Takes a user from the store as it is, without judging rows that predate a rule.
    #[must_use]
    pub const fn restore(state: UserSnapshot) -> Self {
        Self { state }
    }

    /// What the user consists of.
    #[must_use]
    pub const fn snapshot(&self) -> &UserSnapshot {
        &self.state
    }

    /// What the person's own password must not be built from.
    #[must_use]
    pub const fn personal_context(&self) -> PersonalContext<'_> {
        PersonalContext {
            email: &self.state.email,
            first_name: &self.state.first_name,
            last_name: &self.state.last_name,
        }
    }

    /// Whether the account may be used by somebody who is signed in.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        matches!(self.state.status, UserStatus::Active)
    }

    /// Makes `token` the only one of its purpose that works; all earlier ones are void (security rule 8).
    pub fn expect_token(&mut self, token: &OneTimeToken, now: Timestamp) -> Outcome<UserEvent> {
        let hash = Some(token.snapshot().hash.clone());
        let event = match token.snapshot().purpose {
            Purpose::ConfirmEmail => {
                self.state.confirmation_token = hash;
                UserEventKind::EmailConfirmationRequested
            }
            Purpose::ResetPassword => {
                self.state.reset_token = hash;
                UserEventKind::PasswordResetRequested
            }
        };
        self.happened(event, now)
    }

    /// Whether the token is for this account, of that purpose, and the newest one that was sent.
    ///
    /// # Errors
    ///
    /// [`TokenRefused::Superseded`] when it is not.
    pub fn recognises(&self, token: &OneTimeToken, purpose: Purpose) -> Result<(), TokenRefused> {
        let token = token.snapshot();
        let newest = match purpose {
            Purpose::ConfirmEmail => &self.state.confirmation_token,
            Purpose::ResetPassword => &self.state.reset_token,
        };
        let is_newest = newest.as_ref().is_none_or(|hash| hash.matches(&token.hash));
        let is_ours = token.purpose == purpose && token.user_id == self.state.id && token.email == self.state.email;
        if is_newest && is_ours { Ok(()) } else { Err(TokenRefused::Superseded) }
    }

    /// Takes the proof that the address is the person's.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`] when the token is used, expired or not the newest.
    pub fn confirm_email(
        &mut self,
        token: &mut OneTimeToken,
        now: Timestamp,
    ) -> Result<Outcome<UserEvent>, TokenRefused> {
        token.check(now)?;
        self.recognises(token, Purpose::ConfirmEmail)?;
        token.redeem(now)?;
        self.prove_address();
        Ok(self.happened(UserEventKind::EmailConfirmed, now))
    }

    /// Sets the password that the holder of a reset link chose, and ends every session. The link came by mail,
    /// so it proves the address as well.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`] when the token is used, expired or not the newest.
    pub fn reset_password(
        &mut self,
        token: &mut OneTimeToken,
        hash: PasswordHash,
        now: Timestamp,
    ) -> Result<Outcome<UserEvent>, TokenRefused> {
        token.check(now)?;
        self.recognises(token, Purpose::ResetPassword)?;
        token.redeem(now)?;
        self.prove_address();
        self.state.password_hash = Some(hash);
        self.state.sessions.advance(now);
        Ok(self.happened(UserEventKind::PasswordReset, now))
    }

    /// Changes the profile.
    pub fn change_profile(&mut self, change: ProfileChange, now: Timestamp) -> Outcome<UserEvent> {
        let before = self.state.clone();
        let ProfileChange { first_name, last_name, phone, avatar_url, preferences } = change;
        if let Some(name) = first_name {
            self.state.first_name = name;
        }
        if let Some(name) = last_name {
            self.state.last_name = name;
        }
        phone.apply(&mut self.state.phone);
        avatar_url.apply(&mut self.state.avatar_url);
        self.apply_preferences(preferences);

        let changed = [
            ("first_name", before.first_name != self.state.first_name),
            ("last_name", before.last_name != self.state.last_name),
            ("phone", before.phone != self.state.phone),
            ("avatar_url", before.avatar_url != self.state.avatar_url),
            ("preferences", before.preferences != self.state.preferences),
        ];
        let fields: Vec<_> = changed.into_iter().filter_map(|(field, changed)| changed.then_some(field)).collect();
        if fields.is_empty() {
            return Outcome::nothing();
        }
        self.happened(UserEventKind::ProfileChanged { fields }, now)
    }

    /// Changes the preferences.
    pub fn change_preferences(&mut self, change: PreferencesChange, now: Timestamp) -> Outcome<UserEvent> {
        let before = self.state.preferences.clone();
        self.apply_preferences(change);
        if self.state.preferences == before {
            return Outcome::nothing();
        }
        self.happened(UserEventKind::PreferencesChanged, now)
    }

    /// Language and time zone stand in the profile as well, where the Python services read them; choosing one
    /// in the preferences chooses it for both.
    fn apply_preferences(&mut self, change: PreferencesChange) {
        if let Some(language) = &change.language {
            self.state.language = language.clone();
        }
        if let Some(timezone) = &change.timezone {
            self.state.timezone = timezone.clone();
        }
        self.state.preferences = self.state.preferences.changed(change);
    }

    fn prove_address(&mut self) {
        self.state.email_verified = true;
        if self.state.status == UserStatus::Pending {
            self.state.status = UserStatus::Active;
        }
    }

    fn happened(&mut self, event: UserEventKind, now: Timestamp) -> Outcome<UserEvent> {
        self.state.updated_at = now;
        Outcome::of(event.of(&self.state))
    }
}

#[cfg(test)]
pub(crate) mod tests;
