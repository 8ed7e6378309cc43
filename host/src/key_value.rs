//! Key-value stores: read from memory, kept in a folder each, a file a key.
//!
//! - **Reads** are answered from memory. Every key is known there, so that what is absent costs no look at the disk; of the values, as many as a
//!   stated number of bytes holds, and those that were read or written last. Values are shared, never copied on the way to who asked.
//! - **Writes** go through: `set` returns when the file is there under its name. A value survives the end of the process however it comes, and is
//!   the old one or the new one in full; it is not forced to the medium, so a loss of power may take the last seconds' writes. That is right for
//!   what functions keep here, which is a cache and what a test wrote.
//! - **Size**: a store that is full refuses further values with an error, as Spin's does; nothing is thrown away that a component was told is kept.
//!
//! Keys are spread over shards by their hash, each with its own lock and its part of the memory, so that requests seldom meet. Files are named by
//! the hash of their key, since keys may be longer than file names and hold any character, and begin with the length of the key and the key itself.
//! Reads and writes of files block: they are small and local, and a hop to another thread would cost more.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::Application;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::runtime_config::{KeyValueStore, RuntimeConfig};

/// The label that needs no runtime configuration.
const DEFAULT_LABEL: &str = "default";

/// The largest value. Spin stops at its 128 MiB of host buffers; nothing that belongs into such a store comes near.
const VALUE_LIMIT_BYTES: usize = 16 << 20;

/// The longest key, which is also what a reader believes of a file's head.
const KEY_LIMIT_BYTES: usize = 4096;

/// What a file takes is counted in blocks of the file system. So the number of keys is bounded too, and with it the memory that they take.
const BLOCK_BYTES: u64 = 4096;

/// No file takes as long as this to be written and named.
const WRITING_TIME: Duration = Duration::from_mins(1);

/// Enough that a few processors rarely want the same.
const SHARDS: usize = 32;

/// A value, shared between the store and those who read it.
pub(crate) type Value = Arc<Vec<u8>>;

/// Every store of an application, by label.
pub(crate) type Stores = BTreeMap<String, Arc<Store>>;

/// How much a store holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreLimits {
    /// On disk.
    pub(crate) size_bytes: u64,
    /// Of values in memory.
    pub(crate) memory_bytes: usize,
}

/// One store.
pub(crate) struct Store {
    folder: PathBuf,
    limits: StoreLimits,
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    /// What all files take.
    used_bytes: AtomicU64,
    next_temporary: AtomicU64,
}

/// A part of the keys.
#[derive(Default)]
struct Shard {
    entries: HashMap<Arc<str>, Entry>,
    /// The keys whose values are in memory, the one to be asked to leave first in front. A key may stand here for a value that has left.
    residents: VecDeque<Arc<str>>,
    resident_bytes: usize,
}

struct Entry {
    /// What its file takes.
    file_bytes: u64,
    /// `None` if only the file has it.
    value: Option<Value>,
    /// Whether it was read since it was last asked to leave.
    used: bool,
}

/// Opens the stores that the components of `application` name.
pub(crate) fn open_stores(
    application: &Application,
    config: &RuntimeConfig,
    state_dir: &Path,
    limits: StoreLimits,
) -> Result<Stores, Error> {
    let mut stores = Stores::new();
    for (component, settings) in &application.components {
        for label in &settings.key_value_stores {
            if stores.contains_key(label) {
                continue;
            }
            let configured = config.key_value_stores.get(label);
            if configured.is_none() && label != DEFAULT_LABEL {
                return Err(Error::UnknownStore {
                    component: component.clone(),
                    label: label.clone(),
                });
            }
            let folder = match configured {
                Some(KeyValueStore::Spin { path: Some(path) }) => path.clone(),
                _ => state_dir.join("key-value").join(label),
            };
            let store = Store::open(&folder, limits).map_err(|source| Error::Folder {
                path: folder.clone(),
                source,
            })?;
            stores.insert(label.clone(), Arc::new(store));
        }
    }
    Ok(stores)
}

impl Store {
    /// Opens the store in `folder`, which is made if it is not there. Keys are read, values when they are asked for.
    pub(crate) fn open(folder: &Path, limits: StoreLimits) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let store = Self {
            folder: folder.to_owned(),
            limits,
            shards: std::iter::repeat_with(Mutex::default)
                .take(SHARDS)
                .collect(),
            hasher: RandomState::new(),
            used_bytes: AtomicU64::new(0),
            next_temporary: AtomicU64::new(0),
        };
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if is_temporary(&path) {
                remove_if_left_behind(&path)?;
                continue;
            }
            let mut file = fs::File::open(&path)?;
            let file_bytes = on_disk(file.metadata()?.len());
            // What is no file of this store was put there by somebody else, and takes its room all the same.
            store.used_bytes.fetch_add(file_bytes, Ordering::Relaxed);
            match read_key(&mut file) {
                Ok(key) => {
                    let entry = Entry {
                        file_bytes,
                        value: None,
                        used: false,
                    };
                    store.shard(&key).entries.insert(key.into(), entry);
                }
                Err(error) => tracing::warn!("{} is no key and value: {error}", path.display()),
            }
        }
        Ok(store)
    }

    /// The value of `key`.
    pub(crate) fn get(&self, key: &str) -> io::Result<Option<Value>> {
        let mut shard = self.shard(key);
        let Some(entry) = shard.entries.get_mut(key) else {
            return Ok(None);
        };
        if let Some(value) = &entry.value {
            entry.used = true;
            return Ok(Some(Arc::clone(value)));
        }
        let mut file = match fs::File::open(self.path(key)) {
            // Somebody cleaned up behind our back.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.forget(&mut shard, key);
                return Ok(None);
            }
            opened => opened?,
        };
        if read_key(&mut file)? != key {
            // Somebody put the value of another key there.
            self.forget(&mut shard, key);
            return Ok(None);
        }
        let mut value = Vec::new();
        file.read_to_end(&mut value)?;
        let value = Arc::new(value);
        shard.keep(key, Arc::clone(&value), self.shard_limit_bytes());
        Ok(Some(value))
    }

    /// Whether `key` has a value.
    pub(crate) fn exists(&self, key: &str) -> bool {
        self.shard(key).entries.contains_key(key)
    }

    /// Gives `key` a value, in place of the one it has. Readers see the old value or the new.
    pub(crate) fn set(&self, key: &str, value: Vec<u8>) -> io::Result<()> {
        if KEY_LIMIT_BYTES < key.len() {
            return Err(over_limit("the key", key.len(), KEY_LIMIT_BYTES));
        }
        if VALUE_LIMIT_BYTES < value.len() {
            return Err(over_limit("the value", value.len(), VALUE_LIMIT_BYTES));
        }
        let mut bytes = Vec::with_capacity(4 + key.len() + value.len());
        bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(&value);
        let new_bytes = on_disk(bytes.len() as u64);

        let mut shard = self.shard(key);
        let old_bytes = shard.entries.get(key).map_or(0, |entry| entry.file_bytes);
        self.reserve(old_bytes, new_bytes)?;
        if let Err(error) = self.write(key, &bytes) {
            self.release(new_bytes, old_bytes);
            return Err(error);
        }
        if let Some(entry) = shard.entries.get_mut(key) {
            entry.file_bytes = new_bytes;
        } else {
            let entry = Entry {
                file_bytes: new_bytes,
                value: None,
                used: false,
            };
            shard.entries.insert(key.into(), entry);
        }
        shard.keep(key, Arc::new(value), self.shard_limit_bytes());
        Ok(())
    }

    /// Takes `key` away; it need not be there.
    pub(crate) fn delete(&self, key: &str) -> io::Result<()> {
        let mut shard = self.shard(key);
        if !shard.entries.contains_key(key) {
            return Ok(());
        }
        match fs::remove_file(self.path(key)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.forget(&mut shard, key);
        Ok(())
    }

    fn forget(&self, shard: &mut Shard, key: &str) {
        if let Some(entry) = shard.entries.remove(key) {
            shard.resident_bytes -= entry.resident_bytes();
            self.release(entry.file_bytes, 0);
        }
    }

    /// Every key, in order.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self
            .shards
            .iter()
            .flat_map(|shard| {
                let shard = lock(shard);
                let keys = shard.entries.keys().map(ToString::to_string);
                keys.collect::<Vec<String>>()
            })
            .collect();
        keys.sort();
        keys
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, Shard> {
        let place = self.hasher.hash_one(key) as usize % SHARDS;
        lock(&self.shards[place])
    }

    fn shard_limit_bytes(&self) -> usize {
        self.limits.memory_bytes / SHARDS
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(hex(&Sha256::digest(key)))
    }

    /// A new file and a rename, so that a file is the old one or the new one in full.
    fn write(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.temporary_path();
        let written =
            fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, self.path(key)));
        if written.is_err() {
            // It takes room, and there may be none.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Where a new file is written: a name that no other process with this folder takes. The number of the process alone would not do, since
    /// containers that share a folder mostly have the same.
    fn temporary_path(&self) -> PathBuf {
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let hash = self.hasher.hash_one(number);
        self.folder
            .join(format!("{}-{hash:016x}.new", process::id()))
    }

    /// Counts `new_bytes` in place of `old_bytes`, provided that there is room.
    fn reserve(&self, old_bytes: u64, new_bytes: u64) -> io::Result<()> {
        let limit_bytes = self.limits.size_bytes;
        let replace = |used_bytes: u64| {
            let used_bytes = used_bytes.saturating_sub(old_bytes) + new_bytes;
            // What gets smaller is let in even where a lower limit was set since.
            (used_bytes <= limit_bytes || new_bytes <= old_bytes).then_some(used_bytes)
        };
        match self
            .used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, replace)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::other(format!(
                "the store is full: it holds {limit_bytes} bytes"
            ))),
        }
    }

    /// The reverse of [`Self::reserve`], for which there is always room.
    fn release(&self, new_bytes: u64, old_bytes: u64) {
        let replace = |used_bytes: u64| Some(used_bytes.saturating_sub(new_bytes) + old_bytes);
        let _ = self
            .used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, replace);
    }
}

impl Entry {
    fn resident_bytes(&self) -> usize {
        self.value.as_ref().map_or(0, |value| value.len())
    }
}

impl Shard {
    /// Puts the value of a key that is there into memory and lets others leave until there is room. A value that alone would take more than all
    /// the room is left to its file.
    ///
    /// Who leaves: the first in the queue that was not read since it came to stand at its end (a second chance for those that were).
    fn keep(&mut self, key: &str, value: Value, limit_bytes: usize) {
        let Some((key, _)) = self.entries.get_key_value(key) else {
            return;
        };
        let key = Arc::clone(key);
        let fits = value.len() <= limit_bytes;
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        let was_resident = entry.value.is_some();
        self.resident_bytes -= entry.resident_bytes();
        entry.value = fits.then_some(value);
        self.resident_bytes += entry.resident_bytes();
        if fits && !was_resident {
            self.residents.push_back(key);
        }
        while limit_bytes < self.resident_bytes || 2 * self.entries.len() + 8 < self.residents.len()
        {
            let Some(oldest) = self.residents.pop_front() else {
                return;
            };
            // Deleted since, or too large when it was written again.
            let Some(entry) = self.entries.get_mut(&oldest) else {
                continue;
            };
            if entry.used {
                entry.used = false;
                self.residents.push_back(oldest);
            } else {
                self.resident_bytes -= entry.resident_bytes();
                entry.value = None;
            }
        }
    }
}

/// A thread that panicked with the lock held left the maps whole: nothing in between can panic half-way.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a file of this length takes.
fn on_disk(length_bytes: u64) -> u64 {
    length_bytes.next_multiple_of(BLOCK_BYTES)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn read_key(file: &mut fs::File) -> io::Result<String> {
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if KEY_LIMIT_BYTES < length {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not a file of this store",
        ));
    }
    let mut key = vec![0; length];
    file.read_exact(&mut key)?;
    String::from_utf8(key).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

fn is_temporary(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "new")
}

/// Removes a temporary file unless another process with this folder may just be writing it.
fn remove_if_left_behind(path: &Path) -> io::Result<()> {
    let removed = fs::metadata(path).and_then(|metadata| {
        // A time in the future is none of this moment either.
        let age = metadata.modified()?.elapsed().unwrap_or(Duration::MAX);
        if age < WRITING_TIME {
            return Ok(());
        }
        fs::remove_file(path)
    });
    match removed {
        // It has got its name in the meantime.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn over_limit(what: &str, length: usize, limit: usize) -> io::Error {
    io::Error::other(format!(
        "{what} has {length} bytes, and the limit is {limit}"
    ))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    const LIMITS: StoreLimits = StoreLimits {
        size_bytes: 1 << 20,
        memory_bytes: 64 << 10,
    };

    fn open(folder: &tempfile::TempDir) -> Store {
        Store::open(folder.path(), LIMITS).unwrap()
    }

    impl Store {
        fn read(&self, key: &str) -> Option<Vec<u8>> {
            self.get(key).unwrap().map(|value| value.to_vec())
        }

        fn resident_bytes(&self) -> usize {
            self.shards
                .iter()
                .map(|shard| {
                    let shard = lock(shard);
                    let counted: usize = shard.entries.values().map(Entry::resident_bytes).sum();
                    assert_eq!(counted, shard.resident_bytes);
                    counted
                })
                .sum()
        }
    }

    #[test]
    fn values_come_back_and_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        assert_eq!(store.read("a"), None);
        let long_key = "ключ/".repeat(400);
        for (key, value) in [
            ("a", &b"1"[..]),
            ("", b"empty"),
            (&long_key, b""),
            ("a", b"22"),
        ] {
            store.set(key, value.to_vec()).unwrap();
            assert_eq!(store.read(key).as_deref(), Some(value));
        }
        // Not closed in any way: what is set is kept.
        std::mem::forget(store);

        let store = open(&folder);
        assert_eq!(store.keys(), ["", "a", &long_key]);
        assert!(store.exists("a"));
        assert_eq!(store.read("a").as_deref(), Some(&b"22"[..]));
        store.delete("a").unwrap();
        store.delete("a").unwrap();
        assert!(!store.exists("a"));
        assert_eq!(store.keys().len(), 2);
    }

    #[test]
    fn a_foreign_or_half_written_file_hinders_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let half_written = |name: &str, age: Duration| {
            let path = folder.path().join(name);
            fs::write(&path, "half").unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
            path
        };
        let old = half_written("7.new", 2 * WRITING_TIME);
        // Another host with the same folder is writing it.
        let fresh = half_written("8.new", Duration::ZERO);
        fs::write(folder.path().join("foreign"), "text").unwrap();
        let store = open(&folder);
        assert!(store.keys().is_empty());
        assert!(!old.exists());
        assert!(fresh.exists());
    }

    #[test]
    fn the_file_of_another_key_is_no_value() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        for key in ["a", "b"] {
            store.set(key, key.into()).unwrap();
        }
        let store = open(&folder);
        fs::copy(store.path("b"), store.path("a")).unwrap();
        assert_eq!(store.read("a"), None);
        assert_eq!(store.read("b"), Some(b"b".to_vec()));
    }

    #[test]
    fn two_hosts_with_one_folder_write_to_different_files() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (open(&folder), open(&folder));
        assert_ne!(first.temporary_path(), second.temporary_path());
        assert_ne!(first.temporary_path(), first.temporary_path());
        assert!(is_temporary(&first.temporary_path()));
    }

    #[test]
    fn limits_hold_and_the_count_follows() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        assert!(store.set("a", vec![0; VALUE_LIMIT_BYTES + 1]).is_err());
        assert!(store.set(&"k".repeat(KEY_LIMIT_BYTES + 1), vec![]).is_err());
        store.set("a", vec![0; 9000]).unwrap();
        store.set("a", vec![0; 15]).unwrap();
        assert_eq!(store.used_bytes.load(Ordering::Relaxed), BLOCK_BYTES);
        assert_eq!(open(&folder).used_bytes.into_inner(), BLOCK_BYTES);

        let blocks = LIMITS.size_bytes / BLOCK_BYTES;
        for number in 1..blocks {
            store.set(&number.to_string(), vec![]).unwrap();
        }
        let refused = store.set("b", vec![1]).unwrap_err();
        assert!(refused.to_string().contains("full"));
        assert!(!store.exists("b"));
        store.set("a", vec![2]).unwrap();
        store.delete("a").unwrap();
        store.set("b", vec![1]).unwrap();
        assert_eq!(store.used_bytes.load(Ordering::Relaxed), LIMITS.size_bytes);
    }

    #[test]
    fn memory_is_bounded_and_what_has_left_it_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        let value = |number: u32| number.to_le_bytes().repeat(100);
        let in_each_shard = LIMITS.memory_bytes / SHARDS / 400;
        assert_eq!(in_each_shard, 5);
        for number in 0..200 {
            store.set(&number.to_string(), value(number)).unwrap();
            assert!(store.resident_bytes() <= LIMITS.memory_bytes);
        }
        for round in 0..3 {
            for number in 0..200 {
                assert_eq!(
                    store.read(&number.to_string()),
                    Some(value(number)),
                    "{round}"
                );
            }
        }
        assert!(LIMITS.memory_bytes / 2 < store.resident_bytes());
        // Larger than a shard's memory.
        store.set("0", vec![1; 4096]).unwrap();
        assert_eq!(store.read("0"), Some(vec![1; 4096]));
        for number in 1..200 {
            store.delete(&number.to_string()).unwrap();
        }
        assert_eq!(store.resident_bytes(), 0);
    }

    #[test]
    fn a_value_in_memory_is_shared_and_not_copied() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        store.set("a", vec![1; 1000]).unwrap();
        let first = store.get("a").unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &store.get("a").unwrap().unwrap()));
        // Whoever reads it keeps what he has read.
        store.set("a", vec![2; 1000]).unwrap();
        assert_eq!(first[0], 1);
        assert_eq!(store.get("a").unwrap().unwrap()[0], 2);
    }

    #[test]
    fn what_is_read_again_and_again_stays() {
        let mut shard = Shard::default();
        let add = |shard: &mut Shard, key: &str| {
            let entry = Entry {
                file_bytes: 0,
                value: None,
                used: false,
            };
            shard.entries.insert(key.into(), entry);
            shard.keep(key, Arc::new(vec![0; 10]), 30);
        };
        add(&mut shard, "hot");
        for number in 0..20 {
            shard.entries.get_mut("hot").unwrap().used = true;
            add(&mut shard, &number.to_string());
        }
        assert!(shard.entries["hot"].value.is_some());
        assert!(shard.entries["3"].value.is_none());
        assert_eq!(shard.resident_bytes, 30);
    }

    #[test]
    fn a_key_that_comes_and_goes_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        for _ in 0..100 {
            store.set("a", vec![1]).unwrap();
            store.delete("a").unwrap();
        }
        assert!(store.shard("a").residents.len() <= 10);
        assert_eq!(store.used_bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn writers_and_readers_of_the_same_keys_agree() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        std::thread::scope(|scope| {
            for writer in 0..4_u8 {
                let store = &store;
                scope.spawn(move || {
                    for round in 0..50_usize {
                        let key = (round % 5).to_string();
                        store.set(&key, vec![writer; 1000 + round]).unwrap();
                        if let Some(value) = store.read(&key) {
                            assert!(value.iter().all(|byte| *byte == value[0]));
                        }
                        if round % 7 == 0 {
                            store.delete(&key).unwrap();
                        }
                    }
                });
            }
        });
        let used_bytes = store.used_bytes.load(Ordering::Relaxed);
        let reopened = open(&folder);
        assert_eq!(reopened.used_bytes.load(Ordering::Relaxed), used_bytes);
        for key in store.keys() {
            assert_eq!(store.read(&key), reopened.read(&key));
        }
    }
}
