//! Subscriptions and trials, as administrators of the platform see and change them.

use application::{billing::ExtendTrial, page::PageRequest, ports::SubscriptionFilter};
use chrono::{DateTime, Utc};
use domain::subscription::{TrialExtension, TrialExtensionReason};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::{example_time, page::page_request, rules, schemas};
use crate::error::{ApiError, AtField};

/// Which subscriptions to show.
#[derive(Debug, Default, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdminSubscriptionQuery {
    /// Only subscriptions that stand here.
    #[validate(custom(function = rules::subscription_status))]
    #[param(schema_with = schemas::subscription_status)]
    status: Option<String>,
    /// Only subscriptions of this tier.
    #[validate(custom(function = rules::tier))]
    #[param(schema_with = schemas::tier)]
    tier: Option<String>,
    #[validate(custom(function = rules::page_size))]
    #[param(schema_with = schemas::page_size)]
    limit: Option<String>,
    #[validate(custom(function = rules::cursor))]
    #[param(schema_with = schemas::cursor)]
    cursor: Option<String>,
}

impl AdminSubscriptionQuery {
    pub(crate) fn read(self) -> Result<(SubscriptionFilter, PageRequest), ApiError> {
        let Self { status, tier, limit, cursor } = self;
        let filter = SubscriptionFilter {
            status: status.as_deref().map(rules::read_subscription_status).transpose().at("status")?,
            tier: tier.as_deref().map(rules::read_tier).transpose().at("tier")?,
        };
        Ok((filter, page_request(limit.as_deref(), cursor.as_deref())?))
    }
}

/// A wish to let an organisation try for longer.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "new_expiration_date": "2026-12-15T00:00:00Z", "reason": "Their data came late" }))]
pub(crate) struct ExtendTrialRequest {
    /// When the trial is to end: later than now and than it would, and within a year.
    #[serde(default)]
    #[validate(custom(function = rules::time))]
    #[schema(schema_with = schemas::time, required = true)]
    new_expiration_date: String,
    #[serde(default)]
    #[validate(custom(function = rules::trial_extension_reason))]
    #[schema(schema_with = schemas::trial_extension_reason, required = true)]
    reason: String,
}

impl TryFrom<ExtendTrialRequest> for ExtendTrial {
    type Error = ApiError;

    fn try_from(ExtendTrialRequest { new_expiration_date, reason }: ExtendTrialRequest) -> Result<Self, ApiError> {
        Ok(Self {
            until: rules::read_time(&new_expiration_date).at("new_expiration_date")?,
            reason: TrialExtensionReason::parse(&reason).at("reason")?,
        })
    }
}

/// How a trial was extended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrialExtension)]
pub(crate) struct TrialExtensionInfo {
    /// When it would have ended.
    previous_expiration_date: DateTime<Utc>,
    /// When it ended instead, or does.
    new_expiration_date: DateTime<Utc>,
    #[schema(schema_with = schemas::trial_extension_reason)]
    reason: String,
    /// The administrator of the platform who did it.
    #[schema(schema_with = schemas::id)]
    extended_by: String,
    extended_at: DateTime<Utc>,
}

impl From<TrialExtension> for TrialExtensionInfo {
    fn from(TrialExtension { from, to, reason, by, at }: TrialExtension) -> Self {
        Self {
            previous_expiration_date: from,
            new_expiration_date: to,
            reason: reason.as_str().to_owned(),
            extended_by: by.to_string(),
            extended_at: at,
        }
    }
}

impl TrialExtensionInfo {
    pub(crate) fn example() -> Self {
        let day = example_time();
        Self {
            previous_expiration_date: day + chrono::Days::new(2),
            new_expiration_date: day + chrono::Days::new(9),
            reason: "Their data came late".to_owned(),
            extended_by: "0198c5a2-8f00-7b11-8a4c-2f9d6e3c1a07".to_owned(),
            extended_at: day,
        }
    }
}
