//! Key-value stores: a folder each, a file a key.
//!
//! A file is named by the hash of its key, since keys may be longer than file names and hold any character; it begins with the
//! length of the key and the key itself. Writes are a new file and a rename, so that a reader sees the old value or the new.
//! Reads and writes block: the files are small and local, and a hop to another thread would cost more than the read.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use app::Application;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::runtime_config::{KeyValueStore, RuntimeConfig};

/// The label that needs no runtime configuration.
const DEFAULT_LABEL: &str = "default";

/// The largest value. Spin stops at its 128 MiB of host buffers; nothing that belongs into such a store comes near.
const VALUE_LIMIT_BYTES: usize = 16 << 20;

/// How much a store holds, keys and values together.
const STORE_LIMIT_BYTES: u64 = 1 << 30;

/// The longest key, which is also what a reader believes of a file's head.
const KEY_LIMIT_BYTES: usize = 4096;

/// Every store of an application, by label.
pub(crate) type Stores = BTreeMap<String, std::sync::Arc<Store>>;

/// One store.
pub(crate) struct Store {
    folder: PathBuf,
    /// The bytes of all files. Racing writers of one key may count a little wrong until the next start, which counts anew.
    used_bytes: AtomicU64,
    next_temporary: AtomicU64,
}

/// Opens the stores that the components of `application` name.
pub(crate) fn open_stores(
    application: &Application,
    config: &RuntimeConfig,
    state_dir: &Path,
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
            let store = Store::open(&folder).map_err(|source| Error::Folder {
                path: folder.clone(),
                source,
            })?;
            stores.insert(label.clone(), std::sync::Arc::new(store));
        }
    }
    Ok(stores)
}

impl Store {
    /// Opens the store in `folder`, which is made if it is not there.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut used_bytes = 0;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if is_temporary(&entry.path()) {
                fs::remove_file(entry.path())?;
            } else {
                used_bytes += entry.metadata()?.len();
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            used_bytes: AtomicU64::new(used_bytes),
            next_temporary: AtomicU64::new(0),
        })
    }

    /// The value of `key`.
    pub(crate) fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(mut file) = open_if_there(&self.path(key))? else {
            return Ok(None);
        };
        read_key(&mut file)?;
        let mut value = Vec::new();
        file.read_to_end(&mut value)?;
        Ok(Some(value))
    }

    /// Whether `key` has a value.
    pub(crate) fn exists(&self, key: &str) -> io::Result<bool> {
        self.path(key).try_exists()
    }

    /// Gives `key` a value, in place of the one it has.
    pub(crate) fn set(&self, key: &str, value: &[u8]) -> io::Result<()> {
        if KEY_LIMIT_BYTES < key.len() {
            return Err(over_limit("the key", key.len(), KEY_LIMIT_BYTES));
        }
        if VALUE_LIMIT_BYTES < value.len() {
            return Err(over_limit("the value", value.len(), VALUE_LIMIT_BYTES));
        }
        let mut bytes = Vec::with_capacity(4 + key.len() + value.len());
        bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(value);

        let path = self.path(key);
        let old_bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let new_bytes = bytes.len() as u64;
        let used_bytes = self
            .used_bytes
            .load(Ordering::Relaxed)
            .saturating_sub(old_bytes);
        if STORE_LIMIT_BYTES < used_bytes + new_bytes {
            return Err(io::Error::other(format!(
                "the store is full: it holds {STORE_LIMIT_BYTES} bytes"
            )));
        }
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = self.folder.join(format!("{number}.new"));
        fs::write(&temporary, bytes)?;
        fs::rename(&temporary, &path)?;
        self.count(old_bytes, new_bytes);
        Ok(())
    }

    /// Takes `key` away; it need not be there.
    pub(crate) fn delete(&self, key: &str) -> io::Result<()> {
        let path = self.path(key);
        let old_bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => {
                self.count(old_bytes, 0);
                Ok(())
            }
        }
    }

    /// Every key, in order.
    pub(crate) fn keys(&self) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if is_temporary(&path) {
                continue;
            }
            // A file may go between the listing and here.
            if let Some(mut file) = open_if_there(&path)? {
                keys.push(read_key(&mut file)?);
            }
        }
        keys.sort();
        Ok(keys)
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(hex(&Sha256::digest(key)))
    }

    fn count(&self, old_bytes: u64, new_bytes: u64) {
        // Two steps and both saturating: a total that is a little wrong is better than one that wraps.
        let update = |used: u64| Some(used.saturating_sub(old_bytes).saturating_add(new_bytes));
        let _ = self
            .used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
    }
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

fn open_if_there(path: &Path) -> io::Result<Option<fs::File>> {
    match fs::File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
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

fn over_limit(what: &str, length: usize, limit: usize) -> io::Error {
    io::Error::other(format!(
        "{what} has {length} bytes, and the limit is {limit}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.get("a").unwrap(), None);
        let long_key = "ключ/".repeat(400);
        for (key, value) in [
            ("a", &b"1"[..]),
            ("", b"empty"),
            (&long_key, b""),
            ("a", b"22"),
        ] {
            store.set(key, value).unwrap();
            assert_eq!(store.get(key).unwrap().as_deref(), Some(value));
        }
        drop(store);

        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.keys().unwrap(), ["", "a", &long_key]);
        assert!(store.exists("a").unwrap());
        store.delete("a").unwrap();
        store.delete("a").unwrap();
        assert!(!store.exists("a").unwrap());
        assert_eq!(store.keys().unwrap().len(), 2);
    }

    #[test]
    fn limits_hold_and_the_count_follows() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(store.set("a", &vec![0; VALUE_LIMIT_BYTES + 1]).is_err());
        assert!(store.set(&"k".repeat(KEY_LIMIT_BYTES + 1), b"").is_err());
        store.set("a", &[0; 95]).unwrap();
        store.set("a", &[0; 15]).unwrap();
        assert_eq!(store.used_bytes.load(Ordering::Relaxed), 20);
        assert_eq!(
            Store::open(folder.path()).unwrap().used_bytes.into_inner(),
            20
        );
        store.used_bytes.store(STORE_LIMIT_BYTES, Ordering::Relaxed);
        assert!(
            store
                .set("b", b"1")
                .unwrap_err()
                .to_string()
                .contains("full")
        );
        store.delete("a").unwrap();
        store.set("b", b"1").unwrap();
    }
}
