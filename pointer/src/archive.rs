//! What a sealed function carries: the objects of its collections.
//!
//! A function has an export, [`ARCHIVE_FUNCTION`], that says of how many bytes its archive is and copies parts of it into the function's memory. As it is built
//! it has none, and does nothing. The job puts an archive into the function's file as a passive data segment, which is in no memory and so in nobody's way,
//! and writes that export anew. The keys are those of a bucket, without what all keys of a deployment begin with.
//!
//! ```text
//! Archive   := directory_len_bytes(u32) directory_xxh64(u64) Directory objects
//! Directory := num_objects(u32) Entry{num_objects} keys
//! Entry     := key_offset(u32) key_len_bytes(u32) offset(u32) len_bytes(u32)
//! ```
//!
//! All numbers are little-endian. Keys count from the start of the directory, objects from that of the archive. The entries are in the order of their keys.

use std::collections::BTreeMap;
use std::ops::Range;

use thiserror::Error;
use xxhash_rust::xxh64::xxh64;

/// The export of a function that reads its archive: of C's type `uint32_t (void *to, uint32_t offset, uint32_t len_bytes)`. It copies a part of the archive and
/// gives the length of the whole, which is 0 in a function that is not sealed.
///
/// Another layout of the archive gets another version in the name, so that a job and a function that do not know the same one do not find each other.
pub const ARCHIVE_FUNCTION: &str = "kindred_archive_v1";

/// How long the numbers are that an archive begins with.
pub const PREFIX_LEN_BYTES: usize = size_of::<u32>() + size_of::<u64>();

const ENTRY_LEN_BYTES: usize = 16;

/// Why bytes are no archive, or objects cannot become one.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ArchiveError {
    /// An entry points outside of the archive. No writer of ours does that: whatever wrote the function broke it.
    #[error("the archive of the sealed function is damaged")]
    Damaged,
    /// All objects together have more bytes than a function can address.
    #[error("the objects have more than 4 GiB together, which is all that a function can address")]
    TooLong,
}

/// What an archive begins with.
pub type Prefix = [u8; PREFIX_LEN_BYTES];

/// Where the directory of an archive lies that begins so.
pub fn directory_range(prefix: &Prefix) -> Option<Range<u32>> {
    let (len_bytes, _) = prefix.split_first_chunk()?;
    let start = PREFIX_LEN_BYTES as u32;
    Some(start..start.checked_add(u32::from_le_bytes(*len_bytes))?)
}

/// Where the objects of an archive lie.
#[derive(Clone, Debug)]
pub struct Directory<B> {
    bytes: B,
}

impl<B: AsRef<[u8]>> Directory<B> {
    /// Opens the directory of an archive of `archive_len_bytes` that begins with `prefix`.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Damaged`] when it is not the one that was written, or an entry points outside of either.
    pub fn open(prefix: &Prefix, bytes: B, archive_len_bytes: u32) -> Result<Self, ArchiveError> {
        let directory = Self { bytes };
        let checksum = xxh64(directory.bytes.as_ref(), 0).to_le_bytes();
        if prefix.last_chunk() != Some(&checksum) {
            return Err(ArchiveError::Damaged);
        }
        let entries = directory.entries().ok_or(ArchiveError::Damaged)?;
        let is_inside = |entry| {
            let (_, object) = directory.key_and_object(entry)?;
            (object.end <= archive_len_bytes).then_some(())
        };
        if entries.iter().all(|entry| is_inside(entry).is_some()) {
            Ok(directory)
        } else {
            Err(ArchiveError::Damaged)
        }
    }

    /// Where the object with this key lies, from the archive's start.
    pub fn object(&self, key: &str) -> Option<Range<u32>> {
        let entries = self.entries()?;
        let key_of = |entry: &_| self.key_and_object(entry).map(|(key, _)| key);
        let found = entries
            .binary_search_by(|entry| key_of(entry).cmp(&Some(key.as_bytes())))
            .ok()?;
        let (_, object) = self.key_and_object(entries.get(found)?)?;
        Some(object)
    }

    fn entries(&self) -> Option<&[[u8; ENTRY_LEN_BYTES]]> {
        let (num_objects, rest) = self.bytes.as_ref().split_first_chunk()?;
        let (entries, _) = rest.as_chunks();
        entries.get(..u32::from_le_bytes(*num_objects) as usize)
    }

    fn key_and_object(&self, entry: &[u8; ENTRY_LEN_BYTES]) -> Option<(&[u8], Range<u32>)> {
        let (numbers, _) = entry.as_chunks::<4>();
        let range = |at: usize| {
            let number = |at: usize| Some(u32::from_le_bytes(*numbers.get(at)?));
            let start = number(at)?;
            Some(start..start.checked_add(number(at + 1)?)?)
        };
        let key = range(0)?;
        let key = self
            .bytes
            .as_ref()
            .get(key.start as usize..key.end as usize)?;
        Some((key, range(2)?))
    }
}

/// Writes an archive. The same objects always give the same bytes.
///
/// # Errors
///
/// [`ArchiveError::TooLong`].
pub fn write_archive(objects: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, ArchiveError> {
    let keys_len_bytes: usize = objects.keys().map(String::len).sum();
    let keys_start = size_of::<u32>() + objects.len() * ENTRY_LEN_BYTES;
    let directory_len_bytes = keys_start + keys_len_bytes;
    let objects_start = PREFIX_LEN_BYTES + directory_len_bytes;
    let len_bytes = objects_start + objects.values().map(Vec::len).sum::<usize>();
    if u32::try_from(len_bytes).is_err() {
        return Err(ArchiveError::TooLong);
    }
    let mut directory = Vec::with_capacity(directory_len_bytes);
    let mut push = |number: usize| directory.extend((number as u32).to_le_bytes());
    push(objects.len());
    let (mut key_offset, mut offset) = (keys_start, objects_start);
    for (key, object) in objects {
        for number in [key_offset, key.len(), offset, object.len()] {
            push(number);
        }
        key_offset += key.len();
        offset += object.len();
    }
    directory.extend(objects.keys().flat_map(|key| key.bytes()));
    let mut archive = Vec::with_capacity(len_bytes);
    archive.extend((directory_len_bytes as u32).to_le_bytes());
    archive.extend(xxh64(&directory, 0).to_le_bytes());
    archive.extend(directory);
    archive.extend(objects.values().flatten());
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> BTreeMap<String, Vec<u8>> {
        let objects = [
            ("movies/g/1/neighbours.kdx", vec![7; 5000]),
            ("books/current.json", b"{}".to_vec()),
            ("movies/current.json", Vec::new()),
        ];
        BTreeMap::from(objects.map(|(key, object)| (key.to_owned(), object)))
    }

    /// As a function opens what it carries.
    fn open(archive: &[u8]) -> Result<Directory<&[u8]>, ArchiveError> {
        let prefix = archive.first_chunk().ok_or(ArchiveError::Damaged)?;
        let range = directory_range(prefix).ok_or(ArchiveError::Damaged)?;
        let directory = archive.get(range.start as usize..range.end as usize);
        let directory = directory.ok_or(ArchiveError::Damaged)?;
        Directory::open(prefix, directory, archive.len() as u32)
    }

    #[test]
    fn every_object_is_found_and_nothing_else_is() {
        let objects = sample();
        let archive = write_archive(&objects).unwrap();
        let directory = open(&archive).unwrap();
        for (key, object) in &objects {
            let place = directory.object(key).unwrap();
            let found = &archive[place.start as usize..place.end as usize];
            assert_eq!(found, object, "{key}");
        }
        for key in [
            "",
            "movies",
            "movies/current.jso",
            "movies/current.json2",
            "z",
        ] {
            assert_eq!(directory.object(key), None, "{key}");
        }
        let nothing = write_archive(&BTreeMap::new()).unwrap();
        assert_eq!(open(&nothing).unwrap().object("movies"), None);
    }

    #[test]
    fn an_archive_that_is_cut_or_points_outside_is_refused() {
        let archive = write_archive(&sample()).unwrap();
        for len_bytes in 0..archive.len() {
            let error = open(&archive[..len_bytes]).unwrap_err();
            assert_eq!(error, ArchiveError::Damaged, "{len_bytes}");
        }
        let directory = directory_range(archive.first_chunk().unwrap()).unwrap();
        for at in 0..directory.end as usize {
            let mut damaged = archive.clone();
            damaged[at] ^= 1;
            let error = open(&damaged).unwrap_err();
            assert_eq!(error, ArchiveError::Damaged, "{at}");
        }
    }

    /// A function and a job find each other by the name alone: whoever changes the layout changes the version in it, and this.
    #[test]
    fn the_layout_is_that_of_the_name() {
        let archive = write_archive(&sample()).unwrap();
        let checksum = xxh64(&archive, 0);
        assert_eq!(
            (ARCHIVE_FUNCTION, archive.len(), checksum),
            ("kindred_archive_v1", 5128, 5_143_099_829_162_617_207)
        );
    }
}
