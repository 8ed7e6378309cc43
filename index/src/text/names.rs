//! Names: terms of their own for what is called by several words, such as a category or a city.
//!
//! The key of a name is its terms, with a space between two, a tab, and the tag of what it names: `fast food\tcategories`. No term has a space or a tab, so that it
//! stands near its first word.

/// What ends a name, before its tag.
pub(crate) const NAME_END: char = '\t';

/// The tag of several words of which something is known.
pub(crate) const WORDS_TAG: &str = "*words";

/// The tag of words for which somebody chose what comes first.
pub(crate) const PINNED_TAG: &str = "*pinned";

/// The key of a name; `None` where nothing is left of it.
pub(super) fn name_key(terms: &[String], tag: &str) -> Option<String> {
    (!terms.is_empty()).then(|| format!("{}{NAME_END}{tag}", terms.join(" ")))
}

/// What a key names; `None` for that of a mere word.
pub(crate) fn tag_of(key: &str) -> Option<&str> {
    key.split_once(NAME_END).map(|(_, tag)| tag)
}

/// The terms of a key, with a space between two.
pub(crate) fn terms_of(key: &str) -> &str {
    key.split_once(NAME_END).map_or(key, |(terms, _)| terms)
}
