//! What ends with time, on a clock that goes when it is told to.

use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};
use tests::{App, Member, Newcomer, PASSWORD, Tokens, token_in};

#[tokio::test]
async fn rule_8_a_confirmation_link_works_for_seven_days() {
    let app = App::start().await;
    let Newcomer { email, token, .. } = app.newcomer("late").await;
    let status = async || {
        let path = format!("/auth/confirm-email/validate?token={token}");
        app.client.get(&path).send().await.text_at("status")
    };
    app.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert_eq!(status().await, "valid");
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(status().await, "expired");
    app.confirm(&token).await.refused(401, "TOKEN_EXPIRED");

    let body = json!({ "email": email });
    app.client.post("/auth/resend-confirmation", &body).send().await.succeeded();
    app.confirm(&token_in(&app.mail_to(&email).await)).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn rule_8_a_reset_link_works_for_an_hour() {
    let app = App::start().await;
    let Member { email, .. } = app.member("slow").await;
    let token = app.forgot(&email).await;
    app.clock.advance(TimeDelta::hours(1));
    app.reset(&token, "velvet-tundra-mosaic-61").await.refused(401, "TOKEN_EXPIRED");
    app.login(&email, PASSWORD).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn rule_12_an_access_token_works_for_an_hour_and_a_leeway_of_30_seconds() {
    let app = App::start().await;
    let Member { tokens, .. } = app.member("hour").await;
    app.clock.advance(TimeDelta::seconds(3600 + 29));
    app.profile(&tokens.access).await.succeeded();
    app.clock.advance(TimeDelta::seconds(1));
    let expired = app.profile(&tokens.access).await;
    expired.refused(401, "TOKEN_EXPIRED");
    assert_eq!(expired.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
    let next = Tokens::of(&app.refresh(&tokens.refresh).await);
    app.profile(&next.access).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn rule_12_a_session_ends_after_14_idle_days_and_its_refresh_tokens_after_30() {
    let app = App::builder().setting("SESSION_IDLE_DAYS", "40").start().await;
    let Member { tokens, .. } = app.member("month").await;
    app.clock.advance(TimeDelta::days(30) + TimeDelta::seconds(30));
    app.refresh(&tokens.refresh).await.refused(401, "TOKEN_EXPIRED");
    app.finish().await;

    let app = App::start().await;
    let Member { tokens, .. } = app.member("idle").await;
    app.clock.advance(TimeDelta::days(13));
    let next = Tokens::of(&app.refresh(&tokens.refresh).await);
    app.clock.advance(TimeDelta::days(14));
    app.refresh(&next.refresh).await.refused(401, "TOKEN_INVALID");
    app.finish().await;
}

#[tokio::test]
async fn rule_15_a_lost_answer_is_given_again_for_30_seconds_and_then_is_theft() {
    let app = App::start().await;
    let Member { tokens, .. } = app.member("grace").await;
    let next = Tokens::of(&app.refresh(&tokens.refresh).await);
    app.clock.advance(TimeDelta::seconds(30));
    assert_eq!(Tokens::of(&app.refresh(&tokens.refresh).await).refresh, next.refresh);
    app.clock.advance(TimeDelta::seconds(1));
    app.refresh(&tokens.refresh).await.refused(401, "TOKEN_INVALID");
    app.refresh(&next.refresh).await.refused(401, "TOKEN_INVALID");
    app.profile(&next.access).await.refused(401, "TOKEN_INVALID");
    app.finish().await;
}

/// And an hour later the access token of the Python service is as dead as one of ours.
#[tokio::test]
async fn a_python_access_token_expires() {
    let app = App::start().await;
    let user = app.python_user(&app.address("python")).await;
    let token = app.sign(&user.claims(&app));
    app.profile(&token).await.succeeded();
    app.clock.advance(TimeDelta::seconds(3600 + 30));
    app.profile(&token).await.refused(401, "TOKEN_EXPIRED");
    app.finish().await;
}

/// Dates are RFC 3339 in UTC with `Z`, and say what happened.
#[tokio::test]
async fn dates_are_utc_and_follow_what_happens() {
    let app = App::start().await;
    let Member { email, tokens, .. } = app.member("dates").await;
    let at = |data: &Value, field: &str| {
        let text = data[field].as_str().unwrap();
        assert!(text.ends_with('Z'), "{text}");
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    };
    let begun = app.now();
    let profile = app.profile(&tokens.access).await.data();
    assert_eq!((at(&profile, "created_at"), at(&profile, "last_login")), (begun, begun));
    app.clock.advance(TimeDelta::minutes(5));
    let later = app.now();
    let user = app.login(&email, PASSWORD).await.data()["user"].clone();
    assert_eq!((at(&user, "created_at"), at(&user, "last_login")), (begun, later));
    app.finish().await;
}
