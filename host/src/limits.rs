//! What a request, an instance and a client may take, and what becomes of those that want more.

use std::time::Duration;

/// Bounds that keep one request, one instance or one client from taking what all the others need. Each is an option of the command line.
///
/// [`Limits::default`] is what the command line documents as its defaults.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long an instance may live, whether it computes, waits or writes. Past it the request is answered with 504 and the instance is ended.
    pub request_timeout: Duration,
    /// How large all linear memories of an instance together may grow. An instance that wants more is ended, and its request answered with 500.
    pub instance_memory_bytes: usize,
    /// How many instances may live at once. They share the processors, so a larger number serves no more requests, only each of them later,
    /// unless they mostly wait for storage that is far away.
    pub concurrent_requests: usize,
    /// How many requests may wait for their turn. One more is refused at once: 503 with `Retry-After`.
    pub queued_requests: usize,
    /// How long a request may wait for its turn before it is refused in the same way; a twentieth of it when others have waited for as long as that.
    pub queue_timeout: Duration,
    /// The largest request body: 413 above it.
    pub request_body_bytes: u64,
    /// What a connection may do.
    pub connections: ConnectionLimits,
}

/// Bounds of a listener's connections.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// How many connections may be open. Further ones wait in the system's queue until one is closed.
    pub count: usize,
    /// How many headers a request may have: 431 above it.
    pub header_count: usize,
    /// How many bytes a request's line and headers may have together: 431 above it, or 414 where the line alone is too long.
    pub header_bytes: usize,
    /// How long a connection may take to send its next request, the headers in full. It is also how long an idle connection is kept.
    pub idle_timeout: Duration,
    /// How long a client may take to send a body, or each 64 KiB of a longer one (408), and how long it may take nothing of an answer (the
    /// connection is closed).
    pub client_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(30),
            instance_memory_bytes: 256 << 20,
            concurrent_requests: default_concurrent_requests(),
            queued_requests: 256,
            queue_timeout: Duration::from_millis(100),
            request_body_bytes: 32 << 20,
            connections: ConnectionLimits::default(),
        }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            // Below the 1,024 file descriptors that a process mostly has, since outbound calls and files take some too.
            count: 800,
            header_count: 100,
            header_bytes: 32 << 10,
            // Longer than the 60 seconds for which load balancers keep theirs, so that it is not this end that closes one just in use.
            idle_timeout: Duration::from_secs(75),
            client_timeout: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// How long a stop waits for the requests in flight: as long as an instance may live, and a moment to send its answer. So a request that was
    /// accepted is answered, if only by 504. What is still there then, such as a client that owes its body, is ended.
    pub fn shutdown_grace(&self) -> Duration {
        self.request_timeout.saturating_add(ANSWERING_TIME)
    }
}

/// What is left of the time of a stop for the answer to a request that took all of its own.
const ANSWERING_TIME: Duration = Duration::from_secs(1);

/// 16 for each processor: enough to fill the waits of storage that is near, and few enough that the last of them is not long in coming.
pub fn default_concurrent_requests() -> usize {
    16 * std::thread::available_parallelism().map_or(1, usize::from)
}
