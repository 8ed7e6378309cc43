//! Projections as lists: for many items, of which each transaction has few.

use crate::{
    dense::{self, MAXIMUM_ITEM_COUNT},
    mine::{Found, INFREQUENT},
};

/// An item by its own number, and in how many transactions it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) item: u32,
    pub(crate) support: u32,
}

/// Transactions over the ranks of some items, each ascending, with how often each is there.
#[derive(Debug, Default)]
pub(crate) struct Database {
    ranks: Vec<u32>,
    ends: Vec<u32>,
    weights: Vec<u32>,
}

impl Database {
    pub(crate) fn push(&mut self, ranks: &[u32], weight: u32) {
        // Alone it has no pair.
        if 2 <= ranks.len() {
            self.ranks.extend_from_slice(ranks);
            self.ends.push(self.ranks.len() as u32);
            self.weights.push(weight);
        }
    }

    fn start(&self, transaction: usize) -> usize {
        transaction
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize)
    }

    /// Where each of `rank_count` ranks is.
    pub(crate) fn occurrences(&self, rank_count: usize) -> Occurrences {
        let mut ends = vec![0_u32; rank_count + 1];
        for &rank in &self.ranks {
            ends[rank as usize + 1] += 1;
        }
        for rank in 0..rank_count {
            ends[rank + 1] += ends[rank];
        }
        let mut places = vec![Place::default(); self.ranks.len()];
        let mut next = ends.clone();
        for transaction in 0..self.ends.len() {
            let start = self.start(transaction);
            for position in start..self.ends[transaction] as usize {
                let rank = self.ranks[position] as usize;
                places[next[rank] as usize] = Place {
                    start: start as u32,
                    end: position as u32,
                    weight: self.weights[transaction],
                };
                next[rank] += 1;
            }
        }
        Occurrences {
            starts: ends,
            places,
        }
    }
}

/// What stands before an item in one of its transactions: the more frequent items.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    start: u32,
    end: u32,
    weight: u32,
}

/// The places of all items.
#[derive(Debug)]
pub(crate) struct Occurrences {
    starts: Vec<u32>,
    places: Vec<Place>,
}

impl Occurrences {
    fn of(&self, rank: usize) -> &[Place] {
        &self.places[self.starts[rank] as usize..self.starts[rank + 1] as usize]
    }
}

/// Finds every frequent set of which the item of this rank is the rarest beside those found already.
pub(crate) fn mine_item(
    database: &Database,
    items: &[Counted],
    occurrences: &Occurrences,
    rank: usize,
    found: &mut Found<'_>,
) {
    let Counted { item, support } = items[rank];
    found.push(item, support);
    if found.goes_on() {
        mine_before(database, &items[..rank], occurrences.of(rank), found);
    }
    found.pop();
}

/// Finds what is frequent among the items that stand before one in its transactions.
fn mine_before(database: &Database, before: &[Counted], places: &[Place], found: &mut Found<'_>) {
    let mut supports = vec![0_u32; before.len()];
    for place in places {
        for &rank in &database.ranks[place.start as usize..place.end as usize] {
            supports[rank as usize] += place.weight;
        }
    }
    let mut rank_of = vec![INFREQUENT; before.len()];
    let mut items = Vec::new();
    for (rank, &support) in supports.iter().enumerate() {
        if found.limits.minimum_support <= support {
            rank_of[rank] = items.len() as u32;
            let item = before[rank].item;
            items.push(Counted { item, support });
        }
    }
    if items.len() <= 1 {
        for Counted { item, support } in items {
            found.push(item, support);
            found.pop();
        }
        return;
    }
    let frequent = |place: &Place| {
        let ranks = &database.ranks[place.start as usize..place.end as usize];
        ranks
            .iter()
            .map(|&rank| rank_of[rank as usize])
            .filter(|&rank| rank != INFREQUENT)
    };
    if items.len() <= MAXIMUM_ITEM_COUNT {
        let sets = places.iter().map(|place| dense::Set {
            bits: frequent(place).fold(0, |bits, rank| bits | 1 << rank),
            weight: place.weight,
        });
        dense::mine(&dense::merged(sets.collect()), &items, found);
        return;
    }
    let mut reduced = Database::default();
    let mut ranks = Vec::new();
    for place in places {
        ranks.clear();
        ranks.extend(frequent(place));
        reduced.push(&ranks, place.weight);
    }
    let occurrences = reduced.occurrences(items.len());
    for rank in 0..items.len() {
        mine_item(&reduced, &items, &occurrences, rank, found);
    }
}
