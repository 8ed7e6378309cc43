//! Where index files and pointers lie, behind one trait.
//!
//! A [`Storage`] knows keys and bytes and nothing of indexes: a [`GenerationSource`] turns the ranges that a reader plans into [`Piece`]s of objects. A call is
//! one round trip. Whatever shall stand between a question and the bucket later (a cache, a retry) is another `Storage` around one of these.

mod files;
pub mod s3;
mod sealed;

use std::cell::Cell;
use std::time::{Duration, Instant};

use index::{Buffer, ByteRange, ByteSource, SourceError};
use pointer::CollectionKeys;

pub use files::FilesStorage;
pub use s3::{Addressing, Credentials, Endpoint, S3Bucket, S3Storage};
pub use sealed::SealedStorage;

/// No pointer is longer: what claims to be one and is, is not read to its end.
pub const MAXIMUM_DOCUMENT_LEN_BYTES: usize = 256 * 1024;

/// A part of an object that never changes; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece {
    /// The object's key, without what all keys of a deployment begin with.
    pub key: String,
    /// Where the part starts.
    pub offset: u64,
    /// How long it is.
    pub len_bytes: u32,
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
        bytes: Buffer,
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
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Buffer, StorageError>>;

    /// Reads all documents side by side: one result each, in the order asked.
    fn documents(&self, queries: &[DocumentQuery]) -> Vec<Result<Document, StorageError>>;
}

/// A storage with a counter in front: the number of round trips is what a request's speed hangs on.
pub struct Metered<'a> {
    storage: &'a dyn Storage,
    batches: Cell<u32>,
    duration: Cell<Duration>,
}

impl<'a> Metered<'a> {
    /// Nothing read yet.
    pub fn new(storage: &'a dyn Storage) -> Self {
        Self {
            storage,
            batches: Cell::default(),
            duration: Cell::default(),
        }
    }

    fn meter<T>(&self, batch: impl FnOnce(&dyn Storage) -> T) -> T {
        let started = Instant::now();
        let results = batch(self.storage);
        self.batches.set(self.batches.get() + 1);
        self.duration.set(self.duration.get() + started.elapsed());
        results
    }

    /// How many batches were read.
    pub fn batches(&self) -> u32 {
        self.batches.get()
    }

    /// How long they took together.
    pub fn duration(&self) -> Duration {
        self.duration.get()
    }
}

impl Storage for Metered<'_> {
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Buffer, StorageError>> {
        self.meter(|storage| storage.read(pieces))
    }

    fn documents(&self, queries: &[DocumentQuery]) -> Vec<Result<Document, StorageError>> {
        self.meter(|storage| storage.documents(queries))
    }
}

/// The index files of one generation. A request holds on to the generation that its pointer named, so two are never mixed.
pub struct GenerationSource<'a> {
    storage: &'a dyn Storage,
    keys: CollectionKeys,
    generation: String,
}

impl<'a> GenerationSource<'a> {
    /// The files of a generation, wherever its collection lies.
    pub fn new(storage: &'a dyn Storage, keys: CollectionKeys, generation: &str) -> Self {
        Self {
            storage,
            keys,
            generation: generation.to_owned(),
        }
    }
}

impl ByteSource for GenerationSource<'_> {
    fn read(&self, ranges: &[ByteRange]) -> Result<Vec<Buffer>, SourceError> {
        let is_empty = |range: &&ByteRange| range.len_bytes == 0;
        let pieces: Vec<Piece> = ranges
            .iter()
            .filter(|range| !is_empty(range))
            .map(|range| Piece {
                key: self.keys.file(&self.generation, range.file.name()),
                offset: range.offset,
                len_bytes: range.len_bytes,
            })
            .collect();
        let mut results = self.storage.read(&pieces).into_iter();
        // HTTP has no way to ask for nothing, so empty ranges never reach the storage.
        ranges
            .iter()
            .map(|range| {
                if is_empty(&range) {
                    return Ok(Buffer::default());
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
        let result = match part {
            Some((offset, len_bytes)) => {
                let piece = Piece {
                    key,
                    offset,
                    len_bytes,
                };
                storage.read(&[piece]).remove(0)
            }
            None => {
                let query = DocumentQuery {
                    key,
                    known_etag: None,
                };
                match storage.documents(&[query]).remove(0) {
                    Ok(Document::Read { bytes, .. }) => Ok(bytes),
                    Ok(Document::Unchanged) => panic!("nothing was known"),
                    Err(error) => Err(error),
                }
            }
        };
        match result {
            Ok(bytes) => String::from_utf8(bytes.into_owned()).unwrap(),
            Err(error) => error.to_string(),
        }
    }
}
