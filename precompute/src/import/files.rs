//! The files of a source, whatever holds them: a folder, a `.zip`, or a bucket.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::error::ImportError;
use crate::store::{ObjectInfo, Store};

/// Files by name. A single folder that holds everything in an archive, as in MovieLens's, is no part of the names.
pub(crate) struct Files<'a> {
    /// What people call the source.
    location: String,
    /// By the name that imports use, the name within the holder; sorted, for determinism.
    names: BTreeMap<String, String>,
    holder: Holder<'a>,
}

enum Holder<'a> {
    Folder(PathBuf),
    Zip(RefCell<ZipArchive<File>>),
    Bucket(&'a dyn Store),
}

/// How many names an error shows.
const NAMES_IN_ERRORS: usize = 12;

/// How deep a folder is looked through: `ml-latest-small/as-parquet/ratings.parquet`.
const MAXIMUM_DEPTH: usize = 3;

impl<'a> Files<'a> {
    /// The files of a folder, or of an archive.
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        let location = path.display().to_string();
        let metadata = fs::metadata(path).map_err(ImportError::unreadable(&location))?;
        if metadata.is_dir() {
            let names = names_in_folder(path).map_err(ImportError::unreadable(&location))?;
            let names = names.into_iter().map(|name| (name.clone(), name)).collect();
            return Ok(Self {
                location,
                names,
                holder: Holder::Folder(path.to_owned()),
            });
        }
        let archive = |source| ImportError::Archive {
            file: location.clone(),
            source,
        };
        let file = File::open(path).map_err(ImportError::unreadable(&location))?;
        let zip = ZipArchive::new(file).map_err(archive)?;
        let mut names = Vec::new();
        for name in zip.file_names() {
            let name = name.map_err(archive)?;
            // Archives made on a Mac carry a shadow of every file.
            if !name.ends_with('/') && !name.starts_with("__MACOSX/") {
                names.push(name.into_owned());
            }
        }
        let top = names
            .first()
            .and_then(|name| name.split_once('/'))
            .map(|(top, _)| format!("{top}/"));
        let top = top
            .filter(|top| names.iter().all(|name| name.starts_with(top)))
            .unwrap_or_default();
        let names = names
            .into_iter()
            .map(|name| (name[top.len()..].to_owned(), name))
            .collect();
        Ok(Self {
            location,
            names,
            holder: Holder::Zip(RefCell::new(zip)),
        })
    }

    /// Some objects of a bucket. Their names begin after `prefix`.
    pub(crate) fn in_bucket(
        location: String,
        store: &'a dyn Store,
        prefix: &str,
        objects: &[ObjectInfo],
    ) -> Self {
        let names = objects.iter().filter_map(|object| {
            let name = object.key.strip_prefix(prefix)?.trim_start_matches('/');
            (!name.is_empty()).then(|| (name.to_owned(), object.key.clone()))
        });
        Self {
            location,
            names: names.collect(),
            holder: Holder::Bucket(store),
        }
    }

    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// The first names, for an error.
    pub(crate) fn some_names(&self) -> Vec<String> {
        self.names.keys().take(NAMES_IN_ERRORS).cloned().collect()
    }

    /// The names that a pattern matches, sorted. A `*` stands for any characters.
    pub(crate) fn matching(&self, pattern: &str) -> Vec<String> {
        self.names
            .keys()
            .filter(|name| matches(pattern, name))
            .cloned()
            .collect()
    }

    /// As [`Self::matching`], but there must be one.
    pub(crate) fn needed(&self, pattern: &str) -> Result<Vec<String>, ImportError> {
        let names = self.matching(pattern);
        if names.is_empty() {
            return Err(self.missing(pattern));
        }
        Ok(names)
    }

    pub(crate) fn missing(&self, file: &str) -> ImportError {
        ImportError::MissingFile {
            location: self.location.clone(),
            file: file.to_owned(),
            found: self.some_names(),
        }
    }

    pub(crate) fn no_split(&self, split: &str, found: Vec<String>) -> ImportError {
        ImportError::UnknownSplit {
            location: self.location.clone(),
            split: split.to_owned(),
            found,
        }
    }

    /// Hands a file's content to `read` as a stream.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&mut dyn Read) -> Result<T, ImportError>,
    ) -> Result<T, ImportError> {
        let inner = self.names.get(name).ok_or_else(|| self.missing(name))?;
        match &self.holder {
            Holder::Folder(folder) => {
                let mut file =
                    File::open(folder.join(inner)).map_err(ImportError::unreadable(name))?;
                read(&mut file)
            }
            Holder::Zip(zip) => {
                let mut zip = zip.borrow_mut();
                let mut file = zip.by_name(inner).map_err(|source| ImportError::Archive {
                    file: format!("{}/{inner}", self.location),
                    source,
                })?;
                read(&mut file)
            }
            Holder::Bucket(store) => match store.get(inner)? {
                Some(object) => read(&mut object.bytes.as_slice()),
                None => Err(self.missing(name)),
            },
        }
    }
}

/// The files of a folder that an import can read, by their names within it, sorted folder by folder: none whose name begins with a dot, and none
/// below the depth to which a folder is looked through.
///
/// Files may be linked into place. A link to a folder is not followed, since it may lead round in a circle, and one that leads nowhere is no file.
pub(crate) fn names_in_folder(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    list_folder(folder, "", MAXIMUM_DEPTH, &mut names)?;
    Ok(names)
}

fn list_folder(
    folder: &Path,
    prefix: &str,
    depth: usize,
    names: &mut Vec<String>,
) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let is_link = entry.file_type()?.is_symlink();
        let metadata = match fs::metadata(entry.path()) {
            Err(_) if is_link => continue,
            other => other?,
        };
        if !metadata.is_dir() {
            names.push(format!("{prefix}{name}"));
        } else if !is_link && 1 < depth {
            list_folder(&entry.path(), &format!("{prefix}{name}/"), depth - 1, names)?;
        }
    }
    Ok(())
}

/// Whether a file is named as those of a format are.
pub(crate) fn has_ending(name: &str, ending: &str) -> bool {
    let ending_of_name = Path::new(name).extension();
    ending_of_name.is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == name;
    };
    name.strip_prefix(head).is_some_and(|rest| {
        (0..=rest.len()).any(|skipped| rest.get(skipped..).is_some_and(|rest| matches(tail, rest)))
    })
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(matches("ratings.csv", "ratings.csv"));
        assert!(matches("events/*.csv", "events/2026-01-01.csv"));
        assert!(matches("*", "é"));
        assert!(matches("a*b*c", "a1b2b3c"));
        assert!(!matches("a*b*c", "a1b2"));
        assert!(!matches("events/*.csv", "events/x.tsv"));
    }
}
