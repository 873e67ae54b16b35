//! Verification of the bcrypt hashes that the Python service's passlib wrote. None is ever made.

use std::ops::RangeInclusive;

use bcrypt::HashParts;

use super::hasher::Verification;

/// Whether a stored hash is one of passlib's bcrypt (`$2a$`, `$2b$`), well-formed or not.
pub(super) fn recognises(stored: &str) -> bool {
    stored.starts_with("$2a$") || stored.starts_with("$2b$")
}

/// Cost exponents that are worked on. passlib's default was 12; each step doubles the time, and 14
/// is already about a second of one thread, so a planted hash cannot take more.
const COSTS: RangeInclusive<u32> = 4..=14;

/// Verifies as passlib did, so that whoever could sign in then can sign in now.
///
/// Bytes after the 72nd do not count, because bcrypt never saw them. passlib refused a password
/// with a NUL byte, so no hash was made of one, but C implementations stop reading there: matching
/// it would let `secret\0anything` in for `secret`. The work is done first even so, because a quick
/// answer would tell that the account exists (rule 6).
///
/// A match is always [`Verification::MatchOutdated`] (rule 4).
pub(super) fn verify(password: &[u8], stored: &str) -> Verification {
    let affordable = stored.parse::<HashParts>().is_ok_and(|hash| COSTS.contains(&hash.get_cost()));
    if !affordable {
        return Verification::Unreadable;
    }
    match bcrypt::verify(password, stored) {
        Ok(true) if !password.contains(&0) => Verification::MatchOutdated,
        Ok(_) => Verification::NoMatch,
        Err(_) => Verification::Unreadable,
    }
}

#[cfg(test)]
mod tests;
