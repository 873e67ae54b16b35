//! Who has which address, and for whom it is claimed: all of it, because nothing less tells whether two users share one.
//! It is kept in memory, at some 300 bytes a user.

use std::collections::HashMap;

use application::ports::AddressHolder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::EmailAddress;

use super::{Exception, MaintenanceError, Phase, Progress, Verification, access::Access};
use crate::dynamodb::{expression::Item, items::email_claim, tables::Table};

/// What a user's row has for an address.
pub(super) enum Address {
    None,
    /// Nobody could type it in and be understood.
    Unusable,
    Usable(EmailAddress),
}

impl Address {
    pub(super) fn of(user: &Item) -> Self {
        match user.get("email") {
            None | Some(AttributeValue::Null(_)) => Self::None,
            Some(AttributeValue::S(address)) if address.is_empty() => Self::None,
            Some(AttributeValue::S(address)) => {
                // As the row is read, and as somebody who signs in is understood: one claim has to do for both.
                let read = address.to_lowercase();
                match EmailAddress::parse(&read) {
                    Ok(typed) if typed.as_str() == read => Self::Usable(typed),
                    _ => Self::Unusable,
                }
            }
            Some(_) => Self::Unusable,
        }
    }
}

/// The text of an attribute that has one.
pub(super) fn text_of<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute).and_then(|value| value.as_s().ok()).map(String::as_str).filter(|text| !text.is_empty())
}

/// For whom an address is claimed.
#[derive(Clone, Debug)]
pub(super) enum Claim {
    For(AddressHolder),
    Unreadable,
}

impl Claim {
    fn read(item: &Item) -> Self {
        email_claim::read(item).map_or(Self::Unreadable, Self::For)
    }
}

/// Who has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owner {
    user: Box<str>,
    tenant: Option<Box<str>>,
}

#[derive(Default)]
struct Holding {
    owners: Vec<Owner>,
    claim: Option<Claim>,
}

/// Who has which address, and for whom it is claimed.
#[derive(Default)]
pub(super) struct Survey {
    holdings: HashMap<EmailAddress, Holding>,
    users: u64,
    without_address: u64,
    claims: u64,
    unusable: Vec<Exception>,
    /// Claims for somebody who was not seen with the address.
    strays: Vec<(EmailAddress, String)>,
}

impl Survey {
    /// Reads all users and all claims. A table of claims that is not there has none.
    pub(super) async fn take(access: &Access<'_>, phase: Phase) -> Result<Self, MaintenanceError> {
        let mut survey = Self::default();
        let key = access.layout().users_key().attribute();
        each_row(access, phase, Table::Users, |user| survey.count(user, key)).await?;
        each_row(access, phase, Table::AccountEmailClaims, |claim| survey.add_claim(claim)).await?;
        Ok(survey)
    }

    fn count(&mut self, user: &Item, key: &str) {
        self.users += 1;
        let Some(id) = text_of(user, key) else { return };
        match Address::of(user) {
            Address::None => self.without_address += 1,
            Address::Unusable => self.unusable.push(Exception::UnusableAddress { user: id.to_owned() }),
            Address::Usable(address) => self.add(address, id, text_of(user, "tenant_id")),
        }
    }

    /// Notes who has an address, once.
    pub(super) fn add(&mut self, address: EmailAddress, user: &str, tenant: Option<&str>) {
        let owners = &mut self.holdings.entry(address).or_default().owners;
        if owners.iter().all(|owner| *owner.user != *user) {
            owners.push(Owner { user: user.into(), tenant: tenant.map(Into::into) });
        }
    }

    fn add_claim(&mut self, item: &Item) {
        self.claims += 1;
        let Some(address) = text_of(item, "email").map(EmailAddress::restore) else { return };
        let claim = Claim::read(item);
        let holding = self.holdings.get_mut(&address);
        let is_owner = |user: &str| {
            holding.as_ref().is_some_and(|holding| holding.owners.iter().any(|owner| *owner.user == *user))
        };
        if let Claim::For(AddressHolder { user_id, .. }) = &claim
            && !is_owner(user_id.as_str())
        {
            self.strays.push((address, user_id.as_str().to_owned()));
        }
        if let Some(holding) = holding {
            holding.claim = Some(claim);
        }
    }

    /// Counts a claim as made that a dry run only plans.
    pub(super) fn foresee(&mut self, address: EmailAddress, holder: AddressHolder) {
        self.claims += 1;
        self.holdings.entry(address).or_default().claim = Some(Claim::For(holder));
    }

    /// Whether nobody but this user has the address, and nobody has claimed it.
    pub(super) fn is_free_for(&self, address: &EmailAddress, user: &str) -> bool {
        self.holdings
            .get(address)
            .is_none_or(|holding| holding.claim.is_none() && holding.owners.iter().all(|owner| *owner.user == *user))
    }

    /// How the claims stand. With `access`, what looks wrong is looked at again, because both services go on meanwhile.
    pub(super) async fn verify(self, access: Option<&Access<'_>>) -> Result<Verification, MaintenanceError> {
        let Self { holdings, users, without_address, claims, unusable, strays } = self;
        let mut verification = Verification { users, without_address, claimed: 0, claims, exceptions: unusable };
        for (address, Holding { owners, claim }) in holdings {
            let standing = match (owners.as_slice(), &claim) {
                ([], _) => Standing::Gone,
                ([owner], claim) => match (exception(owner, claim.as_ref()), access) {
                    (None, _) => Standing::Claimed,
                    (Some(_), Some(access)) => look_again(access, &address, owner).await?,
                    (Some(exception), None) => Standing::Wrong(exception),
                },
                (owners, claim) => Standing::Wrong(shared(owners, claim.as_ref())),
            };
            match standing {
                Standing::Claimed => verification.claimed += 1,
                Standing::Wrong(exception) => verification.exceptions.push(exception),
                Standing::Gone => {}
            }
        }
        for (address, user) in strays {
            let is_real = match access {
                Some(access) => is_stray(access, &address, &user).await?,
                None => true,
            };
            if is_real {
                verification.exceptions.push(Exception::ClaimOfNobody { user });
            }
        }
        verification.exceptions.sort();
        Ok(verification)
    }
}

enum Standing {
    Claimed,
    Wrong(Exception),
    /// They have the address no longer.
    Gone,
}

/// What is wrong with the claim of an address that one user has.
fn exception(owner: &Owner, claim: Option<&Claim>) -> Option<Exception> {
    let user = owner.user.to_string();
    let Some(tenant) = owner.tenant.as_deref() else { return Some(Exception::NoTenant { user }) };
    match claim {
        None => Some(Exception::Unclaimed { user }),
        Some(Claim::Unreadable) => Some(Exception::ClaimUnreadable { user }),
        Some(Claim::For(holder)) if holder.user_id.as_str() != user => {
            Some(Exception::HeldByAnother { user, holder: holder.user_id.as_str().to_owned() })
        }
        Some(Claim::For(holder)) if holder.tenant_id.as_str() != tenant => {
            Some(Exception::ClaimOfAnotherTenant { user })
        }
        Some(Claim::For(_)) => None,
    }
}

fn shared(owners: &[Owner], claim: Option<&Claim>) -> Exception {
    let mut users: Vec<_> = owners.iter().map(|owner| owner.user.to_string()).collect();
    users.sort();
    let holder = claim.and_then(|claim| match claim {
        Claim::For(holder) => Some(holder.user_id.as_str().to_owned()),
        Claim::Unreadable => None,
    });
    Exception::SharedAddress { users, holder }
}

/// How the claim of an address stands by now.
async fn look_again(access: &Access<'_>, address: &EmailAddress, owner: &Owner) -> Result<Standing, MaintenanceError> {
    let row = access.get(Table::Users, &owner.user).await?;
    let Some(row) = row.filter(|row| has(row, address)) else { return Ok(Standing::Gone) };
    let owner = Owner { user: owner.user.clone(), tenant: text_of(&row, "tenant_id").map(Into::into) };
    let claim = claim_of(access, address).await?;
    Ok(exception(&owner, claim.as_ref()).map_or(Standing::Claimed, Standing::Wrong))
}

/// Whether the claim of an address is still there, for a user who still does not have it.
async fn is_stray(access: &Access<'_>, address: &EmailAddress, user: &str) -> Result<bool, MaintenanceError> {
    let row = access.get(Table::Users, user).await?;
    Ok(!row.is_some_and(|row| has(&row, address)) && claim_of(access, address).await?.is_some())
}

fn has(user: &Item, address: &EmailAddress) -> bool {
    matches!(Address::of(user), Address::Usable(found) if found == *address)
}

/// The claim of an address, if there is one.
pub(super) async fn claim_of(access: &Access<'_>, address: &EmailAddress) -> Result<Option<Claim>, MaintenanceError> {
    Ok(access.get(Table::AccountEmailClaims, address.as_str()).await?.as_ref().map(Claim::read))
}

/// Reads every row of a table; one that is not there has no rows.
pub(super) async fn each_row(
    access: &Access<'_>,
    phase: Phase,
    table: Table,
    mut look: impl FnMut(&Item),
) -> Result<(), MaintenanceError> {
    let Some(description) = access.describe(table).await? else { return Ok(()) };
    let of = description.item_count().and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
    let (mut rows, mut after) = (0, None);
    loop {
        let page = access.page(table, after.as_ref()).await?;
        rows += page.items.len() as u64;
        page.items.iter().for_each(&mut look);
        access.tables.observer.advanced(Progress { phase, table, rows, of: of.max(rows) });
        after = page.last;
        if after.is_none() {
            return Ok(());
        }
    }
}
