//! Test collections as SMART distributed them: documents, topics and judgments.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A test collection.
pub(crate) struct Collection {
    /// The documents, each with an identifier and the texts of its sections, by their letters.
    pub(crate) documents: Vec<(String, BTreeMap<char, String>)>,
    /// What is asked, by the identifiers that the judgments use.
    pub(crate) topics: Vec<(String, String)>,
    /// Which documents are relevant, by topic.
    pub(crate) judgments: BTreeMap<String, BTreeSet<String>>,
}

impl Collection {
    /// The Communications of the ACM, with the judgments of Anserini.
    pub(crate) fn cacm(folder: &Path) -> Self {
        let topics = records(&read(&folder.join("query.text")));
        Self {
            documents: records(&read(&folder.join("cacm.all"))),
            topics: topics
                .into_iter()
                .map(|(id, mut sections)| (id, sections.remove(&'W').unwrap_or_default()))
                .collect(),
            judgments: judgments(&read(&folder.join("anserini/qrels.cacm.txt")), |fields| {
                let relevance: i32 = fields[3].parse().unwrap();
                let document = fields[2]
                    .trim_start_matches("CACM-")
                    .trim_start_matches('0');
                (0 < relevance).then(|| (fields[0].to_owned(), document.to_owned()))
            }),
        }
    }

    /// Aeronautics, with judgments that number the topics by their places.
    pub(crate) fn cranfield(folder: &Path) -> Self {
        let topics = records(&read(&folder.join("cran.qry"))).into_iter();
        let topics = topics.zip(1..).map(|((_, mut sections), place)| {
            (place.to_string(), sections.remove(&'W').unwrap_or_default())
        });
        Self {
            documents: records(&read(&folder.join("cran.all.1400"))),
            topics: topics.collect(),
            judgments: judgments(&read(&folder.join("cranqrel")), |fields| {
                let grade: i32 = fields[2].parse().unwrap();
                (0 < grade).then(|| (fields[0].to_owned(), fields[1].to_owned()))
            }),
        }
    }

    /// Of the documents that were ranked for each topic, by their places: precision at each relevant one, averaged, and that over the judged topics; and the normalized discounted gain of
    /// the first ten.
    pub(crate) fn measure(&self, ranked: &[Vec<u32>]) -> [f64; 2] {
        let (mut precisions, mut gains, mut count) = (0.0, 0.0, 0);
        for ((topic, _), found) in self.topics.iter().zip(ranked) {
            let Some(relevant) = self.judgments.get(topic) else {
                continue;
            };
            let mut hits = 0;
            let mut precision = 0.0;
            let mut gain = 0.0;
            for (place, &document) in found.iter().enumerate() {
                if relevant.contains(&self.documents[document as usize].0) {
                    hits += 1;
                    precision += f64::from(hits) / (place + 1) as f64;
                    if place < 10 {
                        gain += 1.0 / (place as f64 + 2.0).log2();
                    }
                }
            }
            let ideal: f64 = (0..relevant.len().min(10))
                .map(|place| 1.0 / (place as f64 + 2.0).log2())
                .sum();
            precisions += precision / relevant.len() as f64;
            gains += gain / ideal;
            count += 1;
        }
        [precisions, gains].map(|sum| sum / f64::from(count))
    }
}

fn read(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The records of a file: `.I` and an identifier, then sections that begin with a full stop and a letter.
fn records(text: &str) -> Vec<(String, BTreeMap<char, String>)> {
    let mut records: Vec<(String, BTreeMap<char, String>)> = Vec::new();
    let mut section = ' ';
    for line in text.lines() {
        let mark = line.strip_prefix('.').and_then(|rest| rest.chars().next());
        match mark {
            Some('I') => {
                let id = line[2..].trim().trim_start_matches('0');
                records.push((id.to_owned(), BTreeMap::new()));
            }
            Some(letter) if line.trim_end().len() == 2 && letter.is_ascii_uppercase() => {
                section = letter;
            }
            _ => {
                if let Some((_, sections)) = records.last_mut() {
                    let text = sections.entry(section).or_default();
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
    }
    records
}

fn judgments(
    text: &str,
    read: impl Fn(&[&str]) -> Option<(String, String)>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut judgments: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if let Some((topic, document)) = read(&fields) {
            judgments.entry(topic).or_default().insert(document);
        }
    }
    judgments
}
