//! When to stop.

use std::{io, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

/// How long running requests may take to finish. None that was sent whole takes as long (25 s), and containers get
/// 30 s before they are killed.
const PATIENCE: Duration = Duration::from_secs(28);

/// Ctrl-C and SIGTERM. From its creation on, neither ends the process by itself.
pub(crate) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Starts to listen.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Tells `server` when it has to finish, and ends when waiting longer is of no use: a client that sends half a
    /// request and nothing more must not hold the process, nor the person who asks a second time.
    pub(crate) async fn escort(mut self, server: oneshot::Sender<()>) {
        self.next().await;
        tracing::info!("stopping: finishing the requests that are running");
        // A server that is gone needs not be told.
        let _ = server.send(());
        tokio::select! {
            () = self.next() => {}
            () = tokio::time::sleep(PATIENCE) => {}
        }
        tracing::warn!("stopping without the clients that did not finish their requests");
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
