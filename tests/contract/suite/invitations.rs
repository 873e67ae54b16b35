//! Invitations.

use std::collections::BTreeSet;

use application::{
    page::{Cursor, PageRequest, PageSize},
    ports::{ChangeSet, CommitError, Refusal, SeatRecord, SeatSource, Write},
};
use chrono::Duration;
use domain::{
    EmailAddress, Invitation, InvitationId, InvitationToken, Role, Seats, TenantId, TokenHash, TokenSecret, User,
    UserId, Version,
    invitation::{InvitationMessage, InvitationSnapshot, InvitationState, InvitationStatus, NewInvitation, OpenFor},
};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::{
    given::{email, registered, start},
    store::{Store, item, number, scope, text},
};

fn token(id: &str, seed: u8) -> InvitationToken {
    InvitationToken::new(&InvitationId::restore(id), &TokenSecret::from_random([seed; 32]))
}

/// An invitation of this id by somebody, to somebody of the same name.
fn invitation(id: &str, by: &User) -> Invitation {
    let by = by.snapshot();
    let new = NewInvitation {
        id: InvitationId::restore(id),
        tenant_id: by.tenant_id.clone(),
        email: email(id),
        role: Role::Member,
        message: Some(InvitationMessage::restore("Welcome!")),
        open_for: OpenFor::DEFAULT,
    };
    let inviter = domain::invitation::Inviter { user_id: &by.id, role: Role::Owner };
    let (invitation, _invited) = Invitation::invite(new, inviter, &token(id, 1), start()).unwrap();
    invitation
}

async fn stored(store: &Store, id: &str, by: &User) -> Invitation {
    let invitation = invitation(id, by);
    store.commit(ChangeSet::default().write(Write::CreateInvitation(Box::new(invitation)))).await.unwrap();
    find(store, id, by).await.unwrap()
}

async fn find(store: &Store, id: &str, of: &User) -> Option<Invitation> {
    store.invitations.find(&scope(&of.snapshot().tenant_id), &InvitationId::restore(id)).await.unwrap()
}

fn cancelled(before: &Invitation) -> ChangeSet {
    let mut after = before.clone();
    let outcome = after.cancel(start()).unwrap();
    ChangeSet::default().save_invitation(before.clone(), after).record(outcome)
}

fn accepted(before: &Invitation, by: &str) -> ChangeSet {
    let mut after = before.clone();
    let address: EmailAddress = before.snapshot().email.clone();
    let outcome = after.accept(&UserId::restore(by), &address, start()).unwrap();
    ChangeSet::default().save_invitation(before.clone(), after).record(outcome)
}

pub(crate) async fn every_field_of_an_invitation_survives(store: &Store) {
    let anna = registered(store, "anna").await;
    let full = InvitationSnapshot {
        role: Role::Admin,
        message: Some(InvitationMessage::restore("🦀e\u{301}א\"\\\n".repeat(80))),
        open_for: OpenFor::from_days(30).unwrap(),
        email_sent_at: Some(start() + Duration::days(1)),
        reminders_sent: u32::MAX,
        ..invitation("full", &anna).snapshot().clone()
    };
    let empty = InvitationSnapshot {
        id: InvitationId::restore("empty"),
        invited_by: None,
        message: None,
        token: None,
        email_sent_at: None,
        ..full.clone()
    };
    for state in [full, empty] {
        let write = Write::CreateInvitation(Box::new(Invitation::restore(state.clone())));
        store.commit(ChangeSet::default().write(write.clone())).await.unwrap();
        let again = store.commit(ChangeSet::default().write(write)).await;
        assert!(matches!(again, Err(CommitError::Refused(Refusal::AlreadyExists))), "{again:?}");
        let found = find(store, state.id.as_str(), &anna).await.unwrap();
        assert_eq!(found.snapshot(), &InvitationSnapshot { version: Version::UNWRITTEN.next(), ..state });
    }
    for (id, state) in [
        ("accepted", InvitationState::Accepted { by: Some(UserId::restore("ben")), at: start() }),
        ("cancelled", InvitationState::Cancelled),
        ("expired", InvitationState::Expired),
    ] {
        let before = stored(store, id, &anna).await;
        let after = Invitation::restore(InvitationSnapshot { state, ..before.snapshot().clone() });
        store.commit(ChangeSet::default().save_invitation(before.clone(), after.clone())).await.unwrap();
        let version = before.snapshot().version.next();
        let expected = InvitationSnapshot { version, ..after.snapshot().clone() };
        assert_eq!(find(store, id, &anna).await.unwrap().snapshot(), &expected);
        // And back: what is emptied is gone.
        let reopened = Invitation::restore(InvitationSnapshot { version, ..before.snapshot().clone() });
        store.commit(ChangeSet::default().save_invitation(Invitation::restore(expected), reopened)).await.unwrap();
        assert_eq!(find(store, id, &anna).await.unwrap().snapshot().state, InvitationState::Pending);
    }
}

pub(crate) async fn another_tenants_invitation_does_not_exist(store: &Store) {
    let (anna, zoe) = (registered(store, "anna").await, registered(store, "zoe").await);
    stored(store, "ben", &anna).await;
    assert!(find(store, "ben", &anna).await.is_some());
    assert!(find(store, "ben", &zoe).await.is_none());
    assert!(find(store, "nobody", &anna).await.is_none());
}

pub(crate) async fn rule_8_the_newest_token_finds_its_invitation_and_no_other_does(store: &Store) {
    let anna = registered(store, "anna").await;
    let before = stored(store, "ben", &anna).await;
    stored(store, "eve", &anna).await;
    let found = store.invitations.find_by_token(&token("ben", 1)).await.unwrap().unwrap();
    assert_eq!((found.invitation, found.tenant.snapshot().id.as_str()), (before.clone(), "tenant-anna"));
    let mut after = before.clone();
    let by = domain::invitation::Inviter { user_id: &anna.snapshot().id, role: Role::Owner };
    let outcome = after.resend(by, &token("ben", 2), start()).unwrap();
    store.commit(ChangeSet::default().save_invitation(before, after).record(outcome)).await.unwrap();
    assert!(store.invitations.find_by_token(&token("ben", 2)).await.unwrap().is_some());
    for wrong in [token("ben", 1), token("eve", 2), token("nobody", 1), InvitationToken::presented("x".into())] {
        assert!(store.invitations.find_by_token(&wrong).await.unwrap().is_none(), "{wrong:?}");
    }
}

pub(crate) async fn rule_8_of_racing_answers_to_an_invitation_one_wins(store: &Store) {
    let anna = registered(store, "anna").await;
    let before = stored(store, "ben", &anna).await;
    let answers = (0..10).flat_map(|number| [accepted(&before, &format!("ben{number}")), cancelled(&before)]);
    let answers = answers.map(|changes| {
        let unit_of_work = store.unit_of_work.clone();
        tokio::spawn(async move { unit_of_work.commit(changes).await })
    });
    let outcomes: Vec<_> = join_all(answers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(find(store, "ben", &anna).await.unwrap().snapshot().version, before.snapshot().version.next());
}

pub(crate) async fn a_refused_answer_leaves_nothing(store: &Store) {
    let anna = registered(store, "anna").await;
    let before = stored(store, "ben", &anna).await;
    store.commit(cancelled(&before)).await.unwrap();
    let size = store.size().await;
    let refused = store.commit(accepted(&before, "ben").mail(super::given::mail(&email("ben")))).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::Stale))), "{refused:?}");
    assert_eq!(store.size().await, size);
    assert_eq!(find(store, "ben", &anna).await.unwrap().snapshot().state, InvitationState::Cancelled);
}

async fn plant(store: &Store, id: &str, of: &User, clear_token: &str) {
    let attributes = [
        ("invitation_id", text(id)),
        ("tenant_id", text(of.snapshot().tenant_id.as_str())),
        ("email", text("Ben@Example.com")),
        ("invited_by_user_id", text("user_1")),
        ("role", text("manager")),
        ("status", text("pending")),
        ("token", text(clear_token)),
        ("expires_at", text("2027-01-20T08:00:00")),
        ("created_at", text("2027-01-13T08:00:00.000001")),
        ("reminders_sent", number(2)),
        ("message", aws_sdk_dynamodb::types::AttributeValue::Null(true)),
        ("campaign", text("spring")),
    ];
    store.plant(Table::Invitations, item(attributes)).await;
}

pub(crate) async fn what_the_python_service_answered_meanwhile_is_not_overwritten(store: &Store) {
    let anna = registered(store, "anna").await;
    plant(store, "inv_1", &anna, "clear").await;
    let before = find(store, "inv_1", &anna).await.unwrap();
    store.overwrite(Table::Invitations, "inv_1", "status", text("accepted")).await;
    let refused = store.commit(cancelled(&before)).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::Stale))), "{refused:?}");
}

pub(crate) async fn a_python_invitation_is_read_and_keeps_what_we_do_not_know(store: &Store) {
    let anna = registered(store, "anna").await;
    plant(store, "inv_1", &anna, "clear").await;
    let found = store.invitations.find_by_token(&InvitationToken::presented("clear".into())).await.unwrap().unwrap();
    let state = found.invitation.snapshot();
    assert_eq!((state.email.as_str(), state.role, state.reminders_sent), ("ben@example.com", Role::Manager, 2));
    assert_eq!((state.message.is_none(), state.version), (true, Version::UNWRITTEN));
    assert_eq!(state.expires_at - state.created_at, Duration::days(7) - Duration::microseconds(1));
    let address = store.invitations.is_open_to(&scope(&state.tenant_id), &email("ben"), start()).await;
    assert!(address.is_ok());
    store.commit(accepted(&found.invitation, "user_2")).await.unwrap();
    let row = store.row(Table::Invitations, "inv_1").await.unwrap();
    assert_eq!((&row["status"], &row["accepted_user_id"]), (&text("accepted"), &text("user_2")));
    assert_eq!((&row["campaign"], &row["expires_at"]), (&text("spring"), &text("2027-01-20T08:00:00")));
    assert_eq!(row["token"], text(&format!("sha256:{}", TokenHash::of("clear").as_str())));
    assert_eq!(row["version"], number(1));
}

pub(crate) async fn however_many_wrong_tokens_the_table_is_read_once_a_minute(store: &Store) {
    let anna = registered(store, "anna").await;
    let clear = || InvitationToken::presented("clear".into());
    assert!(store.invitations.find_by_token(&clear()).await.unwrap().is_none());
    plant(store, "inv_1", &anna, "clear").await;
    assert!(store.invitations.find_by_token(&clear()).await.unwrap().is_none());
    store.clock.advance(Duration::minutes(1));
    assert!(store.invitations.find_by_token(&clear()).await.unwrap().is_some());
    // Found once, it is found by its id; whether it still has the token, its row says.
    store.overwrite(Table::Invitations, "inv_1", "token", text("newer")).await;
    assert!(store.invitations.find_by_token(&clear()).await.unwrap().is_none());
}

async fn listed(store: &Store, of: &User, status: Option<InvitationStatus>, size: &str) -> Vec<String> {
    let (mut found, mut after): (Vec<String>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let request = PageRequest { size: PageSize::parse(size).unwrap(), after };
        let now = start() + Duration::days(2);
        let page = store.invitations.list(&scope(&of.snapshot().tenant_id), status, now, &request).await.unwrap();
        assert!(page.items.len() <= usize::from(request.size.get()));
        found.extend(page.items.iter().map(|invitation| invitation.snapshot().id.to_string()));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

pub(crate) async fn pages_hold_every_invitation_once(store: &Store) {
    let (anna, zoe) = (registered(store, "anna").await, registered(store, "zoe").await);
    let mut expected = BTreeSet::new();
    for number in 0..7 {
        let id = format!("i{number}");
        let invitation = stored(store, &id, &anna).await;
        if number % 2 == 0 {
            store.commit(cancelled(&invitation)).await.unwrap();
        }
        expected.insert(id);
    }
    stored(store, "elsewhere", &zoe).await;
    for size in ["1", "2", "3", "100"] {
        let found = listed(store, &anna, None, size).await;
        assert_eq!((found.len(), found.into_iter().collect::<BTreeSet<_>>()), (7, expected.clone()), "{size}");
    }
    assert_eq!(listed(store, &anna, Some(InvitationStatus::Cancelled), "3").await.len(), 4);
}

pub(crate) async fn an_invitation_is_listed_as_it_stands_now(store: &Store) {
    let anna = registered(store, "anna").await;
    for (id, status, days) in [("open", "pending", 7), ("over", "pending", 1), ("noted", "expired", 1)] {
        stored(store, id, &anna).await;
        store.overwrite(Table::Invitations, id, "status", text(status)).await;
        let expires_at = (start() + Duration::days(days)).to_rfc3339();
        store.overwrite(Table::Invitations, id, "expires_at", text(&expires_at)).await;
    }
    for size in ["1", "20"] {
        assert_eq!(listed(store, &anna, Some(InvitationStatus::Pending), size).await, ["open"]);
        let expired: BTreeSet<_> =
            listed(store, &anna, Some(InvitationStatus::Expired), size).await.into_iter().collect();
        assert_eq!(expired, BTreeSet::from(["noted".to_owned(), "over".to_owned()]));
        assert!(listed(store, &anna, Some(InvitationStatus::Accepted), size).await.is_empty());
    }
}

pub(crate) async fn open_invitations_are_counted_for_one_tenant(store: &Store) {
    let (anna, zoe) = (registered(store, "anna").await, registered(store, "zoe").await);
    for id in ["one", "two", "three"] {
        stored(store, id, &anna).await;
    }
    stored(store, "four", &zoe).await;
    let scope_of = |user: &User| scope(&user.snapshot().tenant_id);
    let count = async |user: &User, days: i64, enough| {
        store.invitations.count_open(&scope_of(user), start() + Duration::days(days), enough).await.unwrap()
    };
    assert_eq!((count(&anna, 0, 200).await, count(&anna, 0, 2).await, count(&zoe, 0, 200).await), (3, 2, 1));
    assert_eq!(count(&anna, 7, 200).await, 0, "their time is over");
    let is_open = async |user: &User, name: &str, days: i64| {
        let at = start() + Duration::days(days);
        store.invitations.is_open_to(&scope_of(user), &email(name), at).await.unwrap()
    };
    assert!(is_open(&anna, "one", 0).await);
    assert!(!is_open(&zoe, "one", 0).await && !is_open(&anna, "four", 0).await && !is_open(&anna, "one", 7).await);
}

pub(crate) async fn nobody_joins_a_tenant_that_is_switched_off(store: &Store) {
    let anna = registered(store, "anna").await;
    let tenant_id = anna.snapshot().tenant_id.clone();
    let joining = |tenant_id: &TenantId| ChangeSet::default().write(Write::UseTenant(tenant_id.clone()));
    for status in ["active", "trial"] {
        store.overwrite(Table::Tenants, tenant_id.as_str(), "status", text(status)).await;
        store.commit(joining(&tenant_id)).await.unwrap();
    }
    for status in ["suspended", "cancelled"] {
        store.overwrite(Table::Tenants, tenant_id.as_str(), "status", text(status)).await;
        let refused = store.commit(joining(&tenant_id)).await;
        assert!(matches!(refused, Err(CommitError::Refused(Refusal::Stale))), "{refused:?}");
    }
    let refused = store.commit(joining(&TenantId::restore("gone"))).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::Stale))), "{refused:?}");
}

pub(crate) async fn rule_25_the_last_member_leaves_only_while_nobody_joins(store: &Store) {
    let anna = registered(store, "anna").await;
    let tenant_id = anna.snapshot().tenant_id.clone();
    let change = |before: Seats, source: SeatSource, after: Seats| {
        let before = SeatRecord { seats: before, source };
        ChangeSet::default().write(Write::SaveSeats { tenant_id: tenant_id.clone(), before, after, limit: None })
    };
    let of = |people| Seats { members: people, taken: people };
    store.commit(change(of(0), SeatSource::Count { record: None }, of(1))).await.unwrap();
    store.commit(change(of(1), SeatSource::Record, of(2))).await.unwrap();
    let refused = store.commit(change(of(1), SeatSource::Record, of(0))).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::Stale))), "{refused:?}");
    store.commit(change(of(2), SeatSource::Record, of(1))).await.unwrap();
    store.commit(change(of(1), SeatSource::Record, of(0))).await.unwrap();
}
