use chrono::TimeDelta;
use serde_json::json;

use super::*;

/// Made up.
const SECRET: &str = "whsec_test_secret_of_the_first_endpoint";
const OTHER: &str = "whsec_test_secret_of_the_second_endpoint";

fn secrets(texts: &[&str]) -> EndpointSecrets {
    let texts: Vec<_> = texts.iter().map(|text| SecretString::from(*text)).collect();
    EndpointSecrets::parse(&texts).unwrap()
}

fn now() -> Timestamp {
    DateTime::from_timestamp(1_801_483_200, 999_999_000).unwrap()
}

fn event(kind: &str, object: &Value) -> Vec<u8> {
    json!({ "id": "evt_1", "object": "event", "type": kind, "created": 1_801_483_100, "data": { "object": object } })
        .to_string()
        .into_bytes()
}

fn updated() -> Vec<u8> {
    event("customer.subscription.updated", &json!({ "id": "sub_1", "object": "subscription" }))
}

/// What an event of this kind with this object is about.
fn about(kind: &str, object: &Value) -> Result<Option<String>, WebhookRejected> {
    let (secrets, body) = (secrets(&[SECRET]), event(kind, object));
    let event = secrets.read(&body, &secrets.sign(&body, now()), now())?;
    Ok(event.subscription_id.map(|id| id.to_string()))
}

#[test]
fn a_signed_event_says_what_happened_when_and_to_what() {
    let (secrets, body) = (secrets(&[SECRET]), updated());
    let expected = ProviderEvent {
        id: "evt_1".to_owned(),
        kind: "customer.subscription.updated".to_owned(),
        occurred_at: DateTime::from_timestamp(1_801_483_100, 0).unwrap(),
        subscription_id: Some(ProviderSubscriptionId::restore("sub_1")),
    };
    assert_eq!(secrets.read(&body, &secrets.sign(&body, now()), now()), Ok(expected));
}

/// Computed with `printf '%s.%s' 1801483200 '{}' | openssl dgst -sha256 -hmac "$SECRET"`.
#[test]
fn rule_28_a_signature_is_the_hmac_over_the_time_and_the_raw_body() {
    let made = secrets(&[SECRET]).sign(b"{}", now());
    assert_eq!(made, "t=1801483200,v1=b4b637f0bacac344ab9980af930d65df9bab843e84d880f51549e85c965a3d31");
}

#[test]
fn rule_28_any_of_several_signatures_and_secrets_counts() {
    let body = updated();
    let signed = secrets(&[SECRET]).sign(&body, now());
    let both = secrets(&[OTHER, SECRET]);
    assert!(both.read(&body, &signed, now()).is_ok());
    let (time, good) = signed.split_once(',').unwrap();
    for header in [
        format!("{time},v1=00,v1=zz,v1=,{good}"),
        format!("{time},v0=00,{good},v2=00"),
        format!("{good}, {time}"),
        both.sign(&body, now()),
    ] {
        assert!(secrets(&[SECRET]).read(&body, &header, now()).is_ok(), "{header}");
    }
}

#[test]
fn rule_28_what_is_not_signed_with_a_secret_of_ours_is_refused() {
    let (ours, body) = (secrets(&[SECRET]), updated());
    let signed = ours.sign(&body, now());
    let (time, good) = signed.split_once(',').unwrap();
    let (_, digest) = good.split_once('=').unwrap();
    for header in [
        String::new(),
        time.to_owned(),
        good.to_owned(),
        format!("{time},v0={digest}"),
        format!("{time},v1={}", digest.split_at(62).0),
        format!("{time},v1="),
        format!("{time},{time},{good}"),
        format!("t=+1801483200,{good}"),
        format!("t=1801483201,{good}"),
        format!("t=99999999999999999999,{good}"),
        format!("t=,{good}"),
        format!("{signed},{}", "v0=x,".repeat(1000)),
        secrets(&[OTHER]).sign(&body, now()),
    ] {
        assert_eq!(ours.read(&body, &header, now()), Err(WebhookRejected::Signature), "{header}");
    }
    // White space counts: it is the bytes that are signed.
    let spaced = [body.as_slice(), b" "].concat();
    assert_eq!(ours.read(&spaced, &signed, now()), Err(WebhookRejected::Signature));
}

#[test]
fn rule_28_a_signature_is_good_for_five_minutes_either_way() {
    let (ours, body) = (secrets(&[SECRET]), updated());
    let signed = ours.sign(&body, now());
    for (seconds, taken) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
        let read = ours.read(&body, &signed, now() + TimeDelta::seconds(seconds));
        assert_eq!(read.is_ok(), taken, "{seconds}");
    }
}

#[test]
fn rule_31_an_invoice_names_its_subscription_in_either_place() {
    let newer = json!({ "parent": { "subscription_details": { "subscription": "sub_2" } } });
    let older = json!({ "subscription": "sub_1" });
    let expanded = json!({ "subscription": { "id": "sub_3", "object": "subscription" } });
    let both = json!({ "subscription": null, "parent": { "subscription_details": { "subscription": "sub_4" } } });
    let neither = json!({ "subscription": null, "parent": null });
    for (invoice, expected) in [
        (newer, Some("sub_2")),
        (older, Some("sub_1")),
        (expanded, Some("sub_3")),
        (both, Some("sub_4")),
        (neither, None),
    ] {
        assert_eq!(about("invoice.paid", &invoice), Ok(expected.map(str::to_owned)), "{invoice}");
    }
}

#[test]
fn what_leads_to_a_subscription_is_about_it() {
    let session = json!({ "id": "cs_1", "subscription": "sub_1" });
    assert_eq!(about("checkout.session.completed", &session), Ok(Some("sub_1".to_owned())));
    let schedule = json!({ "id": "sub_sched_1", "subscription": "sub_1" });
    assert_eq!(about("subscription_schedule.updated", &schedule), Ok(Some("sub_1".to_owned())));
    let released = json!({ "id": "sub_sched_1", "subscription": null, "released_subscription": "sub_1" });
    assert_eq!(about("subscription_schedule.released", &released), Ok(Some("sub_1".to_owned())));
}

#[test]
fn what_is_about_no_subscription_is_read_all_the_same() {
    for kind in ["customer.updated", "charge.refunded", "invoice_payment.paid", "what.comes.next", "invoices"] {
        assert_eq!(about(kind, &json!({ "id": "x_1", "subscription": "sub_1" })), Ok(None), "{kind}");
    }
    // Whatever else it looks like.
    for object in [json!(null), json!([1]), json!("text"), json!({ "subscription": 7 })] {
        assert_eq!(about("invoice.paid", &object), Ok(None), "{object}");
    }
}

#[test]
fn what_is_signed_and_makes_no_sense_is_unreadable() {
    let ours = secrets(&[SECRET]);
    let long = "x".repeat(256);
    let with = |id: &str, kind: &str, created: Value| {
        json!({ "id": id, "type": kind, "created": created, "data": { "object": {} } }).to_string()
    };
    for body in [
        String::new(),
        "[]".to_owned(),
        "{".to_owned(),
        with("", "invoice.paid", json!(1)),
        with(&long, "invoice.paid", json!(1)),
        with("evt 1", "invoice.paid", json!(1)),
        with("evt_1", "", json!(1)),
        with("evt_1", "invoice.paid", json!("2027-02-01T12:00:00Z")),
        with("evt_1", "invoice.paid", json!(i64::MAX)),
        with("evt_1", "customer.subscription.updated", json!(1)),
        "[".repeat(100_000),
        " ".repeat(LONGEST_BODY + 1),
    ] {
        let signed = ours.sign(body.as_bytes(), now());
        assert_eq!(ours.read(body.as_bytes(), &signed, now()), Err(WebhookRejected::Unreadable), "{body:.60}");
    }
    assert!(about("customer.subscription.deleted", &json!({ "id": 7 })).is_err());
}

#[test]
fn secrets_are_checked_and_never_shown() {
    let parse = |texts: &[String]| {
        let texts: Vec<_> = texts.iter().map(|text| SecretString::from(text.as_str())).collect();
        EndpointSecrets::parse(&texts)
    };
    let made = parse(&[SECRET.to_owned(), OTHER.to_owned()]).unwrap();
    assert_eq!(format!("{made:?}"), "EndpointSecrets(2)");
    for wrong in [
        vec![],
        vec!["sk_live_0123456789abcdef".to_owned()],
        vec!["whsec_short".to_owned()],
        vec![format!("whsec_{}", "x".repeat(256))],
        vec![SECRET.to_owned(), "whsec_with a space in it".to_owned()],
        vec![SECRET.to_owned(); 6],
    ] {
        assert_eq!(parse(&wrong).unwrap_err(), InvalidEndpointSecret, "{wrong:?}");
    }
}
