//! What a request leaves for later ones.
//!
//! An instance lives for one request, so whatever is to outlive it lies in a key-value store. That store may be absent, slow or broken, and keeps what is put
//! there for ever: so nothing that lies there is needed, the number of keys is fixed, and a value says itself what it is.

use std::{
    cell::{Cell, OnceCell, RefCell},
    time::{Duration, Instant},
};

/// A key-value store.
pub trait KeyValue {
    /// The value of a key, if there is one.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueFailure>;

    /// Puts a value in the place of another.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), KeyValueFailure>;
}

/// The store is absent, or does not do what it is asked. It is done without, then, whatever the reason.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the key-value store fails")]
pub struct KeyValueFailure;

/// Opens a store.
pub type OpenKeyValue<'a> = &'a dyn Fn() -> Result<Box<dyn KeyValue>, KeyValueFailure>;

/// The key-value store as one request uses it: opened when it is first asked, left alone after its first failure, and written to after the answer.
///
/// A value lies in a slot, of which there are few, and ends with its name: one of another name is not there. Names begin with the scope, the address of the
/// storage, so that a deployment that was pointed at another bucket finds nothing of the old one.
pub struct SharedStore<'a> {
    open: OpenKeyValue<'a>,
    store: OnceCell<Option<Box<dyn KeyValue>>>,
    now: &'a dyn Fn() -> Duration,
    scope: String,
    left: RefCell<Vec<(String, Vec<u8>)>>,
    is_failing: Cell<bool>,
    is_distrusted: Cell<bool>,
    usage: Cell<SharedUsage>,
}

/// What asking the store brought and cost.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SharedUsage {
    /// How many slots were asked for.
    pub lookups: u32,
    /// How many had what was wanted.
    pub hits: u32,
    /// How long it took altogether.
    pub duration: Duration,
}

impl<'a> SharedStore<'a> {
    /// Nothing is opened yet. `now` is the time since 1970.
    pub fn new(open: OpenKeyValue<'a>, now: &'a dyn Fn() -> Duration, scope: String) -> Self {
        Self {
            open,
            store: OnceCell::new(),
            now,
            scope,
            left: RefCell::default(),
            is_failing: Cell::default(),
            is_distrusted: Cell::default(),
            usage: Cell::default(),
        }
    }

    /// The time since 1970, by which requests tell each other how old something is.
    pub fn now(&self) -> Duration {
        (self.now)()
    }

    /// What all names begin with.
    pub(super) fn scope(&self) -> &str {
        &self.scope
    }

    /// The value of this name, if it lies in this slot.
    pub fn get(&self, slot: &str, name: &str) -> Option<Vec<u8>> {
        if self.is_distrusted.get() {
            return None;
        }
        let started = Instant::now();
        let value = self
            .ask(|store| store.get(slot))
            .flatten()
            .and_then(|value| without_name(value, &self.ending(name)));
        let usage = self.usage.get();
        self.usage.set(SharedUsage {
            lookups: usage.lookups + 1,
            hits: usage.hits + u32::from(value.is_some()),
            duration: usage.duration + started.elapsed(),
        });
        value
    }

    /// Leaves a value for later requests. It is written by [`Self::write`].
    pub fn leave(&self, slot: String, name: &str, value: &[u8]) {
        let ending = self.ending(name);
        let mut named = Vec::with_capacity(value.len() + ending.len());
        named.extend_from_slice(value);
        named.extend_from_slice(&ending);
        self.left.borrow_mut().push((slot, named));
    }

    /// Writes what was left, best done when the answer is on its way. A store that fails is not asked again.
    pub fn write(&self) {
        for (slot, value) in self.left.take() {
            self.ask(|store| store.set(&slot, &value));
        }
    }

    /// Takes nothing more from the store, so that all is read anew and replaces what is there; whether something had been taken.
    pub fn distrust(&self) -> bool {
        !self.is_distrusted.replace(true) && 0 < self.usage.get().hits
    }

    /// Whether nothing is taken from the store any more.
    pub fn is_distrusted(&self) -> bool {
        self.is_distrusted.get()
    }

    /// Whether the store has failed, or could not be opened.
    pub fn is_failing(&self) -> bool {
        self.is_failing.get()
    }

    /// What asking brought and cost.
    pub fn usage(&self) -> SharedUsage {
        self.usage.get()
    }

    fn ask<T>(
        &self,
        question: impl FnOnce(&dyn KeyValue) -> Result<T, KeyValueFailure>,
    ) -> Option<T> {
        if self.is_failing.get() {
            return None;
        }
        let store = self.store.get_or_init(|| (self.open)().ok());
        let answer = store.as_deref().and_then(|store| question(store).ok());
        self.is_failing.set(answer.is_none());
        answer
    }

    /// The name and its length, so that no name is taken for the end of a longer one.
    fn ending(&self, name: &str) -> Vec<u8> {
        let mut ending = Vec::with_capacity(self.scope.len() + name.len() + 4);
        ending.extend_from_slice(self.scope.as_bytes());
        ending.extend_from_slice(name.as_bytes());
        let name_len_bytes = ending.len() as u32;
        ending.extend_from_slice(&name_len_bytes.to_le_bytes());
        ending
    }
}

fn without_name(mut value: Vec<u8>, ending: &[u8]) -> Option<Vec<u8>> {
    let len = value.strip_suffix(ending)?.len();
    value.truncate(len);
    Some(value)
}

impl std::fmt::Debug for SharedStore<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SharedStore({})", self.scope)
    }
}

#[cfg(any(test, feature = "testing"))]
pub(crate) mod testing {
    use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

    use super::{KeyValue, KeyValueFailure};

    /// A store in memory, and ways to make it fail.
    #[derive(Debug, Default)]
    pub struct MemoryKeyValue {
        /// What lies there.
        pub values: RefCell<BTreeMap<String, Vec<u8>>>,
        /// Whether it fails when it is asked.
        pub refuses_get: bool,
        /// Whether it fails when it is given something.
        pub refuses_set: bool,
    }

    /// Requests share it by its owners.
    impl KeyValue for Rc<MemoryKeyValue> {
        fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueFailure> {
            if self.refuses_get {
                return Err(KeyValueFailure);
            }
            Ok(self.values.borrow().get(key).cloned())
        }

        fn set(&self, key: &str, value: &[u8]) -> Result<(), KeyValueFailure> {
            if self.refuses_set {
                return Err(KeyValueFailure);
            }
            self.values
                .borrow_mut()
                .insert(key.to_owned(), value.to_vec());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::{testing::MemoryKeyValue, *};

    fn clock() -> Duration {
        Duration::from_secs(1)
    }

    #[test]
    fn what_one_request_leaves_the_next_one_finds_under_its_name_and_scope() {
        let values = Rc::new(MemoryKeyValue::default());
        let open: OpenKeyValue<'_> = &|| Ok(Box::new(values.clone()));
        let first = SharedStore::new(open, &clock, "http://a/".to_owned());
        assert_eq!(first.get("slot", "name"), None);
        first.leave("slot".to_owned(), "name", b"value");
        assert!(values.values.borrow().is_empty(), "the answer goes first");
        first.write();

        let next = SharedStore::new(open, &clock, "http://a/".to_owned());
        assert_eq!(next.get("slot", "name"), Some(b"value".to_vec()));
        assert_eq!(next.get("slot", "ame"), None);
        assert_eq!(next.get("slot", "another"), None);
        assert_eq!(next.get("another", "name"), None);
        let SharedUsage { lookups, hits, .. } = next.usage();
        assert_eq!((lookups, hits), (4, 1));

        let elsewhere = SharedStore::new(open, &clock, "http://b/".to_owned());
        assert_eq!(elsewhere.get("slot", "name"), None);
        // The end of a longer scope is another scope.
        let end = SharedStore::new(open, &clock, "/".to_owned());
        assert_eq!(end.get("slot", "name"), None);
    }

    #[test]
    fn what_is_distrusted_is_not_taken_again() {
        let values = Rc::new(MemoryKeyValue::default());
        let open: OpenKeyValue<'_> = &|| Ok(Box::new(values.clone()));
        let store = SharedStore::new(open, &clock, String::new());
        assert!(!store.distrust(), "nothing had been taken");

        let store = SharedStore::new(open, &clock, String::new());
        store.leave("slot".to_owned(), "name", b"value");
        store.write();
        assert!(store.get("slot", "name").is_some());
        assert!(store.distrust());
        assert_eq!(store.get("slot", "name"), None);
        assert!(!store.distrust(), "once is enough");
    }

    #[test]
    fn a_store_that_fails_is_done_without() {
        let absent: OpenKeyValue<'_> = &|| Err(KeyValueFailure);
        let values = Rc::new(MemoryKeyValue {
            refuses_get: true,
            ..MemoryKeyValue::default()
        });
        let broken: OpenKeyValue<'_> = &|| Ok(Box::new(values.clone()));
        for open in [absent, broken] {
            let store = SharedStore::new(open, &clock, String::new());
            assert!(!store.is_failing());
            assert_eq!(store.get("slot", "name"), None);
            assert!(store.is_failing());
            store.leave("slot".to_owned(), "name", b"value");
            store.write();
        }
        assert!(values.values.borrow().is_empty(), "it is left alone");
    }
}
