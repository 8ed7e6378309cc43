//! What a language makes of a word.

use std::fmt;
use std::str::FromStr;

use rust_stemmers::{Algorithm, Stemmer};

use crate::{fold::fold, words::is_apostrophe};

/// Longer terms are cut: nobody types them.
const MAXIMUM_TERM_LEN_BYTES: usize = 64;

macro_rules! languages {
    ($($(#[$doc:meta])* $language:ident $name:literal $stemmer:expr),+ $(,)?) => {
        /// A language in which texts are written.
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        pub enum Language {
            $($(#[$doc])* $language),+
        }

        impl Language {
            /// Every language.
            pub const ALL: &[Self] = &[$(Self::$language),+];

            /// What it is called.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$language => $name),+
                }
            }

            fn stemmer(self) -> Option<Stemmer> {
                let algorithm: Option<Algorithm> = match self {
                    $(Self::$language => $stemmer),+
                };
                algorithm.map(Stemmer::create)
            }
        }
    };
}

languages! {
    /// None in particular: words are found as they are written, but for case and accents.
    #[default]
    Any "any" None,
    /// العربية
    Arabic "arabic" Some(Algorithm::Arabic),
    /// Dansk
    Danish "danish" Some(Algorithm::Danish),
    /// Nederlands
    Dutch "dutch" Some(Algorithm::Dutch),
    /// English
    English "english" Some(Algorithm::English),
    /// Suomi
    Finnish "finnish" Some(Algorithm::Finnish),
    /// Français
    French "french" Some(Algorithm::French),
    /// Deutsch
    German "german" Some(Algorithm::German),
    /// Ελληνικά
    Greek "greek" Some(Algorithm::Greek),
    /// Magyar
    Hungarian "hungarian" Some(Algorithm::Hungarian),
    /// Italiano
    Italian "italian" Some(Algorithm::Italian),
    /// Norsk
    Norwegian "norwegian" Some(Algorithm::Norwegian),
    /// Português
    Portuguese "portuguese" Some(Algorithm::Portuguese),
    /// Română
    Romanian "romanian" Some(Algorithm::Romanian),
    /// Русский
    Russian "russian" Some(Algorithm::Russian),
    /// Español
    Spanish "spanish" Some(Algorithm::Spanish),
    /// Svenska
    Swedish "swedish" Some(Algorithm::Swedish),
    /// தமிழ்
    Tamil "tamil" Some(Algorithm::Tamil),
    /// Türkçe
    Turkish "turkish" Some(Algorithm::Turkish),
}

/// No language has this name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownLanguage {
    /// What was asked for.
    pub name: String,
}

impl fmt::Display for UnknownLanguage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Language::ALL.iter().map(|known| known.name()).collect();
        write!(
            formatter,
            "the language \"{}\" is not known: ask for one of {}",
            self.name,
            names.join(", ")
        )
    }
}

impl std::error::Error for UnknownLanguage {}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Self, UnknownLanguage> {
        let mut all = Self::ALL.iter().copied();
        all.find(|known| known.name() == name)
            .ok_or_else(|| UnknownLanguage {
                name: name.to_owned(),
            })
    }
}

/// Makes terms of the words of a language.
pub struct Analyzer {
    language: Language,
    stemmer: Option<Stemmer>,
}

impl Analyzer {
    /// For texts and queries in a language.
    pub fn new(language: Language) -> Self {
        Self {
            language,
            stemmer: language.stemmer(),
        }
    }

    /// Of which language it is.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The term of a word: its stem by the language's Snowball algorithm (Porter: Snowball, a language for stemming algorithms, 2001), [folded](fold). Empty where
    /// nothing is left.
    pub fn term(&self, word: &str) -> String {
        // Numbers have no endings, whatever a stemmer thinks.
        let stemmer = self.stemmer.as_ref();
        let mut term = match stemmer.filter(|_| !word.contains(char::is_numeric)) {
            None => fold(word),
            Some(stemmer) => fold(&stemmer.stem(&self.spelled(word))),
        };
        cut(&mut term);
        term
    }

    /// The letter with which the term of a word begins, where that is known without the work of making it; in most languages only endings are cut off. Nothing is said of an empty term.
    pub fn first_letter(&self, word: &str) -> Option<char> {
        let changes_beginnings = match self.language {
            Language::Arabic | Language::Tamil => true,
            Language::French | Language::Italian => word.contains(is_apostrophe),
            _ => false,
        };
        let first = word.chars().next();
        let first = first.filter(|letter| letter.is_ascii_alphanumeric() && !changes_beginnings);
        first.map(|letter| letter.to_ascii_lowercase())
    }

    /// A word as the stemmer wants it: in lower case, with one kind of apostrophe, and without an article before it.
    fn spelled(&self, word: &str) -> String {
        let letters = word
            .chars()
            .filter(|letter| !matches!(letter, '.' | ','))
            .map(|letter| if is_apostrophe(letter) { '\'' } else { letter });
        let spelled = letters.collect::<String>().to_lowercase();
        if matches!(self.language, Language::French | Language::Italian)
            && let Some((_, noun)) = spelled.split_once('\'')
            && !noun.is_empty()
        {
            return noun.to_owned();
        }
        // English has no accents of its own, and whoever writes a foreign word without them means it.
        if self.language == Language::English && !spelled.is_ascii() {
            return spelled.split('\'').map(fold).collect::<Vec<_>>().join("'");
        }
        spelled
    }
}

/// Leaves of a word what a term can have.
pub fn cut(word: &mut String) {
    word.truncate(word.floor_char_boundary(MAXIMUM_TERM_LEN_BYTES));
}

impl fmt::Debug for Analyzer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Analyzer")
            .field(&self.language)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn the_first_letter_is_that_of_the_term(word in "[A-Za-z0-9äéıİ][a-zäößéèñçåøığ'\u{2019}\u{301}.]{0,12}", language in prop::sample::select(Language::ALL)) {
            let analyzer = Analyzer::new(language);
            let term = analyzer.term(&word);
            if let Some(letter) = analyzer.first_letter(&word) {
                prop_assert!(term.is_empty() || term.starts_with(letter), "{} -> {}", word, term);
            }
        }
    }

    #[test]
    fn words_that_differ_by_their_endings_have_one_term() {
        for (language, words, expected) in [
            (Language::Any, &["Running", "RUNNING"][..], "running"),
            (Language::English, &["running", "runs", "Run"], "run"),
            (
                Language::English,
                &["Sorcerer's", "sorcerers", "sorcerer\u{2019}s"],
                "sorcer",
            ),
            (Language::English, &["O'Reilly", "oreilly"], "oreilli"),
            (
                Language::English,
                &["Thérèse", "THERESE", "Thérèse's"],
                "theres",
            ),
            (Language::English, &["J.R.R", "JRR"], "jrr"),
            (Language::French, &["l'avion", "avions", "Avion"], "avion"),
            (Language::German, &["Häuser", "Häusern"], "haus"),
            (Language::Spanish, &["corriendo", "correr"], "corr"),
            (Language::Russian, &["книга", "книги"], "книг"),
            (Language::Finnish, &["talossa", "talot"], "talo"),
        ] {
            let analyzer = Analyzer::new(language);
            for word in words {
                assert_eq!(analyzer.term(word), expected, "{language:?} {word}");
            }
        }
    }

    #[test]
    fn every_language_is_found_by_its_name_and_leaves_something() {
        for &language in Language::ALL {
            assert_eq!(language.name().parse(), Ok(language));
            let analyzer = Analyzer::new(language);
            assert_ne!(analyzer.term("Matrix"), "");
            assert_eq!(analyzer.term("1999"), "1999");
            assert_eq!(
                analyzer.term(&"x".repeat(100)).len(),
                MAXIMUM_TERM_LEN_BYTES
            );
        }
        let error = "klingon".parse::<Language>().unwrap_err().to_string();
        assert!(
            error.contains("\"klingon\" is not known") && error.contains("english"),
            "{error}"
        );
    }
}
