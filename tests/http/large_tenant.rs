//! A tenant of 10,000 members: what its list, its search and its count cost, and that walking the list shows everybody.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::{Answer, Row, Tally, text};

use crate::team::Team;

const MEMBERS: usize = 10_000;

/// Every hundredth is called Zara.
fn row(tenant_id: &str, number: usize) -> Row {
    let id = format!("user_{number:012x}");
    let first_name = if number.is_multiple_of(100) { "Zara" } else { "Anna" };
    let attributes = [
        ("id", id.as_str()),
        ("user_id", &id),
        ("tenant_id", tenant_id),
        ("email", &format!("m{number}@example.com")),
        ("first_name", first_name),
        ("last_name", "Lee"),
        ("role", "member"),
        ("status", if number.is_multiple_of(10) { "inactive" } else { "active" }),
        (
            "password_hash",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaA",
        ),
        ("timezone", "Europe/Berlin"),
        ("language", "en"),
        ("created_at", "2025-03-01T10:00:00.000123+00:00"),
        ("updated_at", "2025-03-01T10:00:00.000123+00:00"),
    ];
    let mut row: Row = attributes.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
    row.insert("email_verified".to_owned(), AttributeValue::Bool(true));
    row
}

/// A tenant of so many, the owner included.
async fn large_team() -> Team {
    let team = Team::start().await;
    let name = team.app.tables.name(Table::Users);
    for start in (1..MEMBERS).step_by(25) {
        let put = |number| {
            let put = PutRequest::builder().set_item(Some(row(&team.owner.tenant_id, number))).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        };
        let writes = (start..MEMBERS.min(start + 25)).map(put).collect();
        let batch = team.app.dynamodb.batch_write_item().request_items(name, writes).send().await.unwrap();
        assert!(batch.unprocessed_items.unwrap_or_default().is_empty());
    }
    team
}

async fn page(team: &Team, query: &str, cursor: Option<&str>) -> (Answer, Tally) {
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    let answer = team.get(&team.owner, &format!("/users?{query}{cursor}")).send();
    team.app.probe.measure(answer).await
}

/// Walks a list to its end: how many calls its dearest page made, how many pages there are, and who is on them.
async fn walk(team: &Team, query: &str) -> (HashMap<String, usize>, usize, Vec<String>) {
    let (mut dearest, mut seen, mut cursor) = (HashMap::<String, usize>::new(), Vec::new(), None);
    for pages in 1.. {
        let (answer, tally) = page(team, query, cursor.as_deref()).await;
        for (operation, calls) in tally.calls {
            let most = dearest.entry(operation).or_default();
            *most = calls.max(*most);
        }
        let data = answer.data();
        seen.extend(data.as_array().unwrap().iter().map(|user| user["user_id"].as_str().unwrap().to_owned()));
        cursor = answer.json()["pagination"]["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return (dearest, pages, seen);
        }
    }
    unreachable!("a list ends")
}

fn calls<const N: usize>(calls: [(&str, usize); N]) -> HashMap<String, usize> {
    calls.map(|(operation, count)| (operation.to_owned(), count)).into()
}

/// `docs/performance.md` shows these figures.
#[tokio::test]
async fn what_a_page_costs_does_not_depend_on_how_many_members_there_are() {
    let team = large_team().await;

    let (dearest, pages, seen) = walk(&team, "limit=100").await;
    assert_eq!(dearest, calls([("BatchGetItem", 1), ("Query", 1)]));
    assert!(pages <= MEMBERS / 100 + 1, "{pages}");
    let once: BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), once.len()), (MEMBERS, MEMBERS), "everybody once");

    let (dearest, pages, seen) = walk(&team, "limit=100&search=zara").await;
    assert_eq!(dearest, calls([("BatchGetItem", 1), ("Query", 4)]));
    assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (99, 99));
    assert!(pages <= 3, "{pages}");
    // Whoever searches for somebody who is not there gets pages that are empty, and an end.
    let (dearest, _, seen) = walk(&team, "search=nobody").await;
    assert_eq!((dearest["Query"], seen.len()), (4, 0));

    let count = async || {
        let (answer, tally) = team.app.probe.measure(team.get(&team.owner, "/users/count").send()).await;
        assert_eq!(answer.data()["user_count"], json!(MEMBERS));
        tally
    };
    let first = count().await;
    assert!(first.calls["Query"] <= 8, "one for each megabyte: {first}");
    for _ in 0..3 {
        assert_eq!(count().await.calls, [("BatchGetItem".to_owned(), 1), ("GetItem".to_owned(), 1)].into());
    }
    team.app.finish().await;
}
