//! What a row lacks, and the writes that give it that.
//!
//! Written is what a key, an index or a condition of ours needs, and only where its value follows from the tables. Anything
//! else that is missing is read as missing by both services, and to write a role or a status would be to guess.

use application::ports::{AddressHolder, StoreError};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::{EmailAddress, TenantId, Timestamp, UserId};

use super::{
    Change, Exception, What,
    survey::{Address, text_of},
};
use crate::dynamodb::{
    expression::{Changes, Condition, Item, check, number, put, text, update},
    items::email_claim,
    tables::{Layout, Table, UsersKey},
};

/// What is to be done about one row.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) changes: Vec<Change>,
    pub(super) exceptions: Vec<Exception>,
    pub(super) writes: Vec<TransactWriteItem>,
    /// The claim among the writes.
    pub(super) claim: Option<(EmailAddress, AddressHolder)>,
}

/// A row that something may be missing of.
struct Row<'a> {
    layout: &'a Layout,
    table: Table,
    item: &'a Item,
    id: &'a str,
    /// What is missing, and its value.
    missing: Vec<(&'static str, AttributeValue)>,
    /// What must be as it was seen.
    seen: Vec<&'static str>,
}

impl<'a> Row<'a> {
    fn new(layout: &'a Layout, table: Table, item: &'a Item) -> Option<Self> {
        let id = text_of(item, layout.definition(table).key)?;
        Some(Self { layout, table, item, id, missing: Vec::new(), seen: Vec::new() })
    }

    /// Wants an attribute to have a value unless it has one. Absent, NULL and an empty text are the same, as in reading.
    fn want(&mut self, attribute: &'static str, value: AttributeValue) {
        let is_missing = match self.item.get(attribute) {
            None | Some(AttributeValue::Null(_)) => true,
            Some(AttributeValue::S(text)) => text.is_empty(),
            Some(_) => false,
        };
        if is_missing {
            self.missing.push((attribute, value));
        }
    }

    fn changes(&self) -> Vec<Change> {
        let value_of = |value: &AttributeValue| match value {
            AttributeValue::S(value) | AttributeValue::N(value) => value.clone(),
            _ => String::new(),
        };
        let set = |(attribute, value): &(&'static str, _)| What::Set { attribute, value: value_of(value) };
        self.missing.iter().map(|missing| self.change(set(missing))).collect()
    }

    fn change(&self, what: What) -> Change {
        Change { table: self.table.base_name(), row: self.id.to_owned(), what }
    }

    /// The write that gives the row what is missing, or only demands that it is as it was seen.
    fn write(&self) -> Result<TransactWriteItem, StoreError> {
        let key = self.layout.definition(self.table).key;
        let mut condition = Condition::new(format!("attribute_exists(#{key})"));
        for attribute in self.missing.iter().map(|(attribute, _)| *attribute).chain(self.seen.iter().copied()) {
            condition = match self.item.get(attribute) {
                Some(seen) => {
                    let name = format!("seen_{attribute}");
                    condition.and(format!("#{attribute} = :{name}")).with(&name, seen.clone())
                }
                None => condition.and(format!("attribute_not_exists(#{attribute})")),
            };
        }
        let (name, key) = (self.layout.name(self.table), Item::from([(key.to_owned(), text(self.id))]));
        if self.missing.is_empty() {
            return check(name, key, condition);
        }
        let set = |changes: Changes, (attribute, value): &(&str, AttributeValue)| changes.set(attribute, value.clone());
        update(name, key, self.missing.iter().fold(Changes::default(), set), condition)
    }

    fn plan(self) -> Result<Plan, StoreError> {
        if self.missing.is_empty() {
            return Ok(Plan::default());
        }
        Ok(Plan { changes: self.changes(), writes: vec![self.write()?], ..Plan::default() })
    }
}

/// What a row lacks that is not about addresses or other rows.
pub(super) fn of_row(layout: &Layout, table: Table, item: &Item) -> Result<Plan, StoreError> {
    let Some(mut row) = Row::new(layout, table, item) else { return Ok(Plan::default()) };
    match table {
        Table::Tenants | Table::Invitations => row.want("version", number(&0)),
        // The index by tenant has both. (`revision`, which is ours, must not be there before we write.)
        Table::BusinessData => {
            row.want("tenant_id", text(row.id));
            row.want("version", text("1.0"));
        }
        _ => {}
    }
    row.plan()
}

/// What a user's row lacks, and the claim of its address if that `is_free`: nobody else has it, nobody claimed it.
pub(super) fn of_user(
    layout: &Layout,
    item: &Item,
    is_free: impl FnOnce(&EmailAddress, &str) -> bool,
    now: Timestamp,
) -> Result<Plan, StoreError> {
    let Some(mut row) = Row::new(layout, Table::Users, item) else { return Ok(Plan::default()) };
    let other_key = match layout.users_key() {
        UsersKey::Id => UsersKey::UserId.attribute(),
        UsersKey::UserId => UsersKey::Id.attribute(),
    };
    row.want(other_key, text(row.id));
    row.want("version", number(&0));
    let differ = text_of(item, other_key).is_some_and(|other| other != row.id);
    let exceptions = differ.then(|| Exception::KeysDiffer { user: row.id.to_owned() }).into_iter().collect();

    let claim = match (Address::of(item), text_of(item, "tenant_id")) {
        (Address::Usable(address), Some(tenant)) if is_free(&address, row.id) => Some((address, tenant)),
        _ => None,
    };
    let Some((address, tenant)) = claim else { return Ok(Plan { exceptions, ..row.plan()? }) };
    // Somebody who has moved or is gone must not leave a claim behind that nobody takes back.
    row.seen = vec!["email", "tenant_id"];
    let mut changes = vec![row.change(What::ClaimAddress)];
    changes.extend(row.changes());
    let holder =
        AddressHolder { user_id: UserId::restore(row.id), tenant_id: TenantId::restore(tenant), claimed: true };
    let item = email_claim::to_item(&address, &holder.user_id, &holder.tenant_id, now);
    let claims = layout.name(Table::AccountEmailClaims);
    let put = put(claims, item, Condition::new("attribute_not_exists(#email)"))?;
    Ok(Plan { changes, exceptions, writes: vec![row.write()?, put], claim: Some((address, holder)) })
}

/// What the preferences lack of this user, if there is one.
pub(super) fn of_preferences(layout: &Layout, item: &Item, user: Option<&Item>) -> Result<Plan, StoreError> {
    let Some(mut row) = Row::new(layout, Table::UserPreferences, item) else { return Ok(Plan::default()) };
    let owner = user.and_then(|user| Row::new(layout, Table::Users, user));
    let owner = owner.and_then(|owner| Some((text_of(owner.item, "tenant_id")?, owner)));
    let Some((tenant, mut owner)) = owner else {
        let exceptions = vec![Exception::PreferencesOfNobody { user: row.id.to_owned() }];
        return Ok(Plan { exceptions, ..Plan::default() });
    };
    row.want("tenant_id", text(tenant));
    owner.seen = vec!["tenant_id"];
    let mut plan = row.plan()?;
    plan.writes.push(owner.write()?);
    Ok(plan)
}

/// Whether preferences lack the tenant, which only the user's row knows.
pub(super) fn lack_tenant(preferences: &Item) -> bool {
    text_of(preferences, "tenant_id").is_none()
}
