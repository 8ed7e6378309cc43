use std::{fmt, ops::Range, rc::Rc};

use index::Bytes;
use pointer::archive::{ArchiveError, Directory, PREFIX_LEN_BYTES, directory_range};

use super::{
    Document, DocumentQuery, MAXIMUM_DOCUMENT_LEN_BYTES, Piece, Storage, StorageError, too_short,
};

/// The objects that a sealed function carries in its own file, laid out as the bucket is.
///
/// Useful for: what is small, hot and seldom changed. Nobody is asked, and what is read is copied into the memory of the request, with no page of the rest in
/// it. A new generation is a new function.
#[derive(Clone)]
pub struct SealedStorage {
    read: ReadArchive,
    directory: Result<Directory<Vec<u8>>, ArchiveError>,
}

/// Appends a part of an archive, which is within it, to bytes.
pub type ReadArchive = &'static dyn Fn(Range<u32>, &mut Vec<u8>);

impl SealedStorage {
    /// The storage over an archive of so many bytes. One that is damaged says so of every object.
    pub fn new(len_bytes: u32, read: ReadArchive) -> Self {
        Self {
            read,
            directory: read_directory(len_bytes, read),
        }
    }

    /// The archive of the function that runs, if it is sealed.
    #[cfg(target_arch = "wasm32")]
    pub fn of_this_function() -> Option<Self> {
        let len_bytes = function::archive_len_bytes();
        (0 < len_bytes).then(|| Self::new(len_bytes, &function::read))
    }

    /// Where an object lies in the archive.
    fn object(&self, key: &str) -> Result<Range<u32>, StorageError> {
        match &self.directory {
            Ok(directory) => directory.object(key).ok_or_else(|| StorageError::Absent {
                key: key.to_owned(),
            }),
            Err(error) => Err(StorageError::Unexpected {
                key: key.to_owned(),
                what: error.to_string(),
            }),
        }
    }
}

fn read_directory(len_bytes: u32, read: ReadArchive) -> Result<Directory<Vec<u8>>, ArchiveError> {
    let mut prefix = Vec::new();
    if PREFIX_LEN_BYTES as u32 <= len_bytes {
        read(0..PREFIX_LEN_BYTES as u32, &mut prefix);
    }
    let prefix = prefix.try_into().map_err(|_| ArchiveError::Damaged)?;
    let range = directory_range(&prefix).filter(|range| range.end <= len_bytes);
    let mut directory = Vec::new();
    read(range.ok_or(ArchiveError::Damaged)?, &mut directory);
    Directory::open(&prefix, directory, len_bytes)
}

/// A part of a range, if it has it.
fn part(whole: &Range<u32>, offset: u64, len_bytes: u32) -> Option<Range<u32>> {
    let start = whole.start.checked_add(u32::try_from(offset).ok()?)?;
    let end = start.checked_add(len_bytes)?;
    (end <= whole.end).then_some(start..end)
}

impl Storage for SealedStorage {
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Bytes, StorageError>> {
        // Pieces of one object mostly follow each other.
        let mut last = (Rc::from(""), Ok(0..0));
        let mut place = |piece: &Piece| {
            if last.0 != piece.key {
                last = (Rc::clone(&piece.key), self.object(&piece.key));
            }
            let object = last.1.as_ref().map_err(StorageError::clone)?;
            part(object, piece.offset, piece.len_bytes).ok_or_else(|| too_short(piece))
        };
        let places: Vec<Result<Range<u32>, StorageError>> = pieces.iter().map(&mut place).collect();

        // One buffer for all of them: what a batch reads lies together, and no page of it is touched twice.
        let lens = places.iter().flatten().map(ExactSizeIterator::len);
        let mut buffer = Vec::with_capacity(lens.sum());
        for place in places.iter().flatten() {
            (self.read)(place.clone(), &mut buffer);
        }
        let mut buffer = Bytes::from(buffer);
        let mut next = |place: Range<u32>| buffer.split_to(place.len());
        let places = places.into_iter();
        places.map(|place| place.map(&mut next)).collect()
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
            let mut bytes = Vec::with_capacity(object.len());
            (self.read)(object, &mut bytes);
            Ok(Document::Read {
                bytes: bytes.into(),
                etag: None,
            })
        };
        queries.iter().map(read).collect()
    }
}

impl fmt::Debug for SealedStorage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealedStorage({:?})", self.directory)
    }
}

/// How a function reads what `precompute seal` put into it.
#[cfg(target_arch = "wasm32")]
mod function {
    #![allow(
        unsafe_code,
        reason = "the archive is in no memory: an export of the function, which is written anew when it is sealed, copies parts of it"
    )]

    use std::{hint::black_box, ops::Range};

    /// As `pointer::archive::ARCHIVE_FUNCTION` says. What the compiler can tell of this body does not hold for a function that was sealed, so it is kept from
    /// telling anything.
    #[unsafe(no_mangle)]
    #[inline(never)]
    extern "C" fn kindred_archive_v1(to: *mut u8, offset: u32, len_bytes: u32) -> u32 {
        black_box((to, offset, len_bytes));
        black_box(0)
    }

    pub(super) fn archive_len_bytes() -> u32 {
        kindred_archive_v1(std::ptr::null_mut(), 0, 0)
    }

    /// Appends a part of the archive, which is within it.
    pub(super) fn read(part: Range<u32>, bytes: &mut Vec<u8>) {
        let len_bytes = part.len();
        bytes.reserve(len_bytes);
        kindred_archive_v1(
            bytes.spare_capacity_mut().as_mut_ptr().cast(),
            part.start,
            len_bytes as u32,
        );
        // SAFETY: there is room for so many bytes, and all of them were written: WebAssembly's `memory.init` copies all that it is asked for, or traps.
        unsafe { bytes.set_len(bytes.len() + len_bytes) };
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use pointer::archive::write_archive;

    use super::*;
    use crate::storage::tests::text_of;

    /// A function that carries an archive.
    pub(in crate::storage) fn carrying(archive: Vec<u8>) -> SealedStorage {
        let len_bytes = archive.len() as u32;
        let read = move |part: Range<u32>, bytes: &mut Vec<u8>| {
            bytes.extend_from_slice(&archive[part.start as usize..part.end as usize]);
        };
        SealedStorage::new(len_bytes, Box::leak(Box::new(read)))
    }

    #[test]
    fn pieces_are_parts_of_objects_or_refused() {
        let objects = [("movies/a", "0123456789"), ("movies/b", "behind it")]
            .map(|(key, object)| (key.to_owned(), object.into()));
        let storage = carrying(write_archive(&BTreeMap::from(objects)).unwrap());
        let check = |key: &str, range: Option<(u64, u32)>, expected: &str| {
            assert_eq!(text_of(&storage, key, range), expected, "{key}");
        };
        check("movies/a", None, "0123456789");
        check("movies/a", Some((3, 4)), "3456");
        let too_short = "movies/a is shorter than its manifest says";
        check("movies/a", Some((8, 4)), too_short);
        check("movies/a", Some((80, 4)), too_short);
        check("movies/a", Some((u64::MAX, u32::MAX)), too_short);
        check("movies/c", None, "movies/c is not there");

        let piece = |key: &str, offset, len_bytes| Piece {
            key: key.into(),
            offset,
            len_bytes,
            object_len_bytes: 10,
        };
        let asked = [
            piece("movies/b", 0, 6),
            piece("movies/c", 0, 1),
            piece("movies/a", 9, 1),
            piece("movies/a", 9, 2),
        ];
        let found = storage.read(&asked).into_iter();
        let found: Vec<_> = found.map(Result::ok).collect();
        let bytes = |text: &'static str| Some(Bytes::from(text));
        assert_eq!(found, [bytes("behind"), None, bytes("9"), None]);
    }

    #[test]
    fn a_damaged_archive_is_told_of_by_every_read() {
        let sound = write_archive(&BTreeMap::from([("movies/a".to_owned(), vec![7])])).unwrap();
        let mut flipped = sound.clone();
        flipped[20] ^= 1;
        let cut = sound[..sound.len() - 1].to_vec();
        for archive in [vec![], vec![1], cut, flipped] {
            let storage = carrying(archive);
            let expected = "the storage gives an unexpected answer for movies/a: the archive of the sealed function is damaged";
            for part in [None, Some((0, 1))] {
                assert_eq!(text_of(&storage, "movies/a", part), expected);
            }
        }
    }
}
