//! Subscriptions, and what is paid for them.

use application::BillingService;
use axum::{extract::State, http::HeaderMap};

use super::{
    handlers::{Routes, routes},
    names::older_name,
    refusals::{TooManyRequests, refusal},
};
use crate::{
    dto::{
        billing::{
            AutoRenewalRequest, CancelRequest, CancelResponse, ChangePlanRequest, ChangePlanResponse, PaymentIntent,
            PaymentIntentRequest, Portal, PortalRequest, Received, StartTrialRequest, StartTrialResponse,
            SubscribeRequest, SubscribeResponse,
        },
        envelope::{Failure, Success},
        subscription::SubscriptionInfo,
    },
    error::{ApiError, ErrorCode},
    extract::{Authenticated, IdempotencyKeyHeader, IdempotentJson, Json, LinkBase, RawJson},
};

/// How Stripe signs.
const SIGNATURE: &str = "stripe-signature";

refusal!(NoSubscription: NOT_FOUND, "There is no subscription.", SubscriptionNotFound, "This organisation has no subscription");

/// The routes that tell whether a promotion code is valid.
pub(super) fn promo_routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(get_subscription, post_subscription, put_subscription, delete_subscription))
        .routes(routes!(post_payment_intent))
}

/// The others.
pub(super) fn routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(put_auto_renewal))
        .routes(routes!(start_trial))
        .routes(routes!(post_portal))
        .routes(routes!(post_webhook))
        .routes(older_name("/billing/webhook", routes!(post_webhook)))
}

/// Your organisation's subscription.
///
/// The one that counts: the live one, or what is left of the latest. `null` for who never had any.
#[utoipa::path(
    get,
    path = "/user/subscription",
    tag = "Subscription and billing",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The subscription.", body = Success<Option<SubscriptionInfo>>,
        example = json!(Success::of(Some(SubscriptionInfo::example())))
    ))
)]
async fn get_subscription(
    State(billing): State<BillingService>,
    Authenticated(actor): Authenticated,
) -> Result<Success<Option<SubscriptionInfo>>, ApiError> {
    Ok(Success::of(billing.current(&actor).await?.map(SubscriptionInfo::from)))
}

/// Subscribe.
///
/// For owners. Without a payment method, or when the bank wants its customer to confirm, the first payment is
/// outstanding: confirm it in the browser with `client_secret`. The same request again goes on where the first one
/// stopped and charges nothing twice. A trial ends when the subscription is paid.
#[utoipa::path(
    post,
    path = "/user/subscription",
    tag = "Subscription and billing",
    security(("bearer" = [])),
    params(IdempotencyKeyHeader),
    request_body = SubscribeRequest,
    responses(
        (
            status = OK, description = "Subscribed, or waiting for the payment.", body = Success<SubscribeResponse>,
            example = json!(Success::of(SubscribeResponse::example()))
        ),
        (
            status = PAYMENT_REQUIRED, description = "The payment was declined.", body = Failure,
            example = json!(Failure::of(ErrorCode::PaymentFailed, "The payment was declined: insufficient funds"))
        ),
        (
            status = CONFLICT, description = "There is a subscription; change that one.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict, "This organisation has a subscription; change that one instead"
            ))
        ),
        (
            status = SERVICE_UNAVAILABLE, description = "The billing provider cannot do its part now.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::StripeError,
                "The billing provider cannot do this now; please try again"
            ))
        ),
        TooManyRequests
    )
)]
async fn post_subscription(
    State(billing): State<BillingService>,
    Authenticated(actor): Authenticated,
    request: IdempotentJson<SubscribeRequest>,
) -> Result<Success<SubscribeResponse>, ApiError> {
    let (request, idempotency) = request.of_operation("subscribe");
    Ok(Success::of(billing.subscribe(&actor, request.into_command(idempotency)?).await?.into()))
}

/// Change the subscription.
///
/// For owners. More takes effect at once, with what is left of the period credited; less with the end of the period.
/// Choosing what there is takes back a change that was to come.
#[utoipa::path(
    put,
    path = "/user/subscription",
    tag = "Subscription and billing",
    security(("bearer" = [])),
    request_body = ChangePlanRequest,
    responses(
        (
            status = OK, description = "The subscription, and when the change takes effect.",
            body = Success<ChangePlanResponse>, example = json!(Success::of(ChangePlanResponse::example()))
        ),
        (
            status = PAYMENT_REQUIRED, description = "The payment was declined, or one is outstanding.", body = Failure,
            example = json!(Failure::of(ErrorCode::PaymentFailed, "The payment was declined: insufficient funds"))
        ),
        (
            status = NOT_FOUND, description = "There is no subscription that is paid for.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::SubscriptionNotFound, "This organisation has no subscription that is paid for"
            ))
        ),
        TooManyRequests
    )
)]
async fn put_subscription(
    State(billing): State<BillingService>,
    Authenticated(actor): Authenticated,
    Json(request): Json<ChangePlanRequest>,
) -> Result<Success<ChangePlanResponse>, ApiError> {
    Ok(Success::of(billing.change_plan(&actor, request.try_into()?).await?.into()))
}

/// End the subscription.
///
/// For owners. With the period that is paid for, unless it is to be at once; nothing is paid back.
#[utoipa::path(
    delete,
    path = "/user/subscription",
    tag = "Subscription and billing",
    security(("bearer" = [])),
    request_body = CancelRequest,
    responses(
        (
            status = OK, description = "The subscription, and when it ends.", body = Success<CancelResponse>,
            example = json!(Success::of(CancelResponse::example()))
        ),
        NoSubscription
    )
)]
async fn delete_subscription(
    State(billing): State<BillingService>,
    Authenticated(actor): Authenticated,
    Json(request): Json<CancelRequest>,
) -> Result<Success<CancelResponse>, ApiError> {
    let (subscription, ends_at) = billing.cancel(&actor, request.try_into()?).await?;
    Ok(Success::of(CancelResponse::new(subscription, ends_at)))
}

/// Let the subscription go on after its period, or end with it.
///
/// For owners.
#[utoipa::path(
    put,
    path = "/user/subscription/auto-renewal",
    tag = "Subscription and billing",
    security(("bearer" = [])),
    request_body = AutoRenewalRequest,
    responses(
        (
            status = OK, description = "The subscription.", body = Success<SubscriptionInfo>,
            example = json!(Success::of(SubscriptionInfo::example()))
        ),
        NoSubscription,
        (
            status = CONFLICT, description = "A trial does not renew.", body = Failure,
            example = json!(Failure::of(ErrorCode::ResourceConflict, "A trial does not renew; subscribe instead"))
        )
    )
)]
async fn put_auto_renewal(
    State(billing): State<BillingService>,
    Authenticated(actor): Authenticated,
    Json(request): Json<AutoRenewalRequest>,
) -> Result<Success<SubscriptionInfo>, ApiError> {
    Ok(Success::of(billing.set_auto_renewal(&actor, request.auto_renewal).await?.into()))
}

/// Begin a trial.
///
/// For owners, once for each organisation. It costs nothing and ends by itself.
#[utoipa::path(
    post,
    path = "/subscription/trial/start",
    tag = "Subscription and billing",
    security(("bearer" = [])),
    request_body = StartTrialRequest,
    responses(
        (
            status = OK, description = "The trial.", body = Success<StartTrialResponse>,
            example = json!(Success::of(StartTrialResponse::example()))
        ),
        (
            status = CONFLICT, description = "The organisation has had its trial, or has a subscription.", body = Failure,
            example = json!(Failure::of(ErrorCode::ResourceConflict, "This organisation has had its trial"))
        )
    )
)]
async fn start_trial(
    State(billing): State<BillingService>,
    Authenticated(actor): Authenticated,
    Json(request): Json<StartTrialRequest>,
) -> Result<Success<StartTrialResponse>, ApiError> {
    Ok(Success::of(billing.start_trial(&actor, request.tier()?).await?.into()))
}

/// Prepare a payment.
///
/// For owners. Orders the subscription and answers with its first payment, to be confirmed in the browser;
/// `POST /user/subscription` for the same plan then finds it paid, and charges nothing again.
#[utoipa::path(
    post,
    path = "/billing/payment-intent",
    tag = "Subscription and billing",
    security(("bearer" = [])),
    params(IdempotencyKeyHeader),
    request_body = PaymentIntentRequest,
    responses(
        (
            status = OK, description = "The payment.", body = Success<PaymentIntent>,
            example = json!(Success::of(PaymentIntent::example()))
        ),
        (
            status = CONFLICT, description = "There is a subscription, or nothing to pay.", body = Failure,
            example = json!(Failure::of(ErrorCode::ResourceConflict, "There is nothing to pay"))
        ),
        TooManyRequests
    )
)]
async fn post_payment_intent(
    State(billing): State<BillingService>,
    Authenticated(actor): Authenticated,
    request: IdempotentJson<PaymentIntentRequest>,
) -> Result<Success<PaymentIntent>, ApiError> {
    let (request, idempotency) = request.of_operation("payment_intent");
    Ok(Success::of(billing.payment_intent(&actor, request.into_command(idempotency)?).await?.into()))
}

/// Open the provider's page for cards and receipts.
///
/// For owners. Whoever has the address is the customer: it works for a short time only.
#[utoipa::path(
    post,
    path = "/billing/portal",
    tag = "Subscription and billing",
    security(("bearer" = [])),
    params(LinkBase),
    request_body = PortalRequest,
    responses(
        (
            status = OK, description = "The page.", body = Success<Portal>,
            example = json!(Success::of(Portal::example()))
        ),
        (
            status = NOT_FOUND, description = "The organisation never subscribed to anything.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::SubscriptionNotFound, "This organisation has never subscribed to anything"
            ))
        ),
        (
            status = SERVICE_UNAVAILABLE, description = "The provider does not open the page.", body = Failure,
            example = json!(Failure::of(ErrorCode::BillingPortalError, "The billing provider cannot do this now; please try again"))
        )
    )
)]
async fn post_portal(
    State(billing): State<BillingService>,
    Authenticated(actor): Authenticated,
    LinkBase(link_base): LinkBase,
    Json(request): Json<PortalRequest>,
) -> Result<Success<Portal>, ApiError> {
    Ok(Success::of(billing.open_portal(&actor, request.into_command(link_base)).await?.into()))
}

/// For the billing provider: what happened there.
///
/// The body is taken as it arrives, and its signature in `Stripe-Signature` is verified. An answer of the five hundreds
/// has the provider send the event again.
#[utoipa::path(
    post,
    path = "/billing/webhook/stripe",
    tag = "Subscription and billing",
    params(("Stripe-Signature" = String, Header, description = "`t=…,v1=…`, as Stripe makes it.")),
    request_body(
        content = Object, description = "A Stripe event.",
        example = json!({ "id": "evt_1Q", "object": "event", "type": "customer.subscription.updated", "created": 1_795_000_000 })
    ),
    responses(
        (
            status = OK, description = "Taken, now or before.", body = Success<Received>,
            example = json!(Success::of(Received { received: true }))
        ),
        (
            status = BAD_REQUEST, description = "The signature is missing, wrong or too old.", body = Failure,
            example = json!(Failure::of(ErrorCode::InvalidInput, "The signature is missing, wrong or too old"))
        )
    )
)]
async fn post_webhook(
    State(billing): State<BillingService>,
    headers: HeaderMap,
    RawJson(body): RawJson,
) -> Result<Success<Received>, ApiError> {
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    billing.receive(&body, signature).await?;
    Ok(Success::of(Received { received: true }))
}
