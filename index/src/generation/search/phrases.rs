//! Words that have to stand one behind the other.
//!
//! No positions are kept: what has all the words is looked at itself, the best of it. That costs the index nothing, and a question the records that it will show anyway.

use std::{collections::BTreeSet, ops::Range};

use analysis::{Analyzer, words};

use super::{
    AskedWord, Findings,
    candidates::{Ranked, best},
};
use crate::{catalogue::Record, error::Error, generation::Generation, text::Text};

/// So many items that have all the words are looked at, the best.
const CANDIDATES_MAX_COUNT: usize = 200;

/// The runs of words that belong together.
pub(super) fn phrases(words: &[AskedWord]) -> Vec<Range<usize>> {
    let mut phrases: Vec<Range<usize>> = Vec::new();
    for (number, word) in words.iter().enumerate() {
        match phrases.last_mut() {
            Some(last) if word.follows => last.end = number + 1,
            _ => phrases.push(number..number + 1),
        }
    }
    phrases.retain(|phrase| 1 < phrase.len());
    phrases
}

impl Generation<'_> {
    /// Leaves of what was found what has the phrases; in one batch.
    pub(super) fn keep_phrases(
        &self,
        text: &Text,
        analyzer: &Analyzer,
        asked: &[AskedWord],
        count: usize,
        findings: &mut Findings,
    ) -> Result<(), Error> {
        let phrases = phrases(asked);
        let phrases: Vec<Vec<String>> = phrases
            .into_iter()
            .map(|phrase| {
                let words = asked.get(phrase).unwrap_or_default().iter();
                words.map(|word| analyzer.term(&word.typed)).collect()
            })
            .collect();
        let candidates = best(&findings.found, CANDIDATES_MAX_COUNT);
        let items: Vec<u32> = candidates.iter().map(|found| found.item).collect();
        let records = self.records(&items)?;
        let has_all = |record: &Record| {
            let mut phrases = phrases.iter();
            phrases.all(|phrase| has_phrase(text, analyzer, record, phrase))
        };
        let with_records = items.iter().zip(&records);
        let kept = with_records.filter(|(_, record)| has_all(record));
        let kept: BTreeSet<u32> = kept.map(|(item, _)| *item).collect();
        findings.is_cut |= candidates.len() < findings.found.len();
        let is_kept = |found: &Ranked| kept.contains(&found.item);
        findings.found.retain(is_kept);
        findings.best = best(&findings.found, count);
        Ok(())
    }
}

/// Whether the terms stand one behind the other somewhere in the fields that are searched.
fn has_phrase(text: &Text, analyzer: &Analyzer, record: &Record, phrase: &[String]) -> bool {
    let stands_in = |text: &String| {
        let terms: Vec<String> = words(text).map(|word| analyzer.term(word.text)).collect();
        terms.windows(phrase.len()).any(|terms| terms == phrase)
    };
    text.fields().any(|field| match record.fields.get(field) {
        None if field == "title" => stands_in(&record.title),
        value => value.is_some_and(|value| value.texts().iter().any(stands_in)),
    })
}
