use std::collections::{BTreeMap, HashMap};

use analysis::{Analyzer, Language, fold, words};

use super::{
    geography::{Circle, Point},
    names::{PINNED_TAG, WORDS_TAG, name_key, pair_key, tag_of, terms_of},
    notes::{Link, LinkKind, Notes, Place},
    postings::Posting,
    serializer::{Term, Texts, serialize},
};
use crate::error::WriteError;

/// How fast the weight of a term saturates with how often it is there. Robertson and Zaragoza (The probabilistic relevance framework, 2009) name 1.2 to 2; Lucene and tantivy take 1.2, bm25s
/// takes 1.5. Of the two test collections that the benchmark of search reads, Cranfield is found by 1.5 better than by 1.2, CACM as well.
pub const DEFAULT_SATURATION: f32 = 1.5;

/// A field of the items that is searched.
#[derive(Clone, Debug, PartialEq)]
pub struct TextField {
    /// What it is called.
    pub name: String,
    /// How much a word in it counts, beside the other fields.
    pub boost: f32,
    /// How much less a word counts in a long text: from 0, not at all, to 1, in proportion.
    pub length_normalization: f32,
    /// Whether it is kept which two words stand one behind the other, so that what has a phrase is known without a look at its record. Words between quotation marks are then looked for in the
    /// fields that keep this alone. A term for each pair: a field of titles becomes about three times as long.
    pub keeps_pairs: bool,
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

/// What is called by a name.
#[derive(Default)]
struct Named {
    /// Ascending.
    items: Vec<u32>,
    notes: Notes,
}

/// The texts of a collection in the making, item by item.
pub struct TextWriter {
    settings: TextSettings,
    analyzer: Analyzer,
    item_count: u32,
    /// By the word as it is written, so that each is stemmed once.
    term_of_word: HashMap<Box<str>, Option<u32>>,
    term_of_spelling: HashMap<Box<str>, u32>,
    term_of_pair: HashMap<(u32, u32), u32>,
    occurrences: Vec<Occurrence>,
    /// How many words each item has in each field.
    lens: Vec<u32>,
    /// Where each item lies.
    points: Vec<Option<Point>>,
    /// How good each item is.
    qualities: Vec<f32>,
    /// What is called by names, and what is known of words, by their keys.
    names: BTreeMap<String, Named>,
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
            term_of_pair: HashMap::new(),
            occurrences: Vec::new(),
            lens: Vec::new(),
            points: Vec::new(),
            qualities: Vec::new(),
            names: BTreeMap::new(),
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
            let settings = self.settings.fields.get(field);
            let keeps_pairs = settings.is_some_and(|field| field.keeps_pairs);
            let mut before = None;
            for word in words(text) {
                let Some(term) = self.term(word.text) else {
                    continue;
                };
                current.push((term, field as u16));
                if let Some(len) = self.lens.get_mut(first_len + field) {
                    *len += 1;
                }
                if let Some(before) = before.replace(term)
                    && keeps_pairs
                {
                    current.push((self.pair(before, term), field as u16));
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
        self.points.push(None);
        self.qualities.push(0.0);
    }

    /// Says of the last item how good it is, from 0 to 1: of those that are called by one name, the best come first.
    pub fn set_quality(&mut self, quality: f32) {
        if let Some(last) = self.qualities.last_mut() {
            *last = quality.clamp(0.0, 1.0);
        }
    }

    /// Says of the last item where it lies.
    pub fn set_point(&mut self, point: Point) {
        if let Some(last) = self.points.last_mut() {
            *last = Some(point);
        }
    }

    /// Says of the last item that it is called so, as what the tag says: a value of that field.
    pub fn add_name(&mut self, tag: &str, name: &str) {
        let Some(item) = self.item_count.checked_sub(1) else {
            return;
        };
        if let Some(named) = self.named(tag, name)
            && named.items.last() != Some(&item)
        {
            named.items.push(item);
        }
    }

    /// Says that it is a place what is called so, and where on the earth, if that is known.
    pub fn set_place(&mut self, tag: &str, name: &str, circle: Option<Circle>) {
        if let Some(named) = self.named(tag, name) {
            named.notes.place = Some(Place { circle });
        }
    }

    /// Says that a name is also called by another one. Of several that are called alike, the first is meant, where nothing else says which.
    pub fn add_alias(&mut self, tag: &str, alias: &str, name: &str) {
        let key = self.name_key(tag, name);
        let alias = self.name_key(tag, alias);
        if let (Some(alias), Some(key)) = (alias, key)
            && alias != key
        {
            self.link(alias, LinkKind::SameName, 1.0, key);
        }
    }

    /// Says that one or more words speak of what is called so, how much, from 0 to 1.
    pub fn add_meaning(&mut self, words: &str, tag: &str, name: &str, weight: f32) {
        let from = self.key_of_words(words);
        if let (Some(from), Some(key)) = (from, self.name_key(tag, name)) {
            self.link(from, LinkKind::Meaning, weight, key);
        }
    }

    /// Says that what is called so is a kind of something else.
    pub fn add_broader(&mut self, tag: &str, name: &str, broader: &str) {
        let from = self.name_key(tag, name);
        if let (Some(from), Some(key)) = (from, self.name_key(tag, broader)) {
            self.link(from, LinkKind::Broader, 1.0, key);
        }
    }

    /// Says that who writes the first word or words wants the second as well.
    pub fn add_synonym(&mut self, words: &str, other: &str) {
        let from = self.key_of_words(words);
        if let (Some(from), Some(key)) = (from, self.key_of_words(other)) {
            self.names.entry(key.clone()).or_default();
            self.link(from, LinkKind::Synonym, 1.0, key);
        }
    }

    /// Says what comes first, in this order, where exactly these words are asked.
    pub fn pin(&mut self, words: &str, items: &[u32]) {
        if let Some(named) = self.named(PINNED_TAG, words) {
            named.notes.pinned = items.to_vec();
        }
    }

    fn link(&mut self, from: String, kind: LinkKind, weight: f32, key: String) {
        let links = &mut self.names.entry(from).or_default().notes.links;
        if !links
            .iter()
            .any(|link| link.kind == kind && link.key == key)
        {
            let weight = (weight * 255.0).round().clamp(1.0, 255.0) as u8;
            links.push(Link { kind, weight, key });
        }
    }

    /// The key of what is called so; as it is written the first time, so it stays.
    fn named(&mut self, tag: &str, name: &str) -> Option<&mut Named> {
        let named = self.names.entry(self.name_key(tag, name)?).or_default();
        if named.notes.name.is_empty() {
            name.clone_into(&mut named.notes.name);
        }
        Some(named)
    }

    fn name_key(&self, tag: &str, name: &str) -> Option<String> {
        name_key(&self.terms(name), tag)
    }

    /// The key of a word, which is its term, or of several.
    fn key_of_words(&self, words: &str) -> Option<String> {
        match self.terms(words).as_slice() {
            [term] => Some(term.clone()),
            terms => name_key(terms, WORDS_TAG),
        }
    }

    fn terms(&self, text: &str) -> Vec<String> {
        let terms = words(text).map(|word| self.analyzer.term(word.text));
        terms.filter(|term| !term.is_empty()).collect()
    }

    /// The number of a word's term; `None` where nothing is left of it.
    fn term(&mut self, word: &str) -> Option<u32> {
        if let Some(&term) = self.term_of_word.get(word) {
            return term;
        }
        let spelling = self.analyzer.term(word);
        let next = self.next_term();
        let term = (!spelling.is_empty()).then(|| {
            *self
                .term_of_spelling
                .entry(spelling.into_boxed_str())
                .or_insert(next)
        });
        self.term_of_word.insert(word.into(), term);
        term
    }

    /// The number of the pair of two terms.
    fn pair(&mut self, first: u32, second: u32) -> u32 {
        let next = self.next_term();
        *self.term_of_pair.entry((first, second)).or_insert(next)
    }

    fn next_term(&self) -> u32 {
        (self.term_of_spelling.len() + self.term_of_pair.len()) as u32
    }

    /// The terms and pairs, by their numbers.
    fn take_spellings(&mut self) -> Vec<Box<str>> {
        let numbered = |(spelling, number)| (number, spelling);
        let words: BTreeMap<u32, Box<str>> = self.term_of_spelling.drain().map(numbered).collect();
        let key = |((first, second), number): ((u32, u32), u32)| {
            let key = pair_key(words.get(&first)?, words.get(&second)?);
            Some((number, key.into_boxed_str()))
        };
        let mut spellings: BTreeMap<u32, Box<str>> =
            self.term_of_pair.drain().filter_map(key).collect();
        spellings.extend(words);
        spellings.into_values().collect()
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
        let mut note = |word: String, count: usize| {
            let noted = as_written.entry(word).or_default();
            *noted = count.max(*noted);
        };
        for (word, term) in std::mem::take(&mut self.term_of_word) {
            let items = term.and_then(|term| weights.get(term as usize));
            let count = items.map_or(0, Vec::len);
            let written = fold(&word);
            // "Schindler's" is also looked for as "schindler".
            if let Some(base) = written.strip_suffix('s')
                && term.is_some()
                && self.term_of_spelling.get(&*self.analyzer.term(base)) == term.as_ref()
            {
                note(base.to_owned(), count);
            }
            note(written, count);
        }
        let mut terms: Vec<Term> = self
            .take_spellings()
            .into_iter()
            .zip(weights)
            .map(|(spelling, weights)| Term {
                spelling,
                postings: weights.into_iter().map(posting).collect(),
                notes: Notes::default(),
            })
            .collect();
        terms.sort_unstable_by(|left, right| left.spelling.cmp(&right.spelling));
        self.add_names(&mut terms);
        let impact_unit = unit * (1.0 + self.settings.saturation);
        let texts = Texts {
            terms,
            as_written,
            item_count: self.item_count,
            impact_unit,
            points: std::mem::take(&mut self.points),
        };
        serialize(&texts, &self.settings, item_space)
    }

    /// Adds what is called by names to the sorted terms, and what is known of words.
    fn add_names(&mut self, terms: &mut Vec<Term>) {
        let mut names = std::mem::take(&mut self.names);
        let broader: BTreeMap<String, Link> = names
            .iter()
            .filter_map(|(key, named)| {
                let mut links = named.notes.links.iter();
                let link = links.find(|link| link.kind == LinkKind::Broader)?;
                Some((key.clone(), link.clone()))
            })
            .collect();
        for named in names.values_mut() {
            let links = &mut named.notes.links;
            // What a word speaks of is a kind of something, which so is known at once.
            let of_meanings: Vec<Link> = links
                .iter()
                .filter(|link| link.kind == LinkKind::Meaning)
                .filter_map(|link| broader.get(&link.key).cloned())
                .collect();
            for link in of_meanings {
                if !links.contains(&link) {
                    links.push(link);
                }
            }
        }
        let find =
            |terms: &[Term], key: &str| terms.binary_search_by(|term| (*term.spelling).cmp(key));
        let mut added = Vec::new();
        for (key, named) in names {
            if let Ok(place) = find(terms, &key) {
                if let Some(term) = terms.get_mut(place) {
                    term.notes = named.notes;
                }
                continue;
            }
            let postings = match tag_of(&key) {
                // What has all the words.
                Some(WORDS_TAG) => {
                    let of_words = terms_of(&key).split(' ').map(|word| {
                        let place = find(terms, word).ok()?;
                        Some(terms.get(place)?.postings.as_slice())
                    });
                    let of_words: Option<Vec<&[Posting]>> = of_words.collect();
                    common(&of_words.unwrap_or_default())
                }
                _ => named
                    .items
                    .iter()
                    .map(|&item| self.by_quality(item))
                    .collect(),
            };
            added.push(Term {
                spelling: key.into_boxed_str(),
                postings,
                notes: named.notes,
            });
        }
        terms.extend(added);
        terms.sort_unstable_by(|left, right| left.spelling.cmp(&right.spelling));
    }

    /// An item that is called by a name; the better, the more it counts.
    fn by_quality(&self, item: u32) -> Posting {
        let quality = self.qualities.get(item as usize).copied();
        let above_least = (quality.unwrap_or_default() * 254.0).round() as u8;
        Posting {
            item,
            impact: above_least + 1,
        }
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

/// The items that are in all lists, with the least impact of each.
fn common(lists: &[&[Posting]]) -> Vec<Posting> {
    let Some((first, others)) = lists.split_first() else {
        return Vec::new();
    };
    let in_all = |posting: &Posting| {
        others.iter().try_fold(*posting, |least, list| {
            let place = list.binary_search_by_key(&posting.item, |other| other.item);
            let other = list.get(place.ok()?)?;
            Some(Posting {
                impact: least.impact.min(other.impact),
                ..least
            })
        })
    };
    first.iter().filter_map(in_all).collect()
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
