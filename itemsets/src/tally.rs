//! How many rules there are to look at, as far as they may be: one for each item of each set.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::{
    Minimum, Transactions,
    mine::{Sink, mine_each},
};

/// So many a thread counts by itself before the others hear of them.
const UNTOLD_COUNT: u64 = 1 << 12;

/// Counts what all threads find.
#[derive(Debug)]
pub(crate) struct Tally {
    maximum: u64,
    told: AtomicU64,
}

impl Tally {
    pub(crate) fn new(maximum: u64) -> Self {
        Self {
            maximum,
            told: AtomicU64::new(0),
        }
    }

    /// Whether there are more than may be. Once they are, they stay so: with any number of threads the last answer is the same.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.maximum < self.told.load(Relaxed)
    }
}

/// What one thread counts.
#[derive(Debug)]
pub(crate) struct Counter<'a> {
    untold: u64,
    tally: &'a Tally,
}

impl<'a> Counter<'a> {
    pub(crate) fn new(tally: &'a Tally) -> Self {
        Self { untold: 0, tally }
    }

    fn tell(&mut self) {
        self.tally.told.fetch_add(self.untold, Relaxed);
        self.untold = 0;
    }
}

impl Sink for Counter<'_> {
    fn take(&mut self, items: &[u32], _: u32) {
        self.untold += items.len() as u64;
        if UNTOLD_COUNT <= self.untold {
            self.tell();
        }
    }

    fn is_full(&self) -> bool {
        self.tally.is_exceeded()
    }
}

impl Drop for Counter<'_> {
    fn drop(&mut self) {
        self.tell();
    }
}

/// The least support with which no more than `maximum` are to be looked at, of those that doubling leads to.
pub(crate) fn sufficient_support(
    transactions: &Transactions,
    minimum: Minimum,
    maximum: u64,
) -> u32 {
    let mut support = minimum.of(transactions.len());
    loop {
        let tally = Tally::new(maximum);
        mine_each(transactions, minimum.with_count(support), || {
            Counter::new(&tally)
        });
        if !tally.is_exceeded() {
            return support;
        }
        support = support.saturating_mul(2);
    }
}
