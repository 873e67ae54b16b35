//! Tokens of the Python service, which name no invitation and are the key of nothing.

use std::collections::HashMap;

use application::ports::StoreError;
use chrono::Duration;
use domain::{InvitationId, Timestamp, TokenHash, invitation::InvitationStatus};
use tokio::sync::Mutex;

use crate::dynamodb::{
    DynamoStore,
    errors::store_error,
    expression::{Changes, Condition, Parts, text},
    items::invitation,
    tables::Table,
};

/// How long what was read is good for saying that a token is unknown. The table is read through at most this often,
/// however many wrong tokens somebody tries.
const GOOD_FOR: Duration = Duration::minutes(1);

/// Which invitation a token of the Python service belongs to. See `docs/adr/0012-tokens-of-invitations.md`.
#[derive(Debug, Default)]
pub(super) struct LegacyTokens(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    invitations: HashMap<TokenHash, InvitationId>,
    read_at: Timestamp,
}

impl LegacyTokens {
    /// The invitation with this token. Whether it still has it, its row says.
    pub(super) async fn find(
        &self,
        store: &DynamoStore,
        token: &TokenHash,
    ) -> Result<Option<InvitationId>, StoreError> {
        let now = store.clock.now();
        // Whoever comes while the table is read waits, and finds what was read.
        let mut known = self.0.lock().await;
        if let Some(known) = known.as_ref() {
            let found = known.invitations.get(token);
            if found.is_some() || now < known.read_at + GOOD_FOR {
                return Ok(found.cloned());
            }
        }
        let invitations = read(store).await?;
        let found = invitations.get(token).cloned();
        *known = Some(Known { invitations, read_at: now });
        Ok(found)
    }
}

/// Reads the table through for open invitations with a token as it is.
async fn read(store: &DynamoStore) -> Result<HashMap<TokenHash, InvitationId>, StoreError> {
    let condition = Condition::new("attribute_exists(#token)")
        .and("NOT begins_with(#token, :hashed)")
        .with("hashed", text(invitation::HASHED))
        .and("attribute_not_exists(#status) OR #status = :open")
        .with("open", text(InvitationStatus::Pending.as_str()));
    let Parts { condition, names, values, .. } = Parts::new(Changes::default(), condition);
    let scan = store
        .client
        .scan()
        .table_name(store.name(Table::Invitations))
        .set_filter_expression(condition)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(values);
    let (mut invitations, mut start) = (HashMap::new(), None);
    loop {
        let page = scan.clone().set_exclusive_start_key(start).send().await.map_err(store_error)?;
        invitations.extend(page.items().iter().filter_map(invitation::read_clear_token));
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(invitations);
        }
    }
}
