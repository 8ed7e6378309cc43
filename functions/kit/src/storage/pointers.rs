//! Documents that change, kept for some seconds.

use std::time::Duration;

use index::Bytes;
use pointer::COMPACT_MAGIC;
use xxhash_rust::xxh64::xxh64;

use super::{Document, DocumentQuery, Storage, StorageError, shared::SharedStore};

/// The pointers of collections, from the storage or as an earlier request left them.
///
/// A document that was asked for less than its lifetime ago is taken from the shared store without asking anybody. After that the storage is asked whether it
/// is still the one, by its entity tag; while the storage is away, the one that is there goes on and is called stale, and again nobody is asked for a lifetime,
/// so that not every request waits for a connection that does not come. What comes damaged is as good as nothing: it is not kept. Without a store, every request
/// asks.
#[derive(Clone, Copy, Debug)]
pub struct Pointers<'a> {
    storage: &'a dyn Storage,
    store: Option<&'a SharedStore<'a>>,
    lifetime: Duration,
}

/// A document as it is answered from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PointerDocument {
    /// The document.
    pub bytes: Bytes,
    /// How long ago it was certainly the current one.
    pub age: Duration,
    /// Whether it may have been replaced, and the storage cannot be asked.
    pub is_stale: bool,
}

/// A document as it lies in the shared store.
struct Kept {
    /// When the storage last said that it is the current one; since 1970.
    checked_at: Duration,
    /// When the storage was last asked, whether it answered or not.
    asked_at: Duration,
    etag: Option<String>,
    bytes: Bytes,
}

impl<'a> Pointers<'a> {
    /// The pointers in a storage, kept for `lifetime` where there is a store.
    pub fn new(
        storage: &'a dyn Storage,
        store: Option<&'a SharedStore<'a>>,
        lifetime: Duration,
    ) -> Self {
        Self {
            storage,
            store,
            lifetime,
        }
    }

    /// Reads these documents: one result each, in the order asked. Those that the storage has to be asked for are one batch; `keep` says what is kept of one of
    /// them, by its position in `keys`: of a damaged one nothing.
    pub fn read(
        &self,
        keys: &[String],
        keep: &dyn Fn(usize, &Bytes) -> Option<Bytes>,
    ) -> Vec<Result<PointerDocument, StorageError>> {
        let mut kept: Vec<Option<Kept>> = keys.iter().map(|key| self.kept(key)).collect();
        let now = || self.store.map_or(Duration::ZERO, SharedStore::now);
        let asked_at = now();
        let is_asked: Vec<bool> = kept
            .iter()
            .map(|kept| {
                kept.as_ref()
                    .is_none_or(|kept| !kept.is_fresh(asked_at, self.lifetime))
            })
            .collect();
        let queries: Vec<DocumentQuery> = keys
            .iter()
            .zip(&kept)
            .zip(&is_asked)
            .filter(|(_, is_asked)| **is_asked)
            .map(|((key, kept), _)| DocumentQuery {
                key: key.clone(),
                known_etag: kept.as_ref().and_then(|kept| kept.etag.clone()),
            })
            .collect();
        let mut documents = if queries.is_empty() {
            Vec::new()
        } else {
            self.storage.documents(&queries)
        }
        .into_iter();
        // After the wait, so that one which took long counts from its end.
        let now = now();
        keys.iter()
            .enumerate()
            .zip(&mut kept)
            .zip(is_asked)
            .map(|(((position, key), kept), is_asked)| match kept.take() {
                Some(kept) if !is_asked => Ok(kept.document(now, self.lifetime)),
                kept => {
                    let missing = || {
                        Err(StorageError::Unreachable {
                            reason: "fewer answers than questions".to_owned(),
                        })
                    };
                    let document = documents.next().unwrap_or_else(missing);
                    let keep = |bytes: &Bytes| keep(position, bytes);
                    self.judge(key, kept, document, now, &keep)
                }
            })
            .collect()
    }

    /// What the storage's answer makes of what was kept, and what is kept from now on.
    fn judge(
        &self,
        key: &str,
        kept: Option<Kept>,
        document: Result<Document, StorageError>,
        now: Duration,
        keep: &dyn Fn(&Bytes) -> Option<Bytes>,
    ) -> Result<PointerDocument, StorageError> {
        let kept = match (document, kept) {
            (Ok(Document::Read { bytes, .. }), _) if self.store.is_none() => {
                return Ok(PointerDocument {
                    bytes,
                    age: Duration::ZERO,
                    is_stale: false,
                });
            }
            (Ok(Document::Read { bytes, etag }), kept) => match (keep(&bytes), kept) {
                (Some(bytes), _) => Kept {
                    checked_at: now,
                    asked_at: now,
                    etag,
                    bytes,
                },
                (None, Some(kept)) => kept.going_on(now),
                (None, None) => {
                    return Ok(PointerDocument {
                        bytes,
                        age: Duration::ZERO,
                        is_stale: false,
                    });
                }
            },
            (Ok(Document::Unchanged), Some(kept)) => Kept {
                checked_at: now,
                asked_at: now,
                ..kept
            },
            (Ok(Document::Unchanged), None) => {
                return Err(StorageError::Unexpected {
                    key: key.to_owned(),
                    what: "it has not changed, and nothing of it was known".to_owned(),
                });
            }
            (Err(StorageError::Unreachable { .. }), Some(kept)) => kept.going_on(now),
            (Err(error), _) => return Err(error),
        };
        if let Some(store) = self.store {
            store.leave(slot(store, key), key, &kept.encode());
        }
        Ok(kept.document(now, self.lifetime))
    }

    fn kept(&self, key: &str) -> Option<Kept> {
        let store = self.store?;
        Kept::decode(store.get(&slot(store, key), key)?)
    }
}

/// A slot of its own for each pointer, as few as there are collections, and for each form in which one is kept.
fn slot(store: &SharedStore<'_>, key: &str) -> String {
    let hash = xxh64(key.as_bytes(), xxh64(store.scope().as_bytes(), 0));
    format!("pointer-{COMPACT_MAGIC}-{hash:016x}")
}

impl Kept {
    /// Whether the storage need not be asked. A time that lies ahead was written by another clock, and says nothing.
    fn is_fresh(&self, now: Duration, lifetime: Duration) -> bool {
        now.checked_sub(self.asked_at)
            .is_some_and(|age| age < lifetime)
    }

    /// The same where the storage was asked and had nothing better. If the clock was set back since, it was checked now at the latest, and is stale a lifetime on.
    fn going_on(self, now: Duration) -> Self {
        Self {
            checked_at: self.checked_at.min(now),
            asked_at: now,
            ..self
        }
    }

    fn document(self, now: Duration, lifetime: Duration) -> PointerDocument {
        let age = now.saturating_sub(self.checked_at);
        PointerDocument {
            bytes: self.bytes,
            age,
            is_stale: self.checked_at < self.asked_at && lifetime <= age,
        }
    }

    /// A line with a checksum, both times in milliseconds and the entity tag; then the document.
    fn encode(&self) -> Vec<u8> {
        let content = format!(
            "{} {} {}\n",
            self.checked_at.as_millis(),
            self.asked_at.as_millis(),
            self.etag.as_deref().unwrap_or_default(),
        );
        let content = [content.as_bytes(), &self.bytes].concat();
        let checksum = format!("{:016x} ", xxh64(&content, 0));
        [checksum.as_bytes(), &content].concat()
    }

    /// Nothing but what [`Self::encode`] wrote, to the bit.
    fn decode(value: Vec<u8>) -> Option<Self> {
        let line_end = value.iter().position(|&byte| byte == b'\n')?;
        let line = std::str::from_utf8(value.get(..line_end)?).ok()?;
        let (checksum, line) = line.split_once(' ')?;
        let content = value.get(checksum.len() + 1..)?;
        if u64::from_str_radix(checksum, 16) != Ok(xxh64(content, 0)) {
            return None;
        }
        let mut parts = line.splitn(3, ' ');
        let mut time = || Some(Duration::from_millis(parts.next()?.parse().ok()?));
        let (checked_at, asked_at) = (time()?, time()?);
        let etag = parts.next().filter(|etag| !etag.is_empty());
        let etag = etag.map(str::to_owned);
        Some(Self {
            checked_at,
            asked_at,
            etag,
            bytes: Bytes::from(value).split_off(line_end + 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        rc::Rc,
    };

    use super::{
        super::{
            Piece,
            shared::{OpenKeyValue, testing::MemoryKeyValue},
        },
        *,
    };

    const LIFETIME: Duration = Duration::from_secs(5);

    const DAMAGED: &[u8] = b"\"13\"";

    /// One document in several versions, and a note of what was asked for it.
    #[derive(Default)]
    struct Documents {
        version: Cell<u32>,
        failure: RefCell<Option<StorageError>>,
        asked: RefCell<Vec<String>>,
    }

    impl Storage for Documents {
        fn read(&self, _: &[Piece]) -> Vec<Result<Bytes, StorageError>> {
            Vec::new()
        }

        fn documents(&self, queries: &[DocumentQuery]) -> Vec<Result<Document, StorageError>> {
            let version = format!("\"{}\"", self.version.get());
            let answer = |query: &DocumentQuery| {
                let known = query.known_etag.as_deref().unwrap_or("-");
                self.asked
                    .borrow_mut()
                    .push(format!("{} {known}", query.key));
                match self.failure.borrow().clone() {
                    Some(failure) => Err(failure),
                    None if query.known_etag.as_ref() == Some(&version) => Ok(Document::Unchanged),
                    None => Ok(Document::Read {
                        bytes: Bytes::from(version.clone().into_bytes()),
                        etag: Some(version.clone()),
                    }),
                }
            };
            queries.iter().map(answer).collect()
        }
    }

    /// What one request at this time is told of `movies`, in the form `document age stale`, and what the storage was asked for it.
    fn check(documents: &Documents, store: &Rc<MemoryKeyValue>, seconds: u64, expected: [&str; 2]) {
        check_in(documents, store, "http://a/", seconds, expected);
    }

    fn check_in(
        documents: &Documents,
        store: &Rc<MemoryKeyValue>,
        scope: &str,
        seconds: u64,
        [expected, asked]: [&str; 2],
    ) {
        let open: OpenKeyValue<'_> = &|| Ok(Box::new(store.clone()));
        let now = || Duration::from_secs(1_000_000 + seconds);
        let shared = SharedStore::new(open, &now, scope.to_owned());
        let pointers = Pointers::new(documents, Some(&shared), LIFETIME);
        documents.asked.take();
        let sound =
            |_, document: &Bytes| Some(document.clone()).filter(|document| document != DAMAGED);
        let found = match pointers.read(&["movies".to_owned()], &sound).remove(0) {
            Ok(pointer) => format!(
                "{} {}{}",
                String::from_utf8_lossy(&pointer.bytes),
                pointer.age.as_secs(),
                if pointer.is_stale { " stale" } else { "" }
            ),
            Err(error) => error.to_string(),
        };
        shared.write();
        assert_eq!(found, expected, "after {seconds} s");
        assert_eq!(
            documents.asked.borrow().join(", "),
            asked,
            "after {seconds} s"
        );
    }

    fn away() -> StorageError {
        StorageError::Unreachable {
            reason: "connection refused".to_owned(),
        }
    }

    #[test]
    fn a_pointer_is_kept_some_seconds_and_then_asked_for_by_its_tag() {
        let (documents, store) = (Documents::default(), Rc::default());
        check(&documents, &store, 0, ["\"0\" 0", "movies -"]);
        check(&documents, &store, 4, ["\"0\" 4", ""]);
        check(&documents, &store, 5, ["\"0\" 0", "movies \"0\""]);
        documents.version.set(1);
        check(&documents, &store, 9, ["\"0\" 4", ""]);
        check(&documents, &store, 10, ["\"1\" 0", "movies \"0\""]);
        check(&documents, &store, 11, ["\"1\" 1", ""]);
        // Another clock, which is behind: what it finds was not there yet.
        check(&documents, &store, 3, ["\"1\" 0", "movies \"1\""]);
    }

    #[test]
    fn while_the_storage_is_away_the_old_pointer_goes_on_and_is_called_stale() {
        let (documents, store) = (Documents::default(), Rc::default());
        documents.failure.replace(Some(away()));
        let nothing = "the storage cannot be reached (connection refused)";
        check(&documents, &store, 0, [nothing, "movies -"]);
        documents.failure.replace(None);
        check(&documents, &store, 1, ["\"0\" 0", "movies -"]);
        documents.failure.replace(Some(away()));
        check(&documents, &store, 5, ["\"0\" 4", ""]);
        check(&documents, &store, 6, ["\"0\" 5 stale", "movies \"0\""]);
        check(&documents, &store, 10, ["\"0\" 9 stale", ""]);
        check(&documents, &store, 11, ["\"0\" 10 stale", "movies \"0\""]);
        documents.failure.replace(None);
        documents.version.set(1);
        check(&documents, &store, 15, ["\"0\" 14 stale", ""]);
        check(&documents, &store, 16, ["\"1\" 0", "movies \"0\""]);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_an_old_pointer_current() {
        let (documents, store) = (Documents::default(), Rc::default());
        check(&documents, &store, 100, ["\"0\" 0", "movies -"]);
        documents.failure.replace(Some(away()));
        check(&documents, &store, 3, ["\"0\" 0", "movies \"0\""]);
        check(&documents, &store, 7, ["\"0\" 4", ""]);
        check(&documents, &store, 8, ["\"0\" 5 stale", "movies \"0\""]);
    }

    #[test]
    fn what_comes_damaged_is_not_kept_and_does_not_take_the_place_of_what_is() {
        let (documents, store) = (Documents::default(), Rc::default());
        documents.version.set(13);
        check(&documents, &store, 0, ["\"13\" 0", "movies -"]);
        check(&documents, &store, 1, ["\"13\" 0", "movies -"]);
        documents.version.set(1);
        check(&documents, &store, 2, ["\"1\" 0", "movies -"]);
        documents.version.set(13);
        check(&documents, &store, 7, ["\"1\" 5 stale", "movies \"1\""]);
        check(&documents, &store, 8, ["\"1\" 6 stale", ""]);
        documents.version.set(2);
        check(&documents, &store, 12, ["\"2\" 0", "movies \"1\""]);
    }

    #[test]
    fn a_refusal_is_told_and_nothing_old_is_put_in_its_place() {
        let (documents, store) = (Documents::default(), Rc::default());
        check(&documents, &store, 0, ["\"0\" 0", "movies -"]);
        let key = || "movies".to_owned();
        for failure in [
            StorageError::Absent { key: key() },
            StorageError::Denied { key: key() },
        ] {
            let text = failure.to_string();
            documents.failure.replace(Some(failure));
            check(&documents, &store, 9, [&text, "movies \"0\""]);
        }
    }

    #[test]
    fn another_place_has_pointers_of_its_own() {
        let (documents, store) = (Documents::default(), Rc::default());
        check_in(
            &documents,
            &store,
            "http://a/b/",
            0,
            ["\"0\" 0", "movies -"],
        );
        check_in(
            &documents,
            &store,
            "http://a/c/",
            1,
            ["\"0\" 0", "movies -"],
        );
        check_in(&documents, &store, "http://a/b/", 2, ["\"0\" 2", ""]);
        assert_eq!(store.values.borrow().len(), 2);
    }

    #[test]
    fn whatever_lies_in_the_store_is_no_pointer_unless_it_is_ours() {
        let (documents, store) = (Documents::default(), Rc::default());
        check(&documents, &store, 0, ["\"0\" 0", "movies -"]);
        let (slot, value) = store.values.borrow().clone().pop_first().unwrap();
        for position in 0..value.len() {
            let mut damaged = value.clone();
            damaged[position] ^= 1;
            store.values.borrow_mut().insert(slot.clone(), damaged);
            check(&documents, &store, 1, ["\"0\" 0", "movies -"]);
        }
        for len in 0..value.len() {
            let short = value[..len].to_vec();
            store.values.borrow_mut().insert(slot.clone(), short);
            check(&documents, &store, 1, ["\"0\" 0", "movies -"]);
        }
        let refusing = Rc::new(MemoryKeyValue {
            refuses_get: true,
            refuses_set: true,
            ..MemoryKeyValue::default()
        });
        check(&documents, &refusing, 1, ["\"0\" 0", "movies -"]);
    }

    #[test]
    fn without_a_store_every_request_asks_and_several_documents_are_one_batch() {
        let documents = Documents::default();
        let pointers = Pointers::new(&documents, None, LIFETIME);
        let keys = ["movies".to_owned(), "books".to_owned()];
        for _ in 0..2 {
            documents.asked.take();
            let found = pointers.read(&keys, &|_, bytes| Some(bytes.clone()));
            assert!(
                found
                    .iter()
                    .all(|pointer| pointer.as_ref().is_ok_and(|pointer| !pointer.is_stale))
            );
            assert_eq!(*documents.asked.borrow(), ["movies -", "books -"]);
        }
    }
}
