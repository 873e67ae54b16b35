//! What the SDK's errors mean to the application.

use std::error::Error;

use application::ports::StoreError;
use aws_sdk_dynamodb::{
    error::{BuildError, ProvideErrorMetadata, SdkError},
    operation::RequestId,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// Refusals that say nothing about the request: it may succeed later as it is.
const TRANSIENT: [&str; 7] = [
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// The store's error for a failed call.
pub(super) fn store_error<E>(error: SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + RequestId + Error + Send + Sync + 'static,
{
    let transient = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(refusal) => {
            refusal.raw().status().as_u16() >= 500 || refusal.err().code().is_some_and(|code| TRANSIENT.contains(&code))
        }
        _ => false,
    };
    let source = Box::new(error);
    if transient { StoreError::Unavailable(source) } else { StoreError::Refused(source) }
}

/// The error for a request that lacks a member, which would be a mistake in this crate.
pub(super) fn incomplete(error: BuildError) -> StoreError {
    StoreError::Refused(Box::new(error))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::{body::SdkBody, error::ErrorMetadata};

    use super::*;

    fn refused(status: u16, code: &str) -> StoreError {
        let error = GetItemError::generic(ErrorMetadata::builder().code(code).build());
        let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        store_error(SdkError::service_error(error, response))
    }

    #[test]
    fn overload_and_faults_of_the_store_are_told_from_mistakes_of_ours() {
        for code in TRANSIENT {
            assert!(matches!(refused(400, code), StoreError::Unavailable(_)), "{code}");
        }
        assert!(matches!(refused(503, "Whatever"), StoreError::Unavailable(_)));
        for code in ["ValidationException", "AccessDeniedException", "ResourceNotFoundException"] {
            assert!(matches!(refused(400, code), StoreError::Refused(_)), "{code}");
        }
    }

    #[test]
    fn a_store_that_cannot_be_reached_is_unavailable_and_says_why() {
        let lost = SdkError::<GetItemError, _>::dispatch_failure(ConnectorError::io("connection reset".into()));
        let error = store_error(lost);
        assert!(matches!(error, StoreError::Unavailable(_)));
        let chain: Vec<_> =
            std::iter::successors(error.source(), |source| (*source).source()).map(ToString::to_string).collect();
        assert!(chain.iter().any(|link| link.contains("connection reset")), "{chain:?}");
    }
}
