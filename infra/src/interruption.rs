//! Ctrl-C, and what a supervisor or a lost session sends instead.

use std::fs;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Whether somebody asked to stop. Nothing is torn apart by it: whoever works looks between two steps.
#[derive(Clone)]
pub(crate) struct Interruption(watch::Receiver<bool>);

impl Interruption {
    /// Listens for SIGINT, SIGTERM and SIGHUP from now on.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let hangup = (!outlives_session()).then(|| signal(SignalKind::hangup()));
        let mut hangup = hangup.transpose()?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            let hung_up = async {
                match &mut hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hung_up => {}
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

/// Whether we were started to go on without a session, as by `nohup`, which has SIGHUP ignored: whoever listens for a signal ignores it no longer
/// (<https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>).
fn outlives_session() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The mask has a bit for each signal, from that of 1, which is SIGHUP.
    ignored.is_some_and(|mask| mask & 1 == 1)
}
