//! A generation's files, checked: what lies in a folder, and what lies in the bucket.

use std::io;
use std::path::{Path, PathBuf};

use index::model::Model;
use index::{FileKind, Generation, Keys, MemorySource, Outline};
use pointer::{CollectionKeys, FileEntry, Manifest, ManifestError};
use thiserror::Error;

use crate::digest::sha256_hex;
use crate::store::{Store, StoreError};

/// The manifest's name in a generation's folder.
pub const MANIFEST_FILE_NAME: &str = "manifest.json";

/// Why a generation is not fit to be served.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GenerationError {
    /// There is no generation in the folder; `write` makes one.
    #[error("there is no generation in {}: `precompute build` makes one", folder.display())]
    NotBuilt {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of the folder cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The manifest is not one; it names the folder's file or the object.
    #[error("cannot use the manifest {place}")]
    Manifest {
        /// The path or the key.
        place: String,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// The manifest says something else than its name: it was edited by hand, or another program computes names otherwise.
    #[error(
        "the manifest's content has the name {computed}, but it calls itself {stated}: build it again"
    )]
    WrongName {
        /// The name in the manifest.
        stated: String,
        /// The name of what it says.
        computed: String,
    },
    /// The manifest lists a kind that this program does not know; a newer one wrote it.
    #[error(
        "this program knows no index file of the kind `{kind}`: upgrade it, or build the generation again"
    )]
    UnknownKind {
        /// The name in the manifest.
        kind: String,
    },
    /// A file is not the one that the manifest describes.
    #[error("{place} is not the file that the manifest describes: {found}, not {expected}")]
    WrongFile {
        /// The path or the key.
        place: String,
        /// What the manifest says.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A file has the right bytes, and yet is no sound index file.
    #[error("{place} is not a sound index file")]
    Unsound {
        /// The path or the key.
        place: String,
        /// What the reader says.
        source: index::Error,
    },
    /// The files are sound one by one, but not parts of one whole.
    #[error("the files of the generation do not fit together")]
    Mixed(#[source] index::Error),
    /// The manifest lists a file that is not in the bucket.
    #[error("`{key}` is missing in the bucket: publish the generation again")]
    MissingObject {
        /// The object's key.
        key: String,
    },
    /// The bucket could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A complete generation in a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalGeneration {
    /// The folder.
    pub folder: PathBuf,
    /// What `manifest.json` says.
    pub manifest: Manifest,
}

impl LocalGeneration {
    /// Reads the manifest of a folder; the files are not looked at.
    pub fn open(folder: &Path, collection: &str) -> Result<Self, GenerationError> {
        let path = folder.join(MANIFEST_FILE_NAME);
        let bytes = std::fs::read(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => GenerationError::NotBuilt {
                folder: folder.to_owned(),
            },
            _ => GenerationError::Unreadable {
                path: path.clone(),
                source,
            },
        })?;
        let manifest =
            Manifest::parse(&bytes, collection).map_err(|source| GenerationError::Manifest {
                place: path.display().to_string(),
                source,
            })?;
        Ok(Self {
            folder: folder.to_owned(),
            manifest,
        })
    }

    /// Where a file of the generation lies.
    pub fn file(&self, kind: &str) -> PathBuf {
        self.folder.join(format!("{kind}.kdx"))
    }

    /// Reads every file in full and checks it; see [`check`].
    pub fn verify(&self) -> Result<(), GenerationError> {
        check(&self.manifest, |kind, _| self.read(kind))
    }

    /// The path of a file, for errors, and its bytes.
    pub(crate) fn read(&self, kind: &str) -> Result<(String, Vec<u8>), GenerationError> {
        let path = self.file(kind);
        let bytes = std::fs::read(&path).map_err(|source| GenerationError::Unreadable {
            path: path.clone(),
            source,
        })?;
        Ok((path.display().to_string(), bytes))
    }
}

/// Downloads every file of a published generation and checks it; see [`check`].
pub fn verify_published(
    store: &dyn Store,
    keys: &CollectionKeys,
    manifest: &Manifest,
) -> Result<(), GenerationError> {
    check(manifest, |kind, _| {
        read_published(store, keys, manifest, kind)
    })
}

/// The key of a file of a published generation, for errors, and its bytes.
pub(crate) fn read_published(
    store: &dyn Store,
    keys: &CollectionKeys,
    manifest: &Manifest,
    kind: &str,
) -> Result<(String, Vec<u8>), GenerationError> {
    let key = keys.file(&manifest.generation, kind);
    match store.get(&key)? {
        Some(object) => Ok((key, object.bytes)),
        None => Err(GenerationError::MissingObject { key }),
    }
}

/// The name of what a manifest says: the first digits of the SHA-256 of [`Manifest::content`].
pub fn generation_name(manifest: &Manifest) -> String {
    let mut name = sha256_hex(&manifest.content());
    name.truncate(pointer::GENERATION_LEN);
    name
}

/// Checks the name of a generation, the length, SHA-256 and every inner checksum of each file, and that the files belong together.
///
/// `read` gives a file's place, for errors, and its bytes.
pub(crate) fn check(
    manifest: &Manifest,
    mut read: impl FnMut(&str, &FileEntry) -> Result<(String, Vec<u8>), GenerationError>,
) -> Result<(), GenerationError> {
    let computed = generation_name(manifest);
    if computed != manifest.generation {
        return Err(GenerationError::WrongName {
            stated: manifest.generation.clone(),
            computed,
        });
    }
    let mut files = Vec::new();
    let mut outlines = Vec::new();
    for (name, entry) in &manifest.files {
        let kind = FileKind::ALL.into_iter().find(|kind| kind.name() == name);
        let kind = kind.ok_or_else(|| GenerationError::UnknownKind { kind: name.clone() })?;
        let (place, bytes) = read(name, entry)?;
        let found = describe(bytes.len() as u64, &sha256_hex(&bytes));
        let expected = describe(entry.file_len_bytes, &entry.sha256);
        if found != expected {
            return Err(GenerationError::WrongFile {
                place,
                expected,
                found,
            });
        }
        let unsound = |source| GenerationError::Unsound {
            place: place.clone(),
            source,
        };
        index::verify(kind, &bytes).map_err(unsound)?;
        let outline = Outline::of(kind, &bytes).map_err(unsound)?;
        let stated = entry.outline(kind);
        if outline != stated {
            return Err(GenerationError::WrongFile {
                place,
                expected: format!("{stated:?}"),
                found: format!("{outline:?}"),
            });
        }
        files.push((kind, bytes));
        outlines.push(outline);
    }
    let source = MemorySource::new(files);
    let opened = if manifest.files.contains_key(FileKind::Model.name()) {
        Model::open(&source, &outlines).map(drop)
    } else {
        Generation::open(source, outlines, &FileKind::OF_ITEMS, &Keys::default()).map(drop)
    };
    opened.map_err(GenerationError::Mixed)
}

/// What a manifest says of an index file.
pub fn file_entry(kind: FileKind, bytes: &[u8]) -> Result<FileEntry, index::Error> {
    let outline = Outline::of(kind, bytes)?;
    Ok(FileEntry::new(
        &outline,
        bytes.len() as u64,
        sha256_hex(bytes),
    ))
}

fn describe(len_bytes: u64, sha256: &str) -> String {
    format!("{len_bytes} bytes with SHA-256 {sha256}")
}
