//! Who mails come from.

use std::str::FromStr;

use lettre::message::header::{self, Headers};
use lettre::message::{Mailbox, Mailboxes};

/// The address that mails are sent from, with or without a name (`EMAIL_FROM`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// The text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an address such as `no-reply@example.com` or `Name <no-reply@example.com>`")]
pub struct InvalidSender;

impl Sender {
    /// Reads `address` or `Name <address>`.
    ///
    /// # Errors
    ///
    /// [`InvalidSender`] when it is neither.
    pub fn parse(text: &str) -> Result<Self, InvalidSender> {
        // What a line break would start is another header.
        if text.chars().any(char::is_control) {
            return Err(InvalidSender);
        }
        Mailbox::from_str(text.trim()).map(Self).map_err(|_| InvalidSender)
    }

    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.0
    }

    /// The domain after the `@`.
    pub(super) fn domain(&self) -> &str {
        self.0.email.domain()
    }

    /// The sender as a `From` header has it: a name that is not ASCII is an encoded word (RFC 2047).
    pub(super) fn encoded(&self) -> String {
        let mut headers = Headers::new();
        headers.set(header::From::from(Mailboxes::from(self.0.clone())));
        // Headers are written folded and with their name; here only the value is wanted, on one line.
        let written = headers.to_string().replace("\r\n", "");
        written.trim_start_matches("From:").trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let encoded = |text| Sender::parse(text).unwrap().encoded();
        assert_eq!(encoded("no-reply@example.com"), "no-reply@example.com");
        assert_eq!(encoded(" PurposePath <no-reply@example.com> "), "PurposePath <no-reply@example.com>");
        assert_eq!(encoded("Größe <no-reply@example.com>"), "=?utf-8?b?R3LDtsOfZQ==?= <no-reply@example.com>");
        assert_eq!(Sender::parse("PurposePath <no-reply@example.com>").unwrap().domain(), "example.com");
    }

    #[test]
    fn what_is_no_sender_is_refused() {
        for text in ["", "PurposePath", "a@b@c", "<>", "Name <no-reply@example.com>\r\nBcc: all@example.com"] {
            assert_eq!(Sender::parse(text), Err(InvalidSender), "{text}");
        }
    }
}
