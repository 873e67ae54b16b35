use chrono::{DateTime, Duration};

use super::*;
use crate::{IdentityProvider, TokenSecret};

pub(crate) fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn new_user() -> NewUser {
    NewUser {
        id: UserId::restore("u1"),
        tenant_id: TenantId::restore("t1"),
        email: EmailAddress::parse("anna@example.com").unwrap(),
        first_name: PersonName::parse("Anna").unwrap(),
        last_name: PersonName::parse("Lee").unwrap(),
        phone: None,
        role: Role::Owner,
        password_hash: Some(PasswordHash::restore("$argon2id$one")),
    }
}

pub(crate) fn registered_user() -> User {
    let (user, outcome) = User::register(new_user(), EmailVerification::Required, at(0));
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
fn rule_7_a_password_that_is_disabled_is_noted_where_there_is_one_in_use() {
    let mut user = registered_user();
    let events = user.note_password_disabled(at(7)).into_events();
    assert!(matches!(events.as_slice(), [event] if event.what == UserEventKind::PasswordDisabled));
    assert_eq!(user.snapshot().updated_at, at(7));
    for status in [UserStatus::Inactive, UserStatus::Suspended] {
        let state = UserSnapshot { status, ..registered_user().snapshot().clone() };
        assert!(User::restore(state).note_password_disabled(at(7)).is_nothing());
    }
    let state = UserSnapshot { password_hash: None, ..registered_user().snapshot().clone() };
    assert!(User::restore(state).note_password_disabled(at(7)).is_nothing());
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

#[test]
fn rule_11_the_last_way_to_sign_in_is_kept() {
    let mut user = registered_user();
    let google = IdentityProvider::Google;
    let linked = UserEventKind::IdentityLinked { provider: google };
    assert_eq!(kinds(user.link_identity(google, at(1))), [linked]);
    let unlinked = UserEventKind::IdentityUnlinked { provider: google };
    assert_eq!(user.unlink_identity(google, 0, at(2)).map(kinds), Ok(vec![unlinked.clone()]), "there is a password");
    let mut user = User::restore(UserSnapshot { password_hash: None, ..user.snapshot().clone() });
    assert_eq!(user.unlink_identity(google, 0, at(3)), Err(LastWayIn));
    assert_eq!(user.unlink_identity(google, 1, at(3)).map(kinds), Ok(vec![unlinked]));
}

#[test]
fn an_account_whose_address_is_proved_works_at_once() {
    let mut new = new_user();
    new.password_hash = None;
    let (user, outcome) = User::register_proved(new, at(0));
    assert_eq!(kinds(outcome), [UserEventKind::Registered]);
    assert!(user.is_usable() && user.snapshot().email_verified);
    assert_eq!(user.may_sign_in(EmailVerification::Required), Ok(()));
}
