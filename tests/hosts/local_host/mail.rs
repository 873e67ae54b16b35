//! Where the mail goes.

use serde_json::json;

use crate::{local::LocalHost, smtp::MailServer};

#[tokio::test]
async fn the_mailbox_lists_caught_mail_newest_first() {
    let data = tempfile::tempdir().unwrap();
    let host = LocalHost::start(data.path(), &[("FRONTEND_BASE_URL", "https://app.example.com")]);
    for email in ["first@example.com", "second@example.com"] {
        assert_eq!(host.api.register(email).await.unwrap().status, 200);
        // The list holds what was ordered before it was asked for, so the two mails cannot change places.
        let newest = host.api.mailbox().await.unwrap().body[0].clone();
        assert_eq!(newest["to"], email);
    }
    let mailbox = host.api.mailbox().await.unwrap();
    let mails = mailbox.body.as_array().unwrap();
    assert_eq!(mails.len(), 2);
    for mail in mails {
        let keys: Vec<_> = mail.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["html", "links", "sent_at", "subject", "text", "to"]);
        let link = mail["links"][0].as_str().unwrap();
        assert!(link.starts_with("https://app.example.com/") && link.contains("token="), "{link}");
        assert!(mail["text"].as_str().unwrap().contains(link));
        assert!(mail["sent_at"].as_str().unwrap().ends_with('Z'), "{mail}");
    }
    assert_eq!(mails[1]["to"], "first@example.com");
}

#[tokio::test]
async fn the_mailbox_is_a_page_for_people() {
    let data = tempfile::tempdir().unwrap();
    let host = LocalHost::start(data.path(), &[]);
    let page = reqwest::get(format!("{}/dev/mailbox", host.api.url)).await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(page.text().await.unwrap().contains("<title>Mailbox"));
}

#[tokio::test]
async fn where_mail_is_sent_there_is_no_mailbox() {
    let server = MailServer::start();
    let data = tempfile::tempdir().unwrap();
    let settings = [("MAIL_TRANSPORT", "smtp"), ("SMTP_URL", &server.url())];
    let host = LocalHost::start(data.path(), &settings);
    let missing = host.api.mailbox().await.unwrap();
    assert_eq!((missing.status.as_u16(), &missing.body["code"]), (404, &json!("NOT_FOUND")));

    assert_eq!(host.api.register("ada@example.com").await.unwrap().status, 200);
    let mail = server.receive();
    assert_eq!(mail.to, "ada@example.com");
    let confirmed = host.api.post("/api/v1/auth/confirm-email", &json!({ "token": mail.token() })).await.unwrap();
    assert_eq!(confirmed.status, 200);
}
