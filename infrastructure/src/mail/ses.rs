//! Mail through Amazon SES.

use application::ports::{Mail, MailError, Mailer};
use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};

use super::sender::Sender;
use super::templates::{Rendered, Templates};

/// Sends mail through SES (API v2). SES makes its own `Message-ID` and drops no duplicates, so a delivery whose
/// answer was lost is made twice.
pub struct SesMailer {
    client: Client,
    sender: Sender,
    templates: Templates,
}

impl SesMailer {
    /// Mail from this sender, whose address or domain SES must have verified.
    ///
    /// # Errors
    ///
    /// When a template is broken.
    pub fn new(client: Client, sender: Sender) -> Result<Self, minijinja::Error> {
        Ok(Self { client, sender, templates: Templates::compile()? })
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, _id: &str, mail: &Mail) -> Result<(), MailError> {
        let rendered = self.templates.render(mail).map_err(|error| MailError(error.to_string()))?;
        let message = message(rendered).map_err(|error| MailError(error.to_string()))?;
        self.client
            .send_email()
            .from_email_address(self.sender.encoded())
            .destination(Destination::builder().to_addresses(mail.to.as_str()).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map(drop)
            .map_err(|error| MailError(reason(&error)))
    }
}

fn message(mail: Rendered) -> Result<Message, BuildError> {
    let content = |text: String| Content::builder().data(text).charset("UTF-8").build();
    let body = Body::builder().text(content(mail.text)?).html(content(mail.html)?).build();
    // RFC 3834: keeps out-of-office programs from answering.
    let automatic = MessageHeader::builder().name("Auto-Submitted").value("auto-generated").build()?;
    Ok(Message::builder().subject(content(mail.subject.to_owned())?).body(body).headers(automatic).build())
}

/// What SES calls the error; its message may hold the address.
fn reason(error: &SdkError<SendEmailError>) -> String {
    match error {
        SdkError::ServiceError(_) => format!("SES answered {}", error.code().unwrap_or("with an unknown error")),
        _ => format!("SES: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use application::ports::MailKind;
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::{AwsAnswer, aws_config};
    use crate::mail::mailbox::tests::mail;

    const LINK: &str = "https://app.example.com/auth/confirm-email?token=0a1b2c3d";

    /// Sends a mail and says what SES was asked and what came of it.
    async fn send(answer: AwsAnswer) -> (Value, Result<(), MailError>) {
        let asked = Arc::new(Mutex::new(Value::Null));
        let config = aws_config({
            let asked = Arc::clone(&asked);
            move |request| {
                *asked.lock().unwrap() = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
                answer
            }
        });
        let sender = Sender::parse("PurposePath <no-reply@example.com>").unwrap();
        let mailer = SesMailer::new(Client::new(&config), sender).unwrap();
        let sent = mailer.send("1", &mail(MailKind::ConfirmEmail, LINK)).await;
        let asked = asked.lock().unwrap().take();
        (asked, sent)
    }

    #[tokio::test]
    async fn a_mail_has_a_text_and_html_and_is_marked_as_automatic() {
        let (asked, sent) = send(AwsAnswer { status: 200, body: r#"{"MessageId":"1"}"# }).await;
        sent.unwrap();
        assert_eq!(asked["FromEmailAddress"], "PurposePath <no-reply@example.com>");
        assert_eq!(asked["Destination"], json!({"ToAddresses": ["anna@example.com"]}));
        let message = &asked["Content"]["Simple"];
        assert_eq!(message["Subject"]["Data"], "Confirm your email address for PurposePath");
        assert!(message["Body"]["Text"]["Data"].as_str().unwrap().contains(LINK));
        assert!(message["Body"]["Html"]["Data"].as_str().unwrap().contains(LINK));
        assert_eq!(message["Headers"], json!([{"Name": "Auto-Submitted", "Value": "auto-generated"}]));
    }

    /// Rule 24.
    #[tokio::test]
    async fn a_refusal_is_told_without_the_address() {
        let body = r#"{"__type":"MessageRejected","message":"Email address is not verified: anna@example.com"}"#;
        let (_, sent) = send(AwsAnswer { status: 400, body }).await;
        assert_eq!(sent.unwrap_err().to_string(), "mail was not taken: SES answered MessageRejected");
    }
}
