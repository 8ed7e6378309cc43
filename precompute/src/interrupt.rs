//! Ctrl-C, and what has to be tidied up before the program ends.
//!
//! Whoever makes something that must not outlive an interrupted run (a temporary file, a multipart upload) registers how to take it back with
//! [`on_interrupt`] *before* making it, and keeps the guard until the thing is complete.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Cleanup = Box<dyn FnOnce() + Send>;

struct Registry {
    next_id: u64,
    cleanups: BTreeMap<u64, Cleanup>,
}

impl Registry {
    const fn new() -> Self {
        Self {
            next_id: 0,
            cleanups: BTreeMap::new(),
        }
    }

    fn register(&mut self, cleanup: Cleanup) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.cleanups.insert(id, cleanup);
        id
    }

    fn forget(&mut self, id: u64) {
        self.cleanups.remove(&id);
    }

    /// Runs every clean-up, newest first.
    fn tidy_up(&mut self) {
        while let Some((_, cleanup)) = self.cleanups.pop_last() {
            cleanup();
        }
    }
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry::new());

fn registry() -> MutexGuard<'static, Registry> {
    // The registry is consistent after every statement, so a panic elsewhere does not spoil it.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the registered clean-up back when it is dropped.
#[must_use = "the clean-up is forgotten as soon as the guard is dropped"]
#[derive(Debug)]
pub struct CleanupGuard {
    id: u64,
}

impl Drop for CleanupGuard {
    fn drop(&mut self) {
        registry().forget(self.id);
    }
}

/// Has `cleanup` run if the program is interrupted while the guard lives.
pub fn on_interrupt(cleanup: impl FnOnce() + Send + 'static) -> CleanupGuard {
    let id = registry().register(Box::new(cleanup));
    CleanupGuard { id }
}

/// Makes Ctrl-C (and SIGTERM, which a cluster sends) tidy up and end the program with `status`.
pub fn end_with(status: u8) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || {
        // Locked to the end: another thread that fails because its file is gone waits in the drop of its guard and cannot end the program with
        // another status, and none can begin something new.
        let mut registry = registry();
        registry.tidy_up();
        #[expect(clippy::exit, reason = "an interrupt ends the program wherever it is")]
        std::process::exit(i32::from(status));
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn only_what_is_still_registered_is_tidied_up() {
        let ran = Arc::new(Mutex::new(Vec::new()));
        let mut registry = Registry::new();
        let mut register = |name: &'static str| {
            let ran = Arc::clone(&ran);
            registry.register(Box::new(move || ran.lock().unwrap().push(name)))
        };
        register("first");
        let complete = register("complete");
        register("second");
        registry.forget(complete);
        registry.tidy_up();
        registry.tidy_up();
        assert_eq!(*ran.lock().unwrap(), ["second", "first"]);
    }
}
