//! The outbox table, which is ours alone: mails, sealed, and events, both in streams, and beside them what was given
//! up.

use std::borrow::Cow;

use application::ports::{
    ClosedTenant, DeadLetter, EventEnvelope, InvitationNote, Mail, MailKind, OutboxPayload, ProviderEvent, StoreError,
    Stream,
};
use chrono::Duration;
use domain::{DomainEvent, EmailAddress, Language, TenantId, Timestamp, UserId, subscription::ProviderSubscriptionId};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{ItemBuilder, Reader, event_data, time};
use crate::crypto::{PayloadSealer, SealError};
use crate::dynamodb::{
    expression::{Item, number, text},
    tables::Table,
};

/// The queue of what waits.
pub(in crate::dynamodb) const WAITING: &str = "pending";
/// The queue of what was given up, by when.
pub(in crate::dynamodb) const DEAD: &str = "dead";

/// How long a dead letter is kept: longer than anybody is on holiday. What waits is kept for ever.
const KEPT_FOR: Duration = Duration::days(30);

const MAIL: &str = "mail";
const EVENT: &str = "event";
const PROVIDER_EVENT: &str = "provider_event";
const CLOSED_TENANT: &str = "closed_tenant";

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
    version: u32,
    occurred_at: Cow<'a, str>,
    sequence: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant_id: Option<Cow<'a, str>>,
    actor_id: Option<Cow<'a, str>>,
    data: Value,
}

#[derive(Serialize, Deserialize)]
struct StoredProviderEvent<'a> {
    id: Cow<'a, str>,
    kind: Cow<'a, str>,
    occurred_at: Cow<'a, str>,
    subscription_id: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct StoredClosedTenant<'a> {
    tenant_id: Cow<'a, str>,
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
    let payload = sealer.seal(&plaintext)?;
    Ok(new_message(id, &Stream::of_mail(id), id, MAIL, now).text("payload", &payload).build())
}

/// An event as it is queued: the `ordinal`th of its commit, which `by` made.
pub(in crate::dynamodb) fn new_event(
    id: &str,
    event: &DomainEvent,
    ordinal: usize,
    by: Option<&UserId>,
    now: Timestamp,
) -> Result<Item, StoreError> {
    let sequence = format!("{:020}.{ordinal:03}", event.version().get());
    let stored = StoredEvent {
        name: event.name().into(),
        version: event_data::VERSION,
        occurred_at: time::to_text(now).into(),
        sequence: sequence.as_str().into(),
        tenant_id: event.tenant_id().map(|tenant_id| tenant_id.as_str().into()),
        actor_id: by.map(|user_id| user_id.as_str().into()),
        data: event_data::of(event),
    };
    let payload = serde_json::to_string(&stored).map_err(|error| StoreError::Refused(Box::new(error)))?;
    // The sequence alone would do, if versions never started again. They do in a row that a Python service replaced,
    // and even then no event may take the place of another.
    let position = format!("{sequence}.{id}");
    let message = new_message(id, &Stream::of(event.aggregate()), &position, EVENT, now);
    Ok(message.text("event", event.name()).text("payload", &payload).build())
}

/// An event of the billing provider as it is queued, to be looked at again.
pub(in crate::dynamodb) fn new_provider_event(
    id: &str,
    event: &ProviderEvent,
    now: Timestamp,
) -> Result<Item, StoreError> {
    let ProviderEvent { id: event_id, kind, occurred_at, subscription_id } = event;
    let stored = StoredProviderEvent {
        id: event_id.into(),
        kind: kind.into(),
        occurred_at: time::to_text(*occurred_at).into(),
        subscription_id: subscription_id.as_ref().map(|id| id.as_str().into()),
    };
    let payload = serde_json::to_string(&stored).map_err(|error| StoreError::Refused(Box::new(error)))?;
    let position = format!("{}.{event_id}", time::to_sortable_text(*occurred_at));
    let message = new_message(id, &Stream::of_provider_event(event), &position, PROVIDER_EVENT, now);
    Ok(message.text("event", kind).text("payload", &payload).build())
}

/// A closed tenant as it is queued, for its subscription not to renew.
pub(in crate::dynamodb) fn new_closed_tenant(
    id: &str,
    closed: &ClosedTenant,
    now: Timestamp,
) -> Result<Item, StoreError> {
    let stored = StoredClosedTenant { tenant_id: closed.tenant_id.as_str().into() };
    let payload = serde_json::to_string(&stored).map_err(|error| StoreError::Refused(Box::new(error)))?;
    let position = format!("{}.{id}", time::to_sortable_text(now));
    let message = new_message(id, &Stream::of_closed_tenant(closed), &position, CLOSED_TENANT, now);
    Ok(message.text("event", CLOSED_TENANT).text("payload", &payload).build())
}

fn new_message(id: &str, stream: &Stream, position: &str, kind: &str, now: Timestamp) -> ItemBuilder {
    ItemBuilder::default()
        .text("stream", stream.as_str())
        .text("position", position)
        .text("message_id", id)
        .text("queue", WAITING)
        .text("due_at", &time::to_sortable_text(now))
        .number("attempts", &0)
        .text("kind", kind)
        .time("created_at", now)
}

/// Where a message stands.
pub(in crate::dynamodb) struct Envelope<'a> {
    pub(in crate::dynamodb) id: &'a str,
    pub(in crate::dynamodb) position: &'a str,
    pub(in crate::dynamodb) attempts: u32,
    pub(in crate::dynamodb) queued_at: Timestamp,
    pub(in crate::dynamodb) due_at: Timestamp,
    /// Until when it is reserved or postponed.
    pub(in crate::dynamodb) held_until: Option<Timestamp>,
}

/// Reads where a message stands.
pub(in crate::dynamodb) fn read_envelope(item: &Item) -> Result<Envelope<'_>, StoreError> {
    let row = Reader::new(Table::AccountOutbox, item);
    Ok(Envelope {
        id: row.text("message_id")?,
        position: row.text("position")?,
        attempts: row.number_if("attempts")?.unwrap_or_default(),
        queued_at: row.time("created_at")?,
        due_at: row.time("due_at")?,
        held_until: row.time_if("held_until")?,
    })
}

/// Whether an item is a message that waits.
pub(in crate::dynamodb) fn is_waiting(item: &Item) -> bool {
    item.get("queue") == Some(&text(WAITING))
}

/// Reads which stream a message is in.
pub(in crate::dynamodb) fn read_stream(item: &Item) -> Result<Stream, StoreError> {
    Reader::new(Table::AccountOutbox, item).text("stream").map(Stream::restore)
}

/// Reads what to deliver.
pub(in crate::dynamodb) fn read_payload(
    item: &Item,
    sealer: &dyn PayloadSealer,
) -> Result<OutboxPayload, Undeliverable> {
    let row = Reader::new(Table::AccountOutbox, item);
    let text = |attribute| row.text(attribute).map_err(|_| Undeliverable::Shape);
    match text("kind")? {
        MAIL => mail(&Zeroizing::new(sealer.open(text("payload")?)?)).map(OutboxPayload::Mail),
        EVENT => event(text("message_id")?, text("stream")?, text("payload")?).map(OutboxPayload::Event),
        PROVIDER_EVENT => provider_event(text("payload")?).map(OutboxPayload::ProviderEvent),
        CLOSED_TENANT => closed_tenant(text("payload")?).map(OutboxPayload::ClosedTenant),
        _ => None,
    }
    .ok_or(Undeliverable::Shape)
}

/// Reads what can be read of a message without the keys that opened it: a mail is sealed.
pub(in crate::dynamodb) fn check(item: &Item) -> Result<(), StoreError> {
    let row = Reader::new(Table::AccountOutbox, item);
    read_envelope(item)?;
    if is_waiting(item) {
        read_stream(item)?;
    } else {
        read_dead_letter(item)?;
    }
    let payload = row.text("payload")?;
    match row.text("kind")? {
        MAIL => Ok(()),
        EVENT if event(row.text("message_id")?, row.text("stream")?, payload).is_some() => Ok(()),
        PROVIDER_EVENT if provider_event(payload).is_some() => Ok(()),
        CLOSED_TENANT if closed_tenant(payload).is_some() => Ok(()),
        EVENT | PROVIDER_EVENT => Err(row.unreadable("payload", "is not an event")),
        CLOSED_TENANT => Err(row.unreadable("payload", "is not a tenant")),
        _ => Err(row.unreadable("kind", "is not one of its known values")),
    }
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

fn provider_event(payload: &str) -> Option<ProviderEvent> {
    let StoredProviderEvent { id, kind, occurred_at, subscription_id } = serde_json::from_str(payload).ok()?;
    Some(ProviderEvent {
        id: id.into_owned(),
        kind: kind.into_owned(),
        occurred_at: time::parse(&occurred_at)?,
        subscription_id: subscription_id.map(ProviderSubscriptionId::restore),
    })
}

fn closed_tenant(payload: &str) -> Option<ClosedTenant> {
    let StoredClosedTenant { tenant_id } = serde_json::from_str(payload).ok()?;
    Some(ClosedTenant { tenant_id: TenantId::restore(tenant_id) })
}

fn event(id: &str, stream: &str, payload: &str) -> Option<EventEnvelope> {
    let StoredEvent { name, version, occurred_at, sequence, tenant_id, actor_id, data } =
        serde_json::from_str(payload).ok()?;
    Some(EventEnvelope {
        id: id.to_owned(),
        name: name.into_owned(),
        version,
        occurred_at: time::parse(&occurred_at)?,
        stream: Stream::restore(stream),
        sequence: sequence.into_owned(),
        tenant_id: tenant_id.map(TenantId::restore),
        actor_id: actor_id.map(UserId::restore),
        data,
    })
}

/// The partition of the dead letter with this id. It is no stream: nothing is delivered from it.
pub(in crate::dynamodb) fn grave(id: &str) -> String {
    format!("{DEAD}#{id}")
}

/// A message as it is kept when it is given up.
pub(in crate::dynamodb) fn bury(id: &str, stream: &Stream, mut item: Item, reason: &str, now: Timestamp) -> Item {
    item.remove("held_until");
    item.extend([
        ("stream".to_owned(), text(grave(id))),
        ("origin".to_owned(), text(stream.as_str())),
        ("queue".to_owned(), text(DEAD)),
        ("due_at".to_owned(), text(time::to_sortable_text(now))),
        ("reason".to_owned(), text(reason)),
        ("ttl".to_owned(), number(&(now + KEPT_FOR).timestamp())),
    ]);
    item
}

/// A dead letter as it waits again.
pub(in crate::dynamodb) fn revive(mut item: Item, now: Timestamp) -> Result<Item, StoreError> {
    let origin = Reader::new(Table::AccountOutbox, &item).text("origin")?.to_owned();
    item.retain(|attribute, _| !["origin", "reason", "ttl"].contains(&attribute.as_str()));
    item.extend([
        ("stream".to_owned(), text(origin)),
        ("queue".to_owned(), text(WAITING)),
        ("due_at".to_owned(), text(time::to_sortable_text(now))),
        ("attempts".to_owned(), number(&0)),
    ]);
    Ok(item)
}

/// Reads a dead letter.
pub(in crate::dynamodb) fn read_dead_letter(item: &Item) -> Result<DeadLetter, StoreError> {
    let row = Reader::new(Table::AccountOutbox, item);
    Ok(DeadLetter {
        id: row.text("message_id")?.to_owned(),
        stream: Stream::restore(row.text("origin")?),
        what: row.text_if("event")?.unwrap_or(MAIL).to_owned(),
        attempts: row.number_if("attempts")?.unwrap_or_default(),
        reason: row.text_if("reason")?.unwrap_or_default().to_owned(),
        queued_at: row.time("created_at")?,
        buried_at: row.time("due_at")?,
    })
}
