//! What one thread of the pool does with a password.

use super::argon2id::{self, Argon2Parameters, Memory, SALT_LENGTH};
use super::bcrypt;

/// What a password is to a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verification {
    /// The password is another one.
    NoMatch,
    /// The password is right and its hash has the current parameters.
    Match,
    /// The password is right, but its hash is bcrypt or has other parameters: store a new one
    /// (rule 4).
    MatchOutdated,
    /// The stored hash is malformed, of an unknown kind, or dearer than any this service writes.
    /// For the person it is [`Self::NoMatch`]; it is told apart only to be logged. It took as long
    /// as a verification with the current parameters.
    Unreadable,
}

/// The parameters of new hashes, and the memory for making them.
pub(super) struct Hasher {
    parameters: Argon2Parameters,
    memory: Memory,
    dummy: String,
}

impl Hasher {
    pub(super) fn new(parameters: Argon2Parameters) -> Self {
        Self { memory: Memory::new(&parameters), dummy: argon2id::dummy(&parameters), parameters }
    }

    pub(super) fn hash(&mut self, password: &[u8], salt: &[u8; SALT_LENGTH]) -> Result<String, argon2::Error> {
        argon2id::hash(&mut self.memory, &self.parameters, password, salt)
    }

    pub(super) fn verify(&mut self, password: &[u8], stored: &str) -> Verification {
        let verification = if bcrypt::recognises(stored) {
            bcrypt::verify(password, stored)
        } else {
            argon2id::verify(&mut self.memory, &self.parameters, password, stored)
        };
        if verification == Verification::Unreadable {
            self.verify_dummy(password);
        }
        verification
    }

    pub(super) fn verify_dummy(&mut self, password: &[u8]) {
        // The verdict must not matter: an address without an account has no right password.
        let _ = argon2id::verify(&mut self.memory, &self.parameters, password, &self.dummy);
    }

    /// Overwrites what the last job left in memory.
    pub(super) fn wipe(&mut self) {
        self.memory.wipe();
    }
}
