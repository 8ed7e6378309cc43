//! The names and shapes that older frontends know, served from the default collection.
//!
//! They tolerate what those pages send: members and parameters that mean nothing, ratings beyond the scale, titles that nobody knows.

use index::{
    Algorithm, FileKind, Keys, Question, catalogue::Record, popularity::POPULAR_MAX_COUNT,
    recommend::HistoryItem,
};
use kit::{
    Call, Collection, Needs,
    history::weight_on,
    http::Response,
    json::{BODY, Node},
    limits::{COUNT_RANGE, DEFAULT_COUNT, MAXIMUM_HISTORY_COUNT},
    problem::Problem,
    query::Query,
    ranking::Ranking,
    record::{image, year},
};
use serde::Serialize;

/// How many films those pages show for rating.
const DEFAULT_RANDOM_COUNT: usize = 4;

/// `GET /`.
#[expect(clippy::unnecessary_wraps, reason = "the type of every route")]
pub(crate) fn working(_: &Call<'_>) -> Result<Response, Problem> {
    Ok(Response::text("working"))
}

/// `GET /getrandom?count=4`: some well-known items.
pub(crate) fn random(call: &Call<'_>) -> Result<Response, Problem> {
    old_shape(try_random(call))
}

/// `POST /getrecomcollab` with `[{"title", "rating"}]`.
pub(crate) fn recommend_for_titles(call: &Call<'_>) -> Result<Response, Problem> {
    old_shape(try_recommend_for_titles(call))
}

/// Those pages know one status for all that can go wrong.
fn old_shape(result: Result<Response, Problem>) -> Result<Response, Problem> {
    match result {
        Ok(response) => Ok(response),
        Err(problem) => {
            let error = problem.to_string();
            Ok(Response::json(OldError { error })?.with_status(500))
        }
    }
}

#[derive(Serialize)]
struct OldError {
    error: String,
}

#[derive(Serialize)]
struct RandomAnswer {
    ids: Vec<RandomItem>,
}

#[derive(Serialize)]
struct RandomItem {
    #[serde(rename = "movieId")]
    id: String,
    title: String,
    actual: String,
    #[serde(rename = "imageurl")]
    image: String,
}

fn try_random(call: &Call<'_>) -> Result<Response, Problem> {
    let query = Query::parse(&call.request.query)?;
    let count = query.count("count", COUNT_RANGE, DEFAULT_RANDOM_COUNT)?;
    let needs = Needs {
        kinds: &|_| vec![FileKind::Popularity],
        keys: Keys::default(),
    };
    let default_collection = &call.context.settings().default_collection;
    let collection = call.context.open(default_collection, &needs)?;
    let popular = collection.generation.popular(&Question {
        count: POPULAR_MAX_COUNT,
        ..Question::default()
    })?;
    let numbers = popular.into_iter().map(|scored| scored.item).collect();
    let picked = pick(numbers, count, call.context.random());
    let ids = collection
        .generation
        .records(&picked)?
        .into_iter()
        .map(|record| RandomItem {
            actual: title_with_year(&record),
            image: image(&record).to_owned(),
            id: record.id,
            title: record.title,
        })
        .collect();
    Response::json(RandomAnswer { ids })
}

#[derive(Serialize)]
struct RecommendedItem {
    #[serde(rename = "movieId")]
    id: String,
    title: String,
    #[serde(rename = "imageurl")]
    image: String,
    year: Option<i64>,
}

fn try_recommend_for_titles(call: &Call<'_>) -> Result<Response, Problem> {
    let body = call.body()?;
    let rated: Vec<(&str, Option<f64>)> = Node::new(&body, BODY)
        .list(MAXIMUM_HISTORY_COUNT)?
        .iter()
        .map(|node| {
            let members = node.any_members()?;
            let Some(title) = members.get("title") else {
                return Err(node.invalid("has no `title`"));
            };
            let rating = members
                .get("rating")
                .map(|node| node.number())
                .transpose()?;
            Ok((title.text()?, rating))
        })
        .collect::<Result<_, Problem>>()?;
    let titles: Vec<&str> = rated.iter().map(|(title, _)| *title).collect();
    let needs = Needs {
        kinds: &|_| vec![FileKind::Neighbours],
        keys: Keys {
            ids: &[],
            titles: &titles,
        },
    };
    let default_collection = &call.context.settings().default_collection;
    let collection = call.context.open(default_collection, &needs)?;
    let found = collection.generation.items_of_titles(&titles)?.into_iter();
    let ratings = rated.iter().map(|(_, rating)| *rating);
    let history = history(found, ratings, &collection);
    let ranking = Ranking::by_anything(
        &collection,
        &Question {
            history,
            count: DEFAULT_COUNT,
            ..Question::default()
        },
    )?;
    let numbers: Vec<u32> = ranking.items.iter().map(|scored| scored.item).collect();
    let items: Vec<RecommendedItem> = collection
        .generation
        .records(&numbers)?
        .into_iter()
        .map(|record| RecommendedItem {
            image: image(&record).to_owned(),
            year: year(&record),
            id: record.id,
            title: record.title,
        })
        .collect();
    Response::json(items)
}

/// `POST /getrecom` with `[{"movieId", "rating"}]`: five films by clusters.
pub(crate) fn recommend_for_ids(call: &Call<'_>) -> Result<Response, Problem> {
    old_shape(try_recommend_for_ids(call))
}

/// How many films those pages show.
const OLD_RESULT_COUNT: usize = 5;

#[derive(Serialize)]
struct ResultsAnswer {
    results: Vec<ResultItem>,
}

#[derive(Serialize)]
struct ResultItem {
    title: String,
    #[serde(rename = "imageurl")]
    image: String,
}

fn try_recommend_for_ids(call: &Call<'_>) -> Result<Response, Problem> {
    let body = call.body()?;
    let rated: Vec<(String, f64)> = Node::new(&body, BODY)
        .list(MAXIMUM_HISTORY_COUNT)?
        .iter()
        .map(|node| {
            let members = node.any_members()?;
            let (Some(id), Some(rating)) = (members.get("movieId"), members.get("rating")) else {
                return Err(node.invalid("has no `movieId` or no `rating`"));
            };
            // Some pages send the number, and some its text.
            let id = match id.value().as_u64() {
                Some(number) => number.to_string(),
                None => id.text()?.to_owned(),
            };
            Ok((id, rating.number()?))
        })
        .collect::<Result<_, Problem>>()?;
    let ids: Vec<&str> = rated.iter().map(|(id, _)| id.as_str()).collect();
    let needs = Needs {
        kinds: &|_| vec![FileKind::Clusters],
        keys: Keys {
            ids: &ids,
            titles: &[],
        },
    };
    let default_collection = &call.context.settings().default_collection;
    let collection = call.context.open(default_collection, &needs)?;
    let generation = &collection.generation;
    let found = generation.items_of_ids(&ids)?.into_iter();
    let ratings = rated.iter().map(|(_, rating)| *rating);
    let question = Question {
        history: history(found, ratings.map(Some), &collection),
        count: OLD_RESULT_COUNT,
        ..Question::default()
    };
    let items = Ranking::by_or_anything(Algorithm::Clusters, &collection, &question)?.items;
    let numbers: Vec<u32> = items.iter().map(|scored| scored.item).collect();
    let results = generation.records(&numbers)?.into_iter();
    let results = results.map(|record| ResultItem {
        image: image(&record).to_owned(),
        title: record.title,
    });
    Response::json(ResultsAnswer {
        results: results.collect(),
    })
}

/// The history of rated items, those that are known; of two ratings for one item the later counts.
fn history(
    found: impl Iterator<Item = Option<u32>>,
    ratings: impl Iterator<Item = Option<f64>>,
    collection: &Collection<'_>,
) -> Vec<HistoryItem> {
    let mut history: Vec<HistoryItem> = Vec::new();
    for (item, rating) in found.zip(ratings) {
        let Some(item) = item else { continue };
        let weight = match (rating, collection.manifest.values) {
            (Some(rating), Some(scale)) => weight_on(rating as f32, scale),
            _ => 1.0,
        };
        history.retain(|earlier| earlier.item != item);
        history.push(HistoryItem { item, weight });
    }
    history
}

/// `POST /api/recommend` with `{"songs"}`: songs that go with them.
pub(crate) fn recommend_songs(call: &Call<'_>) -> Result<Response, Problem> {
    old_shape(try_recommend_songs(call))
}

#[derive(Serialize)]
struct SongsAnswer {
    songs: Vec<String>,
    version: String,
    model_date: String,
}

fn try_recommend_songs(call: &Call<'_>) -> Result<Response, Problem> {
    let body = call.body()?;
    let members = Node::new(&body, BODY).any_members()?;
    let songs: Vec<Node<'_>> = match members.get("songs") {
        Some(node) => node.list(MAXIMUM_HISTORY_COUNT)?,
        None => Vec::new(),
    };
    let songs: Vec<&str> = songs
        .iter()
        .map(Node::text)
        .collect::<Result<_, Problem>>()?;
    // Those pages know songs by their titles; an id tells two songs of one title apart.
    let needs = Needs {
        kinds: &|_| vec![FileKind::Rules],
        keys: Keys {
            ids: &songs,
            titles: &songs,
        },
    };
    let playlists = &call.context.settings().playlist_collection;
    let collection = call.context.open(playlists, &needs)?;
    let generation = &collection.generation;
    let by_id = generation.items_of_ids(&songs)?;
    let by_title = generation.items_of_titles(&songs)?;
    let found = by_id.into_iter().zip(by_title);
    let mut known: Vec<u32> = Vec::new();
    for item in found.filter_map(|(by_id, by_title)| by_id.or(by_title)) {
        if !known.contains(&item) {
            known.push(item);
        }
    }
    let question = Question {
        history: known
            .into_iter()
            .map(|item| HistoryItem { item, weight: 1.0 })
            .collect(),
        count: DEFAULT_COUNT,
        ..Question::default()
    };
    let items = Ranking::by_or_anything(Algorithm::Rules, &collection, &question)?.items;
    let numbers: Vec<u32> = items.iter().map(|scored| scored.item).collect();
    let records = generation.records(&numbers)?;
    Response::json(SongsAnswer {
        songs: records.into_iter().map(|record| record.title).collect(),
        version: collection.manifest.generation.clone(),
        model_date: collection.manifest.created_at.clone(),
    })
}

/// `count` of `numbers`, each set as likely as any other: the first steps of a Fisher-Yates shuffle.
fn pick(mut numbers: Vec<u32>, count: usize, seed: u64) -> Vec<u32> {
    let mut state = seed;
    for position in 0..count.min(numbers.len()) {
        let left = numbers.len() - position;
        let other = position + (split_mix(&mut state) % left as u64) as usize;
        numbers.swap(position, other);
    }
    numbers.truncate(count);
    numbers
}

/// Steele, Lea and Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// `Toy Story (1995)`.
fn title_with_year(record: &Record) -> String {
    match year(record) {
        Some(year) => format!("{} ({year})", record.title),
        None => record.title.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pick_has_every_number_at_most_once_and_differs_by_seed() {
        let numbers: Vec<u32> = (0..20).collect();
        for seed in 0..50 {
            let mut picked = pick(numbers.clone(), 7, seed);
            picked.sort_unstable();
            picked.dedup();
            assert_eq!(picked.len(), 7);
        }
        assert_ne!(pick(numbers.clone(), 7, 1), pick(numbers.clone(), 7, 2));
        assert_eq!(pick(numbers, 30, 1).len(), 20);
        assert!(pick(Vec::new(), 3, 1).is_empty());
    }
}
