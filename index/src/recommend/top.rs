use super::sort_key::{ascending, of_ascending, parts, sort_key};

/// An item and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The item's number.
    pub item: u32,
    /// The higher, the better; the unit is the model's.
    pub score: f32,
}

/// The `count` best of `candidates`, the best first, of those with a score above zero; equal scores go by item number, so that the answer to a question is
/// always the same.
///
/// O(candidates + count log count): whenever twice as many as wanted are at hand, the worse half goes, and from then on what is worse than the worst of the
/// rest is not looked at twice. Of 2,000 candidates for 20 places in no order, some 120 are.
pub fn top(candidates: impl IntoIterator<Item = Scored>, count: usize) -> Vec<Scored> {
    let Some(last) = count.checked_sub(1) else {
        return Vec::new();
    };
    // The best come first.
    let key = |scored: Scored| sort_key(!ascending(scored.score), scored.item);
    let scored = |key: u64| {
        let (score, item) = parts(key);
        let score = of_ascending(!score);
        Scored { item, score }
    };
    let mut best: Vec<u64> = Vec::new();
    // The least number above zero.
    let mut threshold = f32::from_bits(1);
    for candidate in candidates {
        // An equal score may still win by its number. Soon hardly any passes, so that the processor foresees how it ends.
        if threshold <= candidate.score {
            best.push(key(candidate));
            if best.len() == count.saturating_mul(2) {
                let (_, &mut worst, _) = best.select_nth_unstable(last);
                threshold = scored(worst).score;
                best.truncate(count);
            }
        }
    }
    best.sort_unstable();
    best.truncate(count);
    best.into_iter().map(scored).collect()
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
            sorted.retain(|scored| 0.0 < scored.score);
            sorted.truncate(count);
            prop_assert_eq!(top(candidates, count), sorted);
        }
    }
}
