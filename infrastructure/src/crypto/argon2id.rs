//! Argon2id (RFC 9106) in memory that its thread keeps between hashes.

use std::ops::RangeInclusive;

use argon2::password_hash::phc::{Output, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, PasswordHash, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use super::hasher::Verification;

/// Length of a salt in bytes (RFC 9106, section 3.1, recommends 128 bits).
pub const SALT_LENGTH: usize = 16;

/// Length of the tags that this service writes, in bytes.
const TAG_LENGTH: usize = 32;

/// Shortest stored tag that still decides anything: 128 bits.
const SHORTEST_STORED_TAG: usize = 16;

const VERSION: Version = Version::V0x13;

/// The cost of one hash: memory, passes over it, and lanes.
///
/// The default is rule 4 of the security rules: 19 MiB, two passes, one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argon2Parameters(Params);

impl Argon2Parameters {
    /// Memory in KiB. The floor is rule 4's; OWASP's equivalents with less memory and more passes
    /// are refused, because the rule names the memory. The ceiling is RFC 9106's option for
    /// memory-constrained machines.
    pub const MEMORY_KIB: RangeInclusive<u32> = 19_456..=65_536;

    /// Passes over the memory. The floor is rule 4's; the ceiling keeps the dearest hash near a
    /// dozen times the default, so that one job cannot hold a thread for long.
    pub const ITERATIONS: RangeInclusive<u32> = 2..=8;

    /// Lanes, which one thread fills in turn: more lanes make a hash no faster here.
    pub const LANES: RangeInclusive<u32> = 1..=8;

    /// Parameters within [`Self::MEMORY_KIB`], [`Self::ITERATIONS`] and [`Self::LANES`].
    ///
    /// # Errors
    ///
    /// Names the first value that is out of its range.
    pub fn new(memory_kib: u32, iterations: u32, lanes: u32) -> Result<Self, ParametersError> {
        if !Self::MEMORY_KIB.contains(&memory_kib) {
            return Err(ParametersError::Memory(memory_kib));
        }
        if !Self::ITERATIONS.contains(&iterations) {
            return Err(ParametersError::Iterations(iterations));
        }
        if !Self::LANES.contains(&lanes) {
            return Err(ParametersError::Lanes(lanes));
        }
        Ok(Self(Params::new(memory_kib, iterations, lanes, None)?))
    }

    /// Memory of one hash in KiB, and so of each thread of the pool.
    #[must_use]
    pub fn memory_kib(&self) -> u32 {
        self.0.m_cost()
    }

    /// Passes over the memory.
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.0.t_cost()
    }

    /// Lanes of the memory.
    #[must_use]
    pub fn lanes(&self) -> u32 {
        self.0.p_cost()
    }

    fn phc_string(&self, salt: &[u8], tag: &[u8]) -> String {
        format!(
            "${ARGON2ID_IDENT}$v={}$m={},t={},p={}${}${}",
            u32::from(VERSION),
            self.memory_kib(),
            self.iterations(),
            self.lanes(),
            STANDARD_NO_PAD.encode(salt),
            STANDARD_NO_PAD.encode(tag),
        )
    }
}

impl Default for Argon2Parameters {
    fn default() -> Self {
        Self(Params::DEFAULT)
    }
}

/// Why [`Argon2Parameters::new`] refused its values.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParametersError {
    /// The memory, in KiB, is out of range.
    #[error("Argon2 memory is {0} KiB, but must be within {r:?}", r = Argon2Parameters::MEMORY_KIB)]
    Memory(u32),
    /// The number of passes is out of range.
    #[error("Argon2 makes {0} passes, but must be within {r:?}", r = Argon2Parameters::ITERATIONS)]
    Iterations(u32),
    /// The number of lanes is out of range.
    #[error("Argon2 has {0} lanes, but must be within {r:?}", r = Argon2Parameters::LANES)]
    Lanes(u32),
    /// RFC 9106 does not define the combination.
    #[error("Argon2 does not define these parameters")]
    Undefined(#[from] argon2::Error),
}

/// The memory of one thread: taken on the first hash, then kept.
///
/// Memory taken afresh for every hash is either returned to the system, which costs a page fault
/// for each of its 4,864 pages, or kept by the allocator, which is how it once grew to a gigabyte.
pub(super) struct Memory {
    blocks: Vec<Block>,
    used: usize,
    kept: usize,
}

impl Memory {
    /// Memory that keeps what hashes of these parameters need, and takes nothing yet.
    pub(super) fn new(parameters: &Argon2Parameters) -> Self {
        Self { blocks: Vec::new(), used: 0, kept: parameters.0.block_count() }
    }

    /// Derives a tag of `tag.len()` bytes.
    fn derive(&mut self, params: Params, password: &[u8], salt: &[u8], tag: &mut [u8]) -> Result<(), argon2::Error> {
        let argon2 = Argon2::new(Algorithm::Argon2id, VERSION, params);
        let blocks = self.blocks(argon2.params().block_count());
        argon2.hash_password_into_with_memory(password, salt, tag, blocks)
    }

    fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.blocks.len() < count {
            // Growing in place would hold the old and the new memory at once.
            self.blocks = Vec::new();
            self.blocks.resize(count, Block::new());
        }
        self.used = self.used.max(count);
        &mut self.blocks
    }

    /// Overwrites everything derived from a password, and gives back what only a stored hash with
    /// higher parameters needed.
    pub(super) fn wipe(&mut self) {
        if self.blocks.len() > self.kept {
            self.blocks.zeroize();
            self.blocks = Vec::new();
        } else if let Some(used) = self.blocks.get_mut(..self.used) {
            // zeroize's volatile writes take a fifth of the time of the hash itself. They are for
            // memory that is about to be freed; this lives on, so that plain writes stay.
            used.fill(Block::new());
        }
        self.used = 0;
    }
}

/// The PHC string of a password: `$argon2id$v=19$m=…,t=…,p=…$salt$tag`.
///
/// # Errors
///
/// Only for a password longer than Argon2 defines (4 GiB).
pub(super) fn hash(
    memory: &mut Memory,
    parameters: &Argon2Parameters,
    password: &[u8],
    salt: &[u8; SALT_LENGTH],
) -> Result<String, argon2::Error> {
    let mut tag = Zeroizing::new([0; TAG_LENGTH]);
    memory.derive(parameters.0.clone(), password, salt, tag.as_mut_slice())?;
    Ok(parameters.phc_string(salt, tag.as_slice()))
}

/// A well-formed hash of these parameters that no known password has, for rule 6.
pub(super) fn dummy(parameters: &Argon2Parameters) -> String {
    parameters.phc_string(&[0; SALT_LENGTH], &[0; TAG_LENGTH])
}

/// Verifies a password against a PHC string, with the parameters that the string names.
///
/// A string that no version of this service can have written is [`Verification::Unreadable`]. That
/// includes parameters above the ceilings of [`Argon2Parameters`], which keep a planted hash from
/// taking the machine's memory or a thread's time.
pub(super) fn verify(memory: &mut Memory, current: &Argon2Parameters, password: &[u8], stored: &str) -> Verification {
    let Some(stored) = StoredHash::parse(stored) else {
        return Verification::Unreadable;
    };
    let outdated = stored.is_outdated(current);
    let mut tag = Zeroizing::new([0; Output::MAX_LENGTH]);
    let Some(tag) = tag.get_mut(..stored.tag.len()) else {
        return Verification::Unreadable;
    };
    if memory.derive(stored.params, password, &stored.salt, tag).is_err() {
        return Verification::Unreadable;
    }
    match verify_slices_are_equal(tag, stored.tag.as_bytes()) {
        Ok(()) if outdated => Verification::MatchOutdated,
        Ok(()) => Verification::Match,
        Err(_) => Verification::NoMatch,
    }
}

struct StoredHash {
    params: Params,
    salt: Salt,
    tag: Output,
}

impl StoredHash {
    fn parse(phc_string: &str) -> Option<Self> {
        let phc = PasswordHash::new(phc_string).ok()?;
        let params = Params::try_from(&phc).ok()?;
        let tag = phc.hash?;
        let acceptable = phc.algorithm == ARGON2ID_IDENT
            && phc.version == Some(u32::from(VERSION))
            && params.m_cost() <= *Argon2Parameters::MEMORY_KIB.end()
            && params.t_cost() <= *Argon2Parameters::ITERATIONS.end()
            && params.p_cost() <= *Argon2Parameters::LANES.end()
            && tag.len() >= SHORTEST_STORED_TAG;
        acceptable.then_some(Self { params, salt: phc.salt?, tag })
    }

    fn is_outdated(&self, current: &Argon2Parameters) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        cost(&self.params) != cost(&current.0) || self.salt.len() != SALT_LENGTH || self.tag.len() != TAG_LENGTH
    }
}

#[cfg(test)]
mod tests;
