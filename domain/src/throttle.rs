//! How often somebody may try a password (security rule 7).

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use chrono::Duration;
use sha2::{Digest, Sha256};

use crate::{EmailAddress, Timestamp, UserId};

/// Whose failures are counted, as the store knows them: the SHA-256 of what they are, in lower-case hexadecimal.
///
/// An address is personal data and does not belong into a key. The hash of one can be found by whoever guesses it,
/// so `Debug` hides it, and a row says nothing but how often somebody failed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ThrottleSubject(String);

impl ThrottleSubject {
    /// Whoever signs in with an address, whether anybody has it or not (security rule 6).
    #[must_use]
    pub fn of_address(email: &EmailAddress) -> Self {
        Self::of("address", email.as_str())
    }

    /// Somebody who is signed in and proves again who they are. Not their address: whoever does not know more than
    /// that cannot get in their way.
    #[must_use]
    pub fn of_user(user_id: &UserId) -> Self {
        Self::of("user", user_id.as_str())
    }

    /// Whoever calls from a network address. Those without one are one.
    #[must_use]
    pub fn of_source(source: Option<IpAddr>) -> Self {
        Self::of("source", &source.map(network_of).map(|network| network.to_string()).unwrap_or_default())
    }

    fn of(kind: &str, name: &str) -> Self {
        Self(hex::encode(Sha256::digest(format!("{kind}#{name}").as_bytes())))
    }

    /// The hash in hexadecimal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ThrottleSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThrottleSubject(hidden)")
    }
}

/// Who holds a network address: an IPv6 network of 64 bits is one customer's, however many addresses they use of it.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The failures of one subject since its last success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many. An attempt counts as one until it has succeeded.
    pub count: u32,
    /// When the last one was counted.
    pub last_at: Timestamp,
    /// Whether the password is disabled because of them, and its owner has been told.
    pub is_disabled: bool,
}

/// What a policy says to another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be made, once it is counted like this.
    Allowed(Failures),
    /// Not for so long.
    Wait(Duration),
    /// Never, until the password is reset.
    Locked,
}

/// How failures slow down whoever goes on trying.
///
/// OWASP ASVS 5.0 (6.1.1 and 6.3.1) asks for brakes on guessing and credential stuffing that nobody can lock people out
/// with; NIST SP 800-63B-4 (3.2.2, "Rate Limiting", 5.2.2 in the edition before) for at most 100 consecutive failures on one
/// account, and names waits that grow, "30 seconds up to an hour", as a way to get there slowly.
#[derive(Clone, Copy, Debug)]
pub struct ThrottlePolicy {
    /// So many failures have no consequence.
    pub free: u32,
    /// How long to wait after the last of these; each further failure doubles it.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// For how long without another failure the failures are remembered, unless there are as many as lock.
    pub remembered_for: Duration,
    /// At so many failures, there are no more attempts; `None`: never.
    pub locks_at: Option<u32>,
}

impl ThrottlePolicy {
    /// For the password of one account, or of an address that has none.
    ///
    /// A hundred failures are NIST's limit, and a quarter of an hour is within its waits: the last 85 of the hundred guesses
    /// each take that long, so that together they take most of a day. Five free failures are our choice, for a person with
    /// several passwords; so are thirty days of memory, after which nobody remembers having mistyped either.
    pub const PASSWORD: Self = Self {
        free: 5,
        first_wait: Duration::seconds(1),
        longest_wait: Duration::minutes(15),
        remembered_for: Duration::days(30),
        locks_at: Some(100),
    };

    /// For a network address, from which many accounts may be tried. All figures are our choice: an office shares one
    /// address, so that there is more room, an hour's quiet ends it, and nothing locks it for good, which would be
    /// somebody else's sign-in.
    pub const SOURCE: Self = Self {
        free: 50,
        first_wait: Duration::seconds(1),
        longest_wait: Duration::minutes(15),
        remembered_for: Duration::hours(1),
        locks_at: None,
    };

    /// Whether there may be another attempt, and what it is counted as, given what was counted so far.
    #[must_use]
    pub fn judge(&self, counted: Option<&Failures>, now: Timestamp) -> Verdict {
        let first = Verdict::Allowed(Failures { count: 1, last_at: now, is_disabled: false });
        let Some(counted) = counted else { return first };
        if self.locks(counted) {
            return Verdict::Locked;
        }
        // The clocks of two machines may differ by a little.
        let since = (now - counted.last_at).max(Duration::zero());
        if since >= self.remembered_for {
            return first;
        }
        let left = self.wait_after(counted.count) - since;
        if left > Duration::zero() {
            return Verdict::Wait(left);
        }
        let count = counted.count.saturating_add(1);
        Verdict::Allowed(Failures { count, last_at: now.max(counted.last_at), is_disabled: false })
    }

    /// Whether so many failures end all attempts.
    #[must_use]
    pub fn locks(&self, counted: &Failures) -> bool {
        counted.is_disabled || self.locks_at.is_some_and(|most| counted.count >= most)
    }

    /// When failures are forgotten if none follows; `None`: never.
    #[must_use]
    pub fn forgotten_at(&self, counted: &Failures) -> Option<Timestamp> {
        (!self.locks(counted)).then(|| counted.last_at + self.remembered_for)
    }

    /// How long to wait after this many failures.
    fn wait_after(&self, count: u32) -> Duration {
        let Some(doublings) = count.checked_sub(self.free) else { return Duration::zero() };
        let factor = 1_i32.checked_shl(doublings).filter(|factor| *factor > 0);
        let wait = factor.and_then(|factor| self.first_wait.checked_mul(factor));
        wait.map_or(self.longest_wait, |wait| wait.min(self.longest_wait))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    const POLICIES: [ThrottlePolicy; 2] = [ThrottlePolicy::PASSWORD, ThrottlePolicy::SOURCE];

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn failures(count: u32) -> Failures {
        Failures { count, last_at: at(0), is_disabled: false }
    }

    fn wait(policy: ThrottlePolicy, count: u32) -> Duration {
        match policy.judge(Some(&failures(count)), at(0)) {
            Verdict::Allowed(_) => Duration::zero(),
            Verdict::Wait(wait) => wait,
            Verdict::Locked => Duration::MAX,
        }
    }

    #[test]
    fn rule_7_five_failures_are_free_and_each_further_one_doubles_the_wait() {
        let waits: Vec<_> = (1..=17).map(|count| wait(ThrottlePolicy::PASSWORD, count).num_seconds()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    }

    #[test]
    fn rule_7_the_hundredth_failure_is_the_last() {
        let policy = ThrottlePolicy::PASSWORD;
        assert!(matches!(policy.judge(Some(&failures(99)), at(900)), Verdict::Allowed(Failures { count: 100, .. })));
        assert_eq!(policy.judge(Some(&failures(100)), at(900)), Verdict::Locked);
        let long_after = at(0) + Duration::days(3650);
        assert_eq!(policy.judge(Some(&failures(100)), long_after), Verdict::Locked);
        assert_eq!(policy.forgotten_at(&failures(100)), None);
        assert_eq!(policy.forgotten_at(&failures(99)), Some(at(0) + Duration::days(30)));
    }

    #[test]
    fn a_password_that_is_disabled_stays_so_whatever_was_counted() {
        let disabled = Failures { is_disabled: true, ..failures(0) };
        assert_eq!(ThrottlePolicy::PASSWORD.judge(Some(&disabled), at(0)), Verdict::Locked);
        assert_eq!(ThrottlePolicy::PASSWORD.forgotten_at(&disabled), None);
    }

    #[test]
    fn rule_7_a_source_has_fifty_free_failures_and_is_never_locked() {
        assert_eq!(wait(ThrottlePolicy::SOURCE, 49), Duration::zero());
        assert_eq!(wait(ThrottlePolicy::SOURCE, 50), Duration::seconds(1));
        assert_eq!(wait(ThrottlePolicy::SOURCE, u32::MAX), Duration::minutes(15));
    }

    #[test]
    fn failures_are_forgotten_after_a_while() {
        for policy in POLICIES {
            let forgotten = at(0) + policy.remembered_for;
            let first = Failures { count: 1, last_at: forgotten, is_disabled: false };
            assert_eq!(policy.judge(Some(&failures(60)), forgotten), Verdict::Allowed(first));
            let before = forgotten - Duration::seconds(1);
            assert!(matches!(policy.judge(Some(&failures(60)), before), Verdict::Allowed(f) if f.count == 61));
        }
    }

    #[test]
    fn one_network_is_one_source() {
        let of = |text: &str| ThrottleSubject::of_source(Some(text.parse().unwrap()));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_ne!(of("192.0.2.1"), ThrottleSubject::of_source(None));
    }

    #[test]
    fn a_subject_says_nothing_about_who_it_is() {
        let email = EmailAddress::parse("Anna@Example.com").unwrap();
        let subject = ThrottleSubject::of_address(&email);
        assert_eq!(subject, ThrottleSubject::of_address(&EmailAddress::parse("anna@example.com").unwrap()));
        assert_ne!(subject, ThrottleSubject::of_user(&UserId::restore("anna@example.com")));
        assert!(subject.as_str().len() == 64 && subject.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(!format!("{subject:?}").contains(subject.as_str()));
    }

    proptest! {
        #[test]
        fn rule_7_the_wait_never_shrinks_with_more_failures_and_has_a_limit(count: u32) {
            for policy in POLICIES {
                let (shorter, longer) = (policy.wait_after(count), policy.wait_after(count.saturating_add(1)));
                prop_assert!(Duration::zero() <= shorter && shorter <= longer && longer <= policy.longest_wait);
            }
        }

        /// Whoever waits as long as they are told is let through, and not before, whatever clocks say.
        #[test]
        fn rule_7_a_wait_ends_when_it_was_said_to(count in 0_u32..100, later in -86_400_i64..86_400) {
            for policy in POLICIES {
                if let Verdict::Wait(wait) = policy.judge(Some(&failures(count)), at(later)) {
                    prop_assert!(wait <= policy.longest_wait);
                    let (early, then) = (at(later.max(0)) + wait - Duration::seconds(1), at(later.max(0)) + wait);
                    prop_assert!(matches!(policy.judge(Some(&failures(count)), early), Verdict::Wait(_)));
                    prop_assert!(matches!(policy.judge(Some(&failures(count)), then), Verdict::Allowed(_)));
                }
            }
        }

        /// However attempts are spaced, a hundred are all that there are, and each is counted.
        #[test]
        fn rule_7_no_pace_gets_more_than_a_hundred_attempts(pauses in prop::collection::vec(0_i64..2_000, 0..400)) {
            let (mut counted, mut now, mut attempts) = (None, at(0), 0);
            for pause in pauses {
                now += Duration::seconds(pause);
                if let Verdict::Allowed(next) = ThrottlePolicy::PASSWORD.judge(counted.as_ref(), now) {
                    attempts += 1;
                    prop_assert_eq!(next.count, attempts);
                    counted = Some(next);
                }
            }
            prop_assert!(attempts <= 100);
        }
    }
}
