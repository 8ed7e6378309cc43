//! Projections of few items as bits, with equal transactions merged.

use crate::{mine::Found, sparse::Counted};

/// As many as there are bits.
pub(crate) const MAXIMUM_ITEM_COUNT: usize = 64;

/// From so many on, sets are sorted to merge those that are equal.
const MINIMUM_MERGED_COUNT: usize = 16;

/// A set of some items, and how often it is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Set {
    pub(crate) bits: u64,
    pub(crate) weight: u32,
}

/// The same with each set once, as far as it pays, and without those that have no pair.
pub(crate) fn merged(mut sets: Vec<Set>) -> Vec<Set> {
    sets.retain(|set| 2 <= set.bits.count_ones());
    if sets.len() < MINIMUM_MERGED_COUNT {
        return sets;
    }
    sets.sort_unstable_by_key(|set| set.bits);
    sets.dedup_by(|later, earlier| {
        let is_equal = later.bits == earlier.bits;
        if is_equal {
            earlier.weight += later.weight;
        }
        is_equal
    });
    sets
}

/// Finds every frequent set among `items`, which are frequent, out of their transactions.
pub(crate) fn mine(sets: &[Set], items: &[Counted], found: &mut Found<'_>) {
    let all = (0..items.len()).fold(0_u64, |bits, rank| bits | 1 << rank);
    let supports = items.iter().map(|item| item.support).collect::<Vec<_>>();
    mine_among(sets, all, &supports, items, found);
}

/// Finds every frequent set among the items of `among`, whose supports are these, by their ranks.
fn mine_among(
    sets: &[Set],
    among: u64,
    supports: &[u32],
    items: &[Counted],
    found: &mut Found<'_>,
) {
    for rank in ranks(among) {
        found.push(items[rank].item, supports[rank]);
        if found.goes_on() {
            let before = (1 << rank) - 1;
            let with_rank = |set: &&Set| set.bits >> rank & 1 == 1;
            let mut supports = [0_u32; MAXIMUM_ITEM_COUNT];
            for set in sets.iter().filter(with_rank) {
                for other in ranks(set.bits & before) {
                    supports[other] += set.weight;
                }
            }
            let is_frequent = |&other: &usize| found.limits.minimum_support <= supports[other];
            let frequent: u64 = ranks(among & before)
                .filter(is_frequent)
                .fold(0, |bits, other| bits | 1 << other);
            if 2 <= frequent.count_ones() {
                let reduced = sets.iter().filter(with_rank).map(|set| Set {
                    bits: set.bits & frequent,
                    weight: set.weight,
                });
                let reduced = merged(reduced.collect());
                mine_among(&reduced, frequent, &supports, items, found);
            } else {
                for other in ranks(frequent) {
                    found.push(items[other].item, supports[other]);
                    found.pop();
                }
            }
        }
        found.pop();
    }
}

/// The numbers of the bits that are set, ascending.
fn ranks(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if bits == 0 {
            return None;
        }
        let rank = bits.trailing_zeros() as usize;
        bits &= bits - 1;
        Some(rank)
    })
}
