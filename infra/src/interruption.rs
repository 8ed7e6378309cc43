//! Ctrl-C, and what a supervisor sends instead.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Whether somebody asked to stop. Nothing is torn apart by it: whoever works looks between two steps.
#[derive(Clone)]
pub(crate) struct Interruption(watch::Receiver<bool>);

impl Interruption {
    /// Listens for SIGINT and SIGTERM from now on.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            // Nobody is left who could stop if this fails.
            let _ = sender.send(true);
        });
        Ok(Self(receiver))
    }

    /// Never: the system ends us as it does others.
    pub(crate) fn none() -> Self {
        let (_, receiver) = watch::channel(false);
        Self(receiver)
    }

    /// Whether it has come.
    pub(crate) fn is_there(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it comes.
    pub(crate) async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|is_there| *is_there).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
