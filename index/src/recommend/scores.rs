use super::Scored;

/// How many slots there are at first: at least room for a few items, and at most half a megabyte, whatever is foreseen.
const FIRST_SLOT_COUNTS: (usize, usize) = (1 << 4, 1 << 16);

/// No item has this number: a catalogue has at most so many.
const NO_ITEM: u32 = u32::MAX;

/// Sums by item: room for the items that were spoken of, and not for all that there are.
///
/// A hash table with open addressing: one array and no list, since a history of 20 items adds 4,000 times and the whole is to take some microseconds.
#[derive(Clone, Debug)]
pub struct Scores {
    /// A power of two of them, of which at most half are taken.
    slots: Vec<Scored>,
    /// 32 less the number of bits that number the slots.
    shift: u32,
    taken_count: usize,
}

impl Scores {
    /// Sums of nothing, with room for so many items. Where it turns out to be too little, the room grows.
    pub fn with_room_for(item_count: usize) -> Self {
        let (least, most) = FIRST_SLOT_COUNTS;
        let slot_count = item_count.saturating_mul(2).clamp(least, most);
        Self::of_slots(slot_count.next_power_of_two())
    }

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

    /// Adds to the sum of an item, which is zero at first.
    #[inline]
    pub fn add(&mut self, item: u32, share: f32) {
        let position = self.position(item);
        if let Some(slot) = self.slots.get_mut(position) {
            // Without a branch: nobody can foresee whether the item is new.
            self.taken_count += usize::from(slot.item != item);
            slot.item = item;
            slot.score += share;
        }
        if self.slots.len() < 2 * self.taken_count {
            self.grow();
        }
    }

    /// The sum of an item.
    pub fn get(&self, item: u32) -> f32 {
        let slot = self.slots.get(self.position(item));
        slot.map_or(0.0, |slot| slot.score)
    }

    /// The items that were added to and their sums, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = Scored> + '_ {
        let is_taken = |slot: &Scored| slot.item != NO_ITEM;
        self.slots().filter(is_taken)
    }

    /// The same, and among them empty slots: no items, with a sum of zero. For [`top`](super::top), which looks for large sums and throws most away at first
    /// sight, it is faster not to ask first whether a slot is empty, which nobody can foresee.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Scored> + '_ {
        self.slots.iter().copied()
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
        for Scored { item, score } in self.iter() {
            larger.add(item, score);
        }
        *self = larger;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn check(shares: impl Iterator<Item = (u32, f32)> + Clone) {
        let mut sums: BTreeMap<u32, f32> = BTreeMap::new();
        let mut scores = Scores::with_room_for(0);
        for (item, share) in shares {
            *sums.entry(item).or_insert(0.0) += share;
            scores.add(item, share);
        }
        let mut found: Vec<(u32, f32)> = scores
            .iter()
            .map(|scored| (scored.item, scored.score))
            .collect();
        found.sort_unstable_by_key(|&(item, _)| item);
        assert_eq!(found, Vec::from_iter(sums.clone()));
        for item in [0, 1, 7, u32::MAX - 1] {
            assert_eq!(scores.get(item), sums.get(&item).copied().unwrap_or(0.0));
        }
    }

    proptest! {
        #[test]
        fn are_those_of_a_map(shares in prop::collection::vec((0..50_u32, -1.0..1.0_f32), 0..200)) {
            check(shares.iter().copied());
            // Far apart, so that the whole range of numbers is met.
            check(shares.iter().map(|&(item, share)| (u32::MAX - 1 - item * 80_000_000, share)));
        }
    }

    #[test]
    fn grow_with_what_is_added() {
        check((0..20_000).chain(10_000..30_000).map(|item| (item, 0.5)));
    }
}
