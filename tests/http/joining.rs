//! Coming in through an invitation: who may, and for how many there is room.

use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::{App, Fault, Member, PASSWORD, Registration, Tokens, text};

use crate::invitations::limit_seats;

/// The seats on record, members and taken; `None` when there is no record.
async fn seats(app: &App, tenant_id: &str) -> Option<(u32, u32)> {
    let row = app.row(Table::AccountSeats, tenant_id).await?;
    let number = |name: &str| row[name].as_n().unwrap().parse().unwrap();
    Some((number("members"), number("taken")))
}

/// How many users the tenant has.
async fn members(app: &App, tenant_id: &str) -> usize {
    app.rows(Table::Users).await.iter().filter(|row| row["tenant_id"] == text(tenant_id)).count()
}

/// Tokens of as many invitations as asked for.
async fn invitations(app: &App, access_token: &str, count: usize) -> Vec<String> {
    let mut tokens = Vec::new();
    for number in 0..count {
        tokens.push(app.invited(access_token, &app.address(&format!("invited-{number}"))).await);
    }
    tokens
}

#[tokio::test]
async fn somebody_with_an_account_is_told_to_sign_in() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let ben = app.member("has-account").await;
    let token = app.invited(&anna.tokens.access, &ben.email).await;
    app.activate(&token).await.refused(409, "EMAIL_ALREADY_EXISTS");
    let registration = Registration::of(&ben.email).with("invite_token", token.as_str());
    app.register(&registration).await.refused(409, "EMAIL_ALREADY_EXISTS");
    assert_eq!(app.check_invitation(&token).await["is_valid"], true, "the link is as good as before");
    app.finish().await;
}

#[tokio::test]
async fn a_refused_password_leaves_the_link_good() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let email = app.address("weak");
    let token = app.invited(&anna.tokens.access, &email).await;
    let body = json!({ "token": token, "first_name": "Ben", "last_name": "Okoro", "password": "password1" });
    app.client.post("/invitations/activate", &body).send().await.refused(422, "WEAK_PASSWORD").field_error("password");
    let personal =
        json!({ "token": token, "first_name": "Wilhelmina", "last_name": "Okoro", "password": "Wilhelmina1987" });
    app.client.post("/invitations/activate", &personal).send().await.refused(422, "WEAK_PASSWORD");
    let empty = app.client.post("/invitations/activate", &json!({})).send().await;
    for field in ["token", "first_name", "last_name", "password"] {
        assert_eq!(empty.field_error(field), "is required");
    }
    app.activate(&token).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn a_link_of_the_python_service_still_works_once() {
    let app = App::start().await;
    let owner = app.python_user(&app.address("python")).await;
    let token = "Zk3vXw1c8n0Qm2pT-y_7";
    app.python_invitation(&owner, &app.address("invited"), token).await;
    assert_eq!(app.check_invitation(token).await["invitation"]["tenant"]["id"], owner.tenant_id);
    assert_eq!(app.activate(token).await.data()["user"]["tenant_id"], owner.tenant_id);
    app.activate(token).await.refused(401, "TOKEN_INVALID");
    app.finish().await;
}

/// Only the holder of a good link may keep the hashing threads busy.
#[tokio::test]
async fn a_bad_link_is_refused_before_a_password_is_judged() {
    let app = App::start().await;
    let body = json!({ "token": "never-sent", "first_name": "Ben", "last_name": "Okoro", "password": "password1" });
    app.client.post("/invitations/activate", &body).send().await.refused(401, "TOKEN_INVALID");
    app.finish().await;
}

#[tokio::test]
async fn a_lost_answer_to_an_activation_is_given_again() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let email = app.address("invited");
    let token = app.invited(&anna.tokens.access, &email).await;
    let registration = Registration::of(&email).with("invite_token", token.as_str());
    let activation = json!({ "token": token, "first_name": "Ben", "last_name": "Okoro", "password": PASSWORD });
    let send = |path: &str, body| app.client.post(path, body).header("idempotency-key", "again").send();
    let first = send("/invitations/activate", &activation).await;
    assert_eq!(send("/invitations/activate", &activation).await.body, first.body);
    app.profile(&Tokens::of(&first).access).await.succeeded();
    send("/auth/register", &registration.0).await.refused(401, "TOKEN_INVALID");
    assert_eq!(members(&app, &anna.tenant_id).await, 2);
    app.finish().await;
}

#[tokio::test]
async fn an_activation_puts_the_seats_on_record() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    assert_eq!(seats(&app, &anna.tenant_id).await, None);
    let tokens = invitations(&app, &anna.tokens.access, 2).await;
    app.activate(&tokens[0]).await.succeeded();
    assert_eq!(seats(&app, &anna.tenant_id).await, Some((2, 2)));
    app.activate(&tokens[1]).await.succeeded();
    assert_eq!(seats(&app, &anna.tenant_id).await, Some((3, 3)));
    app.finish().await;
}

/// Twenty people hold twenty links, and there is room for a few of them. `on_record`: whether the tenant's seats are
/// on record before they come.
async fn twenty_come_for_the_last_seats(free: u32, on_record: bool) {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    limit_seats(&app, &anna.tenant_id, 100).await;
    let mut people = 1;
    if on_record {
        for token in invitations(&app, &anna.tokens.access, 1).await {
            app.activate(&token).await.succeeded();
        }
        people += 1;
    }
    let tokens = invitations(&app, &anna.tokens.access, 20).await;
    limit_seats(&app, &anna.tenant_id, people + free).await;
    let answers = join_all(tokens.iter().map(|token| app.activate(token))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), free as usize);
    for answer in lost {
        answer.refused(403, "TENANT_LIMIT_EXCEEDED");
    }
    assert_eq!(seats(&app, &anna.tenant_id).await, Some((people + free, people + free)));
    assert_eq!(members(&app, &anna.tenant_id).await, (people + free) as usize);
    let accepted = app.rows(Table::Invitations).await.iter().filter(|row| row["status"] == text("accepted")).count();
    assert_eq!(accepted, (people + free - 1) as usize);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_of_twenty_people_who_come_for_the_last_seats_as_many_get_in_as_there_are() {
    twenty_come_for_the_last_seats(3, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_a_tenant_whose_seats_are_not_on_record_is_not_oversold_either() {
    twenty_come_for_the_last_seats(2, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_a_tenant_of_the_python_service_is_not_oversold_either() {
    let app = App::start().await;
    let owner = app.python_user(&app.address("owner")).await;
    for name in ["one", "two"] {
        app.python_colleague(&owner, "member", &app.address(name)).await;
    }
    limit_seats(&app, &owner.tenant_id, 5).await;
    let tokens: Vec<_> = (0..20).map(|number| format!("token-{number}")).collect();
    for token in &tokens {
        app.python_invitation(&owner, &app.address("invited"), token).await;
    }
    let answers = join_all(tokens.iter().map(|token| app.activate(token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 2);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refused(403, "TENANT_LIMIT_EXCEEDED");
    }
    assert_eq!(seats(&app, &owner.tenant_id).await, Some((5, 5)));
    assert_eq!(members(&app, &owner.tenant_id).await, 5);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_one_invitation_that_is_taken_twenty_times_at_once_brings_one_person() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let token = app.invited(&anna.tokens.access, &app.address("invited")).await;
    let answers = join_all((0..20).map(|_| app.activate(&token))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        answer.refused(401, "TOKEN_INVALID");
    }
    assert_eq!((seats(&app, &anna.tenant_id).await, members(&app, &anna.tenant_id).await), (Some((2, 2)), 2));
    app.finish().await;
}

/// How many rows there are of what an activation writes.
async fn written(app: &App) -> [usize; 5] {
    let mut counts = [0; 5];
    let tables =
        [Table::Users, Table::AccountEmailClaims, Table::AccountSeats, Table::AccountSessions, Table::AccountOutbox];
    for (count, table) in counts.iter_mut().zip(tables) {
        *count = app.rows(table).await.len();
    }
    counts
}

/// As if the process had died, or the network, at each call that an activation makes.
#[tokio::test]
async fn rule_25_an_activation_that_breaks_off_anywhere_leaves_all_or_nothing() {
    for fault in [Fault::RequestLost, Fault::AnswerLost] {
        for call in 0.. {
            let app = App::start().await;
            let anna = app.member("inviter").await;
            let email = app.address("invited");
            let token = app.invited(&anna.tokens.access, &email).await;
            let before = written(&app).await;
            let [users, claims, seats, sessions, outbox] = before;
            // Two events: somebody registered, and took an invitation.
            let after = [users + 1, claims + 1, seats + 1, sessions + 1, outbox + 2];
            app.probe.break_call(call, fault);
            let (answer, tally) = app.probe.measure(app.activate(&token)).await;
            if app.probe.mend() {
                answer.succeeded();
                assert!(call >= 5, "an activation is more than {call} calls");
                app.finish().await;
                break;
            }
            answer.refused(503, "SERVICE_UNAVAILABLE");
            // The first one forgets what was guessed at the address before.
            let committed = fault == Fault::AnswerLost && tally.calls.get("TransactWriteItems") == Some(&2);
            assert_eq!(written(&app).await, if committed { after } else { before }, "{fault:?} {call}");
            if committed {
                app.login(&email, PASSWORD).await.succeeded();
            } else {
                app.activate(&token).await.succeeded();
            }
            assert_eq!(members(&app, &anna.tenant_id).await, 2);
            app.finish().await;
        }
    }
}

#[tokio::test]
async fn rule_25_an_invitation_that_breaks_off_anywhere_leaves_all_or_nothing() {
    for call in 0.. {
        let app = App::start().await;
        let Member { tokens, .. } = app.member("inviter").await;
        let email = app.address("invited");
        let rows = async || (app.rows(Table::Invitations).await.len(), app.rows(Table::AccountOutbox).await.len());
        let before = rows().await;
        app.probe.break_call(call, Fault::RequestLost);
        let answer = app.invite(&tokens.access, &email, "member").await;
        if app.probe.mend() {
            answer.created();
            app.mail_to(&email).await;
            app.finish().await;
            break;
        }
        answer.refused(503, "SERVICE_UNAVAILABLE");
        assert_eq!(rows().await, before);
        app.invited(&tokens.access, &email).await;
        app.finish().await;
    }
}
