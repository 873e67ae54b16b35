use proptest::prelude::*;

use super::*;
use crate::{TokenSecret, user::tests::at};

const DAY: i64 = 24 * 60 * 60;

fn token(seed: u8) -> InvitationToken {
    InvitationToken::new(&InvitationId::restore("i1"), &TokenSecret::from_random([seed; 32]))
}

fn ben() -> EmailAddress {
    EmailAddress::parse("ben@example.com").unwrap()
}

fn invite(by: Role, role: Role) -> Result<Invitation, RoleAboveOwn> {
    let new = NewInvitation {
        id: InvitationId::restore("i1"),
        tenant_id: TenantId::restore("t1"),
        email: ben(),
        role,
        message: None,
        open_for: OpenFor::DEFAULT,
    };
    let anna = UserId::restore("anna");
    let (invitation, outcome) = Invitation::invite(new, Inviter { user_id: &anna, role: by }, &token(1), at(0))?;
    assert_eq!(kinds(outcome), [InvitationEventKind::Invited { by: anna, role }]);
    Ok(invitation)
}

fn invited() -> Invitation {
    invite(Role::Owner, Role::Member).unwrap()
}

fn resend(invitation: &mut Invitation, by: Role, seed: u8, now: Timestamp) -> Result<(), ResendRefused> {
    let anna = UserId::restore("anna");
    let outcome = invitation.resend(Inviter { user_id: &anna, role: by }, &token(seed), now)?;
    assert_eq!(kinds(outcome), [InvitationEventKind::Resent]);
    Ok(())
}

fn accept(invitation: &mut Invitation, email: &EmailAddress, now: Timestamp) -> Result<(), InvitationRefused> {
    let ben = UserId::restore("ben");
    let outcome = invitation.accept(&ben, email, now)?;
    assert_eq!(kinds(outcome), [InvitationEventKind::Accepted { by: ben }]);
    Ok(())
}

fn kinds(outcome: Outcome<InvitationEvent>) -> Vec<InvitationEventKind> {
    outcome.into_events().into_iter().map(|event| event.what).collect()
}

#[test]
fn nobody_offers_more_than_they_have() {
    for (rank, by) in Role::ALL.into_iter().enumerate() {
        for (offered, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(invite(by, role).is_ok(), offered >= rank, "{by:?} invites {role:?}");
        }
    }
    let mut owner = invite(Role::Owner, Role::Owner).unwrap();
    assert_eq!(resend(&mut owner, Role::Admin, 2, at(1)), Err(RoleAboveOwn.into()));
    assert_eq!(resend(&mut owner, Role::Owner, 2, at(1)), Ok(()));
}

#[test]
fn rule_8_an_invitation_works_once() {
    let mut invitation = invited();
    assert_eq!(accept(&mut invitation, &ben(), at(60)), Ok(()));
    assert_eq!(accept(&mut invitation, &ben(), at(61)), Err(InvitationRefused::Accepted));
    let expected = InvitationState::Accepted { by: Some(UserId::restore("ben")), at: at(60) };
    assert_eq!(invitation.snapshot().state, expected);
    assert_eq!(invitation.status(at(31 * DAY)), InvitationStatus::Accepted);
}

#[test]
fn rule_8_an_invitation_expires() {
    let mut invitation = invited();
    assert_eq!(invitation.check(at(7 * DAY - 1)), Ok(()));
    assert_eq!(invitation.status(at(7 * DAY)), InvitationStatus::Expired);
    assert_eq!(accept(&mut invitation, &ben(), at(7 * DAY)), Err(InvitationRefused::Expired));
}

#[test]
fn rule_8_an_invitation_is_bound_to_its_address() {
    let mut invitation = invited();
    let other = EmailAddress::parse("mallory@example.com").unwrap();
    assert_eq!(accept(&mut invitation, &other, at(1)), Err(InvitationRefused::OtherAddress));
    assert_eq!(invitation.check(at(1)), Ok(()));
}

#[test]
fn rule_8_a_newer_invitation_mail_voids_the_older() {
    let mut invitation = invited();
    assert!(invitation.recognises(&token(1).hash()));
    resend(&mut invitation, Role::Owner, 2, at(8 * DAY)).unwrap();
    assert!(!invitation.recognises(&token(1).hash()));
    assert!(invitation.recognises(&token(2).hash()));
    let state = invitation.snapshot();
    assert_eq!((state.reminders_sent, state.expires_at), (1, at(15 * DAY)));
    assert_eq!((state.email_sent_at, state.created_at), (Some(at(8 * DAY)), at(0)));
}

#[test]
fn a_stranger_is_reminded_a_few_times_only() {
    let mut invitation = invited();
    for number in 0..Invitation::MAX_REMINDERS {
        assert_eq!(resend(&mut invitation, Role::Owner, 2, at(number.into())), Ok(()));
    }
    assert_eq!(resend(&mut invitation, Role::Owner, 3, at(60)), Err(ResendRefused::TooOften));
    assert!(invitation.recognises(&token(2).hash()));
}

#[test]
fn what_is_cancelled_stays_so_and_what_is_accepted_cannot_be() {
    let mut cancelled = invited();
    assert_eq!(cancelled.cancel(at(1)).map(kinds), Ok(vec![InvitationEventKind::Cancelled]));
    assert_eq!(cancelled.cancel(at(2)).map(kinds), Ok(vec![]));
    assert_eq!(accept(&mut cancelled, &ben(), at(3)), Err(InvitationRefused::Cancelled));
    assert_eq!(resend(&mut cancelled, Role::Owner, 2, at(3)), Err(ResendRefused::Closed));

    let mut accepted = invited();
    accept(&mut accepted, &ben(), at(1)).unwrap();
    assert_eq!(accepted.cancel(at(2)), Err(AlreadyAccepted));
    assert_eq!(resend(&mut accepted, Role::Owner, 2, at(3)), Err(ResendRefused::Closed));
}

#[test]
fn what_the_python_service_marked_as_expired_can_be_sent_again() {
    let state = InvitationSnapshot { state: InvitationState::Expired, ..invited().snapshot().clone() };
    let mut invitation = Invitation::restore(state);
    assert_eq!(invitation.check(at(1)), Err(InvitationRefused::Expired));
    assert_eq!(resend(&mut invitation, Role::Owner, 2, at(1)), Ok(()));
    assert_eq!(invitation.status(at(1)), InvitationStatus::Pending);
}

#[test]
fn an_invitation_is_open_for_a_day_to_a_month() {
    assert_eq!(OpenFor::from_days(1).map(OpenFor::days), Ok(1));
    assert_eq!(OpenFor::from_days(30).map(OpenFor::days), Ok(30));
    for days in [i64::MIN, -1, 0, 31, 257, i64::MAX] {
        assert_eq!(OpenFor::from_days(days), Err(InvalidOpenFor));
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Resend,
    Cancel,
    Accept,
    Wait,
}

proptest! {
    /// Whatever people do: it is accepted at most once, never after it was cancelled, and an end is an end.
    #[test]
    fn an_invitation_ends_once(steps in prop::collection::vec(
        prop_oneof![Just(Step::Resend), Just(Step::Cancel), Just(Step::Accept), Just(Step::Wait)], 0..30
    )) {
        let (mut invitation, mut now, mut ended) = (invited(), 0, None);
        for step in steps {
            let before = invitation.clone();
            let changed = match step {
                Step::Resend => resend(&mut invitation, Role::Owner, 9, at(now)).is_ok(),
                Step::Cancel => invitation.cancel(at(now)).is_ok_and(|outcome| !outcome.is_nothing()),
                Step::Accept => accept(&mut invitation, &ben(), at(now)).is_ok(),
                Step::Wait => { now += DAY; false }
            };
            if !changed {
                prop_assert_eq!(&invitation, &before);
            }
            if let Some(end) = ended {
                prop_assert_eq!(invitation.status(at(now)), end);
            }
            let status = invitation.status(at(now));
            if matches!(status, InvitationStatus::Accepted | InvitationStatus::Cancelled) {
                ended = Some(status);
            }
        }
    }
}
