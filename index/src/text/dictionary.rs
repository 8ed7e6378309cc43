//! Blocks of terms, each with what is needed of it at first.
//!
//! ```text
//! block := (term | length varint | entry)*
//! entry := df varint | postings ? | notes              where df is at most 128; no postings where it is none
//!        | df varint | best postings | list | notes    where it is more
//! list  := offset varint | log2 of the items a chunk u8 | chunk*
//! chunk := items up to here varint | length varint | largest impact u8
//! ```

use std::ops::Range;

use super::{
    metadata::{BEST_COUNT, INLINE_MAX_COUNT, PAGE_LEN_BYTES},
    notes::{Notes, read_notes, write_notes},
    postings::{Posting, read_postings, write_postings},
};
use crate::{
    codec::{Cursor, OutOfBytes, write_varint},
    container::BLOCK_CHECKSUM_LEN_BYTES,
};

/// What a term's entry says.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// How many items have the term.
    pub(crate) item_count: u32,
    /// All items that have it, ascending; where there is a list, those that say it most.
    pub(crate) postings: Vec<Posting>,
    /// Where all of them are, if they are too many to stand here.
    pub(crate) list: Vec<Chunk>,
    /// What else is known of it.
    pub(crate) notes: Notes,
}

/// A piece of a list: the items from where the one before ends up to its own end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Chunk {
    /// The number of its first possible item.
    pub(crate) start: u32,
    /// The number behind its last possible item.
    pub(crate) end: u32,
    /// How many items it has.
    pub(crate) count: u32,
    /// Where it lies among the bytes of all lists.
    pub(crate) offset: u64,
    /// How long it is.
    pub(crate) len_bytes: u32,
    /// The largest impact in it.
    pub(crate) maximum_impact: u8,
}

/// How much of a page is not its checksum.
pub(super) const PAGE_CONTENT_LEN_BYTES: u64 =
    PAGE_LEN_BYTES as u64 - BLOCK_CHECKSUM_LEN_BYTES as u64;

impl Chunk {
    /// The pages on which it lies. A section has so few bytes that their numbers fit.
    pub(crate) fn pages(&self) -> Range<u32> {
        let end = self.offset.saturating_add(u64::from(self.len_bytes));
        let first = self.offset / PAGE_CONTENT_LEN_BYTES;
        let behind = end.div_ceil(PAGE_CONTENT_LEN_BYTES);
        u32::try_from(first).unwrap_or(u32::MAX)..u32::try_from(behind).unwrap_or(u32::MAX)
    }
}

/// Appends a text that follows another one: how many bytes they share, and the rest. Both counts are in one byte where they are below 15.
pub(super) fn write_after(previous: &str, text: &str, bytes: &mut Vec<u8>) {
    let shared = shared_len(previous, text);
    let rest = text.get(shared..).unwrap_or_default().as_bytes();
    bytes.push((shared.min(15) << 4 | rest.len().min(15)) as u8);
    for count in [shared, rest.len()] {
        if 15 <= count {
            write_varint(count as u64 - 15, bytes);
        }
    }
    bytes.extend_from_slice(rest);
}

/// How many bytes two texts begin with alike, cut at a letter.
fn shared_len(left: &str, right: &str) -> usize {
    right.floor_char_boundary(equal_count(left.as_bytes(), right.as_bytes()))
}

/// How many bytes of the text before are kept, and what follows them.
pub(super) fn read_after<'a>(cursor: &mut Cursor<'a>) -> Result<(usize, &'a [u8]), OutOfBytes> {
    let counts = cursor.u8()?;
    let mut count = |short: u8| match short {
        15 => usize::try_from(cursor.varint()?)
            .ok()
            .and_then(|count| count.checked_add(15))
            .ok_or(OutOfBytes),
        short => Ok(usize::from(short)),
    };
    let shared = count(counts >> 4)?;
    let rest_len = count(counts & 15)?;
    Ok((shared, cursor.take(rest_len)?))
}

/// The terms of a block that begin alike, one after the other. Those below are passed over as they are written: none is put together.
pub(super) struct TermsWith<'a, 'p> {
    cursor: Cursor<'a>,
    beginning: &'p str,
    /// How many bytes of the beginning the last term has; those below it have the same of what they share with it.
    equal_len: usize,
    /// The last term that was given; before the first, the beginning.
    term: String,
}

impl<'a, 'p> TermsWith<'a, 'p> {
    /// Those of a block that begin with `beginning`.
    pub(super) fn new(block: &'a [u8], beginning: &'p str) -> Self {
        Self {
            cursor: Cursor::new(block),
            beginning,
            equal_len: 0,
            term: beginning.to_owned(),
        }
    }

    /// The next of them, with the bytes of its entry; `None` behind the last.
    pub(super) fn next(&mut self) -> Result<Option<(&str, &'a [u8])>, OutOfBytes> {
        let beginning = self.beginning.as_bytes();
        while !self.cursor.is_empty() {
            let (shared, rest) = read_after(&mut self.cursor)?;
            let entry = self.cursor.sized()?;
            if shared <= self.equal_len {
                let wanted = beginning.get(shared..).unwrap_or_default();
                let equal = equal_count(rest, wanted);
                self.equal_len = shared + equal;
                if equal < wanted.len() && wanted.get(equal) < rest.get(equal) {
                    break;
                }
            }
            // What shares more with one that is below is as far below.
            if self.equal_len < beginning.len() {
                continue;
            }
            if !self.term.is_char_boundary(shared) {
                return Err(OutOfBytes);
            }
            self.term.truncate(shared);
            self.term
                .push_str(std::str::from_utf8(rest).map_err(|_| OutOfBytes)?);
            return Ok(Some((&self.term, entry)));
        }
        Ok(None)
    }
}

/// How many bytes two texts begin with alike.
fn equal_count(left: &[u8], right: &[u8]) -> usize {
    let pairs = left.iter().zip(right);
    pairs.take_while(|(left, right)| left == right).count()
}

/// Appends the entry of a term with all its postings, its length before it; a long list goes to `lists`.
pub(super) fn write_entry(
    postings: &[Posting],
    notes: &Notes,
    item_count: u32,
    bytes: &mut Vec<u8>,
    lists: &mut Vec<u8>,
) {
    let mut entry = Vec::new();
    write_varint(postings.len() as u64, &mut entry);
    match postings.len() {
        0 => {}
        1..=INLINE_MAX_COUNT => write_postings(postings, item_count, &mut entry),
        _ => write_long(postings, item_count, &mut entry, lists),
    }
    write_notes(notes, &mut entry);
    write_varint(entry.len() as u64, bytes);
    bytes.append(&mut entry);
}

/// Appends the best of many postings, and where the list of all of them is.
fn write_long(postings: &[Posting], item_count: u32, bytes: &mut Vec<u8>, lists: &mut Vec<u8>) {
    let mut best = postings.to_vec();
    best.sort_by_key(|posting| (std::cmp::Reverse(posting.impact), posting.item));
    best.truncate(BEST_COUNT);
    best.sort_by_key(|posting| posting.item);
    write_postings(&best, item_count, bytes);

    write_varint(lists.len() as u64, bytes);
    let chunk_len = chunk_len(postings.len());
    bytes.push(chunk_len.ilog2() as u8);
    let mut start = 0;
    for chunk in postings.chunks(chunk_len) {
        let end = chunk.last().map_or(start, |posting| posting.item + 1);
        let offset = lists.len();
        let relative: Vec<Posting> = chunk
            .iter()
            .map(|posting| Posting {
                item: posting.item - start,
                ..*posting
            })
            .collect();
        write_postings(&relative, end - start, lists);
        let impacts = chunk.iter().map(|posting| posting.impact);
        write_varint(u64::from(end - start), bytes);
        write_varint((lists.len() - offset) as u64, bytes);
        bytes.push(impacts.max().unwrap_or_default());
        start = end;
    }
}

/// How many items a chunk of a list has: a power of two, so that there are at most 64 chunks.
fn chunk_len(item_count: usize) -> usize {
    item_count.div_ceil(64).next_power_of_two().max(128)
}

/// Reads an entry that [`write_entry`] wrote, out of its bytes.
pub(super) fn read_entry(bytes: &[u8], item_count: u32) -> Result<Entry, OutOfBytes> {
    let mut cursor = Cursor::new(bytes);
    let count = cursor.varint_u32()?;
    if item_count < count {
        return Err(OutOfBytes);
    }
    let (postings, list) = match count as usize {
        0 => (Vec::new(), Vec::new()),
        1..=INLINE_MAX_COUNT => {
            let postings = read_postings(&mut cursor, count as usize, item_count)?;
            (postings, Vec::new())
        }
        _ => (
            read_postings(&mut cursor, BEST_COUNT, item_count)?,
            read_list(&mut cursor, count, item_count)?,
        ),
    };
    Ok(Entry {
        item_count: count,
        postings,
        list,
        notes: read_notes(&mut cursor)?,
    })
}

/// Where the chunks of a list are, out of an entry.
fn read_list(
    cursor: &mut Cursor<'_>,
    count: u32,
    item_count: u32,
) -> Result<Vec<Chunk>, OutOfBytes> {
    let mut offset = cursor.varint()?;
    let chunk_len = 1_u32.checked_shl(cursor.u8()?.into()).ok_or(OutOfBytes)?;
    let mut list = Vec::new();
    let mut start = 0_u32;
    let mut left = count;
    while 0 < left {
        let span = cursor.varint_u32()?;
        let len_bytes = cursor.varint_u32()?;
        let end = start.checked_add(span).ok_or(OutOfBytes)?;
        let chunk = Chunk {
            start,
            end,
            count: left.min(chunk_len),
            offset,
            len_bytes,
            maximum_impact: cursor.u8()?,
        };
        if item_count < end || span < chunk.count {
            return Err(OutOfBytes);
        }
        list.push(chunk);
        left -= chunk.count;
        start = end;
        offset = offset.checked_add(len_bytes.into()).ok_or(OutOfBytes)?;
    }
    Ok(list)
}

/// The postings of a chunk, out of its bytes.
pub(super) fn read_chunk(chunk: &Chunk, bytes: &[u8]) -> Result<Vec<Posting>, OutOfBytes> {
    let mut cursor = Cursor::new(bytes);
    let room = chunk.end - chunk.start;
    let mut postings = read_postings(&mut cursor, chunk.count as usize, room)?;
    for posting in &mut postings {
        posting.item += chunk.start;
    }
    Ok(postings)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// The terms of a block that begin so.
    fn with(block: &[u8], beginning: &str) -> Result<Vec<(String, Vec<u8>)>, OutOfBytes> {
        let mut terms = TermsWith::new(block, beginning);
        let mut found = Vec::new();
        while let Some((term, entry)) = terms.next()? {
            found.push((term.to_owned(), entry.to_vec()));
        }
        Ok(found)
    }

    proptest! {
        #[test]
        fn terms_that_begin_so_are_those_of_a_scan(
            terms in prop::collection::btree_set("[abé]{0,4}[a-c]{0,20}", 0..60),
            beginnings in prop::collection::vec("[abé]{0,4}[a-d]{0,2}", 0..20),
        ) {
            let terms: BTreeSet<String> = terms;
            let mut block = Vec::new();
            let mut previous = "";
            for term in &terms {
                write_after(previous, term, &mut block);
                block.extend([1, term.len() as u8]);
                previous = term;
            }
            for beginning in beginnings.iter().chain(&terms) {
                let begins_so = terms.iter().filter(|term| term.starts_with(beginning));
                let expected = begins_so.map(|term| (term.clone(), vec![term.len() as u8]));
                prop_assert_eq!(with(&block, beginning), Ok(expected.collect()));
            }
        }

        #[test]
        fn any_bytes_are_a_block_or_an_error(block: Vec<u8>, beginning in "[aé]{0,3}") {
            let _ = with(&block, &beginning);
        }
    }
}
