//! The accounts elsewhere that somebody signs in with: seeing, linking and unlinking their own (rule 11).

use chrono::TimeDelta;
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{Answer, App, Fault, Issuer, Member, PASSWORD, Tokens, python, text};

struct World {
    app: App,
    issuer: Issuer,
}

impl World {
    async fn start() -> Self {
        let issuer = Issuer::start().await;
        Self { app: App::builder().with_issuer(&issuer).start().await, issuer }
    }

    /// An ID token of Google's or Microsoft's, about nobody whose address is known here.
    fn id_token(&self, provider: &str, subject: &str) -> String {
        let claims = match provider {
            "google" => self.issuer.google(&self.app, subject, "elsewhere@gmail.example.com"),
            _ => self.issuer.microsoft(&self.app, subject, "elsewhere@outlook.example.com"),
        };
        self.issuer.sign(&claims)
    }

    /// Somebody without a password, signed in just now.
    async fn passwordless(&self, provider: &str, subject: &str) -> (String, Tokens) {
        let answer = self.app.sign_in_with(provider, &self.id_token(provider, subject)).await;
        (answer.data()["user"]["user_id"].as_str().unwrap().to_owned(), Tokens::of(&answer))
    }

    async fn list(&self, access_token: &str) -> Value {
        self.app.client.get("/user/identities").bearer(access_token).send().await.data()
    }

    async fn link(&self, access_token: &str, provider: &str, subject: &str, password: Option<&str>) -> Answer {
        let body = json!({ "provider": provider, "id_token": self.id_token(provider, subject), "password": password });
        self.send(access_token, &body).await
    }

    async fn send(&self, access_token: &str, body: &Value) -> Answer {
        self.app.client.post("/user/identities", body).bearer(access_token).send().await
    }

    async fn unlink(&self, access_token: &str, provider: &str) -> Answer {
        self.app.client.delete(&format!("/user/identities/{provider}")).bearer(access_token).send().await
    }

    /// How many rows there are of what linking writes.
    async fn written(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        let tables = [Table::AccountIdentities, Table::AccountAudit, Table::AccountOutbox];
        for (count, table) in counts.iter_mut().zip(tables) {
            *count = self.app.rows(table).await.len();
        }
        counts
    }
}

#[tokio::test]
async fn somebody_with_a_password_links_an_account_elsewhere_and_takes_it_away() {
    let world = World::start().await;
    let anna = world.app.member("anna").await;
    let access = &anna.tokens.access;
    assert_eq!(world.list(access).await, json!([]));
    world.app.clock.advance(TimeDelta::minutes(5));
    let linked = world.link(access, "google", "1", Some(PASSWORD)).await.data();
    let google = json!({ "provider": "google", "email": "elsewhere@gmail.example.com", "linked_at": world.app.now() });
    assert_eq!(linked, google);
    world.app.clock.advance(TimeDelta::minutes(1));
    let microsoft = world.link(access, "microsoft", "1", Some(PASSWORD)).await.data();
    assert_eq!(world.list(access).await, json!([google, microsoft]));
    for provider in ["google", "microsoft"] {
        let answer = world.app.sign_in_with(provider, &world.id_token(provider, "1")).await;
        assert_eq!(answer.data()["user"]["user_id"], anna.user_id);
    }
    world.unlink(access, "google").await.succeeded();
    assert_eq!(world.list(access).await, json!([microsoft]));
    world.unlink(access, "google").await.refused(404, "NOT_FOUND");
    world.app.profile(access).await.succeeded();
    world.app.sign_in(&anna.email).await;
    // It belongs to nobody now.
    let (somebody, _) = world.passwordless("google", "1").await;
    assert_ne!(somebody, anna.user_id);
    world.app.finish().await;
}

#[tokio::test]
async fn what_is_linked_already_stays_as_it_is() {
    let world = World::start().await;
    let anna = world.app.member("anna").await;
    let first = world.link(&anna.tokens.access, "google", "1", Some(PASSWORD)).await.data();
    let before = world.written().await;
    world.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(world.link(&anna.tokens.access, "google", "1", Some(PASSWORD)).await.data(), first);
    assert_eq!(world.written().await, before);
    world.link(&anna.tokens.access, "google", "2", Some(PASSWORD)).await.refused(409, "RESOURCE_CONFLICT");
    world.unlink(&anna.tokens.access, "google").await.succeeded();
    world.link(&anna.tokens.access, "google", "2", Some(PASSWORD)).await.succeeded();
    world.app.finish().await;
}

#[tokio::test]
async fn rule_9_linking_takes_the_password_or_a_sign_in_of_the_last_five_minutes() {
    let world = World::start().await;
    let anna = world.app.member("anna").await;
    let access = &anna.tokens.access;
    world.link(access, "google", "1", Some("not-the-password")).await.refused(401, "INVALID_CREDENTIALS");
    world.app.clock.advance(TimeDelta::minutes(5) - TimeDelta::seconds(1));
    world.link(access, "google", "1", None).await.succeeded();
    world.unlink(access, "google").await.succeeded();
    world.app.clock.advance(TimeDelta::seconds(2));
    world.link(access, "google", "1", None).await.refused(403, "REAUTHENTICATION_REQUIRED");
    // A refresh is no sign-in, and neither is one of somebody else, elsewhere.
    let refreshed = Tokens::of(&world.app.refresh(&anna.tokens.refresh).await);
    let elsewhere = world.app.sign_in(&anna.email).await;
    world.link(&refreshed.access, "google", "1", None).await.refused(403, "REAUTHENTICATION_REQUIRED");
    world.link(&elsewhere.access, "google", "1", None).await.succeeded();
    world.app.finish().await;
}

/// A session that was not begun with credentials: carried on from the Python service, or by a move.
#[tokio::test]
async fn rule_9_a_session_that_began_without_a_sign_in_does_not_stand_for_one() {
    let world = World::start().await;
    let python = world.app.python_user(&world.app.address("python")).await;
    let python_token = python.access_token(&world.app);
    world.link(&python_token, "google", "1", None).await.refused(403, "REAUTHENTICATION_REQUIRED");
    let carried_on = world.app.python_refresh_token(&python).await;
    let carried_on = Tokens::of(&world.app.refresh(&carried_on).await);
    world.link(&carried_on.access, "google", "1", None).await.refused(403, "REAUTHENTICATION_REQUIRED");
    world.link(&carried_on.access, "google", "1", Some(python::PASSWORD)).await.succeeded();

    let (anna, ben) = (world.app.member("inviter").await, world.app.member("mover").await);
    world.app.clock.advance(TimeDelta::minutes(6));
    let anna = world.app.sign_in(&anna.email).await;
    let token = world.app.invited(&anna.access, &ben.email).await;
    let body = json!({ "token": token, "close_current_tenant": true });
    let moved = world.app.client.post("/invitations/accept", &body).bearer(&ben.tokens.access).send().await;
    let moved = Tokens::of(&moved);
    world.link(&moved.access, "microsoft", "1", None).await.refused(403, "REAUTHENTICATION_REQUIRED");
    world.app.finish().await;
}

#[tokio::test]
async fn rule_11_an_account_elsewhere_is_linked_with_a_good_token_only() {
    let world = World::start().await;
    let Member { tokens, .. } = world.app.member("anna").await;
    let good = world.issuer.google(&world.app, "1", "gina@example.com");
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        world.issuer.sign(&claims)
    };
    let before = world.written().await;
    for (provider, token) in [
        ("google", "x.y.z".to_owned()),
        ("google", with("aud", json!("another.apps.example.com"))),
        ("google", with("exp", json!(world.app.now().timestamp() - 31))),
        ("google", world.id_token("microsoft", "1")),
        ("microsoft", world.id_token("google", "1")),
    ] {
        let code = format!("{}_AUTH_ERROR", provider.to_uppercase());
        let body = json!({ "provider": provider, "id_token": token, "password": PASSWORD });
        let (answer, _) = world.app.probe.measure(world.send(&tokens.access, &body)).await;
        answer.refused(401, &code).nowhere_contains(&token);
    }
    let nonce = json!({ "provider": "google", "id_token": with("nonce", json!("n-1")), "nonce": "another" });
    world.send(&tokens.access, &nonce).await.refused(401, "GOOGLE_AUTH_ERROR");
    let empty = world.send(&tokens.access, &json!({})).await;
    empty.refused(422, "VALIDATION_ERROR");
    assert_eq!(empty.field_error("provider"), "must be one of google, microsoft");
    assert_eq!(empty.field_error("id_token"), "is required");
    assert_eq!(world.written().await, before);
    // Whose address it is does not matter: the identity counts.
    let mut unvouched = good.clone();
    unvouched["email_verified"] = json!(false);
    let body = json!({ "provider": "google", "idToken": world.issuer.sign(&unvouched) });
    world.send(&tokens.access, &body).await.succeeded();
    world.app.finish().await;
}

#[tokio::test]
async fn rule_11_an_identity_of_somebody_else_is_neither_linked_nor_seen_nor_taken_away() {
    let world = World::start().await;
    let anna = world.app.member("anna").await;
    let (_, gina) = world.passwordless("google", "1").await;
    let before = world.written().await;
    world.link(&anna.tokens.access, "google", "1", Some(PASSWORD)).await.refused(409, "RESOURCE_CONFLICT");
    assert_eq!(world.list(&anna.tokens.access).await, json!([]));
    world.unlink(&anna.tokens.access, "google").await.refused(404, "NOT_FOUND");
    for unknown in ["facebook", "Google", "1"] {
        world.unlink(&anna.tokens.access, unknown).await.refused(404, "NOT_FOUND");
    }
    assert_eq!(world.written().await, before);
    assert_eq!(world.list(&gina.access).await.as_array().unwrap().len(), 1);
    world.app.finish().await;
}

#[tokio::test]
async fn rule_11_the_last_way_to_sign_in_is_not_taken_away() {
    let world = World::start().await;
    let (user_id, gina) = world.passwordless("google", "1").await;
    world.unlink(&gina.access, "google").await.refused(409, "LAST_SIGN_IN_METHOD");
    world.link(&gina.access, "microsoft", "1", None).await.succeeded();
    world.unlink(&gina.access, "google").await.succeeded();
    world.unlink(&gina.access, "microsoft").await.refused(409, "LAST_SIGN_IN_METHOD");

    let email = world.app.row(Table::Users, &user_id).await.unwrap()["email"].as_s().unwrap().clone();
    let reset = world.app.forgot(&email).await;
    world.app.reset(&reset, PASSWORD).await.succeeded();
    world.app.mail_to(&email).await;
    let gina = world.app.sign_in(&email).await;
    world.unlink(&gina.access, "microsoft").await.succeeded();
    assert!(world.app.rows(Table::AccountIdentities).await.is_empty());
    world.app.sign_in(&email).await;
    world.app.finish().await;
}

#[tokio::test]
async fn rule_26_linking_and_unlinking_are_on_record_and_told() {
    let world = World::start().await;
    let anna = world.app.member("anna").await;
    world.link(&anna.tokens.access, "google", "1", Some(PASSWORD)).await.succeeded();
    world.unlink(&anna.tokens.access, "google").await.succeeded();
    world.link(&anna.tokens.access, "google", "1", Some("wrong")).await.refused(401, "INVALID_CREDENTIALS");
    let trail = world.app.client.get("/tenants/current/audit").bearer(&anna.tokens.access).send().await;
    let trail = trail.succeeded().json();
    let mut found: Vec<_> = trail["data"].as_array().unwrap().iter().collect();
    found.retain(|record| record["action"].as_str().unwrap().starts_with("Identity"));
    let mut actions: Vec<_> = found.iter().map(|record| record["action"].as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["IdentityLinked", "IdentityUnlinked"]);
    for record in found {
        assert_eq!(record["details"]["provider"], "google");
        assert!(record.to_string().contains(&anna.user_id), "{record}");
        assert!(!record.to_string().contains("elsewhere@"), "{record}");
    }
    world.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_of_twenty_people_who_link_one_identity_at_once_one_has_it() {
    let world = World::start().await;
    let mut people = Vec::new();
    for number in 0..20 {
        let person = world.app.python_user(&world.app.address(&format!("p{number}"))).await;
        people.push(Tokens::of(&world.app.login(&person.email, python::PASSWORD).await));
    }
    let answers = join_all(people.iter().map(|tokens| world.link(&tokens.access, "google", "1", None))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        answer.refused(409, "RESOURCE_CONFLICT");
    }
    assert_eq!(world.app.rows(Table::AccountIdentities).await.len(), 1);
    world.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_one_identity_that_somebody_links_twice_at_once_is_linked_once() {
    for round in 0..5 {
        let world = World::start().await;
        let anna = world.app.member("anna").await;
        let access = &anna.tokens.access;
        let answers = join_all((0..3).map(|_| world.link(access, "google", "1", None))).await;
        for answer in &answers {
            assert_eq!(answer.data(), answers[0].data(), "in round {round}");
        }
        world.link(access, "google", "2", None).await.refused(409, "RESOURCE_CONFLICT");
        assert_eq!(world.app.rows(Table::AccountIdentities).await.len(), 1);
        world.app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_of_the_last_two_ways_to_sign_in_that_are_taken_away_at_once_one_is_left() {
    for round in 0..5 {
        let world = World::start().await;
        let (_, gina) = world.passwordless("google", "1").await;
        world.link(&gina.access, "microsoft", "1", None).await.succeeded();
        let (one, two) = futures::join!(world.unlink(&gina.access, "google"), world.unlink(&gina.access, "microsoft"));
        let (won, lost) = if one.status == 200 { (one, two) } else { (two, one) };
        won.succeeded();
        lost.refused(409, "LAST_SIGN_IN_METHOD");
        assert_eq!(world.app.rows(Table::AccountIdentities).await.len(), 1, "in round {round}");
        world.app.finish().await;
    }
}

/// As if the process had died, or the network, at each call that linking and unlinking make.
#[tokio::test]
async fn rule_25_linking_or_unlinking_that_breaks_off_anywhere_changes_all_or_nothing() {
    for (fault, unlink) in
        [Fault::RequestLost, Fault::AnswerLost].into_iter().flat_map(|fault| [(fault, false), (fault, true)])
    {
        for call in 0.. {
            let world = World::start().await;
            let (_, gina) = world.passwordless("google", "1").await;
            if unlink {
                world.link(&gina.access, "microsoft", "1", None).await.succeeded();
            }
            let act = async || {
                if unlink {
                    world.unlink(&gina.access, "microsoft").await
                } else {
                    world.link(&gina.access, "microsoft", "1", None).await
                }
            };
            let before = world.written().await;
            let [identities, audit, outbox] = before;
            let after = [if unlink { identities - 1 } else { identities + 1 }, audit + 1, outbox + 1];
            world.app.probe.break_call(call, fault);
            let (answer, tally) = world.app.probe.measure(act()).await;
            if world.app.probe.mend() {
                answer.succeeded();
                assert!(call >= 4, "it is more than {call} calls");
                world.app.finish().await;
                break;
            }
            answer.refused(503, "SERVICE_UNAVAILABLE");
            let committed = fault == Fault::AnswerLost && tally.calls.contains_key("TransactWriteItems");
            assert_eq!(world.written().await, if committed { after } else { before }, "{fault:?} {call}");
            let again = act().await;
            if committed && unlink {
                again.refused(404, "NOT_FOUND");
            } else {
                again.succeeded();
            }
            world.app.finish().await;
        }
    }
}

/// The claim names the tenant, which is not the person's own any more.
#[tokio::test]
async fn who_moves_to_another_tenant_takes_their_identities_along() {
    let world = World::start().await;
    let anna = world.app.member("anna").await;
    let (user_id, gina) = world.passwordless("google", "1").await;
    world.link(&gina.access, "microsoft", "1", None).await.succeeded();
    let email = world.app.row(Table::Users, &user_id).await.unwrap()["email"].as_s().unwrap().clone();
    let token = world.app.invited(&anna.tokens.access, &email).await;
    let body = json!({ "token": token, "close_current_tenant": true });
    let moved = world.app.client.post("/invitations/accept", &body).bearer(&gina.access).send().await;
    assert_eq!(moved.data()["tenant"]["id"], anna.tenant_id);
    for row in world.app.rows(Table::AccountIdentities).await {
        assert_eq!((&row["tenant_id"], &row["user_id"]), (&text(&anna.tenant_id), &text(&user_id)));
    }
    for provider in ["google", "microsoft"] {
        let answer = world.app.sign_in_with(provider, &world.id_token(provider, "1")).await;
        assert_eq!(answer.data()["tenant"]["id"], anna.tenant_id);
    }
    assert_eq!(world.list(&Tokens::of(&moved).access).await.as_array().unwrap().len(), 2);
    world.app.finish().await;
}

/// A claim whose user is gone is in nobody's way.
#[tokio::test]
async fn an_identity_that_somebody_left_behind_can_be_linked_and_signed_up_with() {
    for sign_up in [true, false] {
        let world = World::start().await;
        let anna = world.app.member("anna").await;
        let (user_id, _) = world.passwordless("google", "1").await;
        let email = world.app.row(Table::Users, &user_id).await.unwrap()["email"].as_s().unwrap().clone();
        world.app.remove(Table::Users, &user_id).await;
        world.app.remove(Table::AccountEmailClaims, &email).await;
        let now = if sign_up {
            world.passwordless("google", "1").await.0
        } else {
            world.link(&anna.tokens.access, "google", "1", Some(PASSWORD)).await.succeeded();
            anna.user_id.clone()
        };
        assert_ne!(now, user_id);
        let rows = world.app.rows(Table::AccountIdentities).await;
        assert_eq!(rows.iter().map(|row| &row["user_id"]).collect::<Vec<_>>(), [&text(&now)]);
        world.app.finish().await;
    }
}
