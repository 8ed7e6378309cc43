//! Search: which items have some words, the best first.
//!
//! A word is looked up in its block of terms; only where it is none, the terms that it may have been meant to be. What stands with the terms answers most questions. Lists too long to stand
//! there are read in chunks, in one more batch: those chunks that could still bring an item among the best, by the largest impact of each (Ding and Suel: Faster top-k document retrieval
//! using block-max indexes, SIGIR 2011).

use std::collections::BTreeSet;

use analysis::{Analyzer, fold};

use super::Generation;
use crate::{
    catalogue::Filter,
    container::Plan,
    error::Error,
    recommend::{Scored, top},
    text::{Chunk, Entry, Posting, Text, is_within},
};

/// How much a term counts that begins with a word, beside the word itself.
const COMPLETION_FACTOR: f32 = 0.8;

/// How much a term counts that a word was corrected to, by each letter that was wrong.
const CORRECTION_FACTOR: f32 = 0.5;

/// So many terms at most stand for one word, the most frequent.
const VARIANTS_MAX_COUNT: usize = 64;

/// So many blocks of terms are read for the beginning of a word.
const PREFIX_BLOCKS_MAX_COUNT: usize = 16;

/// So many blocks of terms are read to correct a word.
const CORRECTION_BLOCKS_MAX_COUNT: usize = 6;

/// From so many letters on two of them may be wrong, if the first three are right.
const TWO_TYPOS_LETTER_COUNT: usize = 8;

/// What is read of long lists, where nobody asks for more.
const LISTS_MAX_LEN_BYTES: u64 = 48 << 10;

/// A question for items by their words.
#[derive(Clone, Debug)]
pub struct TextQuestion {
    /// What is asked for.
    pub words: Vec<AskedWord>,
    /// Whether an item has to have all words; otherwise one is enough.
    pub needs_all: bool,
    /// What the items must be.
    pub filter: Filter,
    /// How many items are wanted.
    pub count: usize,
    /// What may be read of lists that are too long to stand with their terms.
    pub lists_max_len_bytes: u64,
}

impl Default for TextQuestion {
    /// All of no words.
    fn default() -> Self {
        Self {
            words: Vec::new(),
            needs_all: true,
            filter: Filter::default(),
            count: 0,
            lists_max_len_bytes: LISTS_MAX_LEN_BYTES,
        }
    }
}

/// A word of a question.
#[derive(Clone, Debug, Default)]
pub struct AskedWord {
    /// As somebody typed it.
    pub typed: String,
    /// Whether it may not yet be finished, and stands for what begins so, too.
    pub is_open: bool,
}

/// A word in the forms in which it is looked up.
struct Word {
    term: String,
    /// Folded.
    spelled: String,
    is_open: bool,
}

/// The answer to a [`TextQuestion`].
#[derive(Clone, Debug, PartialEq)]
pub struct TextAnswer {
    /// The items, the best first, equals by their numbers.
    pub hits: Vec<Scored>,
    /// How many items were found in all; of long lists that were not read, not all are counted.
    pub total: usize,
    /// Whether a limit kept something unread that could have been among the best: of long lists, of the terms that begin with a word, of those that it may have meant.
    pub is_partial: bool,
    /// How each word was read, in their order.
    pub words: Vec<FoundWord>,
}

/// How a word was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundWord {
    /// As what.
    pub reading: Reading,
    /// The terms it stands for, the most frequent first.
    pub terms: Vec<String>,
}

/// As what a word was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reading {
    /// A term, and where it was not finished those that begin so.
    AsTyped,
    /// Terms that differ by a letter or two.
    Corrected,
    /// Nothing has it, nor anything near it.
    Unknown,
}

/// A term that stands for a word.
struct Variant {
    term: String,
    entry: Entry,
    /// What it counts, beside the word as it was typed.
    factor: f32,
}

/// What is known of the items of a word.
struct WordItems {
    /// Ascending by item, each once.
    items: Vec<Scored>,
    /// Pieces of lists that were not read, with what an impact is worth in them.
    unread: Vec<(Chunk, f32)>,
}

/// A run of items in which no list has more than one chunk.
struct Interval {
    start: u32,
    end: u32,
    /// The most that an item in it can score.
    bound: f32,
}

impl Generation<'_> {
    /// The items that have the words of a question, and how these were read.
    pub fn search(&self, question: &TextQuestion) -> Result<TextAnswer, Error> {
        let text = self.text()?;
        let analyzer = Analyzer::new(text.language().parse().unwrap_or_default());
        let word = |asked: &AskedWord| Word {
            term: analyzer.term(&asked.typed),
            spelled: fold(&asked.typed),
            is_open: asked.is_open,
        };
        let words: Vec<Word> = question.words.iter().map(word).collect();
        self.fetch(&mut |plan| {
            if !question.filter.is_empty() {
                self.catalogue.plan_filter(plan)?;
            }
            words
                .iter()
                .try_for_each(|word| plan_word(text, word, plan))
        })?;
        let variants = words.iter().map(|word| self.variants(text, word));
        let mut variants: Vec<Vec<Variant>> = variants.collect::<Result<_, _>>()?;
        let mut readings = vec![Reading::AsTyped; variants.len()];
        let is_uncorrected = self.correct(text, &analyzer, &words, &mut variants, &mut readings)?;
        let is_unfinished = words.iter().any(|word| {
            word.is_open && PREFIX_BLOCKS_MAX_COUNT < text.blocks_of_prefix(&word.spelled).len()
        });
        let mut answer = self.answer(text, question, variants, readings)?;
        answer.is_partial |= is_uncorrected || is_unfinished;
        Ok(answer)
    }

    /// The terms that stand for a word as it was typed.
    fn variants(&self, text: &Text, word: &Word) -> Result<Vec<Variant>, Error> {
        let blocks = self.blocks.borrow();
        let mut variants = Vec::new();
        if !word.is_open {
            variants.extend(text.term(&word.term, &blocks)?.map(|entry| Variant {
                term: word.term.clone(),
                entry,
                factor: 1.0,
            }));
            return Ok(variants);
        }
        for block in planned_blocks(text, word) {
            text.each_term(block, &blocks, &mut |term, entry| {
                if term == word.term || term.starts_with(&word.spelled) {
                    let is_whole = term == word.term || term == word.spelled;
                    variants.push(Variant {
                        term: term.to_owned(),
                        entry,
                        factor: if is_whole { 1.0 } else { COMPLETION_FACTOR },
                    });
                }
            })?;
        }
        keep_most_frequent(&mut variants);
        Ok(variants)
    }

    /// Finds what was meant by the words that are no terms; gives whether there was more to look at than may be.
    fn correct(
        &self,
        text: &Text,
        analyzer: &Analyzer,
        words: &[Word],
        variants: &mut [Vec<Variant>],
        readings: &mut [Reading],
    ) -> Result<bool, Error> {
        let mut missing = Vec::new();
        for (number, word) in words.iter().enumerate() {
            if variants.get(number).is_some_and(Vec::is_empty) {
                missing.push((number, Correction::of(text, analyzer, word)?));
            }
        }
        let is_cut = missing.iter().any(|(_, correction)| correction.is_cut);
        self.fetch(&mut |plan| {
            let mut blocks = missing
                .iter()
                .flat_map(|(_, correction)| &correction.blocks);
            blocks.try_for_each(|&block| text.plan_block(block, plan))
        })?;
        let blocks = self.blocks.borrow();
        for (number, correction) in missing {
            let mut meant = Vec::new();
            for &block in &correction.blocks {
                text.each_term(block, &blocks, &mut |term, entry| {
                    if let Some(factor) = correction.factor(term) {
                        meant.push(Variant {
                            term: term.to_owned(),
                            entry,
                            factor,
                        });
                    }
                })?;
            }
            // Two wrong letters only where one is not enough.
            let best = meant
                .iter()
                .map(|variant| variant.factor)
                .fold(0.0, f32::max);
            meant.retain(|variant| best <= variant.factor);
            keep_most_frequent(&mut meant);
            let reading = if meant.is_empty() {
                Reading::Unknown
            } else {
                Reading::Corrected
            };
            if let (Some(place), Some(found)) = (readings.get_mut(number), variants.get_mut(number))
            {
                *place = reading;
                *found = meant;
            }
        }
        Ok(is_cut)
    }

    fn answer(
        &self,
        text: &Text,
        question: &TextQuestion,
        variants: Vec<Vec<Variant>>,
        readings: Vec<Reading>,
    ) -> Result<TextAnswer, Error> {
        let passing = self.passing(&question.filter)?;
        let mut words: Vec<WordItems> = variants
            .iter()
            .map(|variants| WordItems::of(text, variants))
            .collect();
        let best = |found: &[Scored]| {
            let passes = |item| passing.has(item);
            top(found, |_, scored| scored, &passes, question.count)
        };
        // The least score among as many as are wanted.
        let threshold = |hits: &[Scored]| {
            let last = hits.get(question.count.wrapping_sub(1));
            last.map_or(0.0, |last| last.score)
        };
        let mut found = scored(&words, question.needs_all);
        let mut hits = best(&found);
        let mut left_bound = 0.0_f32;
        if words.iter().any(|word| !word.unread.is_empty()) {
            left_bound = self.read_lists(text, &mut words, question, threshold(&hits))?;
            found = scored(&words, question.needs_all);
            hits = best(&found);
        }
        let total = found.iter().filter(|hit| passing.has(hit.item)).count();
        let is_partial = 0.0 < left_bound && threshold(&hits) <= left_bound;
        let words = variants.into_iter().zip(readings);
        Ok(TextAnswer {
            hits,
            total,
            is_partial,
            words: words
                .map(|(variants, reading)| FoundWord {
                    reading,
                    terms: variants.into_iter().map(|variant| variant.term).collect(),
                })
                .collect(),
        })
    }

    /// Reads the chunks in which an item could score as much as `threshold`, those with the highest bounds first, as far as may be read. Gives the highest bound
    /// of what was left for want of room.
    fn read_lists(
        &self,
        text: &Text,
        words: &mut [WordItems],
        question: &TextQuestion,
        threshold: f32,
    ) -> Result<f32, Error> {
        let mut intervals = intervals(words, question.needs_all);
        intervals.retain(|interval| 0.0 < interval.bound && threshold <= interval.bound);
        intervals.sort_by(|left, right| right.bound.total_cmp(&left.bound));
        let mut wanted: BTreeSet<(usize, usize)> = BTreeSet::new();
        let mut len_bytes = 0;
        let mut left_bound = 0.0_f32;
        for interval in &intervals {
            let mut added = Vec::new();
            for (number, word) in words.iter().enumerate() {
                for (place, (chunk, _)) in word.unread.iter().enumerate() {
                    let is_in = chunk.has_any_of(interval.start, interval.end);
                    if is_in && !wanted.contains(&(number, place)) {
                        added.push((number, place, u64::from(chunk.len_bytes)));
                    }
                }
            }
            let added_len: u64 = added.iter().map(|(.., len_bytes)| len_bytes).sum();
            if question.lists_max_len_bytes < len_bytes + added_len {
                left_bound = left_bound.max(interval.bound);
                continue;
            }
            len_bytes += added_len;
            wanted.extend(added.iter().map(|&(number, place, _)| (number, place)));
        }
        let chunk = |words: &[WordItems], number: usize, place: usize| {
            words
                .get(number)
                .and_then(|word| word.unread.get(place))
                .copied()
        };
        self.fetch(&mut |plan| {
            wanted.iter().try_for_each(|&(number, place)| {
                let found = chunk(words, number, place);
                found.map_or(Ok(()), |(chunk, _)| text.plan_chunk(&chunk, plan))
            })
        })?;
        let blocks = self.blocks.borrow();
        for (number, place) in wanted {
            let Some((chunk, unit)) = chunk(words, number, place) else {
                continue;
            };
            let postings = text.chunk(&chunk, &blocks)?;
            if let Some(word) = words.get_mut(number) {
                word.add(&postings, unit);
            }
        }
        words.iter_mut().for_each(WordItems::tidy);
        Ok(left_bound)
    }
}

/// Adds the blocks where a word may stand.
fn plan_word(text: &Text, word: &Word, plan: &mut Plan) -> Result<(), Error> {
    let mut blocks = planned_blocks(text, word).into_iter();
    blocks.try_for_each(|block| text.plan_block(block, plan))
}

/// The blocks of a word and of what begins with it, ascending.
fn planned_blocks(text: &Text, word: &Word) -> BTreeSet<u32> {
    let mut blocks = BTreeSet::from([text.block_of(&word.term)]);
    if word.is_open {
        let with_prefix = text.blocks_of_prefix(&word.spelled);
        blocks.extend(with_prefix.take(PREFIX_BLOCKS_MAX_COUNT));
    }
    blocks
}

/// Keeps the terms that most items have, of equals the first, as many as may be.
fn keep_most_frequent(variants: &mut Vec<Variant>) {
    variants.sort_by(|left, right| {
        let by_frequency = right.entry.item_count.cmp(&left.entry.item_count);
        by_frequency.then_with(|| left.term.cmp(&right.term))
    });
    variants.truncate(VARIANTS_MAX_COUNT);
}

/// Where the terms are that a word may have been meant to be, and which they are.
struct Correction<'a> {
    word: &'a Word,
    /// The terms of words at a distance of one, and of some that are none.
    near: BTreeSet<String>,
    blocks: BTreeSet<u32>,
    /// Whether there were more blocks than are read.
    is_cut: bool,
}

impl<'a> Correction<'a> {
    fn of(text: &Text, analyzer: &Analyzer, word: &'a Word) -> Result<Self, Error> {
        let near = text.meant_by(&word.spelled)?;
        let near: BTreeSet<String> = near.iter().map(|near| analyzer.term(near)).collect();
        let mut blocks: BTreeSet<u32> = near.iter().map(|term| text.block_of(term)).collect();
        let ends: Vec<usize> = word.spelled.char_indices().map(|(end, _)| end).collect();
        if let Some(&end) = ends.get(3)
            && (TWO_TYPOS_LETTER_COUNT <= ends.len() || word.is_open)
        {
            let beginning = word.spelled.get(..end).unwrap_or_default();
            blocks.extend(text.blocks_of_prefix(beginning));
        }
        let is_cut = CORRECTION_BLOCKS_MAX_COUNT < blocks.len();
        while CORRECTION_BLOCKS_MAX_COUNT < blocks.len() {
            blocks.pop_last();
        }
        Ok(Self {
            word,
            near,
            blocks,
            is_cut,
        })
    }

    /// What a term counts as what was meant; `None` where it was not.
    fn factor(&self, term: &str) -> Option<f32> {
        if self.near.contains(term) {
            return Some(CORRECTION_FACTOR);
        }
        let spelled = self.word.spelled.as_str();
        let letter_count = spelled.chars().count();
        let end = |count: usize| {
            let mut letters = term.char_indices();
            letters.nth(count).map_or(term.len(), |(end, _)| end)
        };
        if self.word.is_open && 4 <= letter_count {
            let mut beginnings = (letter_count - 1..=letter_count + 1).map(end);
            let is_near =
                beginnings.any(|end| is_within(term.get(..end).unwrap_or(term), spelled, 1));
            if is_near {
                return Some(CORRECTION_FACTOR * COMPLETION_FACTOR);
            }
        }
        let is_farther = TWO_TYPOS_LETTER_COUNT <= letter_count
            && (is_within(term, spelled, 2) || is_within(term, &self.word.term, 2));
        is_farther.then_some(CORRECTION_FACTOR * CORRECTION_FACTOR)
    }
}

impl WordItems {
    /// What stands with the terms of a word.
    fn of(text: &Text, variants: &[Variant]) -> Self {
        let mut found = Self {
            items: Vec::new(),
            unread: Vec::new(),
        };
        for variant in variants {
            let unit = text.weight(&variant.entry) * variant.factor;
            found.add(&variant.entry.postings, unit);
            let chunks = variant.entry.list.iter();
            found.unread.extend(chunks.map(|chunk| (*chunk, unit)));
        }
        found.tidy();
        found
    }

    /// Adds items, in whose postings an impact is worth `unit`.
    fn add(&mut self, postings: &[Posting], unit: f32) {
        self.items.extend(postings.iter().map(|posting| Scored {
            item: posting.item,
            score: f32::from(posting.impact) * unit,
        }));
    }

    /// Leaves each item once, with its best score.
    fn tidy(&mut self) {
        self.items.sort_by(|left, right| {
            let by_item = left.item.cmp(&right.item);
            by_item.then_with(|| right.score.total_cmp(&left.score))
        });
        self.items.dedup_by_key(|scored| scored.item);
    }

    /// What the word adds to the score of an item, as far as is known.
    fn score_of(&self, item: u32) -> Option<f32> {
        let place = self.items.binary_search_by_key(&item, |scored| scored.item);
        place
            .ok()
            .and_then(|place| self.items.get(place))
            .map(|scored| scored.score)
    }

    /// The most that an item in a run can score.
    fn bound(&self, start: u32, end: u32) -> f32 {
        let first = self.items.partition_point(|scored| scored.item < start);
        let known = self.items.get(first..).unwrap_or_default().iter();
        let known = known
            .take_while(|scored| scored.item < end)
            .map(|scored| scored.score);
        let unread = self
            .unread
            .iter()
            .filter(|(chunk, _)| chunk.has_any_of(start, end));
        let unread = unread.map(|(chunk, unit)| f32::from(chunk.maximum_impact) * unit);
        known.chain(unread).fold(0.0, f32::max)
    }
}

/// The runs between the ends of all chunks, with what an item in each can score.
fn intervals(words: &[WordItems], needs_all: bool) -> Vec<Interval> {
    let chunks = words.iter().flat_map(|word| &word.unread);
    let ends: BTreeSet<u32> = chunks
        .flat_map(|(chunk, _)| [chunk.start, chunk.end])
        .collect();
    let ends: Vec<u32> = ends.into_iter().collect();
    ends.windows(2)
        .filter_map(|ends| match *ends {
            [start, end] => {
                let bounds: Vec<f32> = words.iter().map(|word| word.bound(start, end)).collect();
                let is_possible = !needs_all || bounds.iter().all(|bound| 0.0 < *bound);
                let bound = if is_possible {
                    bounds.iter().sum()
                } else {
                    0.0
                };
                Some(Interval { start, end, bound })
            }
            _ => None,
        })
        .collect()
}

/// The items that have all the words, or any, with the sum of what each adds, as far as is known; ascending.
fn scored(words: &[WordItems], needs_all: bool) -> Vec<Scored> {
    if needs_all {
        let fewest = words.iter().min_by_key(|word| word.items.len());
        let items = fewest.map_or(&[][..], |word| &word.items).iter();
        let sum = |item: u32| {
            words
                .iter()
                .map(|word| word.score_of(item))
                .sum::<Option<f32>>()
        };
        return items
            .filter_map(|scored| sum(scored.item).map(|score| Scored { score, ..*scored }))
            .collect();
    }
    let mut all: Vec<Scored> = words
        .iter()
        .flat_map(|word| word.items.iter().copied())
        .collect();
    // Stable: what the words add stays in their order.
    all.sort_by_key(|scored| scored.item);
    all.dedup_by(|later, earlier| {
        let is_same = later.item == earlier.item;
        if is_same {
            earlier.score += later.score;
        }
        is_same
    });
    all
}
