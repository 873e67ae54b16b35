//! Seeing and counting the people of a tenant.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{python::PythonUser, text};

use crate::team::Team;

/// The ids on a page.
fn ids(answer: &tests::Answer) -> Vec<String> {
    let data = answer.data();
    data.as_array().unwrap().iter().map(|user| user["user_id"].as_str().unwrap().to_owned()).collect()
}

fn next_of(answer: &tests::Answer) -> Option<String> {
    answer.json()["pagination"]["next_cursor"].as_str().map(str::to_owned)
}

fn set_of(users: &[&PythonUser]) -> BTreeSet<String> {
    users.iter().map(|user| user.user_id.clone()).collect()
}

async fn found(team: &Team, query: &str) -> BTreeSet<String> {
    let answer = team.get(&team.owner, &format!("/users?{query}")).send().await;
    assert_eq!(next_of(&answer), None);
    ids(&answer).into_iter().collect()
}

#[tokio::test]
async fn a_list_shows_the_people_of_the_tenant_and_nobody_else() {
    let team = Team::start().await;
    let ben = team.hire("ben", "member").await;
    let stranger = team.app.python_user(&team.app.address("stranger")).await;
    team.app.set(Table::Users, &ben.user_id, "avatar_url", "https://cdn.example.com/ben.png").await;
    let list = team.get(&team.owner, "/users").send().await;
    assert_eq!(ids(&list).into_iter().collect::<BTreeSet<_>>(), set_of(&[&team.owner, &ben]));
    assert_eq!(list.json()["pagination"], json!({ "limit": 20, "next_cursor": null }));
    let expected = json!({
        "user_id": ben.user_id, "email": ben.email, "first_name": "Anna", "last_name": "Lee", "role": "member",
        "status": "active", "avatar_url": "https://cdn.example.com/ben.png",
    });
    assert!(list.data().as_array().unwrap().contains(&expected));
    let alone = team.get(&stranger, "/users").send().await;
    assert_eq!(ids(&alone), std::slice::from_ref(&stranger.user_id));

    let viewer = team.hire("viewer", "viewer").await;
    assert_eq!(team.get(&viewer, &format!("/users/{}", ben.user_id)).send().await.data(), expected);
    for unknown in [stranger.user_id.as_str(), "nobody", "%20", "a%2Fb"] {
        team.get(&viewer, &format!("/users/{unknown}")).send().await.refused(404, "NOT_FOUND");
    }
    team.app.finish().await;
}

#[tokio::test]
async fn a_list_is_filtered_by_status_and_searched_by_beginnings() {
    let team = Team::start().await;
    let mut people = BTreeMap::new();
    for (name, first, last) in [("zoe", "Zoë", "Van Dyke"), ("max", "Max", "Zorn"), ("eva", "Eva Maria", "Okoro")] {
        let user = team.hire(name, "member").await;
        team.app.set(Table::Users, &user.user_id, "first_name", first).await;
        team.app.set(Table::Users, &user.user_id, "last_name", last).await;
        people.insert(name, user);
    }
    let (zoe, max, eva) = (&people["zoe"], &people["max"], &people["eva"]);
    // As the Python services may leave a row: nothing said of the status, which then is active.
    let mut row = team.user_row(eva).await.unwrap();
    row.insert("status".to_owned(), AttributeValue::Null(true));
    row.remove("avatar_url");
    team.app.plant(Table::Users, row).await;
    team.deactivate(&team.owner, max).await.succeeded();

    assert_eq!(found(&team, "status=inactive").await, set_of(&[max]));
    assert_eq!(found(&team, "status=active").await, set_of(&[&team.owner, zoe, eva]));
    assert_eq!(found(&team, "status=pending").await, set_of(&[]));
    assert_eq!(found(&team, "search=ZO").await, set_of(&[zoe, max]));
    assert_eq!(found(&team, "search=ZO&status=active").await, set_of(&[zoe]));
    assert_eq!(found(&team, "search=zo%C3%8B%20van").await, set_of(&[zoe]));
    assert_eq!(found(&team, "search=eva%20maria%20o").await, set_of(&[eva]));
    assert_eq!(found(&team, "search=Maria").await, set_of(&[]));
    assert_eq!(found(&team, &format!("search={}", eva.email)).await, set_of(&[eva]));
    assert_eq!(found(&team, "search=&status=").await.len(), 4);
    team.app.finish().await;
}

/// One bad row does not hide the others.
#[tokio::test]
async fn whom_nobody_can_make_sense_of_is_left_out_of_a_list() {
    let team = Team::start().await;
    let ben = team.hire("ben", "member").await;
    team.app.set(Table::Users, &ben.user_id, "role", "emperor").await;
    assert_eq!(found(&team, "").await, set_of(&[&team.owner]));
    assert_eq!(found(&team, "search=a").await, set_of(&[&team.owner]));
    team.app.finish().await;
}

#[tokio::test]
async fn rule_20_what_a_list_is_asked_for_is_bounded() {
    let team = Team::start().await;
    let cursor_of_two = "YQpi";
    for (query, field) in [
        ("limit=0".to_owned(), "limit"),
        ("limit=101".to_owned(), "limit"),
        ("limit=ten".to_owned(), "limit"),
        ("status=gone".to_owned(), "status"),
        (format!("search={}", "x".repeat(255)), "search"),
        ("cursor=%25".to_owned(), "cursor"),
        ("cursor=_w".to_owned(), "cursor"),
        (format!("cursor={cursor_of_two}"), "cursor"),
        (format!("cursor={}", "x".repeat(1025)), "cursor"),
    ] {
        let answer = team.get(&team.owner, &format!("/users?{query}")).send().await;
        answer.refused(422, "VALIDATION_ERROR").field_error(field);
    }
    let camel = team.get(&team.owner, "/users?limit=1").send().await;
    assert_eq!(camel.json()["pagination"]["limit"], 1);
    team.app.finish().await;
}

/// Between any two pages somebody joins and somebody leaves, whoever the cursor names among them.
#[tokio::test]
async fn walking_the_pages_shows_everybody_who_stays_once() {
    let team = Team::start().await;
    let mut staying = BTreeSet::from([team.owner.user_id.clone()]);
    let mut leaving = Vec::new();
    for number in 0..40 {
        let user = team.hire(&format!("p{number}"), "member").await;
        if number % 4 == 0 {
            leaving.push(user.user_id);
        } else {
            staying.insert(user.user_id);
        }
    }
    for query in ["limit=7", "limit=7&search=anna"] {
        let (mut seen, mut cursor, mut last) = (Vec::new(), String::new(), None);
        for page in 0.. {
            assert!(page < 50, "the list has no end");
            let answer = team.get(&team.owner, &format!("/users?{query}&cursor={cursor}")).send().await;
            seen.extend(ids(&answer));
            assert!(ids(&answer).len() <= 7);
            let Some(next) = next_of(&answer) else { break };
            cursor = next;
            team.hire(&format!("late{page}"), "viewer").await;
            // Whoever was shown last, unless they stay; and somebody else.
            last = seen.last().cloned().filter(|id| leaving.contains(id)).or_else(|| leaving.pop()).or(last);
            if let Some(id) = &last {
                let delete = team.app.dynamodb.delete_item().table_name(team.app.tables.name(Table::Users));
                delete.key("id", text(id)).send().await.unwrap();
            }
        }
        let once: BTreeSet<_> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "somebody was shown twice");
        assert!(staying.is_subset(&once), "somebody was not shown");
    }
    team.app.finish().await;
}

#[tokio::test]
async fn rule_18_a_cursor_of_another_tenant_shows_nothing_of_it() {
    let team = Team::start().await;
    let other = team.app.python_user(&team.app.address("other")).await;
    for number in 0..4 {
        team.hire(&format!("a{number}"), "member").await;
        team.app.python_colleague(&other, "member", &team.app.address(&format!("b{number}"))).await;
    }
    let theirs = ids(&team.get(&other, "/users").send().await);
    let cursor = next_of(&team.get(&other, "/users?limit=2").send().await).unwrap();
    for query in ["", "&search=a"] {
        let answer = team.get(&team.owner, &format!("/users?cursor={cursor}{query}")).send().await;
        for id in &theirs {
            answer.nowhere_contains(id);
        }
    }
    team.app.finish().await;
}

async fn count(team: &Team) -> Value {
    team.get(&team.owner, "/users/count").send().await.data()["user_count"].clone()
}

#[tokio::test]
async fn people_are_counted_once_and_then_read_from_the_record() {
    let team = Team::start().await;
    let ben = team.hire("ben", "member").await;
    let counted = team.app.probe.measure(count(&team)).await;
    assert_eq!((counted.0, counted.1.total()), (json!(2), 4), "who asks, no record, a count, and the record");
    let (read, tally) = team.app.probe.measure(count(&team)).await;
    assert_eq!((read, tally.total(), tally.round_trips), (json!(2), 2, 2), "who asks, and the record");
    team.deactivate(&team.owner, &ben).await.succeeded();
    assert_eq!(count(&team).await, json!(2), "they still belong to the tenant");
    team.remove(&team.owner, &ben).await.succeeded();
    assert_eq!(count(&team).await, json!(1));
    team.app.finish().await;
}

/// The Python services add and remove people while both run, and note it nowhere.
#[tokio::test]
async fn people_are_counted_anew_after_an_hour_unless_somebody_is_just_changing_them() {
    let team = Team::start().await;
    assert_eq!(count(&team).await, json!(1));
    let ben = team.hire("ben", "member").await;
    team.hire("eva", "member").await;
    team.app.clock.advance(TimeDelta::minutes(59));
    assert_eq!(count(&team).await, json!(1));
    team.deactivate(&team.owner, &ben).await.succeeded();
    assert_eq!(team.seats().await, ("1".to_owned(), "0".to_owned()));
    team.app.clock.advance(TimeDelta::seconds(59));
    assert_eq!(count(&team).await, json!(1));
    team.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(count(&team).await, json!(3));
    assert_eq!(team.seats().await, ("3".to_owned(), "2".to_owned()));
    team.app.finish().await;
}
