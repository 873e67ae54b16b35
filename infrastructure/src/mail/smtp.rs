//! Mail through an SMTP server.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use application::ports::{Clock, Mail, MailError, Mailer};
use async_trait::async_trait;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::sender::Sender;
use super::templates::Templates;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a whole delivery may take: well within the minute for which the relay has reserved the mail.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(25);

/// Why mail cannot be sent through the given server. Holds nothing of its URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum SmtpSetupError {
    /// The URL.
    #[error(
        "must be smtp://host:port or smtps://host:port, with user:password@ before the host if they are needed; ?tls=required after smtp:// asks for STARTTLS"
    )]
    Url,
    /// The certificates that this machine trusts.
    #[error("the machine's trusted certificates cannot be read")]
    Tls,
    /// A template.
    #[error("a mail template is broken: {0}")]
    Templates(#[from] minijinja::Error),
}

/// Sends mail through an SMTP server, over a connection per mail: there are few, and a kept connection is mostly
/// one that the server has closed.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Sender,
    clock: Arc<dyn Clock>,
    templates: Templates,
}

impl SmtpMailer {
    /// Mail from this sender through the server of `url`: `smtps://` is TLS from the start, `smtp://` with
    /// `?tls=required` is STARTTLS, and `smtp://` alone is not encrypted. User and password are
    /// percent-encoded.
    ///
    /// # Errors
    ///
    /// [`SmtpSetupError`] says what is wrong.
    pub fn new(url: &SecretString, sender: Sender, clock: Arc<dyn Clock>) -> Result<Self, SmtpSetupError> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
            .map_err(|error| if error.is_tls() { SmtpSetupError::Tls } else { SmtpSetupError::Url })?;
        let transport = builder.timeout(Some(CONNECT_TIMEOUT)).build();
        Ok(Self { transport, sender, clock, templates: Templates::compile()? })
    }

    fn message(&self, id: &str, mail: &Mail) -> Result<Message, MailError> {
        let rendered = self.templates.render(mail).map_err(|error| MailError(error.to_string()))?;
        let address: Address =
            mail.to.as_str().parse().map_err(|_| MailError("the address cannot be mailed to".to_owned()))?;
        // RFC 3834: keeps out-of-office programs from answering.
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        Message::builder()
            .from(self.sender.mailbox().clone())
            .to(Mailbox::new(None, address))
            .subject(rendered.subject)
            .date(SystemTime::from(self.clock.now()))
            // The same over retries, so that a mailbox can drop duplicates.
            .message_id(Some(format!("<{id}@{}>", self.sender.domain())))
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(rendered.text, rendered.html))
            .map_err(|_| MailError("the message cannot be written".to_owned()))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, id: &str, mail: &Mail) -> Result<(), MailError> {
        let message = self.message(id, mail)?;
        match timeout(DELIVERY_TIMEOUT, self.transport.send(message)).await {
            Ok(answer) => answer.map(drop).map_err(|error| MailError(reason(&error))),
            Err(_) => Err(MailError("the SMTP server did not answer in time".to_owned())),
        }
    }
}

/// What kind of error it is; what the server says about it may hold the address.
fn reason(error: &smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the SMTP server answered {code}"),
        None if error.is_timeout() => "the SMTP server did not answer in time".to_owned(),
        None if error.is_tls() => "the SMTP server's TLS cannot be used".to_owned(),
        None if error.is_response() => "the SMTP server's answer cannot be understood".to_owned(),
        None if error.is_client() => "the mail is not one that the SMTP server takes".to_owned(),
        None => "the SMTP server cannot be reached".to_owned(),
    }
}

#[cfg(test)]
mod tests;
