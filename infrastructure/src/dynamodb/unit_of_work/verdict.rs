//! Why a transaction was not carried out, told from what DynamoDB says about each of its items.

use application::ports::{CommitError, Refusal, StoreError};
use aws_sdk_dynamodb::types::CancellationReason;

/// Codes that say nothing about the item: another transaction was at it, or its table is overloaded.
const PASSING: [&str; 3] = ["TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"];

/// A transaction that was not carried out.
#[derive(Debug)]
pub(super) enum NotCommitted {
    /// DynamoDB decided against it, for these reasons: one for each item, in their order.
    Cancelled {
        /// The reasons.
        reasons: Vec<CancellationReason>,
        /// The same as an error of the store, for when they are of no known kind.
        error: StoreError,
    },
    /// The request failed.
    Failed(StoreError),
}

impl NotCommitted {
    /// What that means, given what the refusal of each item means.
    ///
    /// A condition that was not met goes before a conflict: it tells more, and trying again would not change
    /// it.
    pub(super) fn verdict(self, refusals: impl Iterator<Item = Option<Refusal>>) -> CommitError {
        let (reasons, error) = match self {
            Self::Failed(error) => return error.into(),
            Self::Cancelled { reasons, error } => (reasons, error),
        };
        let is_refused = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
        let is_passing = |reason: &CancellationReason| reason.code().is_some_and(|code| PASSING.contains(&code));
        let mut refused = reasons.iter().zip(refusals).filter(|(reason, _)| is_refused(reason));
        if let Some(refusal) = refused.find_map(|(_, refusal)| refusal) {
            return refusal.into();
        }
        if reasons.iter().any(is_passing) { CommitError::Conflict } else { error.into() }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{
        error::SdkError, operation::transact_write_items::TransactWriteItemsError,
        types::error::TransactionCanceledException,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_types::body::SdkBody;

    use super::*;
    use crate::dynamodb::errors::store_error;

    fn verdict<const N: usize>(items: [(&str, Option<Refusal>); N]) -> CommitError {
        let reasons = items.map(|(code, _)| CancellationReason::builder().code(code).build());
        let cancelled =
            TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons.to_vec())).build();
        let error = TransactWriteItemsError::TransactionCanceledException(cancelled);
        let response = HttpResponse::new(400.try_into().unwrap(), SdkBody::empty());
        let error = store_error(SdkError::service_error(error, response));
        NotCommitted::Cancelled { reasons: reasons.into(), error }
            .verdict(items.into_iter().map(|(_, refusal)| refusal))
    }

    #[test]
    fn a_refusal_is_matched_by_position() {
        let verdict = verdict([
            ("None", Some(Refusal::Stale)),
            ("ConditionalCheckFailed", Some(Refusal::EmailTaken)),
            ("None", None),
        ]);
        assert!(matches!(verdict, CommitError::Refused(Refusal::EmailTaken)));
    }

    #[test]
    fn the_first_refusal_in_the_order_of_the_change_set_counts() {
        let verdict = verdict([
            ("None", None),
            ("ConditionalCheckFailed", Some(Refusal::Stale)),
            ("ConditionalCheckFailed", Some(Refusal::RefreshTokenSpent)),
        ]);
        assert!(matches!(verdict, CommitError::Refused(Refusal::Stale)));
    }

    #[test]
    fn other_transactions_and_overload_are_conflicts() {
        for code in PASSING {
            let verdict = verdict([("None", Some(Refusal::EmailTaken)), (code, Some(Refusal::Stale))]);
            assert!(matches!(verdict, CommitError::Conflict), "{code}");
        }
    }

    #[test]
    fn a_condition_goes_before_a_conflict() {
        let verdict = verdict([
            ("TransactionConflict", Some(Refusal::Stale)),
            ("ConditionalCheckFailed", Some(Refusal::TokenUsed)),
        ]);
        assert!(matches!(verdict, CommitError::Refused(Refusal::TokenUsed)));
    }

    #[test]
    fn a_reason_that_nobody_foresaw_is_a_mistake_of_ours() {
        let verdict = verdict([("ValidationError", Some(Refusal::Stale)), ("None", None)]);
        assert!(matches!(verdict, CommitError::Store(StoreError::Refused(_))));
    }

    #[test]
    fn a_transaction_that_failed_says_so() {
        let lost = NotCommitted::Failed(StoreError::Unavailable("lost".into()));
        assert!(matches!(lost.verdict(std::iter::empty()), CommitError::Store(StoreError::Unavailable(_))));
    }
}
