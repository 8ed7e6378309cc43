//! How long somebody else is waited for.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// A time that runs while something is waited for, and begins anew with each wait.
pub(crate) struct Patience {
    limit: Duration,
    /// Made at the first wait, which mostly never comes: what is waited for is there at once.
    timeout: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            timeout: None,
            is_waiting: false,
        }
    }

    /// Ends a wait: what was waited for is there.
    pub(crate) fn rest(&mut self) {
        self.is_waiting = false;
    }

    /// Waits, or goes on waiting. Ready when it took too long.
    pub(crate) fn poll_lost(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let timeout = match &mut self.timeout {
            Some(timeout) => {
                if !self.is_waiting {
                    timeout.as_mut().reset(Instant::now() + self.limit);
                }
                timeout
            }
            None => self
                .timeout
                .insert(Box::pin(tokio::time::sleep(self.limit))),
        };
        self.is_waiting = true;
        timeout.as_mut().poll(context)
    }
}
