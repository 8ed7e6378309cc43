/// Sets of items, one behind the other.
#[derive(Clone, Debug, Default)]
pub struct Transactions {
    items: Vec<u32>,
    /// Where each one ends in `items`.
    ends: Vec<usize>,
}

impl Transactions {
    /// Adds a set of items, in any order; an item that comes twice counts once. The empty set is one, too: it counts in shares.
    pub fn push(&mut self, items: &[u32]) {
        let start = self.items.len();
        self.items.extend_from_slice(items);
        let added = self.items.get_mut(start..).unwrap_or_default();
        added.sort_unstable();
        let mut kept = start;
        for position in start..self.items.len() {
            if position == start || self.items[position] != self.items[kept - 1] {
                self.items[kept] = self.items[position];
                kept += 1;
            }
        }
        self.items.truncate(kept);
        self.ends.push(kept);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All of them in their order, each ascending.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.items[start..end])
    }

    /// One more than the largest item, or 0.
    pub(crate) fn item_end(&self) -> usize {
        self.items.iter().max().map_or(0, |&item| item as usize + 1)
    }
}
