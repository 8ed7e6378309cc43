//! Neighbours by what is said of the items: their titles, texts and tags.
//!
//! A title and a text are their words; a list of texts is its entries, each as a whole. Terms are weighted as BM25 has it (Robertson and Zaragoza: The
//! probabilistic relevance framework, 2009), vectors have the length 1, and the likeness of two items is their cosine.

use std::collections::BTreeMap;

use config::Content;
use index::catalogue::Value;
use index::neighbours::Neighbour;
use rayon::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{NeighbourLists, best::keep_best};
use crate::dataset::Item;

const BM25_K1: f32 = 1.2;
const BM25_B: f32 = 0.75;

/// A term that more items have says little, and its list would be walked for each of them.
const COMMON_MAX_SHARE: f32 = 0.1;

/// And that many at most, however large the catalogue.
const COMMON_MAX_COUNT: usize = 5_000;

/// In a small catalogue, so many may.
const COMMON_MIN_COUNT: usize = 50;

/// The terms of a catalogue's items, weighted.
#[derive(Clone, Debug, PartialEq)]
pub struct TermVectors {
    /// For every item its terms, ascending, and their weights; of length 1, or empty.
    pub items: Vec<Vec<(u32, f32)>>,
    /// How many terms there are.
    pub term_count: usize,
}

/// The vectors of the items by their titles and `fields`; by all fields with texts where none is named. O(words).
pub fn term_vectors(items: &[Item], fields: &[String]) -> TermVectors {
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    let counted: Vec<BTreeMap<u32, f32>> = items
        .iter()
        .map(|item| {
            let mut counts = BTreeMap::new();
            for term in terms(item, fields) {
                let next = numbers.len() as u32;
                let number = *numbers.entry(term).or_insert(next);
                *counts.entry(number).or_insert(0.0) += 1.0;
            }
            counts
        })
        .collect();
    let mut item_counts = vec![0_usize; numbers.len()];
    for &term in counted.iter().flat_map(BTreeMap::keys) {
        item_counts[term as usize] += 1;
    }
    let len = |counts: &BTreeMap<u32, f32>| counts.values().sum::<f32>();
    let mean_len = counted.iter().map(len).sum::<f32>() / items.len().max(1) as f32;
    let weigh = |counts: &BTreeMap<u32, f32>| {
        let norm = BM25_K1 * (1.0 - BM25_B + BM25_B * len(counts) / mean_len);
        let weight = |(&term, &count): (&u32, &f32)| {
            let item_count = item_counts[term as usize] as f32;
            let rarity = ((items.len() as f32 - item_count + 0.5) / (item_count + 0.5)).ln_1p();
            (term, rarity * count * (BM25_K1 + 1.0) / (count + norm))
        };
        let mut vector: Vec<(u32, f32)> = counts.iter().map(weight).collect();
        let squared_len: f32 = vector.iter().map(|(_, weight)| weight * weight).sum();
        for (_, weight) in &mut vector {
            *weight /= squared_len.sqrt();
        }
        vector
    };
    TermVectors {
        items: counted.iter().map(weigh).collect(),
        term_count: numbers.len(),
    }
}

/// The terms of an item: words of the title and of texts, and whole entries of lists.
fn terms(item: &Item, fields: &[String]) -> Vec<String> {
    let mut terms = words(&item.title);
    for (name, value) in &item.fields {
        if !fields.is_empty() && !fields.contains(name) {
            continue;
        }
        match value {
            // What is no prose, such as the address of a picture, has no words.
            Value::Text(text) if !text.contains("://") => terms.extend(words(text)),
            Value::TextList(texts) => {
                let entry = |text: &String| format!("{name}\u{1f}{}", folded(text));
                terms.extend(texts.iter().map(entry));
            }
            Value::Text(_) | Value::Integer(_) | Value::Real(_) => {}
        }
    }
    terms
}

/// The words of a text, folded; single letters are none.
fn words(text: &str) -> Vec<String> {
    folded(text)
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| 1 < word.chars().count())
        .map(str::to_owned)
        .collect()
}

/// In lower case and without accents.
fn folded(text: &str) -> String {
    text.nfkd()
        .filter(|&letter| !is_combining_mark(letter))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The items most alike, for every item. O(sum over the terms of the squared number of their items), without the most common terms.
pub fn content(vectors: &TermVectors, settings: &Content) -> NeighbourLists {
    let item_count = vectors.items.len();
    let common =
        ((item_count as f32 * COMMON_MAX_SHARE) as usize).clamp(COMMON_MIN_COUNT, COMMON_MAX_COUNT);
    let mut postings: Vec<Vec<(u32, f32)>> = vec![Vec::new(); vectors.term_count];
    for (item, vector) in (0..).zip(&vectors.items) {
        for &(term, weight) in vector {
            postings[term as usize].push((item, weight));
        }
    }
    let lists: Vec<Vec<Neighbour>> = (0..item_count)
        .into_par_iter()
        .map_init(
            || vec![0.0_f32; item_count],
            |row, item| {
                let mut touched = Vec::new();
                for &(term, weight) in &vectors.items[item] {
                    let posting = &postings[term as usize];
                    if common < posting.len() {
                        continue;
                    }
                    for &(other, other_weight) in posting {
                        if row[other as usize] == 0.0 {
                            touched.push(other);
                        }
                        row[other as usize] += weight * other_weight;
                    }
                }
                let mut candidates: Vec<(f32, u32)> = touched
                    .iter()
                    .map(|&other| (std::mem::take(&mut row[other as usize]), other))
                    .filter(|&(_, other)| other as usize != item)
                    .collect();
                candidates.sort_unstable_by_key(|&(_, other)| other);
                keep_best(&mut candidates, settings.neighbours as usize);
                candidates.sort_unstable_by_key(|&(_, other)| other);
                candidates
                    .into_iter()
                    .map(|(weight, item)| Neighbour { item, weight })
                    .collect()
            },
        )
        .collect();
    NeighbourLists::of_lists(&lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(title: &str, text: &str, tags: &[&str]) -> Item {
        let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        Item {
            id: title.to_owned(),
            title: title.to_owned(),
            fields: [
                ("description".to_owned(), Value::Text(text.to_owned())),
                ("tags".to_owned(), Value::TextList(tags)),
                (
                    "image".to_owned(),
                    Value::Text("https://example.org/a.jpg".to_owned()),
                ),
            ]
            .into(),
        }
    }

    fn items() -> Vec<Item> {
        vec![
            item("Café Society", "Love in old Hollywood", &["Romance"]),
            item("The cafe", "A love story", &["Romance", "Drama"]),
            item("Sharks", "What lives in the sea", &["Nature"]),
            item("Whales", "Giants of the sea", &["Nature"]),
            item("Untold", "", &[]),
        ]
    }

    #[test]
    fn terms_are_folded_words_and_whole_tags() {
        assert_eq!(
            terms(&items()[0], &[]),
            [
                "cafe",
                "society",
                "love",
                "in",
                "old",
                "hollywood",
                "tags\u{1f}romance"
            ]
        );
        assert_eq!(
            terms(&items()[0], &["tags".to_owned()]),
            ["cafe", "society", "tags\u{1f}romance"]
        );
    }

    /// The cosine of every pair, from the vectors as they are.
    #[test]
    fn lists_have_the_cosines() {
        let vectors = term_vectors(&items(), &[]);
        for vector in &vectors.items {
            let squared_len: f32 = vector.iter().map(|(_, weight)| weight * weight).sum();
            assert!((squared_len - 1.0).abs() < 1e-5);
        }
        let lists = content(&vectors, &Content::default());
        for (item, vector) in vectors.items.iter().enumerate() {
            for (other, other_vector) in vectors.items.iter().enumerate() {
                let dot: f32 = vector
                    .iter()
                    .flat_map(|left| other_vector.iter().map(move |right| (left, right)))
                    .filter(|(left, right)| left.0 == right.0)
                    .map(|(left, right)| left.1 * right.1)
                    .sum();
                let listed = lists
                    .list(item)
                    .iter()
                    .find(|listed| listed.item == other as u32);
                let weight = listed.map_or(0.0, |listed| listed.weight);
                let expected = if item == other { 0.0 } else { dot };
                assert!(
                    (weight - expected).abs() < 1e-6,
                    "{item} {other}: {weight} {expected}"
                );
            }
        }
        let best = |item: usize| {
            lists
                .list(item)
                .iter()
                .max_by(|left, right| left.weight.total_cmp(&right.weight))
        };
        assert_eq!(best(0).unwrap().item, 1);
        assert_eq!(best(2).unwrap().item, 3);
        assert_eq!(best(4), None, "its one word is nobody else's");
    }

    #[test]
    fn no_items_have_no_neighbours() {
        let vectors = term_vectors(&[], &[]);
        assert_eq!(content(&vectors, &Content::default()).item_count(), 0);
    }
}
