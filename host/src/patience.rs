//! How long somebody else is waited for.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// A time that runs while something is waited for, and stands still in between.
pub(crate) struct Patience {
    limit: Duration,
    /// What was left of the limit when the last wait ended.
    left: Duration,
    /// Made at the first wait, which mostly never comes: what is waited for is there at once.
    timeout: Option<Pin<Box<Sleep>>>,
    waiting_since: Option<Instant>,
}

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            left: limit,
            timeout: None,
            waiting_since: None,
        }
    }

    /// Ends a wait: what was waited for is there. The next has the whole time again.
    pub(crate) fn rest(&mut self) {
        self.waiting_since = None;
        self.left = self.limit;
    }

    /// Ends a wait that brought too little. The next has what is left of the time.
    pub(crate) fn pause(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
    }

    /// Waits, or goes on waiting. Ready when it took too long.
    pub(crate) fn poll_lost(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let left = self.left;
        let timeout = match &mut self.timeout {
            Some(timeout) => {
                if self.waiting_since.is_none() {
                    timeout.set(tokio::time::sleep(left));
                }
                timeout
            }
            None => self.timeout.insert(Box::pin(tokio::time::sleep(left))),
        };
        self.waiting_since.get_or_insert_with(Instant::now);
        timeout.as_mut().poll(context)
    }
}
