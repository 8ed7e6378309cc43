//! What is searched, the titles and authors of goodbooks and a million made-up titles of real words, and what is asked of it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use analysis::{Analyzer, Language, fold, words};
use bench::{columns, peers};
use index::catalogue::{Record, Value};
use seeded::Random;
use xxhash_rust::xxh64::xxh64;

use crate::ours::{Files, settings};
use crate::peers::write_lines;

/// How many questions are asked.
const QUERY_COUNT: usize = 1000;

/// The questions to each set. They are drawn from data that may not be passed on with this repository, so that what is written down here is their hash: whoever
/// measures asks the same.
const GOODBOOKS_QUERIES_HASH: u64 = 0x9645_5751_e71b_21ad;
const MILLION_QUERIES_HASH: u64 = 0x67a5_e0b5_3c9f_ac35;

/// How many documents are made up.
const MILLION: usize = 1_000_000;

/// A set of documents, of which each is a line, its fields with tabs between them.
pub(crate) struct Documents {
    pub(crate) name: &'static str,
    /// How much a word of each field counts.
    pub(crate) boosts: &'static [f32],
    /// What a cold question may read whose words are found as they are typed, and one with a word that is mistyped or very common.
    pub(crate) question_len_bars_bytes: [u64; 2],
    pub(crate) lines: Vec<String>,
    pub(crate) queries: Vec<Query>,
    /// Files of the lines, and of the same with terms in place of the texts.
    pub(crate) texts: PathBuf,
    pub(crate) terms: PathBuf,
    /// How many documents have each term.
    counts: HashMap<String, usize>,
}

/// Two words of a document's first field, and the same with one letter of one of them wrong.
pub(crate) struct Query {
    pub(crate) document: u32,
    pub(crate) typed: [String; 2],
    pub(crate) mistyped: [String; 2],
}

impl Documents {
    /// The titles and authors of goodbooks.
    pub(crate) fn goodbooks(data: &Path) -> Self {
        let books = columns(&data.join("goodbooks-10k/books.csv"), ["title", "authors"]);
        let lines = books.iter().map(|fields| line(fields)).collect();
        Self::new(
            "goodbooks",
            &[2.0, 1.0],
            [32_000, 96_000],
            lines,
            GOODBOOKS_QUERIES_HASH,
        )
    }

    /// Titles of three to nine words, drawn as often as books, films and series are called by them.
    pub(crate) fn million(data: &Path) -> Self {
        let tables = [
            "goodbooks-10k/books.csv",
            "netflix-titles/netflix_titles.csv",
        ];
        let mut titles: Vec<String> = tables
            .iter()
            .flat_map(|table| columns(&data.join(table), ["title"]).concat())
            .collect();
        let films = fs::read_to_string(data.join("movietweetings/movies.dat")).unwrap();
        titles.extend(films.lines().filter_map(|film| {
            let (title, _year) = film.split("::").nth(1)?.rsplit_once(" (")?;
            Some(title.to_owned())
        }));
        let drawn: Vec<&str> = titles
            .iter()
            .flat_map(|title| words(title))
            .map(|word| word.text)
            .collect();
        let mut random = Random::new(1_000_000);
        let lines = (0..MILLION).map(|_| {
            let count = 3 + random.below(7);
            let title: Vec<&str> = (0..count)
                .map(|_| drawn[random.below(drawn.len())])
                .collect();
            title.join(" ")
        });
        Self::new(
            "a million",
            &[1.0],
            [64_000, 64_000],
            lines.collect(),
            MILLION_QUERIES_HASH,
        )
    }

    fn new(
        name: &'static str,
        boosts: &'static [f32],
        question_len_bars_bytes: [u64; 2],
        lines: Vec<String>,
        queries_hash: u64,
    ) -> Self {
        let folder = peers::folder().join(format!("search-{}", name.replace(' ', "-")));
        fs::create_dir_all(&folder).unwrap();
        let queries = queries(&lines);
        let text: String = queries.iter().map(Query::line).collect();
        let path = folder.join("queries.tsv");
        fs::write(&path, &text).unwrap();
        let hash = xxh64(text.as_bytes(), 0);
        assert_eq!(
            hash,
            queries_hash,
            "{name}: {} has other questions than others measured with, since the data or the drawing is another; their hash is {hash:#018x}",
            path.display()
        );
        let mut terms = Terms::new();
        let of_lines: Vec<String> = lines.iter().map(|line| terms.of_line(line)).collect();
        let (texts_path, terms_path) = (folder.join("texts.tsv"), folder.join("terms.tsv"));
        write_lines(&texts_path, &lines);
        write_lines(&terms_path, &of_lines);
        Self {
            name,
            boosts,
            question_len_bars_bytes,
            lines,
            queries,
            texts: texts_path,
            terms: terms_path,
            counts: counts(&of_lines),
        }
    }

    /// The share of the documents that have a term.
    pub(crate) fn share_with(&self, term: &str) -> f64 {
        let count = self.counts.get(term).copied().unwrap_or_default();
        count as f64 / self.lines.len() as f64
    }

    /// Our files of them, with the default settings and with their first fields as titles.
    pub(crate) fn files(&self) -> Files {
        let documents = self.lines.iter().zip(0_u32..).map(|(line, number)| {
            let mut texts = line.split('\t');
            let record = Record {
                id: number.to_string(),
                title: texts.next().unwrap_or_default().to_owned(),
                fields: texts
                    .enumerate()
                    .map(|(place, text)| (place.to_string().into(), Value::Text(text.to_owned())))
                    .collect(),
            };
            (record, line.split('\t').enumerate())
        });
        Files::new(settings(self.boosts), documents)
    }
}

impl Query {
    fn line(&self) -> String {
        format!(
            "{}\t{}\t{}\n",
            self.document,
            self.typed.join(" "),
            self.mistyped.join(" ")
        )
    }
}

/// Makes terms of texts, as the index does, for the peers.
pub(crate) struct Terms {
    analyzer: Analyzer,
    /// By the word, so that each is stemmed once.
    known: HashMap<String, String>,
}

impl Terms {
    pub(crate) fn new() -> Self {
        Self {
            analyzer: Analyzer::new(Language::English),
            known: HashMap::new(),
        }
    }

    /// The terms of a text, with spaces between them.
    pub(crate) fn of(&mut self, text: &str) -> String {
        let mut terms = String::new();
        for word in words(text) {
            let known = self.known.entry(word.text.to_owned());
            let term = known.or_insert_with(|| self.analyzer.term(word.text));
            if !terms.is_empty() && !term.is_empty() {
                terms.push(' ');
            }
            terms.push_str(term);
        }
        terms
    }

    /// The same of a document, field by field.
    pub(crate) fn of_line(&mut self, line: &str) -> String {
        let fields: Vec<String> = line.split('\t').map(|text| self.of(text)).collect();
        fields.join("\t")
    }
}

/// In how many lines each term is.
fn counts(lines: &[String]) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for line in lines {
        let terms: HashSet<&str> = line.split_whitespace().collect();
        for term in terms {
            if let Some(count) = counts.get_mut(term) {
                *count += 1;
            } else {
                counts.insert(term.to_owned(), 1);
            }
        }
    }
    counts
}

/// A document as a line: its fields with tabs between them, without tabs or ends of lines in a field.
fn line(fields: &[String]) -> String {
    let fields = fields.iter();
    let fields: Vec<String> = fields
        .map(|field| field.replace(['\t', '\n', '\r'], " "))
        .collect();
    fields.join("\t")
}

/// Seeded: documents, words of their first fields, places and letters.
fn queries(lines: &[String]) -> Vec<Query> {
    let mut random = Random::new(6);
    let mut queries = Vec::new();
    while queries.len() < QUERY_COUNT {
        let document = random.below(lines.len());
        let text = lines[document].split('\t').next().unwrap_or_default();
        let mut long: Vec<String> = words(text)
            .map(|word| fold(word.text))
            .filter(|word| {
                4 <= word.len() && word.bytes().all(|letter| letter.is_ascii_lowercase())
            })
            .collect();
        long.sort();
        long.dedup();
        random.shuffle(&mut long);
        let [first, second, ..] = &long[..] else {
            continue;
        };
        let typed = [first.clone(), second.clone()];
        let mut mistyped = typed.clone();
        mistyped[0] = mistype(first, &mut random);
        queries.push(Query {
            document: document as u32,
            typed,
            mistyped,
        });
    }
    queries
}

/// With one letter another, more or less, or two exchanged.
fn mistype(word: &str, random: &mut Random) -> String {
    loop {
        let mut letters: Vec<u8> = word.bytes().collect();
        let place = random.below(letters.len());
        let letter = b'a' + random.below(26) as u8;
        match random.below(4) {
            0 => letters[place] = letter,
            1 => letters.insert(place, letter),
            2 => {
                letters.remove(place);
            }
            _ => {
                let last = letters.len() - 1;
                letters.swap(place.min(last - 1), place.min(last - 1) + 1);
            }
        }
        let mistyped = String::from_utf8(letters).unwrap();
        // A letter may have been replaced by itself.
        if mistyped != word {
            return mistyped;
        }
    }
}
