//! Where index files and pointers lie, behind one trait.
//!
//! A [`Storage`] knows keys and bytes and nothing of indexes: a [`GenerationSource`] turns the ranges that a reader plans into [`Piece`]s of objects. A call is
//! one round trip. What stands between a question and the bucket is another `Storage` around the bucket's: the [`PageCache`], which keeps parts of immutable
//! objects in a [`SharedStore`]. The documents that change are kept there too, by [`Pointers`].

#[cfg(test)]
mod conformance;
mod files;
mod merge;
mod meter;
mod pages;
mod pointers;
pub mod s3;
mod sealed;
mod shared;

use std::rc::Rc;

use index::{ByteRange, ByteSource, Bytes, FileKind, SourceError};
use pointer::{CollectionKeys, Manifest};

pub use files::FilesStorage;
pub use meter::{Costs, Meter};
pub use pages::PageCache;
pub use pointers::{PointerDocument, Pointers};
pub use s3::{Addressing, Credentials, Endpoint, S3Bucket, S3Limits, S3Storage};
pub use sealed::{ReadArchive, SealedStorage};
#[cfg(feature = "testing")]
pub use shared::testing::MemoryKeyValue;
pub use shared::{KeyValue, KeyValueFailure, OpenKeyValue, SharedStore, SharedUsage};

/// No pointer is longer: what claims to be one and is, is not read to its end.
pub const MAXIMUM_DOCUMENT_LEN_BYTES: usize = 256 * 1024;

/// A part of an object that never changes; never empty, and by what is known of the object within it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece {
    /// The object's key, without what all keys of a deployment begin with.
    pub key: Rc<str>,
    /// Where the part starts.
    pub offset: u64,
    /// How long it is.
    pub len_bytes: u32,
    /// How long the object is, as its manifest says: nothing behind it is ever asked for.
    pub object_len_bytes: u64,
}

impl Piece {
    /// Where the part ends.
    pub(crate) fn end(&self) -> u64 {
        self.offset.saturating_add(u64::from(self.len_bytes))
    }
}

/// An object that ends before a piece of it does.
fn too_short(piece: &Piece) -> StorageError {
    StorageError::TooShort {
        key: piece.key.to_string(),
    }
}

/// A part of bytes, which is not copied, if they have it.
fn part(bytes: &Bytes, start: usize, len_bytes: usize) -> Option<Bytes> {
    let part = bytes.get(start..)?.get(..len_bytes)?;
    Some(bytes.slice_ref(part))
}

/// A question for a whole object that may change, of at most [`MAXIMUM_DOCUMENT_LEN_BYTES`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DocumentQuery {
    /// The object's key, without what all keys of a deployment begin with.
    pub key: String,
    /// The entity tag of the version that the asker has.
    pub known_etag: Option<String>,
}

/// The answer to a [`DocumentQuery`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Document {
    /// The asker's version is the current one.
    Unchanged,
    /// The current version.
    Read {
        /// The object.
        bytes: Bytes,
        /// Its entity tag, where the storage has such.
        etag: Option<String>,
    },
}

/// Why a piece was not read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// There is no such object. For a pointer it means that nothing has been published.
    #[error("{key} is not there")]
    Absent {
        /// The object's key.
        key: String,
    },
    /// The object ends before the part does.
    #[error("{key} is shorter than its manifest says")]
    TooShort {
        /// The object's key.
        key: String,
    },
    /// The storage refuses us. S3 says this of objects that are not there, too, to those who may not list the bucket.
    #[error("the storage denies access to {key}")]
    Denied {
        /// The object's key.
        key: String,
    },
    /// The storage does not know what our requests are signed with.
    #[error(
        "the storage does not accept the credentials ({code}): look at `s3_access_key_id`, `s3_secret_access_key` and `s3_session_token`"
    )]
    WrongCredentials {
        /// What the storage calls it.
        code: &'static str,
    },
    /// The storage takes our requests for old or for early ones.
    #[error(
        "the clock here and that of the storage differ too much for signed requests: set them right"
    )]
    ClocksDiffer,
    /// There is no answer, or one that says that the storage itself fails. All other errors are those of one object.
    #[error("the storage cannot be reached ({reason})")]
    Unreachable {
        /// What the network says.
        reason: String,
    },
    /// An answer that is not what was asked for.
    #[error("the storage gives an unexpected answer for {key}: {what}")]
    Unexpected {
        /// The object's key.
        key: String,
        /// What is unexpected.
        what: String,
    },
}

/// Something that holds objects.
pub trait Storage {
    /// Reads all pieces side by side: one result each, in the order asked, exactly as long as asked.
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Bytes, StorageError>>;

    /// Reads all documents side by side: one result each, in the order asked.
    fn documents(&self, queries: &[DocumentQuery]) -> Vec<Result<Document, StorageError>>;

    /// What reading cost so far; nothing where the bytes are at hand.
    fn costs(&self) -> Costs {
        Costs::default()
    }
}

impl std::fmt::Debug for dyn Storage + '_ {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Storage")
    }
}

/// An index file where it lies.
struct Object {
    kind: FileKind,
    key: Rc<str>,
    len_bytes: u64,
}

/// The index files of one generation. A request holds on to the generation that its pointer named, so two are never mixed.
pub struct GenerationSource<'a> {
    storage: &'a dyn Storage,
    objects: Vec<Object>,
}

impl<'a> GenerationSource<'a> {
    /// The files of the generation that a manifest describes.
    pub fn new(storage: &'a dyn Storage, manifest: &Manifest) -> Self {
        let keys = CollectionKeys::new("", &manifest.collection);
        let object = |kind: FileKind| {
            let file = manifest.files.get(kind.name())?;
            Some(Object {
                kind,
                key: keys.file(&manifest.generation, kind.name()).into(),
                len_bytes: file.file_len_bytes,
            })
        };
        Self {
            storage,
            objects: FileKind::ALL.into_iter().filter_map(object).collect(),
        }
    }

    fn piece(&self, range: &ByteRange) -> Result<Piece, StorageError> {
        let object = self.objects.iter().find(|object| object.kind == range.file);
        let object = object.ok_or_else(|| StorageError::Absent {
            key: range.file.name().to_owned(),
        })?;
        let piece = Piece {
            key: Rc::clone(&object.key),
            offset: range.offset,
            len_bytes: range.len_bytes,
            object_len_bytes: object.len_bytes,
        };
        if piece.end() <= object.len_bytes {
            Ok(piece)
        } else {
            Err(too_short(&piece))
        }
    }
}

impl ByteSource for GenerationSource<'_> {
    fn read(&self, ranges: &[ByteRange]) -> Result<Vec<Bytes>, SourceError> {
        let is_empty = |range: &&ByteRange| range.len_bytes == 0;
        let pieces: Vec<Piece> = ranges
            .iter()
            .filter(|range| !is_empty(range))
            .map(|range| self.piece(range))
            .collect::<Result<_, _>>()?;
        let mut results = if pieces.is_empty() {
            Vec::new()
        } else {
            self.storage.read(&pieces)
        }
        .into_iter();

        ranges
            .iter()
            .map(|range| {
                if is_empty(&range) {
                    return Ok(Bytes::default());
                }
                let missing = || StorageError::Unreachable {
                    reason: "fewer answers than questions".to_owned(),
                };
                let result = results.next().unwrap_or_else(|| Err(missing()));
                result.map_err(SourceError::from)
            })
            .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What a storage says of a part of an object, or without one of a document: the bytes as text, or the error's text.
    pub(crate) fn text_of(storage: &dyn Storage, key: &str, part: Option<(u64, u32)>) -> String {
        let key = key.to_owned();
        let result = if let Some((offset, len_bytes)) = part {
            let piece = Piece {
                key: key.into(),
                offset,
                len_bytes,
                object_len_bytes: offset.saturating_add(u64::from(len_bytes)),
            };
            storage.read(&[piece]).remove(0)
        } else {
            let query = DocumentQuery {
                key,
                known_etag: None,
            };
            match storage.documents(&[query]).remove(0) {
                Ok(Document::Read { bytes, .. }) => Ok(bytes),
                Ok(Document::Unchanged) => panic!("nothing was known"),
                Err(error) => Err(error),
            }
        };
        match result {
            Ok(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Err(error) => error.to_string(),
        }
    }
}
