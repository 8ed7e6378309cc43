//! The peers: tantivy, compiled from `bench/peers/tantivy`, and bm25s, in a virtual environment. They are given lines of terms, as our own analyser makes them, so that what is compared is
//! the index and the ranking.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bench::peers::{output_of, python_with, rust};

/// bm25s needs no more than numpy; both are pinned, since the ranking of equals is theirs.
const BM25S: [&str; 2] = ["bm25s==0.3.16", "numpy==2.4.6"];

/// How a line of words is asked of tantivy.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// A document has to have all words.
    All,
    /// One word is enough.
    Any,
    /// It has to have all, each of which may differ by a letter.
    Typos,
}

/// What one side says of an index that it built.
pub(crate) struct Built {
    pub(crate) seconds: f64,
    /// The most memory that the process ever had.
    pub(crate) peak_bytes: u64,
    pub(crate) len_bytes: u64,
}

impl Built {
    /// What a process prints.
    pub(crate) fn parse(said: &str) -> Self {
        let numbers: Vec<&str> = said.split_whitespace().collect();
        let [seconds, peak_bytes, len_bytes] = numbers[..] else {
            panic!("these are not three numbers: {said}");
        };
        Self {
            seconds: seconds.parse().unwrap(),
            peak_bytes: peak_bytes.parse().unwrap(),
            len_bytes: len_bytes.parse().unwrap(),
        }
    }

    /// So that another process can read it.
    pub(crate) fn line(&self) -> String {
        format!("{} {} {}", self.seconds, self.peak_bytes, self.len_bytes)
    }

    /// The fastest of some that were built alike.
    pub(crate) fn fastest(built: impl Iterator<Item = Self>) -> Self {
        let fastest = built.min_by(|left, right| left.seconds.total_cmp(&right.seconds));
        fastest.expect("one at least was built")
    }
}

/// What one side answers to a question.
pub(crate) struct Answer {
    /// The fastest of some rounds.
    pub(crate) nanoseconds: u64,
    /// The numbers of the documents, the best first.
    pub(crate) hits: Vec<u32>,
}

pub(crate) struct Tantivy {
    program: PathBuf,
}

impl Tantivy {
    pub(crate) fn new() -> Self {
        Self {
            program: rust("tantivy"),
        }
    }

    /// Builds an index of a file of documents by an analyser, `terms` or `english`, and keeps `frequencies` or `positions`.
    pub(crate) fn build(
        &self,
        documents: &Path,
        boosts: &[f32],
        analyser: &str,
        kept: &str,
    ) -> Built {
        let mut command = self.command(documents, boosts);
        Built::parse(&output_of(command.args([analyser, kept])))
    }

    /// Builds an index of a file of terms, and asks it.
    pub(crate) fn ask(
        &self,
        documents: &Path,
        boosts: &[f32],
        questions: &[String],
        how: How,
        count: usize,
    ) -> Vec<Answer> {
        let folder = tempfile::tempdir().unwrap();
        let (asked, answered) = (folder.path().join("asked"), folder.path().join("answered"));
        write_lines(&asked, questions);
        let mut command = self.command(documents, boosts);
        command.args(["terms", "frequencies"]).arg(asked);
        command.arg(match how {
            How::All => "all",
            How::Any => "any",
            How::Typos => "typos",
        });
        output_of(command.arg(count.to_string()).arg(&answered));
        let answered = fs::read_to_string(answered).unwrap();
        let answer = |line: &str| {
            let mut numbers = line.split(' ');
            Answer {
                nanoseconds: numbers.next().unwrap_or_default().parse().unwrap(),
                hits: numbers.map(|number| number.parse().unwrap()).collect(),
            }
        };
        answered.lines().map(answer).collect()
    }

    fn command(&self, documents: &Path, boosts: &[f32]) -> Command {
        let boosts: Vec<String> = boosts.iter().map(f32::to_string).collect();
        let mut command = Command::new(&self.program);
        command.arg(documents).arg(boosts.join(","));
        command
    }
}

/// What bm25s makes of documents and questions.
pub(crate) struct Bm25s {
    /// The variant of BM25 with its saturation and length normalization.
    pub(crate) parameters: String,
    pub(crate) len_bytes: u64,
    /// Of each question the numbers of the documents, the best first.
    pub(crate) hits: Vec<Vec<u32>>,
}

impl Bm25s {
    pub(crate) fn new(documents: &Path, questions: &[String], count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("peer.py"), include_str!("peer.py")).unwrap();
        write_lines(&path("asked"), questions);
        let mut command = Command::new(python_with(&BM25S));
        command
            .arg(path("peer.py"))
            .arg(documents)
            .arg(path("asked"));
        command
            .arg(count.to_string())
            .arg(path("index"))
            .arg(path("answered"));
        let said = output_of(&mut command);
        let said: Vec<&str> = said.split_whitespace().collect();
        let [method, saturation, length_normalization, len_bytes] = said[..] else {
            panic!("these are not parameters and a length: {said:?}");
        };
        let answered = fs::read_to_string(path("answered")).unwrap();
        let numbers = |line: &str| {
            let numbers = line.split_whitespace();
            numbers.map(|number| number.parse().unwrap()).collect()
        };
        Self {
            parameters: format!("{method}, k1 {saturation}, b {length_normalization}"),
            len_bytes: len_bytes.parse().unwrap(),
            hits: answered.lines().map(numbers).collect(),
        }
    }
}

/// Writes texts without new lines, one a line.
pub(crate) fn write_lines(path: &Path, lines: &[String]) {
    let mut text = lines.join("\n");
    text.push('\n');
    fs::write(path, text).unwrap();
}
