//! The one thread that runs the database's requests.
//!
//! The database serialises its callers anyway, so more threads would only queue on its mutex. Run on
//! the runtime's own threads, requests that never wait let no other task run: beside 32 callers on
//! two cores, timers were seconds late. `spawn_blocking` woke as many threads as there were callers
//! and made a single caller's request a fifth slower than this one hand-over does.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use dynoxide::Database;
use tokio::sync::oneshot;

use super::dispatch::{self, Answer};

struct Job {
    request: HttpRequest,
    reply: oneshot::Sender<Answer>,
}

/// Runs requests in the order in which they arrive. Dropping it waits until those it has accepted
/// are done.
#[derive(Debug)]
pub(super) struct Worker {
    queue: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(super) fn start(database: Database) -> io::Result<Self> {
        let (queue, jobs) = channel::<Job>();
        let thread = std::thread::Builder::new().name("embedded-dynamodb".to_owned()).spawn(move || {
            for Job { request, reply } in jobs {
                let target = request.headers().get("x-amz-target").unwrap_or_default();
                let body = request.body().bytes().unwrap_or_default();
                // A caller that stopped waiting does not take its request back, as on a network.
                let _ = reply.send(dispatch::answer(&database, target, body));
            }
        })?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// The database's answer; `None` when the thread died, which takes a panic in the database.
    pub(super) async fn run(&self, request: HttpRequest) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        self.queue.as_ref()?.send(Job { request, reply }).ok()?;
        answer.await.ok()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The thread ends when the queue is closed and empty. Whoever drops the last handle can then
        // rely on the file being closed: to open it again, or to delete it.
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic has been reported by the panic hook, and answered as a connector error.
            let _ = thread.join();
        }
    }
}
