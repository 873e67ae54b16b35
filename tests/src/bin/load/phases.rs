//! What is done to the service, one phase after the other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, Url};
use tokio::task::JoinSet;

use crate::{
    Result,
    report::{Memory, Phase, Report},
    service::Service,
    visitor::{Tally, Visitor},
};

/// Sign-ups whose memory is measured, and how many of them run at a time.
const SIGN_UPS: usize = 600;
const SIGN_UPS_AT_A_TIME: usize = 16;
/// Clients that do nothing but read profiles. The sixteen that signed up sign in beside them.
const READERS: usize = 4;

/// How much is done.
pub(crate) struct Plan {
    pub(crate) clients: usize,
    pub(crate) seconds: u64,
}

impl Plan {
    /// Does it to the service at `url`, looking at the memory of `service`.
    pub(crate) async fn carry_out(&self, url: &Url, service: Option<&Service>) -> Result<Report> {
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        let addresses = Arc::new(AtomicU64::new(0));
        let visitors = |count| (0..count).map(|_| Visitor::new(&http, url, &addresses)).collect::<Vec<_>>();
        let lasting = Duration::from_secs(self.seconds);
        let resident = || service.and_then(Service::resident);

        let idle = resident();
        let (residents, sign_ups) = sign_up(visitors(SIGN_UPS_AT_A_TIME)).await;
        let peak_of_sign_ups = service.and_then(Service::peak);
        let after_sign_ups = resident();

        let readers = || residents.iter().take(READERS).map(Visitor::twin).collect();
        let reads_alone = read_profiles(readers(), lasting).await;
        let sign_ins = tokio::spawn(sign_in(residents.iter().map(Visitor::twin).collect(), lasting));
        let mut reads_beside = read_profiles(readers(), lasting).await;
        reads_beside.add(sign_ins.await?);

        let before_mix = resident();
        let mix = do_everything(visitors(self.clients), lasting).await;
        let after_mix = resident();

        Ok(Report {
            phases: vec![
                Phase::new("600 sign-ups, 16 at a time", sign_ups),
                Phase::new("4 clients reading profiles", reads_alone),
                Phase::new("4 clients reading profiles beside 16 signing in", reads_beside),
                Phase::new("everything", mix),
            ],
            clients: self.clients,
            seconds: self.seconds,
            memory: Memory { idle, peak_of_sign_ups, after_sign_ups, before_mix, after_mix },
            users_in_store: None,
        })
    }
}

/// Signs up [`SIGN_UPS`] people and leaves each visitor with the last of their accounts.
async fn sign_up(visitors: Vec<Visitor>) -> (Vec<Visitor>, Tally) {
    let left = Arc::new(AtomicUsize::new(SIGN_UPS));
    let mut tasks = JoinSet::new();
    for mut visitor in visitors {
        let left = Arc::clone(&left);
        tasks.spawn(async move {
            let take_one = |left: usize| left.checked_sub(1);
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_one).is_ok() {
                visitor.register().await;
            }
            visitor
        });
    }
    let mut visitors = tasks.join_all().await;
    let tally = take_tallies(&mut visitors);
    (visitors, tally)
}

async fn read_profiles(visitors: Vec<Visitor>, lasting: Duration) -> Tally {
    let end = Instant::now() + lasting;
    let mut tasks = JoinSet::new();
    for mut visitor in visitors {
        tasks.spawn(async move {
            while Instant::now() < end {
                visitor.profile().await;
            }
            visitor
        });
    }
    take_tallies(&mut tasks.join_all().await)
}

async fn sign_in(visitors: Vec<Visitor>, lasting: Duration) -> Tally {
    let end = Instant::now() + lasting;
    let mut tasks = JoinSet::new();
    for mut visitor in visitors {
        tasks.spawn(async move {
            while Instant::now() < end {
                visitor.login().await;
            }
            visitor
        });
    }
    take_tallies(&mut tasks.join_all().await)
}

/// Each client signs up, signs in, reads, refreshes and reads again, over and over. What has begun is finished.
async fn do_everything(visitors: Vec<Visitor>, lasting: Duration) -> Tally {
    let end = Instant::now() + lasting;
    let mut tasks = JoinSet::new();
    for mut visitor in visitors {
        tasks.spawn(async move {
            while Instant::now() < end {
                if visitor.register().await {
                    visitor.login().await;
                    visitor.profile().await;
                    visitor.refresh().await;
                    visitor.profile().await;
                }
            }
            visitor
        });
    }
    take_tallies(&mut tasks.join_all().await)
}

fn take_tallies(visitors: &mut [Visitor]) -> Tally {
    let mut all = Tally::default();
    for visitor in visitors {
        all.add(std::mem::take(&mut visitor.tally));
    }
    all
}
