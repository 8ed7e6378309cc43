//! Which items have what is asked: sets of items, and what they have in common.

use std::collections::BTreeSet;

use super::{Match, reading::Variant};
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
    /// Pieces of lists that were not read.
    unread: Vec<Unread>,
}

/// An item in a set.
#[derive(Clone, Copy)]
struct Member {
    item: u32,
    /// Whether only for what the word speaks of.
    is_meaning: bool,
    score: f32,
}

#[derive(Clone, Copy)]
struct Unread {
    chunk: Chunk,
    is_meaning: bool,
    /// What an impact is worth in it.
    unit: f32,
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
        self.get(item).is_some()
    }

    fn add_entry(&mut self, entry: &Entry, is_meaning: bool, unit: f32) {
        self.add(&entry.postings, is_meaning, unit);
        let chunks = entry.list.iter();
        self.unread.extend(chunks.map(|&chunk| Unread {
            chunk,
            is_meaning,
            unit,
        }));
    }

    /// Adds items, in whose postings an impact is worth `unit`.
    fn add(&mut self, postings: &[Posting], is_meaning: bool, unit: f32) {
        self.members.extend(postings.iter().map(|posting| Member {
            item: posting.item,
            is_meaning,
            score: f32::from(posting.impact) * unit,
        }));
    }

    /// Leaves each item once: as the word itself, if it is that, and with its best score.
    fn tidy(&mut self) {
        let of_item = |member: &Member| u64::from(member.item) << 1 | u64::from(member.is_meaning);
        if self
            .members
            .is_sorted_by(|left, right| of_item(left) < of_item(right))
        {
            return;
        }
        sort_by_key(&mut self.members, |member| {
            !u64::from(ascending(member.score))
        });
        sort_by_key(&mut self.members, of_item);
        self.members.dedup_by_key(|member| member.item);
    }

    fn get(&self, item: u32) -> Option<&Member> {
        let place = self
            .members
            .binary_search_by_key(&item, |member| member.item);
        self.members.get(place.ok()?)
    }

    /// The most that an item in a run can be here; `None` where none is.
    fn bound(&self, start: u32, end: u32) -> Option<Bound> {
        let first = self.members.partition_point(|member| member.item < start);
        let known = self.members.get(first..).unwrap_or_default().iter();
        let known = known.take_while(|member| member.item < end);
        let known = known.map(|member| Bound {
            is_meaning: member.is_meaning,
            score: member.score,
        });
        let unread = self.unread.iter();
        let unread = unread.filter(|unread| unread.chunk.has_any_of(start, end));
        let unread = unread.map(|unread| Bound {
            is_meaning: unread.is_meaning,
            score: f32::from(unread.chunk.maximum_impact) * unread.unit,
        });
        known.chain(unread).reduce(|left, right| Bound {
            is_meaning: left.is_meaning && right.is_meaning,
            score: left.score.max(right.score),
        })
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

    fn get(&self, number: usize) -> Option<&ItemSet> {
        self.sets.get(number)
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
        let of = |numbers: &[usize]| -> Vec<&ItemSet> {
            numbers
                .iter()
                .filter_map(|number| sets.get(*number))
                .collect()
        };
        let (all, any, factors) = (of(&self.all), of(&self.any), of(self.factor.as_slice()));
        let smallest = all
            .iter()
            .chain(&factors)
            .min_by_key(|set| set.members.len());
        let mut union = Vec::new();
        let candidates = if let Some(smallest) = smallest {
            &smallest.members
        } else {
            for set in &any {
                union.extend_from_slice(&set.members);
            }
            sort_by_key(&mut union, |member| member.item.into());
            union.dedup_by_key(|member| member.item);
            &union
        };
        let found = |candidate: &Member| {
            let item = candidate.item;
            // Where no words are asked, only the factor tells.
            let mut score = if all.is_empty() && any.is_empty() {
                1.0
            } else {
                0.0
            };
            let mut is_meaning = false;
            for set in &all {
                let member = set.get(item)?;
                score += member.score;
                is_meaning |= member.is_meaning;
            }
            let mut members = any.iter().filter_map(|set| set.get(item)).peekable();
            if !any.is_empty() {
                members.peek()?;
            }
            for member in members {
                score += member.score;
            }
            for set in &factors {
                score *= set.get(item)?.score;
            }
            let found_by = self.found_by(is_meaning);
            Some(Ranked {
                item,
                found_by,
                score,
            })
        };
        candidates.iter().filter_map(found).collect()
    }

    /// The runs between the ends of all unread chunks, with the most that an item in each can be.
    fn intervals(&self, sets: &Sets) -> Vec<Interval> {
        let numbers = self.all.iter().chain(&self.any);
        let unread = numbers.clone().filter_map(|&number| sets.get(number));
        let chunks = unread.flat_map(|set| &set.unread);
        let ends: BTreeSet<u32> = chunks
            .flat_map(|unread| [unread.chunk.start, unread.chunk.end])
            .collect();
        let ends: Vec<u32> = ends.into_iter().collect();
        let bound = |&number: &usize, start, end| sets.get(number)?.bound(start, end);
        let interval = |start: u32, end: u32| {
            let (mut score, mut is_meaning) = (0.0, false);
            for number in &self.all {
                let bound = bound(number, start, end)?;
                score += bound.score;
                is_meaning |= bound.is_meaning;
            }
            let any = self
                .any
                .iter()
                .filter_map(|number| bound(number, start, end));
            let any = any
                .map(|bound| bound.score)
                .reduce(|sum, score| sum + score);
            if !self.any.is_empty() {
                score += any?;
            }
            if let Some(number) = &self.factor {
                bound(number, start, end)?;
            }
            let found_by = self.found_by(is_meaning);
            Some(Interval {
                start,
                end,
                found_by,
                score,
            })
        };
        let pairs = ends.windows(2);
        pairs
            .filter_map(|ends| match *ends {
                [start, end] => interval(start, end),
                _ => None,
            })
            .collect()
    }
}

/// A run of items in which no list has more than one chunk, with the most that one in it can be.
struct Interval {
    start: u32,
    end: u32,
    found_by: Match,
    score: f32,
}

/// What is found in all ways that there are to be it and passes, each item once, ascending.
pub(super) fn known(
    sets: &Sets,
    conjunctions: &[Conjunction],
    passes: &dyn Fn(&Ranked) -> bool,
) -> Vec<Ranked> {
    let mut found: Vec<Ranked> = Vec::new();
    for conjunction in conjunctions {
        found.extend(conjunction.known(sets).into_iter().filter(passes));
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

/// Which pieces of lists are to be read: those in which an item could come before `last`, the most promising first, as far as may be read.
pub(super) struct Reads {
    /// Numbers of sets, and places among their unread pieces.
    wanted: BTreeSet<(usize, usize)>,
    /// The most that an item can be in what is left for want of room.
    left: Option<Ranked>,
}

impl Reads {
    pub(super) fn new(
        sets: &Sets,
        conjunctions: &[Conjunction],
        last: Option<Ranked>,
        maximum_len_bytes: u64,
    ) -> Self {
        let mut promising = Vec::new();
        for conjunction in conjunctions {
            for interval in conjunction.intervals(sets) {
                let Interval {
                    start,
                    end,
                    found_by,
                    score,
                } = interval;
                let item = 0;
                let most = Ranked {
                    item,
                    found_by,
                    score,
                };
                if last.is_none_or(|last| most.is_before(&last)) {
                    promising.push((most, start, end, conjunction));
                }
            }
        }
        sort_by_key(&mut promising, |(most, ..)| most.key());
        let mut reads = Self {
            wanted: BTreeSet::new(),
            left: None,
        };
        let mut len_bytes = 0;
        for (most, start, end, conjunction) in promising {
            let mut added = Vec::new();
            for &number in conjunction.all.iter().chain(&conjunction.any) {
                let unread = sets.get(number).map_or(&[][..], |set| &set.unread);
                for (place, unread) in unread.iter().enumerate() {
                    let is_in = unread.chunk.has_any_of(start, end);
                    if is_in && !reads.wanted.contains(&(number, place)) {
                        added.push((number, place, u64::from(unread.chunk.len_bytes)));
                    }
                }
            }
            let added_len: u64 = added.iter().map(|(.., len_bytes)| len_bytes).sum();
            if maximum_len_bytes < len_bytes + added_len {
                let left = reads.left.filter(|left| left.is_before(&most));
                reads.left = Some(left.unwrap_or(most));
                continue;
            }
            len_bytes += added_len;
            let added = added.iter();
            reads
                .wanted
                .extend(added.map(|&(number, place, _)| (number, place)));
        }
        reads
    }

    pub(super) fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Whether something that was left could come before `last`.
    pub(super) fn is_cut(&self, last: Option<Ranked>) -> bool {
        let could = |left: Ranked| last.is_none_or(|last| left.is_before(&last));
        self.left.is_some_and(could)
    }

    /// The pieces.
    pub(super) fn chunks<'a>(&self, sets: &'a Sets) -> impl Iterator<Item = &'a Chunk> {
        let unread = move |&(number, place): &(usize, usize)| sets.get(number)?.unread.get(place);
        self.wanted
            .iter()
            .filter_map(unread)
            .map(|unread| &unread.chunk)
    }

    /// Adds what the pieces say to the sets, and forgets that these were unread.
    pub(super) fn add_to(
        &self,
        sets: &mut Sets,
        text: &Text,
        blocks: &Blocks,
    ) -> Result<(), Error> {
        for &(number, place) in self.wanted.iter().rev() {
            if let Some(set) = sets.sets.get_mut(number) {
                let Unread {
                    chunk,
                    is_meaning,
                    unit,
                } = set.unread.remove(place);
                set.add(&text.chunk(&chunk, blocks)?, is_meaning, unit);
            }
        }
        sets.sets.iter_mut().for_each(ItemSet::tidy);
        Ok(())
    }
}
