use super::Adjacency;

/// Who liked what, both ways: the binary matrix that models learn from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interactions {
    /// The items of each user.
    pub by_user: Adjacency,
    /// The users of each item.
    pub by_item: Adjacency,
}

impl Interactions {
    /// Takes pairs (user, item) that come in ascending order, without duplicates.
    pub fn of_sorted_pairs(
        user_count: usize,
        item_count: usize,
        pairs: impl IntoIterator<Item = (u32, u32)>,
    ) -> Self {
        let by_user = Adjacency::of_sorted_pairs(user_count, pairs);
        let by_item = by_user.transposed(item_count);
        Self { by_user, by_item }
    }

    /// How many users there are, whether they liked something or not.
    pub fn user_count(&self) -> usize {
        self.by_user.row_count()
    }

    /// How many items there are, whether somebody liked them or not.
    pub fn item_count(&self) -> usize {
        self.by_item.row_count()
    }

    /// How many people liked an item.
    pub fn popularity(&self, item: usize) -> usize {
        self.by_item.row(item).len()
    }

    /// Adds to `row[other]`, for every item and every user of `item` who likes it, that user's weight: the row of `item` in the Gram matrix.
    ///
    /// The users come in ascending order, so that the sums are the same whoever computes them.
    pub fn add_co_occurrences(
        &self,
        item: usize,
        user_weight: impl Fn(usize) -> f32,
        row: &mut [f32],
    ) {
        for &user in self.by_item.row(item) {
            let weight = user_weight(user as usize);
            for &other in self.by_user.row(user as usize) {
                row[other as usize] += weight;
            }
        }
    }
}
