use chrono::Duration;
use proptest::prelude::*;

use super::*;
use crate::{TokenSecret, user::tests::at};

fn owner() -> UserId {
    UserId::restore("u")
}

fn tenant() -> Tenant {
    Tenant::create(TenantId::restore("t"), TenantName::restore("T"), owner(), at(0)).0
}

fn token(seed: u8) -> TokenHash {
    TokenSecret::from_random([seed; 32]).hash()
}

fn reopening() -> Reopening {
    Reopening { until: at(1000), token: token(1) }
}

fn closed() -> Tenant {
    let mut tenant = tenant();
    assert!(!tenant.close(&owner(), reopening(), at(10)).unwrap().is_nothing());
    tenant
}

fn suspended() -> Tenant {
    let mut tenant = tenant();
    assert!(!tenant.suspend(SuspensionReason::Security, at(10)).is_nothing());
    tenant
}

fn kind(outcome: Outcome<TenantEvent>) -> TenantEventKind {
    let [event] = <[TenantEvent; 1]>::try_from(outcome.into_events()).unwrap();
    event.what
}

#[test]
fn a_tenant_is_usable_while_it_is_in_use_on_trial_or_not() {
    for on_trial in [false, true] {
        let in_use = Tenant::restore(TenantSnapshot { on_trial, ..tenant().snapshot().clone() });
        let expected = if on_trial { TenantStatus::Trial } else { TenantStatus::Active };
        assert_eq!((in_use.is_usable(), in_use.snapshot().status()), (true, expected));
    }
    assert_eq!((suspended().is_usable(), suspended().snapshot().status()), (false, TenantStatus::Suspended));
    assert_eq!((closed().is_usable(), closed().snapshot().status()), (false, TenantStatus::Cancelled));
}

#[test]
fn a_change_that_changes_nothing_is_no_event() {
    let mut tenant = tenant();
    assert!(tenant.rename(TenantName::restore("T"), at(1)).is_nothing());
    assert!(tenant.change_settings(TenantSettingsChange::default(), at(1)).is_nothing());
    let single = TenantSettingsChange { target_line_mode: Some(TargetLineMode::Single) };
    assert!(tenant.change_settings(single, at(1)).is_nothing());
    assert_eq!(tenant.snapshot().updated_at, at(0));
}

#[test]
fn a_new_name_and_new_settings_are_events() {
    let mut tenant = tenant();
    assert_eq!(kind(tenant.rename(TenantName::restore("Acme"), at(1))), TenantEventKind::Renamed);
    let three = TenantSettingsChange { target_line_mode: Some(TargetLineMode::Three) };
    let settings = TenantSettings { target_line_mode: TargetLineMode::Three };
    assert_eq!(kind(tenant.change_settings(three, at(2))), TenantEventKind::SettingsChanged { settings });
    assert_eq!((tenant.snapshot().name.as_str(), tenant.snapshot().updated_at), ("Acme", at(2)));
}

#[test]
fn rule_16_a_suspension_ends_every_sign_in_and_a_reactivation_revives_none() {
    let mut tenant = suspended();
    assert!(tenant.has_signed_out(at(9)));
    assert_eq!(kind(tenant.reactivate(at(20)).unwrap()), TenantEventKind::Reactivated);
    assert!(tenant.is_usable());
    for began in [0, 9, 10, 19] {
        assert!(tenant.has_signed_out(at(began)), "{began}");
    }
    assert!(!tenant.has_signed_out(at(20)));
}

#[test]
fn suspending_twice_keeps_the_first_reason() {
    let mut tenant = suspended();
    assert!(tenant.suspend(SuspensionReason::Legal, at(11)).is_nothing());
    assert_eq!(tenant, suspended());
}

#[test]
fn a_tenant_that_comes_back_is_on_trial_if_it_was() {
    let mut tenant = Tenant::restore(TenantSnapshot { on_trial: true, ..tenant().snapshot().clone() });
    let _event = tenant.suspend(SuspensionReason::Other, at(1));
    let _event = tenant.reactivate(at(2)).unwrap();
    assert_eq!(tenant.snapshot().status(), TenantStatus::Trial);
    assert!(tenant.reactivate(at(3)).unwrap().is_nothing());
}

#[test]
fn only_the_person_who_owns_a_tenant_closes_it() {
    let mut tenant = tenant();
    let other = UserId::restore("other");
    assert_eq!(tenant.close(&other, reopening(), at(1)), Err(CloseRefused::NotItsOwner));
    assert_eq!(suspended().close(&owner(), reopening(), at(20)), Err(CloseRefused::Suspended));
    let outcome = tenant.close(&owner(), reopening(), at(1)).unwrap();
    assert_eq!(kind(outcome), TenantEventKind::Closed { reopen_until: at(1000) });
    assert!(tenant.has_signed_out(at(0)));
}

#[test]
fn closing_twice_keeps_the_first_token() {
    let mut tenant = closed();
    let second = Reopening { until: at(2000), token: token(2) };
    assert!(tenant.close(&owner(), second, at(11)).unwrap().is_nothing());
    assert_eq!(tenant, closed());
}

#[test]
fn rule_8_a_reopening_token_works_once_and_in_time() {
    let mut tenant = closed();
    assert_eq!(tenant.reopen(&token(2), at(11)), Err(TokenRefused::Superseded));
    assert_eq!(tenant.reopen(&token(1), at(1000)), Err(TokenRefused::Expired));
    assert_eq!(kind(tenant.reopen(&token(1), at(999)).unwrap()), TenantEventKind::Reopened);
    assert_eq!(tenant.reopen(&token(1), at(999)), Err(TokenRefused::Superseded));
}

#[test]
fn a_reopening_token_is_void_once_the_platform_decided() {
    let mut tenant = closed();
    let outcome = tenant.suspend(SuspensionReason::Legal, at(20));
    assert_eq!(kind(outcome), TenantEventKind::Suspended { reason: SuspensionReason::Legal });
    assert_eq!(tenant.reopen(&token(1), at(30)), Err(TokenRefused::Superseded));
    let _event = tenant.reactivate(at(5000)).unwrap();
    assert_eq!(tenant.reopen(&token(1), at(30)), Err(TokenRefused::Superseded));
}

#[test]
fn the_platform_opens_a_closed_tenant_in_time() {
    assert_eq!(kind(closed().reactivate(at(999)).unwrap()), TenantEventKind::Reactivated);
    assert_eq!(closed().reactivate(at(1000)), Err(ClosedForGood));
    let standing = Standing::Closed { since: at(0), reopening: None };
    let mut closed_by_python = Tenant::restore(TenantSnapshot { standing, ..tenant().snapshot().clone() });
    assert_eq!(closed_by_python.reopen(&token(1), at(1)), Err(TokenRefused::Superseded));
    assert!(closed_by_python.reactivate(at(1_000_000)).is_ok());
}

proptest! {
    /// Whatever the platform and the owner do, in whichever order: who was signed in before the tenant last went
    /// out of use is not signed in.
    #[test]
    fn rule_16_no_sequence_of_commands_revives_a_sign_in(steps in prop::collection::vec(0_u8..4, 0..20)) {
        let mut tenant = tenant();
        let mut out_of_use_at = None;
        for (step, now) in steps.into_iter().zip(1_i64..) {
            let now = at(now);
            let was_usable = tenant.is_usable();
            let until = now + Duration::seconds(3);
            match step {
                0 => drop(tenant.suspend(SuspensionReason::Other, now)),
                1 => drop(tenant.reactivate(now)),
                2 => drop(tenant.close(&owner(), Reopening { until, token: token(1) }, now)),
                _ => drop(tenant.reopen(&token(1), now)),
            }
            if was_usable && !tenant.is_usable() {
                out_of_use_at = Some(now);
            }
            prop_assert!(out_of_use_at.is_none_or(|gone| tenant.has_signed_out(gone - Duration::seconds(1))));
        }
    }
}
