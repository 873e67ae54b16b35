//! How the use cases of authentication take failures. What they do when all is well is proved over HTTP, on
//! the embedded DynamoDB.

use domain::{
    PersonName, User,
    session::Device,
    throttle::Failures,
    user::{Password, PasswordHash, UserSnapshot, UserStatus},
};

use super::{ForgotPassword, Login, LoginError, Register, RegisterError, Registered};
use crate::{
    error::{Classified, ErrorKind, Failure},
    fixtures::{Ports, StoppedClock, account, email},
    ports::{
        AddressHolder, Clock, CommitError, PasswordHashingError, PasswordVerification, Refusal, StoreError, Write,
    },
};

fn unavailable() -> StoreError {
    StoreError::Unavailable("connection refused".into())
}

fn registration() -> Register {
    Register {
        email: email(),
        password: Password::parse("plum-otter-canyon-27".into()).unwrap(),
        first_name: PersonName::parse("Anna").unwrap(),
        last_name: PersonName::parse("Lee").unwrap(),
        phone: None,
        tenant_name: None,
        invitation: None,
        device: Device::default(),
        link_base: None,
        idempotency: None,
    }
}

fn login() -> Login {
    Login {
        email: email(),
        password: Password::parse("plum-otter-canyon-27".into()).unwrap(),
        tenant_id: None,
        device: Device::default(),
        source: None,
    }
}

fn ports_that_hash() -> Ports {
    let mut ports = Ports::default();
    ports.passwords.expect_hash().returning(|| Ok(PasswordHash::restore("$argon2id$new")));
    ports
}

/// Ports on which somebody signs in with the right password.
fn ports_with_an_account(verification: PasswordVerification) -> Ports {
    let mut ports = Ports::default().without_failures();
    ports.accounts.expect_holders_of().returning(|_| Ok(vec![holder()]));
    ports.accounts.expect_find().returning(|_, _| Ok(Some(account())));
    ports.passwords.expect_verify().returning(move |_| Ok(verification));
    ports
}

fn holder() -> AddressHolder {
    let account = account();
    let user = account.user.snapshot();
    AddressHolder { user_id: user.id.clone(), tenant_id: user.tenant_id.clone(), claimed: true }
}

/// Ports on which somebody tries a password for an address that nobody has.
fn ports_of_nobody() -> Ports {
    let mut ports = Ports::default();
    ports.accounts.expect_holders_of().returning(|_| Ok(Vec::new()));
    ports.accounts.expect_find().returning(|_, _| Ok(None));
    ports.passwords.expect_verify().returning(|_| Ok(PasswordVerification::Mismatch));
    ports
}

#[tokio::test]
async fn rule_5_a_full_hashing_queue_is_answered_with_when_to_try_again() {
    let mut ports = Ports::default();
    ports.passwords.expect_hash().returning(|| Err(PasswordHashingError::Busy));
    let error = ports.service().register(registration()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.retry_after().is_some());
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_is_unavailable_and_not_an_unknown_address() {
    let mut ports = Ports::default().without_failures();
    ports.accounts.expect_holders_of().returning(|_| Err(unavailable()));
    let error = ports.service().login(login()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_registration_that_lost_the_race_for_its_address_looks_again_and_finds_it_taken() {
    let mut ports = ports_that_hash();
    let mut lookups = 0;
    ports.accounts.expect_holders_of().times(2).returning(move |_| {
        lookups += 1;
        Ok(if lookups == 1 { Vec::new() } else { vec![holder()] })
    });
    ports.unit_of_work.expect_commit().times(1).returning(|_| Err(CommitError::Refused(Refusal::EmailTaken)));
    let error = ports.service().register(registration()).await.unwrap_err();
    assert!(matches!(error, RegisterError::EmailAlreadyExists));
}

#[tokio::test]
async fn a_conflicting_transaction_is_tried_again() {
    let mut ports = ports_that_hash();
    ports.accounts.expect_holders_of().returning(|_| Ok(Vec::new()));
    let mut commits = 0;
    ports.unit_of_work.expect_commit().times(3).returning(move |_| {
        commits += 1;
        if commits < 3 { Err(CommitError::Conflict) } else { Ok(()) }
    });
    assert!(matches!(ports.service().register(registration()).await, Ok(Registered::SignedIn(_))));
}

#[tokio::test]
async fn endless_contention_ends_in_an_answer() {
    let mut ports = ports_with_an_account(PasswordVerification::Match);
    ports.unit_of_work.expect_commit().returning(|_| Err(CommitError::Conflict));
    let error = ports.service().login(login()).await.unwrap_err();
    assert!(matches!(error, LoginError::Failed(Failure::Contention(_))));
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_commit_whose_fate_is_unknown_is_not_repeated() {
    let mut ports = ports_that_hash();
    ports.accounts.expect_holders_of().returning(|_| Ok(Vec::new()));
    ports.unit_of_work.expect_commit().times(1).returning(|_| Err(unavailable().into()));
    let error = ports.service().register(registration()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn rule_25_a_registration_is_one_commit_of_everything_that_belongs_together() {
    let mut ports = ports_that_hash();
    ports.accounts.expect_holders_of().returning(|_| Ok(Vec::new()));
    ports
        .unit_of_work
        .expect_commit()
        .times(1)
        .withf(|changes| {
            let has = |wanted: fn(&Write) -> bool| changes.writes.iter().any(wanted);
            has(|write| matches!(write, Write::CreateTenant(_)))
                && has(|write| matches!(write, Write::CreateUser(_)))
                && has(|write| matches!(write, Write::ClaimEmail { .. }))
                && has(|write| matches!(write, Write::IssueToken(_)))
                && has(|write| matches!(write, Write::StartSession(_)))
                && changes.mails.len() == 1
                && changes.events.len() == 3
        })
        .returning(|_| Ok(()));
    assert!(ports.service().register(registration()).await.is_ok());
}

#[tokio::test]
async fn rule_4_a_password_whose_rehash_must_wait_signs_in_all_the_same() {
    let mut ports = ports_with_an_account(PasswordVerification::MatchOutdated);
    ports.passwords.expect_hash().returning(|| Err(PasswordHashingError::Busy));
    ports.unit_of_work.expect_commit().returning(|_| Ok(()));
    assert!(ports.service().login(login()).await.is_ok());
}

#[tokio::test]
async fn rule_6_an_unknown_address_costs_a_lookup_and_a_verification_like_a_known_one() {
    let mut ports = Ports::default().without_failures();
    ports.accounts.expect_holders_of().times(1).returning(|_| Ok(Vec::new()));
    ports.accounts.expect_find().times(1).returning(|_, _| Ok(None));
    ports
        .passwords
        .expect_verify()
        .times(1)
        .withf(|is_stored| !is_stored)
        .returning(|_| Ok(PasswordVerification::Mismatch));
    let error = ports.service().login(login()).await.unwrap_err();
    assert!(matches!(error, LoginError::InvalidCredentials));
}

#[tokio::test]
async fn rule_6_a_forgotten_password_of_nobody_is_one_commit_without_mail() {
    let mut ports = Ports::default();
    ports.accounts.expect_holders_of().returning(|_| Ok(Vec::new()));
    ports.accounts.expect_find().times(1).returning(|_, _| Ok(None));
    ports
        .unit_of_work
        .expect_commit()
        .times(1)
        .withf(|changes| changes.mails.is_empty() && !changes.writes.is_empty())
        .returning(|_| Ok(()));
    let command = ForgotPassword { email: email(), link_base: None };
    assert!(ports.service().forgot_password(command).await.is_ok());
}

#[tokio::test]
async fn rule_7_an_attempt_that_cannot_be_judged_or_counted_is_not_made() {
    let mut unjudged = Ports::default();
    unjudged.failures.expect_find().returning(|| Err(unavailable()));
    let mut uncounted = Ports::default();
    uncounted.failures.expect_find().returning(|| Ok(None));
    uncounted.failures.expect_count().returning(|_| Err(unavailable()));
    for mut ports in [unjudged, uncounted] {
        ports.accounts.expect_holders_of().returning(|_| Ok(Vec::new()));
        ports.accounts.expect_find().returning(|_, _| Ok(None));
        ports.passwords.expect_verify().never();
        let error = ports.service().login(login()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.retry_after().is_some());
    }
}

/// The password may be wrong for all that anybody knows, so that it is not said to be.
#[tokio::test]
async fn rule_7_a_failure_of_the_source_that_cannot_be_counted_is_no_answer() {
    let mut ports = ports_of_nobody();
    ports.failures.expect_find().returning(|| Ok(None));
    ports.failures.expect_count().times(1).returning(|_| Ok(true));
    ports.failures.expect_add().times(1).returning(|| Err(unavailable()));
    let error = ports.service().login(login()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn rule_7_a_password_that_cannot_be_disabled_for_now_is_no_answer() {
    let mut ports = ports_of_nobody();
    let seen = Failures { count: 99, last_at: StoppedClock.now() - chrono::Duration::hours(1), is_disabled: false };
    let locked = Failures { count: 100, ..seen };
    let mut finds = 0;
    ports.failures.expect_find().times(3).returning(move || {
        finds += 1;
        Ok(match finds {
            1 => Some(seen),
            2 => None,
            _ => Some(locked),
        })
    });
    ports.failures.expect_count().returning(|_| Ok(true));
    ports.failures.expect_add().returning(|| Ok(()));
    ports
        .unit_of_work
        .expect_commit()
        .times(1)
        .withf(|changes| matches!(changes.writes.as_slice(), [Write::DisablePassword(_)]) && changes.mails.is_empty())
        .returning(|_| Err(unavailable().into()));
    let error = ports.service().login(login()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn rule_7_an_attempt_that_others_overtook_is_judged_anew_and_counted_once() {
    let mut ports = ports_with_an_account(PasswordVerification::Match);
    ports.failures.checkpoint();
    ports.failures.expect_find().returning(|| Ok(None));
    let mut counts = 0;
    ports.failures.expect_count().times(3).returning(move |_| {
        counts += 1;
        Ok(counts == 3)
    });
    let mut commits = 0;
    ports.unit_of_work.expect_commit().times(2).returning(move |_| {
        commits += 1;
        if commits == 1 { Err(CommitError::Refused(Refusal::Stale)) } else { Ok(()) }
    });
    assert!(ports.service().login(login()).await.is_ok());
}

/// Whose password is right is no guesser, whatever else keeps them out.
#[tokio::test]
async fn rule_7_whoever_is_kept_out_with_the_right_password_has_not_failed() {
    let mut ports = Ports::default().without_failures();
    let mut suspended = account();
    suspended.user = User::restore(UserSnapshot { status: UserStatus::Suspended, ..suspended.user.snapshot().clone() });
    ports.accounts.expect_holders_of().returning(|_| Ok(vec![holder()]));
    ports.accounts.expect_find().returning(move |_, _| Ok(Some(suspended.clone())));
    ports.passwords.expect_verify().returning(|_| Ok(PasswordVerification::Match));
    ports
        .unit_of_work
        .expect_commit()
        .times(1)
        .withf(|changes| matches!(changes.writes.as_slice(), [Write::EndFailures(_)]))
        .returning(|_| Ok(()));
    assert!(matches!(ports.service().login(login()).await, Err(LoginError::KeptOut(_))));
}
