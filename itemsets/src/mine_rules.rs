use std::collections::HashMap;
use std::io;
use std::sync::Mutex;

use crate::{
    Minimum, Rule, RuleOptions, Transactions,
    itemsets::leave_out,
    mine::mine_each,
    rules::parts,
    spill::{Budget, Spill},
};

/// So many parts are looked at one after the other: the sets and the rules may take so many times what memory may be taken.
const PARTITION_COUNT: usize = 64;

/// How much a thread gathers before it hands it over, in numbers.
const GATHERED_LEN: usize = 1 << 18;

/// The same rules as [`rules`](crate::rules()) of what [`mine`](crate::mine) finds, in the order of their antecedents and then of their consequents, without all sets in memory.
///
/// A rule needs the support of its antecedent, which is another set. Each set asks for those of its parts with one item less, and the two meet in a partition that
/// the hash of the part names, as in a Grace hash join (Kitsuregawa, Tanaka and Moto-oka, 1983); partitions beyond the budget are in files until it is their turn.
/// Redundant rules have the same consequent as what they repeat, so they are found in partitions by consequents. Time as `rules`, with any number of threads the same result.
///
/// # Errors
///
/// Only those of the temporary files, of which there are none within the budget.
pub fn mine_rules(
    transactions: &Transactions,
    minimum: Minimum,
    options: &RuleOptions,
    budget: &Budget,
) -> io::Result<MinedRules> {
    let sets = Mutex::new((Spill::new(PARTITION_COUNT, budget), Ok(())));
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
    let supports = mine_each(transactions, minimum, || Gatherer::new(&hand_over));
    let (sets, outcome) = sets
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    outcome?;
    let mut has_files = sets.has_files();

    let mut candidates = Spill::new(PARTITION_COUNT, budget);
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

    let mut rules = Vec::new();
    for records in candidates.into_partitions() {
        let records = records?;
        let mut candidates = HashMap::new();
        let mut rest = &records[..];
        while let [len, consequent, support, antecedent_support, tail @ ..] = rest {
            let (antecedent, tail) = tail.split_at(*len as usize);
            candidates.insert((*consequent, antecedent), (*support, *antecedent_support));
            rest = tail;
        }
        for (&(consequent, antecedent), &(support, antecedent_support)) in &candidates {
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
                    let surer = candidates.get(&(consequent, &part[..]));
                    surer.is_some_and(|&(both, alone)| rule.is_no_surer_than(both, alone))
                })
            };
            if !(options.without_redundant && is_redundant()) {
                rules.push(rule);
            }
        }
    }
    rules.sort_unstable_by(|left, right| {
        let key = |rule: &Rule| rule.consequent;
        left.antecedent
            .cmp(&right.antecedent)
            .then(key(left).cmp(&key(right)))
    });
    Ok(MinedRules { rules, has_files })
}

/// What [`mine_rules`] found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MinedRules {
    /// The rules.
    pub rules: Vec<Rule>,
    /// Whether the budget was not enough and temporary files were needed.
    pub has_files: bool,
}

/// Gathers what one thread finds, by partitions: sets, with 0 in front, and what they ask for, with the item that is left out, plus one, in front.
pub(crate) struct Gatherer<'a> {
    gathered: Vec<Vec<u32>>,
    len: usize,
    hand_over: &'a (dyn Fn(&mut Vec<Vec<u32>>) + Sync),
    antecedent: Vec<u32>,
}

impl<'a> Gatherer<'a> {
    fn new(hand_over: &'a (dyn Fn(&mut Vec<Vec<u32>>) + Sync)) -> Self {
        Self {
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

impl crate::mine::Sink for Gatherer<'_> {
    fn take(&mut self, items: &[u32], support: u32) {
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
