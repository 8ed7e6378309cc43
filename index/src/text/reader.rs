use std::{cell::OnceCell, ops::Range};

use analysis::Analyzer;

use super::{
    dictionary::{Chunk, Entry, PAGE_CONTENT_LEN_BYTES, TermsWith, read_chunk, read_entry},
    fences::Fences,
    filter::{TYPED_MIN_LETTER_COUNT, WordFilter, is_correctable},
    geography::{Point, Rectangle},
    metadata::{FENCES, FILTER, LISTS, Metadata, POINTS, POINTS_PER_BLOCK, RECTANGLES, TERMS},
    points::{read_points, read_rectangles},
    postings::Posting,
    typos,
};
use crate::{
    codec::OutOfBytes,
    container::{Blocks, Container, HEAD_ONLY, Plan},
    error::Error,
    recommend::sort_key::sort_by_key,
};

/// An open file of texts.
#[derive(Debug)]
pub struct Text {
    container: Container,
    metadata: Metadata,
    /// What each block of terms but the first begins with.
    fences: Fences,
    /// What is around each block of points.
    rectangles: Vec<Rectangle>,
    /// Read when it is needed first.
    filter: OnceCell<WordFilter>,
}

impl Text {
    /// Opens a head. O(blocks of terms).
    pub fn open(container: Container) -> Result<Self, Error> {
        let metadata: Metadata = container.metadata()?;
        let fences = container.block(FENCES, 0, &HEAD_ONLY)?;
        let fence_count = (container.block_count(TERMS)? as usize).wrapping_sub(1);
        let fences = Fences::read(fences, fence_count).map_err(|OutOfBytes| {
            container.corrupt("the beginnings do not fit the blocks of terms")
        })?;
        let rectangles = read_rectangles(container.block(RECTANGLES, 0, &HEAD_ONLY)?)
            .map_err(|OutOfBytes| container.corrupt("the rectangles of places are cut off"))?;
        let points_count = metadata.item_count.div_ceil(POINTS_PER_BLOCK) as usize;
        let is_whole = rectangles.is_empty() || rectangles.len() == points_count;
        if !is_whole || container.block_count(POINTS)? as usize != rectangles.len() {
            return Err(container.corrupt("the rectangles do not fit the blocks of points"));
        }
        Ok(Self {
            container,
            metadata,
            fences,
            rectangles,
            filter: OnceCell::new(),
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

    /// The fields that were read.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.metadata.fields.iter().map(|(name, ..)| name.as_str())
    }

    /// The fields in which phrases are looked for: those whose pairs of words are kept, or all.
    pub(crate) fn phrase_fields(&self) -> impl Iterator<Item = &str> {
        let are_all = !self.keeps_pairs();
        let fields = self.metadata.fields.iter();
        let fields = fields.filter(move |(.., keeps_pairs)| are_all || *keeps_pairs);
        fields.map(|(name, ..)| name.as_str())
    }

    /// Whether the pairs of words are kept of a field.
    pub(crate) fn keeps_pairs(&self) -> bool {
        let mut fields = self.metadata.fields.iter();
        fields.any(|(.., keeps_pairs)| *keeps_pairs)
    }

    /// The language of the texts, by its name.
    pub fn language(&self) -> &str {
        &self.metadata.language
    }

    /// What made terms of the texts.
    pub(crate) fn analyzer(&self) -> Analyzer {
        Analyzer::new(self.language().parse().unwrap_or_default())
    }

    /// What a posting adds to the score of its item: its impact, times the term's inverse document frequency as BM25 has it.
    pub(crate) fn weight(&self, entry: &Entry) -> f32 {
        let (all, with) = (self.metadata.item_count as f32, entry.item_count as f32);
        let inverse_frequency = (1.0 + (all - with + 0.5) / (with + 0.5)).ln();
        inverse_frequency * self.metadata.impact_unit
    }

    /// The blocks of the terms that begin so.
    pub(crate) fn blocks_of_prefix(&self, prefix: &str) -> Range<u32> {
        self.block_of(prefix)..self.fences.count_up_to_last(prefix) as u32 + 1
    }

    /// Adds blocks of terms.
    pub(crate) fn plan_blocks(
        &self,
        blocks: impl IntoIterator<Item = u32>,
        plan: &mut Plan,
    ) -> Result<(), Error> {
        let mut blocks = blocks.into_iter();
        blocks.try_for_each(|block| self.container.plan(TERMS, block, plan))
    }

    /// The terms of a block that has been fetched that begin so and that `wants` accepts, ascending, with what `wants` made of them. O(length of the block up to the last).
    pub(crate) fn terms<T>(
        &self,
        block: u32,
        beginning: &str,
        blocks: &Blocks,
        mut wants: impl FnMut(&str) -> Option<T>,
    ) -> Result<Vec<(T, Entry)>, Error> {
        let block = self.container.block(TERMS, block, blocks)?;
        let mut terms = TermsWith::new(block, beginning);
        let mut found = Vec::new();
        let read = || {
            while let Some((term, entry)) = terms.next()? {
                if let Some(wanted) = wants(term) {
                    found.push((wanted, read_entry(entry, self.metadata.item_count)?));
                }
            }
            Ok(found)
        };
        read().map_err(|OutOfBytes| self.container.corrupt("a block of terms is cut off"))
    }

    /// A term whose block has been fetched; `None` if it is none. O(length of the block up to it).
    pub(crate) fn term(&self, term: &str, blocks: &Blocks) -> Result<Option<Entry>, Error> {
        let block = self.container.block(TERMS, self.block_of(term), blocks)?;
        let mut terms = TermsWith::new(block, term);
        // A term stands before all that begin with it.
        let mut read = || match terms.next()? {
            Some((first, entry)) if first == term => {
                read_entry(entry, self.metadata.item_count).map(Some)
            }
            _ => Ok(None),
        };
        read().map_err(|OutOfBytes| self.container.corrupt("a block of terms is cut off"))
    }

    /// How many terms a name has at most.
    pub(crate) fn longest_name(&self) -> usize {
        self.metadata.longest_name.into()
    }

    /// Whether a word is surely none that is written anywhere, but for one in 256 that are not.
    pub(crate) fn is_unwritten(&self, word: &str) -> Result<bool, Error> {
        Ok(is_correctable(word) && !self.filter()?.may_have(word.as_bytes()))
    }

    /// The blocks of points with something in a rectangle, those around its center first; of others, in their order.
    pub(crate) fn blocks_of_points(&self, rectangle: Rectangle, center: Point) -> Vec<u32> {
        let around = (0..).zip(&self.rectangles);
        let mut around: Vec<(u32, &Rectangle)> = around
            .filter(|(_, around)| around.meets(rectangle))
            .collect();
        sort_by_key(&mut around, |(_, around)| u64::from(!around.has(center)));
        around.into_iter().map(|(block, _)| block).collect()
    }

    /// Whether it is known where items lie.
    pub(crate) fn has_points(&self) -> bool {
        !self.rectangles.is_empty()
    }

    /// The block with the point of an item.
    pub(crate) fn block_of_point(item: u32) -> u32 {
        item / POINTS_PER_BLOCK
    }

    /// Adds a block of points.
    pub(crate) fn plan_points(&self, block: u32, plan: &mut Plan) -> Result<(), Error> {
        self.container.plan(POINTS, block, plan)
    }

    /// The items of a block of points that has been fetched, ascending, with where they lie.
    pub(crate) fn points(&self, block: u32, blocks: &Blocks) -> Result<Vec<(u32, Point)>, Error> {
        let points = read_points(self.container.block(POINTS, block, blocks)?);
        let points =
            points.map_err(|OutOfBytes| self.container.corrupt("a block of points is cut off"))?;
        let items = block.saturating_mul(POINTS_PER_BLOCK)..self.metadata.item_count;
        let points = items.zip(points).take(POINTS_PER_BLOCK as usize);
        Ok(points
            .filter_map(|(item, point)| point.map(|point| (item, point)))
            .collect())
    }

    /// The words that somebody may have meant who wrote another one: those that are one letter of its script away, and one in 256 of what is none; some twice.
    pub(crate) fn meant_by(&self, word: &str) -> Result<Vec<String>, Error> {
        if word.chars().count() < TYPED_MIN_LETTER_COUNT || word.contains(char::is_numeric) {
            return Ok(Vec::new());
        }
        let filter = self.filter()?;
        // Fingers slip to letters of the same script: folded Latin ones, or others.
        let letters = self.metadata.alphabet.chars();
        let alphabet: String = letters
            .filter(|letter| letter.is_ascii() == word.is_ascii())
            .collect();
        let mut near = Vec::new();
        typos::each_neighbour(word, &alphabet, &mut |text| {
            if filter.may_have(text) && text != word.as_bytes() {
                near.extend(std::str::from_utf8(text).map(str::to_owned));
            }
        });
        Ok(near)
    }

    fn filter(&self) -> Result<&WordFilter, Error> {
        if let Some(filter) = self.filter.get() {
            return Ok(filter);
        }
        let filter = WordFilter::read(&self.container.hot_block(FILTER, 0)?)
            .map_err(|OutOfBytes| self.container.corrupt("the filter of words is cut off"))?;
        Ok(self.filter.get_or_init(|| filter))
    }

    /// Adds the pages of a chunk.
    pub(crate) fn plan_chunk(&self, chunk: &Chunk, plan: &mut Plan) -> Result<(), Error> {
        let mut pages = chunk.pages();
        pages.try_for_each(|page| self.container.plan(LISTS, page, plan))
    }

    /// The postings of a chunk whose pages have been fetched.
    pub(crate) fn chunk(&self, chunk: &Chunk, blocks: &Blocks) -> Result<Vec<Posting>, Error> {
        let mut pages = chunk.pages();
        let skipped = chunk.offset - u64::from(pages.start) * PAGE_CONTENT_LEN_BYTES;
        let page = |page| self.container.block(LISTS, page, blocks);
        let first = pages.next().map_or(Ok(&[][..]), page)?;
        // Most chunks lie on one page.
        let mut joined = Vec::new();
        for other in pages {
            if joined.is_empty() {
                joined.extend_from_slice(first);
            }
            joined.extend_from_slice(page(other)?);
        }
        let bytes = if joined.is_empty() { first } else { &joined };
        let start = skipped as usize;
        let bytes = bytes.get(start..start + chunk.len_bytes as usize);
        bytes
            .ok_or(OutOfBytes)
            .and_then(|bytes| read_chunk(chunk, bytes))
            .map_err(|OutOfBytes| self.container.corrupt("a list of items is cut off"))
    }

    /// The number of the block where a term stands, if it is one.
    pub(crate) fn block_of(&self, term: &str) -> u32 {
        self.fences.count_up_to(term) as u32
    }
}
