//! Records as the answers show them: flat objects.

use index::catalogue::{Record, Value};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// Members that an item of an answer has of its own; a field of the catalogue of the same name is not shown.
pub const OWN_MEMBERS: [&str; 8] = [
    "id",
    "title",
    "score",
    "reasons",
    "rules",
    "match",
    "distance_km",
    "highlights",
];

/// The field that holds the address of a picture; shown as an empty text where there is none, so that pages need not ask.
pub const IMAGE_FIELD: &str = "image";

/// The field that holds the year in which an item came out.
pub const YEAR_FIELD: &str = "year";

/// An item of an answer: id, title, the fields of its record, and what the question adds.
#[derive(Clone, Debug)]
pub struct Item {
    /// What the catalogue knows.
    pub record: Record,
    /// How well it fits, where that was the question.
    pub score: Option<f32>,
    /// Why it fits, where that was the question.
    pub reasons: Option<Vec<Reason>>,
    /// The rules that promise it, where that was the question.
    pub rules: Option<Vec<Rule>>,
}

/// What one item of the history gave to a score.
#[derive(Clone, Debug, Serialize)]
pub struct Reason {
    /// The history's item.
    #[serde(flatten)]
    pub name: Name,
    /// Its share.
    pub contribution: f32,
}

/// A rule that fired: who has the antecedent, has the item as well.
#[derive(Clone, Debug, Serialize)]
pub struct Rule {
    /// What it asks for.
    pub antecedent: Vec<Name>,
    /// In how many baskets all of it is.
    pub support: u32,
    /// The share of the antecedent's baskets that have the item.
    pub confidence: f32,
    /// The confidence by the share of all baskets that have the item.
    pub lift: f64,
    /// The share of baskets that have all of it, less what it would be if the two had nothing to do with each other.
    pub leverage: f64,
    /// How much more often the rule would be wrong if the two had nothing to do with each other; absent where it never is.
    pub conviction: Option<f64>,
}

/// An item by its names alone.
#[derive(Clone, Debug, Serialize)]
pub struct Name {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
}

impl Item {
    /// An item with its score.
    pub fn scored(record: Record, score: f32) -> Self {
        Self {
            score: Some(score),
            ..Self::from(record)
        }
    }
}

impl From<Record> for Item {
    fn from(record: Record) -> Self {
        Self {
            record,
            score: None,
            reasons: None,
            rules: None,
        }
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("id", &self.record.id)?;
        members.serialize_entry("title", &self.record.title)?;
        for (name, value) in &self.record.fields {
            let name = &**name;
            if OWN_MEMBERS.contains(&name) || name == IMAGE_FIELD {
                continue;
            }
            match value {
                Value::Text(text) => members.serialize_entry(name, text)?,
                Value::Integer(integer) => members.serialize_entry(name, integer)?,
                Value::Real(real) => members.serialize_entry(name, real)?,
                Value::TextList(texts) => members.serialize_entry(name, texts)?,
            }
        }
        members.serialize_entry(IMAGE_FIELD, image(&self.record))?;
        if let Some(score) = self.score {
            members.serialize_entry("score", &score)?;
        }
        if let Some(reasons) = &self.reasons {
            members.serialize_entry("reasons", reasons)?;
        }
        if let Some(rules) = &self.rules {
            members.serialize_entry("rules", rules)?;
        }
        members.end()
    }
}

/// The address of the item's picture, or an empty text.
pub fn image(record: &Record) -> &str {
    match record.fields.get(IMAGE_FIELD) {
        Some(Value::Text(address)) => address,
        _ => "",
    }
}

/// The year in which the item came out.
pub fn year(record: &Record) -> Option<i64> {
    match record.fields.get(YEAR_FIELD) {
        Some(Value::Integer(year)) => Some(*year),
        _ => None,
    }
}
