//! The table of outside identities: one item for each, with the user who signs in with it.

use application::ports::{IdentityClaim, StoreError};
use domain::{EmailAddress, IdentityProvider, OutsideIdentity, TenantId, UserId};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// The claim of one identity for one user.
pub(in crate::dynamodb) fn to_item(claim: &IdentityClaim) -> Item {
    let IdentityClaim { identity, provider, user_id, tenant_id, email, claimed_at } = claim;
    ItemBuilder::default()
        .text("identity_id", identity.id().as_str())
        .text("issuer", identity.issuer())
        .text("subject", identity.subject())
        .text("provider", provider.as_str())
        .text("user_id", user_id.as_str())
        .text("tenant_id", tenant_id.as_str())
        .text_if("email", email.as_ref().map(EmailAddress::as_str))
        .time("claimed_at", *claimed_at)
        .build()
}

/// Reads a claim.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<IdentityClaim, StoreError> {
    let row = Reader::new(Table::AccountIdentities, item);
    let provider = row.choice_if("provider", IdentityProvider::from_name)?;
    Ok(IdentityClaim {
        identity: OutsideIdentity::restore(row.text("issuer")?, row.text("subject")?),
        provider: provider.ok_or_else(|| row.unreadable("provider", "is missing"))?,
        user_id: UserId::restore(row.text("user_id")?),
        tenant_id: TenantId::restore(row.text("tenant_id")?),
        email: row.text_if("email")?.map(EmailAddress::restore),
        claimed_at: row.time("claimed_at")?,
    })
}
