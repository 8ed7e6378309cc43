use std::collections::{BTreeMap, BTreeSet};

use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};
use index::neighbours::Neighbour;
use ndarray::Array2;
use rayon::prelude::*;

use super::TermVectors;
use crate::dataset::Item;
use crate::train::{NeighbourLists, best::keep_best};

/// A term that more items have says little, and its list would be walked for each of them.
const COMMON_MAX_SHARE: f32 = 0.1;

/// And that many at most, however large the catalogue.
const COMMON_MAX_COUNT: usize = 5_000;

/// In a small catalogue, so many may.
const COMMON_MIN_COUNT: usize = 50;

/// In a larger catalogue the latent space is not asked about all pairs, but about the best by terms. The time of all pairs grows with the square of the items: 44,035 take 20
/// seconds on two busy cores, and the process has 0.4 GB (`cargo bench -p bench --profile dev --bench content`).
const ALL_PAIRS_MAX_ITEMS: usize = 100_000;

/// So many by terms for each place of a list.
const CANDIDATES_A_PLACE: usize = 10;

/// What is less alike is alike by rounding, and takes no place.
const MINIMUM_LIKENESS: f32 = 1e-3;

/// How many items are compared with all others at once: a matrix of as many rows is what a thread holds.
const BLOCK_ITEMS: usize = 64;

/// The others of every item that are most alike, `count` at most: by the mean of the cosines of their terms and of their places in the latent space, or by their terms alone where that
/// has no dimensions. What is less alike than [`MINIMUM_LIKENESS`] is not among them.
///
/// Where items have a field `type`, the best of each other type have a tenth of the places, all other types together half at most; the best of all have the rest.
///
/// The terms cost O(sum over the terms of the squared number of their items), without the most common terms. The latent space costs O(items² × dimensions), in blocks that take 256 bytes an item and
/// thread; above [`ALL_PAIRS_MAX_ITEMS`] items it decides among ten times `count` that are best by their terms, in O(items × count × dimensions).
pub fn content_neighbours(
    items: &[Item],
    terms: &TermVectors,
    latent: &Array2<f32>,
    count: usize,
) -> NeighbourLists {
    let search = Search::new(items, terms, latent, count);
    let lists = if latent.ncols() == 0 || ALL_PAIRS_MAX_ITEMS < items.len() {
        search.among_sharers_of_terms()
    } else {
        search.among_all()
    };
    NeighbourLists::of_lists(&lists)
}

struct Search<'a> {
    terms: &'a TermVectors,
    /// For every term that is not too common, who has it, ascending, and its weight there.
    postings: Vec<Vec<(u32, f32)>>,
    /// In row-major order.
    latent: MatRef<'a, f32>,
    /// The number of each item's type.
    types: Vec<usize>,
    type_count: usize,
    /// How many places of a list each other type has.
    places_a_type: usize,
    count: usize,
}

impl<'a> Search<'a> {
    fn new(items: &[Item], terms: &'a TermVectors, latent: &'a Array2<f32>, count: usize) -> Self {
        let common = ((items.len() as f32 * COMMON_MAX_SHARE) as usize)
            .clamp(COMMON_MIN_COUNT, COMMON_MAX_COUNT);
        let mut postings: Vec<Vec<(u32, f32)>> = vec![Vec::new(); terms.term_count];
        for (item, vector) in (0..).zip(&terms.items) {
            for &(term, weight) in vector {
                postings[term as usize].push((item, weight));
            }
        }
        for posting in &mut postings {
            if common < posting.len() {
                *posting = Vec::new();
            }
        }
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let types: Vec<usize> = items
            .iter()
            .map(|item| {
                let next = numbers.len();
                *numbers.entry(item.type_name()).or_insert(next)
            })
            .collect();
        let other_types = numbers.len().saturating_sub(1);
        let places_a_type = (count / 10).min(count / 2 / other_types.max(1)).max(1);
        let (row_count, column_count) = latent.dim();
        let values = latent.as_slice().expect("our matrices are row-major");
        Self {
            terms,
            postings,
            latent: MatRef::from_row_major_slice(values, row_count, column_count),
            types,
            type_count: numbers.len(),
            places_a_type,
            count,
        }
    }

    /// Every item beside every other.
    fn among_all(&self) -> Vec<Vec<Neighbour>> {
        let item_count = self.types.len();
        (0..item_count.div_ceil(BLOCK_ITEMS))
            .into_par_iter()
            .map_init(
                || vec![0.0_f32; BLOCK_ITEMS * item_count],
                |rows, block| {
                    let start = block * BLOCK_ITEMS;
                    let items = start..item_count.min(start + BLOCK_ITEMS);
                    let rows = &mut rows[..items.len() * item_count];
                    // In this thread and in blocks of one size, so that the sums have one order.
                    matmul(
                        MatMut::from_row_major_slice_mut(rows, items.len(), item_count),
                        Accum::Replace,
                        self.latent.subrows(start, items.len()),
                        self.latent.transpose(),
                        1.0,
                        Par::Seq,
                    );
                    let lists = items.zip(rows.chunks_mut(item_count)).map(|(item, row)| {
                        self.add_term_cosines(item, row, |_| ());
                        let candidates = (0..).zip(&*row);
                        let candidates = candidates.map(|(other, &sum)| (sum / 2.0, other));
                        list(self.best(item, candidates, 1))
                    });
                    lists.collect::<Vec<_>>()
                },
            )
            .flatten_iter()
            .collect()
    }

    /// Every item beside those with which it shares a term.
    fn among_sharers_of_terms(&self) -> Vec<Vec<Neighbour>> {
        let item_count = self.types.len();
        (0..item_count)
            .into_par_iter()
            .map_init(
                || vec![0.0_f32; item_count],
                |row, item| {
                    let mut touched = Vec::new();
                    self.add_term_cosines(item, row, |other| touched.push(other));
                    let candidates = touched
                        .iter()
                        .map(|&other| (std::mem::take(&mut row[other as usize]), other));
                    if self.latent.ncols() == 0 {
                        return list(self.best(item, candidates, 1));
                    }
                    let by_terms = self.best(item, candidates, CANDIDATES_A_PLACE);
                    let by_both = by_terms.into_iter().map(|(by_terms, other)| {
                        let by_place = self.latent_cosine(item, other);
                        (f32::midpoint(by_terms, by_place), other)
                    });
                    list(self.best(item, by_both, 1))
                },
            )
            .collect()
    }

    /// Adds the cosines of an item's terms with those of all others, and says of whom there was nothing before.
    fn add_term_cosines(&self, item: usize, row: &mut [f32], mut touch: impl FnMut(u32)) {
        for &(term, weight) in &self.terms.items[item] {
            for &(other, other_weight) in &self.postings[term as usize] {
                if row[other as usize] == 0.0 {
                    touch(other);
                }
                row[other as usize] += weight * other_weight;
            }
        }
    }

    fn latent_cosine(&self, item: usize, other: u32) -> f32 {
        let coordinates = 0..self.latent.ncols();
        coordinates
            .map(|column| self.latent[(item, column)] * self.latent[(other as usize, column)])
            .sum()
    }

    /// Of candidates (likeness, item) the best for a list of an item, or as many for each place of one.
    fn best(
        &self,
        item: usize,
        candidates: impl Iterator<Item = (f32, u32)>,
        a_place: usize,
    ) -> Vec<(f32, u32)> {
        let count = self.count * a_place;
        let mut by_type = vec![Best::new(count); self.type_count];
        for candidate in candidates.filter(|&(_, other)| other as usize != item) {
            by_type[self.types[candidate.1 as usize]].offer(candidate);
        }
        let has_room = by_type.iter().map(|best| best.kept.len()).sum::<usize>() <= count;
        let mut reserved = Vec::new();
        let mut rest = Vec::new();
        for (kind, Best { mut kept, .. }) in by_type.into_iter().enumerate() {
            if kind != self.types[item] && !has_room {
                let mut own = kept.clone();
                keep_best(&mut own, self.places_a_type * a_place);
                reserved.append(&mut own);
            }
            rest.append(&mut kept);
        }
        keep_best(&mut reserved, count / 2);
        let is_reserved: BTreeSet<u32> = reserved.iter().map(|&(_, other)| other).collect();
        rest.retain(|(_, other)| !is_reserved.contains(other));
        keep_best(&mut rest, count - reserved.len());
        rest.append(&mut reserved);
        rest
    }
}

/// The best of many candidates (likeness, item), of whom most are turned away by one comparison.
#[derive(Clone)]
struct Best {
    /// All of the best, and fewer than `count` others.
    kept: Vec<(f32, u32)>,
    count: usize,
    /// What is less alike is none of the best.
    least: f32,
}

impl Best {
    fn new(count: usize) -> Self {
        Self {
            kept: Vec::new(),
            count,
            least: MINIMUM_LIKENESS,
        }
    }

    fn offer(&mut self, candidate: (f32, u32)) {
        if candidate.0 < self.least {
            return;
        }
        self.kept.push(candidate);
        if self.kept.len() == 2 * self.count {
            keep_best(&mut self.kept, self.count);
            let kept = self.kept.iter().map(|&(likeness, _)| likeness);
            self.least = kept.fold(f32::INFINITY, f32::min);
        }
    }
}

/// In a list of its own: turned into one where it is, a vector would keep the room that all candidates had.
fn list(mut candidates: Vec<(f32, u32)>) -> Vec<Neighbour> {
    candidates.sort_unstable_by_key(|&(_, item)| item);
    let neighbour = |&(weight, item): &(f32, u32)| Neighbour { item, weight };
    candidates.iter().map(neighbour).collect()
}

#[cfg(test)]
mod tests {
    use index::catalogue::Value;
    use proptest::prelude::*;

    use super::super::{latent_vectors, term_vectors};
    use super::*;

    fn item(number: usize, kind: &str, text: &str) -> Item {
        Item {
            id: number.to_string(),
            title: String::new(),
            fields: [
                ("description".to_owned(), Value::Text(text.to_owned())),
                (Item::TYPE_FIELD.to_owned(), Value::Text(kind.to_owned())),
            ]
            .into(),
        }
    }

    fn items(described: &[(&str, &str)]) -> Vec<Item> {
        let described = described.iter().enumerate();
        described
            .map(|(number, (kind, text))| item(number, kind, text))
            .collect()
    }

    fn learn(items: &[Item], dimensions: u32, count: usize) -> NeighbourLists {
        let terms = term_vectors(items, &[]);
        let latent = latent_vectors(&terms, dimensions).unwrap();
        content_neighbours(items, &terms, &latent, count)
    }

    /// The others and their likeness, the most alike first.
    fn ranked(lists: &NeighbourLists, item: usize) -> Vec<(u32, f32)> {
        let list = lists.list(item).iter();
        let mut list: Vec<(u32, f32)> = list.map(|other| (other.item, other.weight)).collect();
        list.sort_by(|left, right| right.1.total_cmp(&left.1));
        list
    }

    /// Items of up to four types and twelve words.
    fn catalogues() -> impl Strategy<Value = Vec<Item>> {
        let words = prop::collection::vec(0..12_u8, 0..8);
        prop::collection::vec((0..4_u8, words), 1..90).prop_map(|described| {
            let described = described.into_iter().enumerate();
            let item = |(number, (kind, words)): (usize, (u8, Vec<u8>))| {
                let words: Vec<String> = words.iter().map(|word| format!("word{word}")).collect();
                item(number, &format!("type{kind}"), &words.join(" "))
            };
            described.map(item).collect()
        })
    }

    /// The likeness of a pair, from the vectors as they are.
    fn likeness(terms: &TermVectors, latent: &Array2<f32>, pair: (usize, usize)) -> f64 {
        let product = |left: f32, right: f32| f64::from(left) * f64::from(right);
        let right: BTreeMap<u32, f32> = terms.items[pair.1].iter().copied().collect();
        let left = terms.items[pair.0].iter();
        let shared = left.filter_map(|(term, weight)| Some(product(*weight, *right.get(term)?)));
        let by_terms: f64 = shared.sum();
        if latent.ncols() == 0 {
            return by_terms;
        }
        let places = latent.row(pair.0).into_iter().zip(latent.row(pair.1));
        let by_place: f64 = places.map(|(&left, &right)| product(left, right)).sum();
        f64::midpoint(by_terms, by_place)
    }

    /// The likenesses of a list, the largest first, by sorting everything.
    fn likenesses(likenesses: &[f64], types: &[&str], item: usize, count: usize) -> Vec<f64> {
        let others = (0..types.len()).filter(|&other| other != item);
        let mut others: Vec<usize> = others
            .filter(|&other| f64::from(MINIMUM_LIKENESS) <= likenesses[other])
            .collect();
        others.sort_by(|&left, &right| likenesses[right].total_cmp(&likenesses[left]));
        let all: BTreeSet<&str> = types.iter().copied().collect();
        let places = (count / 10).min(count / 2 / (all.len() - 1).max(1)).max(1);
        let mut taken: Vec<usize> = Vec::new();
        for kind in all.into_iter().filter(|&kind| kind != types[item]) {
            let of_kind = others.iter().filter(|&&other| types[other] == kind);
            taken.extend(of_kind.take(places));
        }
        taken.sort_by(|&left, &right| likenesses[right].total_cmp(&likenesses[left]));
        taken.truncate(count / 2);
        if others.len() <= count {
            taken.clear();
        }
        let rest: Vec<usize> = others
            .into_iter()
            .filter(|other| !taken.contains(other))
            .collect();
        taken.extend(rest.iter().take(count - taken.len()));
        let mut found: Vec<f64> = taken.iter().map(|&other| likenesses[other]).collect();
        found.sort_by(|left, right| right.total_cmp(left));
        found
    }

    proptest! {
        #[test]
        fn lists_are_those_of_all_pairs_sorted(items in catalogues(), dimensions in 0..6_u32, count in 1..30_usize) {
            let terms = term_vectors(&items, &[]);
            let latent = latent_vectors(&terms, dimensions).unwrap();
            let lists = content_neighbours(&items, &terms, &latent, count);
            let types: Vec<&str> = items.iter().map(Item::type_name).collect();
            for item in 0..items.len() {
                let all: Vec<f64> = (0..items.len())
                    .map(|other| likeness(&terms, &latent, (item, other)))
                    .collect();
                let found = ranked(&lists, item);
                for &(other, weight) in &found {
                    prop_assert!((f64::from(weight) - all[other as usize]).abs() < 1e-5);
                }
                let expected = likenesses(&all, &types, item, count);
                prop_assert_eq!(found.len(), expected.len());
                for ((_, weight), expected) in found.iter().zip(expected) {
                    prop_assert!((f64::from(*weight) - expected).abs() < 1e-5);
                }
            }
        }

        /// Where every candidate has a place, what shares a term is as alike either way.
        #[test]
        fn the_way_of_large_catalogues_finds_what_shares_a_term(items in catalogues(), dimensions in 1..6_u32) {
            let terms = term_vectors(&items, &[]);
            let latent = latent_vectors(&terms, dimensions).unwrap();
            let search = Search::new(&items, &terms, &latent, items.len());
            let sharers = search.among_sharers_of_terms();
            for (item, (sharers, all)) in sharers.iter().zip(search.among_all()).enumerate() {
                let weights: BTreeMap<u32, f32> = terms.items[item].iter().copied().collect();
                let shares = |other: &Neighbour| {
                    let others = terms.items[other.item as usize].iter();
                    others.filter(|(term, _)| weights.contains_key(term)).count() != 0
                };
                let expected: Vec<Neighbour> = all.into_iter().filter(shares).collect();
                prop_assert_eq!(sharers.len(), expected.len());
                for (found, expected) in sharers.iter().zip(&expected) {
                    prop_assert_eq!(found.item, expected.item);
                    prop_assert!((found.weight - expected.weight).abs() < 1e-5);
                }
            }
        }
    }

    /// The book and the documentary have no word in common, but a film has words of both.
    #[test]
    fn a_book_leads_to_a_documentary_that_shares_no_term_with_it() {
        let items = items(&[
            ("book", "ocean tides"),
            ("documentary", "whales krill"),
            ("film", "ocean whales"),
            ("book", "murder court"),
            ("documentary", "murder court jury"),
            ("film", "court judge"),
        ]);
        let by_terms: Vec<u32> = ranked(&learn(&items, 0, 5), 0)
            .into_iter()
            .map(|(other, _)| other)
            .collect();
        assert_eq!(by_terms, [2]);
        let with_latent = ranked(&learn(&items, 2, 5), 0);
        let others: Vec<u32> = with_latent.iter().map(|&(other, _)| other).collect();
        assert_eq!(others, [2, 1], "{with_latent:?}");
        assert!(0.4 < with_latent[1].1, "{with_latent:?}");
    }

    #[test]
    fn other_types_keep_places_in_a_list() {
        let mut described = vec![("film", "shark shark shark"); 30];
        described.extend([
            ("book", "shark whale"),
            ("show", "shark sea and more of it"),
        ]);
        let items = items(&described);
        let others = |item: usize, count: usize| -> Vec<u32> {
            let list = ranked(&learn(&items, 0, count), item);
            list.into_iter().map(|(other, _)| other).collect()
        };
        let list = others(0, 10);
        assert_eq!(list.len(), 10);
        assert_eq!(list[8..], [30, 31]);
        let list = others(0, 2);
        assert!(list[0] < 30 && list[1] == 30, "half at most: {list:?}");
        assert!(others(0, 1)[0] < 30);
        assert_eq!(others(0, 40).len(), 31, "there is room for all");
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let described: Vec<(String, String)> = (0..300)
            .map(|number: usize| {
                let words = (0..6).map(|word| format!("word{}", (number * 7 + word * word) % 40));
                (
                    format!("type{}", number % 3),
                    words.collect::<Vec<_>>().join(" "),
                )
            })
            .collect();
        let items: Vec<Item> = described
            .iter()
            .enumerate()
            .map(|(number, (kind, text))| item(number, kind, text))
            .collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| [0, 16].map(|dimensions| learn(&items, dimensions, 20)))
        };
        assert_eq!(with(1), with(4));
    }

    #[test]
    fn who_shares_nothing_has_no_neighbours_and_no_items_have_none() {
        let mut described = vec![("film", "shark sea"); 3];
        described.extend([("film", "untold"), ("film", "")]);
        let lists = learn(&items(&described), 4, 10);
        assert_eq!(lists.list(0).len(), 2);
        assert!(lists.list(3).is_empty() && lists.list(4).is_empty());
        for dimensions in [0, 1000] {
            assert_eq!(learn(&[], dimensions, 10).item_count(), 0);
            assert_eq!(
                learn(&items(&described[..1]), dimensions, 10).item_count(),
                1
            );
        }
    }
}
