use proptest::prelude::*;

use super::*;
use crate::user::tests::at;

const POLICY: SessionPolicy = SessionPolicy {
    refresh_token_lifetime: Duration::days(30),
    idle_timeout: Duration::days(14),
    reuse_grace: Duration::seconds(30),
};
const FIRST: SessionGeneration = SessionGeneration { number: 0, began_at: None };

fn token(name: &str, seconds: i64) -> RefreshToken {
    RefreshToken { id: TokenId::restore(name), hash: TokenHash::of(name), issued_at: at(seconds) }
}

fn session() -> Session {
    Session::start(NewSession {
        id: SessionId::restore("s1"),
        user_id: UserId::restore("u1"),
        tenant_id: TenantId::restore("t1"),
        generation: FIRST,
        device: Device::default(),
        token: token("a", 0),
        predecessor: None,
    })
}

fn present(session: &mut Session, name: &str, successor: &str, seconds: i64) -> RefreshDecision {
    let presented = token(name, 0);
    session.refresh((&presented.id, &presented.hash), token(successor, seconds), FIRST, &POLICY)
}

fn rotated(name: &str) -> RefreshDecision {
    RefreshDecision::Rotated { spent: TokenId::restore(name) }
}

#[test]
fn rule_15_every_refresh_spends_the_token() {
    let mut session = session();
    assert_eq!(present(&mut session, "a", "b", 10), rotated("a"));
    assert_eq!(present(&mut session, "b", "c", 20), rotated("b"));
    assert_eq!(session.current_token(), Some(&token("c", 20)));
}

#[test]
fn rule_15_a_lost_answer_is_sent_again_within_the_grace() {
    let mut session = session();
    assert_eq!(present(&mut session, "a", "b", 10), rotated("a"));
    let before = session.clone();
    assert_eq!(present(&mut session, "a", "x", 40), RefreshDecision::Repeat { current: token("b", 10) });
    assert_eq!(session, before);
}

#[test]
fn rule_15_a_spent_token_revokes_the_family_after_the_grace() {
    let mut session = session();
    assert_eq!(present(&mut session, "a", "b", 10), rotated("a"));
    assert!(matches!(present(&mut session, "a", "x", 41), RefreshDecision::FamilyRevoked { .. }));
    assert_eq!(present(&mut session, "b", "y", 42), RefreshDecision::Refused);
}

#[test]
fn rule_15_a_spent_token_revokes_the_family_once_its_successor_was_used() {
    let mut session = session();
    assert_eq!(present(&mut session, "a", "b", 10), rotated("a"));
    assert_eq!(present(&mut session, "b", "c", 11), rotated("b"));
    assert!(matches!(present(&mut session, "a", "x", 12), RefreshDecision::FamilyRevoked { .. }));
    assert_eq!(session.current_token(), None);
}

#[test]
fn rule_15_a_lost_answer_to_a_python_token_is_sent_again() {
    let carried_on = Session::start(NewSession {
        id: SessionId::restore("s2"),
        user_id: UserId::restore("u1"),
        tenant_id: TenantId::restore("t1"),
        generation: FIRST,
        device: Device::default(),
        token: token("b", 0),
        predecessor: Some(TokenId::restore("python")),
    });
    let repeat = RefreshDecision::Repeat { current: token("b", 0) };
    assert_eq!(present(&mut carried_on.clone(), "python", "x", 30), repeat);
    let late = present(&mut carried_on.clone(), "python", "x", 31);
    assert!(matches!(late, RefreshDecision::FamilyRevoked { .. }));
}

#[test]
fn rule_15_a_token_with_the_right_name_and_another_hash_is_no_current_token() {
    let mut session = session();
    let forged = TokenHash::of("forged");
    let decision = session.refresh((&TokenId::restore("a"), &forged), token("b", 1), FIRST, &POLICY);
    assert!(matches!(decision, RefreshDecision::FamilyRevoked { .. }));
}

#[test]
fn rule_12_an_idle_session_ends() {
    let mut session = session();
    let idle = Duration::days(14).num_seconds();
    assert_eq!(present(&mut session.clone(), "a", "b", idle - 1), rotated("a"));
    assert_eq!(present(&mut session, "a", "b", idle), RefreshDecision::Refused);
}

#[test]
fn rule_16_a_session_of_an_earlier_generation_is_over() {
    let next = SessionGeneration { number: 1, began_at: Some(at(5)) };
    let mut session = session();
    let presented = token("a", 0);
    assert!(!session.is_live(next, &POLICY, at(6)));
    let decision = session.refresh((&presented.id, &presented.hash), token("b", 6), next, &POLICY);
    assert_eq!(decision, RefreshDecision::Refused);
}

#[test]
fn rule_17_a_session_ended_from_elsewhere_is_over() {
    let mut session = session();
    let event = session.end_remotely(at(5)).unwrap();
    assert_eq!(event.what, SessionEventKind::Ended { reason: SessionEnd::EndedRemotely });
    assert!(session.end_remotely(at(6)).is_none());
    assert_eq!(present(&mut session, "a", "b", 7), RefreshDecision::Refused);
}

#[test]
fn rule_17_one_session_outlives_the_generation_that_ended_the_others() {
    let mut session = session();
    let next = SessionGeneration { number: 1, began_at: Some(at(5)) };
    assert!(!session.is_live(next, &POLICY, at(6)));
    session.outlive(next);
    assert!(session.is_live(next, &POLICY, at(6)));
}

#[test]
fn rule_16_signing_out_ends_the_session_once() {
    let mut session = session();
    assert!(session.sign_out(at(1)).is_some());
    assert!(session.sign_out(at(2)).is_none());
    assert_eq!(present(&mut session, "a", "b", 3), RefreshDecision::Refused);
}

#[test]
fn rule_9_a_session_is_fresh_for_five_minutes_after_a_sign_in() {
    let session = session();
    assert!(session.is_fresh(Some(at(0)), at(299)));
    assert!(!session.is_fresh(Some(at(0)), at(300)));
    assert!(!session.is_fresh(Some(at(250)), at(300)), "that sign-in began another session");
    assert!(!session.is_fresh(Some(at(-300)), at(0)), "this session began without a sign-in");
    assert!(!session.is_fresh(None, at(0)));
}

#[test]
fn a_user_agent_is_cut_and_cleaned() {
    let device = Device::new(Some(&format!("curl\r\n{}", "x".repeat(400))), None);
    assert_eq!(device.user_agent.map(|text| text.len()), Some(Device::MAX_USER_AGENT));
}

proptest! {
    /// Whatever tokens are presented in whatever order, a live session has exactly one token that
    /// rotates it, and every rotation spends the one before.
    #[test]
    fn rule_15_a_family_is_one_chain(steps in prop::collection::vec((0_usize..6, 0_i64..50), 1..40)) {
        let mut session = session();
        let mut chain = vec![String::from("a")];
        let mut now = 0;
        for (back, pause) in steps {
            now += pause;
            let index = chain.len().saturating_sub(1 + back);
            let name = chain[index].clone();
            let successor = format!("t{}-{now}", chain.len());
            let is_current = index + 1 == chain.len();
            match present(&mut session, &name, &successor, now) {
                RefreshDecision::Rotated { spent } => {
                    prop_assert!(is_current);
                    prop_assert_eq!(spent.as_str(), name);
                    chain.push(successor);
                }
                RefreshDecision::Repeat { current } => {
                    prop_assert_eq!(index + 2, chain.len());
                    prop_assert_eq!(current.id.as_str(), chain.last().unwrap().as_str());
                }
                RefreshDecision::FamilyRevoked { .. } => {
                    prop_assert!(!is_current);
                    prop_assert!(session.current_token().is_none());
                }
                RefreshDecision::Refused => prop_assert!(session.current_token().is_none()),
            }
        }
    }
}
