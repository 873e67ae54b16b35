//! What mails say: a subject, a text, and the same in HTML.

use application::ports::{InvitationNote, Mail, MailKind};
use domain::{PersonName, invitation::InvitationMessage, tenant::TenantName};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior, Value, context};
use secrecy::ExposeSecret;

/// The language of the templates. They are in English whatever language the recipient prefers; another language
/// is another set of files, chosen in [`Templates::render`] by [`Mail::language`].
const LANGUAGE: &str = "en";

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("templates/", $name)))),+]
    };
}

const TEMPLATES: [(&str, &str); 16] = templates![
    "layout.html",
    "layout.txt",
    "confirm_email.html",
    "confirm_email.txt",
    "reset_password.html",
    "reset_password.txt",
    "already_registered.html",
    "already_registered.txt",
    "password_changed.html",
    "password_changed.txt",
    "password_disabled.html",
    "password_disabled.txt",
    "invitation.html",
    "invitation.txt",
    "tenant_closed.html",
    "tenant_closed.txt",
];

/// The templates of all mails, compiled.
pub(super) struct Templates(Environment<'static>);

/// A mail that is ready to be sent.
pub(super) struct Rendered {
    pub(super) subject: &'static str,
    pub(super) text: String,
    pub(super) html: String,
}

impl Templates {
    /// Compiles the templates that are part of the program.
    pub(super) fn compile() -> Result<Self, Error> {
        let mut environment = Environment::new();
        // A misspelt variable is an error and not a gap in somebody's mail.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).build()?);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        Ok(Self(environment))
    }

    /// Writes a mail. In the HTML everything that is not a template's own is escaped.
    pub(super) fn render(&self, mail: &Mail) -> Result<Rendered, Error> {
        let subject = subject(&mail.kind);
        let name = mail.first_name.as_deref().and_then(|name| presentable(name, PersonName::MAX_LENGTH));
        let invitation = match &mail.kind {
            MailKind::Invitation(note) => presented(note),
            MailKind::ConfirmEmail
            | MailKind::ResetPassword
            | MailKind::AlreadyRegistered
            | MailKind::PasswordChanged
            | MailKind::PasswordDisabled
            | MailKind::TenantClosed => Value::UNDEFINED,
        };
        let link = mail.link.expose_secret();
        let text = self.fill(&mail.kind, "txt", context! { subject, name, link, invitation => invitation.clone() })?;
        let link = Value::from_safe_string(escape_attribute(link));
        let html = self.fill(&mail.kind, "html", context! { subject, name, link, invitation, language => LANGUAGE })?;
        Ok(Rendered { subject, text, html })
    }

    fn fill(&self, kind: &MailKind, extension: &str, context: Value) -> Result<String, Error> {
        self.0.get_template(&format!("{}.{extension}", kind.as_str()))?.render(context)
    }
}

const fn subject(kind: &MailKind) -> &'static str {
    match kind {
        MailKind::ConfirmEmail => "Confirm your email address for PurposePath",
        MailKind::ResetPassword => "Choose a new password for PurposePath",
        MailKind::AlreadyRegistered => "You already have a PurposePath account",
        MailKind::PasswordChanged => "Your PurposePath password was changed",
        MailKind::PasswordDisabled => "Your PurposePath password was disabled",
        MailKind::Invitation(_) => "You are invited to join a team on PurposePath",
        MailKind::TenantClosed => "Your PurposePath organisation is closed",
    }
}

/// What an invitation says, less what a stranger should not see in a mail of ours. The message was judged when it
/// was written, but not by the Python service.
fn presented(note: &InvitationNote) -> Value {
    let InvitationNote { inviter, tenant, message } = note;
    let message = message.as_deref().filter(|message| InvitationMessage::parse(message).is_ok());
    context! {
        inviter => presentable(inviter, 2 * PersonName::MAX_LENGTH + 1),
        tenant => presentable(tenant, TenantName::MAX_LENGTH),
        message => message.map(|message| message.lines().map(str::to_owned).collect::<Vec<_>>()),
    }
}

/// The name, unless a mail program would make a link of it: whoever registers somebody else's address, or invites
/// them, chooses the name in our mail to them.
fn presentable(name: &str, longest: usize) -> Option<&str> {
    let dotted = name.split('.').skip(1).any(|rest| rest.starts_with(|first: char| !first.is_whitespace()));
    let suspicious = dotted || name.contains(['/', '\\', '@', ':']) || name.chars().any(char::is_control);
    (!suspicious && !name.trim().is_empty() && name.chars().count() <= longest).then_some(name)
}

/// Escapes what would end an attribute or begin markup. The engine's own escaping would also write every slash
/// as a character reference, which browsers undo and link scanners do not.
fn escape_attribute(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::mailbox::tests::mail;

    const LINK: &str = "https://app.example.com/auth/reset-password?token=0a1b2c3d";

    fn invitation(message: Option<&str>) -> MailKind {
        MailKind::Invitation(InvitationNote {
            inviter: "Anna Lee".to_owned(),
            tenant: "Lee & Partners".to_owned(),
            message: message.map(str::to_owned),
        })
    }

    fn every_kind() -> impl Iterator<Item = MailKind> {
        let invitations = [invitation(None), invitation(Some("Join us!\n\nAnna"))];
        MailKind::PLAIN.into_iter().chain(invitations)
    }

    fn render(mail: &Mail) -> Rendered {
        Templates::compile().unwrap().render(mail).unwrap()
    }

    #[test]
    fn every_kind_of_mail_can_be_written_with_and_without_a_name() {
        for kind in every_kind() {
            for first_name in [None, Some("Anna".to_owned())] {
                let greeting = if first_name.is_some() { "Hello Anna," } else { "Hello," };
                let written = render(&Mail { first_name, ..mail(kind.clone(), LINK) });
                assert!(written.text.starts_with(greeting), "{kind:?}: {}", written.text);
                assert!(written.html.contains(greeting), "{kind:?}");
                assert!(written.subject.is_ascii() && written.subject.len() < 60, "{kind:?}");
                assert!(!written.text.contains("\n\n\n") && !written.text.contains(['{', '<']), "{}", written.text);
            }
        }
    }

    #[test]
    fn the_link_is_in_the_text_once_and_in_the_html_on_the_button_and_to_read() {
        for kind in every_kind() {
            let written = render(&mail(kind.clone(), LINK));
            assert_eq!(written.text.lines().filter(|line| *line == LINK).count(), 1, "{kind:?}");
            assert_eq!(written.html.matches(&format!("href=\"{LINK}\"")).count(), 2, "{kind:?}");
            assert!(written.html.contains(&format!(">{LINK}</a>")), "{kind:?}");
        }
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for kind in every_kind() {
            let html = render(&mail(kind.clone(), LINK)).html.replace(LINK, "");
            for remote in ["http:", "https:", "src=", "url(", "<script", "<link", "@import"] {
                assert!(!html.contains(remote), "{kind:?}: {remote}");
            }
        }
    }

    #[test]
    fn a_hostile_name_is_escaped_in_html() {
        for kind in every_kind() {
            let name = "<img src=x onerror=alert(1)>\" & 'Co'";
            let written = render(&Mail { first_name: Some(name.to_owned()), ..mail(kind.clone(), LINK) });
            assert!(!written.html.contains("<img"), "{kind:?}");
            assert!(written.html.contains("Hello &lt;img src=x onerror=alert(1)&gt;&quot; &amp;"), "{kind:?}");
        }
    }

    #[test]
    fn an_invitation_says_who_invites_where_to_and_what_they_write() {
        let written = render(&mail(invitation(None), LINK));
        assert!(written.text.contains("Anna Lee invites you to join Lee & Partners on PurposePath.\n\nAccept"));

        let written = render(&mail(invitation(Some("Join us!\n\nAnna")), LINK));
        let text = "on PurposePath.\n\nThey write:\n\n> Join us!\n> \n> Anna\n\nAccept the invitation here:\n\n";
        assert!(written.text.contains(text), "{}", written.text);
        assert!(written.html.contains("Anna Lee invites you to join Lee &amp; Partners on PurposePath."));
        assert!(written.html.contains(">Join us!<br><br>Anna</p>"), "{}", written.html);
    }

    #[test]
    fn an_invitation_carries_no_link_but_its_own() {
        let spam = InvitationNote {
            inviter: "Win at evil.example".to_owned(),
            tenant: "evil.example".to_owned(),
            message: Some("look at https://evil.example".to_owned()),
        };
        let written = render(&mail(MailKind::Invitation(spam), LINK));
        assert!(!written.text.contains("evil") && !written.html.contains("evil"), "{}", written.text);
        assert!(written.text.contains("Somebody invites you to join their organisation on PurposePath."));
    }

    #[test]
    fn a_hostile_link_stays_in_its_attribute() {
        let written = render(&mail(MailKind::ConfirmEmail, "https://a.example/?x=\"><script>&y='"));
        assert!(!written.html.contains("<script"));
        assert!(written.html.contains("href=\"https://a.example/?x=&quot;&gt;&lt;script&gt;&amp;y=&#39;\""));
    }

    #[test]
    fn a_name_that_would_become_a_link_is_left_out() {
        for name in ["evil.example", "Win at evil.example now", "a/b", "http:x", "me@evil", "line\nbreak", " "] {
            assert_eq!(presentable(name, 50), None, "{name}");
        }
        for name in ["Anna", "Anna-Maria", "O'Neil", "J. R.", "Jr.", "李", "Anne Marie"] {
            assert_eq!(presentable(name, 50), Some(name), "{name}");
        }
    }
}
