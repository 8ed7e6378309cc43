//! How well the items are found by words: topics with judged items, as TREC's test collections have them, asked of an index file.

use std::collections::BTreeMap;

use analysis::words;
use config::{JudgedTopics, Search};
use index::{AskedWord, FileKind, Generation, Keys, MemorySource, Outline, TextQuestion};

use super::error::EvaluateError;
use super::interval::Interval;
use super::metrics::{average_precision, graded_ndcg, precision, recall};
use super::trec::{Judgments, Topic, read_judgments, read_topics};
use crate::dataset::Dataset;
use crate::write::{catalogue, text};

/// How many items are ranked for a topic, as in TREC's runs.
const RANKED_ITEMS_MAX_COUNT: usize = 1000;

/// At which place the gain and the precision are measured.
const FIRST_PAGE_LEN: usize = 10;

/// At which place the recall is measured.
const RECALL_CUTOFF: usize = 100;

/// What was measured of the search, over all topics for which something is relevant.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchQuality {
    /// How many topics were asked.
    pub topic_count: usize,
    /// How many items are relevant, over all topics.
    pub relevant_count: usize,
    /// How many of them are not in the catalogue, and cannot be found.
    pub unknown_count: usize,
    /// The precision at each relevant item, averaged over them: MAP.
    pub average_precision: Interval,
    /// The normalized discounted gain of the first ten, by how relevant each is.
    pub ndcg_at_10: Interval,
    /// The share of the first ten that is relevant.
    pub precision_at_10: Interval,
    /// The share of what is relevant that is among the first hundred.
    pub recall_at_100: Interval,
}

/// Writes the texts of a data set as an index file and asks it the topics.
///
/// An item is found by any word of a topic, and ranked as requests are; the ids of the items are those of the judgments' documents.
///
/// # Errors
/// A line of the files that cannot be read, and where no topic has anything relevant.
pub fn evaluate_search(
    dataset: &Dataset,
    search: &Search,
    judged: &JudgedTopics,
    bootstrap_samples: u32,
) -> Result<SearchQuality, EvaluateError> {
    let topics = read_topics(&judged.topics)?;
    let judgments = read_judgments(&judged.judgments)?;
    let item_count = dataset.items.len();
    let order: Vec<u32> = (0..item_count as u32).collect();
    let popularity = vec![0.0; item_count];
    let catalogue = catalogue(dataset, &order, &popularity);
    let text = text(dataset, &order, &popularity, &[], search);
    let files = vec![
        (FileKind::Text, text.finish(catalogue.item_space())?),
        (FileKind::Catalogue, catalogue.finish()?),
    ];
    let outlines = files
        .iter()
        .map(|(kind, bytes)| Outline::of(*kind, bytes))
        .collect::<Result<_, index::Error>>()?;
    let kinds: Vec<FileKind> = files.iter().map(|(kind, _)| *kind).collect();
    let source = MemorySource::new(files);
    let generation = Generation::open(source, outlines, &kinds, &Keys::default())?;

    let ids = dataset.items.iter().zip(0..);
    let numbers: BTreeMap<&str, u32> = ids
        .map(|(item, number)| (item.id.as_str(), number))
        .collect();
    let found = measure(&topics, &judgments, &numbers, |query| {
        ranked(&generation, query)
    })?;
    found
        .quality(bootstrap_samples)
        .ok_or(EvaluateError::NoJudgedTopics)
}

/// The items that have any word of a query, the best first.
fn ranked(generation: &Generation<'_>, query: &str) -> Result<Vec<u32>, index::Error> {
    let words = words(query).map(|word| AskedWord {
        typed: word.text.to_owned(),
        ..AskedWord::default()
    });
    let question = TextQuestion {
        words: words.collect(),
        needs_all: false,
        count: RANKED_ITEMS_MAX_COUNT,
        limits: None,
        ..TextQuestion::default()
    };
    let answer = generation.search(&question)?;
    Ok(answer.hits.iter().map(|hit| hit.item).collect())
}

/// A figure a topic.
#[derive(Default)]
struct Figures {
    relevant_count: usize,
    unknown_count: usize,
    average_precision: Vec<f64>,
    ndcg_at_10: Vec<f64>,
    precision_at_10: Vec<f64>,
    recall_at_100: Vec<f64>,
}

impl Figures {
    fn quality(&self, bootstrap_samples: u32) -> Option<SearchQuality> {
        let interval = |figures: &[f64]| Interval::of(figures, bootstrap_samples);
        (!self.ndcg_at_10.is_empty()).then(|| SearchQuality {
            topic_count: self.ndcg_at_10.len(),
            relevant_count: self.relevant_count,
            unknown_count: self.unknown_count,
            average_precision: interval(&self.average_precision),
            ndcg_at_10: interval(&self.ndcg_at_10),
            precision_at_10: interval(&self.precision_at_10),
            recall_at_100: interval(&self.recall_at_100),
        })
    }
}

/// Asks every topic for which something is relevant.
fn measure(
    topics: &[Topic],
    judgments: &Judgments,
    numbers: &BTreeMap<&str, u32>,
    ranked: impl Fn(&str) -> Result<Vec<u32>, index::Error>,
) -> Result<Figures, index::Error> {
    let mut figures = Figures::default();
    for topic in topics {
        let relevant = judgments.get(&topic.id).into_iter().flatten();
        let relevant = relevant.filter(|(_, grade)| 0 < **grade);
        // What is not in the catalogue has a number that nothing there has: it counts, and is never found.
        let unknown = numbers.len() as u32..;
        let mut unknown = unknown.into_iter();
        let grades: BTreeMap<u32, u32> = relevant
            .filter_map(|(id, grade)| {
                let number = numbers.get(id.as_str()).copied();
                Some((number.or_else(|| unknown.next())?, *grade))
            })
            .collect();
        if grades.is_empty() {
            continue;
        }
        let targets: Vec<u32> = grades.keys().copied().collect();
        let known_count = targets.partition_point(|item| *item < numbers.len() as u32);
        figures.relevant_count += targets.len();
        figures.unknown_count += targets.len() - known_count;
        let ranking = ranked(&topic.query)?;
        let (page, cutoff) = (FIRST_PAGE_LEN, RECALL_CUTOFF);
        figures
            .average_precision
            .push(average_precision(&ranking, &targets));
        figures
            .ndcg_at_10
            .push(graded_ndcg(&ranking, &grades, page));
        figures
            .precision_at_10
            .push(precision(&ranking, &targets, page));
        figures
            .recall_at_100
            .push(recall(&ranking, &targets, cutoff));
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use index::catalogue::Value;

    use super::*;
    use crate::dataset::Item;

    fn dataset() -> Dataset {
        let item = |(id, title, about): (&str, &str, &str)| Item {
            id: id.to_owned(),
            title: title.to_owned(),
            fields: BTreeMap::from([("about".to_owned(), Value::Text(about.to_owned()))]),
        };
        Dataset {
            items: [
                ("a", "Pasta house", "fresh noodles"),
                ("b", "Old mill", "bread and pasta"),
                ("c", "Taco stand", "tacos and more"),
                ("d", "Bank", "money"),
            ]
            .map(item)
            .to_vec(),
            ..Dataset::default()
        }
    }

    fn evaluate(topics: &str, judgments: &str) -> Result<SearchQuality, EvaluateError> {
        let folder = tempfile::tempdir().unwrap();
        let judged = JudgedTopics {
            topics: folder.path().join("topics.txt"),
            judgments: folder.path().join("qrels.txt"),
        };
        fs::write(&judged.topics, topics).unwrap();
        fs::write(&judged.judgments, judgments).unwrap();
        evaluate_search(&dataset(), &Search::default(), &judged, 10)
    }

    #[track_caller]
    fn check(measured: Interval, expected: f64) {
        assert!(
            (measured.mean - expected).abs() < 1e-12,
            "{measured:?} is not {expected}"
        );
    }

    #[test]
    fn what_is_relevant_is_looked_for_by_the_words_of_the_topics() {
        // `pasta` finds a, whose title says so, and then b; `tacos` finds c; nothing is relevant for 3, and nobody judged 4.
        let topics = "1\tPasta!\n2\tcheap tacos\n3\tmoney\n4\tbread\n";
        let judgments = "1 0 b 2\n1 0 a 1\n2 0 c 1\n2 0 elsewhere 1\n3 0 a 0\n9 0 a 1\n";
        let quality = evaluate(topics, judgments).unwrap();
        assert_eq!(quality.topic_count, 2);
        assert_eq!((quality.relevant_count, quality.unknown_count), (4, 1));
        check(quality.average_precision, f64::midpoint(1.0, 0.5));
        check(quality.precision_at_10, f64::midpoint(0.2, 0.1));
        check(quality.recall_at_100, f64::midpoint(1.0, 0.5));
        let second = 1.0 / 3.0_f64.log2();
        let gains = [(1.0 + 2.0 * second) / (2.0 + second), 1.0 / (1.0 + second)];
        check(quality.ndcg_at_10, f64::midpoint(gains[0], gains[1]));
    }

    #[test]
    fn without_judged_topics_there_is_nothing_to_measure() {
        let error = evaluate("1\tpasta\n", "2 0 a 1\n").unwrap_err();
        assert!(matches!(error, EvaluateError::NoJudgedTopics));
        let error = evaluate("1\tpasta\n", "1 0 a\n").unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("qrels.txt:1: write "), "{source}");
    }
}
