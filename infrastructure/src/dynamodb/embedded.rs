//! DynamoDB inside the process: `dynoxide` on `SQLite`, behind the same SDK client that speaks to AWS.
//!
//! Requests never touch a socket: an HTTP connector hands them to the database's own methods. What
//! differs from AWS and matters here: items expire only when they are swept, indexes are consistent
//! at once, a `ClientRequestToken` is forgotten at restart, and transactions never conflict, because
//! requests run one after the other.

mod connector;
mod dispatch;
mod worker;

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region, StalledStreamProtectionConfig};
use dynoxide::{Database, DynoxideError};
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;

use connector::EmbeddedConnector;
use worker::Worker;

const LOCK_FILE: &str = "lock";
const DATABASE_FILE: &str = "dynamodb.sqlite";

/// An embedded DynamoDB. Clones, and the clients made from it, share one database, which closes
/// when the last of them is dropped.
#[derive(Debug, Clone)]
pub struct EmbeddedDynamoDb {
    store: Arc<Store>,
}

/// The database and the claim on its file. The order is that of dropping: running requests finish,
/// the database closes, the claim is given up.
struct Store {
    worker: Worker,
    database: Database,
    lock: Option<File>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// Why an embedded database did not open or serve.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Another process has the directory's database open. `SQLite` would let both write, each with
    /// caches that know nothing of the other.
    #[error("another process is using the database in {}", directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The directory or a file in it cannot be used.
    #[error("the database directory {} cannot be used", directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// `SQLite` needs the path as text.
    #[error("the path {} is not valid Unicode", directory.display())]
    NotUnicode {
        /// The directory.
        directory: PathBuf,
    },
    /// The operating system gave no thread to run the database on.
    #[error("the embedded database has no thread to run on")]
    Thread(#[source] io::Error),
    /// The database itself failed.
    #[error("the embedded database failed")]
    Database(#[from] DynoxideError),
    /// The TCP server failed.
    #[error("the embedded database's server failed: {0}")]
    Server(String),
}

impl EmbeddedDynamoDb {
    /// Opens the database in `directory`, creating both when they are missing. Only one process may
    /// have it open; the claim ends with the process, however that ends.
    ///
    /// A write is acknowledged once it is in the operating system's hands, in about half a
    /// millisecond: it survives the end of the process at any moment, but the last few may be lost
    /// with the power, after which the database is still consistent.
    ///
    /// # Errors
    /// When another process has it open, when the directory cannot be written, or when the file
    /// in it is not a database of this or an earlier version.
    pub fn open(directory: &Path) -> Result<Self, EmbeddedError> {
        let unusable = |source| EmbeddedError::Directory { directory: directory.into(), source };
        create_private_directory(directory).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join(LOCK_FILE))
            .map_err(unusable)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => EmbeddedError::InUse { directory: directory.into() },
            TryLockError::Error(source) => unusable(source),
        })?;
        let path = directory.join(DATABASE_FILE);
        let path = path.to_str().ok_or_else(|| EmbeddedError::NotUnicode { directory: directory.into() })?;
        let database = Database::new(path)?;
        // Sets `synchronous = NORMAL`; with the default, `FULL`, every write waits for the disk.
        database.disable_bulk_loading()?;
        Self::start(database, Some(lock))
    }

    /// A database that lives in memory and is gone when the last clone is dropped.
    ///
    /// # Errors
    /// When `SQLite` cannot allocate it.
    pub fn in_memory() -> Result<Self, EmbeddedError> {
        Self::start(Database::memory()?, None)
    }

    fn start(database: Database, lock: Option<File>) -> Result<Self, EmbeddedError> {
        let worker = Worker::start(database.clone()).map_err(EmbeddedError::Thread)?;
        Ok(Self { store: Arc::new(Store { worker, database, lock }) })
    }

    /// Whether it is in a directory, and outlives the process.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.store.lock.is_some()
    }

    /// A client whose requests go to this database. It needs a Tokio runtime, loads no certificates
    /// and opens no connection; its credentials mean nothing.
    #[must_use]
    pub fn client(&self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url("http://embedded.invalid")
            .credentials_provider(Credentials::new("embedded", "embedded", None, None, "embedded"))
            .http_client(EmbeddedConnector::new(Arc::clone(&self.store)))
            // There is no stream that could stall, and watching one costs every request.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Client::from_conf(config)
    }

    /// Deletes the items whose time to live has passed and returns how many there were. Other
    /// requests run in between.
    ///
    /// # Errors
    /// When the database fails; what was deleted until then stays deleted.
    pub async fn sweep_ttl(&self) -> Result<usize, EmbeddedError> {
        sweep(Arc::clone(&self.store)).await
    }

    /// Sweeps at once and then `every` so often, for as long as the database is open: a future to
    /// spawn. It does not keep the database open; a sweep that fails is logged and tried again.
    pub fn sweep_periodically(&self, every: Duration) -> impl Future<Output = ()> + Send + use<> {
        let store = Arc::downgrade(&self.store);
        async move {
            let mut ticks = tokio::time::interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let Some(store) = store.upgrade() else { return };
                match sweep(store).await {
                    Ok(deleted) => tracing::debug!(deleted, "swept expired items"),
                    Err(error) => {
                        let error: &dyn std::error::Error = &error;
                        tracing::warn!(error, "expired items could not be swept");
                    }
                }
            }
        }
    }

    /// Serves the database on `listener` in DynamoDB's own protocol, for other processes, until
    /// `shutdown` is ready and running requests are answered. Without authentication: listen on
    /// loopback.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve_on(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), EmbeddedError> {
        dynoxide::server::serve_with_shutdown(listener, self.store.database.clone(), shutdown)
            .await
            .map_err(EmbeddedError::Server)
    }
}

async fn sweep(store: Arc<Store>) -> Result<usize, EmbeddedError> {
    let swept = tokio::task::spawn_blocking(move || store.database.sweep_ttl()).await;
    // Fails only when the runtime is shutting down or the sweep panicked.
    let swept = swept.map_err(|error| DynoxideError::InternalServerError(error.to_string()))?;
    Ok(swept?)
}

/// The database holds password hashes and addresses, so nobody else on the machine may read it.
fn create_private_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

#[cfg(test)]
mod tests;
