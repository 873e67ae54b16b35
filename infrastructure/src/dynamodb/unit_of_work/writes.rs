//! What each change is in terms of items.

use application::{
    audit::AuditEntry,
    idempotency::IdempotencyRecord,
    ports::{Refusal, SeatRecord, SeatSource, StoreError, Write},
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Invitation, OneTimeToken, Seats, Session, Tenant, TenantId, TokenId, User, Version,
    tenant::TenantStatus,
    user::{Preferences, UserSnapshot},
};

use super::{
    billing, business, discounts, failures, identities,
    plan::{LOADED_UPDATED_AT, Loaded, Plan},
    usage,
};
use crate::dynamodb::{
    DynamoStore,
    expression::{Changes, Condition, Item, check, delete, number, put, text, update},
    items::{
        audit_record, email_claim, idempotency_record, invitation, one_time_token, preferences, refresh_token, seats,
        session, tenant, time, user,
    },
    tables::{Table, UsersKey},
};

/// Adds the items that one change writes to the plan.
pub(super) async fn add(plan: &mut Plan, store: &DynamoStore, write: &Write) -> Result<(), StoreError> {
    match write {
        Write::CreateTenant(tenant) => {
            let item = tenant::to_new_item(tenant.snapshot());
            plan.unless(Refusal::AlreadyExists, create(store, Table::Tenants, item)?);
        }
        Write::SaveTenant { before, after } => save_tenant(plan, store, before, after).await?,
        Write::ExpectTenant(tenant) => {
            let tenant = tenant.snapshot();
            let condition = of_version("tenant_id", tenant.version)
                .and("#owner_user_id = :loaded_owner")
                .with("loaded_owner", text(tenant.owner_user_id.as_str()));
            let key = store.key(Table::Tenants, tenant.id.as_str());
            plan.unless(Refusal::Stale, check(store.name(Table::Tenants), key, condition)?);
        }
        Write::CreateUser(user) => create_user(plan, store, user.snapshot())?,
        Write::SaveUser { before, after } => save_user(plan, store, before, after).await?,
        Write::RemoveUser(user) => remove_user(plan, store, user)?,
        Write::ReleaseEmail { email, user_id } => {
            let theirs = Condition::new("#user_id = :holder").with("holder", text(user_id.as_str()));
            let key = store.key(Table::AccountEmailClaims, email.as_str());
            plan.unless(Refusal::Stale, delete(store.name(Table::AccountEmailClaims), key, theirs)?);
        }
        Write::ClaimEmail { email, user_id, tenant_id } => {
            let item = email_claim::to_item(email, user_id, tenant_id, store.clock.now());
            let free = Condition::new("attribute_not_exists(#email) OR #user_id = :claimant")
                .with("claimant", text(user_id.as_str()));
            plan.unless(Refusal::EmailTaken, put(store.name(Table::AccountEmailClaims), item, free)?);
        }
        Write::CreateInvitation(invitation) => {
            let item = invitation::to_new_item(invitation.snapshot());
            plan.unless(Refusal::AlreadyExists, create(store, Table::Invitations, item)?);
        }
        Write::SaveInvitation { before, after } => save_invitation(plan, store, before, after)?,
        Write::UseTenant(tenant_id) => {
            let usable = Condition::new("attribute_exists(#tenant_id)")
                .and("attribute_not_exists(#status) OR NOT #status IN (:suspended, :cancelled)")
                .with("suspended", text(TenantStatus::Suspended.as_str()))
                .with("cancelled", text(TenantStatus::Cancelled.as_str()));
            let key = store.key(Table::Tenants, tenant_id.as_str());
            plan.unless(Refusal::Stale, check(store.name(Table::Tenants), key, usable)?);
        }
        Write::ClaimIdentity(claim) => identities::claim(plan, store, claim)?,
        Write::SaveIdentity { before, after } => identities::save(plan, store, before, after)?,
        Write::ReleaseIdentity(claim) => identities::release(plan, store, claim)?,
        Write::SaveSeats { tenant_id, before, after, limit } => {
            save_seats(plan, store, tenant_id, *before, *after, *limit)?;
        }
        Write::SaveUsage { tenant_id, name, before, after } => {
            usage::save(plan, store, (tenant_id, name), *before, *after)?;
        }
        Write::SaveBusiness { before, after } => business::save(plan, store, before.as_deref(), after).await?,
        Write::CreateDiscountCode(code) => discounts::create_code(plan, store, code)?,
        Write::SaveDiscountCode { before, after } => discounts::save_code(plan, store, before, after)?,
        Write::DeleteDiscountCode(code) => discounts::delete_code(plan, store, code)?,
        Write::RedeemCode { code, redemption } => discounts::redeem(plan, store, code, redemption)?,
        Write::ReleaseCode(redemption) => discounts::release(plan, store, redemption)?,
        Write::CreateSubscription(subscription) => billing::create_subscription(plan, store, subscription).await?,
        Write::SaveSubscription { before, after } => billing::save_subscription(plan, store, before, after).await?,
        Write::SaveBillingAccount { before, after } => billing::save_account(plan, store, before.as_deref(), after)?,
        Write::RememberProviderEvent(event) => billing::remember_event(plan, store, event)?,
        Write::EndFailures(subject) => failures::end(plan, store, subject)?,
        Write::ForgetFailures(subject) => failures::forget(plan, store, subject)?,
        Write::DisablePassword(subject) => failures::disable(plan, store, subject)?,
        Write::IssueToken(token) => {
            let table = one_time_token::table_of(token.snapshot().purpose);
            let item = one_time_token::to_item(token.snapshot());
            plan.always(put(store.name(table), item, Condition::default())?);
        }
        Write::RedeemToken(token) => redeem(plan, store, token)?,
        Write::ForgetToken { purpose, hash } => {
            let table = one_time_token::table_of(*purpose);
            plan.always(delete(store.name(table), store.key(table, hash.as_str()), Condition::default())?);
        }
        Write::StartSession(session) => {
            let item = session::to_item(session.snapshot());
            plan.unless(Refusal::AlreadyExists, create(store, Table::AccountSessions, item)?);
        }
        Write::SaveSession(session) => save_session(plan, store, session)?,
        Write::RemoveSession(id) => {
            let key = store.key(Table::AccountSessions, id.as_str());
            plan.always(delete(store.name(Table::AccountSessions), key, Condition::default())?);
        }
        Write::ListRefreshToken { token, session, expires_at } => {
            let item = refresh_token::to_item(token, session.snapshot(), *expires_at);
            plan.always(put(store.name(Table::RefreshTokens), item, Condition::default())?);
        }
        Write::SpendRefreshToken(id) => spend_refresh_token(plan, store, id)?,
        Write::ForgetRefreshToken(id) => {
            let key = store.key(Table::RefreshTokens, id.as_str());
            plan.always(delete(store.name(Table::RefreshTokens), key, Condition::default())?);
        }
        Write::Remember(record) => remember(plan, store, record)?,
        Write::Audit(entry) => {
            let id = store.ids.uuid().hyphenated().to_string();
            audit(plan, store, &id, entry)?;
        }
    }
    Ok(())
}

fn spend_refresh_token(plan: &mut Plan, store: &DynamoStore, id: &TokenId) -> Result<(), StoreError> {
    let key = store.key(Table::RefreshTokens, id.as_str());
    let listed = Condition::new("attribute_exists(#jti)");
    plan.unless(Refusal::RefreshTokenSpent, delete(store.name(Table::RefreshTokens), key, listed)?);
    Ok(())
}

fn remember(plan: &mut Plan, store: &DynamoStore, record: &IdempotencyRecord) -> Result<(), StoreError> {
    let free = Condition::new("attribute_not_exists(#key_hash) OR #expires_at <= :now")
        .with("now", text(time::to_sortable_text(store.clock.now())));
    let item = idempotency_record::to_item(record);
    plan.unless(Refusal::IdempotencyKeyUsed, put(store.name(Table::AccountIdempotency), item, free)?);
    Ok(())
}

/// Keeps something in the audit trail.
pub(super) fn audit(plan: &mut Plan, store: &DynamoStore, id: &str, entry: &AuditEntry) -> Result<(), StoreError> {
    let item = audit_record::to_item(id, entry, store.clock.now(), store.audit_kept_for);
    plan.always(put(store.name(Table::AccountAudit), item, Condition::default())?);
    Ok(())
}

/// Stores an item whose key must be free.
pub(super) fn create(
    store: &DynamoStore,
    table: Table,
    item: Item,
) -> Result<aws_sdk_dynamodb::types::TransactWriteItem, StoreError> {
    let key = store.layout.definition(table).key;
    put(store.name(table), item, Condition::new(format!("attribute_not_exists(#{key})")))
}

fn create_user(plan: &mut Plan, store: &DynamoStore, user: &UserSnapshot) -> Result<(), StoreError> {
    plan.unless(Refusal::AlreadyExists, create(store, Table::Users, user::to_new_item(user))?);
    // Somebody who has set nothing has no row.
    let unset = Preferences::default();
    if user.preferences != unset {
        save_preferences(plan, store, &Item::new(), &unset, user)?;
    }
    Ok(())
}

/// Writes what differs, if the row is still the one that was loaded.
async fn save_user(plan: &mut Plan, store: &DynamoStore, before: &User, after: &User) -> Result<(), StoreError> {
    let (before, after) = (before.snapshot(), after.snapshot());
    let key = store.layout.users_key();
    let other_key = match key {
        UsersKey::Id => UsersKey::UserId,
        UsersKey::UserId => UsersKey::Id,
    };
    let changes = Changes::between(&user::to_item(before), &user::to_item(after))
        .set(other_key.attribute(), text(after.id.as_str()))
        .set("version", number(&before.version.next().get()));
    let loaded = Loaded { table: Table::Users, version: before.version, updated_at: before.updated_at };
    let row = store.key(Table::Users, after.id.as_str());
    let item = update(store.name(Table::Users), row, changes, as_loaded(key.attribute(), loaded))?;
    plan.unless_changed(loaded, item);

    let moved = before.tenant_id != after.tenant_id;
    if moved || before.preferences != after.preferences {
        // The row as it is: what is unknown in its maps has to be written back.
        let stored = store.get(Table::UserPreferences, after.id.as_str()).await?;
        // Somebody who has set nothing has no row, and needs none to move.
        if stored.is_some() || before.preferences != after.preferences {
            save_preferences(plan, store, &stored.unwrap_or_default(), &before.preferences, after)?;
        }
    }
    Ok(())
}

/// Writes what differs, if the row is still the one that was loaded.
async fn save_tenant(plan: &mut Plan, store: &DynamoStore, before: &Tenant, after: &Tenant) -> Result<(), StoreError> {
    let (before, after) = (before.snapshot(), after.snapshot());
    let loaded = Loaded { table: Table::Tenants, version: before.version, updated_at: before.updated_at };
    let mut changes = Changes::between(&tenant::to_item(before), &tenant::to_item(after));
    let mut condition = as_loaded("tenant_id", loaded);
    if before.settings != after.settings {
        // The row as it is: what is unknown in its map has to be written back.
        let stored = store.get(Table::Tenants, after.id.as_str()).await?.unwrap_or_default();
        let (settings, as_seen) = tenant::merged_settings(&stored, after.settings);
        changes = changes.set(tenant::SETTINGS, AttributeValue::M(settings));
        condition = condition.and_all(as_seen);
    }
    let changes = changes.set("version", number(&before.version.next().get()));
    let row = store.key(Table::Tenants, after.id.as_str());
    plan.unless_changed(loaded, update(store.name(Table::Tenants), row, changes, condition)?);
    Ok(())
}

fn remove_user(plan: &mut Plan, store: &DynamoStore, user: &User) -> Result<(), StoreError> {
    let user = user.snapshot();
    let loaded = Loaded { table: Table::Users, version: user.version, updated_at: user.updated_at };
    let condition = as_loaded(store.layout.users_key().attribute(), loaded);
    let item = delete(store.name(Table::Users), store.key(Table::Users, user.id.as_str()), condition)?;
    plan.unless_changed(loaded, item);
    let preferences = store.key(Table::UserPreferences, user.id.as_str());
    plan.always(delete(store.name(Table::UserPreferences), preferences, Condition::default())?);
    Ok(())
}

/// Demands that a shared row is the one that was loaded. The Python services count no versions, so the date of the
/// last change must be the loaded one, too.
pub(super) fn as_loaded(key: &str, loaded: Loaded) -> Condition {
    let [aware, json, naive] = time::spellings(loaded.updated_at);
    of_version(key, loaded.version)
        .and(format!(
            "#updated_at IN ({LOADED_UPDATED_AT}, :loaded_updated_at_json, :loaded_updated_at_naive) \
             OR attribute_not_exists(#updated_at) OR attribute_type(#updated_at, :null)"
        ))
        .with("loaded_updated_at", text(aware))
        .with("loaded_updated_at_json", text(json))
        .with("loaded_updated_at_naive", text(naive))
        .with("null", text("NULL"))
}

pub(super) fn of_version(key: &str, loaded: Version) -> Condition {
    let condition = Condition::new(format!("attribute_exists(#{key})"));
    if loaded == Version::UNWRITTEN {
        // A row of the Python services, which may have been written back with a NULL.
        return condition
            .and("attribute_not_exists(#version) OR #version = :loaded_version OR attribute_type(#version, :null)")
            .with("loaded_version", number(&0))
            .with("null", text("NULL"));
    }
    condition.and("#version = :loaded_version").with("loaded_version", number(&loaded.get()))
}

fn save_preferences(
    plan: &mut Plan,
    store: &DynamoStore,
    stored: &Item,
    before: &Preferences,
    user: &UserSnapshot,
) -> Result<(), StoreError> {
    let (changes, condition) = preferences::changes(stored, before, &user.preferences);
    let changes = changes
        .set("tenant_id", text(user.tenant_id.as_str()))
        .set_if_absent("created_at", text(time::to_text(user.updated_at)))
        .set("updated_at", text(time::to_text(user.updated_at)));
    let row = store.key(Table::UserPreferences, user.id.as_str());
    plan.unless(Refusal::Stale, update(store.name(Table::UserPreferences), row, changes, condition)?);
    Ok(())
}

/// Marks a token as used. Its time to live ends with that: the Python services take a token whose row they find
/// in time, and know nothing of `used_at`.
fn redeem(plan: &mut Plan, store: &DynamoStore, token: &OneTimeToken) -> Result<(), StoreError> {
    let token = token.snapshot();
    let table = one_time_token::table_of(token.purpose);
    let used_at = token.used_at.unwrap_or_else(|| store.clock.now());
    let changes = Changes::default()
        .set("used_at", text(time::to_text(used_at)))
        .set_if_absent("expires_at", text(time::to_text(token.expires_at)))
        .set("ttl", number(&used_at.timestamp()));
    let unused = Condition::new("attribute_exists(#token_hash)")
        .and("attribute_not_exists(#used_at) OR attribute_type(#used_at, :null)")
        .with("null", text("NULL"));
    let key = store.key(table, token.hash.as_str());
    plan.unless(Refusal::TokenUsed, update(store.name(table), key, changes, unused)?);
    Ok(())
}

fn save_session(plan: &mut Plan, store: &DynamoStore, session: &Session) -> Result<(), StoreError> {
    let snapshot = session.snapshot();
    let mut item = session::to_item(snapshot);
    let key = store.key(Table::AccountSessions, snapshot.id.as_str());
    item.retain(|attribute, _| !key.contains_key(attribute));
    let mut changes = Changes::default();
    for attribute in session::STATE_ATTRIBUTES.into_iter().filter(|attribute| !item.contains_key(*attribute)) {
        changes = changes.remove(attribute);
    }
    for (attribute, value) in item {
        changes = changes.set(&attribute, value);
    }
    let condition = of_version("session_id", snapshot.version);
    plan.unless(Refusal::Stale, update(store.name(Table::AccountSessions), key, changes, condition)?);
    Ok(())
}

/// Writes what differs, if the row is still the one that was loaded. The Python services count no versions, so the
/// status must be the loaded one, too. The token is written always: theirs stands in the row as it is.
fn save_invitation(
    plan: &mut Plan,
    store: &DynamoStore,
    before: &Invitation,
    after: &Invitation,
) -> Result<(), StoreError> {
    let (before, after) = (before.snapshot(), after.snapshot());
    let mut loaded = invitation::to_item(before);
    loaded.remove("token");
    let changes =
        Changes::between(&loaded, &invitation::to_item(after)).set("version", number(&before.version.next().get()));
    let condition = of_version("invitation_id", before.version)
        .and("attribute_not_exists(#status) OR #status = :loaded_status OR attribute_type(#status, :null)")
        .with("loaded_status", text(invitation::stored_status(&before.state).as_str()))
        .with("null", text("NULL"));
    let key = store.key(Table::Invitations, after.id.as_str());
    plan.unless(Refusal::Stale, update(store.name(Table::Invitations), key, changes, condition)?);
    Ok(())
}

/// Puts counted seats on record, or counts those on record more or less. Whether one is left is decided by DynamoDB on
/// the number as it is then, so that of any number of racing changes exactly as many win as there are seats (security rule 25).
fn save_seats(
    plan: &mut Plan,
    store: &DynamoStore,
    tenant_id: &TenantId,
    before: SeatRecord,
    after: Seats,
    limit: Option<u32>,
) -> Result<(), StoreError> {
    let now = store.clock.now();
    if let SeatSource::Count { record } = before.source {
        let unchanged = match record {
            None => Condition::new("attribute_not_exists(#tenant_id)"),
            Some(version) => of_version("tenant_id", version),
        };
        let item = seats::to_item(tenant_id, after, record.unwrap_or(Version::UNWRITTEN), now);
        plan.unless(Refusal::Stale, put(store.name(Table::AccountSeats), item, unchanged)?);
        return Ok(());
    }
    let more_members = i64::from(after.members) - i64::from(before.seats.members);
    let more_taken = i64::from(after.taken) - i64::from(before.seats.taken);
    let changes = Changes::default()
        .add("members", more_members)
        .add("taken", more_taken)
        .increment("version")
        .set("updated_at", text(time::to_text(now)));
    let mut condition = Condition::new("attribute_exists(#tenant_id)");
    if let Some(limit) = limit.filter(|_| more_taken > 0) {
        condition = condition.and("#taken < :limit").with("limit", number(&limit));
    }
    let mut refusal = Refusal::NoSeatLeft;
    if after.members == 0 {
        // The last one leaves: nobody may have joined meanwhile.
        condition = condition.and("#members = :last").with("last", number(&before.seats.members));
        refusal = Refusal::Stale;
    }
    let key = store.key(Table::AccountSeats, tenant_id.as_str());
    plan.unless(refusal, update(store.name(Table::AccountSeats), key, changes, condition)?);
    Ok(())
}
