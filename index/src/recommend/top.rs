/// An item and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The item's number.
    pub item: u32,
    /// The higher, the better; the unit is the model's.
    pub score: f32,
}

/// The `count` best of `candidates`, the best first; equal scores go by item number, so that the answer to a question is always the same.
///
/// O(candidates + count log count).
pub fn top(mut candidates: Vec<Scored>, count: usize) -> Vec<Scored> {
    let order = |left: &Scored, right: &Scored| {
        right
            .score
            .total_cmp(&left.score)
            .then(left.item.cmp(&right.item))
    };
    if count == 0 {
        return Vec::new();
    }
    if count < candidates.len() {
        candidates.select_nth_unstable_by(count - 1, order);
        candidates.truncate(count);
    }
    candidates.sort_unstable_by(order);
    candidates
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_the_front_of_a_full_sort(scores in prop::collection::vec(0..5_u8, 0..60), count in 0..70_usize) {
            let candidates: Vec<Scored> =
                (0..).zip(&scores).map(|(item, &score)| Scored { item, score: f32::from(score) }).collect();
            let mut sorted = candidates.clone();
            // A stable sort keeps equals in the order of their numbers.
            sorted.sort_by(|left, right| right.score.total_cmp(&left.score));
            sorted.truncate(count);
            prop_assert_eq!(top(candidates, count), sorted);
        }
    }
}
