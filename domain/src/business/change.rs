//! Wishes to change some of what a business says about itself.

use super::{
    BusinessSnapshot,
    products::ProductEntry,
    progress::{StepStatus, Steps},
    text::{Line, Prose},
};
use crate::{Change, HttpsUrl};

/// A wish to change some of the foundation; everything else stays as it is.
#[derive(Clone, Debug, Default)]
pub struct BusinessChange {
    /// New name.
    pub business_name: Change<Line>,
    /// New site.
    pub website: Change<HttpsUrl>,
    /// New line of business.
    pub industry: Change<Line>,
    /// New kind of business.
    pub business_type: Change<Line>,
    /// New size.
    pub employee_count: Change<Line>,
    /// New parts of the address.
    pub address: AddressChange,
    /// The whole list of products.
    pub products: Option<Vec<ProductEntry>>,
    /// New place in the market.
    pub positioning: PositioningChange,
    /// The whole list of core values.
    pub core_values: Option<Vec<Line>>,
    /// How far they are.
    pub core_values_status: Option<StepStatus>,
    /// New purpose.
    pub purpose: Change<Prose>,
    /// How far it is.
    pub purpose_status: Option<StepStatus>,
    /// New vision.
    pub vision: Change<Prose>,
    /// How far it is.
    pub vision_status: Option<StepStatus>,
    /// All steps of onboarding that are done.
    pub completed_steps: Option<Steps>,
}

/// A wish to change some of the address.
#[derive(Clone, Debug, Default)]
pub struct AddressChange {
    /// New street with its number.
    pub street: Change<Line>,
    /// New city.
    pub city: Change<Line>,
    /// New state or region.
    pub state: Change<Line>,
    /// New postal code.
    pub zip: Change<Line>,
    /// New country.
    pub country: Change<Line>,
}

/// A wish to change some of the place in the market.
#[derive(Clone, Debug, Default)]
pub struct PositioningChange {
    /// New niche.
    pub niche: Change<Prose>,
    /// New ideal customer.
    pub ideal_customer: Change<Prose>,
    /// New value proposition.
    pub value_proposition: Change<Prose>,
}

impl BusinessChange {
    /// Applies all but the products, about which there may be two opinions.
    pub(super) fn apply(self, state: &mut BusinessSnapshot) {
        let Self {
            business_name,
            website,
            industry,
            business_type,
            employee_count,
            address: AddressChange { street, city, state: region, zip, country },
            products: _,
            positioning: PositioningChange { niche, ideal_customer, value_proposition },
            core_values,
            core_values_status,
            purpose,
            purpose_status,
            vision,
            vision_status,
            completed_steps,
        } = self;
        business_name.apply(&mut state.business_name);
        website.apply(&mut state.website);
        industry.apply(&mut state.industry);
        business_type.apply(&mut state.business_type);
        employee_count.apply(&mut state.employee_count);
        street.apply(&mut state.address.street);
        city.apply(&mut state.address.city);
        region.apply(&mut state.address.state);
        zip.apply(&mut state.address.zip);
        country.apply(&mut state.address.country);
        niche.apply(&mut state.positioning.niche);
        ideal_customer.apply(&mut state.positioning.ideal_customer);
        value_proposition.apply(&mut state.positioning.value_proposition);
        set(&mut state.core_values, core_values);
        set(&mut state.core_values_status, core_values_status);
        purpose.apply(&mut state.purpose);
        set(&mut state.purpose_status, purpose_status);
        vision.apply(&mut state.vision);
        set(&mut state.vision_status, vision_status);
        set(&mut state.completed_steps, completed_steps);
    }
}

fn set<T>(field: &mut T, wish: Option<T>) {
    if let Some(value) = wish {
        *field = value;
    }
}
