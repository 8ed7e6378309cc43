use std::collections::{BTreeMap, HashMap};

use analysis::{Analyzer, Language, fold, words};

use super::{
    postings::Posting,
    serializer::{Term, Texts, serialize},
};
use crate::error::WriteError;

/// How fast the weight of a term saturates with how often it is there; Robertson and Zaragoza (2009) name 1.2 to 2, and Lucene takes 1.2.
pub const DEFAULT_SATURATION: f32 = 1.2;

/// A field of the items that is searched.
#[derive(Clone, Debug, PartialEq)]
pub struct TextField {
    /// What it is called.
    pub name: String,
    /// How much a word in it counts, beside the other fields.
    pub boost: f32,
    /// How much less a word counts in a long text: from 0, not at all, to 1, in proportion.
    pub length_normalization: f32,
}

/// Which texts are searched, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct TextSettings {
    /// In which language they are.
    pub language: Language,
    /// The fields, in the order in which they are given to the writer.
    pub fields: Vec<TextField>,
    /// See [`DEFAULT_SATURATION`].
    pub saturation: f32,
}

/// A term that an item has in a field.
struct Occurrence {
    term: u32,
    item: u32,
    field: u16,
    /// How often, at most 65,535.
    count: u16,
}

/// The texts of a collection in the making, item by item.
pub struct TextWriter {
    settings: TextSettings,
    analyzer: Analyzer,
    item_count: u32,
    /// By the word as it is written, so that each is stemmed once.
    term_of_word: HashMap<Box<str>, Option<u32>>,
    term_of_spelling: HashMap<Box<str>, u32>,
    occurrences: Vec<Occurrence>,
    /// How many words each item has in each field.
    lens: Vec<u32>,
    /// The terms of the item that is being read, with their fields.
    current: Vec<(u32, u16)>,
}

impl TextWriter {
    /// A writer of no items yet.
    pub fn new(settings: TextSettings) -> Self {
        Self {
            analyzer: Analyzer::new(settings.language),
            settings,
            item_count: 0,
            term_of_word: HashMap::new(),
            term_of_spelling: HashMap::new(),
            occurrences: Vec::new(),
            lens: Vec::new(),
            current: Vec::new(),
        }
    }

    /// Takes the texts of the next item: for each field, by its place in the settings, what is written there. A field may come several times.
    pub fn push<'a>(&mut self, texts: impl IntoIterator<Item = (usize, &'a str)>) {
        let first_len = self.lens.len();
        self.lens.resize(first_len + self.settings.fields.len(), 0);
        let mut current = std::mem::take(&mut self.current);
        current.clear();
        for (field, text) in texts {
            for word in words(text) {
                if let Some(term) = self.term(word.text) {
                    current.push((term, field as u16));
                    if let Some(len) = self.lens.get_mut(first_len + field) {
                        *len += 1;
                    }
                }
            }
        }
        current.sort_unstable();
        let item = self.item_count;
        let runs = current.chunk_by(|left, right| left == right);
        self.occurrences.extend(runs.filter_map(|run| {
            let &(term, field) = run.first()?;
            Some(Occurrence {
                term,
                item,
                field,
                count: run.len().min(u16::MAX.into()) as u16,
            })
        }));
        self.current = current;
        self.item_count += 1;
    }

    /// The number of a word's term; `None` where nothing is left of it.
    fn term(&mut self, word: &str) -> Option<u32> {
        if let Some(&term) = self.term_of_word.get(word) {
            return term;
        }
        let spelling = self.analyzer.term(word);
        let next = self.term_of_spelling.len() as u32;
        let term = (!spelling.is_empty()).then(|| {
            *self
                .term_of_spelling
                .entry(spelling.into_boxed_str())
                .or_insert(next)
        });
        self.term_of_word.insert(word.into(), term);
        term
    }

    /// The file. `item_space` is that of the catalogue whose item numbers the items have, in their order.
    ///
    /// A term counts in an item by BM25F (Robertson, Zaragoza and Taylor: Simple BM25 extension to multiple weighted fields, CIKM 2004): how often it is in each field,
    /// times the field's boost, by the field's length, added up and then saturated. That is rounded to one of 255 impacts (Anh, de Kretser and Moffat: Vector-space ranking with effective
    /// early termination, SIGIR 2001). O(occurrences + terms · log terms).
    pub fn finish(mut self, item_space: u64) -> Result<Vec<u8>, WriteError> {
        let norms = self.norms();
        let mut occurrences = std::mem::take(&mut self.occurrences);
        occurrences.sort_unstable_by_key(|found| (found.term, found.item, found.field));
        // By the numbers of the terms, each of which occurs.
        let mut weights: Vec<Vec<(u32, f32)>> = Vec::new();
        for of_term in occurrences.chunk_by(|left, right| left.term == right.term) {
            let items = of_term.chunk_by(|left, right| left.item == right.item);
            let weights_of_items = items.filter_map(|fields| {
                let item = fields.first()?.item;
                let weight: f32 = fields.iter().map(|found| self.weight(found, &norms)).sum();
                Some((item, weight / (self.settings.saturation + weight)))
            });
            weights.push(weights_of_items.collect());
        }
        drop(occurrences);
        let all = weights.iter().flatten().map(|(_, weight)| *weight);
        let maximum = all.fold(0.0, f32::max);
        let unit = if 0.0 < maximum { maximum / 255.0 } else { 1.0 };
        let posting = |(item, weight): (u32, f32)| Posting {
            item,
            impact: (weight / unit).round().clamp(1.0, 255.0) as u8,
        };
        let mut as_written: BTreeMap<String, usize> = BTreeMap::new();
        for (word, term) in self.term_of_word.drain() {
            let items = term.and_then(|term| weights.get(term as usize));
            let count = as_written.entry(fold(&word)).or_default();
            *count = items.map_or(0, Vec::len).max(*count);
        }
        let mut spellings: Vec<(Box<str>, u32)> = self.term_of_spelling.drain().collect();
        spellings.sort_unstable_by_key(|(_, number)| *number);
        let mut terms: Vec<Term> = spellings
            .into_iter()
            .zip(weights)
            .map(|((spelling, _), weights)| Term {
                spelling,
                postings: weights.into_iter().map(posting).collect(),
            })
            .collect();
        terms.sort_unstable_by(|left, right| left.spelling.cmp(&right.spelling));
        let impact_unit = unit * (1.0 + self.settings.saturation);
        let texts = Texts {
            terms,
            as_written,
            item_count: self.item_count,
            impact_unit,
        };
        serialize(&texts, &self.settings, item_space)
    }

    /// What an occurrence adds before saturation.
    fn weight(&self, found: &Occurrence, norms: &[f32]) -> f32 {
        let field = usize::from(found.field);
        let place = found.item as usize * self.settings.fields.len() + field;
        match (self.settings.fields.get(field), norms.get(place)) {
            (Some(settings), Some(norm)) => settings.boost * f32::from(found.count) / norm,
            _ => 0.0,
        }
    }

    /// By what the occurrences in each item's fields are divided.
    fn norms(&self) -> Vec<f32> {
        let fields = &self.settings.fields;
        let mut totals = vec![(0_u64, 0_u64); fields.len()];
        for lens in self.lens.chunks(fields.len().max(1)) {
            for ((total, count), &len) in totals.iter_mut().zip(lens) {
                *total += u64::from(len);
                *count += u64::from(0 < len);
            }
        }
        let means = totals
            .into_iter()
            .map(|(total, count)| total as f32 / count.max(1) as f32);
        let of_fields: Vec<(f32, f32)> = fields
            .iter()
            .zip(means)
            .map(|(field, mean)| (field.length_normalization, mean.max(1.0)))
            .collect();
        let norm =
            |(&len, &(share, mean)): (&u32, &(f32, f32))| 1.0 - share + share * len as f32 / mean;
        self.lens
            .iter()
            .zip(of_fields.iter().cycle())
            .map(norm)
            .collect()
    }
}

impl std::fmt::Debug for TextWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TextWriter")
            .field("settings", &self.settings)
            .field("item_count", &self.item_count)
            .finish_non_exhaustive()
    }
}
