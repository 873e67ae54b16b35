//! Rule 17: people see and end their sessions; administrators end other people's.

use chrono::TimeDelta;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{App, Member, PASSWORD, Tokens};

use crate::team::Team;

async fn sign_in_with(app: &App, email: &str, device: &str) -> Tokens {
    let body = json!({ "email": email, "password": PASSWORD });
    Tokens::of(&app.client.post("/auth/login", &body).header("user-agent", device).send().await)
}

async fn sessions(app: &App, tokens: &Tokens) -> Vec<Value> {
    let answer = app.client.get("/user/sessions").bearer(&tokens.access).send().await;
    answer.data().as_array().unwrap().clone()
}

/// The session that these tokens belong to.
async fn current(app: &App, tokens: &Tokens) -> String {
    let sessions = sessions(app, tokens).await;
    let current = sessions.iter().find(|session| session["is_current"] == true).unwrap();
    current["session_id"].as_str().unwrap().to_owned()
}

async fn end(app: &App, tokens: &Tokens, session: &str) -> tests::Answer {
    app.client.delete(&format!("/user/sessions/{session}")).bearer(&tokens.access).send().await
}

#[tokio::test]
async fn rule_17_people_see_where_they_are_signed_in() {
    let app = App::start().await;
    let Member { email, tokens, .. } = app.member("devices").await;
    let begun = app.now();
    app.clock.advance(TimeDelta::minutes(5));
    let phone = sign_in_with(&app, &email, "Phone").await;
    let seen = sessions(&app, &phone).await;
    let summary: Vec<_> = seen.iter().map(|s| (&s["device"], &s["address"], &s["is_current"])).collect();
    let here = json!("192.0.2.1");
    assert_eq!(summary, [(&json!("Phone"), &here, &json!(true)), (&Value::Null, &here, &json!(false))]);
    assert_eq!(seen[1]["signed_in_at"], json!(begun));
    assert_eq!(seen[1]["last_used_at"], json!(begun));
    app.clock.advance(TimeDelta::minutes(5));
    let next = Tokens::of(&app.refresh(&tokens.refresh).await);
    let seen = sessions(&app, &next).await;
    assert_eq!((&seen[0]["device"], &seen[0]["is_current"]), (&Value::Null, &json!(true)), "used last");
    assert_eq!((&seen[0]["signed_in_at"], &seen[0]["last_used_at"]), (&json!(begun), &json!(app.now())));
    app.finish().await;
}

#[tokio::test]
async fn rule_17_what_is_over_is_not_shown() {
    let app = App::start().await;
    let Member { email, tokens, .. } = app.member("over").await;
    app.clock.advance(TimeDelta::days(13));
    let now = app.sign_in(&email).await;
    assert_eq!(sessions(&app, &now).await.len(), 2);
    app.logout(&tokens.refresh).await.succeeded();
    assert_eq!(sessions(&app, &now).await.len(), 1);
    let token = app.forgot(&email).await;
    app.reset(&token, "velvet-tundra-mosaic-61").await.succeeded();
    app.mail_to(&email).await;
    let body = json!({ "email": email, "password": "velvet-tundra-mosaic-61" });
    let after = Tokens::of(&app.client.post("/auth/login", &body).send().await);
    assert_eq!(sessions(&app, &after).await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn rule_17_people_end_one_of_their_sessions() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let phone = sign_in_with(&app, &anna.email, "Phone").await;
    let of_phone = current(&app, &phone).await;
    for (who, session) in [(&ben.tokens, of_phone.as_str()), (&anna.tokens, "nothing"), (&anna.tokens, "%20")] {
        end(&app, who, session).await.refused(404, "NOT_FOUND");
    }
    app.profile(&phone.access).await.succeeded();
    for _ in 0..2 {
        end(&app, &anna.tokens, &of_phone).await.succeeded();
    }
    app.profile(&phone.access).await.refused(401, "TOKEN_INVALID");
    app.refresh(&phone.refresh).await.refused(401, "TOKEN_INVALID");
    assert_eq!(sessions(&app, &anna.tokens).await.len(), 1);
    // And the one that they use, which signs them out.
    let own = current(&app, &anna.tokens).await;
    end(&app, &anna.tokens, &own).await.succeeded();
    app.profile(&anna.tokens.access).await.refused(401, "TOKEN_INVALID");
    app.profile(&ben.tokens.access).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn rule_17_people_end_all_sessions_but_the_one_that_they_use() {
    let app = App::start().await;
    let Member { email, tokens: others, .. } = app.member("others").await;
    let (phone, here) = (app.sign_in(&email).await, app.sign_in(&email).await);
    app.client.delete("/user/sessions").bearer(&here.access).send().await.succeeded();
    for over in [&others, &phone] {
        app.profile(&over.access).await.refused(401, "TOKEN_INVALID");
        app.refresh(&over.refresh).await.refused(401, "TOKEN_INVALID");
    }
    app.profile(&here.access).await.succeeded();
    assert_eq!(app.rows(Table::RefreshTokens).await.len(), 1, "Python would go on with the others");
    let next = Tokens::of(&app.refresh(&here.refresh).await);
    let left = sessions(&app, &next).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["is_current"], true);
    app.finish().await;
}

#[tokio::test]
async fn rule_17_administrators_end_the_sessions_of_others_but_not_of_who_stands_above_them() {
    let team = Team::start().await;
    let (admin, ben) = (team.hire("admin", "admin").await, team.hire("ben", "member").await);
    let (of_ben, of_owner) = (team.sign_in(&ben).await, team.sign_in(&team.owner).await);
    team.delete(&admin, &format!("/users/{}/sessions", ben.user_id)).send().await.succeeded();
    team.app.profile(&of_ben.access).await.refused(401, "TOKEN_INVALID");
    team.app.refresh(&of_ben.refresh).await.refused(401, "TOKEN_INVALID");
    team.app.profile(&team.sign_in(&ben).await.access).await.succeeded();
    let above = team.delete(&admin, &format!("/users/{}/sessions", team.owner.user_id)).send().await;
    above.refused(403, "INSUFFICIENT_PERMISSIONS");
    team.app.profile(&of_owner.access).await.succeeded();
    team.app.finish().await;
}

/// A token of the Python service names no session. It sees those of ours, and ends with the others.
#[tokio::test]
async fn a_python_token_is_no_session_and_ends_with_the_others() {
    let team = Team::start().await;
    let session = team.sign_in(&team.owner).await;
    let python = team.owner.access_token(&team.app);
    let seen = team.get(&team.owner, "/user/sessions").send().await.data();
    assert_eq!(seen[0]["is_current"], false);
    team.app.clock.advance(TimeDelta::seconds(1));
    team.app.client.delete("/user/sessions").bearer(&python).send().await.succeeded();
    team.app.profile(&python).await.refused(401, "TOKEN_INVALID");
    team.app.profile(&session.access).await.refused(401, "TOKEN_INVALID");
    team.app.finish().await;
}
