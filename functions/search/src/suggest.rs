//! What somebody may be about to write.

use index::{FileKind, Keys, Suggestion, TextQuestion};
use kit::{
    Call, Collection, Keeping, Needs, Provenance,
    http::Response,
    limits::{COUNT_RANGE, DEFAULT_COUNT, MAXIMUM_WORD_COUNT},
    problem::Problem,
};
use serde::Serialize;

use crate::wish::asked_words;

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    suggestions: Vec<Suggested>,
}

/// A query, and what it would lead to.
#[derive(Serialize)]
struct Suggested {
    query: String,
    /// The field whose value it ends with; absent where it is the title of an item.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// How many items have that value.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    /// The item of this title.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// `GET /v1/{collection}/suggest`.
pub(crate) fn suggest(call: &Call<'_>) -> Result<Response, Problem> {
    let query = call.query(&["q", "count"])?;
    let text = query.get("q").unwrap_or_default().to_owned();
    let count = query.count("count", COUNT_RANGE, DEFAULT_COUNT)?;
    let needs = Needs {
        kinds: &|_| vec![FileKind::Text],
        keys: Keys {
            ids: &[],
            titles: &[],
        },
    };
    call.answer_from(&needs, Keeping::Everybody, &mut |collection| {
        answer(collection, &text, count)
    })
}

/// Values of fields, and then titles.
fn answer(collection: &Collection<'_>, text: &str, count: usize) -> Result<Response, Problem> {
    let generation = &collection.generation;
    let mut words = asked_words(text, true);
    words.truncate(MAXIMUM_WORD_COUNT);
    let mut suggestions = Vec::new();
    let names = generation.suggestions(&words, count.div_ceil(2))?;
    if !words.is_empty() {
        let typed: Vec<&str> = words.iter().map(|word| word.typed.as_str()).collect();
        suggestions.extend(names.into_iter().map(|name| of_name(name, &typed)));
        let found = generation.search(&TextQuestion {
            count: count - suggestions.len(),
            words,
            ..TextQuestion::default()
        })?;
        let numbers: Vec<u32> = found.hits.iter().map(|hit| hit.item).collect();
        let records = generation.records(&numbers)?.into_iter();
        suggestions.extend(records.map(|record| Suggested {
            query: record.title,
            field: None,
            count: None,
            id: Some(record.id),
        }));
    }
    Response::json(Answer {
        provenance: collection.provenance(),
        suggestions,
    })
}

/// The words before a name, and the name.
fn of_name(name: Suggestion, typed: &[&str]) -> Suggested {
    let before = typed.len().saturating_sub(name.word_count);
    let mut query = typed.get(..before).unwrap_or_default().join(" ");
    if !query.is_empty() {
        query.push(' ');
    }
    query.push_str(&name.name);
    Suggested {
        query,
        field: Some(name.field),
        count: Some(name.item_count),
        id: None,
    }
}
