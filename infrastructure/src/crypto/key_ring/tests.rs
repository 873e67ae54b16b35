use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex as SyncMutex, PoisonError};

use super::*;
use crate::fixtures::PinnedClock;

const OLD: &str = "the old secret, long enough to sign";
const NEW: &str = "the new secret, long enough to sign";

/// A secret that can be rotated, can fail, and counts how often it is read.
struct Safe {
    text: SyncMutex<Result<&'static str, &'static str>>,
    reads: AtomicU32,
}

impl Safe {
    fn put(&self, text: Result<&'static str, &'static str>) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    fn reads(&self) -> u32 {
        self.reads.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl SecretSource for Safe {
    async fn fetch(&self) -> Result<SecretTexts, SecretError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        // Lets others run, as a network call would.
        tokio::task::yield_now().await;
        let text = *self.text.lock().unwrap();
        text.map(|text| SecretTexts { current: text.into(), previous: None })
            .map_err(|error| SecretError(error.to_owned()))
    }
}

async fn ring() -> (Arc<Safe>, Arc<PinnedClock>, KeyRing) {
    let safe = Arc::new(Safe { text: SyncMutex::new(Ok(OLD)), reads: AtomicU32::new(0) });
    let clock = PinnedClock::new();
    let ring = KeyRing::load(safe.clone(), AccessTokenSigner::Hs256, clock.clone()).await.unwrap();
    (safe, clock, ring)
}

#[tokio::test]
async fn keys_are_fetched_again_after_five_minutes_and_not_before() {
    let (safe, clock, ring) = ring().await;
    let first = ring.current().await;
    clock.advance(TimeDelta::seconds(299));
    assert!(Arc::ptr_eq(&first, &ring.current().await));
    assert_eq!(safe.reads(), 1);
    clock.advance(TimeDelta::seconds(1));
    assert!(!Arc::ptr_eq(&first, &ring.current().await));
    assert_eq!(safe.reads(), 2);
}

#[tokio::test]
async fn one_request_fetches_and_the_others_go_on_with_the_keys_at_hand() {
    let (safe, clock, ring) = ring().await;
    let first = ring.at_hand();
    clock.advance(LIFETIME);
    let (fetcher, other) = tokio::join!(ring.current(), ring.current());
    assert!(!Arc::ptr_eq(&first, &fetcher));
    assert!(Arc::ptr_eq(&first, &other));
    assert_eq!(safe.reads(), 2);
}

#[tokio::test]
async fn keys_stay_when_they_cannot_be_fetched_again_and_the_health_check_says_so() {
    let (safe, clock, ring) = ring().await;
    let first = ring.current().await;
    assert_eq!(ring.check().await, Ok(()));
    for (text, reason) in [(Err("no route"), "no route"), (Ok("short"), "has 5 bytes")] {
        safe.put(text);
        clock.advance(LIFETIME);
        assert!(Arc::ptr_eq(&first, &ring.current().await));
        assert!(ring.check().await.unwrap_err().contains(reason));
    }
    let reads = safe.reads();
    clock.advance(TimeDelta::seconds(29));
    ring.current().await;
    assert_eq!(safe.reads(), reads, "a source in trouble is not asked by every request");

    safe.put(Ok(NEW));
    clock.advance(TimeDelta::seconds(1));
    assert!(!Arc::ptr_eq(&first, &ring.current().await));
    assert_eq!(ring.check().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_does_not_answer_holds_nobody_up_for_long() {
    struct Silent(AtomicU32);

    #[async_trait]
    impl SecretSource for Silent {
        async fn fetch(&self) -> Result<SecretTexts, SecretError> {
            if self.0.fetch_add(1, Ordering::Relaxed) > 0 {
                std::future::pending::<()>().await;
            }
            Ok(SecretTexts { current: OLD.into(), previous: None })
        }
    }

    let clock = PinnedClock::new();
    let source = Arc::new(Silent(AtomicU32::new(0)));
    let ring = KeyRing::load(source, AccessTokenSigner::Hs256, clock.clone()).await.unwrap();
    let first = ring.at_hand();
    clock.advance(LIFETIME);
    assert!(Arc::ptr_eq(&first, &ring.current().await));
    assert!(ring.check().await.unwrap_err().contains("in time"));
}

/// Rule 13: an instance learns of a rotation from the first token that was signed after it.
#[tokio::test]
async fn a_miss_causes_one_look_for_newer_keys_and_a_flood_of_misses_no_more() {
    let (safe, clock, ring) = ring().await;
    let first = ring.current().await;
    assert!(ring.newer_than(&first).await.is_none(), "the keys were fetched a moment ago");
    assert_eq!(safe.reads(), 1);

    clock.advance(MISS_INTERVAL);
    let (one, other) = tokio::join!(ring.newer_than(&first), ring.newer_than(&first));
    assert!(Arc::ptr_eq(&one.unwrap(), &other.unwrap()));
    assert_eq!(safe.reads(), 2);

    let second = ring.at_hand();
    assert!(ring.newer_than(&second).await.is_none());
    assert_eq!(safe.reads(), 2);
}

#[tokio::test]
async fn a_clock_that_is_put_back_does_not_keep_old_keys() {
    let (safe, clock, ring) = ring().await;
    clock.advance(TimeDelta::hours(-1));
    ring.current().await;
    assert_eq!(safe.reads(), 2);
}

#[tokio::test]
async fn a_service_without_usable_keys_does_not_start() {
    for text in [Err("denied"), Ok("short")] {
        let safe = Arc::new(Safe { text: SyncMutex::new(text), reads: AtomicU32::new(0) });
        assert!(KeyRing::load(safe, AccessTokenSigner::Hs256, PinnedClock::new()).await.is_err());
    }
}
