//! What a mistyped word was meant to be.

use std::ops::Range;

use analysis::Analyzer;

use super::reading::{COMPLETION_FACTOR, Word, sort_each_once};
use crate::{
    error::Error,
    sorted_map::SortedMap,
    text::{Text, is_within, tag_of},
};

/// How much a term counts that a word was corrected to, by each letter that was wrong.
pub(super) const CORRECTION_FACTOR: f32 = 0.5;

/// So many blocks of terms are read to correct the words of a question.
const CORRECTION_BLOCKS_MAX_COUNT: usize = 4;

/// From so many letters on two of them may be wrong, if the first ones are right.
const TWO_TYPOS_LETTER_COUNT: usize = 8;

/// How many first letters that are.
const RIGHT_LETTER_COUNT: usize = 3;

/// Where the terms are that a word may have been meant to be, and which they are.
pub(super) struct Correction<'a> {
    word: &'a Word,
    /// The terms of words at a distance of one, and of some that are none, with how each is written.
    near: SortedMap<String, String>,
    /// With which letters everything begins that may have been meant beside these.
    beginning: Option<&'a str>,
    /// Ascending.
    blocks: Vec<u32>,
    /// Whether there were more blocks than are read.
    pub(super) is_cut: bool,
}

impl<'a> Correction<'a> {
    /// What some words, by their numbers, may have been meant to be: of so many blocks of terms at most, the first words where these are too few.
    pub(super) fn of_words(
        text: &Text,
        analyzer: &Analyzer,
        words: &[(usize, &'a Word)],
        blocks_max_count: usize,
    ) -> Result<Vec<(usize, Self)>, Error> {
        let blocks_max_count = blocks_max_count.min(CORRECTION_BLOCKS_MAX_COUNT);
        let words = words.iter().take(blocks_max_count);
        let blocks_max_count = blocks_max_count / words.len().max(1);
        words
            .map(|&(number, word)| {
                let correction = Self::of(text, analyzer, word, blocks_max_count)?;
                Ok((number, correction))
            })
            .collect()
    }

    fn of(
        text: &Text,
        analyzer: &Analyzer,
        word: &'a Word,
        blocks_max_count: usize,
    ) -> Result<Self, Error> {
        let mut near: SortedMap<String, String> = SortedMap::new();
        for meant in text.meant_by(&word.spelled)? {
            let term = analyzer.term(&meant);
            // Of several words of one term, the first is shown.
            match near.get_mut(&term) {
                Some(shown) => *shown = meant.min(std::mem::take(shown)),
                None => {
                    near.insert(term, meant);
                }
            }
        }
        let mut blocks: Vec<u32> = near.keys().map(|term| text.block_of(term)).collect();
        let ends: Vec<usize> = word.spelled.char_indices().map(|(end, _)| end).collect();
        let is_long = TWO_TYPOS_LETTER_COUNT <= ends.len() || word.is_open;
        let beginning = ends.get(RIGHT_LETTER_COUNT).filter(|_| is_long);
        let beginning = beginning.and_then(|&end| word.spelled.get(..end));
        blocks.extend(
            beginning
                .map(|beginning| text.blocks_of_prefix(beginning))
                .into_iter()
                .flatten(),
        );
        sort_each_once(&mut blocks);
        let is_cut = blocks_max_count < blocks.len();
        blocks.truncate(blocks_max_count);
        Ok(Self {
            word,
            near,
            beginning,
            blocks,
            is_cut,
        })
    }

    /// The blocks of terms where they are.
    pub(super) fn blocks(&self) -> impl Iterator<Item = u32> {
        self.blocks.iter().copied()
    }

    /// The terms at a distance of one whose blocks are read, with how each is written; ascending.
    pub(super) fn near<'t>(&'t self, text: &'t Text) -> impl Iterator<Item = (&'t str, &'t str)> {
        let is_read = |term: &str| self.blocks.contains(&text.block_of(term));
        let near = self.near.iter();
        near.map(|(term, shown)| (term.as_str(), shown.as_str()))
            .filter(move |(term, _)| *term != self.word.term && is_read(term))
    }

    /// With which letters everything begins that is farther away, and the blocks of that which are read.
    pub(super) fn farther(&self, text: &Text) -> Option<(&'a str, Range<u32>)> {
        let beginning = self.beginning?;
        let blocks = text.blocks_of_prefix(beginning);
        let is_read = |block: &u32| self.blocks.contains(block);
        let behind = blocks.clone().find(|block| !is_read(block));
        Some((beginning, blocks.start..behind.unwrap_or(blocks.end)))
    }

    /// A term as somebody would write it: with the ending of the mistyped word, if that is a word.
    pub(super) fn written(&self, text: &Text, term: &str) -> Result<String, Error> {
        let ending = self.word.spelled.strip_prefix(&self.word.term);
        let written = format!("{term}{}", ending.unwrap_or_default());
        let is_word = !text.is_unwritten(&written)? && text.analyzer().term(&written) == term;
        Ok(if is_word { written } else { term.to_owned() })
    }

    /// What a term counts that is farther away, as what was meant; `None` where it was not.
    pub(super) fn factor(&self, term: &str) -> Option<f32> {
        if tag_of(term).is_some() || term == self.word.term {
            return None;
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
