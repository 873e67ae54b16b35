//! The file that the books are kept in.

use super::*;
use crate::billing::local::{OpenBooksError, OpenLocalBillingError};

async fn kept_in(folder: &Path) -> Shop {
    let clock = PinnedClock::new();
    Shop::on(open(Some(folder), &clock), clock).await
}

/// Why the books in a folder cannot be opened.
fn refused(folder: &Path) -> OpenBooksError {
    match LocalBilling::open(Some(folder), PinnedClock::new(), Arc::new(SystemIds)).err() {
        Some(OpenLocalBillingError::Books(error)) => error,
        other => panic!("the books are opened, or it is {other:?}"),
    }
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let shop = kept_in(folder.path()).await;
    let trial_ends = shop.clock.now() + Duration::days(5);
    shop.billing
        .start(&shop.customer, &with_percent_off(yearly(Tier::Starter), 10, None), Some(trial_ends))
        .await
        .unwrap();
    let active = shop.subscribed(with_percent_off(monthly(Tier::Professional), 20, Some(3))).await;
    shop.billing.change_at_period_end(&active.id, &monthly(Tier::Starter), "a").await.unwrap();
    let waiting = shop.billing.subscribe(&shop.order("s2", monthly(Tier::Starter), None)).await.unwrap();
    let (overview, events) = (shop.billing.overview().await.unwrap(), shop.billing.events().await.unwrap());
    drop(shop.billing);

    let again = kept_in(folder.path()).await;
    assert_eq!(again.customer, shop.customer);
    assert_eq!(again.billing.overview().await.unwrap(), overview);
    assert_eq!(again.billing.events().await.unwrap(), events);
    again.billing.confirm(&waiting.payment.unwrap().client_secret).await.unwrap();
    let changed = again.billing.change_at_period_end(&active.id, &monthly(Tier::Enterprise), "a").await.unwrap();
    assert_eq!(changed.renewal, domain::subscription::Renewal::Changing(monthly(Tier::Starter).choice));
}

#[tokio::test]
async fn looking_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shop = kept_in(folder.path()).await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    fs::remove_file(folder.path().join("billing.json")).unwrap();
    shop.clock.advance(Duration::days(1));
    shop.look(&id).await;
    shop.billing.overview().await.unwrap();
    assert!(!folder.path().join("billing.json").exists());
    shop.billing.cancel(&id).await.unwrap();
    assert!(folder.path().join("billing.json").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_books_and_no_draft_is_left() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let _shop = kept_in(folder.path()).await;
    let mut files = Vec::new();
    for file in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        files.push(file.file_name());
    }
    files.sort();
    assert_eq!(files, ["billing.json", "billing.lock"]);
}

#[tokio::test]
async fn a_draft_of_a_process_that_was_killed_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let shop = kept_in(folder.path()).await;
    drop(shop.billing);
    fs::write(folder.path().join("billing.json.draft"), r#"{"format": 2, "boo"#).unwrap();
    assert_eq!(kept_in(folder.path()).await.customer, shop.customer);
}

#[tokio::test]
async fn broken_books_are_reported_and_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("billing.json");
    let cases = [
        ("", "line 1, column 0"),
        (r#"{"format": 2, "books": {"customers": {}"#, "line 1"),
        (r#"{"format": 2, "books": {"secret": "s3cr3t"}}"#, "line 1"),
        (r#"{"format": 1, "books": {}}"#, "it has format 1, and this service reads format 2"),
        ("[]", "line 1"),
    ];
    for (content, problem) in cases {
        fs::write(&path, content).unwrap();
        let error = refused(folder.path());
        assert!(matches!(error, OpenBooksError::Broken { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains(problem) && said.contains("billing.json") && said.contains("move it away"), "{said}");
        assert!(!said.contains("s3cr3t"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn books_that_contradict_themselves_are_broken() {
    let folder = tempfile::tempdir().unwrap();
    let shop = kept_in(folder.path()).await;
    shop.subscribed(monthly(Tier::Starter)).await;
    drop(shop.billing);
    let path = folder.path().join("billing.json");
    let whole = fs::read_to_string(&path).unwrap();
    for (right, wrong) in [
        (r#""currency":"USD""#, r#""currency":"XXQ""#),
        (r#""tier":"starter""#, r#""tier":"gold""#),
        (r#""end":"2027-03-01T12:00:00Z""#, r#""end":"2027-02-01T12:00:00Z""#),
        (r#""status":"active""#, r#""status":"asleep""#),
    ] {
        assert!(whole.contains(right), "{right}");
        fs::write(&path, whole.replace(right, wrong)).unwrap();
        assert!(matches!(refused(folder.path()), OpenBooksError::Broken { .. }), "{wrong}");
    }
}

#[tokio::test]
async fn books_that_are_too_large_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = fs::File::create(folder.path().join("billing.json")).unwrap();
    file.set_len(64 * 1024 * 1024 + 1).unwrap();
    let said = refused(folder.path()).to_string();
    assert!(said.contains("more than 64 MiB"), "{said}");
}

#[tokio::test]
async fn one_process_at_a_time_has_the_books() {
    let folder = tempfile::tempdir().unwrap();
    let shop = kept_in(folder.path()).await;
    assert!(matches!(refused(folder.path()), OpenBooksError::InUse(_)));
    drop(shop.billing);
    kept_in(folder.path()).await;
}

#[tokio::test]
async fn what_cannot_be_written_has_not_happened() {
    let folder = tempfile::tempdir().unwrap();
    let shop = kept_in(folder.path()).await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    let before = shop.billing.overview().await.unwrap();
    // A folder in the draft's place keeps it from being written, whoever runs the test.
    let draft = folder.path().join("billing.json.draft");
    fs::create_dir(&draft).unwrap();
    let failed = shop.billing.change_now(&id, &monthly(Tier::Professional), "a").await;
    assert!(matches!(failed, Err(BillingError::Unavailable(_))), "{failed:?}");
    assert_eq!(shop.billing.overview().await.unwrap(), before);
    fs::remove_dir(draft).unwrap();
    shop.billing.change_now(&id, &monthly(Tier::Professional), "a").await.unwrap();
    assert_eq!(shop.charges().await, [2900, 7000]);
}

#[tokio::test]
async fn work_that_nobody_waits_for_is_done_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let shop = kept_in(folder.path()).await;
    let order = shop.order("s1", monthly(Tier::Starter), Some("pm_card_visa"));
    // Polled once, and dropped.
    assert!(futures::FutureExt::now_or_never(shop.billing.subscribe(&order)).is_none_or(|done| done.is_ok()));
    let again = shop.billing.subscribe(&order).await.unwrap();
    assert_eq!(again.subscription.status, BilledStatus::Active);
    assert_eq!(shop.charges().await, [2900]);
}
