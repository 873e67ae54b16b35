//! What a tenant says about its business: the answers of onboarding, and the foundation that coaching builds on.

mod change;
mod event;
mod products;
mod progress;
mod text;

pub use change::{AddressChange, BusinessChange, PositioningChange};
pub use event::{BusinessEvent, BusinessEventKind};
pub use products::{Product, ProductChange, ProductEntry, Products, ProductsRefused};
pub use progress::{ChangeHistory, HistoryEntry, InvalidStep, StepStatus, Steps};
pub use text::{InvalidText, Line, Problem, Prose, Text};

use crate::{HttpsUrl, Outcome, ProductId, TenantId, Timestamp, UserId, Version};

/// Most core values of a business.
pub const MAX_CORE_VALUES: usize = 20;

/// Where a business is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Street with its number.
    pub street: Option<Line>,
    /// City.
    pub city: Option<Line>,
    /// State or region.
    pub state: Option<Line>,
    /// Postal code.
    pub zip: Option<Line>,
    /// Country.
    pub country: Option<Line>,
}

/// What place a business takes in its market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positioning {
    /// The market that it is for. The foundation calls it the target market.
    pub niche: Option<Prose>,
    /// The ideal customer.
    pub ideal_customer: Option<Prose>,
    /// Why they should buy.
    pub value_proposition: Option<Prose>,
}

/// Everything the foundation of a business consists of, as read from or written to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessSnapshot {
    /// Whose business it is; a tenant has one.
    pub tenant_id: TenantId,
    /// What it is called.
    pub business_name: Option<Line>,
    /// Its site; shown, never fetched.
    pub website: Option<HttpsUrl>,
    /// Its line of business.
    pub industry: Option<Line>,
    /// Its kind.
    pub business_type: Option<Line>,
    /// Its size, in the words of the form: `12`, `11-50`.
    pub employee_count: Option<Line>,
    /// Where it is.
    pub address: Address,
    /// What it offers.
    pub products: Products,
    /// What place it takes in its market.
    pub positioning: Positioning,
    /// What it stands for.
    pub core_values: Vec<Line>,
    /// How far they are.
    pub core_values_status: StepStatus,
    /// What it is for.
    pub purpose: Option<Prose>,
    /// How far it is.
    pub purpose_status: StepStatus,
    /// Where it wants to be.
    pub vision: Option<Prose>,
    /// How far it is.
    pub vision_status: StepStatus,
    /// The steps of onboarding that are done.
    pub completed_steps: Steps,
    /// When they all were, for the first time.
    pub completed_at: Option<Timestamp>,
    /// The latest changes.
    pub history: ChangeHistory,
    /// Who changed it last.
    pub last_updated_by: Option<UserId>,
    /// First change.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// How often this service has written it.
    pub version: Version,
}

/// What a tenant says about its business. Several people may write at once, so that every command changes only
/// what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessFoundation {
    state: BusinessSnapshot,
}

impl BusinessFoundation {
    /// The foundation of a tenant that has said nothing yet.
    #[must_use]
    pub fn empty(tenant_id: TenantId, now: Timestamp) -> Self {
        let state = BusinessSnapshot {
            tenant_id,
            business_name: None,
            website: None,
            industry: None,
            business_type: None,
            employee_count: None,
            address: Address::default(),
            products: Products::default(),
            positioning: Positioning::default(),
            core_values: Vec::new(),
            core_values_status: StepStatus::default(),
            purpose: None,
            purpose_status: StepStatus::default(),
            vision: None,
            vision_status: StepStatus::default(),
            completed_steps: Steps::default(),
            completed_at: None,
            history: ChangeHistory::default(),
            last_updated_by: None,
            created_at: now,
            updated_at: now,
            version: Version::UNWRITTEN,
        };
        Self { state }
    }

    /// Takes a foundation from the store as it is.
    #[must_use]
    pub const fn restore(state: BusinessSnapshot) -> Self {
        Self { state }
    }

    /// What the foundation consists of.
    #[must_use]
    pub const fn snapshot(&self) -> &BusinessSnapshot {
        &self.state
    }

    /// Changes what the wish names. The list of products is merged by id; `new_id` names those without one.
    ///
    /// # Errors
    ///
    /// [`ProductsRefused`] when they cannot be merged; nothing has changed then.
    pub fn change(
        &mut self,
        mut change: BusinessChange,
        new_id: impl FnMut() -> ProductId,
        by: &UserId,
        now: Timestamp,
    ) -> Result<Outcome<BusinessEvent>, ProductsRefused> {
        let products = change.products.take().map(|entries| self.state.products.merged(entries, new_id)).transpose()?;
        let before = self.state.clone();
        change.apply(&mut self.state);
        if let Some(products) = products {
            self.state.products = products;
        }
        Ok(self.note(&before, by, now))
    }

    /// Adds a product at the end of the list.
    ///
    /// # Errors
    ///
    /// [`ProductsRefused::TooMany`] when there is no room.
    pub fn add_product(
        &mut self,
        product: Product,
        by: &UserId,
        now: Timestamp,
    ) -> Result<Outcome<BusinessEvent>, ProductsRefused> {
        self.change_products(|products| products.add(product), by, now)
    }

    /// Changes a product.
    ///
    /// # Errors
    ///
    /// [`ProductsRefused::Unknown`] when there is none of that id.
    pub fn change_product(
        &mut self,
        id: &ProductId,
        change: ProductChange,
        by: &UserId,
        now: Timestamp,
    ) -> Result<Outcome<BusinessEvent>, ProductsRefused> {
        self.change_products(|products| products.change(id, change), by, now)
    }

    /// Takes a product off the list.
    ///
    /// # Errors
    ///
    /// [`ProductsRefused::Unknown`] when there is none of that id.
    pub fn remove_product(
        &mut self,
        id: &ProductId,
        by: &UserId,
        now: Timestamp,
    ) -> Result<Outcome<BusinessEvent>, ProductsRefused> {
        self.change_products(|products| products.remove(id), by, now)
    }

    fn change_products(
        &mut self,
        change: impl FnOnce(&mut Products) -> Result<(), ProductsRefused>,
        by: &UserId,
        now: Timestamp,
    ) -> Result<Outcome<BusinessEvent>, ProductsRefused> {
        let before = self.state.clone();
        change(&mut self.state.products)?;
        Ok(self.note(&before, by, now))
    }

    /// Notes what differs from `before`, in the history and as events.
    fn note(&mut self, before: &BusinessSnapshot, by: &UserId, now: Timestamp) -> Outcome<BusinessEvent> {
        let fields = differences(before, &self.state);
        if fields.is_empty() {
            return Outcome::nothing();
        }
        let state = &mut self.state;
        let names = fields.iter().map(|&field| field.to_owned()).collect();
        state.history.note(HistoryEntry { at: Some(now), by: Some(by.clone()), fields: names });
        state.last_updated_by = Some(by.clone());
        state.updated_at = now;
        state.version = state.version.next();
        let outcome = Outcome::of(BusinessEventKind::Changed { fields }.of(state));
        if state.completed_at.is_some() || !state.completed_steps.are_all() {
            return outcome;
        }
        state.completed_at = Some(now);
        outcome.also(BusinessEventKind::OnboardingCompleted.of(state))
    }
}

/// The names of the fields, as clients have them, in which two states differ.
fn differences(before: &BusinessSnapshot, after: &BusinessSnapshot) -> Vec<&'static str> {
    let compared = [
        ("business_name", before.business_name != after.business_name),
        ("website", before.website != after.website),
        ("industry", before.industry != after.industry),
        ("business_type", before.business_type != after.business_type),
        ("employee_count", before.employee_count != after.employee_count),
        ("address", before.address != after.address),
        ("products", before.products != after.products),
        ("niche", before.positioning.niche != after.positioning.niche),
        ("ica", before.positioning.ideal_customer != after.positioning.ideal_customer),
        ("value_proposition", before.positioning.value_proposition != after.positioning.value_proposition),
        ("core_values", before.core_values != after.core_values),
        ("core_values_status", before.core_values_status != after.core_values_status),
        ("purpose", before.purpose != after.purpose),
        ("purpose_status", before.purpose_status != after.purpose_status),
        ("vision", before.vision != after.vision),
        ("vision_status", before.vision_status != after.vision_status),
        ("completed_steps", before.completed_steps != after.completed_steps),
    ];
    compared.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
}

#[cfg(test)]
mod tests;
