//! Items that the same people like: the cheap baseline of [`ease`](super::ease).

use config::Similarity;
use index::neighbours::Neighbour;
use rayon::prelude::*;

use super::{Interactions, NeighbourLists, best::keep_best};

/// Saturation and length normalization as in Robertson and Zaragoza: The probabilistic relevance framework, BM25 and beyond, 2009.
const BM25_K1: f32 = 1.2;
const BM25_B: f32 = 0.75;

/// The `neighbour_count` items most alike, for every item.
///
/// The likeness of two items is a sum over the people who like both, weighted by person and scaled by item. Time: the sum of the squared lengths of the
/// users' histories; memory: the lists and one row a thread.
pub fn item_knn(
    interactions: &Interactions,
    similarity: Similarity,
    neighbour_count: usize,
) -> NeighbourLists {
    let user_weights = user_weights(interactions, similarity);
    let item_factors = item_factors(interactions, similarity, &user_weights);
    let item_count = interactions.item_count();
    let lists: Vec<Vec<Neighbour>> = (0..item_count)
        .into_par_iter()
        .map_init(Vec::new, |row, item| {
            row.clear();
            row.resize(item_count, 0.0);
            interactions.add_co_occurrences(item, |user| user_weights[user], row);
            let mut candidates: Vec<(f32, u32)> = row
                .iter()
                .zip(&item_factors)
                .zip(0..)
                .map(|((sum, factor), other)| (sum * factor * item_factors[item], other))
                .filter(|&(likeness, other)| 0.0 < likeness && other as usize != item)
                .collect();
            keep_best(&mut candidates, neighbour_count);
            candidates.sort_unstable_by_key(|&(_, item)| item);
            candidates
                .into_iter()
                .map(|(weight, item)| Neighbour { item, weight })
                .collect()
        })
        .collect();
    NeighbourLists::of_lists(&lists)
}

/// What a person who likes two items adds to their likeness. One who likes nearly everything says little, unless the measure is the plain cosine.
fn user_weights(interactions: &Interactions, similarity: Similarity) -> Vec<f32> {
    let weight = |items: &[u32]| match similarity {
        Similarity::Cosine => 1.0,
        Similarity::TfIdf | Similarity::Bm25 => {
            let rarity = interactions.item_count() as f32 / items.len().max(1) as f32;
            rarity.ln_1p().powi(2)
        }
    };
    interactions.by_user.rows().map(weight).collect()
}

/// What each item's likenesses are multiplied with: one by the length of its vector for the cosines, BM25's normalization for the other.
fn item_factors(
    interactions: &Interactions,
    similarity: Similarity,
    user_weights: &[f32],
) -> Vec<f32> {
    let mean_popularity =
        interactions.by_item.pair_count() as f32 / interactions.item_count().max(1) as f32;
    let factor = |users: &[u32]| match similarity {
        Similarity::Cosine | Similarity::TfIdf => {
            let squared_len: f32 = users.iter().map(|&user| user_weights[user as usize]).sum();
            if squared_len == 0.0 {
                0.0
            } else {
                1.0 / squared_len.sqrt()
            }
        }
        Similarity::Bm25 => {
            let relative_len = users.len() as f32 / mean_popularity;
            (BM25_K1 + 1.0) / (BM25_K1 * (1.0 - BM25_B + BM25_B * relative_len) + 1.0)
        }
    };
    interactions.by_item.rows().map(factor).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_cosine_is_that_of_the_columns(
            likes in prop::collection::vec(prop::collection::vec(any::<bool>(), 7), 1..9),
        ) {
            let pairs = likes.iter().zip(0..).flat_map(|(row, user)| {
                row.iter().zip(0..).filter(|(like, _)| **like).map(move |(_, item)| (user, item))
            });
            let lists = item_knn(
                &Interactions::of_sorted_pairs(likes.len(), 7, pairs),
                Similarity::Cosine,
                usize::MAX,
            );
            let dot = |item: usize, other: usize| {
                likes.iter().filter(|row| row[item] && row[other]).count() as f32
            };
            for item in 0..7 {
                let naive: Vec<(u32, f32)> = (0..7)
                    .filter(|&other| other != item && 0.0 < dot(item, other))
                    .map(|other| {
                        let len = (dot(item, item) * dot(other, other)).sqrt();
                        (other as u32, dot(item, other) / len)
                    })
                    .collect();
                prop_assert_eq!(lists.list(item).len(), naive.len());
                for (neighbour, (other, likeness)) in lists.list(item).iter().zip(naive) {
                    prop_assert_eq!(neighbour.item, other);
                    prop_assert!((neighbour.weight - likeness).abs() < 1e-6);
                }
            }
        }
    }

    /// User 0 likes everything; user 1 likes items 0 and 1 only.
    #[test]
    fn who_likes_everything_says_less() {
        let pairs = (0..6).map(|item| (0, item)).chain([(1, 0), (1, 1)]);
        let interactions = Interactions::of_sorted_pairs(2, 6, pairs);
        let ratio = |similarity| {
            let lists = item_knn(&interactions, similarity, 10);
            lists.list(0)[0].weight / lists.list(0)[1].weight
        };
        assert!(ratio(Similarity::Cosine) < ratio(Similarity::TfIdf));
        assert!(1.0 < ratio(Similarity::Bm25));
    }

    #[test]
    fn the_best_are_kept_and_of_equals_the_first() {
        let pairs = [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 3)];
        let lists = item_knn(
            &Interactions::of_sorted_pairs(2, 4, pairs),
            Similarity::Cosine,
            2,
        );
        let items: Vec<u32> = lists
            .list(0)
            .iter()
            .map(|neighbour| neighbour.item)
            .collect();
        assert_eq!(items, [1, 3]);
    }
}
