//! Rule 11: signing in with an account elsewhere.

use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{App, Issuer, Member, PASSWORD, Tokens, text};

async fn start() -> (App, Issuer) {
    let issuer = Issuer::start().await;
    (App::builder().with_issuer(&issuer).start().await, issuer)
}

/// How many rows there are of what a first sign-in writes.
async fn written(app: &App) -> [usize; 5] {
    let mut counts = [0; 5];
    let tables =
        [Table::Users, Table::Tenants, Table::AccountEmailClaims, Table::AccountIdentities, Table::AccountSessions];
    for (count, table) in counts.iter_mut().zip(tables) {
        *count = app.rows(table).await.len();
    }
    counts
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_a_tenant_of_their_own() {
    let (app, issuer) = start().await;
    for (provider, claims, first_name, last_name) in [
        ("google", issuer.google(&app, "1", "Gina.Lollo@example.com"), "Gina", "Lollo"),
        ("microsoft", issuer.microsoft(&app, "1", "mica@example.com"), "Mica", "Soft"),
    ] {
        let answer = app.sign_in_with(provider, &issuer.sign(&claims)).await;
        let (user, tenant) = (&answer.data()["user"], &answer.data()["tenant"]);
        assert_eq!(user["email"], claims["email"].as_str().unwrap().to_lowercase());
        assert_eq!((&user["first_name"], &user["last_name"]), (&json!(first_name), &json!(last_name)));
        assert_eq!((&user["role"], &user["status"]), (&json!("owner"), &json!("active")));
        assert_eq!(user["email_verified"], true);
        assert!(user["last_login"].is_string());
        assert_eq!((&tenant["owner_user_id"], &tenant["id"]), (&user["user_id"], &user["tenant_id"]));
        let row = app.row(Table::Users, user["user_id"].as_str().unwrap()).await.unwrap();
        assert!(!row.contains_key("password_hash"));

        let tokens = Tokens::of(&answer);
        assert_eq!(app.profile(&tokens.access).await.data(), *user);
        app.refresh(&tokens.refresh).await.succeeded();

        let again = app.sign_in_with(provider, &issuer.sign(&claims)).await;
        assert_eq!(again.data()["user"]["user_id"], user["user_id"]);
    }
    assert_eq!(issuer.fetches(), 2, "one for each provider");
    app.finish().await;
}

#[tokio::test]
async fn rule_11_an_identity_is_who_its_subject_is_and_not_who_its_address_is() {
    let (app, issuer) = start().await;
    let first = app.sign_in_with("google", &issuer.sign(&issuer.google(&app, "1", "gina@example.com"))).await;
    let user_id = first.data()["user"]["user_id"].clone();
    let married = app.sign_in_with("google", &issuer.sign(&issuer.google(&app, "1", "gina.new@example.com"))).await;
    assert_eq!(married.data()["user"]["user_id"], user_id);
    assert_eq!(married.data()["user"]["email"], "gina@example.com", "what is known here is not overwritten");
    let mut unvouched = issuer.google(&app, "1", "gina@example.com");
    unvouched["email_verified"] = json!(false);
    let known = app.sign_in_with("google", &issuer.sign(&unvouched)).await;
    assert_eq!(known.data()["user"]["user_id"], user_id, "the address no longer matters");

    let next_owner = app.sign_in_with("google", &issuer.sign(&issuer.google(&app, "2", "gina@example.com"))).await;
    next_owner.refused(409, "RESOURCE_CONFLICT");
    let elsewhere = app.sign_in_with("microsoft", &issuer.sign(&issuer.microsoft(&app, "1", "gina@example.com"))).await;
    elsewhere.refused(409, "RESOURCE_CONFLICT");
    assert_eq!(app.rows(Table::AccountIdentities).await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn rule_11_an_address_that_has_an_account_is_not_taken_over() {
    let (app, issuer) = start().await;
    let Member { email, tokens, .. } = app.member("anna").await;
    let newcomer = app.newcomer("pending").await;
    let python = app.python_user(&app.address("python")).await;
    let before = written(&app).await;
    for email in [&email, &newcomer.email, &python.email] {
        for (provider, claims) in
            [("google", issuer.google(&app, "1", email)), ("microsoft", issuer.microsoft(&app, "1", email))]
        {
            let answer = app.sign_in_with(provider, &issuer.sign(&claims)).await;
            answer.refused(409, "RESOURCE_CONFLICT");
        }
    }
    assert_eq!(written(&app).await, before, "nothing was written");
    app.profile(&tokens.access).await.succeeded();
    app.finish().await;
}

/// Whoever has no verified address learns nothing about who has an account.
#[tokio::test]
async fn rule_11_an_address_that_the_issuer_does_not_vouch_for_makes_no_account() {
    let (app, issuer) = start().await;
    let Member { email: known, .. } = app.member("known").await;
    let before = written(&app).await;
    for email in [known, app.address("unknown")] {
        let mut google = issuer.google(&app, "1", &email);
        google["email_verified"] = json!(false);
        let mut microsoft = issuer.microsoft(&app, "1", &email);
        microsoft.as_object_mut().unwrap().remove("xms_edov");
        let mut without = issuer.google(&app, "1", &email);
        without.as_object_mut().unwrap().remove("email");
        for (provider, claims, code) in [
            ("google", google, "GOOGLE_AUTH_ERROR"),
            ("microsoft", microsoft, "MICROSOFT_AUTH_ERROR"),
            ("google", without, "GOOGLE_AUTH_ERROR"),
        ] {
            let (answer, tally) = app.probe.measure(app.sign_in_with(provider, &issuer.sign(&claims))).await;
            answer.refused(401, code);
            assert_eq!(tally.total(), 1, "nobody looks for the address");
        }
    }
    assert_eq!(written(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn rule_11_a_token_that_is_not_the_providers_for_this_service_is_refused() {
    let (app, issuer) = start().await;
    let claims = issuer.google(&app, "1", "gina@example.com");
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        issuer.sign(&claims)
    };
    let now = app.now().timestamp();
    let forged = issuer.sign(&claims).replace('.', "A.");
    for token in [
        "x.y.z".to_owned(),
        forged,
        with("aud", json!("another.apps.example.com")),
        with("iss", json!("https://evil.example")),
        with("exp", json!(now - 31)),
        issuer.sign(&issuer.microsoft(&app, "1", "gina@example.com")),
    ] {
        let answer = app.sign_in_with("google", &token).await;
        answer.refused(401, "GOOGLE_AUTH_ERROR");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        answer.nowhere_contains(&token);
    }
    app.sign_in_with("microsoft", &issuer.sign(&claims)).await.refused(401, "MICROSOFT_AUTH_ERROR");
    app.sign_in_with("google", "").await.refused(422, "VALIDATION_ERROR").field_error("token");
    app.sign_in_with("google", &"x".repeat(16 * 1024 + 1)).await.refused(422, "VALIDATION_ERROR").field_error("token");
    assert_eq!(written(&app).await, [0; 5]);
    app.finish().await;
}

#[tokio::test]
async fn rule_11_a_nonce_that_the_client_sent_must_be_in_the_token() {
    let (app, issuer) = start().await;
    let mut claims = issuer.google(&app, "1", "gina@example.com");
    claims["nonce"] = json!("n-0S6_WzA2Mj");
    let token = issuer.sign(&claims);
    for (nonce, is_good) in [(json!("n-0S6_WzA2Mj"), true), (json!(null), true), (json!("another"), false)] {
        let answer = app.client.post("/auth/google", &json!({ "token": token, "nonce": nonce })).send().await;
        if is_good {
            answer.succeeded()
        } else {
            answer.refused(401, "GOOGLE_AUTH_ERROR")
        };
    }
    app.finish().await;
}

#[tokio::test]
async fn a_provider_that_is_not_set_up_is_not_offered() {
    let app = App::start().await;
    for provider in ["google", "microsoft"] {
        app.sign_in_with(provider, "x.y.z").await.refused(404, "IDENTITY_PROVIDER_NOT_CONFIGURED");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_provider_whose_keys_cannot_be_had_is_a_503_until_they_can() {
    let (app, issuer) = start().await;
    issuer.break_down();
    let token = issuer.sign(&issuer.google(&app, "1", "gina@example.com"));
    let answer = app.sign_in_with("google", &token).await;
    answer.refused(503, "SERVICE_UNAVAILABLE");
    assert!(answer.header("retry-after").is_some());
    issuer.recover();
    app.clock.advance(chrono::TimeDelta::seconds(10));
    app.sign_in_with("google", &token).await.succeeded();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_of_twenty_racing_first_sign_ins_one_makes_the_account() {
    let (app, issuer) = start().await;
    let token = issuer.sign(&issuer.google(&app, "1", "gina@example.com"));
    let answers = join_all((0..20).map(|_| app.sign_in_with("google", &token))).await;
    let (good, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(!good.is_empty());
    for answer in &good {
        assert_eq!(answer.data()["user"]["user_id"], good[0].data()["user"]["user_id"]);
    }
    for answer in busy {
        answer.refused(503, "SERVICE_UNAVAILABLE");
    }
    assert_eq!(written(&app).await, [1, 1, 1, 1, good.len()]);
    assert_eq!(issuer.fetches(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_a_registration_and_a_first_sign_in_that_race_for_an_address_make_one_account() {
    let (app, issuer) = start().await;
    let email = app.address("race");
    let token = issuer.sign(&issuer.google(&app, "1", &email));
    let registration = tests::Registration::of(&email);
    let (registered, signed_in) = futures::join!(app.register(&registration), app.sign_in_with("google", &token));
    registered.succeeded();
    assert!(matches!(signed_in.status, 200 | 409), "{}", signed_in.text());
    let [users, tenants, claims, ..] = written(&app).await;
    assert_eq!([users, tenants, claims], [1; 3]);
    app.mail_to(&email).await;
    app.finish().await;
}

#[tokio::test]
async fn whoever_is_switched_off_is_kept_out() {
    let (app, issuer) = start().await;
    let token = issuer.sign(&issuer.google(&app, "1", "gina@example.com"));
    let user = app.sign_in_with("google", &token).await.data()["user"].clone();
    for (table, id, code) in
        [(Table::Users, "user_id", "ACCOUNT_INACTIVE"), (Table::Tenants, "tenant_id", "TENANT_INACTIVE")]
    {
        let id = user[id].as_str().unwrap();
        app.set(table, id, "status", "suspended").await;
        app.sign_in_with("google", &token).await.refused(403, code);
        app.set(table, id, "status", "active").await;
    }
    app.sign_in_with("google", &token).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn a_tenant_that_is_named_must_be_ones_own() {
    let (app, issuer) = start().await;
    let Member { tenant_id, .. } = app.member("another").await;
    let sign_in = async |subject: &str, email: &str, tenant_id: &str| {
        let token = issuer.sign(&issuer.google(&app, subject, email));
        app.client.post("/auth/google", &json!({ "token": token, "tenantId": tenant_id })).send().await
    };
    sign_in("1", "gina@example.com", &tenant_id).await.refused(403, "TENANT_MISMATCH");
    let own = app.sign_in_with("google", &issuer.sign(&issuer.google(&app, "1", "gina@example.com"))).await;
    let own = own.data()["tenant"]["id"].as_str().unwrap().to_owned();
    sign_in("1", "gina@example.com", &own).await.succeeded();
    sign_in("1", "gina@example.com", &tenant_id).await.refused(403, "TENANT_MISMATCH");
    app.finish().await;
}

/// Somebody without a password is as unknown to it as somebody without an account, and can choose one.
#[tokio::test]
async fn rule_6_signing_in_with_a_password_where_there_is_none_costs_and_says_the_same() {
    let (app, issuer) = start().await;
    let email = app.address("gina");
    let token = issuer.sign(&issuer.google(&app, "1", &email));
    app.sign_in_with("google", &token).await.succeeded();
    let (unknown, cost_of_unknown) = app.probe.measure(app.login(&app.address("unknown"), PASSWORD)).await;
    let (without, cost_without) = app.probe.measure(app.login(&email, PASSWORD)).await;
    assert_eq!(without.refused(401, "INVALID_CREDENTIALS").text(), unknown.text());
    assert_eq!(cost_without, cost_of_unknown);

    let reset = app.forgot(&email).await;
    app.reset(&reset, PASSWORD).await.succeeded();
    app.mail_to(&email).await;
    let with_password = app.login(&email, PASSWORD).await.data()["user"]["user_id"].clone();
    assert_eq!(app.sign_in_with("google", &token).await.data()["user"]["user_id"], with_password);
    app.finish().await;
}

#[tokio::test]
async fn rule_11_an_identity_is_kept_under_its_issuer_and_subject() {
    let (app, issuer) = start().await;
    let token = issuer.sign(&issuer.google(&app, "110169484474386276334", "gina@example.com"));
    let user_id = app.sign_in_with("google", &token).await.data()["user"]["user_id"].as_str().unwrap().to_owned();
    let rows = app.rows(Table::AccountIdentities).await;
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(row["issuer"], text("https://accounts.google.com"));
    assert_eq!(row["subject"], text("110169484474386276334"));
    assert_eq!(row["user_id"], text(&user_id));
    app.finish().await;
}
