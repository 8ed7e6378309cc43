//! Search: which items have some words, the best first.
//!
//! A word is looked up in its block of terms; only where it is none, the terms that it may have been meant to be. What stands with the terms answers most questions. Lists too long to stand
//! there are read in chunks, in one more batch: those chunks that could still bring an item among the best, by the largest impact of each (Ding and Suel: Faster top-k document retrieval
//! using block-max indexes, SIGIR 2011).
//!
//! What is found comes in steps, as [`Match`] has them: where there is too little of one, the next is taken.

mod candidates;
mod correction;
mod facets;
mod highlights;
mod phrases;
mod places;
mod reading;
mod suggestions;

pub use facets::{DISTANCE, FacetCounts, Sort};
pub use highlights::Highlighter;
pub use suggestions::Suggestion;

use std::{cell::OnceCell, ops::Range};

use self::{
    candidates::{Conjunction, ItemSet, Ranked, Reads, Sets, best, known},
    correction::Correction,
    facets::sort_by_number,
    phrases::Phrases,
    reading::{QueryReading, ReadWord, Word},
};
use super::{Generation, rank::Question};
use crate::{
    catalogue::{Facet, Filter},
    container::Plan,
    error::Error,
    recommend::{Scored, sort_key::sort_by_key},
    source::FileKind,
    text::{Circle, Entry, Rectangle, Text},
};

/// A block of terms counts as so many pages of lists.
const PAGES_PER_BLOCK: usize = 3;

/// What is this far outside a place is still near.
const NEARBY_M: u32 = 25_000;

/// So many of what would be recommended to somebody count in what they search.
const PERSONAL_MAX_COUNT: usize = 2_000;

/// How much being among the best of a place counts, beside the words.
const PLACE_UNIT: f32 = 0.5 / 255.0;

/// A question for items by their words.
#[derive(Clone, Debug)]
pub struct TextQuestion {
    /// What is asked for.
    pub words: Vec<AskedWord>,
    /// Whether an item has to have all words, as long as there is one that does; otherwise one is enough.
    pub needs_all: bool,
    /// Around where.
    pub near: Option<Near>,
    /// Between which latitudes and longitudes.
    pub within: Option<Rectangle>,
    /// What the items must be.
    pub filter: Filter,
    /// How many items are wanted.
    pub count: usize,
    /// In which order, if not by how well they fit.
    pub sort: Option<Sort>,
    /// The fields whose values are counted.
    pub facets: Vec<String>,
    /// A question for recommendations: what it would recommend, counts more.
    pub personal: Option<Question>,
    /// What may be read for it; without limits, everything that could change the answer.
    pub limits: Option<ReadLimits>,
}

impl Default for TextQuestion {
    /// All of no words.
    fn default() -> Self {
        Self {
            words: Vec::new(),
            needs_all: true,
            near: None,
            within: None,
            filter: Filter::default(),
            count: 0,
            sort: None,
            facets: Vec::new(),
            personal: None,
            limits: Some(ReadLimits::default()),
        }
    }
}

/// What may be read at once beside the words' own blocks of terms, in each step that finds something else: of blocks of other terms, and of lists that are too long to stand with theirs.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimits {
    /// How many pages of lists, of a kibibyte; a block of terms counts as some.
    pub page_count: usize,
    /// How many ranges that they lie in.
    pub range_count: usize,
}

impl Default for ReadLimits {
    /// With the heads, about 64 kB in ten ranges, of a million items.
    fn default() -> Self {
        Self {
            page_count: 14,
            range_count: 6,
        }
    }
}

impl ReadLimits {
    /// What is left behind so many blocks of terms.
    fn behind_blocks(self, count: usize) -> Self {
        self.behind_pages(count.saturating_mul(PAGES_PER_BLOCK), count)
    }

    /// What is left behind so many pages in so many ranges.
    fn behind_pages(self, page_count: usize, range_count: usize) -> Self {
        Self {
            page_count: self.page_count.saturating_sub(page_count),
            range_count: self.range_count.saturating_sub(range_count),
        }
    }

    /// How many blocks of terms may be read.
    fn block_count(self) -> usize {
        self.range_count.min(self.page_count / PAGES_PER_BLOCK)
    }
}

/// A word of a question.
#[derive(Clone, Debug, Default)]
pub struct AskedWord {
    /// As somebody typed it.
    pub typed: String,
    /// Whether it may not yet be finished, and stands for what begins so, too.
    pub is_open: bool,
    /// Whether it has to stand right behind the word before it.
    pub follows: bool,
}

/// Around where something is looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Near {
    /// What is near.
    pub circle: Circle,
    /// Whether what is outside is not wanted at all.
    pub is_limit: bool,
}

/// The answer to a [`TextQuestion`].
#[derive(Clone, Debug, PartialEq)]
pub struct TextAnswer {
    /// The items, the best first: in the order of the steps, then by their scores, equals by their numbers.
    pub hits: Vec<Hit>,
    /// How many items were found in all, in the steps that were taken.
    pub total: usize,
    /// Whether there may be more, which would not be among the best: in long lists that were not read.
    pub is_total_partial: bool,
    /// Whether a limit kept something unread that could have been among the best: of long lists, of the terms that begin with a word, of those that it may have meant, of the points near a place.
    pub is_partial: bool,
    /// How each word was read, in their order.
    pub words: Vec<FoundWord>,
    /// The place that some of the words name.
    pub place: Option<FoundPlace>,
    /// What else was taken, where there was nothing else in the place.
    pub broader: Vec<String>,
    /// What was asked to be counted, in its order.
    pub facets: Vec<FacetCounts>,
    /// Whether nothing has the words of a phrase in their order, so that they count by themselves.
    pub is_phrase_ignored: bool,
}

/// An item that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Its number.
    pub item: u32,
    /// The higher, the better, among those of one step.
    pub score: f32,
    /// In which step it was found.
    pub found_by: Match,
    /// How far it is from the middle of the place that is asked for, if it is known where it lies.
    pub distance_m: Option<f64>,
}

/// How an item was found: the steps, in their order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Match {
    /// Somebody chose it for these words.
    Pinned,
    /// Nothing was asked, and it is popular.
    Popular,
    /// It has all the words, or those beside the place where it is.
    Words,
    /// It is what the words speak of.
    Meaning,
    /// It is near the place.
    Nearby,
    /// It is in the place, and of a broader kind.
    Broader,
    /// It has some of the words, or is only in the place.
    AnyWord,
    /// It has all the words, and is far from where it was asked for.
    Elsewhere,
}

impl Match {
    /// All steps, in their order.
    pub const ALL: [Self; 8] = [
        Self::Pinned,
        Self::Popular,
        Self::Words,
        Self::Meaning,
        Self::Nearby,
        Self::Broader,
        Self::AnyWord,
        Self::Elsewhere,
    ];

    /// What it is called in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Popular => "popular",
            Self::Words => "words",
            Self::Meaning => "meaning",
            Self::Nearby => "nearby",
            Self::Broader => "broader",
            Self::AnyWord => "any_word",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// How a word was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundWord {
    /// As what.
    pub reading: Reading,
    /// The terms and names it stands for, the most frequent terms first; of one that was corrected, before them what the best item has.
    pub terms: Vec<String>,
    /// What it speaks of.
    pub meanings: Vec<String>,
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

/// A place that words name.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundPlace {
    /// Which words, by their numbers.
    pub words: Range<usize>,
    /// What it is called.
    pub name: String,
    /// The field that names it.
    pub field: String,
    /// Where it is, if that is known.
    pub circle: Option<Circle>,
    /// What else is called so.
    pub others: Vec<String>,
}

/// How many of the words an item has to have.
#[derive(Clone, Copy)]
enum Words<'a> {
    /// All.
    All {
        /// What has pairs of them, which it has to have as well; none where nothing does.
        pairs: &'a [Option<Entry>],
        /// Whether nothing farther away is looked for, nor of a broader kind, where several words are together nowhere in the place.
        keeps_to_place: bool,
        /// Where nothing seems to have them, this adds what is needed next to what is read now, at most so many blocks.
        plan_next: &'a dyn Fn(&mut Plan, usize) -> Result<(), Error>,
    },
    Any,
}

/// All, and where several are together nowhere in a place, nothing else.
const WORDS_IN_PLACE: Words<'_> = Words::All {
    pairs: &[],
    keeps_to_place: true,
    plan_next: &|_, _| Ok(()),
};

/// All, with nothing else.
const ALL_WORDS: Words<'_> = Words::All {
    pairs: &[],
    keeps_to_place: false,
    plan_next: &|_, _| Ok(()),
};

/// What was found.
#[derive(Default)]
struct Findings {
    /// As many of the best as are wanted.
    best: Vec<Ranked>,
    /// All of it, ascending by item.
    found: Vec<Ranked>,
    /// Whether there was more to look at than is read.
    is_cut: bool,
    /// Whether there may be more of what is found, in what was not read.
    has_more: bool,
}

impl Generation<'_> {
    /// The items that have the words of a question, and how these were read.
    pub fn search(&self, question: &TextQuestion) -> Result<TextAnswer, Error> {
        let text = self.text()?;
        let asks_nothing = question.words.is_empty() && question.near.is_none();
        if asks_nothing && question.within.is_none() {
            return self.popular_hits(text, question);
        }
        let analyzer = text.analyzer();
        let asked = question.words.iter();
        let words: Vec<Word> = asked.map(|asked| Word::new(asked, &analyzer)).collect();
        let phrases = Phrases::of(&words);
        let mut reading = self.read_words(text, &analyzer, question, &words, &phrases)?;
        if !question.needs_all {
            let findings = self.find(text, question, &reading, Words::Any)?;
            return self.answer(text, question, reading, findings);
        }
        let corrections = OnceCell::new();
        let plan_corrections = |plan: &mut Plan, blocks_max_count: usize| {
            if corrections.get().is_none() {
                let found = reading.corrections(text, &analyzer, &words, blocks_max_count)?;
                corrections.get_or_init(|| found);
            }
            let corrections = corrections.get().map(Vec::as_slice);
            text.plan_blocks(reading::blocks_of(corrections.unwrap_or_default()), plan)
        };
        let find = |pairs: &[Option<Entry>]| {
            let wanted = Words::All {
                pairs,
                keeps_to_place: true,
                plan_next: &plan_corrections,
            };
            self.find(text, question, &reading, wanted)
        };
        let mut findings = find(&reading.pairs)?;
        let mut is_phrase_ignored = false;
        if !phrases.is_empty() {
            let is_known = text.keeps_pairs() && phrases.are_pairs();
            let with_phrases = if is_known {
                None
            } else {
                Some(self.with_phrases(text, &analyzer, &phrases, question.count, &findings)?)
            };
            is_phrase_ignored = with_phrases.as_ref().unwrap_or(&findings).best.is_empty();
            if !is_phrase_ignored {
                findings = with_phrases.unwrap_or(findings);
            } else if !reading.pairs.is_empty() {
                findings = find(&[])?;
            }
        }
        if findings.best.is_empty() && !words.is_empty() && !reading.is_corrected_late {
            let limits = reading.limits.map_or(usize::MAX, ReadLimits::block_count);
            self.fetch(&mut |plan| plan_corrections(plan, limits))?;
            let corrections = corrections.into_inner().unwrap_or_default();
            // Of what lies somewhere, the best everywhere says little.
            if !reading.is_local(question) {
                reading.correct_late();
            }
            findings = self.find_corrected(text, question, &corrections, &mut reading)?;
        }
        if findings.best.is_empty() && reading.is_kept_to_place() {
            findings = self.find_in_place(text, question, &reading)?;
            if findings.best.is_empty() {
                findings = self.find(text, question, &reading, ALL_WORDS)?;
            }
        }
        if findings.best.is_empty() {
            findings = self.find(text, question, &reading, Words::Any)?;
        }
        if findings.best.is_empty() && question.near.is_some_and(|near| !near.is_limit) {
            findings = self.find_elsewhere(text, question, &reading)?;
        }
        reading.is_phrase_ignored = is_phrase_ignored;
        self.answer(text, question, reading, findings)
    }

    /// Finds by words that are terms and that may still be typos of others, whose blocks have been fetched.
    fn find_corrected(
        &self,
        text: &Text,
        question: &TextQuestion,
        corrections: &[(usize, Correction<'_>)],
        reading: &mut QueryReading,
    ) -> Result<Findings, Error> {
        let mut typed_counts = Vec::new();
        reading.is_cut |= corrections.is_empty();
        for (number, correction) in corrections {
            reading.is_cut |= correction.is_cut;
            let corrected = self.corrected(text, correction)?.into_iter();
            let corrected = corrected.map(|(_, variant)| variant);
            if let Some(word) = reading.words.get_mut(*number) {
                typed_counts.push((*number, word.variants.len()));
                word.variants.extend(corrected);
            }
        }
        let findings = self.find(text, question, reading, WORDS_IN_PLACE)?;
        // A word stays what it was typed as where something that was found has it so.
        for (number, typed_count) in typed_counts {
            let Some(word) = reading.words.get_mut(number) else {
                continue;
            };
            let corrected = word.variants.split_off(typed_count);
            let typed = ItemSet::of_word(text, &word.variants);
            let is_typed = |found: &Ranked| typed.has(found.item);
            if !findings.best.is_empty() && !findings.best.iter().any(is_typed) {
                word.variants = corrected;
                word.reading = Reading::Corrected;
            }
        }
        Ok(findings)
    }

    /// Finds what has all the words, wherever that is.
    fn find_elsewhere(
        &self,
        text: &Text,
        question: &TextQuestion,
        reading: &QueryReading,
    ) -> Result<Findings, Error> {
        let anywhere = TextQuestion {
            near: None,
            ..question.clone()
        };
        let mut findings = self.find(text, &anywhere, reading, ALL_WORDS)?;
        let found = findings.found.iter_mut().chain(&mut findings.best);
        found.for_each(|found| found.found_by = Match::Elsewhere);
        Ok(findings)
    }

    /// Finds in the place what is of the kinds that the words speak of, whatever else they say; or where nothing is, or they speak of none, what has any of them.
    fn find_in_place(
        &self,
        text: &Text,
        question: &TextQuestion,
        reading: &QueryReading,
    ) -> Result<Findings, Error> {
        let Some(place) = &reading.place else {
            return Ok(Findings::default());
        };
        let others = reading.words.iter().enumerate();
        let others = others.filter(|(number, _)| !place.found.words.contains(number));
        let others: Vec<&ReadWord> = others.map(|(_, word)| word).collect();
        let kinds: Vec<&ReadWord> = others.iter().copied().filter(|word| word.is_kind).collect();
        let find = |words: &[&ReadWord], needs_all: bool| {
            let mut sets = Sets::default();
            let mut is_cut = false;
            self.limit(text, question, reading, &mut sets, &mut is_cut)?;
            let mut needed = vec![sets.push(ItemSet::of_entry(&place.entry, PLACE_UNIT))];
            let words = words.iter();
            let mut any: Vec<usize> = words
                .map(|word| sets.push(ItemSet::of_word(text, &word.variants)))
                .collect();
            if needs_all {
                needed.append(&mut any);
            }
            let way = sets.all(&needed, &any, None, Match::AnyWord);
            let mut findings =
                self.settle(text, question, reading, &mut sets, &[way], Words::Any)?;
            findings.is_cut |= is_cut;
            Ok::<_, Error>(findings)
        };
        if !kinds.is_empty() {
            let findings = find(&kinds, true)?;
            if !findings.best.is_empty() {
                return Ok(findings);
            }
        }
        if others.is_empty() {
            return Ok(Findings::default());
        }
        find(&others, false)
    }

    /// Keeps to what is between the latitudes and longitudes that are asked for, and within the circle where also a place is named.
    fn limit(
        &self,
        text: &Text,
        question: &TextQuestion,
        reading: &QueryReading,
        sets: &mut Sets,
        is_cut: &mut bool,
    ) -> Result<(), Error> {
        if let Some(rectangle) = question.within {
            let limit = sets.push(self.within(text, rectangle, is_cut)?);
            sets.limits.push(limit);
        }
        if let Some(near) = question.near
            && reading.place.is_some()
            && near.is_limit
        {
            let limit = sets.push(self.around(text, near.circle, is_cut)?);
            sets.limits.push(limit);
        }
        Ok(())
    }

    /// Finds what has all the words, or any.
    fn find(
        &self,
        text: &Text,
        question: &TextQuestion,
        reading: &QueryReading,
        wanted: Words<'_>,
    ) -> Result<Findings, Error> {
        let (needs_all, pairs, keeps_to_place) = match wanted {
            Words::All {
                pairs,
                keeps_to_place,
                ..
            } => (true, pairs, keeps_to_place),
            Words::Any => (false, &[][..], false),
        };
        let mut sets = Sets::default();
        let mut is_cut = false;
        let place = reading.place.as_ref();
        let of_place = place.map_or(0..0, |place| place.found.words.clone());
        let words = reading.words.iter();
        let words: Vec<usize> = words
            .map(|word| sets.push(ItemSet::of_word(text, &word.variants)))
            .collect();
        let others = words.iter().enumerate();
        let others: Vec<usize> = others
            .filter(|(number, _)| !of_place.contains(number))
            .map(|(_, set)| *set)
            .collect();
        for pair in pairs {
            let with_pair = pair.as_ref().map(|pair| ItemSet::of_entry(pair, 0.0));
            let limit = sets.push(with_pair.unwrap_or_default());
            sets.limits.push(limit);
        }
        self.limit(text, question, reading, &mut sets, &mut is_cut)?;
        let near = question.near.filter(|_| place.is_none());
        let inner = match near {
            Some(near) if needs_all || near.is_limit => Some(near.circle),
            near => near.map(|near| nearby(near.circle)),
        };
        let inner = match inner {
            Some(circle) => Some(sets.push(self.around(text, circle, &mut is_cut)?)),
            None => None,
        };
        let in_place = place.map(|place| sets.push(ItemSet::of_entry(&place.entry, PLACE_UNIT)));

        let mut ways = Vec::new();
        if !reading.pinned.is_empty() {
            let pinned = sets.push(ItemSet::in_order(&reading.pinned));
            ways.push(sets.all(&[pinned], &[], None, Match::Pinned));
        }
        if needs_all {
            // The words of a place may also be said of an item.
            if !words.is_empty() || in_place.is_none() {
                ways.push(sets.all(&words, &[], inner, Match::Words));
            }
            if let Some(in_place) = in_place {
                let all = [&[in_place], &others[..]].concat();
                ways.push(sets.all(&all, &[], None, Match::Words));
            }
        } else {
            let found_by = if question.needs_all {
                Match::AnyWord
            } else {
                Match::Words
            };
            ways.push(sets.all(&[], &words, inner, found_by));
            if let Some(in_place) = in_place {
                ways.push(sets.all(&[in_place], &[], None, found_by));
            }
        }
        let mut findings = self.settle(text, question, reading, &mut sets, &ways, wanted)?;
        // An order by a field has no end to which what is farther could be put.
        let is_enough = match question.sort {
            Some(_) => !findings.best.is_empty(),
            None => question.count <= findings.best.len(),
        };
        let is_kept = keeps_to_place && reading.is_kept_to_place() && findings.found.is_empty();
        if needs_all && !is_enough && !is_kept {
            let wider = match (near, place) {
                (Some(near), _) if !near.is_limit => Some(near.circle),
                (_, Some(place)) => place.found.circle,
                _ => None,
            };
            let way_count = ways.len();
            if let Some(circle) = wider
                && text.has_points()
            {
                let wide = sets.push(self.around(text, nearby(circle), &mut is_cut)?);
                ways.push(sets.all(&others, &[], Some(wide), Match::Nearby));
            }
            if let Some(in_place) = in_place
                && !reading.broader.is_empty()
            {
                let broader = sets.push(ItemSet::of_word(text, &reading.broader));
                ways.push(sets.all(&[in_place, broader], &[], None, Match::Broader));
            }
            if way_count < ways.len() {
                findings = self.settle(text, question, reading, &mut sets, &ways, wanted)?;
            }
        }
        findings.is_cut |= is_cut;
        Ok(findings)
    }

    /// Finds what the sets have in common, and reads of their lists what could change the best of it, in one batch.
    fn settle(
        &self,
        text: &Text,
        question: &TextQuestion,
        reading: &QueryReading,
        sets: &mut Sets,
        ways: &[Conjunction],
        wanted: Words<'_>,
    ) -> Result<Findings, Error> {
        // What is counted and put in order is all of it.
        let is_all_wanted = question.sort.is_some() || !question.facets.is_empty();
        let last = |hits: &[Ranked]| {
            let last = hits.get(question.count.wrapping_sub(1));
            last.copied().filter(|_| !is_all_wanted)
        };
        let mut is_cut = false;
        let mut found = known(sets, ways);
        self.keep_passing(&question.filter, &mut found, &mut is_cut)?;
        let mut hits = best(&found, question.count);
        let reads = Reads::mark(sets, ways, last(&hits), reading.limits);
        if !reads.is_empty() {
            self.fetch(&mut |plan| {
                if let Words::All { plan_next, .. } = wanted
                    && found.is_empty()
                {
                    plan_next(plan, reads.left_block_count())?;
                }
                let mut chunks = sets.wanted();
                chunks.try_for_each(|chunk| text.plan_chunk(chunk, plan))
            })?;
            sets.add_wanted(text, &self.blocks.borrow())?;
            found = known(sets, ways);
            self.keep_passing(&question.filter, &mut found, &mut is_cut)?;
            hits = best(&found, question.count);
        }
        Ok(Findings {
            is_cut: is_cut || reads.is_cut(last(&hits)),
            has_more: ways.iter().any(|way| way.may_have_more(sets)),
            found,
            best: hits,
        })
    }

    /// What is popular, with the facets of everything that passes.
    fn popular_hits(&self, text: &Text, question: &TextQuestion) -> Result<TextAnswer, Error> {
        let wanted = Question {
            count: question.count,
            filter: question.filter.clone(),
            ..question.personal.clone().unwrap_or_default()
        };
        let popular = match &question.personal {
            Some(_) => self.recommend(&wanted)?,
            None if self.has(FileKind::Popularity) => self.popular(&wanted)?,
            None => Vec::new(),
        };
        if !question.filter.is_empty() {
            self.fetch(&mut |plan| self.catalogue.plan_filter(plan))?;
        }
        let passing = self.passing(&question.filter)?;
        let found_by = Match::Popular;
        let of = |Scored { item, score }: Scored| Ranked {
            item,
            found_by,
            score,
        };
        let all = (0..self.catalogue.item_count()).filter(|item| passing.has(*item));
        let reading = QueryReading::default();
        let findings = Findings {
            best: popular.into_iter().map(of).collect(),
            found: all.map(|item| of(Scored { item, score: 0.0 })).collect(),
            is_cut: false,
            has_more: false,
        };
        let question = TextQuestion {
            personal: None,
            ..question.clone()
        };
        self.answer(text, &question, reading, findings)
    }

    /// Puts what was found in the order that is asked for, and counts its facets.
    fn answer(
        &self,
        text: &Text,
        question: &TextQuestion,
        mut reading: QueryReading,
        findings: Findings,
    ) -> Result<TextAnswer, Error> {
        let Findings {
            mut best,
            mut found,
            mut is_cut,
            has_more,
        } = findings;
        let total = found.len();
        if let Some(personal) = &question.personal {
            self.count_personal(personal, &mut found)?;
            best = candidates::best(&found, question.count);
        }
        let place = reading.place.as_ref();
        let circle = place.and_then(|place| place.found.circle);
        let circle = circle.or(question.near.map(|near| near.circle));
        let center = circle.map(|circle| circle.center);
        let is_by_distance =
            |sort: &&Sort| sort.field == DISTANCE && center.is_some() && text.has_points();
        let by_distance = question.sort.as_ref().filter(is_by_distance);
        let by_field = question.sort.as_ref().filter(|sort| !is_by_distance(sort));
        let fields = question.facets.iter();
        let fields = fields.chain(by_field.map(|sort| &sort.field));
        let facets = fields.map(|field| self.catalogue.facet(field));
        let facets: Vec<Facet> = facets.collect::<Result<_, _>>()?;
        let values = self.values(&found, &facets)?;
        is_cut |= values.is_cut;
        let counts = question.facets.iter().zip(&facets).enumerate();
        let counts =
            counts.map(|(place, (field, facet))| self.counts(field, *facet, place, &values));
        let counts: Vec<FacetCounts> = counts.collect::<Result<_, _>>()?;
        if let Some(sort) = by_field {
            let place = question.facets.len();
            let number = |item| values.number(place, item);
            sort_by_number(&mut found, sort.is_descending, number);
        }
        if let (Some(sort), Some(center)) = (by_distance, center) {
            let distances = self.known_distances_m(text, &found, center, &mut is_cut)?;
            let number = |item: u32| distances.get(&item).copied();
            sort_by_number(&mut found, sort.is_descending, number);
        }
        if question.sort.is_some() {
            found.truncate(question.count);
            best = found;
        }
        if let Some(first) = best.first() {
            reading.put_first(first.item);
        }
        let items: Vec<u32> = best.iter().map(|found| found.item).collect();
        let distances_m = match center {
            Some(center) => self.distances_m(text, &items, center)?,
            None => vec![None; items.len()],
        };
        let hit = |(found, distance_m): (&Ranked, Option<f64>)| Hit {
            item: found.item,
            score: found.score,
            found_by: found.found_by,
            distance_m,
        };
        let hits: Vec<Hit> = best.iter().zip(distances_m).map(hit).collect();
        let is_broader = hits.iter().any(|hit| hit.found_by == Match::Broader);
        let broader = reading.broader.into_iter().filter(|_| is_broader);
        Ok(TextAnswer {
            hits,
            total,
            is_total_partial: has_more,
            is_partial: reading.is_cut || is_cut,
            words: reading.words.iter().map(ReadWord::found).collect(),
            place: reading.place.map(|place| place.found),
            broader: broader.map(|variant| variant.shown).collect(),
            facets: counts,
            is_phrase_ignored: reading.is_phrase_ignored,
        })
    }

    /// Makes what would be recommended count more, up to twice as much.
    fn count_personal(&self, personal: &Question, found: &mut [Ranked]) -> Result<(), Error> {
        let mut recommended = self.recommend(&Question {
            count: PERSONAL_MAX_COUNT,
            ..personal.clone()
        })?;
        let most = recommended.first().map_or(1.0, |best| best.score);
        sort_by_key(&mut recommended, |scored| scored.item.into());
        for found in found {
            let place = recommended.binary_search_by_key(&found.item, |scored| scored.item);
            if let Some(scored) = place.ok().and_then(|place| recommended.get(place)) {
                found.score *= 1.0 + scored.score / most;
            }
        }
        Ok(())
    }
}

/// A circle with what is near it.
fn nearby(circle: Circle) -> Circle {
    Circle {
        radius_m: circle.radius_m.saturating_add(NEARBY_M),
        ..circle
    }
}
