//! What is done when Stripe does not answer, or not sensibly.

use application::ports::{BillingError, BillingProvider, NewCustomer};
use chrono::TimeDelta;
use domain::{TenantId, subscription::BilledStatus};

use super::{
    Bench, PROFESSIONAL, billing, new_customer, order, plan, secrets,
    stub::{Card, Fault, KEY},
};
use crate::{
    fixtures::server::answer,
    stripe::{AccountKeys, form::Form, objects::Named},
};

fn instead(status: &str, headers: &str, body: &str) -> Fault {
    Fault::Instead(answer(status, headers, body))
}

fn error(status: &str, headers: &str) -> Fault {
    instead(status, headers, r#"{"error": {"type": "api_error", "message": "user-1"}}"#)
}

#[tokio::test]
async fn rule_31_what_failed_on_the_way_is_tried_again_with_the_same_key() {
    for fault in [
        error("500 Oops", ""),
        error("503 Busy", ""),
        error("429 Slowly", ""),
        error("409 Wait", ""),
        error("402 Really", "stripe-should-retry: true\r\n"),
        Fault::Lost,
        Fault::AnswerLost,
    ] {
        let bench = Bench::start();
        bench.stub.fail([fault.clone(), fault]);
        bench.customer().await;
        let seen = bench.stub.seen();
        let keys: Vec<_> = seen.iter().map(|seen| seen.idempotency_key.clone().unwrap()).collect();
        assert_eq!(keys[..3], ["customer-tenant-1-0", "customer-tenant-1-0", "customer-tenant-1-0"]);
        assert!(seen[0] == seen[1] && seen[1] == seen[2] && seen.len() == 4);
        assert_eq!(bench.stub.with(|state| state.customers.len()), 1);
    }
}

#[tokio::test]
async fn what_fails_three_times_is_given_up() {
    let bench = Bench::start();
    for (fault, why) in [
        (error("500 Oops", ""), "the answer was 500"),
        (error("429 Slowly", ""), "the answer was 429"),
        (error("409 Wait", ""), "the answer was 409"),
    ] {
        bench.stub.fail(vec![fault; 3]);
        let failed = bench.billing.create_customer(&new_customer()).await;
        assert_eq!(failed, Err(BillingError::Unavailable(why.to_owned())));
        assert_eq!(bench.stub.seen().len(), 3);
        bench.customer().await;
        bench.stub.seen();
    }
    bench.stub.fail(vec![Fault::Lost; 3]);
    let failed = bench.billing.create_customer(&new_customer()).await.unwrap_err();
    assert!(failed.to_string().starts_with("the billing provider cannot be reached: no connection: "), "{failed}");
}

/// Stripe gives the answer again to the same key, for a day.
#[tokio::test]
async fn what_broke_down_at_stripe_is_done_by_the_next_request() {
    for is_fulfilled in [false, true] {
        let bench = Bench::start();
        bench.stub.fail([Fault::BreakDown { is_fulfilled }]);
        let failed = bench.billing.create_customer(&new_customer()).await;
        assert_eq!(failed, Err(BillingError::Unavailable("the answer was 500".to_owned())));
        assert_eq!(bench.stub.seen().len(), 2);
        bench.customer().await;
        let keys: Vec<_> = bench.stub.seen().into_iter().filter_map(|seen| seen.idempotency_key).collect();
        assert_eq!(keys[..2], ["customer-tenant-1-0", "customer-tenant-1-1"]);
    }
}

#[tokio::test]
async fn what_broke_down_for_some_keeps_nobody_else_from_stripe() {
    let bench = Bench::start();
    for number in 0..6 {
        bench.stub.fail([Fault::BreakDown { is_fulfilled: false }]);
        let tenant_id = TenantId::restore(format!("tenant-{number}"));
        assert!(bench.billing.create_customer(&NewCustomer { tenant_id, ..new_customer() }).await.is_err());
    }
    bench.customer().await;
}

#[tokio::test]
async fn an_object_that_somebody_else_works_on_says_nothing_about_stripe() {
    let bench = Bench::start();
    let body = r#"{"error": {"type": "invalid_request_error", "code": "lock_timeout", "message": "cus_1"}}"#;
    for _ in 0..3 {
        bench.stub.fail(vec![instead("429 Locked", "", body); 3]);
        let failed = bench.billing.create_customer(&new_customer()).await;
        assert_eq!(failed, Err(BillingError::Unavailable("the answer was 429".to_owned())));
    }
    bench.customer().await;
}

#[tokio::test]
async fn what_stripe_says_is_pointless_is_not_tried_again() {
    let bench = Bench::start();
    for status in [500, 429, 409] {
        bench.stub.fail([error(&format!("{status} No"), "stripe-should-retry: false\r\nrequest-id: req_9\r\n")]);
        let failed = bench.billing.create_customer(&new_customer()).await.unwrap_err();
        let expected = match status {
            409 => BillingError::Refused("409 api_error for the customer, request req_9".to_owned()),
            _ => BillingError::Unavailable(format!("the answer was {status}")),
        };
        assert_eq!(failed, expected);
        assert_eq!(bench.stub.seen().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_in_time_is_given_up() {
    let bench = Bench::start();
    bench.stub.fail(vec![Fault::Silence; 3]);
    let failed = bench.billing.create_customer(&new_customer()).await;
    assert_eq!(failed, Err(BillingError::Unavailable("no answer in time".to_owned())));
}

#[tokio::test]
async fn who_does_not_answer_is_left_alone_for_a_while() {
    let bench = Bench::start();
    let customer = new_customer();
    let ask = || bench.billing.create_customer(&customer);
    bench.stub.fail(vec![error("503 Busy", ""); 5]);
    assert!(ask().await.is_err());
    let resting = BillingError::Unavailable("it did not answer lately, and is given a rest".to_owned());
    assert_eq!(ask().await.unwrap_err(), resting);
    assert_eq!(bench.stub.seen().len(), 5);
    for _ in 0..10 {
        assert_eq!(ask().await.unwrap_err(), resting);
    }
    bench.clock.advance(TimeDelta::seconds(29));
    assert_eq!(ask().await.unwrap_err(), resting);
    assert!(bench.stub.seen().is_empty());
    // One request finds out, and all may ask again.
    bench.clock.advance(TimeDelta::seconds(1));
    assert!(ask().await.is_ok() && ask().await.is_ok());
}

#[tokio::test]
async fn a_refusal_is_no_breakdown() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    bench.stub.with(|state| state.add_card("pm_bad", Card::Declined("generic_decline")));
    for _ in 0..8 {
        let declined = bench.billing.subscribe(&order(&customer, Some("pm_bad"))).await.unwrap_err();
        assert!(matches!(declined, BillingError::Declined(_)), "{declined}");
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_leaves_open_what_was_done() {
    let bench = Bench::start();
    let unreadable = BillingError::Unavailable("its answer about the customer cannot be read".to_owned());
    for fault in [
        instead("200 OK", "", ""),
        instead("200 OK", "", "<html>Please sign in</html>"),
        instead("200 OK", "", r#"{"object": "customer"}"#),
        instead("200 OK", "", &"[".repeat(100_000)),
        instead("403 No", "", "<html>Forbidden</html>"),
        instead("302 Elsewhere", "location: http://127.0.0.1:1/\r\n", ""),
        Fault::Endless,
    ] {
        bench.stub.fail([fault]);
        assert_eq!(bench.billing.create_customer(&new_customer()).await.unwrap_err(), unreadable);
        assert_eq!(bench.stub.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_says_which_but_not_about_whom() {
    let bench = Bench::start();
    let body = r#"{"error": {"type": "invalid_request_error", "code": "parameter_unknown", "param": "foo",
                   "message": "Received unknown parameter: foo of owner@example.com, sk_test_stub"}}"#;
    bench.stub.fail([instead("400 No", "request-id: req_7\r\n", body)]);
    let refused = bench.billing.create_customer(&new_customer()).await.unwrap_err();
    let expected = "400 invalid_request_error parameter_unknown foo for the customer, request req_7";
    assert_eq!(refused, BillingError::Refused(expected.to_owned()));
}

#[tokio::test]
async fn a_key_that_is_not_accepted_is_said_so() {
    let bench = Bench::start();
    let other = billing(&bench.stub, AccountKeys::given(secrets("sk_test_other")), &bench.clock);
    let refused = other.create_customer(&new_customer()).await.unwrap_err();
    assert_eq!(refused, BillingError::Refused("the key is not accepted".to_owned()));
    assert!(!format!("{refused:?}").contains(KEY));
}

#[tokio::test]
async fn a_key_is_for_one_request() {
    let bench = Bench::start();
    bench.customer().await;
    let form = Form::new().with("metadata[tenant_id]", "tenant-2");
    let client = &bench.billing.client;
    let refused = client.post::<Named>("/v1/customers", &form, "customer-tenant-1").await;
    let expected = BillingError::Refused("400 idempotency_error for the customer, request req_1".to_owned());
    assert_eq!(BillingError::from(refused.err().unwrap()), expected);
}

/// Security rule 31.
#[tokio::test]
async fn rule_31_whatever_is_posted_carries_a_key() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL)).await;
    bench.billing.set_renewal(&id, false).await.unwrap();
    let seen = bench.stub.seen();
    let posts: Vec<_> = seen.iter().filter(|seen| seen.what.starts_with("POST")).collect();
    assert!(posts.len() >= 8 && posts.iter().all(|post| post.idempotency_key.is_some()), "{posts:?}");
    assert_eq!(bench.billing.subscription(&id).await.unwrap().unwrap().status, BilledStatus::Active);
}
