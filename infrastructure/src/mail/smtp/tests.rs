use application::ports::MailKind;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::fixtures::PinnedClock;
use crate::mail::mailbox::tests::mail;

const LINK: &str = "https://app.example.com/auth/confirm-email?token=0a1b2c3d";

fn mailer(url: &str) -> Result<SmtpMailer, SmtpSetupError> {
    let sender = Sender::parse("PurposePath <no-reply@example.com>").unwrap();
    SmtpMailer::new(&url.into(), sender, PinnedClock::new())
}

/// An SMTP server for one connection, which answers `recipient` to `RCPT`. Gives its URL, and at the end all
/// that the client said.
async fn server(recipient: &'static str) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    (url, tokio::spawn(async move { converse(listener.accept().await.unwrap().0, recipient).await }))
}

async fn converse(stream: TcpStream, recipient: &str) -> Vec<String> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    let mut said = Vec::new();
    let mut in_data = false;
    writing.write_all(b"220 test\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match line.split(' ').next().unwrap() {
            "." if in_data => {
                in_data = false;
                "250 taken"
            }
            _ if in_data => "",
            "EHLO" => "250 test",
            "RCPT" => recipient,
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        said.push(line);
        if !answer.is_empty() && writing.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            break;
        }
    }
    said
}

#[tokio::test]
async fn a_mail_has_a_text_and_html_and_is_marked_as_automatic() {
    let (url, server) = server("250 fine").await;
    mailer(&url).unwrap().send("0192-outbox", &mail(MailKind::ConfirmEmail, LINK)).await.unwrap();
    let said = server.await.unwrap();
    for expected in [
        "MAIL FROM:<no-reply@example.com>",
        "RCPT TO:<anna@example.com>",
        "From: PurposePath <no-reply@example.com>",
        "To: anna@example.com",
        "Subject: Confirm your email address for PurposePath",
        "Date: Mon, 01 Feb 2027 12:00:00 +0000",
        "Message-ID: <0192-outbox@example.com>",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
    ] {
        assert!(said.iter().any(|line| line == expected), "{expected} is missing in {said:#?}");
    }
    // Long lines travel folded (RFC 2045 §6.7).
    let content = said.join("\r\n").replace("=\r\n", "").replace("=3D", "=");
    assert!(content.contains(&format!("\r\n{LINK}\r\n")), "{content}");
    assert!(content.contains(&format!("href=\"{LINK}\"")), "{content}");
    let plain = said.iter().position(|line| line.starts_with("Content-Type: text/plain"));
    let html = said.iter().position(|line| line.starts_with("Content-Type: text/html"));
    assert!(plain < html, "a reader shows the last part that it can (RFC 2046 §5.1.4)");
}

/// Rule 24: servers put the address into their answers.
#[tokio::test]
async fn a_refusal_is_told_without_the_address() {
    let (url, _server) = server("550 5.1.1 <anna@example.com> unknown").await;
    let refused = mailer(&url).unwrap().send("1", &mail(MailKind::ConfirmEmail, LINK)).await.unwrap_err();
    assert_eq!(refused.to_string(), "mail was not taken: the SMTP server answered 550");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = mailer(&url).unwrap().send("1", &mail(MailKind::ConfirmEmail, LINK)).await.unwrap_err();
    assert_eq!(error.to_string(), "mail was not taken: the SMTP server cannot be reached");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let error = mailer(&url).unwrap().send("1", &mail(MailKind::ConfirmEmail, LINK)).await.unwrap_err();
    assert!(error.to_string().starts_with("mail was not taken: "), "{error}");
}

/// Without STARTTLS on offer, a mail that must be encrypted is not sent.
#[tokio::test]
async fn required_tls_is_never_left_out() {
    let (url, server) = server("250 fine").await;
    let mailer = mailer(&format!("{url}?tls=required")).unwrap();
    assert!(mailer.send("1", &mail(MailKind::ConfirmEmail, LINK)).await.is_err());
    drop(mailer);
    assert!(!server.await.unwrap().iter().any(|line| line.starts_with("MAIL")));
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_and_not_shown() {
    for url in ["", "mail:25", "https://u:hunter2@mail", "smtp://", "smtp://u:hunter2@mail?tls=maybe"] {
        let error = mailer(url).err().expect("a refusal");
        assert!(matches!(error, SmtpSetupError::Url), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}");
    }
    for url in ["smtp://mail", "smtp://u:p%40ss@mail:2525", "smtp://mail?tls=required", "smtps://u:p@mail"] {
        assert!(mailer(url).is_ok(), "{url}");
    }
}
