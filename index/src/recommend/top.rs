use super::sort_key::{ascending, of_ascending, parts, sort_key};

/// An item and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The item's number.
    pub item: u32,
    /// The higher, the better; the unit is the model's.
    pub score: f32,
}

/// How many candidates are held against the worst of the best at once.
const STRIDE: usize = 8;

/// The `count` best of `candidates` that pass, the best first, of those with a score above zero; equal scores go by item number, so that the answer to a
/// question is always the same. `scored` says what a candidate is, by its position.
///
/// O(candidates + count log count): whenever twice as many as wanted are at hand, the worse half goes, and from then on what is worse than the worst of the
/// rest is not looked at twice. Of 2,000 candidates for 20 places in no order, some 120 are.
pub fn top<T: Copy>(
    candidates: &[T],
    scored: impl Fn(usize, T) -> Scored,
    passes: &dyn Fn(u32) -> bool,
    count: usize,
) -> Vec<Scored> {
    let mut best = Best::new(count);
    let (strides, rest) = candidates.as_chunks::<STRIDE>();
    for (number, stride) in strides.iter().enumerate() {
        let start = number * STRIDE;
        // Without a branch for each: soon hardly any passes.
        let is_any_good = stride.iter().fold(false, |is_any, &candidate| {
            is_any | best.wants(scored(start, candidate))
        });
        if is_any_good {
            for (position, &candidate) in (start..).zip(stride) {
                best.offer(scored(position, candidate), passes);
            }
        }
    }
    for (position, &candidate) in (candidates.len() - rest.len()..).zip(rest) {
        best.offer(scored(position, candidate), passes);
    }
    best.into_sorted()
}

/// The best so far, and maybe as many worse ones.
struct Best {
    count: usize,
    /// The best come first.
    keys: Vec<u64>,
    /// No worse score is of interest.
    threshold: f32,
}

impl Best {
    fn new(count: usize) -> Self {
        Self {
            count,
            keys: Vec::new(),
            // The least number above zero.
            threshold: f32::from_bits(1),
        }
    }

    /// An equal score may still win by its number.
    fn wants(&self, candidate: Scored) -> bool {
        self.threshold <= candidate.score
    }

    fn offer(&mut self, candidate: Scored, passes: &dyn Fn(u32) -> bool) {
        if self.wants(candidate) && passes(candidate.item) {
            self.take(candidate);
        }
    }

    #[inline(never)]
    fn take(&mut self, Scored { item, score }: Scored) {
        let Some(last) = self.count.checked_sub(1) else {
            return;
        };
        self.keys.push(sort_key(!ascending(score), item));
        if self.keys.len() == self.count.saturating_mul(2) {
            let (_, &mut worst, _) = self.keys.select_nth_unstable(last);
            self.threshold = scored_of(worst).score;
            self.keys.truncate(self.count);
        }
    }

    fn into_sorted(mut self) -> Vec<Scored> {
        self.keys.sort_unstable();
        self.keys.truncate(self.count);
        self.keys.into_iter().map(scored_of).collect()
    }
}

/// What a key was made of.
fn scored_of(key: u64) -> Scored {
    let (score, item) = parts(key);
    let score = of_ascending(!score);
    Scored { item, score }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_the_front_of_a_full_sort(
            scores in prop::collection::vec(0..5_u8, 0..100),
            count in 0..70_usize,
            modulus in 1..4_u32,
        ) {
            let candidates: Vec<Scored> =
                (0..).zip(&scores).map(|(item, &score)| Scored { item, score: f32::from(score) }).collect();
            let mut sorted = candidates.clone();
            // A stable sort keeps equals in the order of their numbers.
            sorted.sort_by(|left, right| right.score.total_cmp(&left.score));
            let passes = |item: u32| item.is_multiple_of(modulus);
            sorted.retain(|scored| 0.0 < scored.score && passes(scored.item));
            sorted.truncate(count);
            prop_assert_eq!(top(&candidates, |_, scored| scored, &passes, count), sorted.clone());
            let scored = |item, score: u8| Scored { item: item as u32, score: f32::from(score) };
            prop_assert_eq!(top(&scores, scored, &passes, count), sorted);
        }
    }
}
