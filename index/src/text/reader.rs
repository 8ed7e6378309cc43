use std::ops::Range;

use super::{
    dictionary::{Chunk, Entry, read_after, read_chunk, read_entry},
    filter::{TYPED_MIN_LETTER_COUNT, WordFilter},
    metadata::{FENCES, FILTER, LISTS, Metadata, PAGE_LEN_BYTES, TERMS},
    postings::Posting,
    typos,
};
use crate::{
    codec::{Cursor, OutOfBytes},
    container::{BLOCK_CHECKSUM_LEN_BYTES, Blocks, Container, HEAD_ONLY, Plan},
    error::Error,
};

/// An open file of texts.
#[derive(Debug)]
pub struct Text {
    container: Container,
    metadata: Metadata,
    /// What each block of terms but the first begins with; ascending.
    fences: Vec<String>,
}

impl Text {
    /// Opens a head. O(blocks of terms).
    pub fn open(container: Container) -> Result<Self, Error> {
        let metadata: Metadata = container.metadata()?;
        let fences =
            read_fences(container.block(FENCES, 0, &HEAD_ONLY)?).map_err(|OutOfBytes| {
                container.corrupt("the beginnings of the blocks of terms are cut off")
            })?;
        if container.block_count(TERMS)? as usize != fences.len() + 1 || !fences.is_sorted() {
            return Err(container.corrupt("the beginnings do not fit the blocks of terms"));
        }
        Ok(Self {
            container,
            metadata,
            fences,
        })
    }

    /// The container, for its lengths.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// How many items the catalogue has.
    pub fn item_count(&self) -> u32 {
        self.metadata.item_count
    }

    /// The language of the texts, by its name.
    pub fn language(&self) -> &str {
        &self.metadata.language
    }

    /// What a posting adds to the score of its item: its impact, times the term's inverse document frequency as BM25 has it.
    pub(crate) fn weight(&self, entry: &Entry) -> f32 {
        let (all, with) = (self.metadata.item_count as f32, entry.item_count as f32);
        let inverse_frequency = (1.0 + (all - with + 0.5) / (with + 0.5)).ln();
        inverse_frequency * self.metadata.impact_unit
    }

    /// The blocks of the terms that begin so.
    pub(crate) fn blocks_of_prefix(&self, prefix: &str) -> Range<u32> {
        let first = self.block_of(prefix);
        let behind = self
            .fences
            .partition_point(|fence| fence.as_str() <= prefix || fence.starts_with(prefix));
        first..behind as u32 + 1
    }

    /// Adds a block of terms.
    pub(crate) fn plan_block(&self, block: u32, plan: &mut Plan) -> Result<(), Error> {
        self.container.plan(TERMS, block, plan)
    }

    /// Calls `visit` for every term of a block that has been fetched, ascending. O(length of the block).
    pub(crate) fn each_term(
        &self,
        block: u32,
        blocks: &Blocks,
        visit: &mut dyn FnMut(&str, Entry),
    ) -> Result<(), Error> {
        let mut cursor = Cursor::new(self.container.block(TERMS, block, blocks)?);
        let mut term = String::new();
        let mut read = || {
            while !cursor.is_empty() {
                read_after(&mut cursor, &mut term)?;
                let entry = read_entry(&mut cursor, self.metadata.item_count)?;
                visit(&term, entry);
            }
            Ok(())
        };
        read().map_err(|OutOfBytes| self.container.corrupt("a block of terms is cut off"))
    }

    /// A term whose block has been fetched; `None` if it is none.
    pub(crate) fn term(&self, term: &str, blocks: &Blocks) -> Result<Option<Entry>, Error> {
        let mut found = None;
        self.each_term(self.block_of(term), blocks, &mut |other, entry| {
            if other == term {
                found = Some(entry);
            }
        })?;
        Ok(found)
    }

    /// The words that somebody may have meant who wrote another one, ascending: those that are one letter away, and one in 256 of what is none.
    pub(crate) fn meant_by(&self, word: &str) -> Result<Vec<String>, Error> {
        if word.chars().count() < TYPED_MIN_LETTER_COUNT || word.contains(char::is_numeric) {
            return Ok(Vec::new());
        }
        let filter = self.filter()?;
        let near = typos::neighbours(word, &self.metadata.alphabet);
        let near = near.into_iter();
        Ok(near.filter(|near| filter.may_have(near)).collect())
    }

    fn filter(&self) -> Result<WordFilter, Error> {
        WordFilter::read(self.container.block(FILTER, 0, &HEAD_ONLY)?)
            .map_err(|OutOfBytes| self.container.corrupt("the filter of words is cut off"))
    }

    /// Adds the pages of a chunk.
    pub(crate) fn plan_chunk(&self, chunk: &Chunk, plan: &mut Plan) -> Result<(), Error> {
        let mut pages = pages_of(chunk);
        pages.try_for_each(|page| self.container.plan(LISTS, page, plan))
    }

    /// The postings of a chunk whose pages have been fetched.
    pub(crate) fn chunk(&self, chunk: &Chunk, blocks: &Blocks) -> Result<Vec<Posting>, Error> {
        let pages = pages_of(chunk);
        let skipped = chunk.offset - u64::from(pages.start) * PAGE_CONTENT_LEN_BYTES;
        let mut bytes = Vec::new();
        for page in pages {
            bytes.extend_from_slice(self.container.block(LISTS, page, blocks)?);
        }
        let start = skipped as usize;
        let bytes = bytes.get(start..start + chunk.len_bytes as usize);
        bytes
            .ok_or(OutOfBytes)
            .and_then(|bytes| read_chunk(chunk, bytes))
            .map_err(|OutOfBytes| self.container.corrupt("a list of items is cut off"))
    }

    /// The number of the block where a term stands, if it is one.
    pub(crate) fn block_of(&self, term: &str) -> u32 {
        self.fences.partition_point(|fence| fence.as_str() <= term) as u32
    }
}

const PAGE_CONTENT_LEN_BYTES: u64 = PAGE_LEN_BYTES as u64 - BLOCK_CHECKSUM_LEN_BYTES as u64;

/// The pages on which a chunk lies. A section has so few bytes that their numbers fit.
fn pages_of(chunk: &Chunk) -> Range<u32> {
    let end = chunk.offset.saturating_add(u64::from(chunk.len_bytes));
    let first = chunk.offset / PAGE_CONTENT_LEN_BYTES;
    let behind = end.div_ceil(PAGE_CONTENT_LEN_BYTES);
    u32::try_from(first).unwrap_or(u32::MAX)..u32::try_from(behind).unwrap_or(u32::MAX)
}

fn read_fences(bytes: &[u8]) -> Result<Vec<String>, OutOfBytes> {
    let mut cursor = Cursor::new(bytes);
    let mut fences: Vec<String> = Vec::new();
    let mut fence = String::new();
    while !cursor.is_empty() {
        read_after(&mut cursor, &mut fence)?;
        fences.push(fence.clone());
    }
    Ok(fences)
}
