//! The baskets that are like one: playlists near to some songs.

use index::{FileKind, Keys, recommend::Scored};
use kit::{
    Call, Collection, Keeping, Needs, Provenance,
    history::{entries, names, resolve},
    http::Response,
    json::{BODY, Node},
    limits::{COUNT_RANGE, DEFAULT_COUNT, MAXIMUM_HISTORY_COUNT},
    problem::Problem,
    record::Name,
};
use serde::Serialize;

/// How many of its other items a basket is shown with.
const OTHERS_COUNT: usize = 5;

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    unknown: Vec<String>,
    baskets: Vec<BasketAnswer>,
}

#[derive(Serialize)]
struct BasketAnswer {
    id: String,
    name: String,
    /// The cosine of the two sets, to within the rounding of the file.
    score: f32,
    item_count: usize,
    shared_count: usize,
    /// Some of what it has beside.
    others: Vec<Name>,
}

/// `POST /v1/{collection}/baskets`.
pub(crate) fn nearest(call: &Call<'_>) -> Result<Response, Problem> {
    let body = call.body()?;
    let members = Node::new(&body, BODY).members(&["history", "count"])?;
    let history = match members.get("history") {
        Some(node) => entries(&node.list(MAXIMUM_HISTORY_COUNT)?)?,
        None => Vec::new(),
    };
    let count = match members.get("count") {
        Some(node) => node.count(COUNT_RANGE)?,
        None => DEFAULT_COUNT,
    };
    let (ids, titles) = names(&history, &[]);
    let needs = Needs {
        kinds: &|_| vec![FileKind::Baskets],
        keys: Keys {
            ids: &ids,
            titles: &titles,
        },
    };
    call.answer_from(&needs, Keeping::Asker, &mut |collection| {
        let resolved = resolve(collection, &history, &[])?;
        let generation = &collection.generation;
        let nearest = generation.nearest_baskets(&resolved.history, count)?;
        // Ascending, as the history is.
        let known: Vec<u32> = resolved.history.iter().map(|entry| entry.item).collect();
        Response::json(Answer {
            provenance: collection.provenance(),
            unknown: resolved.unknown,
            baskets: render(collection, &nearest, &known)?,
        })
    })
}

/// Two batches: the baskets, and the records of what they are shown with.
fn render(
    collection: &Collection<'_>,
    nearest: &[Scored],
    known: &[u32],
) -> Result<Vec<BasketAnswer>, Problem> {
    let generation = &collection.generation;
    let numbers: Vec<u32> = nearest.iter().map(|scored| scored.item).collect();
    let baskets = generation.basket_records(&numbers)?;
    let others = |items: &[u32]| -> Vec<u32> {
        let others = items
            .iter()
            .filter(|item| known.binary_search(item).is_err());
        others.take(OTHERS_COUNT).copied().collect()
    };
    let shown: Vec<u32> = baskets
        .iter()
        .flat_map(|basket| others(&basket.items))
        .collect();
    let mut records = generation.records(&shown)?.into_iter();
    let answer = |(basket, scored): (index::baskets::Basket, &Scored)| {
        let shared_count = basket
            .items
            .iter()
            .filter(|item| known.binary_search(item).is_ok())
            .count();
        let others = records.by_ref().take(others(&basket.items).len());
        BasketAnswer {
            score: scored.score,
            item_count: basket.items.len(),
            shared_count,
            others: others
                .map(|record| Name {
                    id: record.id,
                    title: record.title,
                })
                .collect(),
            id: basket.id,
            name: basket.name,
        }
    };
    Ok(baskets.into_iter().zip(nearest).map(answer).collect())
}
