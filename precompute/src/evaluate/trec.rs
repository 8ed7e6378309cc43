//! Topics and judgments as TREC's test collections have them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why topics or judgments cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrecError {
    /// A file cannot be read.
    #[error("reading {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is not as it should be.
    #[error("{}:{line}: {problem}", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it, and what to write.
        problem: String,
    },
}

/// What somebody asks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Topic {
    /// What the judgments call it, without leading zeros: one file often has them, and the other not.
    pub(super) id: String,
    /// The words.
    pub(super) query: String,
}

/// How relevant documents are, by topic and by the document's id; 0 is not at all.
pub(super) type Judgments = BTreeMap<String, BTreeMap<String, u32>>;

/// Reads topics: `<top>` with `<num>` and `<title>` each, the title being what is asked, or a line each, the topic's id, a tab and the words.
pub(super) fn read_topics(path: &Path) -> Result<Vec<Topic>, TrecError> {
    at(path, parse_topics(&read(path)?))
}

/// Reads judgments: a line each with the topic's id, a field that says nothing, the document's id and how relevant it is.
pub(super) fn read_judgments(path: &Path) -> Result<Judgments, TrecError> {
    at(path, parse_judgments(&read(path)?))
}

/// Some files are older than Unicode.
fn read(path: &Path) -> Result<String, TrecError> {
    let bytes = fs::read(path).map_err(|source| TrecError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A line, from 1, and what is wrong with it.
type Bad = (usize, String);

fn at<T>(path: &Path, parsed: Result<T, Bad>) -> Result<T, TrecError> {
    parsed.map_err(|(line, problem)| TrecError::BadLine {
        path: path.to_owned(),
        line,
        problem,
    })
}

fn parse_topics(text: &str) -> Result<Vec<Topic>, Bad> {
    let text = text.trim_start_matches('\u{feff}');
    let topics = if text.trim_start().starts_with('<') {
        marked_up_topics(text)?
    } else {
        topics_of_lines(text)?
    };
    let mut ids = BTreeSet::new();
    for (line, topic) in &topics {
        if !ids.insert(&topic.id) {
            return Err((*line, format!("there are two topics `{}`", topic.id)));
        }
    }
    match topics.last() {
        Some(_) => Ok(topics.into_iter().map(|(_, topic)| topic).collect()),
        None => Err((1, "there are no topics".to_owned())),
    }
}

fn topics_of_lines(text: &str) -> Result<Vec<(usize, Topic)>, Bad> {
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let topics = lines.map(|(number, line)| {
        let bad = || (number, "write a topic's id, a tab and its words".to_owned());
        let (id, query) = line.split_once('\t').ok_or_else(bad)?;
        let topic = topic(id, query).ok_or_else(bad)?;
        Ok((number, topic))
    });
    topics.collect()
}

/// A topic, if it has an id and words.
fn topic(id: &str, query: &str) -> Option<Topic> {
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let id = plain_id(id);
    (!id.is_empty() && !query.is_empty()).then(|| Topic {
        id: id.to_owned(),
        query,
    })
}

fn plain_id(id: &str) -> &str {
    let id = id.trim();
    let without_zeros = id.trim_start_matches('0');
    if without_zeros.is_empty() {
        id
    } else {
        without_zeros
    }
}

/// SGML as TREC writes it: elements begin on lines of their own and need no end.
fn marked_up_topics(text: &str) -> Result<Vec<(usize, Topic)>, Bad> {
    let mut topics = Vec::new();
    // Of the topic that is being read its line, and its elements by name.
    let mut open: Option<(usize, BTreeMap<&str, String>)> = None;
    let mut element = "";
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let tag = line.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (name, content) = tag.unwrap_or(("", line));
        match (name, &mut open) {
            ("top", None) => open = Some((number, BTreeMap::new())),
            ("top", Some((begun, _))) => {
                let problem = format!("the topic of line {begun} has no </top>");
                return Err((number, problem));
            }
            ("/top", Some((begun, elements))) => {
                let content = |name: &str, label: &str| {
                    let content = elements.get(name).map_or("", String::as_str).trim();
                    content.strip_prefix(label).unwrap_or(content).to_owned()
                };
                let topic = topic(&content("num", "Number:"), &content("title", "Topic:"));
                let topic = topic.ok_or_else(|| {
                    let problem = "a topic needs a <num> and a <title> with words";
                    (*begun, problem.to_owned())
                })?;
                topics.push((*begun, topic));
                open = None;
                element = "";
            }
            (_, Some((_, elements))) => {
                if let Some(name) = name.strip_prefix('/') {
                    element = if name == element { "" } else { element };
                } else {
                    element = if name.is_empty() { element } else { name };
                    let text = elements.entry(element).or_default();
                    text.push(' ');
                    // What comes after the end of an element is of none.
                    match content.split_once("</") {
                        Some((content, _)) => {
                            text.push_str(content);
                            element = "";
                        }
                        None => text.push_str(content),
                    }
                }
            }
            (_, None) if line.is_empty() => {}
            (_, None) => return Err((number, "there is no <top> before this".to_owned())),
        }
    }
    match open {
        Some((begun, _)) => Err((begun, "the topic has no </top>".to_owned())),
        None => Ok(topics),
    }
}

fn parse_judgments(text: &str) -> Result<Judgments, Bad> {
    let mut judgments = Judgments::new();
    for (number, line) in (1..).zip(text.lines()) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [topic, _, document, relevance] = fields[..] else {
            if fields.is_empty() {
                continue;
            }
            let problem =
                "write a topic's id, 0, a document's id and a relevance, with spaces between them";
            return Err((number, problem.to_owned()));
        };
        let relevance: i32 = relevance.parse().map_err(|_| {
            let problem = format!("the relevance `{relevance}` is not a whole number");
            (number, problem)
        })?;
        // Below 0 is how some say that nobody looked.
        let relevance = relevance.max(0).unsigned_abs();
        let of_topic = judgments.entry(plain_id(topic).to_owned()).or_default();
        let known = *of_topic.entry(document.to_owned()).or_insert(relevance);
        if known != relevance {
            let problem = format!("`{document}` was judged {known} for this topic before");
            return Err((number, problem));
        }
    }
    if judgments.is_empty() {
        return Err((1, "there are no judgments".to_owned()));
    }
    Ok(judgments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_topics(text: &str, expected: &[(&str, &str)]) {
        let topics = parse_topics(text).unwrap();
        let topics: Vec<(&str, &str)> = topics
            .iter()
            .map(|topic| (topic.id.as_str(), topic.query.as_str()))
            .collect();
        assert_eq!(topics, expected);
    }

    #[test]
    fn topics_are_read_in_both_forms() {
        let expected = [("1", "cheap pasta"), ("x20", "late night tacos")];
        check_topics("01\tcheap  pasta\n\nx20\tlate night\ttacos\r\n", &expected);
        check_topics(
            "<top>\n<num> Number: 001\n<title> Topic: cheap\npasta\n\n<desc> Description:\nFind some.\n</top>\n\n\
             <top>\n<num>x20</num>\n<title>late night tacos</title>\nnot this\n<narr>\nNor this.\n</narr>\n</top>\n",
            &expected,
        );
        check_topics(
            "\u{feff}\n<top>\n<title>\nlate night\n</title>\nnot this\n<num> 0\n</top>",
            &[("0", "late night")],
        );
    }

    #[test]
    fn judgments_are_read_by_topic() {
        let judgments = parse_judgments("01 0 a 1\n\n1\tQ0\tb  2\nx 0 a -1\n1 0 a 1\n").unwrap();
        let of = |topic: &str| {
            judgments[topic]
                .iter()
                .map(|(id, grade)| (id.as_str(), *grade))
                .collect::<Vec<_>>()
        };
        assert_eq!(of("1"), [("a", 1), ("b", 2)]);
        assert_eq!(of("x"), [("a", 0)]);
    }

    #[test]
    fn bad_lines_are_named() {
        let topics = |text: &str| parse_topics(text).unwrap_err();
        let write = "write a topic's id, a tab and its words";
        assert_eq!(topics("1\tpasta\n2 tacos\n"), (2, write.to_owned()));
        assert_eq!(topics("1\t \n"), (1, write.to_owned()));
        assert_eq!(
            topics("1\ta\n01\tb\n"),
            (2, "there are two topics `1`".to_owned())
        );
        assert_eq!(topics(" \n"), (1, "there are no topics".to_owned()));
        assert_eq!(topics("<top>\n<num> 1\n</top>").0, 1);
        assert_eq!(topics("\n<top>\n<num> 1\n<title> a\n").0, 2);
        assert_eq!(topics("<top>\n<top>\n").0, 2);
        assert_eq!(topics("<title> a\n").0, 1);

        let judgments = |text: &str| parse_judgments(text).unwrap_err();
        assert_eq!(judgments("1 0 a 1\n1 0 a\n").0, 2);
        assert_eq!(
            judgments("1 0 a much\n").1,
            "the relevance `much` is not a whole number"
        );
        assert_eq!(
            judgments("1 0 a 1\n01 0 a 2\n").1,
            "`a` was judged 1 for this topic before"
        );
        assert_eq!(judgments("\n").1, "there are no judgments");

        let missing = read_topics(Path::new("nowhere/topics.txt")).unwrap_err();
        assert_eq!(missing.to_string(), "reading nowhere/topics.txt");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("qrels.txt");
        fs::write(&path, b"1 0 caf\xe9 1\n1 0 a\n").unwrap();
        let error = read_judgments(&path).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("{}:2: write ", path.display())),
            "{error}"
        );
    }
}
