//! How much of what its plan limits an organisation has used.

use std::collections::BTreeMap;

use application::{idempotency::IdempotentRequest, usage::CountUsage};
use domain::{LimitName, Usage, UsageAmount};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{rules, schemas};
use crate::error::{ApiError, AtField};

/// How much of something is used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
pub(crate) struct UsageInfo {
    used: u64,
    /// How much may be used; `null` is unlimited.
    #[schema(required = true)]
    limit: Option<u64>,
}

impl From<Usage> for UsageInfo {
    fn from(Usage { used, limit }: Usage) -> Self {
        Self { used, limit }
    }
}

impl UsageInfo {
    pub(crate) const fn example() -> Self {
        Self { used: 3, limit: Some(10) }
    }
}

/// What is used, by the names of limits.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct UsageByName(BTreeMap<String, UsageInfo>);

impl From<BTreeMap<String, Usage>> for UsageByName {
    fn from(usage: BTreeMap<String, Usage>) -> Self {
        Self(usage.into_iter().map(|(name, usage)| (name, usage.into())).collect())
    }
}

impl UsageByName {
    pub(crate) fn example() -> Self {
        let unlimited = UsageInfo { used: 120, limit: None };
        Self(BTreeMap::from([("actions".to_owned(), unlimited), ("goals".to_owned(), UsageInfo::example())]))
    }
}

/// How much is used, or given back.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = UsageAmount, example = json!({ "amount": 1 }))]
pub(crate) struct UsageRequest {
    /// `1` unless told.
    #[validate(custom(function = rules::usage_amount))]
    #[schema(schema_with = schemas::nullable_usage_amount)]
    amount: Option<i64>,
}

impl UsageRequest {
    pub(crate) fn into_command(
        self,
        name: LimitName,
        idempotency: Option<IdempotentRequest>,
    ) -> Result<CountUsage, ApiError> {
        let amount = self.amount.map_or(Ok(UsageAmount::ONE), UsageAmount::new).at("amount")?;
        Ok(CountUsage { name, amount, idempotency })
    }
}
