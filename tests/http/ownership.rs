//! Handing a tenant over.

use futures::{future::join_all, join};
use infrastructure::dynamodb::tables::Table;
use tests::{Answer, Fault, python::PythonUser, text};

use crate::team::Team;

/// Who owns the tenant, after making sure that they can.
async fn owner_of(team: &Team) -> String {
    let tenant = team.app.row(Table::Tenants, &team.owner.tenant_id).await.unwrap();
    let owner = tenant["owner_user_id"].as_s().unwrap().clone();
    let row = team.app.row(Table::Users, &owner).await.unwrap();
    assert_eq!((&row["role"], &row["status"]), (&text("owner"), &text("active")));
    owner
}

#[tokio::test]
async fn a_tenant_is_handed_over_at_once() {
    let team = Team::start().await;
    let ben = team.hire("ben", "viewer").await;
    team.hand_over(&team.owner, &ben).await.succeeded();
    assert_eq!(owner_of(&team).await, ben.user_id);
    assert_eq!(team.role_of(&team.owner).await, "admin");
    assert_eq!(team.events().await, ["OwnershipTransferred", "RoleChanged", "RoleChanged"]);
    team.hand_over(&team.owner, &ben).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    team.remove(&ben, &team.owner).await.succeeded();
    team.app.finish().await;
}

#[tokio::test]
async fn a_tenant_is_handed_over_by_its_owner_only_and_to_somebody_who_can_sign_in() {
    let team = Team::start().await;
    let (second, ben) = (team.hire("second", "owner").await, team.hire("ben", "member").await);
    team.hand_over(&second, &ben).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    team.hand_over(&team.owner, &team.owner).await.refused(400, "INVALID_INPUT");
    team.deactivate(&team.owner, &ben).await.succeeded();
    team.hand_over(&team.owner, &ben).await.refused(409, "RESOURCE_CONFLICT");
    let nobody = PythonUser { user_id: "nobody".to_owned(), ..ben.clone() };
    team.hand_over(&team.owner, &nobody).await.refused(404, "NOT_FOUND");
    let spaced = PythonUser { user_id: "no body".to_owned(), ..ben };
    team.hand_over(&team.owner, &spaced).await.refused(422, "VALIDATION_ERROR").field_error("user_id");
    assert_eq!(owner_of(&team).await, team.owner.user_id);
    // Somebody who is an owner already.
    team.hand_over(&team.owner, &second).await.succeeded();
    assert_eq!(owner_of(&team).await, second.user_id);
    team.app.finish().await;
}

fn one_of(answer: &Answer, statuses: &[u16]) {
    assert!(statuses.contains(&answer.status), "{}: {}", answer.status, answer.text());
}

/// Whatever is done to the new owner at the same moment, the tenant ends up with an owner who can sign in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_a_transfer_races_with_what_is_done_to_the_new_owner() {
    for round in 0..12 {
        let team = Team::start().await;
        let (second, ben) = (team.hire("second", "owner").await, team.hire("ben", "owner").await);
        let done_to_ben = async {
            match round % 3 {
                0 => team.put_into(&second, &ben, "viewer").await,
                1 => team.deactivate(&second, &ben).await,
                _ => team.remove(&second, &ben).await,
            }
        };
        let (handed_over, done) = join!(team.hand_over(&team.owner, &ben), done_to_ben);
        one_of(&handed_over, &[200, 404, 409]);
        one_of(&done, &[200, 409]);
        let owner = owner_of(&team).await;
        let expected = if handed_over.status == 200 { &ben } else { &team.owner };
        assert_eq!(owner, expected.user_id);
        team.app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_of_racing_transfers_one_wins() {
    let team = Team::start().await;
    let mut people = Vec::new();
    for number in 0..6 {
        people.push(team.hire(&format!("p{number}"), "member").await);
    }
    let answers = join_all(people.iter().map(|to| team.hand_over(&team.owner, to))).await;
    let won: Vec<_> = people.iter().zip(&answers).filter(|(_, answer)| answer.status == 200).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    assert_eq!(owner_of(&team).await, won[0].0.user_id);
    for (user, answer) in people.iter().zip(&answers).filter(|(_, answer)| answer.status != 200) {
        answer.refused(403, "INSUFFICIENT_PERMISSIONS");
        assert_eq!(team.role_of(user).await, "member");
    }
    team.app.finish().await;
}

#[tokio::test]
async fn rule_25_a_transfer_or_a_removal_that_breaks_off_anywhere_changes_all_or_nothing() {
    for removal in [false, true] {
        let team = Team::start().await;
        let ben = team.hire("ben", "member").await;
        for call in 0.. {
            team.app.probe.break_call(call, Fault::RequestLost);
            let answer =
                if removal { team.remove(&team.owner, &ben).await } else { team.hand_over(&team.owner, &ben).await };
            if team.app.probe.mend() {
                answer.succeeded();
                break;
            }
            answer.refused(503, "SERVICE_UNAVAILABLE");
            assert_eq!(owner_of(&team).await, team.owner.user_id);
            assert_eq!(team.role_of(&ben).await, "member");
            assert!(team.events().await.is_empty());
        }
        team.app.finish().await;
    }
}

/// The former owner is switched off by the new one while a third still takes them for the owner, and the other way
/// round: two owners switch each other off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_owners_who_turn_on_each_other_leave_an_owner() {
    for _ in 0..6 {
        let team = Team::start().await;
        let (second, third) = (team.hire("second", "owner").await, team.hire("third", "owner").await);
        let answers = join!(
            team.deactivate(&second, &third),
            team.deactivate(&third, &second),
            team.deactivate(&second, &team.owner),
            team.put_into(&third, &team.owner, "viewer"),
            team.hand_over(&team.owner, &second),
        );
        one_of(&answers.0, &[200, 401, 403, 409]);
        owner_of(&team).await;
        team.app.finish().await;
    }
}
