//! A person with an account.

mod event;
pub mod password;
pub mod preferences;

pub use event::{UserEvent, UserEventKind};
pub use password::{Password, PasswordHash, PasswordPolicy, PasswordTooLong, PersonalContext, WeakPassword};
pub use preferences::{Preferences, PreferencesChange};

use crate::{
    Change, EmailAddress, HttpsUrl, Language, OneTimeToken, Outcome, PersonName, PhoneNumber, Role, TenantId, TimeZone,
    Timestamp, TokenHash, UserId, Version,
    verification::{Purpose, TokenRefused},
};

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    /// Registered, address not proved yet.
    Pending,
    /// In use.
    Active,
    /// Switched off by an administrator of the tenant.
    Inactive,
    /// Switched off by the platform.
    Suspended,
}

impl UserStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Active, Self::Inactive, Self::Suspended];

    /// The status's name in tokens, tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Suspended => "suspended",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

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
    /// Hash of the chosen password.
    pub password_hash: PasswordHash,
}

/// Whether the address must be proved before the first sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailVerification {
    /// It must.
    Required,
    /// It need not; the account works at once.
    Optional,
}

/// Why somebody with the right password may not sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefused {
    /// The address is not proved yet.
    #[error("the email address has not been confirmed")]
    EmailNotVerified,
    /// The account is switched off.
    #[error("the account is not active")]
    Inactive,
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
            password_hash: Some(password_hash),
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

    /// Whether the person, whose password was right, may sign in now.
    ///
    /// # Errors
    ///
    /// [`SignInRefused`] says why not.
    pub fn may_sign_in(&self, verification: EmailVerification) -> Result<(), SignInRefused> {
        match self.state.status {
            UserStatus::Inactive | UserStatus::Suspended => Err(SignInRefused::Inactive),
            UserStatus::Pending | UserStatus::Active => {
                if verification == EmailVerification::Required && !self.state.email_verified {
                    return Err(SignInRefused::EmailNotVerified);
                }
                Ok(())
            }
        }
    }

    /// Notes a sign-in, and keeps the password in its current encoding when the hasher made a new one.
    ///
    /// # Errors
    ///
    /// [`SignInRefused`] as [`Self::may_sign_in`] says.
    pub fn sign_in(
        &mut self,
        verification: EmailVerification,
        rehashed: Option<PasswordHash>,
        now: Timestamp,
    ) -> Result<Outcome<UserEvent>, SignInRefused> {
        self.may_sign_in(verification)?;
        self.state.status = UserStatus::Active;
        self.state.last_login = Some(now);
        if rehashed.is_some() {
            self.state.password_hash = rehashed;
        }
        Ok(self.happened(UserEventKind::SignedIn, now))
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
pub(crate) mod tests {
    use chrono::{DateTime, Duration};

    use super::*;
    use crate::TokenSecret;

    pub(crate) fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    pub(crate) fn registered_user() -> User {
        let new = NewUser {
            id: UserId::restore("u1"),
            tenant_id: TenantId::restore("t1"),
            email: EmailAddress::parse("anna@example.com").unwrap(),
            first_name: PersonName::parse("Anna").unwrap(),
            last_name: PersonName::parse("Lee").unwrap(),
            phone: None,
            role: Role::Owner,
            password_hash: PasswordHash::restore("$argon2id$one"),
        };
        let (user, outcome) = User::register(new, EmailVerification::Required, at(0));
        assert_eq!(kinds(outcome), [UserEventKind::Registered]);
        user
    }

    fn kinds(outcome: Outcome<UserEvent>) -> Vec<UserEventKind> {
        outcome.into_events().into_iter().map(|event| event.what).collect()
    }

    fn token_for(user: &mut User, purpose: Purpose, seed: u8) -> OneTimeToken {
        let secret = TokenSecret::from_random([seed; 32]);
        let token = OneTimeToken::issue(purpose, &secret, user.snapshot(), Duration::hours(1), at(0));
        assert!(!user.expect_token(&token, at(0)).is_nothing());
        token
    }

    #[test]
    fn a_new_user_is_pending_and_may_sign_in_once_the_address_is_confirmed() {
        let mut user = registered_user();
        assert_eq!(user.may_sign_in(EmailVerification::Required), Err(SignInRefused::EmailNotVerified));
        let mut token = token_for(&mut user, Purpose::ConfirmEmail, 1);
        assert_eq!(user.confirm_email(&mut token, at(1)).map(kinds), Ok(vec![UserEventKind::EmailConfirmed]));
        assert_eq!(user.may_sign_in(EmailVerification::Required), Ok(()));
        assert_eq!(user.snapshot().status, UserStatus::Active);
    }

    #[test]
    fn an_unverified_user_may_sign_in_where_verification_is_optional() {
        let mut user = registered_user();
        assert!(user.sign_in(EmailVerification::Optional, None, at(1)).is_ok());
        assert!(user.is_usable());
        assert_eq!(user.snapshot().last_login, Some(at(1)));
    }

    #[test]
    fn a_suspended_user_may_not_sign_in_even_when_verified() {
        for status in [UserStatus::Inactive, UserStatus::Suspended] {
            let state = UserSnapshot { status, email_verified: true, ..registered_user().snapshot().clone() };
            let mut user = User::restore(state);
            assert_eq!(user.sign_in(EmailVerification::Required, None, at(1)), Err(SignInRefused::Inactive));
            assert_eq!(user.snapshot().last_login, None);
        }
    }

    #[test]
    fn rule_8_a_newer_token_voids_the_older() {
        let mut user = registered_user();
        let mut older = token_for(&mut user, Purpose::ConfirmEmail, 1);
        let mut newer = token_for(&mut user, Purpose::ConfirmEmail, 2);
        assert_eq!(user.confirm_email(&mut older, at(1)), Err(TokenRefused::Superseded));
        assert!(user.confirm_email(&mut newer, at(1)).is_ok());
    }

    #[test]
    fn rule_8_a_token_is_bound_to_the_address_it_was_sent_to() {
        let mut user = registered_user();
        let mut token = token_for(&mut user, Purpose::ConfirmEmail, 1);
        let moved = UserSnapshot { email: EmailAddress::restore("new@example.com"), ..user.snapshot().clone() };
        assert_eq!(User::restore(moved).confirm_email(&mut token, at(1)), Err(TokenRefused::Superseded));
    }

    #[test]
    fn a_confirmation_token_resets_no_password() {
        let mut user = registered_user();
        let mut token = token_for(&mut user, Purpose::ConfirmEmail, 1);
        let hash = PasswordHash::restore("$argon2id$two");
        assert_eq!(user.reset_password(&mut token, hash, at(1)), Err(TokenRefused::Superseded));
    }

    #[test]
    fn rule_16_a_reset_password_ends_every_session() {
        let mut user = registered_user();
        let before = user.snapshot().sessions;
        let mut token = token_for(&mut user, Purpose::ResetPassword, 1);
        assert!(user.reset_password(&mut token, PasswordHash::restore("$argon2id$two"), at(9)).is_ok());
        assert_eq!(user.snapshot().sessions.number, before.number + 1);
        assert_eq!(user.snapshot().sessions.began_at, Some(at(9)));
        assert!(user.snapshot().email_verified, "the link came by mail");
    }

    #[test]
    fn signing_in_keeps_a_rehashed_password() {
        let mut user = registered_user();
        let new = PasswordHash::restore("$argon2id$stronger");
        assert!(user.sign_in(EmailVerification::Optional, Some(new.clone()), at(1)).is_ok());
        assert_eq!(user.snapshot().password_hash, Some(new));
    }

    #[test]
    fn a_profile_change_names_the_fields_that_changed() {
        let mut user = registered_user();
        let change = ProfileChange {
            first_name: Some(PersonName::parse("Anna").unwrap()),
            phone: Change::Set(PhoneNumber::parse("+49 30 901820").unwrap()),
            ..ProfileChange::default()
        };
        let expected = UserEventKind::ProfileChanged { fields: vec!["phone"] };
        assert_eq!(kinds(user.change_profile(change.clone(), at(1))), [expected]);
        assert!(user.change_profile(change, at(2)).is_nothing());
        assert_eq!(user.snapshot().updated_at, at(1), "nothing changed the second time");
    }

    #[test]
    fn null_clears_and_absence_keeps() {
        let mut user = registered_user();
        let phone = PhoneNumber::parse("+49 30 901820").unwrap();
        assert!(
            !user
                .change_profile(ProfileChange { phone: Change::Set(phone.clone()), ..Default::default() }, at(1))
                .is_nothing()
        );
        assert!(user.change_profile(ProfileChange::default(), at(2)).is_nothing());
        assert_eq!(user.snapshot().phone, Some(phone));
        assert!(!user.change_profile(ProfileChange { phone: Change::Clear, ..Default::default() }, at(3)).is_nothing());
        assert_eq!(user.snapshot().phone, None);
    }

    #[test]
    fn language_and_time_zone_are_chosen_for_profile_and_preferences_together() {
        let mut user = registered_user();
        let change = PreferencesChange {
            language: Some(Language::parse("de").unwrap()),
            timezone: Some(TimeZone::parse("Europe/Berlin").unwrap()),
            ..PreferencesChange::default()
        };
        assert_eq!(kinds(user.change_preferences(change, at(1))), [UserEventKind::PreferencesChanged]);
        let user = user.snapshot();
        assert_eq!((user.language.as_str(), user.timezone.as_str()), ("de", "Europe/Berlin"));
        assert_eq!((&user.preferences.language, &user.preferences.timezone), (&user.language, &user.timezone));
    }
}
