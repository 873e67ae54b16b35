use std::io;

use application::{
    Failure as UseCaseFailure,
    auth::{LoginError, RegisterError},
    billing::{PortalError, SubscribeError},
    ports::{BillingError, StoreError},
};
use domain::user::WeakPassword;
use http_body_util::BodyExt;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;

async fn answer(error: impl Into<ApiError>) -> (StatusCode, axum::http::HeaderMap, Value) {
    let (parts, body) = error.into().into_response().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap())
}

#[rstest]
#[case(ErrorKind::InvalidCredentials, 401, "INVALID_CREDENTIALS")]
#[case(ErrorKind::TooManyAttempts, 429, "RATE_LIMIT_EXCEEDED")]
#[case(ErrorKind::PasswordDisabled, 423, "ACCOUNT_LOCKED")]
#[case(ErrorKind::TokenMissing, 401, "TOKEN_MISSING")]
#[case(ErrorKind::TokenExpired, 401, "TOKEN_EXPIRED")]
#[case(ErrorKind::TokenInvalid, 401, "TOKEN_INVALID")]
#[case(ErrorKind::TenantMismatch, 403, "TENANT_MISMATCH")]
#[case(ErrorKind::ReauthenticationRequired, 403, "REAUTHENTICATION_REQUIRED")]
#[case(ErrorKind::LastWayIn, 409, "LAST_SIGN_IN_METHOD")]
#[case(ErrorKind::EmailNotVerified, 403, "EMAIL_NOT_VERIFIED")]
#[case(ErrorKind::AccountInactive, 403, "ACCOUNT_INACTIVE")]
#[case(ErrorKind::TenantInactive, 403, "TENANT_INACTIVE")]
#[case(ErrorKind::InsufficientPermissions, 403, "INSUFFICIENT_PERMISSIONS")]
#[case(ErrorKind::TenantLimitExceeded, 403, "TENANT_LIMIT_EXCEEDED")]
#[case(ErrorKind::InvalidRequest, 400, "INVALID_INPUT")]
#[case(ErrorKind::Validation, 422, "VALIDATION_ERROR")]
#[case(ErrorKind::WeakPassword, 422, "WEAK_PASSWORD")]
#[case(ErrorKind::IdempotencyKeyReused, 422, "IDEMPOTENCY_KEY_REUSED")]
#[case(ErrorKind::EmailAlreadyExists, 409, "EMAIL_ALREADY_EXISTS")]
#[case(ErrorKind::Conflict, 409, "RESOURCE_CONFLICT")]
#[case(ErrorKind::NotFound, 404, "NOT_FOUND")]
#[case(ErrorKind::TenantNotFound, 404, "TENANT_NOT_FOUND")]
#[case(ErrorKind::Unavailable, 503, "SERVICE_UNAVAILABLE")]
#[case(ErrorKind::BillingProvider, 503, "STRIPE_ERROR")]
#[case(ErrorKind::BillingPortal, 503, "BILLING_PORTAL_ERROR")]
#[case(ErrorKind::Internal, 500, "INTERNAL_ERROR")]
fn each_kind_of_error_has_its_status_and_code(#[case] kind: ErrorKind, #[case] status: u16, #[case] code: &str) {
    let (actual_status, actual_code) = answer_to(kind);
    assert_eq!((actual_status.as_u16(), json!(actual_code)), (status, json!(code)));
}

#[tokio::test]
async fn a_failure_has_the_envelope_of_the_contract() {
    let (status, headers, body) = answer(LoginError::InvalidCredentials).await;
    assert_eq!(status, 401);
    assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(headers["www-authenticate"], "Bearer");
    let expected =
        json!({ "success": false, "error": "Email address or password is wrong", "code": "INVALID_CREDENTIALS" });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn rule_3_a_weak_password_names_the_field_and_the_rule() {
    let (status, _, body) = answer(RegisterError::WeakPassword(WeakPassword::TooShort(8))).await;
    assert_eq!(status, 422);
    let expected = json!({
        "success": false,
        "error": "The password must be at least 8 characters",
        "code": "WEAK_PASSWORD",
        "errors": { "password": "must be at least 8 characters" },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn nothing_of_the_inside_is_shown() {
    let cause = || io::Error::other("item u1 of table purposepath-users-prod");
    let corrupt = UseCaseFailure::Store(StoreError::corrupt("users", cause()));
    let (status, _, body) = answer(corrupt).await;
    assert_eq!((status.as_u16(), &body["code"]), (500, &json!("INTERNAL_ERROR")));
    assert!(!body.to_string().contains("users"), "{body}");

    let unavailable = UseCaseFailure::Store(StoreError::Unavailable(Box::new(cause())));
    let (status, headers, body) = answer(unavailable).await;
    assert_eq!((status.as_u16(), &body["code"]), (503, &json!("SERVICE_UNAVAILABLE")));
    assert_eq!(headers["retry-after"], "1");
    assert!(!body.to_string().contains("users"), "{body}");
}

#[tokio::test]
async fn what_is_wrong_between_us_and_the_billing_provider_is_not_shown() {
    let unavailable = BillingError::Unavailable("AccessDeniedException: role account-prod".to_owned());
    let refused = BillingError::Refused("403 invalid_request_error, request req_7".to_owned());
    let answers = [
        answer(SubscribeError::from(unavailable.clone())).await,
        answer(SubscribeError::from(refused.clone())).await,
        answer(SubscribeError::from(BillingError::NotConfigured)).await,
        answer(PortalError::from(unavailable)).await,
        answer(PortalError::from(refused)).await,
    ];
    let codes = ["STRIPE_ERROR", "STRIPE_ERROR", "STRIPE_ERROR", "BILLING_PORTAL_ERROR", "BILLING_PORTAL_ERROR"];
    for ((status, headers, body), code) in answers.into_iter().zip(codes) {
        let sentence = "The billing provider cannot do this now; please try again";
        assert_eq!(body, json!({ "success": false, "error": sentence, "code": code }));
        assert_eq!((status.as_u16(), &headers["retry-after"]), (503, &"1".parse().unwrap()));
    }
}

#[test]
fn the_log_gets_every_cause() {
    let error = StoreError::corrupt("users", io::Error::other("missing attribute"));
    assert_eq!(causes(&error), "unreadable item in users: missing attribute");
}

#[tokio::test]
async fn a_single_field_is_named_in_the_sentence() {
    let error = Err::<(), _>("is required").at("first_name").unwrap_err();
    let (status, _, body) = answer(error).await;
    assert_eq!(status, 422);
    assert_eq!(body["error"], "First name is required");
    assert_eq!(body["errors"], json!({ "first_name": "is required" }));
}

#[rstest]
#[case(0, 0)]
#[case(1, 1)]
#[case(1000, 1)]
#[case(1001, 2)]
fn waiting_is_rounded_up(#[case] millis: u64, #[case] seconds: u64) {
    assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
}
