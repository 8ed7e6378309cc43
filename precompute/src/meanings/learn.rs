//! What words mean, learnt from texts that people wrote about items.
//!
//! A word means a value where texts with the word are of items with that value far more often than other texts are, and more often than chance explains: by the log-likelihood
//! ratio (Dunning: Accurate methods for the statistics of surprise and coincidence, Computational Linguistics 19(1), 1993).

use std::collections::{BTreeMap, HashMap};

use analysis::{fold, words};
use sha2::{Digest, Sha256};

use super::{Meaning, sort};

/// How many texts a sample keeps, where nothing else is asked for: 240 MB with reviews of a hundred words, of a million different ones.
pub const SAMPLED_TEXTS_MAX_COUNT: usize = 200_000;

/// So many words of a text are looked at; a review of Yelp's has no more than half of them.
const WORDS_OF_TEXT_MAX_COUNT: usize = 2000;

/// Words that have as many letters as this and no more.
const WORD_LETTER_COUNTS: std::ops::RangeInclusive<usize> = 3..=24;

/// So many different items with a value, at least, must texts with a word be of: one item's texts are full of its name and of its people's.
const ITEMS_MIN_COUNT: u32 = 5;

/// The least log-likelihood ratio. A pair that chance alone brings together exceeds 30 once in ten million times, and there are about a million pairs.
const LOG_LIKELIHOOD_RATIO_MIN: f64 = 30.0;

/// So much more often than among all texts, at least, has a value to be among those with the word. A word that is everywhere is nowhere so.
const LIFT_MIN: f64 = 3.0;

/// The least share of the texts with a word that are of items with the value.
const SHARE_MIN: f64 = 0.1;

/// So many values a word has at most, those of the highest log-likelihood ratio.
const VALUES_OF_WORD_MAX_COUNT: usize = 3;

/// A sample of texts about items: those whose ids have the smallest hashes, so that it is the same whatever order they come in.
pub struct TextSample {
    texts_max_count: usize,
    /// By the hash of the text's id.
    texts: BTreeMap<u64, Text>,
    items: Numbers,
    words: Numbers,
    values: Numbers,
}

struct Text {
    item: u32,
    /// Each once.
    words: Box<[u32]>,
    /// The values of the item, each once.
    values: Box<[u32]>,
}

impl TextSample {
    /// A sample of so many texts at most.
    pub fn new(texts_max_count: usize) -> Self {
        Self {
            texts_max_count,
            texts: BTreeMap::new(),
            items: Numbers::default(),
            words: Numbers::default(),
            values: Numbers::default(),
        }
    }

    /// Looks at a text with this id about an item with these values of a field. One whose id was there is not counted twice.
    pub fn add<'a>(
        &mut self,
        id: &str,
        text: &str,
        item: &str,
        values: impl Iterator<Item = &'a str>,
    ) {
        let hash = hash(id);
        let last = self.texts.last_key_value().map(|(hash, _)| *hash);
        let is_full = self.texts_max_count <= self.texts.len();
        if self.texts.contains_key(&hash) || (is_full && last.is_none_or(|last| last < hash)) {
            return;
        }
        let mut of_text = Vec::new();
        for word in words(text).take(WORDS_OF_TEXT_MAX_COUNT) {
            let word = fold(word.text);
            let is_of_letters = word.chars().all(char::is_alphabetic);
            if is_of_letters && WORD_LETTER_COUNTS.contains(&word.chars().count()) {
                of_text.push(self.words.number(word));
            }
        }
        of_text.sort_unstable();
        of_text.dedup();
        let mut of_item: Vec<u32> = values
            .map(|value| self.values.number(value.to_owned()))
            .collect();
        of_item.sort_unstable();
        of_item.dedup();
        let text = Text {
            item: self.items.number(item.to_owned()),
            words: of_text.into(),
            values: of_item.into(),
        };
        self.texts.insert(hash, text);
        if self.texts_max_count < self.texts.len() {
            self.texts.pop_last();
        }
    }

    /// How many texts the sample has.
    pub fn text_count(&self) -> usize {
        self.texts.len()
    }

    /// What the words of the texts mean, by word, the likeliest first; the weight is the share of the texts with the word that are of items with the value.
    ///
    /// Of a word at most three values. Takes the time of looking at every word of every text with each value of its item.
    pub fn learn(self) -> Vec<Meaning> {
        // By item, so that the texts of one stand together.
        let mut texts: Vec<Text> = self.texts.into_values().collect();
        texts.sort_by_key(|text| text.item);
        let mut texts_of_words = vec![Vec::new(); self.words.names.len()];
        let mut value_counts = vec![0_u32; self.values.names.len()];
        for (text_idx, text) in (0_u32..).zip(&texts) {
            for word in &text.words {
                texts_of_words[*word as usize].push(text_idx);
            }
            for value in &text.values {
                value_counts[*value as usize] += 1;
            }
        }
        let mut together = vec![Together::default(); value_counts.len()];
        let mut meanings = Vec::new();
        for (word, of_word) in self.words.names.iter().zip(texts_of_words) {
            if of_word.len() < ITEMS_MIN_COUNT as usize {
                continue;
            }
            let mut met = Vec::new();
            for text_idx in &of_word {
                let text = &texts[*text_idx as usize];
                for value in &text.values {
                    let together = &mut together[*value as usize];
                    if together.text_count == 0 {
                        met.push(*value);
                    }
                    together.text_count += 1;
                    if together.last_item != Some(text.item) {
                        together.last_item = Some(text.item);
                        together.item_count += 1;
                    }
                }
            }
            let mut strongest = Vec::new();
            for value in met {
                let found = std::mem::take(&mut together[value as usize]);
                let counts = Counts {
                    both: f64::from(found.text_count),
                    word: of_word.len() as f64,
                    value: f64::from(value_counts[value as usize]),
                    all: texts.len() as f64,
                };
                if ITEMS_MIN_COUNT <= found.item_count && counts.are_telling() {
                    let ratio = counts.log_likelihood_ratio();
                    strongest.push((ratio, self.values.name(value), counts.share()));
                }
            }
            strongest.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(right.1)));
            strongest.truncate(VALUES_OF_WORD_MAX_COUNT);
            meanings.extend(strongest.into_iter().map(|(_, value, share)| Meaning {
                word: word.clone(),
                value: value.to_owned(),
                weight: share as f32,
            }));
        }
        sort(&mut meanings);
        meanings
    }
}

/// How often a word was met together with a value.
#[derive(Clone, Default)]
struct Together {
    text_count: u32,
    item_count: u32,
    last_item: Option<u32>,
}

/// How many texts have a word, are of items with a value, both, and are there.
struct Counts {
    both: f64,
    word: f64,
    value: f64,
    all: f64,
}

impl Counts {
    /// The share of the texts with the word that are of items with the value.
    fn share(&self) -> f64 {
        self.both / self.word
    }

    fn are_telling(&self) -> bool {
        SHARE_MIN <= self.share()
            && LIFT_MIN * self.value / self.all <= self.share()
            && LOG_LIKELIHOOD_RATIO_MIN <= self.log_likelihood_ratio()
    }

    /// Twice the logarithm of how much likelier the counts are if the word says something of the value.
    fn log_likelihood_ratio(&self) -> f64 {
        let term = |count: f64, expected: f64| {
            if count == 0.0 {
                0.0
            } else {
                count * (count / expected).ln()
            }
        };
        let cell = |count: f64, row: f64, column: f64| term(count, row * column / self.all);
        let (no_word, no_value) = (self.all - self.word, self.all - self.value);
        let sum = cell(self.both, self.word, self.value)
            + cell(self.word - self.both, self.word, no_value)
            + cell(self.value - self.both, no_word, self.value)
            + cell(no_word - self.value + self.both, no_word, no_value);
        2.0 * sum
    }
}

/// Texts as numbers, in the order of their coming.
#[derive(Default)]
struct Numbers {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Numbers {
    fn number(&mut self, name: String) -> u32 {
        if let Some(number) = self.numbers.get(&name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.clone());
        self.numbers.insert(name, number);
        number
    }

    fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }
}

/// The first eight bytes of the SHA-256.
fn hash(id: &str) -> u64 {
    let digest = Sha256::digest(id.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use seeded::Random;

    use super::*;

    /// An item of some number, its values, and a text about it.
    type Row = (usize, Vec<&'static str>, String);

    /// Reviews of restaurants, half of them Italian, and of hairdressers: so many words, and so many items, that there is something to learn.
    fn rows(row_count: usize, seed: u64) -> Vec<Row> {
        let mut random = Random::new(seed);
        let mut row = |_| {
            let item = random.below(40);
            let values = match item % 4 {
                0 => vec!["Italian", "Restaurants"],
                1 => vec!["Restaurants"],
                _ => vec!["Hair Salons"],
            };
            let own = [
                &["pasta", "gnocchi", "waiter"][..],
                &["waiter", "burger"],
                &["haircut"],
                &["haircut", "colour"],
            ];
            let mut text = vec!["the", "The", "service", "was", "42nd"];
            text.extend(own[item % 4].iter().filter(|_| random.below(2) == 0));
            text.extend((random.below(20) == 0).then_some("pasta"));
            (item, values, format!("{} by name{item}", text.join(" ")))
        };
        (0..row_count).map(&mut row).collect()
    }

    fn learn(
        rows: &[Row],
        order: impl Iterator<Item = usize>,
        texts_max_count: usize,
    ) -> Vec<Meaning> {
        let mut sample = TextSample::new(texts_max_count);
        for row_idx in order {
            let (item, values, text) = &rows[row_idx];
            let id = format!("review {row_idx}");
            sample.add(&id, text, &item.to_string(), values.iter().copied());
        }
        assert!(sample.text_count() <= texts_max_count);
        sample.learn()
    }

    #[test]
    fn words_mean_what_they_are_written_about_far_more_often_than_others() {
        let rows = rows(1000, 1);
        let found = learn(&rows, 0..rows.len(), 1000);
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|meaning| (meaning.word.as_str(), meaning.value.as_str()))
            .collect();
        // Neither what is everywhere, nor what is of one item alone, nor what is not of letters; half of the items are hairdressers, which is not rare enough for thrice.
        assert_eq!(found, [("gnocchi", "Italian"), ("pasta", "Italian")]);
    }

    /// The same by counting over all rows for each word and value.
    fn naive(rows: &[Row]) -> Vec<Meaning> {
        let has_word =
            |row: &Row, word: &str| row.2.to_lowercase().split(' ').any(|own| own == word);
        let vocabulary: BTreeSet<String> = rows
            .iter()
            .flat_map(|row| {
                row.2
                    .to_lowercase()
                    .split(' ')
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .filter(|word| 3 <= word.len() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
            .collect();
        let mut meanings = Vec::new();
        for word in vocabulary {
            let mut strongest = Vec::new();
            for value in ["Hair Salons", "Italian", "Restaurants"] {
                let count = |is_counted: &dyn Fn(&Row) -> bool| {
                    rows.iter().filter(|row| is_counted(row)).count() as f64
                };
                let both = |row: &Row| has_word(row, &word) && row.1.contains(&value);
                let items: BTreeSet<usize> = rows
                    .iter()
                    .filter(|row| both(row))
                    .map(|row| row.0)
                    .collect();
                let observed = [
                    [
                        count(&both),
                        count(&|row| has_word(row, &word) && !row.1.contains(&value)),
                    ],
                    [
                        count(&|row| !has_word(row, &word) && row.1.contains(&value)),
                        count(&|row| !has_word(row, &word) && !row.1.contains(&value)),
                    ],
                ];
                let all = rows.len() as f64;
                let mut ratio = 0.0;
                for (word_idx, row) in observed.iter().enumerate() {
                    for (value_idx, cell) in row.iter().enumerate() {
                        let expected = (row[0] + row[1])
                            * (observed[0][value_idx] + observed[1][value_idx])
                            / all;
                        ratio += 2.0
                            * if *cell == 0.0 {
                                0.0
                            } else {
                                observed[word_idx][value_idx] * (cell / expected).ln()
                            };
                    }
                }
                let share = observed[0][0] / (observed[0][0] + observed[0][1]);
                let own_share = (observed[0][0] + observed[1][0]) / all;
                if 5 <= items.len() && 30.0 <= ratio && 0.1 <= share && 3.0 * own_share <= share {
                    strongest.push((ratio, value, share));
                }
            }
            strongest.sort_by(|left, right| right.0.total_cmp(&left.0));
            meanings.extend(strongest.into_iter().map(|(_, value, share)| Meaning {
                word: word.clone(),
                value: value.to_owned(),
                weight: share as f32,
            }));
        }
        sort(&mut meanings);
        meanings
    }

    #[test]
    fn what_is_learnt_is_what_counting_everything_says() {
        let mut learnt_count = 0;
        for seed in 0..40 {
            let rows = rows(50 + 20 * seed as usize, seed);
            let found = learn(&rows, 0..rows.len(), 10_000);
            assert_eq!(found, naive(&rows), "seed {seed}");
            learnt_count += found.len();
        }
        assert!(40 < learnt_count, "{learnt_count}");
    }

    #[test]
    fn a_sample_is_the_same_in_whatever_order_and_however_often_the_texts_come() {
        let rows = rows(1500, 7);
        let in_order = learn(&rows, 0..rows.len(), 700);
        assert!(!in_order.is_empty());
        let backwards = learn(&rows, (0..rows.len()).rev(), 700);
        assert_eq!(backwards, in_order);
        let twice = (0..rows.len()).chain(0..rows.len());
        assert_eq!(learn(&rows, twice, 700), in_order);
        assert!(learn(&rows, 0..rows.len(), 0).is_empty());
        assert!(learn(&[], 0..0, 10).is_empty());
    }

    #[test]
    fn endless_texts_are_looked_at_in_part() {
        let letters = |number: usize| {
            (0..4)
                .map(|place| char::from(b'a' + (number >> (4 * place)) as u8 % 16))
                .collect::<String>()
        };
        let text: Vec<String> = (0..3000).map(letters).collect();
        let mut sample = TextSample::new(10);
        sample.add("1", &text.join(" "), "item", ["Bars", "Bars"].into_iter());
        assert_eq!(sample.words.names.len(), WORDS_OF_TEXT_MAX_COUNT);
        assert_eq!(sample.values.names, ["Bars"]);
    }

    #[test]
    fn the_ratio_is_dunnings() {
        // Of a table with 110, 2442, 111 and 29114, which his article has: `the swiss`, -2 log lambda 270.72.
        let counts = Counts {
            both: 110.0,
            word: 110.0 + 2442.0,
            value: 110.0 + 111.0,
            all: 110.0 + 2442.0 + 111.0 + 29_114.0,
        };
        assert!(
            (counts.log_likelihood_ratio() - 270.72).abs() < 0.01,
            "{}",
            counts.log_likelihood_ratio()
        );
    }
}
