use xxhash_rust::xxh64::xxh64;

use super::{BUCKET_LEN_BYTES, MAXIMUM_LEN_FACTOR};
use crate::{
    codec::{write_text, write_varint},
    container::{BLOCK_CHECKSUM_LEN_BYTES, Section, SectionId},
    source::FileKind,
};

/// An entry as it stands in its bucket.
struct Entry {
    hash: u64,
    bytes: Vec<u8>,
}

/// A table of `entries`: distinct keys, each with at least one number, whose order stays.
pub(crate) fn serialize_bucket_table<'a>(
    entries: impl IntoIterator<Item = (&'a str, &'a [u32])>,
    file: FileKind,
    section: SectionId,
) -> Section {
    let entries: Vec<Entry> = entries
        .into_iter()
        .map(|(key, numbers)| entry(key, numbers))
        .collect();
    let (bucket_len_bytes, bucket_count) = smallest_size(&entries);
    let mut buckets = vec![Vec::new(); bucket_count];
    for entry in &entries {
        if let Some(bucket) = buckets.get_mut(bucket_of(entry.hash, bucket_count)) {
            bucket.extend_from_slice(&entry.bytes);
        }
    }
    let mut section = Section::of_equal_blocks(file, section, bucket_len_bytes);
    for bucket in &buckets {
        section.push_block(bucket);
    }
    section
}

/// The count stands first and is never zero, so that the zeros that fill a bucket are no entry.
fn entry(key: &str, numbers: &[u32]) -> Entry {
    let mut bytes = Vec::new();
    write_varint(numbers.len() as u64, &mut bytes);
    write_text(key, &mut bytes);
    for &number in numbers {
        write_varint(u64::from(number), &mut bytes);
    }
    let hash = xxh64(key.as_bytes(), 0);
    Entry { hash, bytes }
}

fn bucket_of(hash: u64, bucket_count: usize) -> usize {
    (hash % bucket_count as u64) as usize
}

/// The length and the number of buckets with which none overflows: the shortest length, and for it the least number that is tried.
///
/// Keys of one hash are in one bucket however many there are. It ends all the same, since one bucket that is long enough holds everything.
fn smallest_size(entries: &[Entry]) -> (u32, usize) {
    let total_len: usize = entries.iter().map(|entry| entry.bytes.len()).sum();
    let mut bucket_len_bytes = BUCKET_LEN_BYTES;
    loop {
        let room = bucket_len_bytes as usize - BLOCK_CHECKSUM_LEN_BYTES;
        let least = total_len.div_ceil(room).max(1);
        let mut bucket_count = least;
        while bucket_count <= least * MAXIMUM_LEN_FACTOR {
            if none_overflows(entries, bucket_count, room) {
                return (bucket_len_bytes, bucket_count);
            }
            // A finer search would save little, and a coarser one little time.
            bucket_count += bucket_count / 32 + 1;
        }
        bucket_len_bytes *= 2;
    }
}

fn none_overflows(entries: &[Entry], bucket_count: usize, room: usize) -> bool {
    let mut lens = vec![0; bucket_count];
    entries.iter().all(|entry| {
        lens.get_mut(bucket_of(entry.hash, bucket_count))
            .is_some_and(|len| {
                *len += entry.bytes.len();
                *len <= room
            })
    })
}
