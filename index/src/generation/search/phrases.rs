//! Words that have to stand one behind the other.
//!
//! Where a field keeps its pairs of words, what has a phrase is known in the trip of its words, and only one of three words or more is looked at itself, to see whether its pairs belong together.
//! Without pairs, everything that has all the words is looked at, the best of it: that costs the index nothing, and a question the records that it will show anyway.

use analysis::{Analyzer, words};

use super::{Findings, candidates::best, reading::Word};
use crate::{
    catalogue::Record,
    error::Error,
    generation::Generation,
    recommend::sort_key::sort_by_key,
    text::{Text, pair_key},
};

/// So many items that have all the words or pairs are looked at, the best.
const CANDIDATES_MAX_COUNT: usize = 200;

/// The terms of words that belong together, phrase by phrase.
pub(super) struct Phrases<'a>(Vec<Vec<&'a str>>);

impl<'a> Phrases<'a> {
    /// Those among the words of a question.
    pub(super) fn of(words: &'a [Word]) -> Self {
        let runs = words.chunk_by(|_, next| next.follows);
        let phrases = runs.map(|run| {
            let terms = run.iter().map(|word| word.term.as_str());
            terms.filter(|term| !term.is_empty()).collect()
        });
        Self(
            phrases
                .filter(|terms: &Vec<&str>| 1 < terms.len())
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys of all pairs; none where the index keeps no pairs.
    pub(super) fn pairs(&self, text: &Text) -> Vec<String> {
        let phrases = self.0.iter().filter(|_| text.keeps_pairs());
        let pairs = phrases.flat_map(|terms| terms.windows(2));
        let keys = pairs.filter_map(|pair| match pair {
            [first, second] => Some(pair_key(first, second)),
            _ => None,
        });
        keys.collect()
    }

    /// Whether what has all pairs has all phrases.
    pub(super) fn are_pairs(&self) -> bool {
        self.0.iter().all(|terms| terms.len() == 2)
    }

    /// Whether each stands somewhere in the fields where it is looked for.
    fn are_in(&self, record: &Record, text: &Text, analyzer: &Analyzer) -> bool {
        let mut phrases = self.0.iter();
        phrases.all(|phrase| has_phrase(text, analyzer, record, phrase))
    }
}

impl Generation<'_> {
    /// What has the phrases, of the best that was found; in one batch.
    pub(super) fn with_phrases(
        &self,
        text: &Text,
        analyzer: &Analyzer,
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
                .is_some_and(|record| phrases.are_in(&record, text, analyzer))
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

/// Whether the terms stand one behind the other somewhere in the fields where that is looked for.
fn has_phrase(text: &Text, analyzer: &Analyzer, record: &Record, phrase: &[&str]) -> bool {
    let stands_in = |text: &String| {
        let terms = words(text).map(|word| analyzer.term(word.text));
        let terms: Vec<String> = terms.filter(|term| !term.is_empty()).collect();
        terms.windows(phrase.len()).any(|terms| terms == phrase)
    };
    text.phrase_fields()
        .any(|field| match record.fields.get(field) {
            None if field == "title" => stands_in(&record.title),
            value => value.is_some_and(|value| value.texts().iter().any(stands_in)),
        })
}
