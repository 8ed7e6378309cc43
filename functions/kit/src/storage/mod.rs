//! Where index files and pointers lie, behind one trait.
//!
//! A [`Storage`] knows keys and bytes and nothing of indexes: a [`GenerationSource`] turns the ranges that a reader plans into [`Piece`]s of objects. A call is
//! one round trip. Whatever shall stand between a question and the bucket later (a cache, a retry) is another `Storage` around one of these.

mod files;
pub mod s3;

use std::cell::Cell;
use std::time::{Duration, Instant};

use index::{ByteRange, ByteSource, SourceError};
use pointer::CollectionKeys;

pub use files::FilesStorage;
pub use s3::{Addressing, Credentials, Endpoint, S3Bucket, S3Storage};

/// No pointer is longer: what claims to be one and is, is not read to its end.
pub const MAXIMUM_DOCUMENT_LEN_BYTES: usize = 256 * 1024;

/// An object, or a part of one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece {
    /// The object's key, without what all keys of a deployment begin with.
    pub key: String,
    /// The part; without it the whole object, which is a document of at most [`MAXIMUM_DOCUMENT_LEN_BYTES`].
    pub range: Option<Range>,
}

/// A part of an object; never empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Range {
    /// Where it starts.
    pub offset: u64,
    /// How long it is.
    pub len_bytes: u32,
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
    /// Reads all pieces side by side: one result each, in the order asked. Parts are exactly as long as asked.
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Vec<u8>, StorageError>>;
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
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Vec<u8>, StorageError>> {
        let started = Instant::now();
        let results = self.storage.read(pieces);
        self.batches.set(self.batches.get() + 1);
        self.duration.set(self.duration.get() + started.elapsed());
        results
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
    fn read(&self, ranges: &[ByteRange]) -> Result<Vec<Vec<u8>>, SourceError> {
        let is_empty = |range: &&ByteRange| range.len_bytes == 0;
        let pieces: Vec<Piece> = ranges
            .iter()
            .filter(|range| !is_empty(range))
            .map(|range| Piece {
                key: self.keys.file(&self.generation, range.file.name()),
                range: Some(Range {
                    offset: range.offset,
                    len_bytes: range.len_bytes,
                }),
            })
            .collect();
        let mut results = self.storage.read(&pieces).into_iter();
        // HTTP has no way to ask for nothing, so empty ranges never reach the storage.
        ranges
            .iter()
            .map(|range| {
                if is_empty(&range) {
                    return Ok(Vec::new());
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
