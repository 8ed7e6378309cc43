//! Recommendations for a history.

use index::{
    Algorithm, Keys, Question, SortedMap,
    recommend::{Reason, Scored},
    rules::Rule,
};
use kit::{
    Call, Collection, Keeping, Needs, Provenance,
    history::{names, resolve},
    http::Response,
    json::{BODY, Node},
    problem::Problem,
    ranking::{Ranking, chosen},
    record::{self, Item},
};
use pointer::Manifest;
use serde::Serialize;

use crate::wish::{Choice, MEMBERS, Wish};

/// What answers say where several algorithms were added up.
const BLEND: &str = "blend";

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    algorithm: &'static str,
    /// The weights of the algorithms where several were added up.
    #[serde(
        serialize_with = "pointer::as_object",
        skip_serializing_if = "SortedMap::is_empty"
    )]
    blend: SortedMap<String, f32>,
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
    let kinds = |manifest: &Manifest| match wish.choice {
        Choice::Only(algorithm) => vec![algorithm.file()],
        // That nothing follows from a history is rare: what is popular is read when it comes to that.
        Choice::Auto => {
            let by = chosen(manifest, wish.history.len()).into_iter();
            by.map(|(algorithm, _)| algorithm.file()).collect()
        }
    };
    let (ids, titles) = names(&wish.history, &wish.exclude);
    let keys = Keys {
        ids: &ids,
        titles: &titles,
    };
    let needs = Needs {
        kinds: &kinds,
        keys,
    };
    let keeping = if wish.history.is_empty() && wish.exclude.is_empty() {
        Keeping::Everybody
    } else {
        Keeping::Asker
    };
    call.answer_from(&needs, keeping, &mut |collection| answer(collection, wish))
}

fn answer(collection: &Collection<'_>, wish: &Wish) -> Result<Response, Problem> {
    let resolved = resolve(collection, &wish.history, &wish.exclude)?;
    let question = Question {
        history: resolved.history,
        exclude: resolved.exclude,
        filter: wish.filter.clone(),
        preferences: wish.preferences.clone(),
        count: wish.count,
        diversity: wish.diversity,
        ..Question::default()
    };
    let ranking = match wish.choice {
        Choice::Only(algorithm) => Ranking::by(algorithm, collection, &question)?,
        Choice::Auto if wish.history.is_empty() => Ranking::by_popularity(collection, &question)?,
        Choice::Auto => Ranking::by_anything(collection, &question)?,
    };
    let items = render(collection, &question, &ranking, wish.explain)?;
    let weights = ranking.by.iter();
    let (algorithm, blend) = match ranking.by[..] {
        [(only, _)] => (only.name(), SortedMap::new()),
        _ => (
            BLEND,
            weights
                .map(|&(algorithm, weight)| (algorithm.name().to_owned(), weight))
                .collect(),
        ),
    };
    Response::json(Answer {
        provenance: collection.provenance(),
        algorithm,
        blend,
        fallback: ranking.fallback,
        unknown: resolved.unknown,
        items,
    })
}

/// The items with their records, and with what speaks for them where that is wanted: shares of the history's items, or rules. All records come in one batch.
fn render(
    collection: &Collection<'_>,
    question: &Question,
    ranking: &Ranking,
    explain: bool,
) -> Result<Vec<Item>, Problem> {
    // Of a blend, the heaviest explains.
    let algorithm = ranking.by.first().map_or(Algorithm::Popular, |by| by.0);
    let generation = &collection.generation;
    if !explain {
        return collection.scored(&ranking.items);
    }
    let items: Vec<u32> = ranking.items.iter().map(|scored| scored.item).collect();
    let mut reasons = generation
        .reasons(algorithm, &items, &question.history)?
        .into_iter();
    let mut rules = match algorithm {
        Algorithm::Rules => Some(generation.rules_for(&items, &question.history)?.into_iter()),
        _ => None,
    };
    // The items of the history stand behind the recommended ones.
    let history = question.history.iter().map(|entry| entry.item);
    let numbers: Vec<u32> = items.iter().copied().chain(history).collect();
    let mut records = generation.records(&numbers)?;
    let known = records.split_off(items.len());
    let name = |item: u32| {
        let position = question
            .history
            .binary_search_by_key(&item, |entry| entry.item)
            .ok()?;
        let record = known.get(position)?;
        Some(record::Name {
            id: record.id.clone(),
            title: record.title.clone(),
        })
    };
    let reason = |reason: Reason| {
        Some(record::Reason {
            name: name(reason.item)?,
            contribution: reason.contribution,
        })
    };
    let basket_count = match algorithm {
        Algorithm::Rules => generation.rule_basket_count()?,
        _ => 0,
    };
    let rule = |rule: Rule| record::Rule {
        antecedent: rule
            .antecedent
            .iter()
            .filter_map(|&item| name(item))
            .collect(),
        support: rule.support,
        confidence: rule.confidence(),
        lift: rule.lift(basket_count),
        leverage: rule.leverage(basket_count),
        conviction: rule.conviction(basket_count),
    };
    let item = |(record, scored): (_, &Scored)| {
        let reasons = reasons.next().unwrap_or_default();
        Item {
            reasons: Some(reasons.into_iter().filter_map(reason).collect()),
            rules: rules
                .as_mut()
                .and_then(Iterator::next)
                .map(|rules| rules.into_iter().map(rule).collect()),
            ..Item::scored(record, scored.score)
        }
    };
    Ok(records.into_iter().zip(&ranking.items).map(item).collect())
}
