//! Where the words of a question stand in the texts of what was found.

use std::collections::BTreeSet;

use analysis::{Analyzer, words};

use super::TextAnswer;
use crate::{error::Error, generation::Generation};

/// So many letters of a long text are shown, around the first of the words.
const SNIPPET_LETTER_COUNT: usize = 200;

/// So many of them stand before it.
const BEFORE_LETTER_COUNT: usize = 60;

/// What stands around a word that was asked for.
const MARKS: [&str; 2] = ["<mark>", "</mark>"];

/// What stands where a text is cut.
const ELLIPSIS: char = '…';

/// Marks the words of a question.
#[derive(Debug)]
pub struct Highlighter {
    analyzer: Analyzer,
    terms: BTreeSet<String>,
    /// With which the terms begin.
    first_letters: BTreeSet<char>,
    fields: Vec<String>,
}

impl Generation<'_> {
    /// What marks the words of a question in the texts of its answer.
    pub fn highlighter(&self, answer: &TextAnswer) -> Result<Highlighter, Error> {
        let text = self.text()?;
        let analyzer = text.analyzer();
        let found = answer.words.iter();
        let shown = found.flat_map(|word| word.terms.iter().chain(&word.meanings));
        let place = answer.place.iter().map(|place| &place.name);
        let shown = shown.chain(place).chain(&answer.broader);
        let mut terms = BTreeSet::new();
        for shown in shown {
            // A term is itself, and its own stem may be another.
            terms.insert(shown.clone());
            terms.extend(words(shown).map(|word| analyzer.term(word.text)));
        }
        Ok(Highlighter {
            analyzer,
            first_letters: terms
                .iter()
                .filter_map(|term| term.chars().next())
                .collect(),
            terms,
            fields: text.fields().map(str::to_owned).collect(),
        })
    }
}

impl Highlighter {
    /// Whether words are looked for in a field; `title` is that of the item.
    pub fn reads(&self, field: &str) -> bool {
        self.fields.iter().any(|known| known == field)
    }

    /// Whether a word is one of the question. Most are not, which their first letter says.
    fn is_asked_for(&self, word: &str) -> bool {
        let letter = self.analyzer.first_letter(word);
        letter.is_none_or(|letter| self.first_letters.contains(&letter))
            && self.terms.contains(&self.analyzer.term(word))
    }

    /// A text with the words of the question between `<mark>` and `</mark>`, ready to stand in HTML, or if it is long the part around the first of them; `None` if there is none of them.
    pub fn mark(&self, text: &str) -> Option<String> {
        let marked: Vec<(usize, usize)> = words(text)
            .filter(|word| self.is_asked_for(word.text))
            .map(|word| (word.start, word.start + word.text.len()))
            .collect();
        let &(first, _) = marked.first()?;
        let shown = snippet(text, first);
        let mut html = String::new();
        if 0 < shown.start {
            html.push(ELLIPSIS);
        }
        let mut written = shown.start;
        for &(start, end) in marked.iter().filter(|(_, end)| *end <= shown.end) {
            // Words of letters without spaces between them overlap.
            if start < written {
                continue;
            }
            let [before, word] = [written..start, start..end].map(|range| text.get(range));
            escape(before.unwrap_or_default(), &mut html);
            html.push_str(MARKS[0]);
            escape(word.unwrap_or_default(), &mut html);
            html.push_str(MARKS[1]);
            written = end;
        }
        escape(text.get(written..shown.end).unwrap_or_default(), &mut html);
        if shown.end < text.len() {
            html.push(ELLIPSIS);
        }
        Some(html)
    }
}

/// What is shown of a text, cut between words where there are any.
fn snippet(text: &str, first: usize) -> std::ops::Range<usize> {
    if text.chars().nth(SNIPPET_LETTER_COUNT).is_none() {
        return 0..text.len();
    }
    let (before, behind) = text.split_at(first);
    let start = before.char_indices().rev().nth(BEFORE_LETTER_COUNT);
    let start = start.map_or(0, |(start, _)| {
        let space = before.get(start..).and_then(|cut| cut.find(' '));
        space.map_or(start, |space| start + space + 1)
    });
    let end = behind
        .char_indices()
        .nth(SNIPPET_LETTER_COUNT - BEFORE_LETTER_COUNT);
    let end = end.map_or(text.len(), |(end, _)| {
        let space = behind.get(..end).and_then(|cut| cut.rfind(' '));
        first + space.filter(|space| 0 < *space).unwrap_or(end)
    });
    start..end
}

/// Appends a text as HTML.
fn escape(text: &str, html: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            letter => html.push(letter),
        }
    }
}
