//! What a request for recommendations says, read and checked before anything is opened.

use index::{Algorithm, catalogue::Filter};
use kit::{
    filter::{filter, filter_of_query},
    history::{Entry, entries, entry_of_text},
    json::Node,
    limits::{COUNT_RANGE, DEFAULT_COUNT, MAXIMUM_EXCLUDE_COUNT, MAXIMUM_HISTORY_COUNT},
    problem::Problem,
    query::Query,
};

/// Members of the body, and parameters of the query.
pub(crate) const MEMBERS: [&str; 8] = [
    "history",
    "algorithm",
    "count",
    "filter",
    "preferences",
    "exclude",
    "diversity",
    "explain",
];

/// A request for recommendations.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) history: Vec<Entry>,
    pub(crate) choice: Choice,
    pub(crate) count: usize,
    pub(crate) filter: Filter,
    pub(crate) preferences: Filter,
    /// Ids.
    pub(crate) exclude: Vec<String>,
    pub(crate) diversity: f32,
    pub(crate) explain: bool,
}

/// How to find the items.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Choice {
    /// By the best that the collection has, and what is popular where that has nothing to say.
    Auto,
    /// By this and nothing else.
    Only(Algorithm),
}

impl Choice {
    fn new(name: &str) -> Result<Self, Problem> {
        if name == "auto" {
            return Ok(Self::Auto);
        }
        let named = Algorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name);
        named.map(Self::Only).ok_or_else(|| Problem::InvalidValue {
            field: "algorithm".to_owned(),
            what: format!(
                "is to be `auto` or one of `{}`",
                Algorithm::ALL.map(Algorithm::name).join("`, `")
            ),
        })
    }
}

impl Wish {
    /// Reads a body.
    pub(crate) fn of_body(body: &Node<'_>) -> Result<Self, Problem> {
        let members = body.members(&MEMBERS)?;
        let list = |name, limit| match members.get(name) {
            Some(node) => node.list(limit),
            None => Ok(Vec::new()),
        };
        Ok(Self {
            history: entries(&list("history", MAXIMUM_HISTORY_COUNT)?)?,
            choice: match members.get("algorithm") {
                Some(node) => Choice::new(node.text()?)?,
                None => Choice::Auto,
            },
            count: match members.get("count") {
                Some(node) => node.count(COUNT_RANGE)?,
                None => DEFAULT_COUNT,
            },
            filter: match members.get("filter") {
                Some(node) => filter(&node)?,
                None => Filter::default(),
            },
            preferences: match members.get("preferences") {
                Some(node) => filter(&node)?,
                None => Filter::default(),
            },
            exclude: list("exclude", MAXIMUM_EXCLUDE_COUNT)?
                .iter()
                .map(|node| Ok(node.text()?.to_owned()))
                .collect::<Result<_, Problem>>()?,
            diversity: match members.get("diversity") {
                Some(node) => node.number_within(0.0..=1.0)? as f32,
                None => 0.0,
            },
            explain: match members.get("explain") {
                Some(node) => node.flag()?,
                None => false,
            },
        })
    }

    /// Reads a query, where a history is written as `1,2:4.5` and the filter as JSON.
    pub(crate) fn of_query(query: &Query) -> Result<Self, Problem> {
        let history = query
            .list("history", MAXIMUM_HISTORY_COUNT)?
            .into_iter()
            .enumerate()
            .map(|(position, text)| entry_of_text(text, position))
            .collect();
        let diversity = query.number("diversity")?.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&diversity) {
            return Err(Problem::OutOfRange {
                field: "diversity".to_owned(),
                minimum: 0.0,
                maximum: 1.0,
            });
        }
        Ok(Self {
            history,
            choice: Choice::new(query.get("algorithm").unwrap_or("auto"))?,
            count: query.count("count", COUNT_RANGE, DEFAULT_COUNT)?,
            filter: filter_of_query(query, "filter")?,
            preferences: filter_of_query(query, "preferences")?,
            exclude: query
                .list("exclude", MAXIMUM_EXCLUDE_COUNT)?
                .into_iter()
                .map(str::to_owned)
                .collect(),
            diversity: diversity as f32,
            explain: query.flag("explain")?.unwrap_or(false),
        })
    }
}
