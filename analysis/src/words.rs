//! Words: where they begin and end.

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// A piece of a text that becomes one term.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Word<'a> {
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// As it is written there.
    pub text: &'a str,
}

/// The words of a text, in its order.
///
/// As Unicode has them (UAX #29), without what has neither letters nor digits. Initials with full stops between them are one word, as is a number with commas;
/// other punctuation parts, but for apostrophes. Where words are written without spaces, in Chinese, Japanese and Korean, every two letters that stand side by side
/// are one, and a letter alone.
pub fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    runs(text).flat_map(|run| {
        if run.text.chars().next().is_some_and(is_unspaced) {
            pairs(run)
        } else {
            let words = run.text.unicode_word_indices();
            let words = words.flat_map(|(start, text)| {
                pieces(Word {
                    start: run.start + start,
                    text,
                })
            });
            words.collect()
        }
    })
}

/// The text in pieces of which each is written without spaces, or none of it.
fn runs(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..)?;
        let is_first = is_unspaced(rest.chars().next()?);
        let end = rest.find(|letter| is_unspaced(letter) != is_first);
        let run = Word {
            start,
            text: &rest[..end.unwrap_or(rest.len())],
        };
        start += run.text.len();
        Some(run)
    })
}

/// Whether a letter is of a script that puts no spaces between words, or is taken like one: Chinese, Japanese, Korean.
fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{1100}'..='\u{11ff}' // Hangul Jamo
        | '\u{3005}'..='\u{3007}' // iteration marks, zero
        | '\u{3040}'..='\u{30ff}' // Hiragana, Katakana
        | '\u{3130}'..='\u{318f}' // Hangul compatibility Jamo
        | '\u{31f0}'..='\u{31ff}' // Katakana extensions
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // Han
        | '\u{ac00}'..='\u{d7af}' // Hangul
        | '\u{ff66}'..='\u{ff9f}' // half-width Katakana
        | '\u{20000}'..='\u{3fffd}') // Han
}

fn pairs(run: Word<'_>) -> Vec<Word<'_>> {
    let starts: Vec<usize> = run.text.char_indices().map(|(start, _)| start).collect();
    let word = |start: usize, end: usize| Word {
        start: run.start + start,
        text: &run.text[start..end],
    };
    if starts.len() == 1 {
        return vec![run];
    }
    (0..starts.len() - 1)
        .map(|first| {
            let end = starts.get(first + 2).copied();
            word(starts[first], end.unwrap_or(run.text.len()))
        })
        .collect()
}

/// What is left of a word of Unicode's when it is parted at what is no letter, digit or apostrophe.
fn pieces(word: Word<'_>) -> Vec<Word<'_>> {
    if is_whole(word.text) {
        return vec![word];
    }
    let parts = |letter: char| {
        !(letter.is_alphanumeric() || is_combining_mark(letter) || is_apostrophe(letter))
    };
    let mut start = word.start;
    let pieces = word.text.split_inclusive(parts).map(|text| {
        let piece = Word {
            start,
            text: text.trim_end_matches(parts),
        };
        start += text.len();
        piece
    });
    pieces.filter(|piece| !piece.text.is_empty()).collect()
}

/// Whether nothing has to be parted: letters and digits, initials, a number with commas.
fn is_whole(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_number = || {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b',')
    };
    let are_initials = || {
        text.split('.')
            .all(|part| part.chars().count() == 1 && part.chars().all(char::is_alphabetic))
    };
    is_plain || is_number() || are_initials()
}

pub(crate) fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}' | '\u{02bc}' | '\u{ff07}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = words(text).map(|word| word.text).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn words_are_parted_as_people_read_them() {
        check("", &[]);
        check(" -- !? ", &[]);
        check(
            "The Hitch-Hiker's Guide",
            &["The", "Hitch", "Hiker's", "Guide"],
        );
        check("J.R.R. Tolkien, U.S.A.", &["J.R.R", "Tolkien", "U.S.A"]);
        check(
            "www.example.com/a_b:c",
            &["www", "example", "com", "a", "b", "c"],
        );
        check("20,000 leagues, 3.14", &["20,000", "leagues", "3", "14"]);
        check("naïve café", &["naïve", "café"]);
        check("nai\u{308}ve", &["nai\u{308}ve"]);
        check("مرحبا بالعالم", &["مرحبا", "بالعالم"]);
        check("pasta 🍝 bar", &["pasta", "bar"]);
    }

    #[test]
    fn what_has_no_spaces_is_pairs_of_letters() {
        check("東京都", &["東京", "京都"]);
        check("猫", &["猫"]);
        check("Studio ジブリ2", &["Studio", "ジブ", "ブリ", "2"]);
        check("기생충 (2019)", &["기생", "생충", "2019"]);
    }

    proptest! {
        #[test]
        fn a_word_is_where_it_says(text in ".{0,40}") {
            for word in words(&text) {
                prop_assert_eq!(&text[word.start..word.start + word.text.len()], word.text);
                prop_assert!(!word.text.is_empty());
            }
        }
    }
}
