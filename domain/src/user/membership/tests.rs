use MembershipRefused::{AboveOwnRole, Oneself, Outranked, OwnsTheTenant, Suspended};

use super::*;
use crate::{
    TenantId,
    tenant::TenantName,
    user::tests::{at, registered_user},
};

fn member(role: Role, status: UserStatus) -> User {
    let id = UserId::restore("member");
    User::restore(UserSnapshot { id, role, status, email_verified: true, ..registered_user().snapshot().clone() })
}

fn tenant_of(owner: &str) -> Tenant {
    let (tenant, _created) =
        Tenant::create(TenantId::restore("t1"), TenantName::restore("T"), UserId::restore(owner), at(0));
    tenant
}

/// Decides as somebody in a role.
fn as_somebody<T>(user_id: &str, role: Role, owner: &str, decide: impl FnOnce(&Authority<'_>) -> T) -> T {
    decide(&Authority { user_id: &UserId::restore(user_id), role, tenant: &tenant_of(owner) })
}

fn by<T>(role: Role, decide: impl FnOnce(&Authority<'_>) -> T) -> T {
    as_somebody("boss", role, "boss", decide)
}

fn kinds(outcome: Outcome<UserEvent>) -> Vec<UserEventKind> {
    outcome.into_events().into_iter().map(|event| event.what).collect()
}

/// Every pair of roles, and every role that one could give the other.
#[test]
fn nobody_gives_a_role_above_their_own_or_changes_who_stands_above_them() {
    for own in Role::ALL {
        for from in Role::ALL {
            for to in Role::ALL {
                let mut user = member(from, UserStatus::Active);
                let decided = by(own, |boss| user.change_role(to, boss, at(1)));
                let expected = if from.is_above(own) {
                    Err(Outranked)
                } else if to.is_above(own) {
                    Err(AboveOwnRole)
                } else if from == to {
                    Ok(vec![])
                } else {
                    Ok(vec![UserEventKind::RoleChanged { from, to }])
                };
                assert_eq!(decided.map(kinds), expected, "{own:?} puts {from:?} into {to:?}");
                let now = if expected.is_ok() { to } else { from };
                assert_eq!(user.snapshot().role, now);
            }
        }
    }
}

#[test]
fn who_owns_the_tenant_stays_an_owner_whoever_asks() {
    for (user_id, role) in [("member", Role::Owner), ("boss", Role::Owner)] {
        let mut owner = member(Role::Owner, UserStatus::Active);
        let ask = |decide: &mut dyn FnMut(&Authority<'_>) -> Result<(), MembershipRefused>| {
            as_somebody(user_id, role, "member", |boss| decide(boss))
        };
        for to in [Role::Admin, Role::Manager, Role::Member, Role::Viewer] {
            assert_eq!(ask(&mut |boss| owner.change_role(to, boss, at(1)).map(drop)), Err(OwnsTheTenant));
        }
        assert_eq!(ask(&mut |boss| owner.change_role(Role::Owner, boss, at(1)).map(drop)), Ok(()));
        let refused = Err(if user_id == "member" { Oneself } else { OwnsTheTenant });
        assert_eq!(ask(&mut |boss| owner.deactivate(boss, at(1)).map(drop)), refused);
        assert_eq!(ask(&mut |boss| owner.remove(boss).map(drop)), refused);
        assert_eq!(owner, member(Role::Owner, UserStatus::Active));
    }
}

#[test]
fn an_owner_beside_the_one_may_step_down() {
    let mut user = member(Role::Owner, UserStatus::Active);
    let changed = as_somebody("member", Role::Owner, "boss", |oneself| user.change_role(Role::Viewer, oneself, at(1)));
    assert_eq!(changed.map(kinds), Ok(vec![UserEventKind::RoleChanged { from: Role::Owner, to: Role::Viewer }]));
}

#[test]
fn rule_16_switching_off_ends_every_session_and_is_done_once() {
    for status in [UserStatus::Active, UserStatus::Pending] {
        let mut user = member(Role::Member, status);
        let generation = user.snapshot().sessions.number;
        assert_eq!(
            by(Role::Admin, |boss| user.deactivate(boss, at(1))).map(kinds),
            Ok(vec![UserEventKind::Deactivated])
        );
        assert_eq!(user.snapshot().status, UserStatus::Inactive);
        assert_eq!(user.snapshot().sessions.number, generation + 1);
        assert_eq!(by(Role::Admin, |boss| user.deactivate(boss, at(2))).map(kinds), Ok(vec![]));
        assert_eq!(user.snapshot().updated_at, at(1));
    }
}

#[test]
fn who_is_switched_on_again_is_where_they_were() {
    for (email_verified, status) in [(true, UserStatus::Active), (false, UserStatus::Pending)] {
        let user = member(Role::Member, UserStatus::Inactive);
        let mut user = User::restore(UserSnapshot { email_verified, ..user.snapshot().clone() });
        let reactivated = by(Role::Admin, |boss| user.reactivate(boss, at(1)));
        assert_eq!(reactivated.map(kinds), Ok(vec![UserEventKind::Reactivated]));
        assert_eq!(user.snapshot().status, status);
        assert_eq!(by(Role::Admin, |boss| user.reactivate(boss, at(2))).map(kinds), Ok(vec![]));
    }
}

#[test]
fn what_the_platform_suspended_no_tenant_switches_off_and_on() {
    let mut user = member(Role::Member, UserStatus::Suspended);
    assert_eq!(by(Role::Owner, |boss| user.deactivate(boss, at(1)).map(drop)), Err(Suspended));
    assert_eq!(by(Role::Owner, |boss| user.reactivate(boss, at(1)).map(drop)), Err(Suspended));
    assert_eq!(user.snapshot().status, UserStatus::Suspended);
    assert_eq!(by(Role::Owner, |boss| user.remove(boss)).map(kinds), Ok(vec![UserEventKind::Removed]));
}

#[test]
fn nobody_switches_removes_or_signs_out_who_stands_above_them_or_themselves() {
    let mut owner = member(Role::Owner, UserStatus::Active);
    assert_eq!(by(Role::Admin, |boss| owner.deactivate(boss, at(1)).map(drop)), Err(Outranked));
    assert_eq!(by(Role::Admin, |boss| owner.reactivate(boss, at(1)).map(drop)), Err(Outranked));
    assert_eq!(by(Role::Admin, |boss| owner.remove(boss).map(drop)), Err(Outranked));
    assert_eq!(by(Role::Admin, |boss| owner.sign_out_by(boss, at(1)).map(drop)), Err(Outranked));
    let mut user = member(Role::Admin, UserStatus::Active);
    let oneself = |decide: &mut dyn FnMut(&Authority<'_>) -> Result<(), MembershipRefused>| {
        as_somebody("member", Role::Admin, "boss", |oneself| decide(oneself))
    };
    assert_eq!(oneself(&mut |oneself| user.deactivate(oneself, at(1)).map(drop)), Err(Oneself));
    assert_eq!(oneself(&mut |oneself| user.reactivate(oneself, at(1)).map(drop)), Err(Oneself));
    assert_eq!(oneself(&mut |oneself| user.remove(oneself).map(drop)), Err(Oneself));
}

#[test]
fn rule_17_an_admin_ends_the_sessions_of_a_member_at_once() {
    let mut user = member(Role::Member, UserStatus::Active);
    let ended = by(Role::Admin, |boss| user.sign_out_by(boss, at(1)));
    assert_eq!(ended.map(kinds), Ok(vec![UserEventKind::SessionsEnded]));
    assert_eq!((user.snapshot().sessions.number, user.snapshot().sessions.began_at), (1, Some(at(1))));
}
