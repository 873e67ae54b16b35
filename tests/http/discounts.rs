//! What tiers cost, what discount codes take off, and who makes them.

use aws_sdk_dynamodb::types::AttributeValue::{self, Bool, L, M, N};
use axum::http::Method;
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{Answer, App, Fault, Member, PLATFORM_ADMIN, Row, text};

const CODES: &str = "/admin/discount-codes";

/// A service, and who administers it.
struct World {
    app: App,
    admin: Member,
}

impl World {
    async fn start() -> Self {
        let app = App::start().await;
        let admin = app.platform_admin().await;
        Self { app, admin }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let call = self.app.client.call(method, path).bearer(&self.admin.tokens.access);
        let call = match path.strip_prefix(&format!("{CODES}/")).and_then(|rest| rest.split_once('/')) {
            Some((_, verb)) => {
                let verb = verb.split('?').next().unwrap();
                call.documented_as(&format!("/api/v1{CODES}/{{id}}/{verb}"))
            }
            None if path.starts_with(&format!("{CODES}/")) => call.documented_as(&format!("/api/v1{CODES}/{{id}}")),
            None => call,
        };
        match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    }

    async fn create(&self, body: &Value) -> Answer {
        self.call(Method::POST, CODES, Some(body)).await
    }

    async fn change(&self, code: &str, body: &Value) -> Answer {
        self.call(Method::PATCH, &format!("{CODES}/{code}"), Some(body)).await
    }

    async fn get(&self, code: &str) -> Answer {
        self.call(Method::GET, &format!("{CODES}/{code}"), None).await
    }

    async fn delete(&self, code: &str) -> Answer {
        self.call(Method::DELETE, &format!("{CODES}/{code}"), None).await
    }

    async fn switch(&self, code: &str, verb: &str) -> Answer {
        self.call(Method::POST, &format!("{CODES}/{code}/{verb}"), None).await
    }

    async fn check(&self, code: &str, tier: &str, frequency: &str) -> Answer {
        let body = json!({ "promo_code": code, "tier_id": tier, "frequency": frequency });
        self.app.client.post("/subscription/promo/validate", &body).send().await
    }

    /// As if so many tenants had redeemed a code.
    async fn redeemed(&self, code: &str, tenants: u32) {
        let mut row = self.app.row(Table::AccountDiscountCodes, code).await.unwrap();
        row.insert("redeemed".to_owned(), N(tenants.to_string()));
        self.app.plant(Table::AccountDiscountCodes, row).await;
        for number in 0..tenants {
            let tenant = format!("tenant-{number}");
            let row = [
                ("code", code),
                ("tenant_id", &tenant),
                ("redemption_id", "r1"),
                ("subscription_id", "sub_1"),
                ("redeemed_at", "2027-01-15T08:00:00+00:00"),
            ];
            let row = row.map(|(name, value)| (name.to_owned(), text(value))).into();
            self.app.plant(Table::AccountRedemptions, row).await;
        }
    }

    async fn finish(self) {
        self.app.deliver_mail().await;
        self.app.finish().await;
    }
}

fn plain(code: &str) -> Value {
    json!({ "code": code, "type": "percentage", "value": 20 })
}

#[tokio::test]
async fn a_code_is_made_changed_switched_off_and_on_and_deleted() {
    let world = World::start().await;
    let body = json!({
        "code": "spring27", "type": "fixed", "value": 5.5, "currency": "eur", "durationInCycles": 3,
        "maxRedemptions": 100, "tiers": ["professional", "starter", "starter"], "frequencies": ["monthly"],
        "validUntil": "2999-06-01T02:00:00+02:00",
    });
    let made = world.create(&body).await.created();
    let expected = json!({
        "id": "SPRING27", "code": "SPRING27", "type": "fixed", "value": 5.5, "currency": "EUR",
        "duration": "repeating", "duration_in_cycles": 3, "redemptions": 0, "max_redemptions": 100,
        "tiers": ["starter", "professional"], "frequencies": ["monthly"], "valid_until": "2999-06-01T00:00:00Z",
        "is_enabled": true, "created_at": made["created_at"], "updated_at": made["created_at"],
    });
    assert_eq!(made, expected);
    assert_eq!(world.get("spring27").await.data(), expected);

    world.app.clock.advance(chrono::TimeDelta::seconds(1));
    let body = json!({
        "type": "percentage", "value": 20.0, "duration_in_cycles": null, "max_redemptions": null, "tiers": [],
        "valid_until": null,
    });
    let changed = world.change("SPRING27", &body).await.data();
    let expected = json!({
        "id": "SPRING27", "code": "SPRING27", "type": "percentage", "value": 20, "currency": null,
        "duration": "forever", "duration_in_cycles": null, "redemptions": 0, "max_redemptions": null,
        "tiers": [], "frequencies": ["monthly"], "valid_until": null,
        "is_enabled": true, "created_at": made["created_at"], "updated_at": changed["updated_at"],
    });
    assert_eq!(changed, expected);
    assert_ne!(changed["updated_at"], changed["created_at"]);
    assert_eq!(world.change("SPRING27", &json!({})).await.data(), expected);
    let once = json!({ "durationInCycles": 1 });
    assert_eq!(world.change("SPRING27", &once).await.data()["duration"], "once");

    for _ in 0..2 {
        assert_eq!(world.switch("SPRING27", "disable").await.data()["is_enabled"], false);
    }
    assert_eq!(world.switch("SPRING27", "enable").await.data()["is_enabled"], true);
    assert_eq!(world.get("SPRING27").await.data()["is_enabled"], true);
    world.delete("spring27").await.succeeded();
    for answer in [
        world.get("SPRING27").await,
        world.change("SPRING27", &json!({})).await,
        world.delete("SPRING27").await,
        world.switch("SPRING27", "enable").await,
        world.switch("SPRING27", "disable").await,
        world.call(Method::GET, &format!("{CODES}/SPRING27/usage"), None).await,
        world.get("no-code").await,
    ] {
        answer.refused(404, "NOT_FOUND");
    }
    world.create(&plain("SPRING27")).await.created();
    world.finish().await;
}

#[tokio::test]
async fn a_code_is_for_once_in_words_and_a_text_is_used_once() {
    let world = World::start().await;
    let first =
        world.create(&json!({ "code": "ONCE", "type": "percentage", "value": 1, "duration_in_cycles": 1 })).await;
    assert_eq!(first.created()["duration"], "once");
    let again = world.create(&plain("once")).await;
    again.refused(409, "RESOURCE_CONFLICT");
    assert_eq!(world.get("ONCE").await.data()["value"], 1);
    let race = plain("RACE");
    let racing = join_all((0..8).map(|_| world.create(&race))).await;
    let mut statuses: Vec<_> = racing.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    world.finish().await;
}

#[tokio::test]
async fn rule_20_what_a_discount_code_consists_of_is_bounded() {
    let world = World::start().await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "code": "SPRING27", "type": "fixed", "value": 5 });
        body[field] = value;
        body
    };
    let wrong = [
        ("code", json!("abc")),
        ("code", json!("A".repeat(21))),
        ("code", json!("SPRING-27")),
        ("type", json!("gift")),
        ("type", Value::Null),
        ("value", Value::Null),
        ("value", json!(0)),
        ("value", json!(-1)),
        ("value", json!(1.005)),
        ("value", json!(1_000_000)),
        ("value", json!(1e300)),
        ("value", json!("5")),
        ("currency", json!("XXQ")),
        ("duration_in_cycles", json!(0)),
        ("duration_in_cycles", json!(37)),
        ("duration_in_cycles", json!(-1)),
        ("duration_in_cycles", json!(1.5)),
        ("max_redemptions", json!(0)),
        ("max_redemptions", json!(1_000_001)),
        ("max_redemptions", json!(i64::MIN)),
        ("tiers", json!(["trial"])),
        ("tiers", json!(["starter", "gold"])),
        ("tiers", json!(["starter", "starter", "starter", "starter"])),
        ("frequencies", json!(["weekly"])),
        ("valid_until", json!("tomorrow")),
        ("valid_until", json!("2020-01-01T00:00:00Z")),
    ];
    for (field, value) in &wrong {
        let answer = world.create(&with(field, value.clone())).await;
        assert_eq!(answer.status, 422, "{field} {value}: {}", answer.text());
        answer.field_error(field);
    }
    for value in [json!(0), json!(101), json!(1.5), json!(256 + 20)] {
        let answer = world.create(&json!({ "code": "SPRING27", "type": "percentage", "value": value })).await;
        answer.refused(422, "VALIDATION_ERROR").field_error("value");
    }
    assert!(world.app.rows(Table::AccountDiscountCodes).await.is_empty());

    let answer = world.create(&json!({ "value": "x" })).await;
    answer.refused(422, "VALIDATION_ERROR").field_error("value");
    let everything = world.create(&json!({ "code": "no", "tiers": ["gold"], "max_redemptions": 0 })).await;
    for field in ["code", "type", "tiers", "max_redemptions"] {
        everything.field_error(field);
    }

    world.create(&with("code", json!("SPRING27"))).await.created();
    for (field, value) in wrong.iter().filter(|(field, value)| *field != "code" && !value.is_null()) {
        let mut body = json!({ *field: value });
        if *field == "value" || *field == "currency" {
            body["type"] = json!("fixed");
        }
        if *field == "currency" {
            body["value"] = json!(5);
        }
        let answer = world.change("SPRING27", &body).await;
        assert_eq!(answer.status, 422, "{field} {value}: {}", answer.text());
        answer.field_error(if *field == "type" { "value" } else { field });
    }
    world.change("SPRING27", &json!({ "value": 5 })).await.refused(422, "VALIDATION_ERROR").field_error("type");
    world.change("SPRING27", &json!({ "currency": "EUR" })).await.refused(422, "VALIDATION_ERROR").field_error("type");
    for (path, field) in
        [("?limit=0", "limit"), ("?limit=101", "limit"), ("?cursor=a.b", "cursor"), ("?cursor=eA", "cursor")]
    {
        for list in [CODES.to_owned(), format!("{CODES}/SPRING27/usage")] {
            let answer = world.call(Method::GET, &format!("{list}{path}"), None).await;
            if path != "?cursor=eA" {
                answer.refused(422, "VALIDATION_ERROR").field_error(field);
            }
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn what_was_promised_to_those_who_have_redeemed_a_code_is_kept() {
    let world = World::start().await;
    world.create(&plain("SPRING27")).await.created();
    world.redeemed("SPRING27", 3).await;
    for body in [
        json!({ "type": "percentage", "value": 10 }),
        json!({ "type": "fixed", "value": 20 }),
        json!({ "duration_in_cycles": 2 }),
        json!({ "max_redemptions": 2 }),
    ] {
        world.change("SPRING27", &body).await.refused(409, "RESOURCE_CONFLICT");
    }
    world.delete("SPRING27").await.refused(409, "RESOURCE_CONFLICT");
    let body = json!({ "type": "percentage", "value": 20, "max_redemptions": 3, "tiers": ["starter"] });
    let changed = world.change("SPRING27", &body).await.data();
    assert_eq!((&changed["redemptions"], &changed["max_redemptions"]), (&json!(3), &json!(3)));
    world.switch("SPRING27", "disable").await.succeeded();
    world.finish().await;
}

#[tokio::test]
async fn codes_and_who_has_redeemed_them_are_listed_a_page_at_a_time() {
    let world = World::start().await;
    for code in ["CODE1", "CODE2", "CODE3"] {
        world.create(&plain(code)).await.created();
    }
    world.redeemed("CODE2", 5).await;
    let walk = async |path: &str, field: &str| {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = world.call(Method::GET, &format!("{path}?limit=2{cursor}"), None).await;
            let body = answer.succeeded().json();
            found.extend(body["data"].as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()));
            match body["pagination"]["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        found.sort();
        found
    };
    assert_eq!(walk(CODES, "id").await, ["CODE1", "CODE2", "CODE3"]);
    let tenants = ["tenant-0", "tenant-1", "tenant-2", "tenant-3", "tenant-4"];
    assert_eq!(walk(&format!("{CODES}/code2/usage"), "tenant_id").await, tenants);
    assert_eq!(walk(&format!("{CODES}/CODE1/usage"), "tenant_id").await, Vec::<String>::new());
    // A row that nobody can read hides no other.
    world.app.set(Table::AccountDiscountCodes, "CODE3", "discount_type", "s3cr3t").await;
    assert_eq!(walk(CODES, "id").await, ["CODE1", "CODE2"]);
    world.finish().await;
}

#[tokio::test]
async fn rule_26_what_is_done_to_codes_is_on_record_with_who_did_it() {
    let world = World::start().await;
    let admin = &world.admin.tokens.access;
    let before = world.app.rows(Table::AccountAudit).await.len();
    world.create(&plain("SPRING27")).await.created();
    world.get("SPRING27").await.succeeded();
    world.change("SPRING27", &json!({ "value": 30, "type": "percentage" })).await.succeeded();
    world.switch("SPRING27", "disable").await.succeeded();
    world.switch("SPRING27", "enable").await.succeeded();
    world.call(Method::GET, &format!("{CODES}/SPRING27/usage"), None).await.succeeded();
    world.delete("SPRING27").await.succeeded();
    world.delete("SPRING27").await.refused(404, "NOT_FOUND");
    world.call(Method::GET, CODES, None).await.succeeded();
    let records = world.app.rows(Table::AccountAudit).await;
    let mut actions: Vec<_> = records.iter().map(|row| row["action"].as_s().unwrap().as_str()).collect();
    actions.sort_unstable();
    let mut expected = [
        "AdminDiscountCodeChangeRequested",
        "AdminDiscountCodeCreationRequested",
        "AdminDiscountCodeDeletionRequested",
        "AdminDiscountCodeDeletionRequested",
        "AdminDiscountCodeDisablingRequested",
        "AdminDiscountCodeEnablingRequested",
        "AdminListedDiscountCodes",
        "AdminReadDiscountCode",
        "AdminReadDiscountCodeUsage",
        "DiscountCodeChanged",
        "DiscountCodeCreated",
        "DiscountCodeDeleted",
        "DiscountCodeDisabled",
        "DiscountCodeEnabled",
    ];
    expected.sort_unstable();
    let of_codes: Vec<_> = actions.into_iter().filter(|action| action.contains("DiscountCode")).collect();
    assert_eq!((of_codes.as_slice(), records.len() - before), (expected.as_slice(), expected.len()));

    // About no tenant, and by whoever it was.
    let path = "/admin/audit?action=DiscountCodeCreated";
    let shown = world.app.client.get(path).bearer(admin).send().await.data();
    assert_eq!(shown[0]["actor"], json!({ "kind": "platform", "user_id": PLATFORM_ADMIN }));
    assert_eq!((&shown[0]["tenant_id"], &shown[0]["details"]["code"]), (&Value::Null, &json!("SPRING27")));
    world.finish().await;
}

#[tokio::test]
async fn rule_26_a_code_that_cannot_be_put_on_record_is_not_shown() {
    let world = World::start().await;
    world.create(&plain("SPRING27")).await.created();
    for path in [CODES.to_owned(), format!("{CODES}/SPRING27"), format!("{CODES}/SPRING27/usage")] {
        // Who is asking is the first call, the record the second.
        world.app.probe.break_call(1, Fault::RequestLost);
        let answer = world.call(Method::GET, &path, None).await;
        answer.refused(503, "SERVICE_UNAVAILABLE").nowhere_contains("percentage");
    }
    world.finish().await;
}

/// What the answer says, without what names the request.
fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status, headers, answer.text())
}

#[tokio::test]
async fn rule_21_whatever_is_wrong_with_a_code_the_answer_and_the_work_are_the_same() {
    let world = World::start().await;
    let soon = (world.app.now() + chrono::TimeDelta::hours(1)).to_rfc3339();
    for (code, more) in [
        ("DISABLED", json!({})),
        ("EXPIRED", json!({ "valid_until": soon })),
        ("EXHAUSTED", json!({ "max_redemptions": 1 })),
        ("OTHERTIER", json!({ "tiers": ["enterprise"] })),
        ("YEARLY", json!({ "frequencies": ["yearly"] })),
        ("EUROS", json!({ "type": "fixed", "value": 5, "currency": "EUR" })),
        ("VALID", json!({})),
    ] {
        let mut body = plain(code);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.create(&body).await.created();
    }
    world.switch("DISABLED", "disable").await.succeeded();
    world.redeemed("EXHAUSTED", 1).await;
    world.app.clock.advance(chrono::TimeDelta::hours(2));
    let measured = async |code: &str| world.app.probe.measure(world.check(code, "starter", "monthly")).await;
    // The tier is looked up once a minute, whatever the code.
    measured("WARMUP").await.0.succeeded();
    let (unknown, cost) = measured("UNKNOWN").await;
    let expected = json!({ "is_valid": false, "error_message": "This promo code is not valid" });
    assert_eq!(unknown.data(), expected);
    for code in ["DISABLED", "EXPIRED", "EXHAUSTED", "OTHERTIER", "YEARLY", "EUROS"] {
        let (answer, cost_of_answer) = measured(code).await;
        assert_eq!(comparable(&answer), comparable(&unknown), "{code}");
        assert_eq!(cost_of_answer, cost, "{code}");
    }
    let (valid, cost_of_valid) = measured("VALID").await;
    assert_eq!((&valid.data()["is_valid"], cost_of_valid), (&json!(true), cost));
    world.finish().await;
}

#[tokio::test]
async fn a_valid_code_says_what_it_takes_off_and_what_is_left() {
    let world = World::start().await;
    for body in [
        json!({ "code": "THIRD", "type": "percentage", "value": 33, "duration_in_cycles": 3 }),
        json!({ "code": "TENOFF", "type": "fixed", "value": 10.05 }),
        json!({ "code": "MUCH", "type": "fixed", "value": 500, "duration_in_cycles": 1 }),
    ] {
        world.create(&body).await.created();
    }
    let third = |months: u32, price: f64| {
        let discount = json!({
            "type": "percentage", "value": 33, "duration": "repeating", "duration_in_months": months,
        });
        json!({ "is_valid": true, "discount": discount, "new_price": price })
    };
    assert_eq!(world.check("third", "starter", "monthly").await.data(), third(3, 19.43));
    assert_eq!(world.check("THIRD", "enterprise", "yearly").await.data(), third(36, 1668.3));
    let ten = json!({ "type": "fixed", "value": 10.05, "currency": "USD", "duration": "forever" });
    let expected = json!({ "is_valid": true, "discount": ten, "new_price": 88.95 });
    let body = json!({ "promoCode": "tenoff", "tierId": "professional", "frequency": "monthly" });
    for path in ["/subscription/promo/validate", "/admin/discount-codes/validate"] {
        assert_eq!(world.app.client.post(path, &body).send().await.data(), expected);
    }
    let much = world.check("MUCH", "starter", "monthly").await.data();
    assert_eq!((&much["new_price"], &much["discount"]["duration"]), (&json!(0.0), &json!("once")));
    for (field, value) in [("promo_code", "a b"), ("tier_id", "trial"), ("tier_id", "gold"), ("frequency", "weekly")] {
        let mut body = json!({ "promo_code": "THIRD", "tier_id": "starter", "frequency": "monthly" });
        body[field] = json!(value);
        let answer = world.app.client.post("/subscription/promo/validate", &body).send().await;
        answer.refused(422, "VALIDATION_ERROR").field_error(field);
    }
    world.finish().await;
}

#[tokio::test]
async fn everybody_sees_the_tiers_as_they_are_seeded() {
    let app = App::start().await;
    let tiers = app.client.get("/subscription/tiers").send().await.data();
    let shown: Vec<_> =
        tiers.as_array().unwrap().iter().map(|tier| (tier["id"].clone(), tier["pricing"].clone())).collect();
    let prices = |monthly: f64, yearly: f64| json!({ "monthly": monthly, "yearly": yearly });
    let expected = [
        (json!("trial"), prices(0.0, 0.0)),
        (json!("starter"), prices(29.0, 290.0)),
        (json!("professional"), prices(99.0, 990.0)),
        (json!("enterprise"), prices(249.0, 2490.0)),
    ];
    assert_eq!(shown, expected);
    let starter = &tiers[1];
    assert_eq!((&starter["currency"], &starter["is_active"]), (&json!("USD"), &json!(true)));
    assert_eq!(starter["supported_frequencies"], json!(["monthly", "yearly"]));
    assert_eq!((&starter["limits"]["goals"], &starter["limits"]["actions"]), (&json!(10), &Value::Null));
    assert!(starter["features"].as_array().unwrap().contains(&json!("kpis")));
    app.finish().await;
}

fn map<const N: usize>(fields: [(&str, AttributeValue); N]) -> Row {
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

#[tokio::test]
async fn a_row_of_a_tier_goes_before_its_seed_within_a_minute_and_for_codes_too() {
    let world = World::start().await;
    world.create(&json!({ "code": "HALF", "type": "percentage", "value": 50 })).await.created();
    assert_eq!(world.check("HALF", "starter", "monthly").await.data()["new_price"], 14.5);
    let pricing = map([("monthly", N("1999".to_owned())), ("yearly", N("19900".to_owned()))]);
    let mut row = map([
        ("tier_id", text("starter")),
        ("name", text("Solo")),
        ("pricing", M(pricing)),
        ("currency", text("EUR")),
        ("supported_frequencies", L(vec![text("monthly")])),
    ]);
    world.app.plant(Table::Tiers, row.clone()).await;
    world.app.clock.advance(chrono::TimeDelta::seconds(60));
    let tiers = world.app.client.get("/subscription/tiers").send().await.data();
    assert_eq!((&tiers[1]["name"], &tiers[1]["currency"]), (&json!("Solo"), &json!("EUR")));
    assert_eq!(tiers[1]["pricing"], json!({ "monthly": 19.99, "yearly": 199.0 }));
    assert_eq!(tiers[1]["supported_frequencies"], json!(["monthly"]));
    // 9.995 is taken off as 10.00.
    assert_eq!(world.check("HALF", "starter", "monthly").await.data()["new_price"], 9.99);
    assert_eq!(world.check("HALF", "starter", "yearly").await.data()["is_valid"], false);

    row.insert("is_active".to_owned(), Bool(false));
    world.app.plant(Table::Tiers, row).await;
    world.app.clock.advance(chrono::TimeDelta::seconds(60));
    assert_eq!(world.check("HALF", "starter", "monthly").await.data()["is_valid"], false);
    world.finish().await;
}

#[tokio::test]
async fn a_price_that_cannot_be_read_is_a_fault_of_ours_and_takes_nothing_from_those_who_have_the_tier() {
    let app = App::start().await;
    let anna = app.python_user("anna@example.com").await.access_token(&app);
    app.plant(Table::Tiers, map([("tier_id", text("starter")), ("pricing", text("s3cr3t"))])).await;
    let answer = app.client.get("/subscription/tiers").send().await;
    answer.refused(500, "INTERNAL_ERROR").nowhere_contains("s3cr3t");
    app.client.get("/user/features").bearer(&anna).send().await.succeeded();
    app.finish().await;
}
