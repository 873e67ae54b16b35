//! The users table, shared with the Python services.

use application::ports::{Member, StoreError};
use domain::{
    EmailAddress, HttpsUrl, Language, PersonName, PhoneNumber, Role, TenantId, TimeZone, TokenHash, User, UserId,
    user::{PasswordHash, SessionGeneration, UserSnapshot, UserStatus},
};

use super::{ItemBuilder, Reader, preferences};
use crate::dynamodb::{
    expression::Item,
    tables::{Table, UsersKey},
};

/// The user as an item, but for the preferences, which have a table of their own, and the version, which the
/// write decides.
pub(in crate::dynamodb) fn to_item(user: &UserSnapshot) -> Item {
    let UserSnapshot {
        id,
        tenant_id,
        email,
        email_verified,
        confirmation_token,
        first_name,
        last_name,
        role,
        status,
        password_hash,
        reset_token,
        sessions: SessionGeneration { number, began_at },
        avatar_url,
        phone,
        timezone,
        language,
        preferences: _,
        last_login,
        created_at,
        updated_at,
        version: _,
    } = user;
    ItemBuilder::default()
        // Both names of the key, because the deployments differ in which one it is.
        .text("id", id.as_str())
        .text("user_id", id.as_str())
        .text("tenant_id", tenant_id.as_str())
        .text("email", email.as_str())
        .flag("email_verified", *email_verified)
        .text_if("confirmation_token_hash", confirmation_token.as_ref().map(TokenHash::as_str))
        .text("first_name", first_name.as_str())
        .text("last_name", last_name.as_str())
        .text("role", role.as_str())
        .text("status", status.as_str())
        .text_if("password_hash", password_hash.as_ref().map(PasswordHash::as_str))
        .text_if("reset_token_hash", reset_token.as_ref().map(TokenHash::as_str))
        .number("session_generation", number)
        .time_if("session_generation_began_at", *began_at)
        .text_if("avatar_url", avatar_url.as_ref().map(HttpsUrl::as_str))
        .text_if("phone", phone.as_ref().map(PhoneNumber::as_str))
        .text("timezone", timezone.as_str())
        .text("language", language.as_str())
        .time_if("last_login", *last_login)
        .time("created_at", *created_at)
        .time("updated_at", *updated_at)
        .build()
}

/// The item of a user who is not stored yet.
pub(in crate::dynamodb) fn to_new_item(user: &UserSnapshot) -> Item {
    let mut item = to_item(user);
    item.extend(ItemBuilder::default().version_after(user.version).build());
    item
}

/// Reads a user from their item and, if there is one, that of their preferences.
pub(in crate::dynamodb) fn read(item: &Item, preferences: Option<&Item>, key: UsersKey) -> Result<User, StoreError> {
    let row = Reader::new(Table::Users, item);
    let (created_at, updated_at) = row.created_and_updated()?;
    let language = row.text_if("language")?.map(Language::restore).unwrap_or_default();
    let timezone = row.text_if("timezone")?.map(TimeZone::restore).unwrap_or_default();
    let (role, status) = role_and_status(&row)?;
    let state = UserSnapshot {
        id: UserId::restore(row.text(key.attribute())?),
        tenant_id: TenantId::restore(row.text("tenant_id")?),
        email: email_of(&row)?,
        email_verified: row.flag("email_verified")?,
        confirmation_token: row.text_if("confirmation_token_hash")?.map(TokenHash::restore),
        first_name: PersonName::restore(row.text_if("first_name")?.unwrap_or_default()),
        last_name: PersonName::restore(row.text_if("last_name")?.unwrap_or_default()),
        role,
        status,
        password_hash: row.text_if("password_hash")?.map(PasswordHash::restore),
        reset_token: row.text_if("reset_token_hash")?.map(TokenHash::restore),
        sessions: SessionGeneration {
            number: row.number_if("session_generation")?.unwrap_or_default(),
            began_at: row.time_if("session_generation_began_at")?,
        },
        avatar_url: row.text_if("avatar_url")?.map(HttpsUrl::restore),
        phone: row.text_if("phone")?.map(PhoneNumber::restore),
        preferences: preferences::read(preferences, item, &language, &timezone),
        timezone,
        language,
        last_login: row.time_if("last_login")?,
        created_at,
        updated_at,
        version: row.version()?,
    };
    Ok(User::restore(state))
}

/// The attributes of a user that the other members see.
pub(in crate::dynamodb) const MEMBER_ATTRIBUTES: [&str; 8] =
    ["id", "user_id", "email", "first_name", "last_name", "avatar_url", "role", "status"];

/// Reads a user as the other members see them.
pub(in crate::dynamodb) fn read_member(item: &Item, key: UsersKey) -> Result<Member, StoreError> {
    let row = Reader::new(Table::Users, item);
    let (role, status) = role_and_status(&row)?;
    Ok(Member {
        id: UserId::restore(row.text(key.attribute())?),
        email: email_of(&row)?,
        first_name: PersonName::restore(row.text_if("first_name")?.unwrap_or_default()),
        last_name: PersonName::restore(row.text_if("last_name")?.unwrap_or_default()),
        avatar_url: row.text_if("avatar_url")?.map(HttpsUrl::restore),
        role,
        status,
    })
}

/// The tenant and the address of a user, without the rest.
pub(in crate::dynamodb) fn read_tenant_and_email(item: &Item) -> Result<(TenantId, EmailAddress), StoreError> {
    let row = Reader::new(Table::Users, item);
    Ok((TenantId::restore(row.text("tenant_id")?), email_of(&row)?))
}

/// The user and tenant of an item found by its address.
pub(in crate::dynamodb) fn read_ids(item: &Item, key: UsersKey) -> Result<(UserId, TenantId), StoreError> {
    let row = Reader::new(Table::Users, item);
    Ok((UserId::restore(row.text(key.attribute())?), TenantId::restore(row.text("tenant_id")?)))
}

/// A row that says nothing gives no rights beyond reading; one that says something unknown is not guessed at.
fn role_and_status(row: &Reader<'_>) -> Result<(Role, UserStatus), StoreError> {
    let role = row.choice_if("role", Role::from_name)?.unwrap_or(Role::Viewer);
    Ok((role, row.choice_if("status", UserStatus::from_name)?.unwrap_or(UserStatus::Active)))
}

fn email_of(row: &Reader<'_>) -> Result<EmailAddress, StoreError> {
    Ok(EmailAddress::restore(row.text("email")?.to_lowercase()))
}
