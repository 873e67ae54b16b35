//! Coming in through an invitation with an account elsewhere (rule 11).

use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{Answer, App, Fault, Issuer, Member, PASSWORD, Tokens, text};

use crate::invitations::limit_seats;

/// Somebody with this address was invited, and Google and Microsoft can be asked about them.
struct Invited {
    app: App,
    issuer: Issuer,
    inviter: Member,
    email: String,
    token: String,
}

impl Invited {
    async fn start() -> Self {
        let issuer = Issuer::start().await;
        let app = App::builder().with_issuer(&issuer).start().await;
        let inviter = app.member("inviter").await;
        let email = app.address("invited");
        let token = app.invited(&inviter.tokens.access, &email).await;
        Self { app, issuer, inviter, email, token }
    }

    /// What a provider says about who was invited.
    fn claims(&self, provider: &str) -> Value {
        match provider {
            "google" => self.issuer.google(&self.app, "1", &self.email),
            _ => self.issuer.microsoft(&self.app, "1", &self.email),
        }
    }

    fn body(&self, provider: &str, id_token: &str) -> Value {
        json!({
            "token": self.token, "first_name": "Ben", "last_name": "Okoro", "provider": provider, "id_token": id_token,
        })
    }

    async fn send(&self, body: &Value) -> Answer {
        self.app.client.post("/invitations/activate", body).send().await
    }

    async fn activate(&self, provider: &str, claims: &Value) -> Answer {
        self.send(&self.body(provider, &self.issuer.sign(claims))).await
    }

    /// How many rows there are of what an activation writes.
    async fn written(&self) -> [usize; 6] {
        let mut counts = [0; 6];
        let tables = [
            Table::Users,
            Table::AccountEmailClaims,
            Table::AccountIdentities,
            Table::AccountSeats,
            Table::AccountSessions,
            Table::AccountOutbox,
        ];
        for (count, table) in counts.iter_mut().zip(tables) {
            *count = self.app.rows(table).await.len();
        }
        counts
    }
}

#[tokio::test]
async fn somebody_comes_in_with_an_account_elsewhere_and_signs_in_with_it_from_then_on() {
    for provider in ["google", "microsoft"] {
        let invited = Invited::start().await;
        let Invited { app, issuer, inviter, email, .. } = &invited;
        let claims = invited.claims(provider);
        let answer = invited.activate(provider, &claims).await;
        let (user, tenant) = (&answer.data()["user"], &answer.data()["tenant"]);
        assert_eq!((&user["email"], &user["email_verified"]), (&json!(email), &json!(true)));
        assert_eq!(
            (&user["first_name"], &user["role"], &user["status"]),
            (&json!("Ben"), &json!("member"), &json!("active"))
        );
        assert_eq!(tenant["id"], inviter.tenant_id);
        let row = app.row(Table::Users, user["user_id"].as_str().unwrap()).await.unwrap();
        assert!(!row.contains_key("password_hash"));
        let seats = app.row(Table::AccountSeats, &inviter.tenant_id).await.unwrap();
        assert_eq!(seats["taken"].as_n().unwrap(), "2");
        app.profile(&Tokens::of(&answer).access).await.succeeded();

        let again = app.sign_in_with(provider, &issuer.sign(&claims)).await;
        assert_eq!(again.data()["user"]["user_id"], user["user_id"]);
        invited.activate(provider, &claims).await.refused(401, "TOKEN_INVALID");
        app.login(email, PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
        invited.app.finish().await;
    }
}

#[tokio::test]
async fn exactly_one_of_a_password_and_an_id_token_is_taken() {
    let invited = Invited::start().await;
    let id_token = invited.issuer.sign(&invited.claims("google"));
    let good = invited.body("google", &id_token);
    let with = |changes: &[(&str, Value)]| {
        let mut body = good.clone();
        for (field, value) in changes {
            body[*field] = value.clone();
        }
        body
    };
    for (body, field, why) in [
        (with(&[("password", json!(PASSWORD))]), "id_token", "must not be sent together with a password"),
        (with(&[("id_token", json!(null))]), "id_token", "is required"),
        (with(&[("provider", json!(""))]), "provider", "is required"),
        (with(&[("provider", json!(null)), ("id_token", json!(""))]), "password", "is required"),
        (with(&[("provider", json!("facebook"))]), "provider", "must be one of google, microsoft"),
        (with(&[("id_token", json!("x".repeat(16 * 1024 + 1)))]), "id_token", "must be at most 16384 characters"),
        (with(&[("nonce", json!("x".repeat(256)))]), "nonce", "must be at most 255 characters"),
    ] {
        let answer = invited.send(&body).await;
        assert_eq!(answer.refused(422, "VALIDATION_ERROR").field_error(field), why);
        answer.nowhere_contains(&id_token);
    }
    assert_eq!(invited.app.check_invitation(&invited.token).await["is_valid"], true);
    // A form sends all of its fields.
    invited.send(&with(&[("password", json!(""))])).await.succeeded();
    invited.app.finish().await;
}

#[tokio::test]
async fn rule_11_an_invitation_is_taken_with_a_good_token_of_the_invited_address_only() {
    let invited = Invited::start().await;
    let (google, microsoft) = (invited.claims("google"), invited.claims("microsoft"));
    let with = |claims: &Value, name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let before = invited.written().await;
    let now = invited.app.now().timestamp();
    for (provider, claims, status, code) in [
        ("google", with(&google, "aud", json!("another.apps.example.com")), 401, "GOOGLE_AUTH_ERROR"),
        ("google", with(&google, "iss", json!("https://evil.example")), 401, "GOOGLE_AUTH_ERROR"),
        ("google", with(&google, "exp", json!(now - 31)), 401, "GOOGLE_AUTH_ERROR"),
        ("google", microsoft.clone(), 401, "GOOGLE_AUTH_ERROR"),
        ("microsoft", google.clone(), 401, "MICROSOFT_AUTH_ERROR"),
        ("google", with(&google, "email_verified", json!(false)), 401, "GOOGLE_AUTH_ERROR"),
        ("microsoft", with(&microsoft, "xms_edov", json!(false)), 401, "MICROSOFT_AUTH_ERROR"),
        ("google", with(&google, "email", json!(null)), 401, "GOOGLE_AUTH_ERROR"),
        ("google", with(&google, "email", json!("eve@example.com")), 403, "INSUFFICIENT_PERMISSIONS"),
        ("microsoft", with(&microsoft, "email", json!("eve@example.com")), 403, "INSUFFICIENT_PERMISSIONS"),
    ] {
        let answer = invited.activate(provider, &claims).await;
        answer.refused(status, code);
        answer.nowhere_contains(&invited.email);
    }
    let mut body = invited.body("google", &invited.issuer.sign(&google));
    body["nonce"] = json!("n-0S6_WzA2Mj");
    invited.send(&body).await.refused(401, "GOOGLE_AUTH_ERROR");
    body["nonce"] = json!(null);
    body["token"] = json!("never-sent");
    invited.send(&body).await.refused(401, "TOKEN_INVALID");
    assert_eq!(invited.written().await, before);
    // The provider spells the address as it likes.
    invited.activate("google", &with(&google, "email", json!(invited.email.to_uppercase()))).await.succeeded();
    invited.app.finish().await;
}

#[tokio::test]
async fn a_provider_that_is_not_set_up_brings_nobody_in() {
    let app = App::start().await;
    let inviter = app.member("inviter").await;
    let token = app.invited(&inviter.tokens.access, &app.address("invited")).await;
    let body = json!({
        "token": token, "first_name": "Ben", "last_name": "Okoro", "provider": "google", "id_token": "x.y.z",
    });
    let answer = app.client.post("/invitations/activate", &body).send().await;
    answer.refused(404, "IDENTITY_PROVIDER_NOT_CONFIGURED");
    app.activate(&token).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn a_provider_whose_keys_cannot_be_had_brings_nobody_in_until_they_can() {
    let invited = Invited::start().await;
    invited.issuer.break_down();
    invited.activate("google", &invited.claims("google")).await.refused(503, "SERVICE_UNAVAILABLE");
    invited.issuer.recover();
    invited.app.clock.advance(chrono::TimeDelta::seconds(10));
    invited.activate("google", &invited.claims("google")).await.succeeded();
    invited.app.finish().await;
}

/// Whoever has the identity has another address here; whoever has the address has another identity, or none.
#[tokio::test]
async fn rule_11_an_identity_or_an_address_that_has_an_account_brings_in_nobody_else() {
    let invited = Invited::start().await;
    let Invited { app, issuer, inviter, email, token } = &invited;
    let mut claims = invited.claims("google");
    claims["email"] = json!("gina@example.com");
    app.sign_in_with("google", &issuer.sign(&claims)).await.succeeded();
    let before = invited.written().await;
    let taken = invited.activate("google", &invited.claims("google")).await;
    taken.refused(409, "RESOURCE_CONFLICT");
    assert!(taken.text().contains("linked to another account"), "{}", taken.text());
    assert_eq!(invited.written().await, before);
    assert_eq!(app.check_invitation(token).await["is_valid"], true);

    app.sign_in_with("google", &issuer.sign(&issuer.google(app, "2", email))).await.succeeded();
    for (provider, claims) in [("google", issuer.google(app, "3", email)), ("microsoft", invited.claims("microsoft"))] {
        invited.activate(provider, &claims).await.refused(409, "EMAIL_ALREADY_EXISTS");
    }
    let rows = app.rows(Table::Users).await;
    assert_eq!(rows.iter().filter(|row| row["tenant_id"] == text(&inviter.tenant_id)).count(), 1);
    invited.app.finish().await;
}

#[tokio::test]
async fn a_full_or_closed_tenant_takes_nobody_with_an_account_elsewhere_either() {
    let invited = Invited::start().await;
    let Invited { app, inviter, .. } = &invited;
    let claims = invited.claims("google");
    limit_seats(app, &inviter.tenant_id, 1).await;
    invited.activate("google", &claims).await.refused(403, "TENANT_LIMIT_EXCEEDED");
    app.set(Table::Tenants, &inviter.tenant_id, "status", "suspended").await;
    invited.activate("google", &claims).await.refused(403, "TENANT_INACTIVE");
    assert!(app.rows(Table::AccountIdentities).await.is_empty());
    invited.app.finish().await;
}

#[tokio::test]
async fn a_lost_answer_to_an_activation_with_an_account_elsewhere_is_given_again() {
    let invited = Invited::start().await;
    let body = invited.body("google", &invited.issuer.sign(&invited.claims("google")));
    let send = || invited.app.client.post("/invitations/activate", &body).header("idempotency-key", "again").send();
    let first = send().await;
    // By then the ID token is too old, which no longer matters.
    invited.app.clock.advance(chrono::TimeDelta::hours(2));
    assert_eq!(send().await.body, first.body);
    invited.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_an_invitation_that_is_taken_twenty_times_at_once_with_an_identity_brings_one_person() {
    let invited = Invited::start().await;
    let [users, claims, ..] = invited.written().await;
    let proofs = [("google", invited.claims("google")), ("microsoft", invited.claims("microsoft"))];
    let answers = join_all((0..20).map(|number| {
        let (provider, claims) = &proofs[number % 2];
        invited.activate(provider, claims)
    }))
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        answer.refused(401, "TOKEN_INVALID");
    }
    let [users_then, claims_then, identities, seats, ..] = invited.written().await;
    assert_eq!((users_then, claims_then, identities, seats), (users + 1, claims + 1, 1, 1));
    invited.app.finish().await;
}

/// Two tenants invite the same person, and one token is presented to both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_one_identity_that_joins_two_tenants_at_once_joins_one() {
    let invited = Invited::start().await;
    let other = invited.app.member("other").await;
    let token = invited.app.invited(&other.tokens.access, &invited.email).await;
    let claims = invited.claims("google");
    let mut body = invited.body("google", &invited.issuer.sign(&claims));
    body["token"] = json!(token);
    let (one, two) = futures::join!(invited.activate("google", &claims), invited.send(&body));
    let (won, lost) = if one.status == 200 { (one, two) } else { (two, one) };
    lost.refused(409, "EMAIL_ALREADY_EXISTS");
    let identities = invited.app.rows(Table::AccountIdentities).await;
    assert_eq!(identities.len(), 1);
    assert_eq!(identities[0]["tenant_id"], text(won.data()["tenant"]["id"].as_str().unwrap()));
    invited.app.finish().await;
}

/// As if the process had died, or the network, at each call that an activation makes.
#[tokio::test]
async fn rule_25_an_activation_with_an_identity_that_breaks_off_anywhere_leaves_all_or_nothing() {
    for fault in [Fault::RequestLost, Fault::AnswerLost] {
        for call in 0.. {
            let invited = Invited::start().await;
            let claims = invited.claims("google");
            let before = invited.written().await;
            let [users, addresses, identities, seats, sessions, outbox] = before;
            // Four events: somebody registered, took an invitation, linked an identity, and signed in.
            let after = [users + 1, addresses + 1, identities + 1, seats + 1, sessions + 1, outbox + 4];
            invited.app.probe.break_call(call, fault);
            let (answer, tally) = invited.app.probe.measure(invited.activate("google", &claims)).await;
            if invited.app.probe.mend() {
                answer.succeeded();
                assert!(call >= 5, "an activation is more than {call} calls");
                invited.app.finish().await;
                break;
            }
            answer.refused(503, "SERVICE_UNAVAILABLE");
            let committed = fault == Fault::AnswerLost && tally.calls.contains_key("TransactWriteItems");
            assert_eq!(invited.written().await, if committed { after } else { before }, "{fault:?} {call}");
            if committed {
                invited.app.sign_in_with("google", &invited.issuer.sign(&claims)).await.succeeded();
            } else {
                invited.activate("google", &claims).await.succeeded();
            }
            invited.app.finish().await;
        }
    }
}
