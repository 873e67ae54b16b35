//! What those who manage a tenant do with its members.

use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::{App, Registration, Tokens, python, text};

use crate::team::Team;

#[tokio::test]
async fn nobody_gives_a_role_above_their_own_or_changes_who_stands_above_them() {
    let team = Team::start().await;
    let (admin, member) = (team.hire("admin", "admin").await, team.hire("member", "member").await);
    let promoted = team.put_into(&admin, &member, "admin").await;
    assert_eq!((promoted.text_at("user_id"), promoted.text_at("role")), (member.user_id.clone(), "admin".to_owned()));
    for (by, whom, role) in [(&admin, &member, "owner"), (&admin, &admin, "owner"), (&admin, &team.owner, "member")] {
        team.put_into(by, whom, role).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    team.put_into(&team.owner, &member, "owner").await.succeeded();
    team.put_into(&admin, &member, "viewer").await.refused(403, "INSUFFICIENT_PERMISSIONS");
    for refused in [team.deactivate(&admin, &member).await, team.activate(&admin, &team.owner).await] {
        refused.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    team.put_into(&admin, &admin, "viewer").await.succeeded();
    team.put_into(&admin, &admin, "viewer").await.refused(403, "INSUFFICIENT_PERMISSIONS");
    for bad in ["", "root", "Owner"] {
        team.put_into(&team.owner, &member, bad).await.refused(422, "VALIDATION_ERROR").field_error("role");
    }
    assert_eq!(team.events().await, ["RoleChanged"; 3]);
    team.app.finish().await;
}

#[tokio::test]
async fn who_owns_the_tenant_stays_an_owner() {
    let team = Team::start().await;
    let second = team.hire("second", "owner").await;
    team.put_into(&second, &team.owner, "admin").await.refused(409, "RESOURCE_CONFLICT");
    team.put_into(&team.owner, &team.owner, "admin").await.refused(409, "RESOURCE_CONFLICT");
    team.deactivate(&second, &team.owner).await.refused(409, "RESOURCE_CONFLICT");
    team.remove(&second, &team.owner).await.refused(409, "RESOURCE_CONFLICT");
    team.put_into(&second, &team.owner, "owner").await.succeeded();
    assert_eq!(team.role_of(&team.owner).await, "owner");
    team.put_into(&second, &second, "member").await.succeeded();
    assert_eq!(team.role_of(&second).await, "member");
    team.app.finish().await;
}

#[tokio::test]
async fn rule_16_a_changed_role_counts_with_the_next_request_and_in_the_next_token() {
    let team = Team::start().await;
    let admin = team.hire("admin", "admin").await;
    let tokens = team.sign_in(&admin).await;
    let list = async |access: &str| team.app.client.get("/users").bearer(access).send().await;
    list(&tokens.access).await.succeeded();
    team.put_into(&team.owner, &admin, "viewer").await.succeeded();
    list(&tokens.access).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    let next = Tokens::of(&team.app.refresh(&tokens.refresh).await);
    let claims = claims_of(&next.access);
    assert_eq!((&claims["role"], &claims["is_owner"]), (&json!("viewer"), &json!(false)));
    assert_eq!(claims["permissions"], json!(["read_business_data"]));
    team.app.finish().await;
}

fn claims_of(token: &str) -> serde_json::Value {
    jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(token).unwrap().claims
}

#[tokio::test]
async fn rule_16_who_is_switched_off_is_out_at_once_and_comes_back_with_a_new_sign_in() {
    let team = Team::start().await;
    let ben = team.hire("ben", "member").await;
    let (one, two) = (team.sign_in(&ben).await, team.sign_in(&ben).await);
    assert_eq!(team.deactivate(&team.owner, &ben).await.text_at("status"), "inactive");
    for tokens in [&one, &two] {
        team.app.profile(&tokens.access).await.refused(401, "TOKEN_INVALID");
        team.app.refresh(&tokens.refresh).await.refused(403, "ACCOUNT_INACTIVE");
    }
    team.app.login(&ben.email, python::PASSWORD).await.refused(403, "ACCOUNT_INACTIVE");
    assert_eq!(team.app.rows(Table::RefreshTokens).await.len(), 0, "Python would go on with them");
    assert_eq!(team.activate(&team.owner, &ben).await.text_at("status"), "active");
    for tokens in [&one, &two] {
        team.app.profile(&tokens.access).await.refused(401, "TOKEN_INVALID");
        team.app.refresh(&tokens.refresh).await.refused(401, "TOKEN_INVALID");
    }
    team.app.profile(&team.sign_in(&ben).await.access).await.succeeded();
    team.app.finish().await;
}

#[tokio::test]
async fn switching_off_and_on_is_done_once_and_not_to_oneself() {
    let team = Team::start().await;
    let (ben, admin) = (team.hire("ben", "member").await, team.hire("admin", "admin").await);
    for _ in 0..2 {
        assert_eq!(team.deactivate(&admin, &ben).await.text_at("status"), "inactive");
        assert_eq!(team.seats().await, ("3".to_owned(), "2".to_owned()));
    }
    for _ in 0..2 {
        assert_eq!(team.activate(&admin, &ben).await.text_at("status"), "active");
        assert_eq!(team.seats().await, ("3".to_owned(), "3".to_owned()));
    }
    assert_eq!(team.events().await, ["UserDeactivated", "UserReactivated"]);
    for refused in [
        team.deactivate(&admin, &admin).await,
        team.activate(&admin, &admin).await,
        team.remove(&team.owner, &team.owner).await,
    ] {
        refused.refused(400, "INVALID_INPUT");
    }
    team.app.set(Table::Users, &ben.user_id, "status", "suspended").await;
    team.deactivate(&admin, &ben).await.refused(409, "RESOURCE_CONFLICT");
    team.activate(&team.owner, &ben).await.refused(409, "RESOURCE_CONFLICT");
    team.app.finish().await;
}

#[tokio::test]
async fn switching_on_takes_a_seat() {
    let team = Team::start().await;
    team.limit_seats(2).await;
    let (ben, eva) = (team.hire("ben", "member").await, team.hire("eva", "member").await);
    // Three people where two have room: the limit went down. Nobody has to leave, and nobody gets in.
    team.deactivate(&team.owner, &ben).await.succeeded();
    let full = team.activate(&team.owner, &ben).await;
    full.refused(403, "TENANT_LIMIT_EXCEEDED");
    team.deactivate(&team.owner, &eva).await.succeeded();
    team.activate(&team.owner, &ben).await.succeeded();
    team.activate(&team.owner, &eva).await.refused(403, "TENANT_LIMIT_EXCEEDED");
    assert_eq!(team.seats().await, ("3".to_owned(), "2".to_owned()));
    team.remove(&team.owner, &ben).await.succeeded();
    team.activate(&team.owner, &eva).await.succeeded();
    assert_eq!(team.seats().await, ("2".to_owned(), "2".to_owned()));
    team.app.finish().await;
}

/// Whether the seats are on record when the race begins or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_of_racing_activations_as_many_win_as_there_are_seats() {
    for on_record in [false, true] {
        let team = Team::start().await;
        team.limit_seats(4).await;
        let mut people = Vec::new();
        for number in 0..8 {
            let user = team.hire(&format!("p{number}"), "member").await;
            team.app.set(Table::Users, &user.user_id, "status", "inactive").await;
            people.push(user);
        }
        if on_record {
            team.get(&team.owner, "/users/count").send().await.succeeded();
        }
        let answers = join_all(people.iter().map(|user| team.activate(&team.owner, user))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(won.len(), 3, "one of four seats is the owner's");
        for answer in lost {
            answer.refused(403, "TENANT_LIMIT_EXCEEDED");
        }
        assert_eq!(team.seats().await, ("9".to_owned(), "4".to_owned()));
        let users = team.app.rows(Table::Users).await;
        assert_eq!(users.iter().filter(|row| row["status"] == text("active")).count(), 4);
        team.app.finish().await;
    }
}

#[tokio::test]
async fn who_is_removed_leaves_nothing_behind() {
    let team = Team::start().await;
    let ben = team.hire("ben", "member").await;
    let tokens = team.sign_in(&ben).await;
    team.sign_in(&ben).await;
    let theme = team.app.client.put("/user/preferences", &json!({ "theme": "dark" })).bearer(&tokens.access);
    theme.send().await.succeeded();
    let tables =
        [Table::Users, Table::UserPreferences, Table::AccountSessions, Table::RefreshTokens, Table::AccountEmailClaims];
    let of_ben = async |table| {
        let rows = team.app.rows(table).await;
        rows.iter().filter(|row| row.get("user_id") == Some(&text(&ben.user_id))).count()
    };
    for table in &tables {
        assert!(of_ben(*table).await > 0, "{table:?}");
    }
    team.app.deliver_mail().await;
    team.remove(&team.owner, &ben).await.succeeded();
    for table in &tables {
        assert_eq!(of_ben(*table).await, 0, "{table:?}");
    }
    assert_eq!(team.events().await, ["UserRemoved"]);
    team.app.profile(&tokens.access).await.refused(401, "TOKEN_INVALID");
    team.app.refresh(&tokens.refresh).await.refused(401, "TOKEN_INVALID");
    team.app.login(&ben.email, python::PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
    team.remove(&team.owner, &ben).await.refused(404, "NOT_FOUND");
    // The address is free.
    team.app.register(&Registration::of(&ben.email)).await.succeeded();
    team.app.mail_to(&ben.email).await;
    team.app.finish().await;
}

/// A user of the Python service who never signed in here has no claim, and somebody else may hold their address.
#[tokio::test]
async fn who_holds_no_claim_is_removed_and_takes_nobody_elses() {
    let team = Team::start().await;
    let ben = team.hire("ben", "member").await;
    team.remove(&team.owner, &ben).await.succeeded();
    let (eva, other) = (team.hire("eva", "member").await, team.app.python_user(&team.app.address("other")).await);
    let claim = [("email", text(&eva.email)), ("user_id", text(&other.user_id))];
    let claim = claim.into_iter().chain([("tenant_id", text(&other.tenant_id))]);
    team.app.plant(Table::AccountEmailClaims, claim.map(|(name, value)| (name.to_owned(), value)).collect()).await;
    team.remove(&team.owner, &eva).await.succeeded();
    assert!(team.app.row(Table::AccountEmailClaims, &eva.email).await.is_some());
    team.app.finish().await;
}

#[tokio::test]
async fn rule_18_nobody_of_another_tenant_is_changed() {
    let team = Team::start().await;
    let stranger = team.app.python_user(&team.app.address("stranger")).await;
    let before = team.user_row(&stranger).await;
    for answer in [
        team.put_into(&team.owner, &stranger, "viewer").await,
        team.deactivate(&team.owner, &stranger).await,
        team.activate(&team.owner, &stranger).await,
        team.remove(&team.owner, &stranger).await,
        team.hand_over(&team.owner, &stranger).await,
        team.delete(&team.owner, &format!("/users/{}/sessions", stranger.user_id)).send().await,
    ] {
        answer.refused(404, "NOT_FOUND");
    }
    assert_eq!(team.user_row(&stranger).await, before);
    team.app.finish().await;
}

/// What of a row is not ours survives.
#[tokio::test]
async fn what_python_keeps_of_a_member_and_a_tenant_survives() {
    let team = Team::start().await;
    let ben = team.hire("ben", "member").await;
    team.app.set(Table::Tenants, &team.owner.tenant_id, "industry", "toys").await;
    team.put_into(&team.owner, &ben, "manager").await.succeeded();
    team.deactivate(&team.owner, &ben).await.succeeded();
    team.activate(&team.owner, &ben).await.succeeded();
    team.hand_over(&team.owner, &ben).await.succeeded();
    let row = team.user_row(&ben).await.unwrap();
    assert_eq!(row["google_id"], text("1234567890"));
    let tenant = team.app.row(Table::Tenants, &team.owner.tenant_id).await.unwrap();
    assert_eq!((&tenant["industry"], &tenant["owner_user_id"]), (&text("toys"), &text(&ben.user_id)));
    team.app.finish().await;
}

#[tokio::test]
async fn a_pending_member_is_switched_on_where_they_were() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let newcomer = app.newcomer("newcomer").await;
    for (table, key) in [
        (Table::Users, &newcomer.user_id),
        (Table::VerificationTokens, &hash_of(&newcomer.token)),
        (Table::AccountEmailClaims, &newcomer.email),
    ] {
        app.set(table, key, "tenant_id", &anna.tenant_id).await;
    }
    let act = async |what: &str| {
        let route = format!("/users/{}/{what}", newcomer.user_id);
        app.client.post(&route, &json!({})).bearer(&anna.tokens.access).send().await.text_at("status")
    };
    assert_eq!(act("deactivate").await, "inactive");
    // The link proves the address, and switches nothing on.
    app.confirm(&newcomer.token).await.succeeded();
    app.login(&newcomer.email, tests::PASSWORD).await.refused(403, "ACCOUNT_INACTIVE");
    assert_eq!(act("activate").await, "active");
    app.sign_in(&newcomer.email).await;
    app.finish().await;
}

fn hash_of(token: &str) -> String {
    domain::TokenHash::of(token).as_str().to_owned()
}
