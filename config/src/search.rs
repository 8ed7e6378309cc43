//! How items are found by words.

use std::collections::BTreeMap;
use std::path::PathBuf;

use analysis::Language;
use serde::{Deserialize, Deserializer, de};

/// Which texts of the items are searched, and how.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// The language of the texts, whose words are found in all their forms. Default: "any", which knows no forms.
    #[serde(deserialize_with = "language")]
    pub language: Language,
    /// How much a word counts in each field, beside the others; `title` is one of them. Empty: the title three times as much as every other field with texts but `type`.
    #[serde(deserialize_with = "boosts")]
    pub fields: BTreeMap<String, f64>,
    /// Of these fields it is kept which words stand one behind the other, so that words between quotation marks are looked for in all items, and in these fields alone. Not given: none, and
    /// the best 200 items with all the words are looked at.
    pub phrases: Vec<String>,
    /// The fields whose values are categories: asked for by their names, and by what words speak of them. Not given: `categories` and `genres`.
    pub categories: Option<Vec<String>>,
    /// Words that mean the same, in groups.
    pub synonyms: Vec<Vec<String>>,
    /// What comes first where exactly these words are asked: the ids of items, in their order.
    pub pinned: BTreeMap<String, Vec<String>>,
}

/// Questions whose answers somebody judged, by which the search is measured.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct JudgedTopics {
    /// The file of what is asked: TREC's `<top>` with `<num>` and `<title>`, or a line each with an id, a tab and the words.
    pub topics: PathBuf,
    /// The file of what is relevant: a line each with the topic's id, 0, the item's id and how relevant it is, as TREC's qrels.
    pub judgments: PathBuf,
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Language, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(de::Error::custom)
}

/// Numbers above 0.
fn boosts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, f64>, D::Error> {
    let boosts: BTreeMap<String, f64> = BTreeMap::deserialize(deserializer)?;
    match boosts
        .iter()
        .find(|(_, boost)| !(1e-3..=1e3).contains(*boost))
    {
        None => Ok(boosts),
        Some((field, boost)) => Err(de::Error::custom(format!(
            "`{field}` counts {boost}: write a number from 0.001 to 1000, or leave the field out"
        ))),
    }
}
