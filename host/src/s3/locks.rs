//! One lock a key: many readers or one writer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// Locks that nobody holds are swept out when the map has grown to this many.
const SWEEP_AT: usize = 1024;

/// The locks of the keys that are in use.
#[derive(Default)]
pub(super) struct KeyLocks(Mutex<HashMap<String, Weak<RwLock<()>>>>);

impl KeyLocks {
    /// Waits until nobody writes `key`.
    pub(super) async fn read(&self, bucket: &str, key: &str) -> OwnedRwLockReadGuard<()> {
        self.lock(bucket, key).read_owned().await
    }

    /// Waits until nobody reads or writes `key`.
    pub(super) async fn write(&self, bucket: &str, key: &str) -> OwnedRwLockWriteGuard<()> {
        self.lock(bucket, key).write_owned().await
    }

    fn lock(&self, bucket: &str, key: &str) -> Arc<RwLock<()>> {
        // The map is whole after every statement below, whatever panicked elsewhere.
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if SWEEP_AT <= locks.len() {
            locks.retain(|_, lock| lock.strong_count() != 0);
        }
        // A bucket's name holds no slash, so the two parts cannot be confused.
        let lock = locks.entry(format!("{bucket}/{key}")).or_default();
        lock.upgrade().unwrap_or_else(|| {
            let fresh = Arc::default();
            *lock = Arc::downgrade(&fresh);
            fresh
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_has_one_writer_and_other_keys_go_on() {
        let locks = KeyLocks::default();
        let writer = locks.write("b", "a").await;
        let other = locks.write("b", "b").await;
        let waiting = locks.lock("b", "a");
        assert!(waiting.try_read().is_err());
        drop(writer);
        assert!(waiting.try_read().is_ok());
        drop(other);
    }

    #[test]
    fn locks_that_nobody_holds_are_swept() {
        let locks = KeyLocks::default();
        for number in 0..10 * SWEEP_AT {
            locks.lock("b", &number.to_string());
        }
        assert!(locks.0.lock().unwrap().len() <= SWEEP_AT);
    }
}
