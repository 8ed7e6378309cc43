use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use thiserror::Error;

use crate::{
    Minimum, Rule, RuleOptions, Transactions,
    best::Best,
    itemsets::leave_out,
    mine::{Sink, mine_each},
    rules::parts,
    spill::Spill,
    tally::{Counter, Tally, sufficient_support},
};

/// So many parts are looked at one after the other: the sets and the rules may take so many times what memory may be taken.
const PARTITION_COUNT: usize = 64;

/// How much a thread gathers before it hands it over, in numbers.
const GATHERED_LEN: usize = 1 << 18;

/// What [`mine_rules`] may take, and how much of it is wanted.
#[derive(Clone, Debug)]
pub struct Budget {
    /// What is held in memory at once, about; the transactions, the counts of their items and the rules come on top.
    pub memory_bytes: usize,
    /// A folder for temporary files, which nobody finds there afterwards.
    pub folder: PathBuf,
    /// So many rules may have to be looked at, one for each item of each set; a run with more is given up, since time and files go with them.
    pub maximum_candidate_count: u64,
    /// So many rules are given at most: those with the highest leverage, and of equals the first.
    pub maximum_rule_count: usize,
}

/// Why there are no rules.
#[derive(Debug, Error)]
pub enum MineRulesError {
    /// What did not fit into memory could not be put aside.
    #[error("writing or reading a temporary file")]
    TemporaryFiles(#[from] io::Error),
    /// Two long transactions that are alike are enough: so many parts have both.
    #[error(
        "sets of items in {minimum_support} transactions or more give more than {maximum_candidate_count} rules to look at; those in {sufficient_support} or more do not"
    )]
    TooManyCandidates {
        /// How many there may be.
        maximum_candidate_count: u64,
        /// What was asked for, in transactions.
        minimum_support: u32,
        /// What could be asked for instead.
        sufficient_support: u32,
    },
}

/// The same rules as [`rules`](crate::rules()) of what [`mine`](crate::mine) finds, in the order of their antecedents and then of their consequents, without all sets in memory.
///
/// A rule needs the support of its antecedent, which is another set. Each set asks for those of its parts with one item less, and the two meet in a partition that
/// the hash of the part names, as in a Grace hash join (Kitsuregawa, Tanaka and Moto-oka, 1983); partitions beyond the budget are in files until it is their turn.
/// Redundant rules have the same consequent as what they repeat, so they are found in partitions by consequents. Time as `rules`, with any number of threads the same result.
///
/// # Errors
///
/// Those of the temporary files, of which there are none within the budget; and more to look at than the budget allows.
pub fn mine_rules(
    transactions: &Transactions,
    minimum: Minimum,
    options: &RuleOptions,
    budget: &Budget,
) -> Result<MinedRules, MineRulesError> {
    let spill = || Spill::new(PARTITION_COUNT, budget.memory_bytes, &budget.folder);
    let tally = Tally::new(budget.maximum_candidate_count);
    let sets = Mutex::new((spill(), Ok(())));
    let hand_over = |gathered: &mut Vec<Vec<u32>>| {
        let mut sets = sets
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (spill, outcome) = &mut *sets;
        if outcome.is_ok() {
            *outcome = spill.append(gathered);
        }
        gathered.iter_mut().for_each(Vec::clear);
    };
    let supports = mine_each(transactions, minimum, || {
        Gatherer::new(Counter::new(&tally), &hand_over)
    });
    let (sets, outcome) = sets
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    outcome?;
    if tally.is_exceeded() {
        drop(sets);
        return Err(MineRulesError::TooManyCandidates {
            maximum_candidate_count: budget.maximum_candidate_count,
            minimum_support: minimum.of(transactions.len()),
            sufficient_support: sufficient_support(
                transactions,
                minimum,
                budget.maximum_candidate_count,
            ),
        });
    }
    let mut has_files = sets.has_files();

    let mut candidates = spill();
    for records in sets.into_partitions() {
        let mut gathered = vec![Vec::new(); PARTITION_COUNT];
        for rule in joined(&records?, &supports, transactions.len() as u32) {
            if options.want(&rule) {
                let partition = &mut gathered[rule.consequent as usize % PARTITION_COUNT];
                partition.extend([rule.antecedent.len() as u32, rule.consequent]);
                partition.extend([rule.support, rule.antecedent_support]);
                partition.extend(&rule.antecedent);
            }
        }
        candidates.append(&mut gathered)?;
    }
    has_files |= candidates.has_files();

    let mut rules = Best::new(budget.maximum_rule_count);
    for records in candidates.into_partitions() {
        let records = records?;
        let candidates = Candidates::new(&records);
        for candidate in candidates.iter() {
            let Candidate {
                antecedent,
                consequent,
                support,
                antecedent_support,
            } = candidate;
            let rule = Rule {
                antecedent: antecedent.to_vec(),
                consequent,
                support,
                antecedent_support,
                consequent_support: supports[consequent as usize],
                num_transactions: transactions.len() as u32,
            };
            // What is no less sure is among the candidates, too: it is at least as sure and has the same consequent, so that its lift is no lower.
            let is_redundant = || {
                parts(antecedent).any(|part| {
                    let surer = candidates.find(consequent, &part);
                    surer.is_some_and(|surer| {
                        rule.is_no_surer_than(surer.support, surer.antecedent_support)
                    })
                })
            };
            if !(options.without_redundant && is_redundant()) {
                rules.push(rule);
            }
        }
    }
    let (rules, found_count) = rules.finish();
    Ok(MinedRules {
        rules,
        found_count,
        has_files,
    })
}

/// A rule that is sure enough, as it lies in a partition: how many items its antecedent has, its consequent, the two supports, the antecedent.
#[derive(Clone, Copy, Debug)]
struct Candidate<'a> {
    antecedent: &'a [u32],
    consequent: u32,
    support: u32,
    antecedent_support: u32,
}

impl<'a> Candidate<'a> {
    /// The one at the beginning of `records`, and what follows it.
    fn first(records: &'a [u32]) -> Option<(Self, &'a [u32])> {
        let [len, consequent, support, antecedent_support, tail @ ..] = records else {
            return None;
        };
        let (antecedent, tail) = tail.split_at(*len as usize);
        let candidate = Self {
            antecedent,
            consequent: *consequent,
            support: *support,
            antecedent_support: *antecedent_support,
        };
        Some((candidate, tail))
    }

    fn key(&self) -> (u32, &'a [u32]) {
        (self.consequent, self.antecedent)
    }
}

/// The candidates of a partition, to be looked up: four bytes each beside the records.
struct Candidates<'a> {
    records: &'a [u32],
    /// Where each begins; ascending by consequent and antecedent.
    starts: Vec<u32>,
}

impl<'a> Candidates<'a> {
    fn new(records: &'a [u32]) -> Self {
        let mut starts = Vec::new();
        let mut rest = records;
        while let Some((_, tail)) = Candidate::first(rest) {
            starts.push((records.len() - rest.len()) as u32);
            rest = tail;
        }
        let mut candidates = Self {
            records,
            starts: Vec::new(),
        };
        starts.sort_unstable_by_key(|&start| candidates.at(start).map(|candidate| candidate.key()));
        candidates.starts = starts;
        candidates
    }

    fn at(&self, start: u32) -> Option<Candidate<'a>> {
        Candidate::first(&self.records[start as usize..]).map(|(candidate, _)| candidate)
    }

    fn iter(&self) -> impl Iterator<Item = Candidate<'a>> {
        self.starts.iter().filter_map(|&start| self.at(start))
    }

    fn find(&self, consequent: u32, antecedent: &[u32]) -> Option<Candidate<'a>> {
        let key = |&start: &u32| self.at(start).map(|candidate| candidate.key());
        let place = self
            .starts
            .binary_search_by_key(&Some((consequent, antecedent)), key);
        place.ok().and_then(|place| self.at(self.starts[place]))
    }
}

/// What [`mine_rules`] found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MinedRules {
    /// The rules, as many as may be given.
    pub rules: Vec<Rule>,
    /// How many there are.
    pub found_count: u64,
    /// Whether the budget was not enough and temporary files were needed.
    pub has_files: bool,
}

/// Gathers what one thread finds, by partitions: sets, with 0 in front, and what they ask for, with the item that is left out, plus one, in front.
pub(crate) struct Gatherer<'a> {
    counter: Counter<'a>,
    gathered: Vec<Vec<u32>>,
    len: usize,
    hand_over: &'a (dyn Fn(&mut Vec<Vec<u32>>) + Sync),
    antecedent: Vec<u32>,
}

impl<'a> Gatherer<'a> {
    fn new(counter: Counter<'a>, hand_over: &'a (dyn Fn(&mut Vec<Vec<u32>>) + Sync)) -> Self {
        Self {
            counter,
            gathered: vec![Vec::new(); PARTITION_COUNT],
            len: 0,
            hand_over,
            antecedent: Vec::new(),
        }
    }

    fn push(&mut self, kind: u32, support: u32, items: &[u32]) {
        let partition = &mut self.gathered[partition_of(items)];
        partition.extend([items.len() as u32, kind, support]);
        partition.extend(items);
        self.len += 3 + items.len();
    }
}

impl Sink for Gatherer<'_> {
    fn take(&mut self, items: &[u32], support: u32) {
        self.counter.take(items, support);
        self.push(0, support, items);
        if 2 <= items.len() {
            let mut antecedent = std::mem::take(&mut self.antecedent);
            for (position, &left_out) in items.iter().enumerate() {
                leave_out(items, position, &mut antecedent);
                self.push(left_out + 1, support, &antecedent);
            }
            self.antecedent = antecedent;
        }
        if GATHERED_LEN <= self.len {
            (self.hand_over)(&mut self.gathered);
            self.len = 0;
        }
    }

    fn is_full(&self) -> bool {
        self.counter.is_full()
    }
}

impl Drop for Gatherer<'_> {
    fn drop(&mut self) {
        (self.hand_over)(&mut self.gathered);
    }
}

/// The rules whose antecedents are in a partition.
fn joined<'a>(
    records: &'a [u32],
    supports: &'a [u32],
    num_transactions: u32,
) -> impl Iterator<Item = Rule> + 'a {
    let each = || {
        let mut rest = records;
        std::iter::from_fn(move || {
            let [len, kind, support, tail @ ..] = rest else {
                return None;
            };
            let (items, tail) = tail.split_at(*len as usize);
            rest = tail;
            Some((*kind, *support, items))
        })
    };
    let sets = each().filter(|(kind, ..)| *kind == 0);
    let table: HashMap<&[u32], u32> = sets.map(|(_, support, items)| (items, support)).collect();
    each()
        .filter(|(kind, ..)| *kind != 0)
        .filter_map(move |(kind, support, items)| {
            let consequent = kind - 1;
            Some(Rule {
                antecedent: items.to_vec(),
                consequent,
                support,
                antecedent_support: *table.get(items)?,
                consequent_support: *supports.get(consequent as usize)?,
                num_transactions,
            })
        })
}

/// A partition for a set: any will do, as long as it is always the same.
fn partition_of(items: &[u32]) -> usize {
    // Fibonacci hashing, an item after the other.
    let mix = |hash: u64, &item: &u32| (hash ^ u64::from(item)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hash = items.iter().fold(0, mix);
    (hash >> 32) as usize % PARTITION_COUNT
}
