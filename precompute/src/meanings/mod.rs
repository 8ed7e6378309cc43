//! What words mean: `pasta` is said of Italian restaurants, also of those whose names do not say so.
//!
//! - [`meanings`] gathers what is known of the words of a collection: what its reviews teach ([`TextSample`]), and a small list of dishes, drinks and services with
//!   their categories, as Yelp spells them, for collections without reviews.
//! - [`broader`] finds for each category the next wider one, for a question that finds too little.

mod learn;

use std::collections::{BTreeMap, BTreeSet};

use analysis::{fold, words};
use index::catalogue::Value;
use serde::{Deserialize, Serialize};

pub use learn::{SAMPLED_TEXTS_MAX_COUNT, TextSample};

use crate::dataset::Item;

/// A word that stands for a value of a field.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Meaning {
    /// Folded, and not stemmed.
    pub word: String,
    /// The value, as the items spell it: `Italian`.
    pub value: String,
    /// How likely somebody who writes the word speaks of such an item: above 0, at most 1.
    pub weight: f32,
}

/// A line a word: the word, a comma, and its categories with `|` between them.
const LIST: &str = include_str!("words.csv");

/// How likely a word of the list means each of its categories. Learnt weights of words that clearly mean one lie around it.
const LISTED_WEIGHT: f32 = 0.5;

/// What words mean among the values of a field, by word, the likeliest first.
///
/// Of a word of which reviews taught something, only that counts; of the others what the list says. Values that no item has are left out, and so are words of
/// a value's own name, which find it anyway. Of a value that the items spell in several ways (`Beauty & Spas`, `Beauty and Spas`) each is there.
/// Takes O(n log n) for n values and words.
pub fn meanings(items: &[Item], field: &str, learnt: &[Meaning]) -> Vec<Meaning> {
    let values: BTreeSet<&str> = items.iter().flat_map(|item| values(item, field)).collect();
    let mut spellings: BTreeMap<Vec<String>, Vec<&str>> = BTreeMap::new();
    for value in &values {
        spellings.entry(name_words(value)).or_default().push(value);
    }
    let learnt = learnt
        .iter()
        .filter(|meaning| values.contains(meaning.value.as_str()))
        .cloned();
    let mut found: Vec<Meaning> = learnt.collect();
    let is_learnt: BTreeSet<String> = found.iter().map(|meaning| meaning.word.clone()).collect();
    for (word, value) in listed().filter(|(word, _)| !is_learnt.contains(*word)) {
        let spelled = spellings.get(&name_words(value)).into_iter().flatten();
        found.extend(spelled.map(|spelled| Meaning {
            word: word.to_owned(),
            value: (*spelled).to_owned(),
            weight: LISTED_WEIGHT,
        }));
    }
    found.retain(|meaning| !name_words(&meaning.value).contains(&meaning.word));
    sort(&mut found);
    found
}

/// What was learnt of some texts, and then of others: of a word of which both teach something the later ones count.
pub fn learnt_later(earlier: Vec<Meaning>, later: Vec<Meaning>) -> Vec<Meaning> {
    let is_later: BTreeSet<&str> = later.iter().map(|meaning| meaning.word.as_str()).collect();
    let mut all = earlier;
    all.retain(|meaning| !is_later.contains(meaning.word.as_str()));
    all.extend(later);
    sort(&mut all);
    all
}

/// For a value of a field the next wider one: `Italian` belongs to `Restaurants`.
///
/// A wider value is one that at least six of ten items with the value have, too, and that at least twice as many items have; of several the one that the fewest have. So
/// whoever goes on from value to value comes to an end. One item more is counted with each value, which has the others as often as all items do: of a value that a single item has, only
/// what is wide for everybody is wider. Takes O(n v^2) for n items with v values each, and the logarithm of how many values there are.
pub fn broader(items: &[Item], field: &str) -> BTreeMap<String, String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut together: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for item in items {
        let of_item: BTreeSet<&str> = values(item, field).collect();
        for value in &of_item {
            *counts.entry(value).or_default() += 1;
            for other in of_item.iter().filter(|other| *other != value) {
                *together.entry((value, other)).or_default() += 1;
            }
        }
    }
    let mut broader: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for ((value, other), count) in together {
        // Shares as fractions of the number of items, without division.
        let with_one_more = count * items.len() + counts[other];
        let is_shared =
            SHARED_MIN_PERCENT * (counts[value] + 1) * items.len() <= 100 * with_one_more;
        if is_shared && 2 * counts[value] <= counts[other] {
            let candidate = (counts[other], other);
            let best = broader.entry(value).or_insert(candidate);
            *best = candidate.min(*best);
        }
    }
    let broader = broader.into_iter();
    broader
        .map(|(value, (_, wider))| (value.to_owned(), wider.to_owned()))
        .collect()
}

/// So many of a hundred items with a value have a wider one, too.
const SHARED_MIN_PERCENT: usize = 60;

fn values<'a>(item: &'a Item, field: &str) -> impl Iterator<Item = &'a str> {
    let values = item.fields.get(field).map_or(&[][..], Value::texts);
    values.iter().map(String::as_str)
}

/// The folded words of a name, without the one that some write as `&`.
fn name_words(name: &str) -> Vec<String> {
    let folded = words(name).map(|word| fold(word.text));
    folded.filter(|word| word != "and").collect()
}

/// The words of the list, each with each of its categories.
fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = LIST.lines().skip(1);
    let words = lines.filter_map(|line| line.split_once(','));
    words.flat_map(|(word, values)| values.split('|').map(move |value| (word, value)))
}

/// By word, the likeliest first.
fn sort(meanings: &mut [Meaning]) {
    meanings.sort_by(|left, right| {
        let weights = right.weight.total_cmp(&left.weight);
        let words = left.word.cmp(&right.word);
        words.then(weights).then(left.value.cmp(&right.value))
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIELD: &str = "categories";

    fn item(categories: &[&str]) -> Item {
        let categories = categories.iter().map(|value| (*value).to_owned()).collect();
        Item {
            id: String::new(),
            title: String::new(),
            fields: BTreeMap::from([(FIELD.to_owned(), Value::TextList(categories))]),
        }
    }

    fn meaning(word: &str, value: &str, weight: f32) -> Meaning {
        Meaning {
            word: word.to_owned(),
            value: value.to_owned(),
            weight,
        }
    }

    #[track_caller]
    fn check(found: &[Meaning], word: &str, expected: &[(&str, f32)]) {
        let found = found.iter().filter(|meaning| meaning.word == word);
        let found: Vec<(&str, f32)> = found
            .map(|meaning| (meaning.value.as_str(), meaning.weight))
            .collect();
        assert_eq!(found, expected, "{word}");
    }

    #[test]
    fn the_list_has_folded_words_in_their_order_each_with_categories_that_do_not_name_it() {
        assert_eq!(LIST.lines().next(), Some("word,categories"));
        let mut last = "";
        for line in LIST.lines().skip(1) {
            let (word, values) = line.split_once(',').expect(line);
            assert!(last < word, "{line} comes after {last}");
            last = word;
            assert_eq!(fold(word), word, "{line}");
            assert!(words(word).map(|part| part.text).eq([word]), "{line}");
            for value in values.split('|') {
                assert!(
                    value.trim() == value && !value.is_empty() && !value.contains(','),
                    "{line}"
                );
                assert!(!name_words(value).contains(&word.to_owned()), "{line}");
            }
        }
    }

    #[test]
    fn the_list_speaks_of_the_values_that_there_are() {
        let items = [
            item(&["Italian", "Restaurants", "Sushi Bars"]),
            item(&["Beauty and Spas", "Hair Salons"]),
            item(&["Coffee & Tea", "Beer", "Tires"]),
            item(&["Coffee and Tea", "Automotive"]),
        ];
        let found = meanings(&items, FIELD, &[]);
        check(&found, "pasta", &[("Italian", LISTED_WEIGHT)]);
        // Found by the name of one of its categories, and meant by the other, which is not there.
        check(&found, "sushi", &[]);
        check(&found, "nigiri", &[("Sushi Bars", LISTED_WEIGHT)]);
        check(&found, "haircut", &[("Hair Salons", LISTED_WEIGHT)]);
        let of_tire = [("Automotive", LISTED_WEIGHT), ("Tires", LISTED_WEIGHT)];
        check(&found, "tire", &of_tire);
        let of_espresso = ["Coffee & Tea", "Coffee and Tea"].map(|value| (value, LISTED_WEIGHT));
        check(&found, "espresso", &of_espresso);
        check(&found, "taco", &[]);
        assert!(meanings(&[], FIELD, &[]).is_empty());
        assert!(meanings(&items, "genres", &[]).is_empty());
    }

    #[test]
    fn what_was_learnt_of_a_word_stands_for_what_the_list_says() {
        let items = [item(&["Italian", "Pizza", "Bakeries"])];
        let learnt = [
            meaning("pasta", "Pizza", 0.25),
            meaning("pasta", "Italian", 0.75),
            meaning("italian", "Italian", 0.9),
            meaning("gnocchi", "Mexican", 0.9),
        ];
        let found = meanings(&items, FIELD, &learnt);
        check(&found, "pasta", &[("Italian", 0.75), ("Pizza", 0.25)]);
        check(&found, "italian", &[]);
        check(&found, "gnocchi", &[("Italian", LISTED_WEIGHT)]);

        let later = vec![meaning("pasta", "Bakeries", 0.5)];
        let all = learnt_later(learnt.to_vec(), later);
        check(&all, "pasta", &[("Bakeries", 0.5)]);
        check(&all, "gnocchi", &[("Mexican", 0.9)]);
    }

    #[test]
    fn the_wider_value_is_the_most_special_that_most_have() {
        let mut items = vec![item(&["Restaurants"]); 20];
        items.extend(vec![item(&["Restaurants", "Bars"]); 5]);
        items.extend(vec![item(&["Bars", "Nightlife"]); 6]);
        items.extend(vec![item(&["Pubs", "Bars", "Restaurants"]); 3]);
        items.push(item(&["Pubs", "Pubs"]));
        items.push(item(&["Alone"]));
        items.push(item(&["Rare", "Nightlife", "Restaurants"]));
        let broader = broader(&items, FIELD);
        let pairs: Vec<(&str, &str)> = broader
            .iter()
            .map(|(value, wider)| (value.as_str(), wider.as_str()))
            .collect();
        // Pubs are bars, of which there are 14, sooner than restaurants, of which there are 29. One item does not make what is rare a part of the night.
        let expected = [
            ("Nightlife", "Bars"),
            ("Pubs", "Bars"),
            ("Rare", "Restaurants"),
        ];
        assert_eq!(pairs, expected);
    }

    proptest! {
        #[test]
        fn wider_values_are_as_counting_says_and_come_to_an_end(
            rows in prop::collection::vec(prop::collection::vec(0..6_u8, 0..4), 0..30),
        ) {
            let names = ["a", "b", "c", "d", "e", "f"];
            let items: Vec<Item> = rows
                .iter()
                .map(|row| item(&row.iter().map(|value| names[*value as usize]).collect::<Vec<_>>()))
                .collect();
            let broader = broader(&items, FIELD);
            let count = |of: &[u8]| rows.iter().filter(|row| of.iter().all(|value| row.contains(value))).count();
            for value in 0..6_u8 {
                let own = count(&[value]);
                let is_wider = |other: &u8| {
                    *other != value
                        && 0 < own
                        && 6 * (own + 1) * rows.len()
                            <= 10 * (count(&[value, *other]) * rows.len() + count(&[*other]))
                        && 2 * own <= count(&[*other])
                };
                let expected = (0..6).filter(is_wider).min_by_key(|other| (count(&[*other]), *other));
                let found = broader.get(names[value as usize]).map(String::as_str);
                prop_assert_eq!(found, expected.map(|other| names[other as usize]));
            }
            for mut value in broader.keys() {
                let mut step_count = 0;
                while let Some(wider) = broader.get(value) {
                    value = wider;
                    step_count += 1;
                    prop_assert!(step_count < 6);
                }
            }
        }
    }
}
