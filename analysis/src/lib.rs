//! From texts and queries to the terms by which they are found.
//!
//! [`words`] splits a text, the same in every language; an [`Analyzer`] makes a term of a word, as its [`Language`] has it. Texts and queries go the same way, so that
//! `Müller's` is found by `mullers` and `running` by `runs`.
//!
//! ```
//! use analysis::{Analyzer, Language, words};
//!
//! let analyzer = Analyzer::new(Language::English);
//! let terms = |text| -> Vec<String> { words(text).map(|word| analyzer.term(word.text)).collect() };
//! assert_eq!(terms("The Müllers' cafés, in J.R.R. Tolkien's time"), ["the", "muller", "cafe", "in", "jrr", "tolkien", "time"]);
//! assert_eq!(terms("東京都"), ["東京", "京都"]);
//! ```

mod fold;
mod language;
mod words;

pub use fold::fold;
pub use language::{Analyzer, Language, UnknownLanguage, cut};
pub use words::{Word, words};
