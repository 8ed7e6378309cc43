//! What a mistyped word was meant to be.

use std::collections::{BTreeMap, BTreeSet};

use analysis::Analyzer;

use super::reading::{COMPLETION_FACTOR, Word};
use crate::{
    error::Error,
    text::{Text, is_within, tag_of},
};

/// How much a term counts that a word was corrected to, by each letter that was wrong.
pub(super) const CORRECTION_FACTOR: f32 = 0.5;

/// So many blocks of terms are read to correct the words of a question.
const CORRECTION_BLOCKS_MAX_COUNT: usize = 6;

/// From so many letters on two of them may be wrong, if the first three are right.
const TWO_TYPOS_LETTER_COUNT: usize = 8;

/// Where the terms are that a word may have been meant to be, and which they are.
pub(super) struct Correction<'a> {
    word: &'a Word,
    /// The terms of words at a distance of one, and of some that are none, with how each is written.
    near: BTreeMap<String, String>,
    blocks: BTreeSet<u32>,
    /// Whether there were more blocks than are read.
    pub(super) is_cut: bool,
}

impl<'a> Correction<'a> {
    /// What some words, by their numbers, may have been meant to be.
    pub(super) fn of_words(
        text: &Text,
        analyzer: &Analyzer,
        words: &[(usize, &'a Word)],
    ) -> Result<Vec<(usize, Self)>, Error> {
        let blocks_max_count = (CORRECTION_BLOCKS_MAX_COUNT / words.len().max(1)).max(1);
        let words = words.iter();
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
        let near = text.meant_by(&word.spelled)?;
        // Of several words of one term, the first is shown.
        let near = near.into_iter().rev();
        let near: BTreeMap<String, String> =
            near.map(|word| (analyzer.term(&word), word)).collect();
        let mut blocks: BTreeSet<u32> = near.keys().map(|term| text.block_of(term)).collect();
        let ends: Vec<usize> = word.spelled.char_indices().map(|(end, _)| end).collect();
        if let Some(&end) = ends.get(3)
            && (TWO_TYPOS_LETTER_COUNT <= ends.len() || word.is_open)
        {
            let beginning = word.spelled.get(..end).unwrap_or_default();
            blocks.extend(text.blocks_of_prefix(beginning));
        }
        let is_cut = blocks_max_count < blocks.len();
        while blocks_max_count < blocks.len() {
            blocks.pop_last();
        }
        Ok(Self {
            word,
            near,
            blocks,
            is_cut,
        })
    }

    /// The blocks of terms where they are.
    pub(super) fn blocks(&self) -> impl Iterator<Item = u32> {
        self.blocks.iter().copied()
    }

    /// How a term is written that may have been meant.
    pub(super) fn shown<'t>(&'t self, term: &'t str) -> &'t str {
        self.near.get(term).map_or(term, String::as_str)
    }

    /// What a term counts as what was meant; `None` where it was not.
    pub(super) fn factor(&self, term: &str) -> Option<f32> {
        if tag_of(term).is_some() || term == self.word.term {
            return None;
        }
        if self.near.contains_key(term) {
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
