//! What somebody may be about to write.

use super::{AskedWord, reading::Word};
use crate::{
    error::Error,
    generation::Generation,
    recommend::sort_key::{sort_by_key, sort_key},
    text::{NAME_END, tag_of},
};

/// So many blocks of terms are read for what begins so.
const BLOCKS_MAX_COUNT: usize = 8;

/// So many of the last words may begin a name.
const WORDS_MAX_COUNT: usize = 3;

/// A name that begins with what was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Suggestion {
    /// How many of the last words it stands for.
    pub word_count: usize,
    /// What it is called.
    pub name: String,
    /// The field of which it is a value.
    pub field: String,
    /// How many items have it.
    pub item_count: u32,
}

impl Generation<'_> {
    /// The names that begin with the last words, those for the most words first, then those that most items have; in one batch.
    pub fn suggestions(&self, words: &[AskedWord], count: usize) -> Result<Vec<Suggestion>, Error> {
        let text = self.text()?;
        let analyzer = text.analyzer();
        let words: Vec<Word> = words
            .iter()
            .map(|word| Word::new(word, &analyzer))
            .collect();
        let longest = WORDS_MAX_COUNT.min(words.len()).min(text.longest_name());
        let beginnings = (1..=longest).rev().filter_map(|word_count| {
            let (last, before) = words.get(words.len() - word_count..)?.split_last()?;
            let before: Vec<&str> = before.iter().map(|word| word.term.as_str()).collect();
            // A word that is finished is a term in a name, which ends with it or goes on.
            let lasts = [
                last.spelled.clone(),
                format!("{}{NAME_END}", last.term),
                format!("{} ", last.term),
            ];
            let lasts = lasts.into_iter().filter(|last| !last.trim().is_empty());
            let names = lasts.map(|last| [&before[..], &[&last]].concat().join(" "));
            Some(names.map(|name| (word_count, name)).collect::<Vec<_>>())
        });
        let beginnings: Vec<(usize, String)> = beginnings.flatten().collect();
        let blocks_of = |beginning: &str| {
            let is_finished = beginning.ends_with([NAME_END, ' ']);
            let max_count = if is_finished { 1 } else { BLOCKS_MAX_COUNT };
            text.blocks_of_prefix(beginning).take(max_count)
        };
        self.fetch(&mut |plan| {
            let beginnings = beginnings.iter();
            text.plan_blocks(
                beginnings.flat_map(|(_, beginning)| blocks_of(beginning)),
                plan,
            )
        })?;
        let blocks = self.blocks.borrow();
        let mut suggestions: Vec<Suggestion> = Vec::new();
        for (word_count, beginning) in beginnings {
            for block in blocks_of(&beginning) {
                let field_of = |key: &str| {
                    let tag = tag_of(key).filter(|tag| !tag.starts_with('*'));
                    tag.map(str::to_owned)
                };
                for (field, entry) in text.terms(block, &beginning, &blocks, field_of)? {
                    let name = entry.notes.name;
                    let is_new = !suggestions.iter().any(|other| other.name == name);
                    if 0 < entry.item_count && is_new {
                        suggestions.push(Suggestion {
                            word_count,
                            name,
                            field,
                            item_count: entry.item_count,
                        });
                    }
                }
            }
        }
        sort_by_key(&mut suggestions, |suggestion| {
            let fewer_words = (WORDS_MAX_COUNT - suggestion.word_count) as u32;
            sort_key(fewer_words, !suggestion.item_count)
        });
        suggestions.truncate(count);
        Ok(suggestions)
    }
}
