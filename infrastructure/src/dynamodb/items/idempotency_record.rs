//! The idempotency table, which is ours alone.

use application::{idempotency::IdempotencyRecord, ports::StoreError};
use domain::TokenHash;

use super::{ItemBuilder, Reader, time};
use crate::dynamodb::{expression::Item, tables::Table};

/// A first answer under its key.
pub(in crate::dynamodb) fn to_item(record: &IdempotencyRecord) -> Item {
    let IdempotencyRecord { id, fingerprint, answer, expires_at } = record;
    ItemBuilder::default()
        .text("key_hash", id.as_str())
        .text("fingerprint", fingerprint.as_str())
        .text("answer", answer)
        // Compared as text when the key is used again.
        .text("expires_at", &time::to_sortable_text(*expires_at))
        .ttl(*expires_at)
        .build()
}

/// Reads a first answer.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<IdempotencyRecord, StoreError> {
    let row = Reader::new(Table::AccountIdempotency, item);
    Ok(IdempotencyRecord {
        id: TokenHash::restore(row.text("key_hash")?),
        fingerprint: TokenHash::restore(row.text("fingerprint")?),
        answer: row.text("answer")?.to_owned(),
        expires_at: row.time("expires_at")?,
    })
}
