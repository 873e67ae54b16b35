//! What a tenant says about its business.

mod foundation;
mod onboarding;
mod onboarding_update;
mod products;

use domain::business::Text;

pub(crate) use foundation::{FoundationInfo, FoundationRequest};
pub(crate) use onboarding::OnboardingInfo;
pub(crate) use onboarding_update::OnboardingRequest;
pub(crate) use products::{NewProductRequest, ProductInfo, ProductRequest, ProductsRequest};

fn string_of<const MAX: usize, const LINES: bool>(text: Option<&Text<MAX, LINES>>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}
