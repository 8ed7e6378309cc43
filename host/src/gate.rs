//! Admits so many requests at once, lets a few wait a short time, and refuses the rest, which costs next to nothing.
//!
//! A queue that is longer than what is served in the time a client waits only makes every answer late. So it is bounded twice: by its length, and
//! by the time a request stands in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Limits;

/// The right to have an instance. The next in the queue gets it when it is dropped.
pub(crate) type Permit = OwnedSemaphorePermit;

/// The entrance to the components, shared by all requests.
pub(crate) struct Gate {
    permits: Arc<Semaphore>,
    capacity: usize,
    queued: AtomicUsize,
    queue_capacity: usize,
    queue_timeout: Duration,
}

/// Why a request was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// As many as may wait do so already.
    QueueFull,
    /// Its turn did not come in time.
    WaitedTooLong,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Self {
        let capacity = limits.concurrent_requests.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            permits: Arc::new(Semaphore::new(capacity)),
            capacity,
            queued: AtomicUsize::new(0),
            queue_capacity: limits.queued_requests,
            queue_timeout: limits.queue_timeout,
        }
    }

    /// Waits for a permit, first come first served.
    ///
    /// Who gets one at once steps aside for a moment all the same. An instance that never waits keeps its thread from beginning to end, and meanwhile
    /// the requests behind it would stand unread in their sockets, where no clock runs for them; so they are let come to this door first. It costs about
    /// a microsecond and is what makes the queue, and with it the bound on waiting, a real one.
    pub(crate) async fn enter(&self) -> Result<Permit, Refusal> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            tokio::task::yield_now().await;
            return Ok(permit);
        }
        let place = Place::take(&self.queued);
        if self.queue_capacity < place.number {
            return Err(Refusal::QueueFull);
        }
        let acquired = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(self.queue_timeout, acquired).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed, so only the time can be over.
            _ => Err(Refusal::WaitedTooLong),
        }
    }

    /// How many permits are out.
    pub(crate) fn in_flight(&self) -> usize {
        self.capacity
            .saturating_sub(self.permits.available_permits())
    }

    /// How many requests wait.
    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }
}

/// A place in the queue, given up when the wait ends in whatever way: a client that goes away does not hold one.
struct Place<'a> {
    queued: &'a AtomicUsize,
    /// 1 is the first.
    number: usize,
}

impl<'a> Place<'a> {
    fn take(queued: &'a AtomicUsize) -> Self {
        let number = queued.fetch_add(1, Ordering::Relaxed) + 1;
        Self { queued, number }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queued.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn gate(queue_timeout: Duration) -> Gate {
        Gate::new(&Limits {
            concurrent_requests: 1,
            queued_requests: 1,
            queue_timeout,
            ..Limits::default()
        })
    }

    #[tokio::test]
    async fn one_is_in_one_waits_and_the_next_is_refused() {
        let gate = gate(Duration::from_mins(1));
        let first = gate.enter().await.unwrap();
        let mut second = Box::pin(gate.enter());
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!((gate.in_flight(), gate.queued()), (1, 1));
        assert_eq!(gate.enter().await.unwrap_err(), Refusal::QueueFull);

        drop(first);
        let second = second.await.unwrap();
        assert_eq!((gate.in_flight(), gate.queued()), (1, 0));
        drop(second);
        assert_eq!(gate.in_flight(), 0);
    }

    #[tokio::test]
    async fn who_waits_too_long_or_goes_away_leaves_the_queue() {
        let gate = gate(Duration::from_millis(1));
        let _first = gate.enter().await.unwrap();
        assert_eq!(gate.enter().await.unwrap_err(), Refusal::WaitedTooLong);
        assert!(gate.enter().now_or_never().is_none());
        assert_eq!(gate.queued(), 0);
    }
}
