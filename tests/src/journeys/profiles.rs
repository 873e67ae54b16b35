//! What people see and change of themselves.

use serde_json::{Value, json};

use crate::{Answer, App, Member, Newcomer, PASSWORD, Registration, Tokens, token_in};

async fn change(app: &App, member: &Member, body: Value) -> Answer {
    app.client.put("/user/profile", &body).bearer(&member.tokens.access).send().await
}

pub(super) async fn absent_null_and_a_value_are_three_different_updates(app: &App) {
    let anna = app.member("updates").await;
    let picture = "https://pictures.example.com/anna.png";
    let set = change(app, &anna, json!({ "phone": "+49 30 901820", "avatar_url": picture })).await.data();
    assert_eq!((&set["phone"], &set["avatar_url"]), (&json!("+49 30 901820"), &json!(picture)));
    assert_eq!(set["first_name"], "Anna", "absent");

    let kept = change(app, &anna, json!({ "first_name": "Annabel" })).await.data();
    assert_eq!((&kept["phone"], &kept["avatar_url"]), (&json!("+49 30 901820"), &json!(picture)));

    let cleared = change(app, &anna, json!({ "phone": null, "avatar_url": null, "first_name": null })).await.data();
    assert_eq!((&cleared["phone"], &cleared["avatar_url"]), (&Value::Null, &Value::Null));
    assert_eq!(cleared["first_name"], "Annabel", "what cannot be empty is left alone");

    assert_eq!(change(app, &anna, json!({})).await.data(), cleared);
    assert_eq!(app.profile(&anna.tokens.access).await.data(), cleared);
}

pub(super) async fn preferences_change_one_by_one(app: &App) {
    let anna = app.member("preferences").await;
    let put = |body: Value| app.client.put("/user/preferences", &body).bearer(&anna.tokens.access).send();
    let before = app.profile(&anna.tokens.access).await.data()["preferences"].clone();

    let after = put(json!({ "theme": "dark", "notifications": { "marketing": true }, "coaching": null })).await.data();
    let mut expected = before;
    expected["theme"] = json!("dark");
    expected["notifications"]["marketing"] = json!(true);
    assert_eq!(after, expected);

    let through_the_profile = json!({ "preferences": { "coaching": { "preferred_session_length": 45 } } });
    let after = change(app, &anna, through_the_profile).await.data()["preferences"].clone();
    expected["coaching"]["preferred_session_length"] = json!(45);
    assert_eq!(after, expected);
    assert_eq!(app.profile(&anna.tokens.access).await.data()["preferences"], expected);

    let wrong =
        put(json!({ "theme": "pink", "currency": "XXXX", "coaching": { "preferred_session_length": 1 } })).await;
    wrong.refused(422, "VALIDATION_ERROR");
    for field in ["theme", "currency", "coaching.preferred_session_length"] {
        wrong.field_error(field);
    }
}

/// Unknown fields are ignored, and so are known ones that are not this body's business.
pub(super) async fn rule_19_what_a_body_is_not_for_has_no_effect(app: &App) {
    let other = app.member("other").await;
    let smuggled = json!({
        "role": "admin", "tenant_id": other.tenant_id, "tenantId": other.tenant_id, "status": "suspended",
        "email_verified": true, "emailVerified": true, "user_id": other.user_id, "id": other.user_id,
        "subscription_tier": "enterprise", "tier": "enterprise", "permissions": ["admin_access"],
        "password_hash": "x", "version": 99, "created_at": "2020-01-01T00:00:00Z", "is_owner": true,
    });
    let with_smuggled = |mut body: Value| {
        let fields = smuggled.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(fields);
        body
    };

    let email = app.address("smuggler");
    let registered = app.register(&Registration(with_smuggled(Registration::of(&email).0))).await;
    assert_ne!(registered.text_at("tenant_id"), other.tenant_id);
    assert_ne!(registered.text_at("user_id"), other.user_id);
    app.login(&email, PASSWORD).await.refused(403, "EMAIL_NOT_VERIFIED");
    app.confirm(&token_in(&app.mail_to(&email).await)).await.succeeded();

    let tokens = app.sign_in(&email).await;
    let before = app.profile(&tokens.access).await.data();
    for path in ["/user/profile", "/user/preferences", "/auth/profile", "/auth/preferences"] {
        app.client.put(path, &with_smuggled(json!({}))).bearer(&tokens.access).send().await.succeeded();
    }
    assert_eq!(app.profile(&tokens.access).await.data(), before);
    let refresh = with_smuggled(json!({ "refresh_token": tokens.refresh }));
    let tokens = Tokens::of(&app.client.post("/auth/refresh", &refresh).send().await);
    assert_eq!(app.profile(&tokens.access).await.data(), before);
}

pub(super) async fn rule_22_a_picture_is_an_https_link_to_a_public_host(app: &App) {
    let anna = app.member("picture").await;
    for link in [
        "http://pictures.example.com/anna.png",
        "https://localhost/a.png",
        "https://127.0.0.1/a.png",
        "https://10.0.0.8/a.png",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/a.png",
        "https://user:password@pictures.example.com/a.png",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "//pictures.example.com/a.png",
    ] {
        let answer = change(app, &anna, json!({ "avatar_url": link })).await;
        answer.refused(422, "VALIDATION_ERROR").field_error("avatar_url");
        answer.nowhere_contains(link);
    }
}

pub(super) async fn both_casings_are_read_and_snake_case_is_answered(app: &App) {
    let email = app.address("camel");
    let registration = json!({
        "email": email, "password": PASSWORD, "firstName": "Anna", "lastName": "Lee", "tenantName": "Lee & Co",
    });
    let registered = app.register(&Registration(registration)).await;
    app.confirm(&token_in(&app.mail_to(&email).await)).await.succeeded();
    let body = json!({ "email": email, "password": PASSWORD, "tenantId": registered.text_at("tenant_id") });
    let login = app.client.post("/auth/login", &body).send().await;
    assert_eq!(login.data()["tenant"]["name"], "Lee & Co");
    let body = json!({ "refreshToken": Tokens::of(&login).refresh });
    let tokens = Tokens::of(&app.client.post("/auth/refresh", &body).send().await);
    let body = json!({
        "firstName": "Annabel",
        "avatarUrl": "https://pictures.example.com/a.png",
        "preferences": { "dateFormat": "DD.MM.YYYY", "coaching": { "coachingStyle": "direct" } },
    });
    let profile = app.client.put("/user/profile", &body).bearer(&tokens.access).send().await.data();
    assert_eq!((&profile["first_name"], &profile["last_name"]), (&json!("Annabel"), &json!("Lee")));
    assert_eq!(profile["avatar_url"], "https://pictures.example.com/a.png");
    assert_eq!(profile["preferences"]["date_format"], "DD.MM.YYYY");
    assert_eq!(profile["preferences"]["coaching"]["coaching_style"], "direct");
    let token = app.forgot(&email).await;
    let body = json!({ "token": token, "newPassword": "velvet-tundra-mosaic-61" });
    app.client.post("/auth/reset-password", &body).send().await.succeeded();
    app.mail_to(&email).await;
}

pub(super) async fn older_names_do_the_same(app: &App) {
    let Newcomer { email, .. } = app.newcomer("older").await;
    app.client.post(&format!("/auth/verify/resend?email={email}"), &json!({})).send().await.succeeded();
    let token = token_in(&app.mail_to(&email).await);
    app.client.post("/auth/verify", &json!({ "token": token })).send().await.succeeded();
    app.client.post("/auth/password/reset", &json!({ "email": email })).send().await.succeeded();
    let token = token_in(&app.mail_to(&email).await);
    let body = json!({ "token": token, "new_password": "velvet-tundra-mosaic-61" });
    app.client.post("/auth/password/confirm", &body).send().await.succeeded();
    app.mail_to(&email).await;
    let tokens = Tokens::of(&app.login(&email, "velvet-tundra-mosaic-61").await);
    let change = app.client.put("/auth/profile", &json!({ "last_name": "Li" })).bearer(&tokens.access);
    assert_eq!(change.send().await.text_at("last_name"), "Li");
    let change = app.client.put("/auth/preferences", &json!({ "theme": "dark" })).bearer(&tokens.access);
    assert_eq!(change.send().await.text_at("theme"), "dark");
    let older = app.client.get("/auth/profile").bearer(&tokens.access).send().await;
    assert_eq!(older.data(), app.profile(&tokens.access).await.data());
}
