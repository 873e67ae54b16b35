//! The tables between two services: what this one writes, Python models accept, and what Python writes, this one
//! shows, as long as they work side by side.

use std::{path::Path, process::Command};

use libtest_mimic::Trial;
use serde_json::{Value, json};
use tests::{App, DynamoDbLocal, PASSWORD, Tokens};

use crate::{program::Program, tools::tool};

pub(crate) fn trials() -> Vec<Trial> {
    trials![every_shared_row_has_the_shape_that_both_services_know]
}

async fn every_shared_row_has_the_shape_that_both_services_know() {
    let amazon = DynamoDbLocal::start(&tool("ACCOUNT_TEST_DYNAMODB_LOCAL")).await;
    let app = App::builder().start_on(amazon.client()).await;

    let anna = write_every_kind_of_row(&app).await;
    let read = script(amazon.endpoint().as_str(), &["read"]);
    for table in MODELLED.into_iter().filter(|table| *table != "subscriptions") {
        assert!(read["rows"][table].as_u64() > Some(0), "nothing was written to {table}: {read}");
    }

    let written = script(amazon.endpoint().as_str(), &["write", &app.now().to_rfc3339()]);
    show_what_python_wrote(&app, &written).await;
    // Both have written to the same rows by now.
    let read = script(amazon.endpoint().as_str(), &["read"]);
    assert_eq!(read["rows"]["subscriptions"], 1, "{read}");

    change(&app, &anna, "/business/foundation", json!({ "vision": null })).await;
    script(amazon.endpoint().as_str(), &["read"]);
    app.deliver_mail().await;
    app.finish().await;
}

/// The tables that the script has models for.
const MODELLED: [&str; 9] = [
    "users",
    "tenants",
    "subscriptions",
    "invitations",
    "user-preferences",
    "business-data",
    "refresh-tokens",
    "password-resets",
    "verification-tokens",
];

/// Runs `tests/python/shapes.py`, which must be content, and reads what it says.
fn script(endpoint: &str, arguments: &[&str]) -> Value {
    let [command, rest @ ..] = arguments else { panic!("a command") };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/shapes.py");
    let mut python = Command::new(tool("ACCOUNT_TEST_PYTHON"));
    python.arg(script).args([command, endpoint, "local"]).args(rest);
    let ended = Program::start(&mut python).wait();
    assert!(ended.status.success(), "{command}: {}", ended.said);
    serde_json::from_str(&ended.said.stdout.concat()).unwrap()
}

async fn change(app: &App, access_token: &str, route: &str, body: Value) {
    app.client.put(route, &body).bearer(access_token).send().await.succeeded();
}

/// What a person does who leaves nothing out. Returns their access token.
async fn write_every_kind_of_row(app: &App) -> String {
    let anna = app.member("shapes").await;
    let tokens = Tokens::of(&app.refresh(&anna.tokens.refresh).await);
    let preferences = json!({
        "theme": "dark", "language": "de", "timezone": "Europe/Berlin", "date_format": "DD.MM.YYYY", "time_format": "24h",
        "notifications": { "marketing": true }, "coaching": { "preferred_session_length": 45 },
    });
    change(app, &tokens.access, "/user/preferences", preferences).await;
    let picture = "https://pictures.example.com/anna.png";
    let profile = json!({ "phone": "+49 30 901820", "avatar_url": picture });
    change(app, &tokens.access, "/user/profile", profile).await;
    let onboarding = json!({
        "business_name": "Lee & Co", "address": { "city": "Portland" }, "employee_count": 12,
        "products": [{ "name": "Retreat", "problem": "No time to think" }],
        "step4": { "core_values": ["Candour"], "purpose": "Help" }, "completed_steps": [1, 2, 3, 4],
    });
    change(app, &tokens.access, "/onboarding", onboarding).await;
    let invitation = json!({ "email": app.address("invited"), "role": "member", "message": "Join us" });
    app.client.post("/invitations", &invitation).bearer(&tokens.access).send().await.created();
    app.deliver_mail().await;
    app.forgot(&anna.email).await;
    tokens.access
}

async fn show_what_python_wrote(app: &App, written: &Value) {
    let text = |field: &str| written[field].as_str().unwrap().to_owned();
    let signed_in = app.login(&text("email"), &text("password")).await;
    let data = signed_in.data();
    assert_eq!(data["user"]["user_id"], written["user_id"]);
    assert_eq!(
        (&data["tenant"]["name"], &data["tenant"]["subscription_tier"]),
        (&json!("Engines Ltd"), &json!("professional"))
    );
    let preferences = &data["user"]["preferences"];
    assert_eq!((&preferences["theme"], &preferences["date_format"]), (&json!("dark"), &json!("DD.MM.YYYY")));
    assert_eq!((&preferences["language"], &preferences["notifications"]["marketing"]), (&json!("de"), &json!(true)));
    assert_eq!(preferences["coaching"]["preferred_session_length"], 45);
    let ada = Tokens::of(&signed_in);

    let foundation = app.client.get("/business/foundation").bearer(&ada.access).send().await.data();
    assert_eq!(
        (&foundation["purpose"], &foundation["vision"]),
        (&json!("Engines that think"), &json!("One in every study"))
    );
    assert_eq!(foundation["core_values"], json!(["Rigour", "Wit"]));

    let validate = format!("/invitations/validate/{}", text("invitation_token"));
    let invitation = app.client.get(&validate).send().await.data();
    assert_eq!((&invitation["is_valid"], &invitation["invitation"]["email"]), (&json!(true), &written["invited"]));

    let now = app.now().timestamp();
    let claims = json!({ "sub": written["user_id"], "jti": written["jti"], "iat": now, "exp": now + 86_400 });
    Tokens::of(&app.refresh(&app.sign(&claims)).await);

    // The service writes to the same rows.
    change(app, &ada.access, "/user/preferences", json!({ "theme": "light" })).await;
    change(app, &ada.access, "/user/profile", json!({ "first_name": "Augusta" })).await;
    change(app, &ada.access, "/business/foundation", json!({ "core_values": ["Rigour", "Play"] })).await;
    let activate = json!({
        "token": text("invitation_token"), "first_name": "Charles", "last_name": "Babbage", "password": PASSWORD,
    });
    app.client.post("/invitations/activate", &activate).send().await.succeeded();
    app.reset(&text("reset_token"), "velvet-tundra-mosaic-61").await.succeeded();
    app.deliver_mail().await;
}
