//! Names: terms of their own for what is called by several words, such as a category or a city.
//!
//! The key of a name is its terms, with a space between two, a tab, and the tag of what it names: `fast food\tcategories`. No term has a space or a tab, so that it
//! stands near its first word.
//!
//! Two words that stand one behind the other are a term as well, where a field keeps them: a tab, a star, and their terms with a space between: `\t*toy story`. These stand before all words,
//! so that nobody who asks for words reads over them. A term for each pair is the simplest of the phrase indexes of Williams, Zobel and Bahle (Fast phrase querying with combined indexes,
//! TOIS 2004): a phrase is looked up in the trip of its words, and needs no positions.

/// What ends a name, before its tag.
pub(crate) const NAME_END: char = '\t';

/// The tag of several words of which something is known.
pub(super) const WORDS_TAG: &str = "*words";

/// The tag of words for which somebody chose what comes first.
pub(crate) const PINNED_TAG: &str = "*pinned";

/// The key of a name; `None` where nothing is left of it.
pub(super) fn name_key(terms: &[String], tag: &str) -> Option<String> {
    (!terms.is_empty()).then(|| format!("{}{NAME_END}{tag}", terms.join(" ")))
}

/// The key of two terms of which the second stands right behind the first.
pub(crate) fn pair_key(first: &str, second: &str) -> String {
    format!("{NAME_END}*{first} {second}")
}

/// What a key names; `None` for that of a mere word.
pub(crate) fn tag_of(key: &str) -> Option<&str> {
    key.split_once(NAME_END).map(|(_, tag)| tag)
}

/// The terms of a key, with a space between two.
pub(crate) fn terms_of(key: &str) -> &str {
    key.split_once(NAME_END).map_or(key, |(terms, _)| terms)
}
