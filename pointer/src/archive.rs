//! What a sealed function carries: the objects of its collections, in its own memory.
//!
//! A function has a [`Descriptor`] among its data. The job finds it there by its magic, puts an [`Archive`] behind everything else that the function's memory
//! begins with, and writes into the descriptor where it lies. The keys are those of a bucket, without what all keys of a deployment begin with.
//!
//! ```text
//! Archive := num_objects(u32) Entry{num_objects} keys padding objects
//! Entry   := key_offset(u32) key_len_bytes(u32) offset(u32) len_bytes(u32)
//! ```
//!
//! All numbers are little-endian, all offsets count from the archive's start. The entries are in the order of their keys. Each object begins at a multiple of
//! [`OBJECT_ALIGNMENT_BYTES`].

use std::collections::BTreeMap;

use thiserror::Error;

/// Where an object may begin: at a page of the machine that runs the function. A page costs something the first time that an instance touches it, so what is
/// read first of an object, its head, shall not begin at the end of one.
pub const OBJECT_ALIGNMENT_BYTES: usize = 4096;

const ENTRY_LEN_BYTES: usize = 16;

/// Where a function's archive is: a static of the function, which the job fills in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(C)]
pub struct Descriptor {
    magic: [u8; 16],
    /// The archive's address in the function's memory.
    pub address: u32,
    /// How long it is; 0 in a function that is not sealed.
    pub len_bytes: u32,
}

impl Descriptor {
    /// What tells the descriptor from all other data of a function. Another layout of the descriptor or of the archive gets another version in it, so that a
    /// job and a function that do not know the same one do not find each other.
    pub const MAGIC: [u8; 16] = *b"\xf0KindredSeal\0v1\n";

    /// How long the descriptor is in the memory of a function.
    pub const LEN_BYTES: usize = size_of::<Self>();

    /// That of a function as it is built.
    pub const UNSEALED: Self = Self::new(0, 0);

    /// That of a function with its archive at an address.
    pub const fn new(address: u32, len_bytes: u32) -> Self {
        Self {
            magic: Self::MAGIC,
            address,
            len_bytes,
        }
    }

    /// The descriptor as it lies in the memory of a function.
    pub fn to_bytes(self) -> [u8; Self::LEN_BYTES] {
        let mut bytes = [0; Self::LEN_BYTES];
        let (magic, numbers) = bytes.split_at_mut(self.magic.len());
        let (address, len_bytes) = numbers.split_at_mut(4);
        magic.copy_from_slice(&self.magic);
        address.copy_from_slice(&self.address.to_le_bytes());
        len_bytes.copy_from_slice(&self.len_bytes.to_le_bytes());
        bytes
    }
}

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

/// Objects by their keys, without a copy of any.
#[derive(Clone, Copy, Debug)]
pub struct Archive<'a> {
    bytes: &'a [u8],
    entries: &'a [[u8; ENTRY_LEN_BYTES]],
}

impl<'a> Archive<'a> {
    /// Opens an archive; looks at its entries and at none of its objects.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Damaged`] when an entry points outside of `bytes`.
    pub fn open(bytes: &'a [u8]) -> Result<Self, ArchiveError> {
        let entries = entries(bytes).ok_or(ArchiveError::Damaged)?;
        let archive = Self { bytes, entries };
        let is_inside = |entry| archive.key_and_object(entry).is_some();
        if entries.iter().all(is_inside) {
            Ok(archive)
        } else {
            Err(ArchiveError::Damaged)
        }
    }

    /// The object with this key.
    pub fn object(&self, key: &str) -> Option<&'a [u8]> {
        let key_of = |entry: &_| self.key_and_object(entry).map(|(key, _)| key);
        let found = self
            .entries
            .binary_search_by(|entry| key_of(entry).cmp(&Some(key.as_bytes())))
            .ok()?;
        let (_, object) = self.key_and_object(self.entries.get(found)?)?;
        Some(object)
    }

    fn key_and_object(&self, entry: &[u8; ENTRY_LEN_BYTES]) -> Option<(&'a [u8], &'a [u8])> {
        let (numbers, _) = entry.as_chunks::<4>();
        let part = |at: usize| {
            let number = |at: usize| Some(u32::from_le_bytes(*numbers.get(at)?) as usize);
            let start = number(at)?;
            self.bytes.get(start..start.checked_add(number(at + 1)?)?)
        };
        Some((part(0)?, part(2)?))
    }
}

fn entries(bytes: &[u8]) -> Option<&[[u8; ENTRY_LEN_BYTES]]> {
    let (num_objects, rest) = bytes.split_first_chunk()?;
    let (entries, _) = rest.as_chunks();
    entries.get(..u32::from_le_bytes(*num_objects) as usize)
}

/// Writes an archive. The same objects always give the same bytes.
///
/// # Errors
///
/// [`ArchiveError::TooLong`].
pub fn write_archive(objects: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, ArchiveError> {
    let mut end = 4 + objects.len() * ENTRY_LEN_BYTES;
    let mut place = |len_bytes: usize, alignment_bytes: usize| {
        let start = end.next_multiple_of(alignment_bytes);
        end = start + len_bytes;
        start..end
    };
    let keys: Vec<_> = objects.keys().map(|key| place(key.len(), 1)).collect();
    let places: Vec<_> = objects
        .values()
        .map(|object| place(object.len(), OBJECT_ALIGNMENT_BYTES))
        .collect();
    if u32::try_from(end).is_err() {
        return Err(ArchiveError::TooLong);
    }
    let mut archive = Vec::with_capacity(end);
    let mut push = |number: usize| archive.extend((number as u32).to_le_bytes());
    push(objects.len());
    for (key, object) in keys.iter().zip(&places) {
        for number in [key.start, key.len(), object.start, object.len()] {
            push(number);
        }
    }
    archive.extend(objects.keys().flat_map(|key| key.bytes()));
    for (place, object) in places.iter().zip(objects.values()) {
        archive.resize(place.start, 0);
        archive.extend(object);
    }
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> BTreeMap<String, Vec<u8>> {
        let long = vec![7; OBJECT_ALIGNMENT_BYTES + 1];
        let objects = [
            ("movies/g/1/neighbours.kdx", long),
            ("books/current.json", b"{}".to_vec()),
            ("movies/current.json", Vec::new()),
        ];
        BTreeMap::from(objects.map(|(key, object)| (key.to_owned(), object)))
    }

    #[test]
    fn every_object_is_found_where_a_page_begins_and_nothing_else_is() {
        let objects = sample();
        let bytes = write_archive(&objects).unwrap();
        let archive = Archive::open(&bytes).unwrap();
        for (key, object) in &objects {
            let found = archive.object(key).unwrap();
            assert_eq!(found, object, "{key}");
            let offset = found.as_ptr().addr() - bytes.as_ptr().addr();
            assert_eq!(offset % OBJECT_ALIGNMENT_BYTES, 0, "{key}");
        }
        for key in [
            "",
            "movies",
            "movies/current.jso",
            "movies/current.json2",
            "z",
        ] {
            assert_eq!(archive.object(key), None, "{key}");
        }
        let nothing = write_archive(&BTreeMap::new()).unwrap();
        assert_eq!(Archive::open(&nothing).unwrap().object("movies"), None);
    }

    #[test]
    fn an_archive_that_is_cut_or_points_outside_is_refused() {
        let bytes = write_archive(&sample()).unwrap();
        for len_bytes in 0..bytes.len() {
            let error = Archive::open(&bytes[..len_bytes]).unwrap_err();
            assert_eq!(error, ArchiveError::Damaged, "{len_bytes}");
        }
        let entries = 4 + 3 * ENTRY_LEN_BYTES;
        for at in 0..entries {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            // It may still be an archive, but no access leaves it.
            if let Ok(archive) = Archive::open(&damaged) {
                for key in sample().keys() {
                    let found = archive.object(key).unwrap_or_default();
                    assert!(found.len() <= bytes.len(), "{key}");
                }
            }
        }
    }

    #[test]
    fn a_descriptor_has_the_bytes_that_a_function_has_in_its_memory() {
        assert_eq!(Descriptor::LEN_BYTES, 24);
        let bytes = Descriptor::new(0x0001_0000, 0x0203).to_bytes();
        assert_eq!(bytes[..16], Descriptor::MAGIC);
        assert_eq!(bytes[16..], [0, 0, 1, 0, 3, 2, 0, 0]);
        assert_eq!(Descriptor::UNSEALED.to_bytes()[16..], [0; 8]);
    }
}
