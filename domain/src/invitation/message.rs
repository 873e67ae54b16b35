//! What an inviter writes to whom they invite.

/// A few words in the mail of an invitation: 1 to 500 characters, trimmed, on one or more lines.
///
/// They are printed, in our name, in a mail to a stranger whom somebody chose who may have signed up a minute ago.
/// So they hold nothing that a mail program makes a link of, and nothing that hides what they say.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationMessage(String);

/// Why a text is not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    /// Nothing was given.
    #[error("must not be empty")]
    Empty,
    /// Longer than [`InvitationMessage::MAX_LENGTH`].
    #[error("must be at most {} characters", InvitationMessage::MAX_LENGTH)]
    TooLong,
    /// Holds a link or an address, or what a mail program would take for one.
    #[error("must not contain links or email addresses")]
    Link,
    /// Holds markup, control characters or characters that cannot be seen.
    #[error("contains characters that a message cannot have")]
    Malformed,
}

impl InvitationMessage {
    /// Longest message, in characters.
    pub const MAX_LENGTH: usize = 500;

    /// Reads a message, ignoring white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidMessage> {
        let text = text.trim().replace("\r\n", "\n");
        if text.is_empty() {
            return Err(InvalidMessage::Empty);
        }
        if text.chars().count() > Self::MAX_LENGTH {
            return Err(InvalidMessage::TooLong);
        }
        if text.contains(['<', '>']) || text.chars().any(|c| is_hidden(c) || (c.is_control() && c != '\n')) {
            return Err(InvalidMessage::Malformed);
        }
        if text.split_whitespace().any(is_link) {
            return Err(InvalidMessage::Link);
        }
        Ok(Self(text))
    }

    /// Takes a message from the store as it is.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for InvitationMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InvitationMessage(hidden)")
    }
}

/// Whether a mail program would make a link of a word, or of a part of it: `https:…`, `somebody@somewhere`, or a
/// dot within it that is followed by what could be the end of a domain. Abbreviations (`e.g.`), numbers (`3.5`) and
/// dots at the end are none.
fn is_link(word: &str) -> bool {
    let could_be_a_domain = |rest: &str| {
        let label: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '-').collect();
        label.chars().count() >= 2 && label.starts_with(char::is_alphabetic)
    };
    let dotted = word.match_indices('.').any(|(at, _)| {
        let (before, rest) = word.split_at(at);
        before.ends_with(|c: char| c != '.') && rest.strip_prefix('.').is_some_and(could_be_a_domain)
    });
    let addressed = word.split_once('@').is_some_and(|(before, rest)| !before.is_empty() && !rest.is_empty());
    dotted || addressed || word.contains("://") || word.to_lowercase().contains("mailto:")
}

/// Characters that change the direction of a text or cannot be seen. Joiners are left alone: Persian and emoji need
/// them.
const fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("Join us, Ben. We start on Monday!")]
    #[case::lines("Hello Ben,\n\nsee you soon.\nAnna")]
    #[case::abbreviations("e.g. the plan, i.e. version 3.5 (approx. 10.000 €) ...and so on.")]
    #[case::mention("ask @anna")]
    #[case::other_scripts("سلام\u{200C}، 欢迎。大家好 👨\u{200D}👩\u{200D}👧")]
    fn words_of_welcome_are_a_message(#[case] text: &str) {
        assert_eq!(InvitationMessage::parse(text).map(|message| message.as_str().to_owned()), Ok(text.to_owned()));
    }

    #[rstest]
    #[case::empty(" \n ", InvalidMessage::Empty)]
    #[case::too_long(&"é".repeat(501), InvalidMessage::TooLong)]
    #[case::markup("<b>win</b>", InvalidMessage::Malformed)]
    #[case::bell("ding\u{7}", InvalidMessage::Malformed)]
    #[case::reversed("\u{202E}moc.live", InvalidMessage::Malformed)]
    #[case::in_two("evil.\u{200B}example", InvalidMessage::Malformed)]
    #[case::link("win at https://spam.example now", InvalidMessage::Link)]
    #[case::domain("win at spam.example", InvalidMessage::Link)]
    #[case::domain_of_another_script("идите на пример.рф", InvalidMessage::Link)]
    #[case::path("spam.io/win", InvalidMessage::Link)]
    #[case::in_brackets("(www.spam.example)", InvalidMessage::Link)]
    #[case::address("write to me@spam.example", InvalidMessage::Link)]
    #[case::mailto("MAILTO:me", InvalidMessage::Link)]
    fn what_is_no_message_is_refused(#[case] text: &str, #[case] why: InvalidMessage) {
        assert_eq!(InvitationMessage::parse(text), Err(why));
    }

    #[test]
    fn lines_end_as_they_do_in_mails_here() {
        assert_eq!(
            InvitationMessage::parse("one\r\ntwo ").map(|message| message.as_str().to_owned()),
            Ok("one\ntwo".into())
        );
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent(text in "(\\PC|\r|\n){0,60}") {
            if let Ok(message) = InvitationMessage::parse(&text) {
                prop_assert_eq!(InvitationMessage::parse(message.as_str()), Ok(message));
            }
        }

        #[test]
        fn no_domain_passes(name in "[a-z0-9]{1,10}", end in "(com|io|рф|example|xn--p1ai)") {
            let text = format!("look at {name}.{end}!");
            prop_assert_eq!(InvitationMessage::parse(&text), Err(InvalidMessage::Link));
        }
    }
}
