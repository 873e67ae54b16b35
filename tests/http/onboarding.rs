//! Onboarding and the business foundation: two views on one thing, which a whole team writes at once.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{Answer, App, python::PythonUser, text};

/// Somebody of a tenant that has said nothing yet.
async fn owner(app: &App) -> (PythonUser, String) {
    let owner = app.python_user(&app.address("owner")).await;
    let token = owner.access_token(app);
    (owner, token)
}

async fn get(app: &App, token: &str, route: &str) -> Answer {
    app.client.get(route).bearer(token).send().await
}

async fn put(app: &App, token: &str, route: &str, body: Value) -> Answer {
    app.client.put(route, &body).bearer(token).send().await
}

fn tag(answer: &Answer) -> String {
    answer.header("etag").unwrap().to_owned()
}

#[tokio::test]
async fn a_tenant_that_has_said_nothing_has_an_empty_form() {
    let app = App::start().await;
    let (_, token) = owner(&app).await;
    let expected = json!({
        "business_name": null, "website": null, "industry": null, "business_type": null, "employee_count": null,
        "address": { "street": null, "city": null, "state": null, "zip": null, "country": null },
        "products": [],
        "step3": { "niche": null, "ica": null, "value_proposition": null },
        "step4": {
            "core_values": [], "core_values_status": "Not started", "purpose": null, "purpose_status": "Not started",
            "vision": null, "vision_status": "Not started",
        },
        "completed_steps": [], "is_completed": false, "version": 0,
    });
    for route in ["/onboarding", "/business/onboarding"] {
        let answer = get(&app, &token, route).await;
        assert_eq!((answer.data(), tag(&answer)), (expected.clone(), "\"0\"".to_owned()));
    }
    assert_eq!(get(&app, &token, "/business/foundation").await.data()["version"], 0);
    assert!(app.rows(Table::BusinessData).await.is_empty(), "reading writes nothing");
    app.finish().await;
}

#[tokio::test]
async fn a_form_is_filled_in_bit_by_bit_in_either_casing() {
    let app = App::start().await;
    let (_, token) = owner(&app).await;
    let first = json!({
        "businessName": " Lee & Co ", "website": "https://lee.example.com", "employeeCount": 12,
        "address": { "street": "High Street 1", "zip": "97201" },
        "step3": { "valueProposition": "Evenings off" },
        "step4": { "coreValues": ["Candour", " "], "coreValuesStatus": "In progress", "purpose": "Line one\nline two" },
        "completedSteps": [2, 1],
    });
    assert_eq!(put(&app, &token, "/business/onboarding", first).await.data()["version"], 1);
    let second = json!({
        "business_type": "LLC", "employee_count": "11-50", "address": { "street": null, "city": "Portland" },
        "step4": { "core_values_status": null, "vision": "More" }, "products": null, "completed_steps": null,
    });
    let answer = put(&app, &token, "/onboarding", second).await;
    let expected = json!({
        "business_name": "Lee & Co", "website": "https://lee.example.com/", "industry": null, "business_type": "LLC",
        "employee_count": "11-50",
        "address": { "street": null, "city": "Portland", "state": null, "zip": "97201", "country": null },
        "products": [],
        "step3": { "niche": null, "ica": null, "value_proposition": "Evenings off" },
        "step4": {
            "core_values": ["Candour"], "core_values_status": "In progress", "purpose": "Line one\nline two",
            "purpose_status": "Not started", "vision": "More", "vision_status": "Not started",
        },
        "completed_steps": [1, 2], "is_completed": false, "version": 2,
    });
    assert_eq!((answer.data(), tag(&answer)), (expected.clone(), "\"2\"".to_owned()));
    for route in ["/onboarding", "/business/onboarding"] {
        assert_eq!(get(&app, &token, route).await.data(), expected);
    }
    assert_eq!(put(&app, &token, "/onboarding", expected.clone()).await.data(), expected, "nothing has changed");
    app.finish().await;
}

#[tokio::test]
async fn the_foundation_is_a_view_on_the_same_data() {
    let app = App::start().await;
    let (_, token) = owner(&app).await;
    let onboarding =
        json!({ "business_name": "Lee & Co", "step3": { "niche": "Founders" }, "step4": { "vision": "V" } });
    put(&app, &token, "/onboarding", onboarding).await.succeeded();
    let change =
        json!({ "purpose": "P", "coreValues": ["A", "B"], "valueProposition": "W", "vision": null, "version": 1 });
    let expected = json!({
        "business_name": "Lee & Co", "vision": null, "purpose": "P", "core_values": ["A", "B"],
        "target_market": "Founders", "value_proposition": "W", "version": 2,
    });
    assert_eq!(put(&app, &token, "/business/foundation", change).await.data(), expected);
    assert_eq!(get(&app, &token, "/business/foundation").await.data(), expected);
    put(&app, &token, "/business/foundation", json!({ "targetMarket": "Teams" })).await.succeeded();
    let onboarding = get(&app, &token, "/onboarding").await.data();
    assert_eq!((&onboarding["step3"]["niche"], &onboarding["step4"]["purpose"]), (&json!("Teams"), &json!("P")));
    app.finish().await;
}

#[tokio::test]
async fn onboarding_is_complete_when_all_steps_are() {
    let app = App::start().await;
    for (body, steps, complete) in [
        (json!({ "completed_steps": [1, 2, 3], "is_completed": true }), json!([1, 2, 3]), false),
        (json!({ "completed_steps": [4, 1, 2, 3, 3], "is_completed": false }), json!([1, 2, 3, 4]), true),
        (json!({ "isCompleted": true }), json!([1, 2, 3, 4]), true),
        (json!({ "is_completed": false }), json!([]), false),
    ] {
        let (_, token) = owner(&app).await;
        let data = put(&app, &token, "/onboarding", body).await.data();
        assert_eq!((&data["completed_steps"], &data["is_completed"]), (&steps, &json!(complete)));
    }
    app.finish().await;
}

#[tokio::test]
async fn products_are_merged_by_id() {
    let app = App::start().await;
    let (_, token) = owner(&app).await;
    for products in ["/onboarding/products", "/business/onboarding/products"] {
        let add =
            |name: &str| app.client.post(products, &json!({ "name": name, "problem": "Noise" })).bearer(&token).send();
        let (first, second) = (add("First").await.created(), add("Second").await.created());
        let answer = put(
            &app,
            &token,
            products,
            json!({ "products": [
            { "name": "Third", "problem": "Doubt" },
            { "id": second["id"], "name": "Second, renamed", "problem": "Noise" },
        ] }),
        );
        let answer = answer.await;
        let list = answer.data();
        assert_eq!(list[1], json!({ "id": second["id"], "name": "Second, renamed", "problem": "Noise" }));
        assert_eq!((list.as_array().unwrap().len(), &list[0]["name"]), (2, &json!("Third")));
        assert_eq!(get(&app, &token, "/onboarding").await.data()["products"], list);

        let route = format!("{products}/{}", second["id"].as_str().unwrap());
        let changed = put(&app, &token, &route, json!({ "problem": "Haste" })).await;
        assert_eq!(changed.data(), json!({ "id": second["id"], "name": "Second, renamed", "problem": "Haste" }));
        let gone = app.client.delete(&route).header("if-match", &tag(&changed)).bearer(&token).send().await;
        gone.succeeded();
        app.client.delete(&route).bearer(&token).send().await.refused(404, "NOT_FOUND");
        put(&app, &token, &route, json!({ "name": "x" })).await.refused(404, "NOT_FOUND");

        let unknown = json!({ "products": [{ "id": first["id"], "name": "x", "problem": "x" }] });
        put(&app, &token, products, unknown.clone()).await.refused(422, "VALIDATION_ERROR").field_error("products");
        put(&app, &token, "/onboarding", unknown).await.refused(422, "VALIDATION_ERROR").field_error("products");
        let third = &list[0];
        assert_eq!(get(&app, &token, "/onboarding").await.data()["products"], json!([third]));
        put(&app, &token, products, json!({ "products": [] })).await.succeeded();
    }
    app.finish().await;
}

#[tokio::test]
async fn a_change_for_another_version_is_refused_with_the_current_one() {
    let app = App::start().await;
    let (_, token) = owner(&app).await;
    let first = put(&app, &token, "/onboarding", json!({ "business_name": "One", "version": 0 })).await;
    put(&app, &token, "/onboarding", json!({ "business_name": "Two" })).await.succeeded();
    let product = json!({ "name": "First", "problem": "Noise" });
    let product = app.client.post("/onboarding/products", &product).bearer(&token).send().await.created();
    let one_product = format!("/onboarding/products/{}", product["id"].as_str().unwrap());

    let stale = |mut body: Value| {
        body["version"] = json!(1);
        body
    };
    let calls = [
        app.client.put("/onboarding", &stale(json!({ "business_name": "Three" }))),
        app.client.put("/business/foundation", &stale(json!({ "business_name": "Three" }))),
        app.client.put("/onboarding/products", &stale(json!({ "products": [] }))),
        app.client.post("/onboarding/products", &stale(json!({ "name": "Second", "problem": "Noise" }))),
        app.client.put(&one_product, &stale(json!({ "name": "Second" }))),
        app.client.delete(&one_product).header("if-match", &tag(&first)),
        app.client.put("/onboarding", &json!({ "business_name": "Three" })).header("if-match", "W/\"1\""),
        app.client.put("/onboarding", &stale(json!({ "business_name": "Three" }))).header("if-match", "\"3\""),
    ];
    for call in calls {
        let answer = call.bearer(&token).send().await;
        answer.refused(409, "RESOURCE_CONFLICT");
        assert_eq!(answer.json()["current_version"], 3);
    }
    let now = get(&app, &token, "/onboarding").await;
    assert_eq!((&now.data()["business_name"], &now.data()["products"]), (&json!("Two"), &json!([product])));
    let current = app.client.put("/onboarding", &json!({ "business_name": "Three" })).header("if-match", &tag(&now));
    assert_eq!(current.bearer(&token).send().await.data()["version"], 4);
    for any in ["*", "\"4\""] {
        let call = app.client.put("/onboarding", &json!({})).header("if-match", any).bearer(&token);
        call.send().await.succeeded();
    }
    let unreadable = app.client.put("/onboarding", &json!({})).header("if-match", "four").bearer(&token);
    unreadable.send().await.refused(400, "INVALID_INPUT");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_people_who_change_different_fields_at_once_nobody_loses() {
    let app = App::start().await;
    let (_, token) = owner(&app).await;
    let changes = [
        json!({ "business_name": "Name" }),
        json!({ "website": "https://lee.example.com/" }),
        json!({ "industry": "Coaching" }),
        json!({ "business_type": "LLC" }),
        json!({ "employee_count": "12" }),
        json!({ "address": { "street": "S" } }),
        json!({ "address": { "city": "C" } }),
        json!({ "address": { "state": "T" } }),
        json!({ "address": { "zip": "Z" } }),
        json!({ "address": { "country": "Y" } }),
        json!({ "step3": { "niche": "N" } }),
        json!({ "step3": { "ica": "I" } }),
        json!({ "step3": { "value_proposition": "V" } }),
        json!({ "step4": { "core_values": ["A"] } }),
        json!({ "step4": { "core_values_status": "Completed" } }),
        json!({ "step4": { "purpose": "P" } }),
        json!({ "step4": { "purpose_status": "Completed" } }),
        json!({ "step4": { "vision": "W" } }),
        json!({ "step4": { "vision_status": "Completed" } }),
        json!({ "completed_steps": [1, 2, 3, 4] }),
    ];
    let answers = join_all(changes.iter().map(|change| put(&app, &token, "/onboarding", change.clone()))).await;
    let versions: BTreeSet<_> = answers.iter().map(|answer| answer.data()["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=20).collect(), "each change has a version of its own");
    let stored = get(&app, &token, "/onboarding").await.data();
    for change in changes {
        for (name, value) in change.as_object().unwrap() {
            match value.as_object() {
                Some(parts) => parts.iter().for_each(|(part, value)| assert_eq!(stored[name][part], *value)),
                None => assert_eq!(stored[name], *value),
            }
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_people_who_change_one_version_at_once_one_wins() {
    let app = App::start().await;
    let (_, token) = owner(&app).await;
    let answers = join_all((0..20).map(|number| {
        put(&app, &token, "/onboarding", json!({ "business_name": format!("Name {number}"), "version": 0 }))
    }));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        refused.refused(409, "RESOURCE_CONFLICT");
        assert_eq!(refused.json()["current_version"], 1);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_viewer_reads_and_another_tenant_sees_nothing() {
    let app = App::start().await;
    let (anna, token) = owner(&app).await;
    put(&app, &token, "/onboarding", json!({ "step4": { "purpose": "Help" } })).await.succeeded();
    let viewer = app.python_colleague(&anna, "viewer", &app.address("viewer")).await.access_token(&app);
    assert_eq!(get(&app, &viewer, "/business/foundation").await.data()["purpose"], "Help");
    for route in ["/onboarding", "/business/foundation"] {
        put(&app, &viewer, route, json!({ "business_name": "x" })).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    let (_, stranger) = owner(&app).await;
    assert_eq!(get(&app, &stranger, "/business/foundation").await.data()["purpose"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn rule_19_whose_business_it_is_and_what_was_changed_is_not_for_a_body_to_say() {
    let app = App::start().await;
    let (anna, token) = owner(&app).await;
    let (other, _) = owner(&app).await;
    let smuggled = json!({
        "business_name": "Lee & Co", "tenant_id": other.tenant_id, "businessId": other.tenant_id, "revision": 99,
        "change_history": [{ "fields": ["forged"] }], "last_updated_by": other.user_id, "approved_by": other.user_id,
        "created_at": "2020-01-01T00:00:00Z", "onboarding_completed_at": "2020-01-01T00:00:00Z", "goals": ["x"],
    });
    put(&app, &token, "/onboarding", smuggled.clone()).await.succeeded();
    put(&app, &token, "/business/foundation", smuggled).await.succeeded();
    let rows = app.rows(Table::BusinessData).await;
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    for (attribute, value) in [
        ("business_id", &anna.tenant_id),
        ("tenant_id", &anna.tenant_id),
        ("last_updated_by", &anna.user_id),
        ("version", &"1.0".to_owned()),
    ] {
        assert_eq!(row[attribute], text(value));
    }
    assert_eq!(row["revision"], AttributeValue::N("1".to_owned()));
    assert_eq!(row["goals"], AttributeValue::L(Vec::new()));
    assert!(!row.contains_key("approved_by") && !row.contains_key("onboarding_completed_at"));
    let history = row["change_history"].as_l().unwrap();
    let [entry] = history.as_slice() else { panic!("{history:?}") };
    let entry = entry.as_m().unwrap();
    assert_eq!(entry["fields"], AttributeValue::L(vec![text("business_name")]));
    assert_eq!(entry["changed_by"], text(&anna.user_id));
    app.finish().await;
}

#[tokio::test]
async fn rule_20_everything_about_a_business_is_bounded() {
    let app = App::start().await;
    let (_, token) = owner(&app).await;
    let product = json!({ "name": "n", "problem": "p" });
    for (body, field) in [
        (json!({ "business_name": "x".repeat(201) }), "business_name"),
        (json!({ "business_name": "two\nlines" }), "business_name"),
        (json!({ "employee_count": -1 }), "employee_count"),
        (json!({ "employee_count": 1.5 }), "employee_count"),
        (json!({ "address": { "zip": "x".repeat(201) } }), "address.zip"),
        (json!({ "step3": { "ica": "x".repeat(2001) } }), "step3.ica"),
        (json!({ "step4": { "core_values": vec!["x"; 21] } }), "step4.core_values"),
        (json!({ "step4": { "core_values": ["x".repeat(201)] } }), "step4.core_values"),
        (json!({ "step4": { "purpose_status": "Done" } }), "step4.purpose_status"),
        (json!({ "completed_steps": [0] }), "completed_steps"),
        (json!({ "completed_steps": [5] }), "completed_steps"),
        (json!({ "products": vec![product.clone(); 51] }), "products"),
        (json!({ "products": [product, { "name": "n" }] }), "products[1].problem"),
        (json!({ "products": [{ "name": "n", "problem": "x".repeat(1001) }] }), "products[0].problem"),
        (json!({ "version": -1 }), "version"),
    ] {
        put(&app, &token, "/onboarding", body).await.refused(422, "VALIDATION_ERROR").field_error(field);
    }
    assert!(app.rows(Table::BusinessData).await.is_empty());
    let full = json!({ "products": vec![json!({ "name": "n", "problem": "p" }); 50] });
    put(&app, &token, "/onboarding", full).await.succeeded();
    let one_more = app.client.post("/onboarding/products", &json!({ "name": "n", "problem": "p" })).bearer(&token);
    one_more.send().await.refused(422, "VALIDATION_ERROR").field_error("products");
    app.finish().await;
}

/// Every character of the longest texts takes four bytes, and DynamoDB's largest row is 400 KB.
#[tokio::test]
async fn rule_20_the_largest_form_fits_into_its_row() {
    let app = App::start().await;
    let (_, token) = owner(&app).await;
    let (line, problem, prose) = ("🦀".repeat(200), "🦀".repeat(1000), "🦀".repeat(2000));
    let part = json!({ "street": line, "city": line, "state": line, "zip": line, "country": line });
    let step3 = json!({ "niche": prose, "ica": prose, "value_proposition": prose });
    let step4 = json!({ "core_values": vec![&line; 20], "purpose": prose, "vision": prose });
    let names = json!({ "business_name": line, "industry": line, "business_type": line, "employee_count": line });
    for body in [json!({ "address": part }), json!({ "step3": step3 }), json!({ "step4": step4 }), names] {
        put(&app, &token, "/onboarding", body).await.succeeded();
    }
    // More than a request holds: one by one.
    for _ in 0..50 {
        let product = json!({ "name": line, "problem": problem });
        app.client.post("/onboarding/products", &product).bearer(&token).send().await.created();
    }
    let row = &app.rows(Table::BusinessData).await[0];
    assert_eq!(row["change_history"].as_l().unwrap().len(), 50);
    app.finish().await;
}

#[tokio::test]
async fn rule_22_a_website_is_an_https_link_to_a_public_host() {
    let app = App::start().await;
    let (_, token) = owner(&app).await;
    for link in ["http://lee.example.com", "https://localhost/", "https://10.0.0.8/", "javascript:alert(1)", "lee"] {
        let answer = put(&app, &token, "/onboarding", json!({ "website": link })).await;
        answer.refused(422, "VALIDATION_ERROR").field_error("website");
        answer.nowhere_contains(link);
    }
    app.finish().await;
}

#[tokio::test]
async fn what_a_python_service_wrote_is_shown_and_kept() {
    let app = App::start().await;
    let (anna, token) = owner(&app).await;
    let unknown = AttributeValue::M([("owner".to_owned(), text("sales"))].into());
    let row = [
        ("business_id", text(&anna.tenant_id)),
        ("tenant_id", text(&anna.tenant_id)),
        ("version", text("1.0")),
        ("core_values", AttributeValue::L(vec![text("Candour"), text("Care")])),
        ("purpose", text("Help")),
        ("vision", AttributeValue::Null(true)),
        ("mission", text("Grow")),
        ("goals", AttributeValue::L(vec![unknown.clone()])),
        ("created_at", text("2025-03-01T10:00:00Z")),
        ("updated_at", text("2025-03-01T10:00:00")),
    ];
    app.plant(Table::BusinessData, row.map(|(name, value)| (name.to_owned(), value)).into()).await;
    let shown = get(&app, &token, "/business/foundation").await.data();
    assert_eq!((&shown["core_values"], &shown["purpose"]), (&json!(["Candour", "Care"]), &json!("Help")));
    put(&app, &token, "/business/foundation", json!({ "vision": "More", "version": 0 })).await.succeeded();
    let row = app.row(Table::BusinessData, &anna.tenant_id).await.unwrap();
    assert_eq!((&row["mission"], &row["vision"]), (&text("Grow"), &text("More")));
    assert_eq!(row["goals"], AttributeValue::L(vec![unknown]));
    assert_eq!((&row["version"], &row["created_at"]), (&text("1.0"), &text("2025-03-01T10:00:00Z")));
    app.finish().await;
}
