//! A mailbox in memory: where a local service's mail goes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use application::ports::{Clock, Mail, MailError, Mailer};
use async_trait::async_trait;
use domain::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::templates::Templates;

/// How many mails are kept; older ones are dropped.
const CAPACITY: usize = 500;

/// A mail that was caught.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaughtMail {
    /// To whom it would have gone.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same in HTML.
    pub html: String,
    /// The links in it, for scripts to follow.
    pub links: Vec<String>,
    /// When it was caught.
    pub sent_at: Timestamp,
}

/// Catches mail instead of sending it.
pub struct Mailbox {
    templates: Templates,
    clock: Arc<dyn Clock>,
    caught: Mutex<VecDeque<(String, CaughtMail)>>,
}

impl Mailbox {
    /// An empty mailbox.
    ///
    /// # Errors
    ///
    /// When a template is broken.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, minijinja::Error> {
        Ok(Self { templates: Templates::compile()?, clock, caught: Mutex::default() })
    }

    /// What was caught, newest first; at most 500 mails.
    #[must_use]
    pub fn messages(&self) -> Vec<CaughtMail> {
        self.caught().iter().map(|(_, mail)| mail.clone()).collect()
    }

    fn caught(&self) -> MutexGuard<'_, VecDeque<(String, CaughtMail)>> {
        // Whoever panicked with the lock left a whole list: it is changed by single calls only.
        self.caught.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, id: &str, mail: &Mail) -> Result<(), MailError> {
        let rendered = self.templates.render(mail).map_err(|error| MailError(error.to_string()))?;
        let message = CaughtMail {
            to: mail.to.as_str().to_owned(),
            subject: rendered.subject.to_owned(),
            text: rendered.text,
            html: rendered.html,
            links: vec![mail.link.expose_secret().to_owned()],
            sent_at: self.clock.now(),
        };
        let mut caught = self.caught();
        if caught.iter().all(|(known, _)| known != id) {
            caught.push_front((id.to_owned(), message));
            caught.truncate(CAPACITY);
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use application::ports::MailKind;
    use chrono::TimeDelta;
    use domain::{EmailAddress, Language};
    use serde_json::json;

    use super::*;
    use crate::fixtures::PinnedClock;

    /// A mail of this kind to Anna.
    pub(in crate::mail) fn mail(kind: MailKind, link: &str) -> Mail {
        Mail {
            to: EmailAddress::restore("anna@example.com"),
            first_name: Some("Anna".to_owned()),
            language: Language::default(),
            kind,
            link: link.into(),
        }
    }

    #[tokio::test]
    async fn mail_is_caught_newest_first() {
        let clock = PinnedClock::new();
        let mailbox = Mailbox::new(clock.clone()).unwrap();
        mailbox.send("1", &mail(MailKind::ConfirmEmail, "https://a.example/1")).await.unwrap();
        clock.advance(TimeDelta::seconds(1));
        mailbox.send("2", &mail(MailKind::ResetPassword, "https://a.example/2")).await.unwrap();

        let caught = serde_json::to_value(mailbox.messages()).unwrap();
        assert_eq!(caught[0]["links"], json!(["https://a.example/2"]));
        assert_eq!(caught[1]["links"], json!(["https://a.example/1"]));
        let newest = caught[0].as_object().unwrap();
        let mut members: Vec<_> = newest.keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["html", "links", "sent_at", "subject", "text", "to"]);
        assert_eq!(newest["to"], "anna@example.com");
        assert_eq!(newest["sent_at"], "2027-02-01T12:00:01Z");
        assert!(newest["text"].as_str().unwrap().contains("https://a.example/2"));
    }

    #[tokio::test]
    async fn a_retry_is_not_a_second_mail() {
        let mailbox = Mailbox::new(PinnedClock::new()).unwrap();
        for _ in 0..2 {
            mailbox.send("1", &mail(MailKind::ConfirmEmail, "https://a.example/")).await.unwrap();
        }
        assert_eq!(mailbox.messages().len(), 1);
    }

    #[tokio::test]
    async fn the_oldest_mail_makes_room() {
        let mailbox = Mailbox::new(PinnedClock::new()).unwrap();
        for number in 0..=CAPACITY {
            let link = format!("https://a.example/{number}");
            mailbox.send(&number.to_string(), &mail(MailKind::ConfirmEmail, &link)).await.unwrap();
        }
        let caught = mailbox.messages();
        assert_eq!(caught.len(), CAPACITY);
        assert_eq!(caught[CAPACITY - 1].links, ["https://a.example/1"]);
    }
}
