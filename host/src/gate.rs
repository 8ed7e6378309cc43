//! Admits so many requests at once, lets a few wait a short time, and refuses the rest, which costs next to nothing.
//!
//! A queue that is longer than what is served in the time a client waits only makes every answer late. So it is bounded twice: by its length, and
//! by the time a request stands in it. A burst may take that time. But a queue that has not been empty for as long is no burst: it does not serve
//! more requests, it makes all of them late, and is kept short until it is empty again (Maurer: Fail at Scale, ACM Queue 13, 2015, "adaptive LIFO
//! and controlled delay", of which this is the latter).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Limits;

/// In a queue that stands, a request waits for this part of the time that it may wait in a burst.
const STANDING_PART: u32 = 20;

/// The right to have an instance. The next in the queue gets it when it is dropped.
pub(crate) type Permit = OwnedSemaphorePermit;

/// The entrance to the components, shared by all requests.
pub(crate) struct Gate {
    permits: Arc<Semaphore>,
    capacity: usize,
    queued: AtomicUsize,
    queue_capacity: usize,
    queue_timeout: Duration,
    opened: Instant,
    /// When the queue was last seen empty, in microseconds since it was opened.
    empty_at_us: AtomicU64,
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
            opened: Instant::now(),
            empty_at_us: AtomicU64::new(0),
        }
    }

    /// Waits for a permit, first come first served.
    ///
    /// Who gets one at once steps aside for a moment all the same. An instance that never waits keeps its thread from beginning to end, and meanwhile
    /// the requests behind it would stand unread in their sockets, where no clock runs for them; so they are let come to this door first. It costs about
    /// a microsecond and is what makes the queue, and with it the bound on waiting, a real one.
    pub(crate) async fn enter(&self) -> Result<Permit, Refusal> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            self.note_empty();
            tokio::task::yield_now().await;
            return Ok(permit);
        }
        let place = Place::take(self);
        if self.queue_capacity < place.number {
            return Err(Refusal::QueueFull);
        }
        let acquired = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(self.patience(), acquired).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed, so only the time can be over.
            _ => Err(Refusal::WaitedTooLong),
        }
    }

    /// How long a request may wait now.
    fn patience(&self) -> Duration {
        let empty_at = Duration::from_micros(self.empty_at_us.load(Ordering::Relaxed));
        if self.opened.elapsed().saturating_sub(empty_at) <= self.queue_timeout {
            self.queue_timeout
        } else {
            self.queue_timeout / STANDING_PART
        }
    }

    fn note_empty(&self) {
        let now_us = self.opened.elapsed().as_micros() as u64;
        self.empty_at_us.store(now_us, Ordering::Relaxed);
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
    gate: &'a Gate,
    /// 1 is the first.
    number: usize,
}

impl<'a> Place<'a> {
    fn take(gate: &'a Gate) -> Self {
        let number = gate.queued.fetch_add(1, Ordering::Relaxed) + 1;
        if number == 1 {
            gate.note_empty();
        }
        Self { gate, number }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.gate.queued.fetch_sub(1, Ordering::Relaxed);
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
    async fn a_queue_that_stands_is_short_until_it_is_empty_again() {
        let gate = gate(Duration::from_millis(50));
        let first = gate.enter().await.unwrap();
        let mut second = Box::pin(gate.enter());
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(gate.patience(), Duration::from_millis(50));
        std::thread::sleep(Duration::from_millis(60));
        assert_eq!(gate.patience(), Duration::from_micros(2500));
        drop((first, second));
        let _third = gate.enter().await.unwrap();
        assert_eq!(gate.patience(), Duration::from_millis(50));
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
