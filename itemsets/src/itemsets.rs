use std::collections::HashMap;

/// Itemsets with their support, the number of transactions that contain them.
///
/// **Invariant:** once it is given out, each is ascending, and they are in lexicographical order without duplicates.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Itemsets {
    items: Vec<u32>,
    /// Where each one ends in `items`.
    ends: Vec<u32>,
    supports: Vec<u32>,
    num_transactions: usize,
}

impl Itemsets {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Of how many transactions they are.
    pub fn num_transactions(&self) -> usize {
        self.num_transactions
    }

    /// All of them with their support.
    pub fn iter(&self) -> impl Iterator<Item = (&[u32], u32)> {
        (0..self.len()).map(|number| (self.items_of(number), self.supports[number]))
    }

    /// Those of which no larger set has the same support. O(items), with a table of all.
    #[must_use]
    pub fn closed(&self) -> Self {
        self.without_sets_below(|support, above| support == above)
    }

    /// Those of which no larger set is there. O(items), with a table of all.
    #[must_use]
    pub fn maximal(&self) -> Self {
        self.without_sets_below(|_, _| true)
    }

    /// The sets of which no set with one item more is such that `covers` holds of both supports. All subsets of a set have to be there.
    fn without_sets_below(&self, covers: impl Fn(u32, u32) -> bool) -> Self {
        let table = self.table();
        let mut is_covered = vec![false; self.len()];
        let mut below = Vec::new();
        for (above, support_above) in self.iter() {
            for left_out in 0..above.len() {
                leave_out(above, left_out, &mut below);
                if let Some(&number) = table.get(below.as_slice())
                    && covers(self.supports[number], support_above)
                {
                    is_covered[number] = true;
                }
            }
        }
        let mut kept = Self {
            num_transactions: self.num_transactions,
            ..Self::default()
        };
        for ((items, support), _) in self.iter().zip(is_covered).filter(|(_, covered)| !covered) {
            kept.push(items, support);
        }
        kept
    }

    /// The number of each set.
    pub(crate) fn table(&self) -> HashMap<&[u32], usize> {
        (0..self.len())
            .map(|number| (self.items_of(number), number))
            .collect()
    }

    pub(crate) fn support(&self, number: usize) -> u32 {
        self.supports[number]
    }

    pub(crate) fn push(&mut self, items: &[u32], support: u32) {
        self.items.extend_from_slice(items);
        self.ends.push(self.items.len() as u32);
        self.supports.push(support);
    }

    /// Takes over what another one has, behind its own.
    pub(crate) fn append(&mut self, other: &Self) {
        let before = self.items.len() as u32;
        self.items.extend_from_slice(&other.items);
        self.ends.extend(other.ends.iter().map(|end| before + end));
        self.supports.extend_from_slice(&other.supports);
    }

    /// Puts them in order; each is ascending.
    pub(crate) fn sorted(self, num_transactions: usize) -> Self {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_unstable_by(|&left, &right| self.items_of(left).cmp(self.items_of(right)));
        let mut sorted = Self {
            items: Vec::with_capacity(self.items.len()),
            ends: Vec::with_capacity(self.ends.len()),
            supports: Vec::with_capacity(self.supports.len()),
            num_transactions,
        };
        for number in order {
            sorted.push(self.items_of(number), self.supports[number]);
        }
        sorted
    }

    fn items_of(&self, number: usize) -> &[u32] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[start as usize..self.ends[number] as usize]
    }
}

/// Puts all items but the one at a position into `rest`.
pub(crate) fn leave_out(items: &[u32], position: usize, rest: &mut Vec<u32>) {
    rest.clear();
    rest.extend_from_slice(&items[..position]);
    rest.extend_from_slice(&items[position + 1..]);
}
