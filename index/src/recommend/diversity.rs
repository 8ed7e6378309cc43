use super::Scored;

/// Picks `count` of `candidates` by maximal marginal relevance: each next item has the best mixture of a high score and little likeness to those picked.
///
/// `diversity` is between 0, the order of the scores, and 1, variety alone; `candidates` are sorted as by [`top`](super::top), and scores count relative to the
/// best. `likeness` gives 0 to 1 for two positions in `candidates` and is asked at most once for each pair.
///
/// Carbonell and Goldstein: The use of MMR, diversity-based reranking for reordering documents and producing summaries, SIGIR 1998. O(candidates times
/// `count`) calls of `likeness`.
pub fn diversify(
    candidates: &[Scored],
    count: usize,
    diversity: f32,
    likeness: impl Fn(usize, usize) -> f32,
) -> Vec<Scored> {
    let best = candidates
        .first()
        .map_or(1.0, |scored| scored.score.max(f32::MIN_POSITIVE));
    // For each candidate that is left: its position, and its greatest likeness to an item that was picked.
    let mut left: Vec<(usize, f32)> = (0..candidates.len())
        .map(|position| (position, 0.0))
        .collect();
    let mut picked = Vec::with_capacity(count.min(candidates.len()));
    while picked.len() < count {
        let gain = |&(position, likeness): &(usize, f32)| {
            let score = candidates
                .get(position)
                .map_or(0.0, |scored| scored.score / best);
            (1.0 - diversity) * score - diversity * likeness
        };
        // Of equal gains the first candidate wins, which is the one with the better score.
        let next = left
            .iter()
            .enumerate()
            .rev()
            .max_by(|(_, one), (_, other)| gain(one).total_cmp(&gain(other)));
        let Some((index, &(position, _))) = next else {
            break;
        };
        left.remove(index);
        picked.extend(candidates.get(position));
        for (other, greatest) in &mut left {
            *greatest = greatest.max(likeness(position, *other));
        }
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(picked: &[Scored]) -> Vec<u32> {
        picked.iter().map(|scored| scored.item).collect()
    }

    fn candidates() -> Vec<Scored> {
        [1.0, 0.9, 0.8, 0.7]
            .into_iter()
            .zip(0..)
            .map(|(score, item)| Scored { item, score })
            .collect()
    }

    /// Items 0 and 1 are alike, and so are 2 and 3.
    fn likeness(left: usize, right: usize) -> f32 {
        if left / 2 == right / 2 { 1.0 } else { 0.0 }
    }

    #[test]
    fn without_diversity_the_scores_decide() {
        assert_eq!(
            items(&diversify(&candidates(), 3, 0.0, likeness)),
            [0, 1, 2]
        );
    }

    #[test]
    fn with_diversity_the_like_of_what_was_picked_waits() {
        assert_eq!(
            items(&diversify(&candidates(), 3, 0.5, likeness)),
            [0, 2, 1]
        );
        assert_eq!(
            items(&diversify(&candidates(), 9, 1.0, likeness)),
            [0, 2, 1, 3]
        );
    }

    #[test]
    fn nothing_to_pick_from_is_nothing() {
        assert_eq!(diversify(&[], 3, 0.5, likeness), []);
    }
}
