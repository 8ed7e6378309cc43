//! What is said of an item as weighted terms.

use std::collections::BTreeMap;

use index::catalogue::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::dataset::{Item, is_prose};

const BM25_K1: f32 = 1.2;
const BM25_B: f32 = 0.75;

/// The terms of a catalogue's items, weighted.
#[derive(Clone, Debug, PartialEq)]
pub struct TermVectors {
    /// For every item its terms, ascending, and their weights; of length 1, or empty.
    pub items: Vec<Vec<(u32, f32)>>,
    /// How many terms there are.
    pub term_count: usize,
}

/// The vectors of the items by their titles and `fields`; where none is named by all fields with texts but `type`, which says what kind of thing an item is and not
/// what it is about. O(words).
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
        let is_read = if fields.is_empty() {
            name != Item::TYPE_FIELD
        } else {
            fields.contains(name)
        };
        if !is_read {
            continue;
        }
        match value {
            Value::Text(text) if is_prose(text) => terms.extend(words(text)),
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

    #[test]
    fn a_type_is_a_term_where_it_is_asked_for() {
        let mut item = item("Sharks", "", &[]);
        item.fields
            .insert("type".to_owned(), Value::Text("film".to_owned()));
        assert_eq!(terms(&item, &[]), ["sharks"]);
        assert_eq!(terms(&item, &["type".to_owned()]), ["sharks", "film"]);
    }

    #[test]
    fn vectors_have_length_1_and_rare_terms_weigh_more() {
        let vectors = term_vectors(&items(), &[]);
        for vector in &vectors.items {
            let squared_len: f32 = vector.iter().map(|(_, weight)| weight * weight).sum();
            assert!((squared_len - 1.0).abs() < 1e-5);
        }
        let weights: BTreeMap<u32, f32> = vectors.items[0].iter().copied().collect();
        // "cafe" is the first term that was met, "society" the second.
        assert!(weights[&0] < weights[&1]);
        assert_eq!(term_vectors(&[], &[]).items.len(), 0);
    }
}
