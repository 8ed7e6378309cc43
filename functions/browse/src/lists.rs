//! Items without a history: like one, popular, to rate first.

use index::{Algorithm, FileKind, Keys, Question};
use kit::{
    Call, Collection, Keeping, Needs, Provenance,
    filter::filter_of_query,
    http::Response,
    limits::{COUNT_RANGE, DEFAULT_COUNT, DEFAULT_ONBOARDING_COUNT},
    problem::Problem,
    record::Item,
};
use pointer::Manifest;
use serde::Serialize;

/// What lists for everybody need.
const POPULARITY: Needs<'_> = Needs {
    kinds: &|_| vec![FileKind::Popularity],
    keys: Keys {
        ids: &[],
        titles: &[],
    },
};

/// What tells items that are alike, the best first: an item that nobody has touched has its own words.
const SIMILAR: [Algorithm; 2] = [Algorithm::Neighbours, Algorithm::Content];

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    items: Vec<Item>,
}

/// `GET /v1/{collection}/items/{id}/similar`.
pub(crate) fn similar(call: &Call<'_>) -> Result<Response, Problem> {
    let query = call.query(&["count", "filter"])?;
    let count = query.count("count", COUNT_RANGE, DEFAULT_COUNT)?;
    let filter = filter_of_query(&query, "filter")?;
    let kinds = |manifest: &Manifest| {
        let has = |kind: &FileKind| manifest.files.contains_key(kind.name());
        SIMILAR
            .map(Algorithm::file)
            .into_iter()
            .find(has)
            .into_iter()
            .collect()
    };
    let needs = Needs {
        kinds: &kinds,
        keys: Keys {
            ids: &[call.parameter("id")],
            titles: &[],
        },
    };
    call.answer_from(&needs, Keeping::Everybody, &mut |collection| {
        let item = collection.item(call.parameter("id"))?;
        let generation = &collection.generation;
        if !SIMILAR
            .iter()
            .any(|algorithm| generation.has(algorithm.file()))
        {
            return Err(Problem::NotInGeneration {
                file: FileKind::Neighbours,
            });
        }
        let mut similar = Vec::new();
        for algorithm in SIMILAR {
            if similar.is_empty() && generation.has(algorithm.file()) {
                similar = generation.similar(algorithm, item, filter.clone(), count)?;
            }
        }
        answer(collection, collection.scored(&similar)?)
    })
}

/// `GET /v1/{collection}/popular`.
pub(crate) fn popular(call: &Call<'_>) -> Result<Response, Problem> {
    let query = call.query(&["count", "filter"])?;
    let question = Question {
        count: query.count("count", COUNT_RANGE, DEFAULT_COUNT)?,
        filter: filter_of_query(&query, "filter")?,
        ..Question::default()
    };
    call.answer_from(&POPULARITY, Keeping::Everybody, &mut |collection| {
        let popular = collection.generation.popular(&question)?;
        answer(collection, collection.scored(&popular)?)
    })
}

/// `GET /v1/{collection}/onboarding`.
pub(crate) fn onboarding(call: &Call<'_>) -> Result<Response, Problem> {
    let query = call.query(&["count"])?;
    let count = query.count("count", COUNT_RANGE, DEFAULT_ONBOARDING_COUNT)?;
    call.answer_from(&POPULARITY, Keeping::Everybody, &mut |collection| {
        let mut numbers = collection.generation.onboarding()?;
        numbers.truncate(count);
        let records = collection.generation.records(&numbers)?;
        answer(collection, records.into_iter().map(Item::from).collect())
    })
}

fn answer(collection: &Collection<'_>, items: Vec<Item>) -> Result<Response, Problem> {
    Response::json(Answer {
        provenance: collection.provenance(),
        items,
    })
}
