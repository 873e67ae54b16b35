//! Onboarding: everything that a tenant says about its business, in the order of the form.

use domain::{
    BusinessFoundation,
    business::{Address, Positioning, StepStatus},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{products::ProductInfo, string_of};
use crate::dto::schemas;

/// What a tenant says about its business.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Onboarding)]
pub(crate) struct OnboardingInfo {
    #[schema(required = true)]
    business_name: Option<String>,
    #[schema(schema_with = schemas::nullable_https_url, required = true)]
    website: Option<String>,
    #[schema(required = true)]
    industry: Option<String>,
    #[schema(required = true)]
    business_type: Option<String>,
    #[schema(required = true)]
    employee_count: Option<String>,
    address: AddressInfo,
    products: Vec<ProductInfo>,
    step3: Step3Info,
    step4: Step4Info,
    /// The numbers of the steps that are done, in order.
    completed_steps: Vec<u8>,
    /// Whether all of them are.
    is_completed: bool,
    /// Counts the changes. Send it back with yours to have it refused when somebody else was faster.
    version: u64,
}

/// Where a business is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BusinessAddress)]
pub(crate) struct AddressInfo {
    #[schema(required = true)]
    street: Option<String>,
    #[schema(required = true)]
    city: Option<String>,
    #[schema(required = true)]
    state: Option<String>,
    #[schema(required = true)]
    zip: Option<String>,
    #[schema(required = true)]
    country: Option<String>,
}

/// What place a business takes in its market.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnboardingStep3)]
pub(crate) struct Step3Info {
    #[schema(required = true)]
    niche: Option<String>,
    /// The ideal customer.
    #[schema(required = true)]
    ica: Option<String>,
    #[schema(required = true)]
    value_proposition: Option<String>,
}

/// What a business stands for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnboardingStep4)]
pub(crate) struct Step4Info {
    core_values: Vec<String>,
    #[schema(schema_with = schemas::step_status)]
    core_values_status: &'static str,
    #[schema(required = true)]
    purpose: Option<String>,
    #[schema(schema_with = schemas::step_status)]
    purpose_status: &'static str,
    #[schema(required = true)]
    vision: Option<String>,
    #[schema(schema_with = schemas::step_status)]
    vision_status: &'static str,
}

impl From<&BusinessFoundation> for OnboardingInfo {
    fn from(foundation: &BusinessFoundation) -> Self {
        let business = foundation.snapshot();
        let Address { street, city, state, zip, country } = &business.address;
        let Positioning { niche, ideal_customer, value_proposition } = &business.positioning;
        Self {
            business_name: string_of(business.business_name.as_ref()),
            website: business.website.as_ref().map(|url| url.as_str().to_owned()),
            industry: string_of(business.industry.as_ref()),
            business_type: string_of(business.business_type.as_ref()),
            employee_count: string_of(business.employee_count.as_ref()),
            address: AddressInfo {
                street: string_of(street.as_ref()),
                city: string_of(city.as_ref()),
                state: string_of(state.as_ref()),
                zip: string_of(zip.as_ref()),
                country: string_of(country.as_ref()),
            },
            products: business.products.as_slice().iter().map(ProductInfo::from).collect(),
            step3: Step3Info {
                niche: string_of(niche.as_ref()),
                ica: string_of(ideal_customer.as_ref()),
                value_proposition: string_of(value_proposition.as_ref()),
            },
            step4: Step4Info {
                core_values: business.core_values.iter().map(|value| value.as_str().to_owned()).collect(),
                core_values_status: business.core_values_status.as_str(),
                purpose: string_of(business.purpose.as_ref()),
                purpose_status: business.purpose_status.as_str(),
                vision: string_of(business.vision.as_ref()),
                vision_status: business.vision_status.as_str(),
            },
            completed_steps: business.completed_steps.iter().collect(),
            is_completed: business.completed_steps.are_all(),
            version: business.version.get(),
        }
    }
}

impl OnboardingInfo {
    pub(crate) fn example() -> Self {
        let text = |text: &str| Some(text.to_owned());
        Self {
            business_name: text("Lee & Co"),
            website: text("https://lee.example.com/"),
            industry: text("Coaching"),
            business_type: text("LLC"),
            employee_count: text("11-50"),
            address: AddressInfo {
                street: text("High Street 1"),
                city: text("Portland"),
                state: text("OR"),
                zip: text("97201"),
                country: text("US"),
            },
            products: vec![ProductInfo::example()],
            step3: Step3Info {
                niche: text("Founders of small firms"),
                ica: text("A founder with ten people and no evening off"),
                value_proposition: text("A team that decides without you, in six months"),
            },
            step4: Step4Info {
                core_values: vec!["Candour".to_owned()],
                core_values_status: StepStatus::Completed.as_str(),
                purpose: text("Firms that people like to work for"),
                purpose_status: StepStatus::InProgress.as_str(),
                vision: None,
                vision_status: StepStatus::NotStarted.as_str(),
            },
            completed_steps: vec![1, 2, 3],
            is_completed: false,
            version: 12,
        }
    }
}
