use std::rc::Rc;

use index::Bytes;
use pointer::archive::{Archive, ArchiveError};

use super::{
    Document, DocumentQuery, MAXIMUM_DOCUMENT_LEN_BYTES, Piece, Storage, StorageError, part,
    too_short,
};

/// The objects that a sealed function carries in its own memory, laid out as the bucket is.
///
/// Useful for: what is small, hot and seldom changed. Nothing is copied and nobody is asked. A new generation is a new function.
#[derive(Clone, Debug)]
pub struct SealedStorage {
    archive: Result<Archive<'static>, ArchiveError>,
}

impl SealedStorage {
    /// The storage over an archive. One that is damaged says so of every object.
    pub fn new(archive: &'static [u8]) -> Self {
        Self {
            archive: Archive::open(archive),
        }
    }

    /// The archive of the function that runs, if it is sealed.
    #[cfg(target_arch = "wasm32")]
    pub fn of_this_function() -> Option<Self> {
        function::archive().map(Self::new)
    }

    fn object(&self, key: &str) -> Result<Bytes, StorageError> {
        match &self.archive {
            Ok(archive) => match archive.object(key) {
                Some(object) => Ok(Bytes::from_static(object)),
                None => Err(StorageError::Absent {
                    key: key.to_owned(),
                }),
            },
            Err(error) => Err(StorageError::Unexpected {
                key: key.to_owned(),
                what: error.to_string(),
            }),
        }
    }
}

impl Storage for SealedStorage {
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Bytes, StorageError>> {
        // Pieces of one object mostly follow each other.
        let mut last = (Rc::from(""), Ok(Bytes::new()));
        let read = |piece: &Piece| {
            if last.0 != piece.key {
                last = (Rc::clone(&piece.key), self.object(&piece.key));
            }
            let object = last.1.as_ref().map_err(StorageError::clone)?;
            let start = usize::try_from(piece.offset).ok();
            start
                .and_then(|start| part(object, start, piece.len_bytes as usize))
                .ok_or_else(|| too_short(piece))
        };
        pieces.iter().map(read).collect()
    }

    /// A function never changes, so there are no versions to tell apart.
    fn documents(&self, queries: &[DocumentQuery]) -> Vec<Result<Document, StorageError>> {
        let read = |query: &DocumentQuery| {
            let object = self.object(&query.key)?;
            if MAXIMUM_DOCUMENT_LEN_BYTES < object.len() {
                return Err(StorageError::Unexpected {
                    key: query.key.clone(),
                    what: "it is too long for a document".to_owned(),
                });
            }
            Ok(Document::Read {
                bytes: object,
                etag: None,
            })
        };
        queries.iter().map(read).collect()
    }
}

/// Where `precompute seal` leaves its archive.
#[cfg(target_arch = "wasm32")]
mod function {
    #![allow(
        unsafe_code,
        reason = "the archive is in no variable: a descriptor that is filled in after the build says where it is"
    )]

    use pointer::archive::Descriptor;

    /// Found by its magic and filled in, after the build.
    #[used]
    static DESCRIPTOR: Descriptor = Descriptor::UNSEALED;

    pub(super) fn archive() -> Option<&'static [u8]> {
        // SAFETY: a reference to a static is valid to read from. The read is volatile since what the compiler knows of the static's value does not hold for
        // a function that was sealed.
        let descriptor = unsafe { std::ptr::read_volatile(&raw const DESCRIPTOR) };
        if descriptor.len_bytes == 0 {
            return None;
        }
        let address = std::ptr::with_exposed_provenance(descriptor.address as usize);
        // SAFETY: whoever fills in the descriptor puts the archive into a range that the function's memory has from its start and that lies behind all that
        // the linker knows. The allocator of the function, which is libc's as well, hands out what `memory.grow` adds behind that and nothing else, so that
        // nothing ever writes to the archive; see `allocator.rs`.
        Some(unsafe { std::slice::from_raw_parts(address, descriptor.len_bytes as usize) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pointer::archive::write_archive;

    use super::*;
    use crate::storage::tests::text_of;

    #[test]
    fn pieces_are_parts_of_the_archive_itself_or_refused() {
        let objects = BTreeMap::from([("movies/a".to_owned(), b"0123456789".to_vec())]);
        let archive: &'static [u8] = write_archive(&objects).unwrap().leak();
        let storage = SealedStorage::new(archive);
        let check = |key: &str, range: Option<(u64, u32)>, expected: &str| {
            assert_eq!(text_of(&storage, key, range), expected, "{key}");
        };
        check("movies/a", None, "0123456789");
        check("movies/a", Some((3, 4)), "3456");
        let too_short = "movies/a is shorter than its manifest says";
        check("movies/a", Some((8, 4)), too_short);
        check("movies/a", Some((80, 4)), too_short);
        check("movies/a", Some((u64::MAX, u32::MAX)), too_short);
        check("movies/b", None, "movies/b is not there");

        let piece = Piece {
            key: "movies/a".into(),
            offset: 0,
            len_bytes: 10,
            object_len_bytes: 10,
        };
        let [Ok(part)] = &storage.read(&[piece])[..] else {
            panic!("a part of the archive");
        };
        assert!(archive.as_ptr_range().contains(&part.as_ptr()));
    }

    #[test]
    fn a_damaged_archive_is_told_of_by_every_read() {
        let storage = SealedStorage::new(&[1, 0, 0, 0]);
        let expected = "the storage gives an unexpected answer for movies/a: the archive of the sealed function is damaged";
        for part in [None, Some((0, 1))] {
            assert_eq!(text_of(&storage, "movies/a", part), expected);
        }
    }
}
