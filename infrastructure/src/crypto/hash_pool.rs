//! Password hashing on threads of its own (rule 5; the reasons are in
//! `docs/adr/0004-password-hashing-threads.md`).

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::oneshot;

use super::argon2id::{Argon2Parameters, SALT_LENGTH};
use super::hasher::{Hasher, Verification};

/// Size of a [`HashPool`] and the cost of the hashes that it makes.
#[derive(Clone, Debug)]
pub struct HashPoolSettings {
    /// Threads that hash, each keeping [`Argon2Parameters::memory_kib`] once it has worked. More
    /// than the machine's cores only divide them. Default: as many as the cores.
    pub threads: NonZeroUsize,
    /// Requests that wait for a thread before further ones are refused. Default: 64, which two
    /// threads work off in about half a second.
    pub queue: NonZeroUsize,
    /// Parameters of new hashes.
    pub parameters: Argon2Parameters,
}

impl HashPoolSettings {
    const DEFAULT_QUEUE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);
}

impl Default for HashPoolSettings {
    fn default() -> Self {
        Self {
            threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue: Self::DEFAULT_QUEUE,
            parameters: Argon2Parameters::default(),
        }
    }
}

/// Why the pool gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HashPoolError {
    /// The queue is full. Trying again later helps: `503` with `Retry-After` (rule 5).
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// The job panicked; the pool goes on without it.
    #[error("password hashing was interrupted")]
    Interrupted,
    /// Argon2 does not define a hash for this input.
    #[error("the password cannot be hashed")]
    Refused(#[from] argon2::Error),
}

type Job = Box<dyn FnOnce(&mut Hasher) + Send>;

/// A fixed number of threads that hash passwords, behind a bounded queue.
///
/// On Linux the threads are nicer than all others, so that hashing on every core delays no request that only
/// reads: one that is ready to run goes first.
///
/// A requester that goes away costs nothing: its job is skipped when its turn comes. Passwords and
/// what is derived from them are overwritten after each job. Dropping the pool finishes the jobs
/// that are still wanted, then ends the threads.
pub struct HashPool {
    // Declared before the threads, so that it is dropped first: they end when it is gone.
    jobs: SyncSender<Job>,
    _threads: Threads,
}

impl HashPool {
    /// Starts the threads. They take their memory when they first hash, not here.
    ///
    /// # Errors
    ///
    /// When the system refuses to start a thread.
    pub fn new(settings: &HashPoolSettings) -> io::Result<Self> {
        let (jobs, queue) = sync_channel::<Job>(settings.queue.get());
        let queue = Arc::new(Mutex::new(queue));
        let threads = (0..settings.threads.get())
            .map(|number| {
                let queue = Arc::clone(&queue);
                let hasher = Hasher::new(settings.parameters.clone());
                thread::Builder::new().name(format!("password-hash-{number}")).spawn(move || work(&queue, hasher))
            })
            .collect::<io::Result<Vec<_>>>()?;
        Ok(Self { jobs, _threads: Threads(threads) })
    }

    /// The PHC string of a password with the current parameters. The salt must be random and used
    /// for this password only.
    ///
    /// # Errors
    ///
    /// [`HashPoolError::Busy`] at once when the queue is full. When this is the rehash after
    /// [`Verification::MatchOutdated`], leave it to the next sign-in.
    pub async fn hash(&self, password: SecretString, salt: [u8; SALT_LENGTH]) -> Result<String, HashPoolError> {
        let hash = self.run(move |hasher| hasher.hash(bytes(&password), &salt)).await??;
        Ok(hash)
    }

    /// Whether a password is the one of a stored hash, Argon2id or bcrypt.
    ///
    /// # Errors
    ///
    /// [`HashPoolError::Busy`] at once when the queue is full.
    pub async fn verify(&self, password: SecretString, stored: String) -> Result<Verification, HashPoolError> {
        self.run(move |hasher| hasher.verify(bytes(&password), &stored)).await
    }

    /// The work of [`Self::verify`] for an account that does not exist or has no password, so that
    /// the time taken does not tell (rule 6).
    ///
    /// # Errors
    ///
    /// [`HashPoolError::Busy`] at once when the queue is full, as for an account that exists.
    pub async fn verify_dummy(&self, password: SecretString) -> Result<(), HashPoolError> {
        self.run(move |hasher| hasher.verify_dummy(bytes(&password))).await
    }

    async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Hasher) -> T + Send + 'static,
    ) -> Result<T, HashPoolError> {
        // The sender is dropped without an answer only by a job that unwinds.
        self.submit(task)?.await.map_err(|_| HashPoolError::Interrupted)
    }

    fn submit<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Hasher) -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, HashPoolError> {
        let (answer, requester) = oneshot::channel();
        let job = Box::new(move |hasher: &mut Hasher| {
            if !answer.is_closed() {
                // A requester may leave during the work; then nobody is there to be told.
                let _ = answer.send(task(hasher));
            }
        });
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => HashPoolError::Busy,
            TrySendError::Disconnected(_) => HashPoolError::Interrupted,
        })?;
        Ok(requester)
    }
}

fn bytes(password: &SecretString) -> &[u8] {
    password.expose_secret().as_bytes()
}

fn work(queue: &Mutex<Receiver<Job>>, mut hasher: Hasher) {
    step_back();
    loop {
        // Idle threads wait here in turn: one in `recv`, the others for the lock.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // The panic hook has reported it, and the requester learns it from its dropped sender.
        // The hasher has no state that a job could leave half-changed: every hash starts afresh.
        let _ = catch_unwind(AssertUnwindSafe(|| job(&mut hasher)));
        hasher.wipe();
    }
}

/// Lets the other threads of the process go first. A thread that may not step back hashes all the same.
#[cfg(target_os = "linux")]
fn step_back() {
    /// A tenth of the weight of a usual thread, which still is something when the machine is never idle.
    const NICENESS: i32 = 10;
    // Linux keeps this for each thread, and takes no process to mean the thread that asks.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "password hashing runs at the usual priority");
    }
}

/// Elsewhere, priorities belong to processes.
#[cfg(not(target_os = "linux"))]
const fn step_back() {}

struct Threads(Vec<JoinHandle<()>>);

impl Drop for Threads {
    fn drop(&mut self) {
        for thread in self.0.drain(..) {
            // A thread that panicked has ended, and that is all that is wanted here.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
