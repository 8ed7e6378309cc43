use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use thiserror::Error;

use crate::{Itemsets, Transactions, sparse};

/// How often a set has to be there to be frequent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minimum {
    support: Support,
    /// How many items a set has at most.
    maximum_len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Support {
    Count(u32),
    Share(f64),
}

/// What cannot be a minimum.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum MinimumError {
    /// Everything that could be thought of has a support of 0.
    #[error("a support of 0 has every set, also those that nobody has: ask for 1 or more")]
    ZeroCount,
    /// A share of nothing or of more than all.
    #[error("a share of {share} is none: ask for more than 0, and for 1 at most")]
    NoShare {
        /// What was asked for.
        share: f64,
    },
}

impl Minimum {
    /// In so many transactions or more.
    pub fn count(count: u32) -> Result<Self, MinimumError> {
        if count == 0 {
            return Err(MinimumError::ZeroCount);
        }
        Ok(Self {
            support: Support::Count(count),
            maximum_len: usize::MAX,
        })
    }

    /// In this share of the transactions or more.
    pub fn share(share: f64) -> Result<Self, MinimumError> {
        if 0.0 < share && share <= 1.0 {
            Ok(Self {
                support: Support::Share(share),
                maximum_len: usize::MAX,
            })
        } else {
            Err(MinimumError::NoShare { share })
        }
    }

    /// The same for sets of so many items at most.
    #[must_use]
    pub fn of_at_most(self, maximum_len: usize) -> Self {
        Self {
            maximum_len,
            ..self
        }
    }

    /// The same but for the support: in so many transactions.
    pub(crate) fn with_count(self, count: u32) -> Self {
        Self {
            support: Support::Count(count),
            ..self
        }
    }

    /// In transactions: a share is rounded up.
    pub(crate) fn of(self, num_transactions: usize) -> u32 {
        match self.support {
            Support::Count(count) => count,
            Support::Share(share) => ((share * num_transactions as f64).ceil() as u32).max(1),
        }
    }
}

/// Every set of items that the minimum calls frequent.
///
/// Depth first, each set by its rarest items first: its transactions, reduced to the more frequent items that are frequent among them, are a database of their
/// own (Uno, Kiyomi and Arimura: LCM ver. 2, FIMI 2004, "occurrence deliver" and "database reduction"). Of up to 64 items it is kept as bits, with equal ones
/// merged. With any number of threads the result is the same.
///
/// Time and memory go with what is found and with the transactions of the frequent items, O(their lengths) for each set at worst.
pub fn mine(transactions: &Transactions, minimum: Minimum) -> Itemsets {
    let all = Mutex::new(Itemsets::default());
    mine_each(transactions, minimum, || Collected {
        found: Itemsets::default(),
        all: &all,
    });
    let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.sorted(transactions.len())
}

/// Takes what is found, one set after the other, in any order.
pub(crate) trait Sink {
    /// Takes a set, ascending, and its support.
    fn take(&mut self, items: &[u32], support: u32);

    /// Whether nothing more is wanted, so that what was not looked at may be left.
    fn is_full(&self) -> bool {
        false
    }
}

/// What one thread found, for all of them.
struct Collected<'a> {
    found: Itemsets,
    all: &'a Mutex<Itemsets>,
}

impl Sink for Collected<'_> {
    fn take(&mut self, items: &[u32], support: u32) {
        self.found.push(items, support);
    }
}

impl Drop for Collected<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.append(&self.found);
    }
}

/// Finds every set that the minimum calls frequent, for sinks of which every thread has some of its own; gives in how many transactions each item is.
pub(crate) fn mine_each<S: Sink>(
    transactions: &Transactions,
    minimum: Minimum,
    new_sink: impl Fn() -> S + Sync + Send,
) -> Vec<u32> {
    let minimum_support = minimum.of(transactions.len());
    let mut counts = vec![0_u32; transactions.item_end()];
    for transaction in transactions.iter() {
        for &item in transaction {
            counts[item as usize] += 1;
        }
    }
    if minimum.maximum_len == 0 {
        return counts;
    }
    // The most frequent first; of equals, the smallest number.
    let mut frequent: Vec<u32> = (0..)
        .zip(&counts)
        .filter(|(_, count)| minimum_support <= **count)
        .map(|(item, _)| item)
        .collect();
    frequent.sort_by_key(|&item| std::cmp::Reverse(counts[item as usize]));
    let mut rank_of = vec![INFREQUENT; counts.len()];
    for (rank, &item) in (0..).zip(&frequent) {
        rank_of[item as usize] = rank;
    }

    let mut database = sparse::Database::default();
    let mut ranks = Vec::new();
    for transaction in transactions.iter() {
        ranks.clear();
        ranks.extend(transaction.iter().map(|&item| rank_of[item as usize]));
        ranks.retain(|&rank| rank != INFREQUENT);
        ranks.sort_unstable();
        database.push(&ranks, 1);
    }
    let items: Vec<sparse::Counted> = frequent
        .iter()
        .map(|&item| sparse::Counted {
            item,
            support: counts[item as usize],
        })
        .collect();
    let limits = Limits {
        minimum_support,
        maximum_len: minimum.maximum_len,
    };
    let occurrences = database.occurrences(items.len());
    (0..items.len())
        .into_par_iter()
        .for_each_init(new_sink, |sink, rank| {
            let mut found = Found::new(limits, sink);
            sparse::mine_item(&database, &items, &occurrences, rank, &mut found);
        });
    counts
}

/// The rank of an item that is not frequent.
pub(crate) const INFREQUENT: u32 = u32::MAX;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) minimum_support: u32,
    pub(crate) maximum_len: usize,
}

/// What is found, on the way down.
pub(crate) struct Found<'a> {
    pub(crate) limits: Limits,
    prefix: Vec<u32>,
    ascending: Vec<u32>,
    sink: &'a mut dyn Sink,
}

impl<'a> Found<'a> {
    fn new(limits: Limits, sink: &'a mut dyn Sink) -> Self {
        Self {
            limits,
            prefix: Vec::new(),
            ascending: Vec::new(),
            sink,
        }
    }

    /// A set with one item more than the one that is looked at is frequent.
    pub(crate) fn push(&mut self, item: u32, support: u32) {
        self.prefix.push(item);
        self.ascending.clone_from(&self.prefix);
        self.ascending.sort_unstable();
        self.sink.take(&self.ascending, support);
    }

    /// It is done with.
    pub(crate) fn pop(&mut self) {
        self.prefix.pop();
    }

    /// Whether a set with one item more than the one that is looked at is wanted.
    pub(crate) fn goes_on(&self) -> bool {
        self.prefix.len() < self.limits.maximum_len && !self.sink.is_full()
    }
}
