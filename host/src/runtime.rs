//! The threads that everything runs on.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// How many tasks a thread runs between two looks at its sockets. Tokio's usual 61 suits tasks that mostly wait; a request here mostly computes, a third of a
/// millisecond and more, and what arrives would stand unread for 20 ms, where no clock runs for it and the queue does not see it.
const TASKS_BETWEEN_LOOKS: u32 = 4;

/// A runtime for [`Server`](crate::Server): a thread for each processor.
///
/// # Errors
///
/// The system gives no threads.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .event_interval(TASKS_BETWEEN_LOOKS)
        .global_queue_interval(TASKS_BETWEEN_LOOKS)
        .build()
}
