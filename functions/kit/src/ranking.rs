//! Rankings: what they go by, and what stands in where that has nothing to say.

use index::{Algorithm, Question, recommend::Scored};
use pointer::Manifest;

use crate::{context::Collection, problem::Problem};

const NO_HISTORY: &str = "There is no history, so these are popular items.";
const NOTHING_KNOWN: &str = "Nothing of the history is known here, so these are popular items.";
const NOTHING_FOLLOWS: &str = "Nothing follows from the history, so these are popular items.";

/// What a ranking goes by where nobody asked for something: what was learnt for histories of this length, else the first algorithm that the generation has.
pub fn chosen(manifest: &Manifest, history_len: usize) -> Vec<(Algorithm, f32)> {
    let is_there = |algorithm: &Algorithm| manifest.files.contains_key(algorithm.file().name());
    if history_len == 0 {
        return vec![(Algorithm::Popular, 1.0)];
    }
    let mut all = Algorithm::ALL.into_iter().filter(is_there);
    if let Some(step) = manifest.blend_for(history_len) {
        let weighted = all.clone();
        let weighted = weighted
            .filter_map(|algorithm| Some((algorithm, *step.weights.get(algorithm.name())?)));
        let mut by: Vec<(Algorithm, f32)> = weighted.collect();
        if !by.is_empty() {
            by.sort_by(|left, right| right.1.total_cmp(&left.1));
            return by;
        }
    }
    all.next().map(|first| (first, 1.0)).into_iter().collect()
}

/// Items in their order, and how they were found.
pub struct Ranking {
    /// The best first.
    pub items: Vec<Scored>,
    /// The algorithms that found them with their weights, the heaviest first; at least one.
    pub by: Vec<(Algorithm, f32)>,
    /// Why others than were asked for, where it is so.
    pub fallback: Option<&'static str>,
}

impl Ranking {
    /// By what [`chosen`] says, then by each of what the collection has, until something has something to say; what is popular where nothing has.
    pub fn by_anything(collection: &Collection<'_>, question: &Question) -> Result<Self, Problem> {
        if question.history.is_empty() {
            return Self::instead(collection, question, NOTHING_KNOWN);
        }
        let tried = chosen(&collection.manifest, question.history.len());
        let ranking = Self::by_all(tried.clone(), collection, question)?;
        if !ranking.items.is_empty() {
            return Ok(ranking);
        }
        for algorithm in Algorithm::ALL {
            let by = vec![(algorithm, 1.0)];
            let is_new = algorithm != Algorithm::Popular && tried != by;
            if is_new && collection.generation.has(algorithm.file()) {
                let ranking = Self::by_all(by, collection, question)?;
                if !ranking.items.is_empty() {
                    return Ok(ranking);
                }
            }
        }
        Self::instead(collection, question, NOTHING_FOLLOWS)
    }

    /// By one algorithm, and by anything else where the collection does not have it or it has nothing to say.
    pub fn by_or_anything(
        algorithm: Algorithm,
        collection: &Collection<'_>,
        question: &Question,
    ) -> Result<Self, Problem> {
        if collection.generation.has(algorithm.file()) {
            let ranking = Self::by(algorithm, collection, question)?;
            if !ranking.items.is_empty() {
                return Ok(ranking);
            }
        }
        Self::by_anything(collection, question)
    }

    /// By one algorithm and nothing else.
    pub fn by(
        algorithm: Algorithm,
        collection: &Collection<'_>,
        question: &Question,
    ) -> Result<Self, Problem> {
        Self::by_all(vec![(algorithm, 1.0)], collection, question)
    }

    fn by_all(
        by: Vec<(Algorithm, f32)>,
        collection: &Collection<'_>,
        question: &Question,
    ) -> Result<Self, Problem> {
        let items = match by[..] {
            [(Algorithm::Popular, _)] => collection.generation.popular(question)?,
            _ => collection.generation.recommend(&Question {
                by: by.clone(),
                ..question.clone()
            })?,
        };
        Ok(Self {
            items,
            by,
            fallback: None,
        })
    }

    /// What is popular, without a history.
    pub fn by_popularity(
        collection: &Collection<'_>,
        question: &Question,
    ) -> Result<Self, Problem> {
        Self::instead(collection, question, NO_HISTORY)
    }

    fn instead(
        collection: &Collection<'_>,
        question: &Question,
        fallback: &'static str,
    ) -> Result<Self, Problem> {
        Ok(Self {
            fallback: Some(fallback),
            ..Self::by(Algorithm::Popular, collection, question)?
        })
    }
}
