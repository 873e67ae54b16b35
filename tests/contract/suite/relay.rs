//! That a relay that is killed anywhere, or stops for a while, or races with others, delivers each event at least once
//! and those of each aggregate in order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use application::ports::{ChangeSet, EventEnvelope, EventPublisher, Mail, MailError, Mailer, PublishError};
use async_trait::async_trait;
use chrono::Duration;
use domain::DomainEvent;

use super::{
    gate::SteppedRelay,
    given::{email, mail},
    outbox::{events, overwrite, session_ended, the_rows_of, user_event},
    store::{Store, number},
};

/// How many random courses of events are tried.
const COURSES: u64 = 40;
/// Longer than a relay has for one delivery.
const LEASE: Duration = Duration::seconds(61);

/// Takes events and mails, and remembers the first time that it took each.
#[derive(Default)]
struct Recipient {
    state: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    /// Sequences by stream, in the order in which they were first taken.
    events: BTreeMap<String, Vec<String>>,
    mails: BTreeSet<String>,
    deliveries: usize,
    /// Which of the next deliveries fail.
    failing: Vec<bool>,
    /// Whose deliveries always fail.
    poisonous: Option<String>,
}

impl Recipient {
    fn state(&self) -> MutexGuard<'_, Taken> {
        self.state.lock().unwrap()
    }
}

#[async_trait]
impl EventPublisher for Recipient {
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError> {
        let mut taken = self.state();
        taken.deliveries += 1;
        let poisonous = taken.poisonous.as_deref() == Some(&format!("{} {}", event.stream, event.sequence));
        if taken.failing.pop().unwrap_or_default() || poisonous {
            return Err(PublishError("not now".to_owned()));
        }
        let sequences = taken.events.entry(event.stream.to_string()).or_default();
        if !sequences.contains(&event.sequence) {
            sequences.push(event.sequence.clone());
        }
        Ok(())
    }
}

#[async_trait]
impl Mailer for Recipient {
    async fn send(&self, id: &str, _: &Mail) -> Result<(), MailError> {
        self.state().mails.insert(id.to_owned());
        Ok(())
    }
}

/// What is committed: two users, of whom one changes twice at once, a session, and a mail.
fn commits(run: &str) -> Vec<ChangeSet> {
    let (anna, ben) = (format!("anna-{run}"), format!("ben-{run}"));
    let commit = |happened: Vec<DomainEvent>| events(happened);
    vec![
        commit(vec![user_event(&anna, 1), user_event(&ben, 1)]).mail(mail(&email("anna"))),
        commit(vec![user_event(&anna, 2), user_event(&anna, 2)]),
        commit(vec![session_ended(run, 1), user_event(&ben, 2)]),
        commit(vec![user_event(&anna, 3), session_ended(run, 2)]),
    ]
}

/// What comes of it, but for the session.
fn expected(run: &str) -> BTreeMap<String, Vec<String>> {
    let sequence = |(version, ordinal): &(u64, u32)| format!("{version:020}.{ordinal:03}");
    let stream = |name: String, sequences: &[(u64, u32)]| (name, sequences.iter().map(sequence).collect());
    BTreeMap::from([
        stream(format!("user#anna-{run}"), &[(1, 0), (2, 0), (2, 1), (3, 0)]),
        stream(format!("user#ben-{run}"), &[(1, 1), (2, 1)]),
        stream(format!("session#{run}"), &[(1, 0), (2, 1)]),
    ])
}

/// Runs relays to their ends, and the clock with them, until nothing waits.
async fn finish(store: &Store, recipient: &Arc<Recipient>) {
    for _ in 0..60 {
        if the_rows_of(store).await.iter().all(|row| row.contains_key("reason")) {
            return;
        }
        store.clock.advance(LEASE);
        let mut relay = SteppedRelay::start(store, recipient);
        while !relay.step(|_| 0).await {}
    }
    panic!("the outbox does not become empty: {:?}", the_rows_of(store).await);
}

pub(crate) async fn a_relay_killed_at_any_step_loses_nothing_and_keeps_the_order(store: &Store) {
    for steps in 0.. {
        let run = steps.to_string();
        let recipient = Arc::new(Recipient::default());
        for commit in commits(&run) {
            store.commit(commit).await.unwrap();
        }
        // One delivery fails and is tried again, and one fails for the last time.
        let last_chance = format!("session#{run} {:020}.000", 1);
        {
            let mut taken = recipient.state();
            taken.failing = vec![true];
            taken.poisonous = Some(last_chance);
        }
        for row in the_rows_of(store).await {
            if row["stream"].as_s().unwrap().starts_with("session#") && row["position"].as_s().unwrap().contains("1.0")
            {
                overwrite(store, row, "attempts", number(33)).await;
            }
        }
        let mut relay = SteppedRelay::start(store, &recipient);
        let mut taken_to_its_end = false;
        for step in 0..=steps {
            // Now the one, now the other of those streams that are delivered from at once.
            taken_to_its_end = relay.step(|choices| step % choices).await;
            if taken_to_its_end {
                break;
            }
        }
        drop(relay);
        finish(store, &recipient).await;

        let mut expected = expected(&run);
        expected.get_mut(&format!("session#{run}")).unwrap().remove(0);
        assert_eq!(recipient.state().events, expected, "killed after {steps} steps");
        assert_eq!(recipient.state().mails.len(), 1);
        let letters = store.dead_letters.list(25).await.unwrap();
        assert_eq!(letters.len(), 1, "killed after {steps} steps: {letters:?}");
        for row in the_rows_of(store).await {
            store.forget(row).await;
        }
        if taken_to_its_end {
            assert!(steps > 20, "a round is more than {steps} steps");
            return;
        }
    }
}

/// A generator whose numbers follow from its seed.
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        // Knuth's constants for 64 bits.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// Three relays take their steps in a random order. Some are killed, some stand still until their lease is over and
/// then go on, deliveries fail, and commits come in between.
pub(crate) async fn racing_relays_that_stop_and_die_lose_nothing_and_keep_the_order(store: &Store) {
    let mut repeated = 0;
    for seed in 0..COURSES {
        let (mut dice, run) = (Dice(seed), format!("race-{seed}"));
        let recipient = Arc::new(Recipient::default());
        recipient.state().failing = (0..30).map(|_| dice.roll(4) == 0).collect();
        let mut to_come = commits(&run);
        to_come.reverse();
        let mut relays: [Option<SteppedRelay>; 3] = [None, None, None];
        for _ in 0..150 {
            match dice.roll(12) {
                0 => {
                    if let Some(commit) = to_come.pop() {
                        store.commit(commit).await.unwrap();
                    }
                }
                1 => {
                    store.clock.advance(Duration::seconds(i64::try_from(dice.roll(90)).unwrap()));
                }
                2 if dice.roll(4) == 0 => relays[dice.roll(3)] = None,
                _ => {
                    let place = &mut relays[dice.roll(3)];
                    let relay = place.get_or_insert_with(|| SteppedRelay::start(store, &recipient));
                    if relay.step(|choices| dice.roll(choices)).await {
                        *place = None;
                    }
                }
            }
        }
        drop(relays);
        for commit in to_come.into_iter().rev() {
            store.commit(commit).await.unwrap();
        }
        finish(store, &recipient).await;
        assert_eq!(the_rows_of(store).await, [], "seed {seed}");
        let taken = recipient.state();
        assert_eq!(taken.events, expected(&run), "seed {seed}");
        let events: usize = taken.events.values().map(Vec::len).sum();
        repeated += taken.deliveries - events;
    }
    assert!(repeated > 0, "courses in which nothing is delivered twice prove little");
}
