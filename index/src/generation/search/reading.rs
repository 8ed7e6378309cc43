//! How the words of a question are read: as terms, as what they were meant to be, as names, as what they speak of, and as a place.

use std::{ops::Range, rc::Rc};

use analysis::{Analyzer, cut, fold};

use super::{
    AskedWord, FoundPlace, FoundWord, ReadLimits, Reading, TextQuestion,
    correction::{CORRECTION_FACTOR, Correction},
    phrases::Phrases,
};
use crate::{
    error::Error,
    generation::Generation,
    recommend::sort_key::sort_by_key,
    text::{Entry, Link, LinkKind, NAME_END, Text, tag_of, terms_of},
};

/// How much a term counts that begins with a word, beside the word itself.
pub(super) const COMPLETION_FACTOR: f32 = 0.8;

/// How much another word for a word counts.
const SYNONYM_FACTOR: f32 = 0.8;

/// So many terms at most stand for one word, the most frequent.
const VARIANTS_MAX_COUNT: usize = 64;

/// So many blocks of terms are read for the beginning of a word.
const PREFIX_BLOCKS_MAX_COUNT: usize = 16;

/// So many letters of the ending of a word may stand there before it is finished.
const ENDING_MAX_LETTER_COUNT: usize = 4;

/// What is shorter is no stem of what is being typed.
const STEM_MIN_LETTER_COUNT: usize = 4;

/// So many words in a row are looked up as one name.
const NAME_MAX_WORD_COUNT: usize = 4;

/// What stands before the name of a place and says nothing else, folded, in the languages of which the place may be spoken of.
const PLACE_PREPOSITIONS: [&str; 14] = [
    "around", "at", "bei", "by", "cerca", "de", "en", "im", "in", "nahe", "near", "of", "pres",
    "vicino",
];

/// A word in the forms in which it is looked up.
#[derive(Clone)]
pub(super) struct Word {
    pub(super) term: String,
    /// Folded.
    pub(super) spelled: String,
    pub(super) is_open: bool,
    pub(super) follows: bool,
}

impl Word {
    pub(super) fn new(asked: &AskedWord, analyzer: &Analyzer) -> Self {
        let mut spelled = fold(&asked.typed);
        cut(&mut spelled);
        Self {
            term: analyzer.term(&asked.typed),
            spelled,
            is_open: asked.is_open,
            follows: asked.follows,
        }
    }

    /// The blocks where it may stand, and what begins with it; ascending.
    fn blocks(&self, text: &Text) -> Vec<u32> {
        let mut blocks = vec![text.block_of(&self.term)];
        if self.is_open {
            let with_prefix = text.blocks_of_prefix(&self.spelled);
            blocks.extend(with_prefix.take(PREFIX_BLOCKS_MAX_COUNT));
            sort_each_once(&mut blocks);
        }
        blocks
    }

    /// Of a word whose ending is being typed, what its stem may be, the longest first: no term begins with "commandmen".
    fn stems(&self) -> impl Iterator<Item = &str> {
        let letter_count = self.spelled.chars().count();
        let stem_count = letter_count.saturating_sub(STEM_MIN_LETTER_COUNT);
        let stem_count = if self.is_open { stem_count } else { 0 };
        let ends = self.spelled.char_indices().rev().map(|(end, _)| end);
        let ends = ends.take(stem_count.min(ENDING_MAX_LETTER_COUNT));
        ends.filter_map(|end| self.spelled.get(..end))
    }

    /// Whether more begins with it than is read.
    fn is_unfinished(&self, text: &Text) -> bool {
        self.is_open && PREFIX_BLOCKS_MAX_COUNT < text.blocks_of_prefix(&self.spelled).len()
    }
}

/// A term or a name that stands for a word.
pub(super) struct Variant {
    /// As it is written.
    pub(super) shown: String,
    pub(super) entry: Rc<Entry>,
    /// What it counts, beside the word as it was typed.
    pub(super) factor: f32,
    /// Whether it is what the word speaks of, rather than the word.
    pub(super) is_meaning: bool,
}

impl Variant {
    pub(super) fn of_term(term: &str, entry: Rc<Entry>, factor: f32) -> Self {
        Self {
            shown: term.to_owned(),
            entry,
            factor,
            is_meaning: false,
        }
    }

    /// What a key leads to, under the name that it has.
    fn of_key(key: &str, entry: Rc<Entry>, factor: f32) -> Self {
        let name = Some(&entry.notes.name).filter(|name| !name.is_empty());
        let shown = name.map_or(terms_of(key), String::as_str).to_owned();
        Self::of_term(&shown, entry, factor)
    }
}

/// How a word was read.
pub(super) struct ReadWord {
    pub(super) variants: Vec<Variant>,
    pub(super) reading: Reading,
    /// Whether it says what kind of thing is wanted: it is a value of a field, or speaks of one.
    pub(super) is_kind: bool,
}

impl ReadWord {
    pub(super) fn found(&self) -> FoundWord {
        let shown = |is_meaning| {
            let variants = self.variants.iter();
            let variants = variants.filter(move |variant| variant.is_meaning == is_meaning);
            variants.map(|variant| variant.shown.clone()).collect()
        };
        FoundWord {
            reading: self.reading,
            terms: shown(false),
            meanings: shown(true),
        }
    }
}

/// How a question was read.
#[derive(Default)]
pub(super) struct QueryReading {
    pub(super) words: Vec<ReadWord>,
    /// What has each pair of words that have to stand one behind the other, where pairs are kept; none where nothing has it.
    pub(super) pairs: Vec<Option<Entry>>,
    /// The place that some of the words name.
    pub(super) place: Option<ReadPlace>,
    /// What the things that the words speak of are kinds of.
    pub(super) broader: Vec<Variant>,
    /// The items that were chosen for exactly these words.
    pub(super) pinned: Vec<u32>,
    /// Whether there was more to look at than is read.
    pub(super) is_cut: bool,
    /// See [`TextAnswer::is_phrase_ignored`](super::TextAnswer::is_phrase_ignored).
    pub(super) is_phrase_ignored: bool,
    /// What may still be read.
    pub(super) limits: Option<ReadLimits>,
    /// See [`Self::correct_late`].
    pub(super) is_corrected_late: bool,
}

impl QueryReading {
    /// Puts of what a corrected word may have meant that first which an item has.
    pub(super) fn put_first(&mut self, item: u32) {
        let words = self.words.iter_mut();
        for word in words.filter(|word| word.reading == Reading::Corrected) {
            let has = |variant: &Variant| {
                let mut postings = variant.entry.postings.iter();
                postings.any(|posting| posting.item == item)
            };
            if let Some(place) = word.variants.iter().position(has)
                && let Some(before) = word.variants.get_mut(..=place)
            {
                before.rotate_right(1);
            }
        }
    }

    /// Whether something is looked for that lies somewhere.
    pub(super) fn is_local(&self, question: &TextQuestion) -> bool {
        self.place.is_some() || question.near.is_some() || question.within.is_some()
    }

    /// Whether there are several words beside those of a place.
    pub(super) fn is_kept_to_place(&self) -> bool {
        let place = self.place.as_ref();
        place.is_some_and(|place| 1 + place.found.words.len() < self.words.len())
    }

    /// What the words that are terms may have been meant to be all the same, by their numbers; but for those of the place.
    pub(super) fn corrections<'a>(
        &self,
        text: &Text,
        analyzer: &Analyzer,
        words: &'a [Word],
        blocks_max_count: usize,
    ) -> Result<Vec<(usize, Correction<'a>)>, Error> {
        let is_of_place = |number: usize| {
            let place = self.place.as_ref();
            place.is_some_and(|place| place.found.words.contains(&number))
        };
        let of_words = words.iter().zip(&self.words).enumerate();
        let known = of_words.filter(|(number, (_, read))| {
            read.reading == Reading::AsTyped && !is_of_place(*number)
        });
        let known: Vec<(usize, &Word)> = known.map(|(number, (word, _))| (number, word)).collect();
        Correction::of_words(text, analyzer, &known, blocks_max_count)
    }

    /// Says that words were corrected in a batch of their own: there is no other for lists or more corrections, if there are limits.
    pub(super) fn correct_late(&mut self) {
        if let Some(limits) = &mut self.limits {
            limits.page_count = 0;
            self.is_corrected_late = true;
        }
    }
}

/// A place that words name.
pub(super) struct ReadPlace {
    pub(super) found: FoundPlace,
    /// What is there.
    pub(super) entry: Rc<Entry>,
}

/// A run of words that may be a name, with what the key of one begins with.
struct Run {
    words: Range<usize>,
    name: String,
}

/// What is known of a run of words: the term of one, or a name.
struct Known {
    words: Range<usize>,
    key: String,
    entry: Rc<Entry>,
}

impl Known {
    fn links(&self, kinds: &[LinkKind]) -> impl Iterator<Item = &Link> {
        let links = self.entry.notes.links.iter();
        links.filter(move |link| kinds.contains(&link.kind))
    }

    fn is_place(&self) -> bool {
        self.entry.notes.place.is_some() || self.links(&[LinkKind::SameName]).next().is_some()
    }
}

impl Generation<'_> {
    /// Reads the words of a question: one batch for what they are, and one more for what they were meant to be or lead to.
    pub(super) fn read_words(
        &self,
        text: &Text,
        analyzer: &Analyzer,
        question: &TextQuestion,
        words: &[Word],
        phrases: &Phrases<'_>,
    ) -> Result<QueryReading, Error> {
        let pairs = phrases.pairs(text);
        let runs = runs(words, text.longest_name());
        // What is surely mistyped is corrected at once.
        let unwritten = unwritten(text, words)?;
        let mut corrections = Correction::of_words(text, analyzer, &unwritten, usize::MAX)?;
        let mut blocks = blocks_asked(text, words, &runs, &pairs);
        let own_count = blocks.len();
        blocks.extend(blocks_of(&corrections));
        self.fetch(&mut |plan| {
            if !question.filter.is_empty() && self.has_few_facets()? {
                self.catalogue.plan_filter(plan)?;
            }
            text.plan_blocks(blocks.iter().copied(), plan)
        })?;

        let mut read = Vec::new();
        let mut missed = Vec::new();
        let mut is_cut = words.iter().any(|word| word.is_unfinished(text));
        let mut known = self.known(text, words, &runs)?;
        for (number, word) in words.iter().enumerate() {
            let mut variants = self.variants(text, word, number, &known)?;
            is_cut |= keep_most_frequent(&mut variants, |variant| variant);
            let is_known =
                !variants.is_empty() || known.iter().any(|known| known.words.contains(&number));
            if is_known {
                corrections.retain(|(wrong, _)| *wrong != number);
            } else if !corrections.iter().any(|(wrong, _)| *wrong == number) {
                missed.push((number, word));
            }
            let reading = if is_known {
                Reading::AsTyped
            } else {
                Reading::Unknown
            };
            read.push(ReadWord {
                variants,
                reading,
                is_kind: false,
            });
        }
        sort_each_once(&mut blocks);
        let limits_behind = |blocks: &[u32]| {
            let other_count = blocks.len() - own_count;
            question
                .limits
                .map(|limits| limits.behind_blocks(other_count))
        };
        let may_read = limits_behind(&blocks).map_or(usize::MAX, ReadLimits::block_count);
        let late = Correction::of_words(text, analyzer, &missed, may_read)?;
        corrections.extend(late);
        let pinned = pinned(&known, words.len());
        blocks.extend(blocks_of_links(text, &known));
        blocks.extend(blocks_of(&corrections));
        let stems = missed.iter().flat_map(|(_, word)| word.stems());
        blocks.extend(stems.map(|stem| text.block_of(stem)));
        self.fetch(&mut |plan| text.plan_blocks(blocks.iter().copied(), plan))?;
        sort_each_once(&mut blocks);

        let mut meant = words.to_vec();
        is_cut |= self.correct(text, &corrections, &missed, &mut read, &mut meant)?;
        if !corrections.is_empty() {
            let is_corrected = |number: usize| {
                let read: Option<&ReadWord> = read.get(number);
                read.is_some_and(|word| word.reading == Reading::Corrected)
            };
            known.extend(self.known_of_corrected(text, &meant, &is_corrected)?);
        }
        let place = take_place(&mut known);
        let mut reading = QueryReading {
            words: read,
            pairs: self.pairs(text, &pairs)?,
            place: None,
            broader: Vec::new(),
            pinned,
            is_cut,
            is_phrase_ignored: false,
            limits: limits_behind(&blocks),
            is_corrected_late: false,
        };
        for known in known {
            self.follow(text, known, &mut reading)?;
        }
        if let Some(mut place) = place {
            place.words.start -= preposition_count(words, place.words.start);
            reading.place = self.read_place(text, place)?;
        }
        if reading.is_local(question) {
            reading.limits = question.limits;
        } else if !missed.is_empty() {
            reading.correct_late();
        }
        Ok(reading)
    }

    /// Reads words as what they were meant to be, whose terms `meant` has then, or as the stems of what is being typed; says whether there was more to look at than is read. The blocks have been
    /// fetched.
    fn correct(
        &self,
        text: &Text,
        corrections: &[(usize, Correction<'_>)],
        missed: &[(usize, &Word)],
        read: &mut [ReadWord],
        meant: &mut [Word],
    ) -> Result<bool, Error> {
        let mut is_cut = false;
        for (number, correction) in corrections {
            is_cut |= correction.is_cut;
            let corrected = self.corrected(text, correction)?;
            let (Some(word), Some(meant)) = (read.get_mut(*number), meant.get_mut(*number)) else {
                continue;
            };
            if let Some((term, _)) = corrected.first() {
                word.reading = Reading::Corrected;
                term.clone_into(&mut meant.term);
            }
            word.variants = corrected.into_iter().map(|(_, variant)| variant).collect();
        }
        // Whoever is at the ending of a word is nearer to it than two wrong letters.
        let is_one_letter_away = |variant: &Variant| CORRECTION_FACTOR <= variant.factor;
        for (number, word) in missed {
            if let Some(read) = read.get_mut(*number)
                && !read.variants.iter().any(is_one_letter_away)
                && let Some(stem) = self.stem(text, word)?
            {
                read.variants = vec![stem];
                read.reading = Reading::AsTyped;
            }
        }
        Ok(is_cut)
    }

    /// What words name and lead to that were corrected, whose terms are those they were meant to be: in a batch for names, and one for what these lead to.
    fn known_of_corrected(
        &self,
        text: &Text,
        meant: &[Word],
        is_corrected: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<Known>, Error> {
        let has_corrected = |words: &Range<usize>| words.clone().any(is_corrected);
        let mut runs = runs(meant, text.longest_name());
        runs.retain(|run| has_corrected(&run.words));
        self.fetch(&mut |plan| {
            let blocks = runs.iter().flat_map(|run| text.blocks_of_prefix(&run.name));
            text.plan_blocks(blocks, plan)
        })?;
        let mut known = Vec::new();
        for (number, word) in meant.iter().enumerate() {
            if is_corrected(number) {
                let word = std::slice::from_ref(word);
                for found in self.known(text, word, &[])? {
                    let words = number..number + 1;
                    known.push(Known { words, ..found });
                }
            }
        }
        known.extend(self.known(text, &[], &runs)?);
        self.fetch(&mut |plan| text.plan_blocks(blocks_of_links(text, &known), plan))?;
        Ok(known)
    }

    /// What has each pair; the blocks have been fetched.
    fn pairs(&self, text: &Text, keys: &[String]) -> Result<Vec<Option<Entry>>, Error> {
        let blocks = self.blocks.borrow();
        let keys = keys.iter();
        keys.map(|key| text.term(key, &blocks)).collect()
    }

    /// The terms of the words, and the names that runs of them are; the blocks have been fetched.
    fn known(&self, text: &Text, words: &[Word], runs: &[Run]) -> Result<Vec<Known>, Error> {
        let blocks = self.blocks.borrow();
        let mut known = Vec::new();
        for (number, word) in words.iter().enumerate() {
            if let Some(entry) = text.term(&word.term, &blocks)? {
                known.push(Known {
                    words: number..number + 1,
                    key: word.term.clone(),
                    entry: Rc::new(entry),
                });
            }
        }
        for run in runs {
            for block in text.blocks_of_prefix(&run.name) {
                let key_of = |key: &str| Some(key.to_owned());
                let found = text.terms(block, &run.name, &blocks, key_of)?.into_iter();
                known.extend(found.map(|(key, entry)| Known {
                    words: run.words.clone(),
                    key,
                    entry: Rc::new(entry),
                }));
            }
        }
        Ok(known)
    }

    /// The terms that stand for a word as it was typed.
    fn variants(
        &self,
        text: &Text,
        word: &Word,
        number: usize,
        known: &[Known],
    ) -> Result<Vec<Variant>, Error> {
        if !word.is_open {
            let is_term = |known: &&Known| {
                known.words.start == number && known.key == word.term && 0 < known.entry.item_count
            };
            let term = known.iter().find(is_term);
            let term = term.map(|known| Variant::of_term(&known.key, Rc::clone(&known.entry), 1.0));
            return Ok(term.into_iter().collect());
        }
        let blocks = self.blocks.borrow();
        let completion = |term: &str| tag_of(term).is_none().then(|| term.to_owned());
        let with_prefix = text.blocks_of_prefix(&word.spelled);
        let mut found = Vec::new();
        for block in with_prefix.take(PREFIX_BLOCKS_MAX_COUNT) {
            found.extend(text.terms(block, &word.spelled, &blocks, completion)?);
        }
        // The word's own term may begin otherwise.
        let place = found.partition_point(|(term, _)| *term < word.term);
        let is_found = found.get(place).is_some_and(|(term, _)| *term == word.term);
        if !is_found && let Some(entry) = text.term(&word.term, &blocks)? {
            found.insert(place, (word.term.clone(), entry));
        }
        let mut variants = Vec::new();
        for (term, entry) in found {
            let is_whole = term == word.term || term == word.spelled;
            let factor = if is_whole { 1.0 } else { COMPLETION_FACTOR };
            if 0 < entry.item_count {
                variants.push(Variant::of_term(&term, Rc::new(entry), factor));
            }
        }
        Ok(variants)
    }

    /// The stem of a word whose ending is being typed; the blocks have been fetched.
    fn stem(&self, text: &Text, word: &Word) -> Result<Option<Variant>, Error> {
        let blocks = self.blocks.borrow();
        for stem in word.stems() {
            let entry = text.term(stem, &blocks)?;
            if let Some(entry) = entry.filter(|entry| 0 < entry.item_count) {
                let entry = Rc::new(entry);
                return Ok(Some(Variant::of_term(stem, entry, COMPLETION_FACTOR)));
            }
        }
        Ok(None)
    }

    /// The terms that a word was meant to be, the most frequent first, and what each is shown as; the blocks have been fetched.
    pub(super) fn corrected(
        &self,
        text: &Text,
        correction: &Correction<'_>,
    ) -> Result<Vec<(String, Variant)>, Error> {
        let blocks = self.blocks.borrow();
        let mut meant: Vec<(String, Variant)> = Vec::new();
        for (term, shown) in correction.near(text) {
            if let Some(entry) = text.term(term, &blocks)?
                && 0 < entry.item_count
            {
                let variant = Variant::of_term(shown, Rc::new(entry), CORRECTION_FACTOR);
                meant.push((term.to_owned(), variant));
            }
        }
        // Two wrong letters only where one is not enough.
        if let Some((beginning, farther)) = correction.farther(text)
            && meant.is_empty()
        {
            for block in farther {
                let factor_of = |term: &str| {
                    let factor = correction.factor(term)?;
                    Some((term.to_owned(), factor))
                };
                let found = text
                    .terms(block, beginning, &blocks, factor_of)?
                    .into_iter();
                let found = found.filter(|(_, entry)| 0 < entry.item_count);
                for ((term, factor), entry) in found {
                    let shown = correction.written(text, &term)?;
                    let variant = Variant::of_term(&shown, Rc::new(entry), factor);
                    meant.push((term, variant));
                }
            }
        }
        let factors = meant.iter().map(|(_, variant)| variant.factor);
        let best = factors.fold(0.0, f32::max);
        meant.retain(|(_, variant)| best <= variant.factor);
        keep_most_frequent(&mut meant, |(_, variant)| variant);
        Ok(meant)
    }

    /// Adds to each word of a run what it names and leads to; the blocks have been fetched.
    fn follow(&self, text: &Text, known: Known, reading: &mut QueryReading) -> Result<(), Error> {
        let blocks = self.blocks.borrow();
        // Each word of a name counts its part of it.
        let share = 1.0 / known.words.len() as f32;
        let mut variants = Vec::new();
        for link in known.links(&[LinkKind::Synonym, LinkKind::Meaning]) {
            if let Some(entry) = text.term(&link.key, &blocks)?.map(Rc::new) {
                let weight = f32::from(link.weight) / 255.0;
                let is_meaning = link.kind == LinkKind::Meaning;
                let factor = if is_meaning { weight } else { SYNONYM_FACTOR };
                variants.push(Variant {
                    is_meaning,
                    ..Variant::of_key(&link.key, entry, factor * share)
                });
            }
        }
        for link in known.links(&[LinkKind::Broader]) {
            if let Some(entry) = text.term(&link.key, &blocks)?.map(Rc::new) {
                let broader = Variant::of_key(&link.key, entry, 1.0);
                let is_new = |other: &Variant| other.shown != broader.shown;
                if reading.broader.iter().all(is_new) {
                    reading.broader.push(broader);
                }
            }
        }
        let is_value = tag_of(&known.key).is_some_and(|tag| !tag.starts_with('*'));
        let is_value = is_value && 0 < known.entry.item_count && !known.is_place();
        let is_kind = is_value || variants.iter().any(|variant| variant.is_meaning);
        if is_value {
            let entry = Rc::clone(&known.entry);
            variants.push(Variant::of_key(&known.key, entry, share));
        }
        for word in reading.words.get_mut(known.words).unwrap_or_default() {
            word.is_kind |= is_kind;
            for variant in &variants {
                word.variants.push(Variant {
                    shown: variant.shown.clone(),
                    entry: Rc::clone(&variant.entry),
                    ..*variant
                });
            }
        }
        Ok(())
    }

    /// What a place is that words name; the blocks have been fetched. Of several places of one name, the first that is one.
    fn read_place(&self, text: &Text, known: Known) -> Result<Option<ReadPlace>, Error> {
        let blocks = self.blocks.borrow();
        let mut places = Vec::new();
        for link in known.links(&[LinkKind::SameName]) {
            places.extend(
                text.term(&link.key, &blocks)?
                    .map(|entry| (link.key.clone(), Rc::new(entry))),
            );
        }
        let Known { words, key, entry } = known;
        places.insert(0, (key, entry));
        let mut places = places.into_iter().filter_map(|(key, entry)| {
            let circle = entry.notes.place?.circle;
            Some((key, circle, entry))
        });
        let Some((key, circle, entry)) = places.next() else {
            return Ok(None);
        };
        let found = FoundPlace {
            words,
            name: entry.notes.name.clone(),
            field: tag_of(&key).unwrap_or_default().to_owned(),
            circle,
            others: places.map(|(.., entry)| entry.notes.name.clone()).collect(),
        };
        Ok(Some(ReadPlace { found, entry }))
    }
}

/// The blocks of what a question names itself, ascending.
fn blocks_asked(text: &Text, words: &[Word], runs: &[Run], pairs: &[String]) -> Vec<u32> {
    let of_words = words.iter().flat_map(|word| word.blocks(text));
    let of_runs = runs.iter().flat_map(|run| text.blocks_of_prefix(&run.name));
    let of_pairs = pairs.iter().map(|pair| text.block_of(pair));
    let mut blocks: Vec<u32> = of_words.chain(of_runs).chain(of_pairs).collect();
    sort_each_once(&mut blocks);
    blocks
}

/// The words that no text has, by their numbers.
fn unwritten<'a>(text: &Text, words: &'a [Word]) -> Result<Vec<(usize, &'a Word)>, Error> {
    let mut unwritten = Vec::new();
    for (number, word) in words.iter().enumerate() {
        if !word.is_open && text.is_unwritten(&word.spelled)? {
            unwritten.push((number, word));
        }
    }
    Ok(unwritten)
}

/// The blocks of terms in which the corrections are.
pub(super) fn blocks_of(corrections: &[(usize, Correction<'_>)]) -> impl Iterator<Item = u32> {
    let corrections = corrections.iter();
    corrections.flat_map(|(_, correction)| correction.blocks())
}

/// The runs of words that may be names, where some name has so many terms.
fn runs(words: &[Word], longest_name: usize) -> Vec<Run> {
    let longest = longest_name.min(NAME_MAX_WORD_COUNT);
    let starts = 0..words.len();
    let runs = starts.flat_map(|start| (1..=longest).map(move |len| start..start + len));
    let run = |run: Range<usize>| {
        let terms: Vec<&str> = words
            .get(run.clone())?
            .iter()
            .map(|word| &*word.term)
            .collect();
        // What is no term is no part of a name.
        if terms.contains(&"") {
            return None;
        }
        let name = format!("{}{NAME_END}", terms.join(" "));
        Some(Run { words: run, name })
    };
    runs.filter_map(run).collect()
}

/// Takes the place that is named: the one with the most words, of equals the smallest, then the first. What else these words could be is forgotten.
fn take_place(known: &mut Vec<Known>) -> Option<Known> {
    let size_m = |known: &Known| {
        known
            .entry
            .notes
            .place
            .and_then(|place| place.circle)
            .map_or(u32::MAX, |circle| circle.radius_m)
    };
    let places = known
        .iter()
        .enumerate()
        .filter(|(_, known)| known.is_place());
    let (place, _) = places.min_by_key(|(place, known)| {
        (std::cmp::Reverse(known.words.len()), size_m(known), *place)
    })?;
    let place = known.swap_remove(place);
    let Range { start, end } = place.words;
    known.retain(|known| end <= known.words.start || known.words.end <= start);
    Some(place)
}

/// How many words stand before the name of a place and say nothing else.
fn preposition_count(words: &[Word], start: usize) -> usize {
    let before = words.get(..start).unwrap_or_default().iter().rev();
    let is_preposition = |word: &&Word| PLACE_PREPOSITIONS.contains(&&*word.spelled);
    before.take_while(is_preposition).count()
}

/// Keeps the terms that most items have, of equals the first, as many as may be, and says whether there were more; they come ascending.
fn keep_most_frequent<T>(found: &mut Vec<T>, variant_of: impl Fn(&T) -> &Variant) -> bool {
    let are_more = VARIANTS_MAX_COUNT < found.len();
    sort_by_key(found, |found| {
        !u64::from(variant_of(found).entry.item_count)
    });
    found.truncate(VARIANTS_MAX_COUNT);
    are_more
}

/// The items that were chosen for exactly all the words.
fn pinned(known: &[Known], word_count: usize) -> Vec<u32> {
    let of_all = known.iter().filter(|known| known.words == (0..word_count));
    let pinned = of_all.map(|known| &known.entry.notes.pinned);
    pinned
        .into_iter()
        .find(|pinned| !pinned.is_empty())
        .cloned()
        .unwrap_or_default()
}

/// The blocks of terms to which some lead.
fn blocks_of_links(text: &Text, known: &[Known]) -> impl Iterator<Item = u32> {
    let links = known.iter().flat_map(|known| &known.entry.notes.links);
    links.map(|link| text.block_of(&link.key))
}

/// Puts numbers in their order, each once.
pub(super) fn sort_each_once(numbers: &mut Vec<u32>) {
    sort_by_key(numbers, |number| u64::from(*number));
    numbers.dedup();
}
