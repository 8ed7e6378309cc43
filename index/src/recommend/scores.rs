use super::{Scored, top};

/// How many slots a table has at first: at least room for a few items, and at most half a megabyte, whatever is foreseen.
const FIRST_SLOT_COUNTS: (usize, usize) = (1 << 4, 1 << 16);

/// No item has this number: a catalogue has at most so many.
const NO_ITEM: u32 = u32::MAX;

/// Sums by item: in the time and the room of the items that were spoken of, however many there are.
#[derive(Clone, Debug)]
pub enum Scores {
    /// The sum of each item, where the catalogue has no more items than a table would have slots.
    ByItem(Vec<f32>),
    /// The sums of those that were spoken of.
    Hashed(ScoreTable),
}

impl Scores {
    /// Sums of nothing, with room for so many of a catalogue's items. Where it turns out to be too little, the room grows.
    pub fn with_room_for(expected_item_count: usize, item_count: u32) -> Self {
        let (least, most) = FIRST_SLOT_COUNTS;
        let slot_count = expected_item_count
            .saturating_mul(2)
            .clamp(least, most)
            .next_power_of_two();
        if item_count as usize <= slot_count {
            Self::ByItem(vec![0.0; item_count as usize])
        } else {
            Self::Hashed(ScoreTable::of_slots(slot_count))
        }
    }

    /// Adds to the sums of items. Of one that the catalogue does not have nothing is kept.
    pub fn add<E>(&mut self, shares: impl Iterator<Item = Result<Scored, E>>) -> Result<(), E> {
        match self {
            Self::ByItem(sums) => {
                for share in shares {
                    let Scored { item, score } = share?;
                    if let Some(sum) = sums.get_mut(item as usize) {
                        *sum += score;
                    }
                }
            }
            Self::Hashed(table) => {
                for share in shares {
                    table.add(share?);
                }
            }
        }
        Ok(())
    }

    /// Adds to the sum of one item.
    pub fn add_one(&mut self, share: Scored) {
        match self {
            Self::ByItem(sums) => {
                if let Some(sum) = sums.get_mut(share.item as usize) {
                    *sum += share.score;
                }
            }
            Self::Hashed(table) => table.add(share),
        }
    }

    /// Adds other sums, each times a factor.
    pub fn add_all(&mut self, others: &Self, factor: f32) {
        others.each(&mut |Scored { item, score }| {
            self.add_one(Scored {
                item,
                score: score * factor,
            });
        });
    }

    /// Multiplies every sum by the factor of its item.
    pub fn multiply(&mut self, factor: impl Fn(u32) -> f32) {
        match self {
            Self::ByItem(sums) => {
                for (sum, item) in sums.iter_mut().zip(0..) {
                    *sum *= factor(item);
                }
            }
            Self::Hashed(table) => {
                for slot in &mut table.slots {
                    slot.score *= factor(slot.item);
                }
            }
        }
    }

    /// The largest sum, or 0 where none is above it.
    pub fn largest(&self) -> f32 {
        let mut largest = 0.0_f32;
        self.each(&mut |scored| largest = largest.max(scored.score));
        largest
    }

    /// Calls `visit` with every sum that is not zero.
    fn each(&self, visit: &mut dyn FnMut(Scored)) {
        match self {
            Self::ByItem(sums) => {
                for (item, &score) in (0..).zip(sums) {
                    if score != 0.0 {
                        visit(Scored { item, score });
                    }
                }
            }
            Self::Hashed(table) => {
                for &slot in &table.slots {
                    if slot.score != 0.0 {
                        visit(slot);
                    }
                }
            }
        }
    }

    /// The `count` items that pass with the largest sums; see [`top`].
    pub fn top(&self, count: usize, passes: &dyn Fn(u32) -> bool) -> Vec<Scored> {
        match self {
            Self::ByItem(sums) => {
                let scored = |item, score| Scored {
                    item: item as u32,
                    score,
                };
                top(sums, scored, passes, count)
            }
            // Empty slots are among them, with a sum of zero.
            Self::Hashed(table) => top(&table.slots, |_, scored| scored, passes, count),
        }
    }

    /// The sum of an item.
    pub fn get(&self, item: u32) -> f32 {
        match self {
            Self::ByItem(sums) => sums.get(item as usize).copied().unwrap_or_default(),
            Self::Hashed(table) => table.get(item),
        }
    }
}

/// A hash table with open addressing: one array and no list, since a history of 20 items adds 4,000 times and the whole is to take some microseconds.
#[derive(Clone, Debug)]
pub struct ScoreTable {
    /// A power of two of them, of which at most half are taken.
    slots: Vec<Scored>,
    /// 32 less the number of bits that number the slots.
    shift: u32,
    taken_count: usize,
}

impl ScoreTable {
    fn of_slots(slot_count: usize) -> Self {
        let empty = Scored {
            item: NO_ITEM,
            score: 0.0,
        };
        Self {
            slots: vec![empty; slot_count],
            shift: 32 - slot_count.trailing_zeros().min(32),
            taken_count: 0,
        }
    }

    #[inline]
    fn add(&mut self, share: Scored) {
        let position = self.position(share.item);
        if let Some(slot) = self.slots.get_mut(position) {
            // Without a branch: nobody can foresee whether the item is new.
            self.taken_count += usize::from(slot.item != share.item);
            slot.item = share.item;
            slot.score += share.score;
        }
        if self.slots.len() < 2 * self.taken_count {
            self.grow();
        }
    }

    fn get(&self, item: u32) -> f32 {
        let slot = self.slots.get(self.position(item));
        slot.map_or(0.0, |slot| slot.score)
    }

    /// The slot of an item: its own, or the empty one that it would take. Half of them are empty, so the walk ends.
    #[inline]
    fn position(&self, item: u32) -> usize {
        let mask = self.slots.len() - 1;
        // Knuth's multiplicative hash: the upper bits of the product are well mixed, and items that lie together do not crowd.
        let mut position = item.wrapping_mul(0x9e37_79b1) as usize >> self.shift;
        loop {
            match self.slots.get(position) {
                Some(slot) if slot.item != item && slot.item != NO_ITEM => {
                    position = (position + 1) & mask;
                }
                _ => return position,
            }
        }
    }

    #[cold]
    fn grow(&mut self) {
        let mut larger = Self::of_slots(self.slots.len() * 2);
        for &slot in self.slots.iter().filter(|slot| slot.item != NO_ITEM) {
            larger.add(slot);
        }
        *self = larger;
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, convert::Infallible};

    use proptest::prelude::*;

    use super::*;

    fn check(item_count: u32, shares: impl Iterator<Item = (u32, f32)>) {
        let mut sums: BTreeMap<u32, f32> = BTreeMap::new();
        let mut scores = Scores::with_room_for(0, item_count);
        for (item, score) in shares {
            *sums.entry(item).or_insert(0.0) += score;
            let share = Ok::<_, Infallible>(Scored { item, score });
            scores.add(std::iter::once(share)).unwrap();
        }
        for (&item, &sum) in &sums {
            assert_eq!(scores.get(item), sum, "{item}");
        }
        for item in [0, 1, 7, NO_ITEM - 1] {
            assert_eq!(scores.get(item), sums.get(&item).copied().unwrap_or(0.0));
        }
        if let Scores::Hashed(table) = &scores {
            let is_item = |slot: &&Scored| slot.item != NO_ITEM;
            assert_eq!(table.slots.iter().filter(is_item).count(), sums.len());
        }
        let mut best: Vec<Scored> = sums
            .iter()
            .map(|(&item, &score)| Scored { item, score })
            .filter(|scored| 0.0 < scored.score)
            .collect();
        best.sort_by(|left, right| right.score.total_cmp(&left.score));
        best.truncate(5);
        assert_eq!(scores.top(5, &|_| true), best);
    }

    proptest! {
        #[test]
        fn are_those_of_a_map(shares in prop::collection::vec((0..50_u32, -1.0..1.0_f32), 0..200)) {
            check(50, shares.iter().copied());
            check(16, shares.iter().map(|&(item, share)| (item % 16, share)));
            // Far apart, so that the whole range of numbers is met.
            check(NO_ITEM, shares.iter().map(|&(item, share)| (NO_ITEM - 1 - item * 80_000_000, share)));
        }
    }

    #[test]
    fn grow_with_what_is_added() {
        check(
            NO_ITEM,
            (0..20_000).chain(10_000..30_000).map(|item| (item, 0.5)),
        );
    }
}
