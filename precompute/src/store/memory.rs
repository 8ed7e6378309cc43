//! A bucket in memory, for tests: it counts what is written and fails when it is told to.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Condition, Content, Object, ObjectInfo, Store, StoreError};
use crate::digest::sha256_hex;

/// See the module.
#[derive(Default)]
pub(crate) struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    /// Writes and deletions that succeeded, in order.
    changes: Vec<String>,
    /// How many more changes succeed before all fail.
    changes_until_failure: Option<usize>,
    /// The clock: every write is a second after the one before.
    now_s: i64,
    modified_s: BTreeMap<String, i64>,
    before_next_deletion: Option<Act>,
}

/// What somebody else does to the bucket.
type Act = Box<dyn FnOnce(&MemoryStore) + Send>;

impl MemoryStore {
    /// Has the changes after the next `count` fail; with `None` all succeed again.
    pub(crate) fn fail_after(&self, count: Option<usize>) {
        self.state.lock().unwrap().changes_until_failure = count;
    }

    /// What was written and deleted since the last call, sorted, since uploads are parallel.
    pub(crate) fn take_changes(&self) -> Vec<String> {
        let mut changes = std::mem::take(&mut self.state.lock().unwrap().changes);
        changes.sort();
        changes
    }

    /// All keys.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.state.lock().unwrap().objects.keys().cloned().collect()
    }

    /// Puts an object there behind the job's back.
    pub(crate) fn plant(&self, key: &str, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap();
        state.write(key, bytes);
    }

    /// Has somebody else act in the middle of a job.
    pub(crate) fn before_next_deletion(&self, act: impl FnOnce(&Self) + Send + 'static) {
        self.state.lock().unwrap().before_next_deletion = Some(Box::new(act));
    }

    fn change(
        &self,
        what: &str,
        key: &str,
    ) -> Result<std::sync::MutexGuard<'_, State>, StoreError> {
        let mut state = self.state.lock().unwrap();
        if let Some(left) = &mut state.changes_until_failure {
            if *left == 0 {
                return Err(StoreError::Request {
                    operation: "change",
                    key: key.to_owned(),
                    source: "the test pulled the plug".into(),
                });
            }
            *left -= 1;
        }
        state.changes.push(format!("{what} {key}"));
        Ok(state)
    }
}

impl State {
    fn write(&mut self, key: &str, bytes: &[u8]) {
        self.now_s += 1;
        self.modified_s.insert(key.to_owned(), self.now_s);
        self.objects.insert(key.to_owned(), bytes.to_vec());
    }

    fn info(&self, key: &str) -> Option<ObjectInfo> {
        let bytes = self.objects.get(key)?;
        Some(ObjectInfo {
            key: key.to_owned(),
            len_bytes: bytes.len() as u64,
            modified_s: self.modified_s[key],
            sha256: Some(sha256_hex(bytes)),
        })
    }
}

impl Store for MemoryStore {
    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, StoreError> {
        let state = self.state.lock().unwrap();
        let keys = state.objects.keys().filter(|key| key.starts_with(prefix));
        Ok(keys.filter_map(|key| state.info(key)).collect())
    }

    fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StoreError> {
        Ok(self.state.lock().unwrap().info(key))
    }

    fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let state = self.state.lock().unwrap();
        let object = state.objects.get(key);
        Ok(object.map(|bytes| Object {
            bytes: bytes.clone(),
            etag: sha256_hex(bytes),
        }))
    }

    fn get_range(&self, key: &str, offset: u64, len_bytes: u64) -> Result<Vec<u8>, StoreError> {
        let state = self.state.lock().unwrap();
        let bytes = &state.objects[key];
        let start = bytes.len().min(offset as usize);
        let end = bytes.len().min(start + len_bytes as usize);
        Ok(bytes[start..end].to_vec())
    }

    fn put_immutable(
        &self,
        key: &str,
        content: Content<'_>,
        sha256: &str,
    ) -> Result<(), StoreError> {
        let bytes = match content {
            Content::Document(bytes) => bytes.to_vec(),
            Content::File(path) => std::fs::read(path).unwrap(),
        };
        assert_eq!(
            sha256_hex(&bytes),
            sha256,
            "S3 refuses content with another checksum"
        );
        self.change("put", key)?.write(key, &bytes);
        Ok(())
    }

    fn put_if(&self, key: &str, document: &[u8], condition: &Condition) -> Result<(), StoreError> {
        let mut state = self.change("put", key)?;
        let etag = state.objects.get(key).map(|bytes| sha256_hex(bytes));
        let holds = match condition {
            Condition::Absent => etag.is_none(),
            Condition::Unchanged { etag: expected } => etag.as_ref() == Some(expected),
        };
        if !holds {
            return Err(StoreError::ConditionFailed {
                key: key.to_owned(),
            });
        }
        state.write(key, document);
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        let act = self.state.lock().unwrap().before_next_deletion.take();
        if let Some(act) = act {
            act(self);
        }
        self.change("delete", key)?.objects.remove(key);
        Ok(())
    }
}
