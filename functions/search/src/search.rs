//! Items by their words.

use std::collections::BTreeMap;

use index::{
    FacetCounts, FileKind, Generation, Highlighter, Hit, Keys, Question, TextQuestion,
    catalogue::Record,
    recommend::{HistoryItem, in_item_order},
};
use kit::{
    Call, Collection, Keeping, Needs, Provenance, http::Response, problem::Problem, ranking,
    record::Item,
};
use serde::Serialize;

use crate::{
    cursor::Cursor,
    interpretation::Interpretation,
    wish::{PARAMETERS, Wish},
};

/// What an item is shown with, whichever fields are asked for.
const ALWAYS_SHOWN: [&str; 3] = ["id", "title", "image"];

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    interpretation: Interpretation,
    /// How many items were found; of very common words, not all are counted.
    total: usize,
    /// The ids of the history that the catalogue does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown: Vec<String>,
    items: Vec<FoundItem>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    facets: BTreeMap<String, Facet>,
    /// What leads to the items behind these.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

#[derive(Serialize)]
struct FoundItem {
    #[serde(flatten)]
    item: Item,
    #[serde(rename = "match")]
    found_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_km: Option<f64>,
    /// By field, the texts with words of the query, which are marked.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    highlights: BTreeMap<String, Vec<String>>,
}

/// How often a field has each value, or between what its numbers are.
#[derive(Serialize)]
struct Facet {
    values: Vec<FacetValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<f64>,
}

#[derive(Serialize)]
struct FacetValue {
    value: String,
    count: usize,
}

/// `GET /v1/{collection}/search`.
pub(crate) fn search(call: &Call<'_>) -> Result<Response, Problem> {
    let wish = Wish::of(&call.query(&PARAMETERS)?)?;
    let ids: Vec<&str> = wish.history.iter().map(String::as_str).collect();
    let needs = Needs {
        kinds: &|_| vec![FileKind::Text],
        keys: Keys {
            ids: &ids,
            titles: &[],
        },
    };
    let generation = wish
        .cursor
        .as_ref()
        .map(|cursor| cursor.generation.as_str());
    let keeping = if wish.history.is_empty() {
        Keeping::Everybody
    } else {
        Keeping::Asker
    };
    call.answer_from_generation(generation, &needs, keeping, &mut |collection| {
        answer(collection, &wish, &ids)
    })
}

fn answer(collection: &Collection<'_>, wish: &Wish, ids: &[&str]) -> Result<Response, Problem> {
    let generation = &collection.generation;
    let mut question = wish.question.clone();
    check_fields(generation, &wish.fields)?;
    let history = generation.items_of_ids(ids)?;
    question.personal = personal(collection, &history);
    // One more says whether there is another page.
    let end = question.count;
    question.count += 1;
    let found = generation.search(&question);
    let found = found.map_err(|error| named(error.into(), &question))?;
    let hits = found.hits.get(wish.first()..end.min(found.hits.len()));
    let hits = hits.unwrap_or_default();
    let mut interpretation = Interpretation::of(&question.words, &found, hits);
    interpretation.notes.extend(wish.notes.iter().cloned());
    let current = &collection.manifest.generation;
    if wish
        .cursor
        .as_ref()
        .is_some_and(|cursor| cursor.generation != *current)
    {
        let note = "the collection was published anew, and what the page before was of is gone: items may come twice";
        interpretation.notes.push(note.to_owned());
    }
    let cursor = Cursor::behind(end, current).filter(|_| end < found.hits.len());
    let highlighter = generation.highlighter(&found)?;
    let numbers: Vec<u32> = hits.iter().map(|hit| hit.item).collect();
    let records = generation.records(&numbers)?.into_iter();
    let item = |(record, hit)| found_item(record, hit, &highlighter, &wish.fields);
    Response::json(Answer {
        provenance: collection.provenance(),
        interpretation,
        total: found.total,
        unknown: unknown(ids, &history),
        items: records.zip(hits).map(item).collect(),
        facets: found.facets.into_iter().map(facet).collect(),
        cursor: cursor.map(|cursor| cursor.to_text()),
    })
}

/// Says of an unknown field in which parameter it is, where that is not the filter.
fn named(problem: Problem, question: &TextQuestion) -> Problem {
    let parameter = |field: &str| {
        let field = field.strip_prefix("filter.")?.to_owned();
        let is_sorted_by = question
            .sort
            .as_ref()
            .is_some_and(|sort| sort.field == field);
        match () {
            () if question.filter.fields.contains_key(&field) => None,
            () if is_sorted_by => Some(format!("sort={field}")),
            () => Some(format!("facets={field}")),
        }
    };
    match problem {
        Problem::UnknownField { field, known } => Problem::UnknownField {
            field: parameter(&field).unwrap_or(field),
            known,
        },
        problem => problem,
    }
}

/// Refuses to show what no item has.
fn check_fields(generation: &Generation<'_>, fields: &[String]) -> Result<(), Problem> {
    let others = generation.field_names();
    let others = others.filter(|name| !ALWAYS_SHOWN.contains(name));
    let known: Vec<&str> = ALWAYS_SHOWN.into_iter().chain(others).collect();
    match fields.iter().find(|field| !known.contains(&field.as_str())) {
        None => Ok(()),
        Some(field) => Err(Problem::UnknownField {
            field: format!("fields={field}"),
            known: known.into_iter().map(str::to_owned).collect(),
        }),
    }
}

/// What would be recommended to whoever likes these items, as far as they are known.
fn personal(collection: &Collection<'_>, items: &[Option<u32>]) -> Option<Question> {
    let items = items.iter().copied().flatten();
    let history = items.map(|item| HistoryItem { item, weight: 1.0 });
    let mut history = in_item_order(&history.collect::<Vec<_>>());
    history.dedup();
    (!history.is_empty()).then(|| Question {
        by: ranking::chosen(&collection.manifest, history.len()),
        history,
        ..Question::default()
    })
}

/// The ids that are those of no item.
fn unknown(ids: &[&str], items: &[Option<u32>]) -> Vec<String> {
    let unknown = ids.iter().zip(items).filter(|(_, item)| item.is_none());
    unknown.map(|(id, _)| (*id).to_owned()).collect()
}

fn found_item(
    mut record: Record,
    hit: &Hit,
    highlighter: &Highlighter,
    fields: &[String],
) -> FoundItem {
    let mut highlights = BTreeMap::new();
    let mut highlight = |name: &str, texts: &[String]| {
        if !highlighter.reads(name) {
            return;
        }
        let marked = texts.iter().filter_map(|text| highlighter.mark(text));
        let marked: Vec<String> = marked.collect();
        if !marked.is_empty() {
            highlights.insert(name.to_owned(), marked);
        }
    };
    highlight("title", std::slice::from_ref(&record.title));
    for (name, value) in &record.fields {
        highlight(name, value.texts());
    }
    if !fields.is_empty() {
        record
            .fields
            .retain(|name, _| fields.iter().any(|field| **field == **name));
    }
    FoundItem {
        item: Item::scored(record, hit.score),
        found_by: hit.found_by.name(),
        // To ten metres.
        distance_km: hit
            .distance_m
            .map(|distance| (distance / 10.0).round() / 100.0),
        highlights,
    }
}

fn facet(counts: FacetCounts) -> (String, Facet) {
    let values = counts.values.into_iter();
    let facet = Facet {
        values: values
            .map(|(value, count)| FacetValue { value, count })
            .collect(),
        minimum: counts.range.map(|(minimum, _)| minimum),
        maximum: counts.range.map(|(_, maximum)| maximum),
    };
    (counts.field, facet)
}
