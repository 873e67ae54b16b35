//! What the names of people and of tenants have in common.

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing was given.
    #[error("is required")]
    Missing,
    /// Longer than this many characters.
    #[error("must be at most {0} characters")]
    TooLong(usize),
    /// Holds something that no name holds: control characters, `<` or `>`, or a link. Names are printed in
    /// mails to strangers, so a "name" with a link in it would make us a spammer's relay.
    #[error("contains characters that a name cannot have")]
    Malformed,
}

/// Reads a name of at most `max_length` characters, ignoring white space around it.
pub(crate) fn parse(text: &str, max_length: usize) -> Result<String, InvalidName> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidName::Missing);
    }
    if text.chars().count() > max_length {
        return Err(InvalidName::TooLong(max_length));
    }
    if text.chars().any(char::is_control) || text.contains(['<', '>']) || text.contains("://") {
        return Err(InvalidName::Malformed);
    }
    Ok(text.to_owned())
}
