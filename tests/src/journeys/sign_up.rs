//! From a stranger to somebody with a confirmed address.

use serde_json::json;

use crate::{App, Member, Newcomer, PASSWORD, Registration, Tokens, token_in};

/// All of it in one go, as the frontend does it.
pub(super) async fn a_person_walks_from_sign_up_to_sign_out(app: &App) {
    let email = app.address("walker");
    let registration = Registration::of(&email).with("phone", "+49 30 901820").with("tenant_name", "Lee & Partners");
    let registered = app.register(&registration).await;
    assert_eq!(registered.data()["requires_email_verification"], true);

    let mail = app.mail_to(&email).await;
    assert!(mail.links[0].starts_with("https://app.example.com/"), "{:?}", mail.links);
    app.confirm(&token_in(&mail)).await.succeeded();

    let login = app.login(&email, PASSWORD).await;
    let (user, tenant) = (&login.data()["user"], &login.data()["tenant"]);
    assert_eq!((&user["email"], &user["role"], &user["status"]), (&json!(email), &json!("owner"), &json!("active")));
    assert_eq!((&user["email_verified"], &user["phone"]), (&json!(true), &json!("+49 30 901820")));
    assert_eq!((&tenant["name"], &tenant["id"]), (&json!("Lee & Partners"), &tenant["tenant_id"]));
    assert_eq!((&tenant["owner_user_id"], &user["tenant_id"]), (&user["user_id"], &tenant["id"]));
    assert_eq!(user["user_id"], registered.data()["user_id"]);

    let tokens = Tokens::of(&login);
    let profile = app.profile(&tokens.access).await;
    assert_eq!(profile.data(), *user);

    let change = app.client.put("/user/profile", &json!({ "first_name": "Annabel" })).bearer(&tokens.access);
    assert_eq!(change.send().await.text_at("first_name"), "Annabel");

    let refreshed = Tokens::of(&app.refresh(&tokens.refresh).await);
    assert_eq!(app.profile(&refreshed.access).await.text_at("first_name"), "Annabel");

    app.logout(&refreshed.refresh).await.succeeded();
    app.refresh(&refreshed.refresh).await.refused(401, "TOKEN_INVALID");
    app.profile(&refreshed.access).await.refused(401, "TOKEN_INVALID");
}

pub(super) async fn an_address_must_be_confirmed_before_the_first_sign_in(app: &App) {
    let Newcomer { email, token, .. } = app.newcomer("eager").await;
    app.login(&email, PASSWORD).await.refused(403, "EMAIL_NOT_VERIFIED");
    app.login(&email, "not the password").await.refused(401, "INVALID_CREDENTIALS");
    app.confirm(&token).await.succeeded();
    app.login(&email, PASSWORD).await.succeeded();
    app.confirm(&token).await.refused(401, "TOKEN_INVALID");
}

pub(super) async fn rule_8_a_newer_confirmation_link_voids_the_older(app: &App) {
    let Newcomer { email, token: first, .. } = app.newcomer("resend").await;
    let path = format!("/auth/resend-confirmation?email={email}");
    app.client.post(&path, &json!({})).send().await.succeeded();
    let second = token_in(&app.mail_to(&email).await);
    app.client.post("/auth/resend-confirmation", &json!({ "email": email })).send().await.succeeded();
    let third = token_in(&app.mail_to(&email).await);
    for void in [&first, &second] {
        app.confirm(void).await.refused(401, "TOKEN_INVALID");
        assert_eq!(link_status(app, void).await, "not_found");
    }
    app.confirm(&third).await.succeeded();
}

pub(super) async fn looking_at_a_confirmation_link_uses_nothing_up(app: &App) {
    let Newcomer { token, .. } = app.newcomer("look").await;
    assert_eq!(link_status(app, &token).await, "valid");
    assert_eq!(link_status(app, &token).await, "valid");
    app.confirm(&token).await.succeeded();
    assert_eq!(link_status(app, &token).await, "used");
    assert_eq!(link_status(app, "never-sent").await, "not_found");
}

/// Whoever asks learns nothing.
pub(super) async fn rule_6_registering_a_taken_address_tells_only_its_owner(app: &App) {
    let Newcomer { email, user_id, .. } = app.newcomer("taken").await;
    let again = Registration::of(&email).with("first_name", "Mallory");
    let answer = app.register(&again).await;
    assert_eq!(answer.data()["requires_email_verification"], true);
    assert_ne!(answer.text_at("user_id"), user_id);
    let mail = app.mail_to(&email).await;
    assert!(!mail.text.contains("Mallory") && !mail.html.contains("Mallory"), "{}", mail.text);
    assert!(mail.links.iter().all(|link| !link.contains("token")), "{:?}", mail.links);
}

pub(super) async fn rule_6_nothing_is_mailed_to_an_address_that_nobody_has_or_that_is_confirmed(app: &App) {
    let Member { email, .. } = app.member("confirmed").await;
    for address in [email, app.address("nobody")] {
        app.client.post(&format!("/auth/resend-confirmation?email={address}"), &json!({})).send().await.succeeded();
    }
    let nobody = json!({ "email": app.address("nobody") });
    app.client.post("/auth/forgot-password", &nobody).send().await.succeeded();
    assert!(app.deliver_mail().await.is_empty());
}

pub(super) async fn an_address_is_the_same_in_any_case(app: &App) {
    let email = app.address("Mixed.Case");
    app.register(&Registration::of(&email.to_uppercase())).await.succeeded();
    let mail = app.mail_to(&email).await;
    app.confirm(&token_in(&mail)).await.succeeded();
    let login = app.login(&email, PASSWORD).await;
    assert_eq!(login.data()["user"]["email"], email.to_lowercase());
    app.register(&Registration::of(&email)).await.succeeded();
    assert!(app.mail_to(&email).await.links.iter().all(|link| !link.contains("token")), "it was taken");
}

/// `X-Frontend-Base-Url` would be an open redirect in a mail.
pub(super) async fn rule_8_links_lead_to_listed_sites_only(app: &App) {
    let sites = [
        ("https://beta.example.com", "https://beta.example.com/"),
        ("https://BETA.example.com/", "https://beta.example.com/"),
        ("https://evil.example", "https://app.example.com/"),
        ("https://beta.example.com.evil.example", "https://app.example.com/"),
        ("https://beta.example.com@evil.example", "https://app.example.com/"),
        ("javascript:alert(1)", "https://app.example.com/"),
    ];
    for (wanted, expected) in sites {
        let email = app.address("site");
        let call = app.client.post("/auth/register", &Registration::of(&email).0);
        call.header("x-frontend-base-url", wanted).send().await.succeeded();
        let mail = app.mail_to(&email).await;
        assert!(mail.links[0].starts_with(expected), "{wanted} led to {}", mail.links[0]);
        assert!(!mail.text.contains("evil") && !mail.html.contains("evil"));
    }
}

pub(super) async fn a_registration_says_everything_that_is_wrong_with_it_at_once(app: &App) {
    let empty = app.register(&Registration(json!({}))).await;
    empty.refused(422, "VALIDATION_ERROR");
    for field in ["email", "password", "first_name", "last_name"] {
        assert_eq!(empty.field_error(field), "is required");
    }
    let wrong = json!({
        "email": "anna", "password": PASSWORD, "first_name": "x".repeat(51), "last_name": "<b>",
        "phone": "none", "tenant_name": "x".repeat(101),
    });
    let wrong = app.register(&Registration(wrong)).await;
    wrong.refused(422, "VALIDATION_ERROR");
    for field in ["email", "first_name", "phone", "tenant_name"] {
        wrong.field_error(field);
    }
    let address_only = app.register(&Registration::of("anna@")).await;
    address_only.refused(422, "INVALID_EMAIL_FORMAT").field_error("email");
}

pub(super) async fn rule_1_a_password_has_a_least_and_a_greatest_length_and_every_character_counts(app: &App) {
    let refused = async |password: &str| {
        let answer = app.register(&Registration::of(&app.address("short")).with("password", password)).await;
        answer.refused(422, "WEAK_PASSWORD").field_error("password")
    };
    assert_eq!(refused("x9$kQ2v").await, "must be at least 8 characters");
    assert_eq!(refused(&"tr4 z".repeat(52)).await, "must be at most 256 characters");

    let email = app.address("spaces");
    let password = "  пурпурный  слон 🐘 ";
    app.register(&Registration::of(&email).with("password", password)).await.succeeded();
    app.confirm(&token_in(&app.mail_to(&email).await)).await.succeeded();
    app.login(&email, password.trim()).await.refused(401, "INVALID_CREDENTIALS");
    app.login(&email, password).await.succeeded();
    // Longer than bcrypt's 72 bytes, and told from what it begins with.
    let long = "волна-камень-фонарь-".repeat(5);
    let email = app.address("long");
    app.register(&Registration::of(&email).with("password", long.as_str())).await.succeeded();
    app.confirm(&token_in(&app.mail_to(&email).await)).await.succeeded();
    app.login(&email, &format!("{long}x")).await.refused(401, "INVALID_CREDENTIALS");
    app.login(&email, &long).await.succeeded();
}

pub(super) async fn rule_2_no_kind_of_character_is_asked_for(app: &App) {
    for password in ["gwtbpkzvqmhd", "GWTBPKZVQMHD", "702945318826"] {
        let email = app.address("plain");
        app.register(&Registration::of(&email).with("password", password)).await.succeeded();
        app.mail_to(&email).await;
    }
}

pub(super) async fn rule_3_a_refused_password_is_told_which_rule_it_breaks(app: &App) {
    let personal = "must not be built from your name, your email address or the name of this product";
    for (password, why) in [
        ("password1", "is one of the most common passwords, or close to one"),
        ("Wilhelmina1987", personal),
        ("wilhelmina.brandt@example.com", personal),
        ("abcdefghijk", "is too easy to guess; use more words or characters that do not follow a pattern"),
    ] {
        let registration = Registration::of("wilhelmina.brandt@example.com").with("password", password);
        let registration = registration.with("first_name", "Wilhelmina").with("last_name", "Brandt");
        let answer = app.register(&registration).await;
        assert_eq!(answer.refused(422, "WEAK_PASSWORD").field_error("password"), why);
        answer.nowhere_contains(password);
    }
}

async fn link_status(app: &App, token: &str) -> String {
    app.client.get(&format!("/auth/confirm-email/validate?token={token}")).send().await.text_at("status")
}
