use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::*;

const BCRYPT_OF_A: &str = "$2b$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC";

fn pool(threads: usize, queue: usize) -> HashPool {
    let settings = HashPoolSettings {
        threads: NonZeroUsize::new(threads).unwrap(),
        queue: NonZeroUsize::new(queue).unwrap(),
        parameters: Argon2Parameters::default(),
    };
    HashPool::new(&settings).unwrap()
}

/// Holds a thread of the pool until it is opened or dropped.
struct Gate {
    open: mpsc::Sender<()>,
    passed: oneshot::Receiver<()>,
}

impl Gate {
    /// Returns once a thread stands at the gate, so that the queue is empty again.
    fn close(pool: &HashPool) -> Self {
        let (arrive, arrived) = mpsc::channel();
        let (open, opened) = mpsc::channel::<()>();
        let passed = pool
            .submit(move |_| {
                arrive.send(()).unwrap();
                let _ = opened.recv();
            })
            .unwrap();
        arrived.recv().unwrap();
        Self { open, passed }
    }

    async fn open(self) {
        drop(self.open);
        self.passed.await.unwrap();
    }
}

fn secret(password: &str) -> SecretString {
    SecretString::from(password)
}

#[tokio::test]
async fn a_password_matches_its_own_hash_only() {
    let pool = pool(2, 8);

    let stored = pool.hash(secret("correct horse"), [7; 16]).await.unwrap();

    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    let right = pool.verify(secret("correct horse"), stored.clone()).await;
    let wrong = pool.verify(secret("correct horsf"), stored).await;
    assert_eq!(right, Ok(Verification::Match));
    assert_eq!(wrong, Ok(Verification::NoMatch));
}

#[tokio::test]
async fn two_salts_give_two_hashes() {
    let pool = pool(1, 8);

    let one = pool.hash(secret("correct horse"), [1; 16]).await.unwrap();
    let other = pool.hash(secret("correct horse"), [2; 16]).await.unwrap();

    assert_ne!(one, other);
}

/// Rule 4.
#[tokio::test]
async fn a_bcrypt_hash_of_the_python_service_verifies_and_asks_for_a_new_hash() {
    let pool = pool(1, 8);

    let right = pool.verify(secret("a"), BCRYPT_OF_A.into()).await;
    let wrong = pool.verify(secret("b"), BCRYPT_OF_A.into()).await;

    assert_eq!(right, Ok(Verification::MatchOutdated));
    assert_eq!(wrong, Ok(Verification::NoMatch));
}

#[tokio::test]
async fn a_stored_hash_of_no_known_kind_matches_nothing() {
    let pool = pool(1, 8);

    for stored in ["", "!", "correct horse", "$1$salt$hash", "$2b$04$short", "$argon2id$v=19"] {
        let verification = pool.verify(secret("correct horse"), stored.into()).await;
        assert_eq!(verification, Ok(Verification::Unreadable), "{stored:?}");
    }
}

/// Rule 5.
#[tokio::test]
async fn a_full_queue_refuses_at_once_and_accepts_again_when_it_has_room() {
    let pool = pool(1, 2);
    let gate = Gate::close(&pool);
    let first = pool.submit(|_| ()).unwrap();
    let second = pool.submit(|_| ()).unwrap();

    let hash = pool.hash(secret("correct horse"), [7; 16]).await;
    let verification = pool.verify(secret("a"), BCRYPT_OF_A.into()).await;
    let dummy = pool.verify_dummy(secret("a")).await;

    assert_eq!(hash, Err(HashPoolError::Busy));
    assert_eq!(verification, Err(HashPoolError::Busy));
    assert_eq!(dummy, Err(HashPoolError::Busy));
    gate.open().await;
    first.await.unwrap();
    second.await.unwrap();
    assert_eq!(pool.verify_dummy(secret("a")).await, Ok(()));
}

#[tokio::test]
async fn the_job_of_a_requester_that_left_is_skipped() {
    let pool = pool(1, 2);
    let ran = Arc::new(AtomicBool::new(false));
    let gate = Gate::close(&pool);
    let abandoned = pool
        .submit({
            let ran = Arc::clone(&ran);
            move |_| ran.store(true, Ordering::SeqCst)
        })
        .unwrap();
    let after = pool.submit(|_| ()).unwrap();

    drop(abandoned);
    gate.open().await;
    after.await.unwrap();

    assert!(!ran.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_panic_fails_its_own_job_and_no_other() {
    let pool = pool(1, 2);

    let interrupted = pool.run(|_| panic!("this panic belongs to the test")).await;

    assert_eq!(interrupted, Err::<(), _>(HashPoolError::Interrupted));
    let verification = pool.verify(secret("a"), BCRYPT_OF_A.into()).await;
    assert_eq!(verification, Ok(Verification::MatchOutdated));
}

/// Each thread must stand at a gate of its own before either gate is opened.
#[tokio::test]
async fn the_threads_work_side_by_side() {
    let pool = pool(2, 1);

    let one = Gate::close(&pool);
    let other = Gate::close(&pool);

    one.open().await;
    other.open().await;
}

#[tokio::test]
async fn dropping_the_pool_finishes_what_is_wanted_and_ends_the_threads() {
    let pool = pool(2, 2);
    let alive = Arc::new(());
    let gate = Gate::close(&pool);
    let held = Arc::clone(&alive);
    let waiting = pool.submit(move |_| Arc::strong_count(&held)).unwrap();

    drop(gate.open);
    drop(pool);

    assert!(waiting.await.unwrap() >= 1);
    assert_eq!(Arc::strong_count(&alive), 1);
}

/// Rule 6: the dummy must be parsed and worked on like a real hash, not refused.
#[test]
fn the_dummy_verification_is_a_whole_verification() {
    let mut hasher = Hasher::new(Argon2Parameters::default());
    let stored = hasher.hash(b"correct horse", &[7; SALT_LENGTH]).unwrap();
    let dummy = crate::crypto::argon2id::dummy(&Argon2Parameters::default());

    assert_eq!(hasher.verify(b"correct horse", &stored), Verification::Match);
    assert_eq!(hasher.verify(b"correct horse", &dummy), Verification::NoMatch);
    assert_eq!(stored.len(), dummy.len());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn threads_that_hash_let_the_others_go_first() {
    let niceness = |_: &mut Hasher| {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").expect("/proc");
        let after_name = stat.rsplit_once(')').expect("a name").1;
        after_name.split_whitespace().nth(16).and_then(|field| field.parse::<i32>().ok())
    };
    let pool = pool(1, 1);
    assert!(pool.run(niceness).await.expect("an answer") >= Some(10));
}
