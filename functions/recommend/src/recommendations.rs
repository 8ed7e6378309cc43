//! Recommendations for a history.

use index::{
    FileKind, Keys, Question,
    recommend::{Reason, Scored},
};
use kit::{
    Call, Collection, Keeping, Needs, Provenance,
    http::Response,
    json::{BODY, Node},
    problem::Problem,
    record::{self, Item},
};
use serde::Serialize;

use crate::{
    history::{names, resolve},
    wish::{Algorithm, MEMBERS, Wish},
};

const NO_HISTORY: &str = "There is no history, so these are popular items.";
const NOTHING_KNOWN: &str = "Nothing of the history is known here, so these are popular items.";
const NOTHING_FOLLOWS: &str = "Nothing follows from the history, so these are popular items.";

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    algorithm: &'static str,
    fallback: Option<&'static str>,
    unknown: Vec<String>,
    items: Vec<Item>,
}

/// `POST /v1/{collection}/recommendations`.
pub(crate) fn by_body(call: &Call<'_>) -> Result<Response, Problem> {
    let body = call.body()?;
    respond(call, &Wish::of_body(&Node::new(&body, BODY))?)
}

/// `GET /v1/{collection}/recommendations`.
pub(crate) fn by_query(call: &Call<'_>) -> Result<Response, Problem> {
    respond(call, &Wish::of_query(&call.query(&MEMBERS)?)?)
}

fn respond(call: &Call<'_>, wish: &Wish) -> Result<Response, Problem> {
    // That nothing follows from a history is rare: what is popular is read when it comes to that.
    let kinds: &[FileKind] = match wish.algorithm {
        Algorithm::Auto if !wish.history.is_empty() => &[FileKind::Neighbours],
        Algorithm::Auto | Algorithm::Popular => &[FileKind::Popularity],
        Algorithm::Neighbours => &[FileKind::Neighbours],
    };
    let (ids, titles) = names(&wish.history, &wish.exclude);
    let keys = Keys {
        ids: &ids,
        titles: &titles,
    };
    let needs = Needs { kinds, keys };
    let keeping = if wish.history.is_empty() && wish.exclude.is_empty() {
        Keeping::Everybody
    } else {
        Keeping::Asker
    };
    call.answer_from(&needs, keeping, |collection| answer(collection, wish))
}

fn answer(collection: &Collection<'_>, wish: &Wish) -> Result<Response, Problem> {
    let resolved = resolve(collection, &wish.history, &wish.exclude)?;
    let question = Question {
        history: resolved.history,
        exclude: resolved.exclude,
        filter: wish.filter.clone(),
        count: wish.count,
        diversity: wish.diversity,
    };
    let ranking = match wish.algorithm {
        Algorithm::Neighbours => Ranking::by_neighbours(collection, &question)?,
        Algorithm::Popular => Ranking::by_popularity(collection, &question, None)?,
        Algorithm::Auto if wish.history.is_empty() => {
            Ranking::by_popularity(collection, &question, Some(NO_HISTORY))?
        }
        Algorithm::Auto => Ranking::by_anything(collection, &question)?,
    };
    let items = render(collection, &question, &ranking, wish.explain)?;
    Response::json(Answer {
        provenance: collection.provenance(),
        algorithm: ranking.algorithm,
        fallback: ranking.fallback,
        unknown: resolved.unknown,
        items,
    })
}

/// Items in their order, and how they were found.
pub(crate) struct Ranking {
    pub(crate) items: Vec<Scored>,
    algorithm: &'static str,
    fallback: Option<&'static str>,
}

impl Ranking {
    /// By neighbours, and what is popular where they have nothing to say.
    pub(crate) fn by_anything(
        collection: &Collection<'_>,
        question: &Question,
    ) -> Result<Self, Problem> {
        if question.history.is_empty() {
            return Self::by_popularity(collection, question, Some(NOTHING_KNOWN));
        }
        if collection.has(FileKind::Neighbours) {
            let ranking = Self::by_neighbours(collection, question)?;
            if !ranking.items.is_empty() {
                return Ok(ranking);
            }
        }
        Self::by_popularity(collection, question, Some(NOTHING_FOLLOWS))
    }

    fn by_neighbours(collection: &Collection<'_>, question: &Question) -> Result<Self, Problem> {
        Ok(Self {
            items: collection.generation.recommend(question)?,
            algorithm: "neighbours",
            fallback: None,
        })
    }

    fn by_popularity(
        collection: &Collection<'_>,
        question: &Question,
        fallback: Option<&'static str>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            items: collection.generation.popular(question)?,
            algorithm: "popular",
            fallback,
        })
    }
}

/// The items with their records, and with reasons where they are wanted; popular items have none. All records come in one batch.
fn render(
    collection: &Collection<'_>,
    question: &Question,
    ranking: &Ranking,
    explain: bool,
) -> Result<Vec<Item>, Problem> {
    let items: Vec<u32> = ranking.items.iter().map(|scored| scored.item).collect();
    let mut reasons = match ranking.algorithm {
        "neighbours" if explain => collection.generation.reasons(&items, &question.history)?,
        _ => vec![Vec::new(); items.len()],
    }
    .into_iter();

    // The items of the history stand behind the recommended ones.
    let history = question.history.iter().map(|entry| entry.item);
    let numbers: Vec<u32> = if explain {
        items.iter().copied().chain(history).collect()
    } else {
        items
    };
    let mut records = collection.generation.records(&numbers)?;
    let known = records.split_off(ranking.items.len());
    let reason = |reason: Reason| {
        let position = question
            .history
            .binary_search_by_key(&reason.item, |entry| entry.item)
            .ok()?;
        let record = known.get(position)?;
        Some(record::Reason {
            id: record.id.clone(),
            title: record.title.clone(),
            contribution: reason.contribution,
        })
    };
    let item = |(record, scored): (_, &Scored)| Item {
        score: Some(scored.score),
        reasons: reasons
            .next()
            .filter(|_| explain)
            .map(|reasons| reasons.into_iter().filter_map(reason).collect()),
        ..Item::from(record)
    };
    Ok(records.into_iter().zip(&ranking.items).map(item).collect())
}
