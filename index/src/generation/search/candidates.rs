//! Which items have what is asked: sets of items, and what they have in common.

use std::cmp::Ordering;

use super::{
    Match, ReadLimits,
    reading::{Variant, sort_each_once},
};
use crate::{
    container::Blocks,
    error::Error,
    recommend::{
        Scored,
        sort_key::{ascending, first_by_key, sort_by_key, sort_key},
    },
    text::{Chunk, Entry, Posting, Text},
};

/// The items of a word, of a place or of a circle, as far as they are known.
#[derive(Default)]
pub(super) struct ItemSet {
    /// Ascending by item, each once.
    members: Vec<Member>,
    /// Of lists that are not here in full, the pieces that were not read; each list ascending.
    unread: Vec<Vec<Unread>>,
}

/// An item in a set.
#[derive(Clone, Copy)]
struct Member {
    item: u32,
    /// Whether only for what the word speaks of.
    is_meaning: bool,
    score: f32,
}

impl Member {
    /// What says more of an item has more: the word itself, then the better score.
    fn key(&self) -> u64 {
        sort_key(u32::from(!self.is_meaning), ascending(self.score))
    }
}

#[derive(Clone, Copy)]
struct Unread {
    chunk: Chunk,
    is_meaning: bool,
    /// What an impact is worth in it.
    unit: f32,
    /// Whether it is read next.
    is_wanted: bool,
}

impl ItemSet {
    /// What stands with the terms of a word.
    pub(super) fn of_word(text: &Text, variants: &[Variant]) -> Self {
        let mut set = Self::default();
        for variant in variants {
            let unit = text.weight(&variant.entry) * variant.factor;
            set.add_entry(&variant.entry, variant.is_meaning, unit);
        }
        set.tidy();
        set
    }

    /// What stands with a name, where an impact is worth `unit`.
    pub(super) fn of_entry(entry: &Entry, unit: f32) -> Self {
        let mut set = Self::default();
        set.add_entry(entry, false, unit);
        set
    }

    /// Items in an order, the first with the best score.
    pub(super) fn in_order(items: &[u32]) -> Self {
        let items = (1_u16..).zip(items);
        Self::of_items(items.map(|(place, &item)| Scored {
            item,
            score: 1.0 / f32::from(place),
        }))
    }

    /// Items with a score each.
    pub(super) fn of_items(items: impl IntoIterator<Item = Scored>) -> Self {
        let members = items.into_iter().map(|Scored { item, score }| Member {
            item,
            is_meaning: false,
            score,
        });
        let mut set = Self {
            members: members.collect(),
            unread: Vec::new(),
        };
        set.tidy();
        set
    }

    /// Whether an item is known to be in it.
    pub(super) fn has(&self, item: u32) -> bool {
        self.walk().find(item).is_some()
    }

    fn add_entry(&mut self, entry: &Entry, is_meaning: bool, unit: f32) {
        self.add(&entry.postings, is_meaning, unit);
        if entry.list.is_empty() {
            return;
        }
        let chunks = entry.list.iter();
        let unread = chunks.map(|&chunk| Unread {
            chunk,
            is_meaning,
            unit,
            is_wanted: false,
        });
        self.unread.push(unread.collect());
    }

    /// Adds items, in whose postings an impact is worth `unit`.
    fn add(&mut self, postings: &[Posting], is_meaning: bool, unit: f32) {
        self.members.extend(postings.iter().map(|posting| Member {
            item: posting.item,
            is_meaning,
            score: f32::from(posting.impact) * unit,
        }));
    }

    /// Leaves each item once: as the word itself, if it is that, and with its best score. O(members · log runs of them that ascend).
    fn tidy(&mut self) {
        let is_before = |left: &Member, right: &Member| left.item < right.item;
        while !self.members.is_sorted_by(is_before) {
            let mut members = Vec::with_capacity(self.members.len());
            let mut runs = self.members.chunk_by(is_before);
            while let Some(left) = runs.next() {
                merge(left, runs.next().unwrap_or_default(), &mut members);
            }
            self.members = members;
        }
    }

    fn walk(&self) -> Walk<'_> {
        Walk(&self.members)
    }

    /// For each run between two ends, the most that an item can be here, as far as there may be one. No piece that was not read lies in a run in part. O(members + runs · lists).
    fn bounds(&self, ends: &[u32]) -> Vec<Option<Bound>> {
        let mut members = self.walk();
        let mut lists: Vec<&[Unread]> = self.unread.iter().map(Vec::as_slice).collect();
        let runs = ends.iter().zip(ends.iter().skip(1));
        let bound = |(&start, &end): (&u32, &u32)| {
            members.pass(start);
            let known = members.pass(end).iter().map(|member| Bound {
                is_meaning: member.is_meaning,
                score: member.score,
            });
            let unread = lists.iter_mut().filter_map(|list| {
                let unread = unread_at(list, start)?;
                Some(Bound {
                    is_meaning: unread.is_meaning,
                    score: f32::from(unread.chunk.maximum_impact) * unread.unit,
                })
            });
            known.chain(unread).reduce(|left, right| Bound {
                is_meaning: left.is_meaning && right.is_meaning,
                score: left.score.max(right.score),
            })
        };
        runs.map(bound).collect()
    }
}

/// The piece in which an item would be, if it was not read; what lies before it is passed over.
fn unread_at<'a>(list: &mut &'a [Unread], item: u32) -> Option<&'a Unread> {
    let passed = list.partition_point(|unread| unread.chunk.end <= item);
    *list = list.get(passed..).unwrap_or_default();
    let next = list.first();
    next.filter(|unread| unread.chunk.start <= item)
}

/// Appends what is in either, ascending; of an item that is in both, what says more of it.
fn merge(left: &[Member], right: &[Member], merged: &mut Vec<Member>) {
    let (mut left, mut right) = (Walk(left), Walk(right));
    while let ([first, others @ ..], [second, more @ ..]) = (left.0, right.0) {
        match first.item.cmp(&second.item) {
            Ordering::Less => merged.extend_from_slice(left.pass(second.item)),
            Ordering::Greater => merged.extend_from_slice(right.pass(first.item)),
            Ordering::Equal => {
                let says_more = second.key() <= first.key();
                merged.push(if says_more { *first } else { *second });
                (left, right) = (Walk(others), Walk(more));
            }
        }
    }
    merged.extend_from_slice(left.0);
    merged.extend_from_slice(right.0);
}

/// A place among members that ascend, which only moves on.
struct Walk<'a>(&'a [Member]);

impl<'a> Walk<'a> {
    /// Moves on to the first that is not below an item, in steps that double (Bentley and Yao: An almost optimal algorithm for unbounded searching, 1976); gives those that it passed. O(log
    /// of how many these are).
    fn pass(&mut self, item: u32) -> &'a [Member] {
        let is_below = |member: &Member| member.item < item;
        let mut step = 1;
        while self.0.get(step - 1).is_some_and(is_below) {
            step *= 2;
        }
        let near = self.0.get(..step - 1).unwrap_or(self.0);
        let (passed, rest) = self.0.split_at(near.partition_point(is_below));
        self.0 = rest;
        passed
    }

    /// What is said of an item.
    fn find(&mut self, item: u32) -> Option<&'a Member> {
        self.pass(item);
        let next = self.0.first();
        next.filter(|member| member.item == item)
    }
}

/// All sets of a question.
#[derive(Default)]
pub(super) struct Sets {
    sets: Vec<ItemSet>,
    /// The numbers of those in which everything must be.
    pub(super) limits: Vec<usize>,
}

impl Sets {
    /// Gives the number that a set has from now on.
    pub(super) fn push(&mut self, set: ItemSet) -> usize {
        self.sets.push(set);
        self.sets.len() - 1
    }

    fn of(&self, numbers: &[usize]) -> Vec<&ItemSet> {
        let sets = numbers.iter().map(|&number| self.sets.get(number));
        sets.flatten().collect()
    }

    /// What is within the limits, and in all of these sets, and in any of those.
    pub(super) fn all(
        &self,
        all: &[usize],
        any: &[usize],
        factor: Option<usize>,
        found_by: Match,
    ) -> Conjunction {
        Conjunction {
            all: [&self.limits, all].concat(),
            any: any.to_vec(),
            factor,
            found_by,
        }
    }
}

/// The most that an item can be.
struct Bound {
    is_meaning: bool,
    score: f32,
}

/// What an item must be, by the numbers of the sets.
pub(super) struct Conjunction {
    /// It is in all of these.
    all: Vec<usize>,
    /// And, if there are any, in one of these.
    any: Vec<usize>,
    /// And in this one, by whose score, from 0 to 1, its own is multiplied.
    factor: Option<usize>,
    /// As what it is found; as [`Match::Words`] it may still be one by [`Match::Meaning`].
    found_by: Match,
}

/// An item that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ranked {
    pub(super) item: u32,
    pub(super) found_by: Match,
    pub(super) score: f32,
}

impl Ranked {
    /// What comes first has the lowest; of equals, the one with the lower number.
    fn key(&self) -> u64 {
        sort_key(self.found_by as u32, !ascending(self.score))
    }

    fn is_before(&self, other: &Self) -> bool {
        (self.key(), self.item) < (other.key(), other.item)
    }
}

impl Conjunction {
    fn found_by(&self, is_meaning: bool) -> Match {
        if is_meaning && self.found_by == Match::Words {
            Match::Meaning
        } else {
            self.found_by
        }
    }

    /// The items that are known to be all that.
    fn known(&self, sets: &Sets) -> Vec<Ranked> {
        let (all, any) = (sets.of(&self.all), sets.of(&self.any));
        let factors = sets.of(self.factor.as_slice());
        let needed = all.iter().chain(&factors);
        let smallest = needed.min_by_key(|set| set.members.len());
        let mut union = ItemSet::default();
        let candidates = if let Some(smallest) = smallest {
            &smallest.members
        } else {
            for set in &any {
                union.members.extend_from_slice(&set.members);
            }
            union.tidy();
            &union.members
        };
        // Where no words are asked, only the factor tells.
        let without_words = if all.is_empty() && any.is_empty() {
            1.0
        } else {
            0.0
        };
        let [mut all, mut any, mut factors] = [all, any, factors].map(|sets| {
            let walks = sets.into_iter().map(ItemSet::walk);
            walks.collect::<Vec<_>>()
        });
        let found = |&Member { item, .. }: &Member| {
            let mut score = without_words;
            let mut is_meaning = false;
            for walk in &mut all {
                let member = walk.find(item)?;
                score += member.score;
                is_meaning |= member.is_meaning;
            }
            let mut is_any = any.is_empty();
            for member in any.iter_mut().filter_map(|walk| walk.find(item)) {
                score += member.score;
                is_any = true;
            }
            for walk in &mut factors {
                score *= walk.find(item)?.score;
            }
            is_any.then(|| Ranked {
                item,
                found_by: self.found_by(is_meaning),
                score,
            })
        };
        candidates.iter().filter_map(found).collect()
    }

    /// Whether there may be more of it in what was not read. O(members + runs · lists).
    pub(super) fn may_have_more(&self, sets: &Sets) -> bool {
        !self.intervals(sets).is_empty()
    }

    /// The runs between the ends of all unread chunks, with the most that an item in each can be. O(members + runs · lists).
    fn intervals(&self, sets: &Sets) -> Vec<Interval> {
        let (all, any) = (sets.of(&self.all), sets.of(&self.any));
        let unread = all.iter().chain(&any).flat_map(|set| &set.unread).flatten();
        let mut ends: Vec<u32> = unread
            .flat_map(|unread| [unread.chunk.start, unread.chunk.end])
            .collect();
        if ends.is_empty() {
            return Vec::new();
        }
        sort_each_once(&mut ends);
        let [all, any, factors] = [all, any, sets.of(self.factor.as_slice())].map(|sets| {
            let bounds = sets.iter().map(|set| set.bounds(&ends));
            bounds.collect::<Vec<_>>()
        });
        let interval = |(number, &start): (usize, &u32)| {
            let (mut score, mut is_meaning) = (0.0, false);
            for bounds in &all {
                let bound = bounds.get(number)?.as_ref()?;
                score += bound.score;
                is_meaning |= bound.is_meaning;
            }
            let bounds = any.iter().filter_map(|bounds| bounds.get(number)?.as_ref());
            let sum = bounds
                .map(|bound| bound.score)
                .reduce(|sum, score| sum + score);
            if !any.is_empty() {
                score += sum?;
            }
            for bounds in &factors {
                bounds.get(number)?.as_ref()?;
            }
            let found_by = self.found_by(is_meaning);
            Some(Interval {
                start,
                found_by,
                score,
            })
        };
        ends.iter().enumerate().filter_map(interval).collect()
    }
}

/// A run of items in which no list has more than one chunk, with the most that one in it can be.
struct Interval {
    start: u32,
    found_by: Match,
    score: f32,
}

/// What is found in all ways that there are to be it, each item once, ascending.
pub(super) fn known(sets: &Sets, conjunctions: &[Conjunction]) -> Vec<Ranked> {
    let mut found: Vec<Ranked> = Vec::new();
    for conjunction in conjunctions {
        found.extend(conjunction.known(sets));
    }
    if 1 < conjunctions.len() {
        sort_by_key(&mut found, Ranked::key);
        sort_by_key(&mut found, |found| found.item.into());
        found.dedup_by_key(|found| found.item);
    }
    found
}

/// The best of what was found, which comes ascending, in their order.
pub(super) fn best(found: &[Ranked], count: usize) -> Vec<Ranked> {
    first_by_key(found, count, Ranked::key)
}

/// The blocks that have the best of what was found, the best first, as many as may be read; `is_cut` becomes true if there are more.
pub(super) fn blocks_of_best(
    found: &[Ranked],
    block_of: impl Fn(u32) -> u32,
    blocks_max_count: usize,
    is_cut: &mut bool,
) -> Vec<u32> {
    let mut blocks = Vec::new();
    for found in best(found, found.len()) {
        let block = block_of(found.item);
        if blocks.contains(&block) {
            continue;
        }
        if blocks.len() == blocks_max_count {
            *is_cut = true;
            break;
        }
        blocks.push(block);
    }
    blocks
}

/// Which pieces of lists are to be read: those in which an item could come before `last`, the most promising first, as far as may be read.
pub(super) struct Reads {
    is_any: bool,
    /// The most that an item can be in what is left for want of room.
    left: Option<Ranked>,
    /// How many blocks of terms may be read beside.
    left_block_count: usize,
}

impl Reads {
    /// Marks the pieces.
    pub(super) fn mark(
        sets: &mut Sets,
        conjunctions: &[Conjunction],
        last: Option<Ranked>,
        limits: Option<ReadLimits>,
    ) -> Self {
        let mut promising = Vec::new();
        for conjunction in conjunctions {
            for interval in conjunction.intervals(sets) {
                let most = Ranked {
                    item: 0,
                    found_by: interval.found_by,
                    score: interval.score,
                };
                if last.is_none_or(|last| most.is_before(&last)) {
                    promising.push((most, interval.start, conjunction));
                }
            }
        }
        let mut pages = Pages::default();
        let is_room_for_all = limits.is_none_or(|limits| {
            promising.iter().all(|(_, start, conjunction)| {
                pages.add_all(sets.unread_at(conjunction, *start));
                pages.numbers.len() <= limits.page_count
            }) && pages.are_within(limits)
        });
        let mut reads = Self {
            is_any: false,
            left: None,
            left_block_count: usize::MAX,
        };
        if !is_room_for_all {
            pages = Pages::default();
            sort_by_key(&mut promising, |(most, ..)| most.key());
        }
        for (most, start, conjunction) in promising {
            if let Some(limits) = limits
                && !is_room_for_all
            {
                let mut with_these = pages.clone();
                with_these.add_all(sets.unread_at(conjunction, start));
                if !with_these.are_within(limits) {
                    reads.left.get_or_insert(most);
                    continue;
                }
                pages = with_these;
            }
            for unread in sets.unread_at(conjunction, start) {
                unread.is_wanted = true;
                reads.is_any = true;
            }
        }
        if let Some(limits) = limits {
            let limits = limits.behind_pages(pages.numbers.len(), pages.range_count());
            reads.left_block_count = limits.block_count();
        }
        reads
    }

    pub(super) fn left_block_count(&self) -> usize {
        self.left_block_count
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.is_any
    }

    /// Whether something that was left could come before `last`.
    pub(super) fn is_cut(&self, last: Option<Ranked>) -> bool {
        let could = |left: Ranked| last.is_none_or(|last| left.is_before(&last));
        self.left.is_some_and(could)
    }
}

/// Pages of lists, ascending, each once.
#[derive(Clone, Default)]
struct Pages {
    numbers: Vec<u32>,
}

impl Pages {
    fn add_all<'a>(&mut self, unread: impl Iterator<Item = &'a mut Unread>) {
        for page in unread.flat_map(|unread| unread.chunk.pages()) {
            if let Err(place) = self.numbers.binary_search(&page) {
                self.numbers.insert(place, page);
            }
        }
    }

    /// How many runs of them follow each other.
    fn range_count(&self) -> usize {
        let runs = self.numbers.chunk_by(|page, next| page + 1 == *next);
        runs.count()
    }

    fn are_within(&self, limits: ReadLimits) -> bool {
        self.numbers.len() <= limits.page_count && self.range_count() <= limits.range_count
    }
}

impl Sets {
    /// The pieces in which an item would be for the sets of a conjunction, as far as they are neither read nor marked.
    fn unread_at<'a>(
        &'a mut self,
        conjunction: &'a Conjunction,
        item: u32,
    ) -> impl Iterator<Item = &'a mut Unread> {
        let sets = self.sets.iter_mut().enumerate();
        let sets = sets.filter(|(number, _)| {
            conjunction.all.contains(number) || conjunction.any.contains(number)
        });
        let lists = sets.flat_map(|(_, set)| &mut set.unread);
        let unread = lists.filter_map(move |list| {
            let place = list.partition_point(|unread| unread.chunk.end <= item);
            list.get_mut(place)
        });
        unread.filter(move |unread| unread.chunk.start <= item && !unread.is_wanted)
    }

    /// The marked pieces.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Chunk> {
        let unread = self.sets.iter().flat_map(|set| &set.unread).flatten();
        unread
            .filter(|unread| unread.is_wanted)
            .map(|unread| &unread.chunk)
    }

    /// Adds what the marked pieces say to the sets, and forgets that these were unread.
    pub(super) fn add_wanted(&mut self, text: &Text, blocks: &Blocks) -> Result<(), Error> {
        for set in &mut self.sets {
            for list in std::mem::take(&mut set.unread) {
                for unread in list.iter().filter(|unread| unread.is_wanted) {
                    let postings = text.chunk(&unread.chunk, blocks)?;
                    set.add(&postings, unread.is_meaning, unread.unit);
                }
                let unread = list.into_iter().filter(|unread| !unread.is_wanted);
                set.unread.push(unread.collect());
            }
            set.tidy();
        }
        Ok(())
    }
}
