//! Encryption of what waits in the outbox: mails carry links that hold secrets.

/// Encrypts texts that rest in the store, and reads them back.
pub trait PayloadSealer: Send + Sync {
    /// Encrypts `plain` into a text. The same input gives another text every time.
    ///
    /// # Errors
    ///
    /// [`SealError::Broken`] when encryption fails.
    fn seal(&self, plain: &[u8]) -> Result<String, SealError>;

    /// Decrypts a text of [`Self::seal`].
    ///
    /// # Errors
    ///
    /// [`SealError`] says why it cannot.
    fn open(&self, sealed: &str) -> Result<Vec<u8>, SealError>;
}

/// Why a text was not sealed or opened. Holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text is not one that [`PayloadSealer::seal`] makes.
    #[error("the sealed text is malformed")]
    Malformed,
    /// No key at hand opens it: it was tampered with, or its key is not known here, or no longer.
    #[error("no known key opens the sealed text")]
    UnknownKey,
    /// Encryption failed.
    #[error("sealing failed")]
    Broken,
}
