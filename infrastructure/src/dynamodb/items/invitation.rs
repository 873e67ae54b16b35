//! The invitations table, shared with the Python services.

use application::ports::StoreError;
use domain::{
    EmailAddress, Invitation, InvitationId, Role, TenantId, TokenHash, UserId,
    invitation::{InvitationMessage, InvitationSnapshot, InvitationState, InvitationStatus, OpenFor},
};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// What a hash begins with in the attribute in which the Python services keep tokens as they are. It is none that
/// theirs could begin with, and when they send an invitation of ours again, theirs takes its place.
pub(in crate::dynamodb) const HASHED: &str = "sha256:";

/// The invitation as an item, but for the version, which the write decides.
pub(in crate::dynamodb) fn to_item(invitation: &InvitationSnapshot) -> Item {
    let InvitationSnapshot {
        id,
        tenant_id,
        email,
        role,
        invited_by,
        message,
        state,
        token,
        open_for,
        expires_at,
        email_sent_at,
        reminders_sent,
        created_at,
        updated_at,
        version: _,
    } = invitation;
    let item = ItemBuilder::default()
        .text("invitation_id", id.as_str())
        .text("tenant_id", tenant_id.as_str())
        .text("email", email.as_str())
        .text("role", role.as_str())
        .text_if("invited_by_user_id", invited_by.as_ref().map(UserId::as_str))
        .text_if("message", message.as_ref().map(InvitationMessage::as_str))
        .text("status", stored_status(state).as_str())
        .text_if("token", token.as_ref().map(|hash| format!("{HASHED}{}", hash.as_str())).as_deref())
        .number("open_for_days", &open_for.days())
        .time("expires_at", *expires_at)
        .time_if("email_sent_at", *email_sent_at)
        .number("reminders_sent", reminders_sent)
        .time("created_at", *created_at)
        .time("updated_at", *updated_at);
    match state {
        InvitationState::Accepted { by, at } => {
            item.text_if("accepted_user_id", by.as_ref().map(UserId::as_str)).time("accepted_at", *at)
        }
        InvitationState::Pending | InvitationState::Expired | InvitationState::Cancelled => item,
    }
    .build()
}

/// The item of an invitation that is not stored yet.
pub(in crate::dynamodb) fn to_new_item(invitation: &InvitationSnapshot) -> Item {
    let mut item = to_item(invitation);
    item.extend(ItemBuilder::default().version_after(invitation.version).build());
    item
}

/// The status in the row, which says nothing of the time.
pub(in crate::dynamodb) const fn stored_status(state: &InvitationState) -> InvitationStatus {
    match state {
        InvitationState::Pending => InvitationStatus::Pending,
        InvitationState::Accepted { .. } => InvitationStatus::Accepted,
        InvitationState::Expired => InvitationStatus::Expired,
        InvitationState::Cancelled => InvitationStatus::Cancelled,
    }
}

/// Reads an invitation.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<Invitation, StoreError> {
    let row = Reader::new(Table::Invitations, item);
    let (created_at, updated_at) = row.created_and_updated()?;
    let open_for = row.number_if("open_for_days")?.and_then(|days| OpenFor::from_days(days).ok());
    let open_for = open_for.unwrap_or(OpenFor::DEFAULT);
    let state = match row.choice_if("status", InvitationStatus::from_name)? {
        None | Some(InvitationStatus::Pending) => InvitationState::Pending,
        Some(InvitationStatus::Accepted) => InvitationState::Accepted {
            by: row.text_if("accepted_user_id")?.map(UserId::restore),
            at: row.time_if("accepted_at")?.unwrap_or(updated_at),
        },
        Some(InvitationStatus::Expired) => InvitationState::Expired,
        Some(InvitationStatus::Cancelled) => InvitationState::Cancelled,
    };
    Ok(Invitation::restore(InvitationSnapshot {
        id: InvitationId::restore(row.text("invitation_id")?),
        tenant_id: TenantId::restore(row.text("tenant_id")?),
        email: EmailAddress::restore(row.text("email")?.to_lowercase()),
        // A row that says nothing gives no rights beyond reading.
        role: row.choice_if("role", Role::from_name)?.unwrap_or(Role::Viewer),
        invited_by: row.text_if("invited_by_user_id")?.map(UserId::restore),
        message: row.text_if("message")?.map(InvitationMessage::restore),
        state,
        token: row.text_if("token")?.map(hash_of),
        open_for,
        expires_at: row.time_if("expires_at")?.unwrap_or(created_at + open_for.duration()),
        email_sent_at: row.time_if("email_sent_at")?,
        reminders_sent: row.number_if("reminders_sent")?.unwrap_or_default(),
        created_at,
        updated_at,
        version: row.version()?,
    }))
}

/// The token and the id of a row that holds a token as it is.
pub(in crate::dynamodb) fn read_clear_token(item: &Item) -> Option<(TokenHash, InvitationId)> {
    let row = Reader::new(Table::Invitations, item);
    let token = row.text_if("token").ok()??;
    Some((TokenHash::of(token), InvitationId::restore(row.text("invitation_id").ok()?)))
}

/// The hash of the token in a row: as this service keeps it, or of what the Python services keep.
fn hash_of(stored: &str) -> TokenHash {
    stored.strip_prefix(HASHED).map_or_else(|| TokenHash::of(stored), TokenHash::restore)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::expression::text;

    fn row(token: &str) -> Item {
        [("invitation_id", "inv_1"), ("tenant_id", "t1"), ("email", "Ben@Example.com"), ("token", token)]
            .map(|(name, value)| (name.to_owned(), text(value)))
            .into()
    }

    #[test]
    fn a_token_as_it_is_and_its_hash_are_the_same_token() {
        let clear = read(&row("s3cr3t")).unwrap();
        assert!(clear.recognises(&TokenHash::of("s3cr3t")));
        let rewritten = to_item(clear.snapshot());
        assert!(!format!("{rewritten:?}").contains("s3cr3t"));
        assert!(read(&rewritten).unwrap().recognises(&TokenHash::of("s3cr3t")));
    }

    #[test]
    fn a_hash_is_not_taken_for_a_token() {
        let stored = row(&format!("{HASHED}{}", TokenHash::of("s3cr3t").as_str()));
        let presented = stored["token"].as_s().unwrap();
        assert!(!read(&stored).unwrap().recognises(&TokenHash::of(presented)));
        assert!(!read(&stored).unwrap().recognises(&TokenHash::of(TokenHash::of("s3cr3t").as_str())));
    }

    #[test]
    fn a_row_that_says_little_gives_little() {
        let invitation = read(&row("")).unwrap();
        let state = invitation.snapshot();
        assert_eq!((state.role, state.email.as_str()), (Role::Viewer, "ben@example.com"));
        assert_eq!((&state.state, state.open_for), (&InvitationState::Pending, OpenFor::DEFAULT));
        assert!(state.token.is_none() && !invitation.recognises(&TokenHash::of("")));
    }
}
