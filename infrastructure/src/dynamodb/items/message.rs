//! The outbox table, which is ours alone: mails, sealed, and events.

use std::borrow::Cow;

use application::ports::{EventEnvelope, InvitationNote, Mail, MailKind, OutboxMessage, OutboxPayload};
use chrono::Duration;
use domain::{DomainEvent, EmailAddress, Language, Timestamp};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{ItemBuilder, Reader, event_data, time};
use crate::crypto::{PayloadSealer, SealError};
use crate::dynamodb::{expression::Item, tables::Table};

/// The one queue that there is. A message that is not in it is not due any more.
pub(in crate::dynamodb) const QUEUE: &str = "pending";

/// How long a message is kept after it was queued or given up: longer than anybody is on holiday.
pub(in crate::dynamodb) const KEPT_FOR: Duration = Duration::days(30);

const MAIL: &str = "mail";
const EVENT: &str = "event";

/// Why a message cannot be delivered, ever. Holds nothing of its content.
#[derive(Debug, thiserror::Error)]
pub(in crate::dynamodb) enum Undeliverable {
    /// It was not sealed by this service, or with a key that is gone.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// It is neither a mail nor an event as this version knows them.
    #[error("the payload is of an unknown shape")]
    Shape,
}

#[derive(Serialize, Deserialize)]
struct StoredMail<'a> {
    to: Cow<'a, str>,
    first_name: Option<Cow<'a, str>>,
    language: Cow<'a, str>,
    kind: Cow<'a, str>,
    link: Cow<'a, str>,
    /// Beside the kind that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invitation: Option<StoredNote<'a>>,
}

#[derive(Serialize, Deserialize)]
struct StoredNote<'a> {
    inviter: Cow<'a, str>,
    tenant: Cow<'a, str>,
    message: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct StoredEvent<'a> {
    name: Cow<'a, str>,
    occurred_at: Cow<'a, str>,
    data: Value,
}

/// A mail as it is queued. All of it is sealed: its link lets whoever reads it into the account.
pub(in crate::dynamodb) fn new_mail(
    id: &str,
    mail: &Mail,
    sealer: &dyn PayloadSealer,
    now: Timestamp,
) -> Result<Item, SealError> {
    let Mail { to, first_name, language, kind, link } = mail;
    let stored = StoredMail {
        to: to.as_str().into(),
        first_name: first_name.as_deref().map(Cow::from),
        language: language.as_str().into(),
        kind: kind.as_str().into(),
        link: link.expose_secret().into(),
        invitation: stored_note(kind),
    };
    let plaintext = Zeroizing::new(serde_json::to_vec(&stored).map_err(|_| SealError::Broken)?);
    Ok(new_message(id, MAIL, &sealer.seal(&plaintext)?, now))
}

/// An event as it is queued.
pub(in crate::dynamodb) fn new_event(id: &str, event: &DomainEvent, now: Timestamp) -> Item {
    let payload = json!({ "name": event.name(), "occurred_at": time::to_text(now), "data": event_data::of(event) });
    new_message(id, EVENT, &payload.to_string(), now)
}

fn new_message(id: &str, kind: &str, payload: &str, now: Timestamp) -> Item {
    ItemBuilder::default()
        .text("message_id", id)
        .text("queue", QUEUE)
        .text("due_at", &time::to_sortable_text(now))
        .number("attempts", &0)
        .text("kind", kind)
        .text("payload", payload)
        .time("created_at", now)
        .ttl(now + KEPT_FOR)
        .build()
}

/// What the queue knows of a message.
pub(in crate::dynamodb) struct Envelope<'a> {
    pub(in crate::dynamodb) id: &'a str,
    pub(in crate::dynamodb) due_at: Timestamp,
    pub(in crate::dynamodb) attempts: u32,
}

/// Reads what the queue knows of a message; `None` when it does not belong into the queue.
pub(in crate::dynamodb) fn read_envelope(item: &Item) -> Option<Envelope<'_>> {
    let row = Reader::new(Table::AccountOutbox, item);
    Some(Envelope {
        id: row.text("message_id").ok()?,
        due_at: row.time("due_at").ok()?,
        attempts: row.number_if("attempts").ok()?.unwrap_or_default(),
    })
}

/// Reads a message.
pub(in crate::dynamodb) fn read(item: &Item, sealer: &dyn PayloadSealer) -> Result<OutboxMessage, Undeliverable> {
    let row = Reader::new(Table::AccountOutbox, item);
    let text = |attribute| row.text(attribute).map_err(|_| Undeliverable::Shape);
    let Envelope { id, due_at, attempts } = read_envelope(item).ok_or(Undeliverable::Shape)?;
    let payload = match text("kind")? {
        MAIL => {
            let plaintext = Zeroizing::new(sealer.open(text("payload")?)?);
            OutboxPayload::Mail(mail(&plaintext).ok_or(Undeliverable::Shape)?)
        }
        EVENT => OutboxPayload::Event(event(id, text("payload")?).ok_or(Undeliverable::Shape)?),
        _ => return Err(Undeliverable::Shape),
    };
    Ok(OutboxMessage { id: id.to_owned(), attempts, due_at, payload })
}

fn stored_note(kind: &MailKind) -> Option<StoredNote<'_>> {
    let MailKind::Invitation(InvitationNote { inviter, tenant, message }) = kind else { return None };
    let message = message.as_deref().map(Cow::from);
    Some(StoredNote { inviter: inviter.into(), tenant: tenant.into(), message })
}

fn kind_of(name: &str, note: Option<StoredNote<'_>>) -> Option<MailKind> {
    let invitation = note.map(|StoredNote { inviter, tenant, message }| {
        let message = message.map(Cow::into_owned);
        MailKind::Invitation(InvitationNote { inviter: inviter.into_owned(), tenant: tenant.into_owned(), message })
    });
    MailKind::PLAIN.into_iter().chain(invitation).find(|kind| kind.as_str() == name)
}

fn mail(plaintext: &[u8]) -> Option<Mail> {
    let StoredMail { to, first_name, language, kind, link, invitation } = serde_json::from_slice(plaintext).ok()?;
    Some(Mail {
        to: EmailAddress::restore(to),
        first_name: first_name.map(Cow::into_owned),
        language: Language::restore(language),
        kind: kind_of(&kind, invitation)?,
        link: link.into_owned().into(),
    })
}

fn event(id: &str, payload: &str) -> Option<EventEnvelope> {
    let StoredEvent { name, occurred_at, data } = serde_json::from_str(payload).ok()?;
    Some(EventEnvelope { id: id.to_owned(), name: name.into_owned(), occurred_at: time::parse(&occurred_at)?, data })
}
