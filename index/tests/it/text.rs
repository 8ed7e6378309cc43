//! Search against a scan of all items.

use std::collections::{BTreeMap, BTreeSet};

use analysis::{Analyzer, words};
use index::{
    AskedWord, Generation, Match, ReadLimits, Reading, TextQuestion,
    catalogue::{CatalogueWriter, Record, Value},
    text::{TextField, TextSettings, TextWriter},
};
use proptest::prelude::*;

use crate::fixture::{Files, text_settings, with_pairs_of_titles};

/// Items, each with what stands in two fields.
type Items = Vec<[String; 2]>;

fn opened(items: &Items) -> Generation<'static> {
    opened_with(items, text_settings())
}

fn opened_with(items: &Items, settings: TextSettings) -> Generation<'static> {
    let mut catalogue = CatalogueWriter::new();
    let mut text = TextWriter::new(settings);
    for (number, texts) in items.iter().enumerate() {
        let record = Record {
            id: number.to_string(),
            title: texts[0].clone(),
            fields: [("genres".into(), Value::Text(texts[1].clone()))].into(),
        };
        catalogue.push(record, 0.0);
        text.push(texts.iter().map(String::as_str).enumerate());
    }
    Files::of_texts(catalogue, text).open()
}

/// What each term counts in each item, by the formula.
struct Scan {
    impacts: Vec<BTreeMap<String, f32>>,
    unit: f32,
}

impl Scan {
    fn new(items: &Items) -> Self {
        let settings = text_settings();
        let analyzer = Analyzer::new(settings.language);
        let terms = |text: &str| -> Vec<String> {
            words(text).map(|word| analyzer.term(word.text)).collect()
        };
        let of_items: Vec<Vec<Vec<String>>> = items
            .iter()
            .map(|texts| texts.iter().map(|text| terms(text)).collect())
            .collect();
        let means: Vec<f32> = (0..2)
            .map(|field| {
                let lens: Vec<usize> = of_items.iter().map(|fields| fields[field].len()).collect();
                let filled = lens.iter().filter(|len| 0 < **len).count();
                (lens.iter().sum::<usize>() as f32 / filled.max(1) as f32).max(1.0)
            })
            .collect();
        let mut weights: Vec<BTreeMap<String, f32>> = Vec::new();
        for fields in &of_items {
            let mut of_item: BTreeMap<String, f32> = BTreeMap::new();
            let all: BTreeSet<&String> = fields.iter().flatten().collect();
            for term in all {
                let mut sum = 0.0;
                for (field, terms) in fields.iter().enumerate() {
                    let TextField {
                        boost,
                        length_normalization,
                        ..
                    } = settings.fields[field];
                    let count = terms.iter().filter(|other| *other == term).count();
                    let norm = 1.0 - length_normalization
                        + length_normalization * terms.len() as f32 / means[field];
                    if 0 < count {
                        sum += boost * count as f32 / norm;
                    }
                }
                of_item.insert(term.clone(), sum / (settings.saturation + sum));
            }
            weights.push(of_item);
        }
        let largest = weights
            .iter()
            .flat_map(BTreeMap::values)
            .copied()
            .fold(0.0, f32::max);
        let unit = if 0.0 < largest { largest / 255.0 } else { 1.0 };
        for weight in weights.iter_mut().flat_map(BTreeMap::values_mut) {
            *weight = (*weight / unit).round().clamp(1.0, 255.0);
        }
        Self {
            impacts: weights,
            unit: unit * (1.0 + settings.saturation),
        }
    }

    /// The items that have all of some words or any, each of which is one of several terms with factors.
    fn search(&self, words: &[BTreeMap<String, f32>], needs_all: bool) -> Vec<(u32, f32)> {
        let item_count = self.impacts.len() as f32;
        let inverse_frequency = |term: &String| {
            let with = self
                .impacts
                .iter()
                .filter(|of_item| of_item.contains_key(term))
                .count() as f32;
            (1.0 + (item_count - with + 0.5) / (with + 0.5)).ln()
        };
        let mut found: Vec<(u32, f32)> = Vec::new();
        for (item, of_item) in (0..).zip(&self.impacts) {
            let of_words: Vec<Option<f32>> = words
                .iter()
                .map(|terms| {
                    let scores = terms.iter().filter_map(|(term, factor)| {
                        let impact = of_item.get(term)?;
                        Some(impact * (inverse_frequency(term) * self.unit * factor))
                    });
                    scores.reduce(f32::max)
                })
                .collect();
            let is_found = if needs_all {
                of_words.iter().all(Option::is_some) && !of_words.is_empty()
            } else {
                of_words.iter().any(Option::is_some)
            };
            if is_found {
                found.push((item, of_words.into_iter().flatten().sum()));
            }
        }
        found.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        found
    }

    fn terms(&self) -> BTreeSet<&String> {
        self.impacts.iter().flat_map(BTreeMap::keys).collect()
    }
}

/// Texts of words of which a few are everywhere.
fn items() -> impl Strategy<Value = Items> {
    let word = prop_oneof![
        5 => 0..3_usize,
        3 => 3..20_usize,
        1 => 20..200_usize,
    ];
    let text = prop::collection::vec(word, 0..8).prop_map(|words| {
        let words: Vec<String> = words.into_iter().map(word_of).collect();
        words.join(" ")
    });
    prop::collection::vec([text.clone(), text], 1..500)
}

/// A word that stays what it is when it is stemmed.
fn word_of(number: usize) -> String {
    let letters = ['b', 'k', 'l', 'm', 'n', 'p', 't', 'z'];
    let letter = |place: u32| letters[number / 8_usize.pow(place) % 8];
    format!("{}a{}o{}ux", letter(2), letter(1), letter(0))
}

fn asked(term: &str) -> AskedWord {
    AskedWord {
        typed: term.to_owned(),
        ..AskedWord::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn answers_are_those_of_a_scan(
        items in items(),
        queries in prop::collection::vec((prop::collection::vec(0..40_usize, 1..4), any::<bool>(), 1..20_usize), 8),
        limits in prop_oneof![Just(None), (0..4_usize, 2..9_usize).prop_map(Some)],
    ) {
        let generation = opened(&items);
        let scan = Scan::new(&items);
        let limits = limits.map(|(page_count, range_count)| ReadLimits { page_count, range_count });
        for (numbers, needs_all, count) in queries {
            let terms: BTreeSet<String> = numbers.into_iter().map(word_of).collect();
            let words: Vec<BTreeMap<String, f32>> = terms
                .iter()
                .map(|term| BTreeMap::from([(term.clone(), 1.0)]))
                .collect();
            let known = scan.terms();
            if !terms.iter().all(|term| known.contains(term)) {
                continue;
            }
            let mut expected = scan.search(&words, needs_all);
            let question = TextQuestion {
                words: terms.iter().map(|term| asked(term)).collect(),
                needs_all,
                count,
                limits,
                ..TextQuestion::default()
            };
            let found = generation.search(&question).unwrap();
            let is_corrected = found.words.iter().any(|word| word.reading == Reading::Corrected);
            let by_any = found.hits.iter().any(|hit| hit.found_by == Match::AnyWord);
            if needs_all && expected.is_empty() {
                // Each may have been another word; and if there is nothing by that either, any will do.
                if !by_any {
                    continue;
                }
                expected = scan.search(&words, false);
            } else if !found.is_partial {
                prop_assert!(!is_corrected && !by_any);
            }
            prop_assert!(found.is_partial || found.total <= expected.len());
            // All of the lists is read then; of what words may have meant, not all is.
            if limits.is_none() && !by_any {
                prop_assert!(!found.is_partial);
            }
            if !found.is_partial {
                let found: Vec<(u32, f32)> = found.hits.iter().map(|hit| (hit.item, hit.score)).collect();
                prop_assert_eq!(&found[..], &expected[..expected.len().min(count)]);
            }
        }
    }

    #[test]
    fn phrases_are_those_of_a_scan(
        items in items(),
        item in any::<prop::sample::Index>(),
        start in any::<prop::sample::Index>(),
        len in 2..4_usize,
        other in prop::option::of(0..20_usize),
        keeps_pairs: bool,
    ) {
        let settings = if keeps_pairs { with_pairs_of_titles(text_settings()) } else { text_settings() };
        let generation = opened_with(&items, settings);
        let [title, genres] = item.get(&items);
        let written: Vec<&str> = title.split(' ').chain(genres.split(' ')).filter(|word| !word.is_empty()).collect();
        if written.len() < len {
            return Ok(());
        }
        let start = start.index(written.len() - len + 1);
        let phrase = &written[start..start + len];
        let other = other.map(word_of);
        let words: Vec<AskedWord> = other
            .iter()
            .map(|word| asked(word))
            .chain(phrase.iter().enumerate().map(|(place, word)| AskedWord { follows: 0 < place, ..asked(word) }))
            .collect();
        let of_words: Vec<BTreeMap<String, f32>> =
            words.iter().map(|word| BTreeMap::from([(word.typed.clone(), 1.0)])).collect();
        let stands_in = |text: &String| {
            let words: Vec<&str> = text.split(' ').collect();
            words.windows(len).any(|words| words == phrase)
        };
        let with_words = Scan::new(&items).search(&of_words, true);
        let mut expected = with_words.clone();
        expected.retain(|(item, _)| {
            let [title, genres] = &items[*item as usize];
            stands_in(title) || !keeps_pairs && stands_in(genres)
        });
        // Nothing but words that may have been other words.
        if with_words.is_empty() {
            return Ok(());
        }
        let found = generation.search(&TextQuestion { words, count: 500, limits: None, ..TextQuestion::default() }).unwrap();
        prop_assert_eq!(found.is_phrase_ignored, expected.is_empty());
        // Without pairs the best 200 are looked at.
        if keeps_pairs || with_words.len() <= 200 {
            let expected = if expected.is_empty() { with_words } else { expected };
            let hits: Vec<(u32, f32)> = found.hits.iter().map(|hit| (hit.item, hit.score)).collect();
            prop_assert_eq!(hits, expected);
        }
    }

    #[test]
    fn beginnings_stand_for_what_begins_so(items in items(), number in 0..512_usize, len in 1..6_usize, other in 0..20_usize) {
        let generation = opened(&items);
        let scan = Scan::new(&items);
        let prefix = word_of(number)[..len].to_owned();
        let completions: BTreeMap<String, f32> = scan
            .terms()
            .into_iter()
            .filter(|term| term.starts_with(&prefix))
            .map(|term| (term.clone(), if *term == prefix { 1.0 } else { 0.8 }))
            .collect();
        if completions.is_empty() || 64 < completions.len() || !scan.terms().contains(&word_of(other)) {
            return Ok(());
        }
        let question = TextQuestion {
            words: vec![
                asked(&word_of(other)),
                AskedWord { typed: prefix.clone(), is_open: true, ..AskedWord::default() },
            ],
            count: 10,
            limits: None,
            ..TextQuestion::default()
        };
        let found = generation.search(&question).unwrap();
        if found.is_partial {
            return Ok(());
        }
        let expected = scan.search(&[BTreeMap::from([(word_of(other), 1.0)]), completions], true);
        if expected.is_empty() {
            return Ok(());
        }
        let hits: Vec<(u32, f32)> = found.hits.iter().map(|hit| (hit.item, hit.score)).collect();
        prop_assert_eq!(&hits[..], &expected[..expected.len().min(10)]);
    }

    #[test]
    fn a_wrong_letter_is_forgiven(items in items(), place in any::<prop::sample::Index>(), letter in 0..8_usize, kind in 0..4_u8) {
        let generation = opened(&items);
        let scan = Scan::new(&items);
        let terms: Vec<&String> = scan.terms().into_iter().collect();
        if terms.is_empty() {
            return Ok(());
        }
        let meant = terms[place.index(terms.len())];
        let mut letters: Vec<char> = meant.chars().collect();
        let at = place.index(letters.len() - 1);
        let typed = ['b', 'k', 'l', 'm', 'n', 'p', 't', 'z'][letter];
        match kind {
            0 => letters[at] = typed,
            1 => { letters.remove(at); }
            2 => letters.insert(at, typed),
            _ => letters.swap(at, at + 1),
        }
        let typed: String = letters.into_iter().collect();
        let found = generation.search(&TextQuestion {
            words: vec![asked(&typed)],
            count: 10,
            ..TextQuestion::default()
        });
        let found = found.unwrap();
        if found.is_partial {
            return Ok(());
        }
        let word = &found.words[0];
        let expected = if scan.terms().contains(&typed) { Reading::AsTyped } else { Reading::Corrected };
        prop_assert_eq!(word.reading, expected);
        prop_assert!(word.terms.contains(if expected == Reading::AsTyped { &typed } else { meant }), "{} {:?}", typed, word);
    }
}

/// The first of the words is read as one of these, and finds the item.
fn check_word(title: &str, word: AskedWord, expected: Reading, terms: &[&str]) {
    let generation = opened(&vec![[title.to_owned(), String::new()]]);
    let question = TextQuestion {
        words: vec![word],
        count: 1,
        ..TextQuestion::default()
    };
    let answer = generation.search(&question).unwrap();
    assert_eq!(answer.hits.len(), 1, "{answer:?}");
    assert_eq!(answer.words[0].reading, expected);
    assert_eq!(answer.words[0].terms, terms);
}

#[test]
fn a_word_is_meant_that_is_only_written_with_an_s_behind_it() {
    for title in [
        "Schindler's List",
        "Schindler\u{2019}s List",
        "The Schindlers",
    ] {
        check_word(
            title,
            asked("shcindler"),
            Reading::Corrected,
            &["schindler"],
        );
    }
}

#[test]
fn two_wrong_letters_are_shown_as_a_word_and_not_as_its_stem() {
    check_word(
        "The Philosophers",
        asked("philosofer"),
        Reading::Corrected,
        &["philosopher"],
    );
}

#[test]
fn a_word_whose_ending_is_being_typed_is_its_stem() {
    let open = |typed: &str| AskedWord {
        is_open: true,
        ..asked(typed)
    };
    for (title, typed, term) in [
        ("Restoration", "restorati", "restor"),
        ("Navigation", "navigat", "navig"),
    ] {
        check_word(title, open(typed), Reading::AsTyped, &[term]);
    }
    let films = vec![
        ["Strange Wilderness".to_owned(), String::new()],
        ["Hunt for the Wilderpeople".to_owned(), String::new()],
    ];
    let question = TextQuestion {
        words: vec![open("wilderne")],
        count: 2,
        ..TextQuestion::default()
    };
    let hits = opened(&films).search(&question).unwrap().hits;
    assert_eq!(hits.iter().map(|hit| hit.item).collect::<Vec<_>>(), [0]);
    // A letter is missing, and a slip is not the stem of something else.
    for (title, typed, word) in [
        ("The Ten Commandments", "commandmen", "commandment"),
        ("Chick Chicken", "chickne", "chicken"),
    ] {
        check_word(title, open(typed), Reading::Corrected, &[word]);
    }
}

#[test]
fn what_is_no_term_finds_no_pairs() {
    let items = vec![["Toy Story".to_owned(), String::new()]];
    let generation = opened_with(&items, with_pairs_of_titles(text_settings()));
    // A letter that is an apostrophe to a stemmer.
    let question = TextQuestion {
        words: vec![asked("\u{2bc}")],
        count: 1,
        ..TextQuestion::default()
    };
    let answer = generation.search(&question).unwrap();
    assert_eq!((answer.hits, &answer.words[0].terms), (vec![], &vec![]));
    let suggested = generation.suggestions(&[asked("\u{2bc}")], 5);
    assert_eq!(suggested.unwrap(), []);
}

#[test]
fn a_word_without_end_is_found_by_its_beginning() {
    let long = "x".repeat(8_000);
    for is_open in [false, true] {
        let word = AskedWord {
            is_open,
            ..asked(&long)
        };
        check_word(&long, word, Reading::AsTyped, &[&long[..64]]);
    }
}
