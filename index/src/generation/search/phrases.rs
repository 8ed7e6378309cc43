//! Words that have to stand one behind the other.
//!
//! No positions are kept: what has all the words is looked at itself, the best of it. That costs the index nothing, and a question the records that it will show anyway.

use analysis::{Analyzer, words};

use super::{AskedWord, Findings, candidates::best};
use crate::{
    catalogue::Record, error::Error, generation::Generation, recommend::sort_key::sort_by_key,
    text::Text,
};

/// So many items that have all the words are looked at, the best.
const CANDIDATES_MAX_COUNT: usize = 200;

/// The terms of words that belong together, phrase by phrase.
pub(super) struct Phrases<'a> {
    analyzer: &'a Analyzer,
    terms: Vec<Vec<String>>,
}

impl<'a> Phrases<'a> {
    /// Those among the words of a question.
    pub(super) fn of(words: &[AskedWord], analyzer: &'a Analyzer) -> Self {
        let runs = words.chunk_by(|_, next| next.follows);
        let phrases = runs.filter(|run| 1 < run.len());
        let terms_of = |phrase: &[AskedWord]| {
            let terms = phrase.iter().map(|word| analyzer.term(&word.typed));
            terms.collect()
        };
        Self {
            analyzer,
            terms: phrases.map(terms_of).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether each stands somewhere in the fields that are searched.
    fn are_in(&self, record: &Record, text: &Text) -> bool {
        let mut phrases = self.terms.iter();
        phrases.all(|phrase| has_phrase(text, self.analyzer, record, phrase))
    }
}

impl Generation<'_> {
    /// What has the phrases, of the best that was found; in one batch.
    pub(super) fn with_phrases(
        &self,
        text: &Text,
        phrases: &Phrases<'_>,
        count: usize,
        findings: &Findings,
    ) -> Result<Findings, Error> {
        let mut found = best(&findings.found, CANDIDATES_MAX_COUNT);
        let is_cut = findings.is_cut || found.len() < findings.found.len();
        let items: Vec<u32> = found.iter().map(|found| found.item).collect();
        let mut records = self.records(&items)?.into_iter();
        found.retain(|_| {
            records
                .next()
                .is_some_and(|record| phrases.are_in(&record, text))
        });
        sort_by_key(&mut found, |found| found.item.into());
        Ok(Findings {
            best: best(&found, count),
            found,
            is_cut,
            has_more: findings.has_more,
        })
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
