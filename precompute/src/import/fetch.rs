//! Brings a folder of a bucket to this machine, for sources that are folders: a job in a cluster begins with it.

use std::fs::{self, FileTimes};
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::error::ImportError;
use crate::atomic_file::write_atomically;
use crate::store::{ObjectInfo, Store};

/// How much of an object is in memory at once.
const PIECE_LEN_BYTES: u64 = 8 << 20;

/// What was brought.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Fetched {
    /// How many files were written.
    pub num_written: usize,
    /// How long they are together.
    pub len_bytes: u64,
    /// How many files were as the bucket has them already.
    pub num_skipped: usize,
}

/// Writes the objects below `prefix` into `folder`, each under the rest of its key. A file of the object's length and time is left as it is, and nothing is deleted.
///
/// # Errors
/// [`ImportError::Fetch`] where a key is no path or a file cannot be written, and those of the store.
pub fn fetch(store: &dyn Store, prefix: &str, folder: &Path) -> Result<Fetched, ImportError> {
    let mut fetched = Fetched::default();
    for object in store.list(prefix)? {
        let Some(name) = name_below(&object.key, prefix) else {
            continue;
        };
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| ImportError::Fetch {
            key: object.key.clone(),
            source,
        };
        let path = folder.join(inside(name).ok_or_else(|| {
            failed("its name leads out of the folder: rename it in the bucket".into())
        })?);
        if is_there(&path, &object) {
            fetched.num_skipped += 1;
            continue;
        }
        write(store, &object, &path).map_err(failed)?;
        fetched.num_written += 1;
        fetched.len_bytes += object.len_bytes;
    }
    Ok(fetched)
}

/// What an object below a prefix is called there. An object that is the prefix itself, such as an archive, keeps its own name; what stands for a folder has none.
fn name_below<'a>(key: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = key.strip_prefix(prefix)?;
    let name = match rest {
        "" => key.rsplit('/').next()?,
        _ if prefix.is_empty() || prefix.ends_with('/') => rest,
        // `films-old/a` is not below `films`.
        _ => rest.strip_prefix('/')?,
    };
    (!name.is_empty() && !name.ends_with('/')).then_some(name)
}

/// A key as a path that stays below where it starts.
fn inside(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    let is_inside = path
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    is_inside.then(|| path.to_owned())
}

fn modified(object: &ObjectInfo) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(object.modified_s.max(0).unsigned_abs())
}

fn is_there(path: &Path, object: &ObjectInfo) -> bool {
    let metadata = fs::metadata(path);
    metadata.is_ok_and(|metadata| {
        metadata.len() == object.len_bytes
            && metadata
                .modified()
                .is_ok_and(|time| time == modified(object))
    })
}

fn write(
    store: &dyn Store,
    object: &ObjectInfo,
    path: &Path,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    write_atomically(path, |file| {
        let mut offset = 0;
        while offset < object.len_bytes {
            let piece = store.get_range(&object.key, offset, PIECE_LEN_BYTES)?;
            if piece.is_empty() {
                return Err("it became shorter while it was read".into());
            }
            file.write_all(&piece)?;
            offset += piece.len() as u64;
        }
        file.flush()?;
        let times = FileTimes::new().set_modified(modified(object));
        Ok(file.get_ref().set_times(times)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;

    /// What is brought into an empty folder.
    fn check(keys: &[&str], prefix: &str, expected: &[&str]) {
        let store = MemoryStore::default();
        for key in keys {
            store.plant(key, key.as_bytes());
        }
        let folder = tempfile::tempdir().unwrap();
        let fetched = fetch(&store, prefix, folder.path()).unwrap();
        assert_eq!(fetched.num_written, expected.len(), "{prefix}");
        for name in expected {
            let text = fs::read_to_string(folder.path().join(name)).unwrap();
            assert!(text.ends_with(name), "{name}: {text}");
        }
    }

    #[test]
    fn objects_are_files_below_their_prefix() {
        let keys = [
            "a/films/",
            "a/films/m.csv",
            "a/films/x/r.csv",
            "a/films-old/m.csv",
            "a.zip",
        ];
        check(&keys, "a/films", &["m.csv", "x/r.csv"]);
        check(&keys, "a/films/", &["m.csv", "x/r.csv"]);
        check(&keys, "a.zip", &["a.zip"]);
        check(
            &keys,
            "",
            &[
                "a/films/m.csv",
                "a/films/x/r.csv",
                "a/films-old/m.csv",
                "a.zip",
            ],
        );
        check(&keys, "b", &[]);
    }

    #[test]
    fn what_is_there_is_not_brought_again_and_what_changed_is() {
        let store = MemoryStore::default();
        store.plant("d/a", &vec![7; 20 << 20]);
        store.plant("d/b", b"one");
        let folder = tempfile::tempdir().unwrap();
        let counts = || {
            let fetched = fetch(&store, "d", folder.path()).unwrap();
            (fetched.num_written, fetched.len_bytes, fetched.num_skipped)
        };
        assert_eq!(counts(), (2, (20 << 20) + 3, 0));
        assert_eq!(counts(), (0, 0, 2));
        // As long as before, and newer.
        store.plant("d/b", b"two");
        assert_eq!(counts(), (1, 3, 1));
        assert_eq!(fs::read(folder.path().join("b")).unwrap(), b"two");
        assert_eq!(
            fs::read(folder.path().join("a")).unwrap(),
            vec![7; 20 << 20]
        );
    }

    #[test]
    fn a_key_that_leads_elsewhere_is_refused() {
        for key in ["d/../../a", "d//a", "d/./../b"] {
            let store = MemoryStore::default();
            store.plant(key, b"x");
            let folder = tempfile::tempdir().unwrap();
            let error = fetch(&store, "d", &folder.path().join("in")).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
            assert!(!folder.path().join("a").exists());
        }
    }
}
