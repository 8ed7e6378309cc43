//! Rankings, and what stands in where one has nothing to say.

use index::{Algorithm, Question, recommend::Scored};

use crate::{context::Collection, problem::Problem};

const NO_HISTORY: &str = "There is no history, so these are popular items.";
const NOTHING_KNOWN: &str = "Nothing of the history is known here, so these are popular items.";
const NOTHING_FOLLOWS: &str = "Nothing follows from the history, so these are popular items.";

/// What answers where nothing is said, the best first. Nothing but what is popular needs no history.
pub fn by_preference(without_history: bool) -> impl Iterator<Item = Algorithm> {
    let all = Algorithm::ALL.into_iter();
    all.filter(move |algorithm| !without_history || *algorithm == Algorithm::Popular)
}

/// Items in their order, and how they were found.
pub struct Ranking {
    /// The best first.
    pub items: Vec<Scored>,
    /// The algorithm that found them.
    pub algorithm: Algorithm,
    /// Why another one than was asked for, where it is so.
    pub fallback: Option<&'static str>,
}

impl Ranking {
    /// By the first of what the collection has that has something to say, and what is popular where nothing has.
    pub fn by_anything(collection: &Collection<'_>, question: &Question) -> Result<Self, Problem> {
        if question.history.is_empty() {
            return Self::instead(collection, question, NOTHING_KNOWN);
        }
        for algorithm in by_preference(false) {
            if algorithm != Algorithm::Popular && collection.generation.has(algorithm.file()) {
                let ranking = Self::by(algorithm, collection, question)?;
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
        let items = match algorithm {
            Algorithm::Popular => collection.generation.popular(question)?,
            _ => collection.generation.recommend(&Question {
                by: vec![(algorithm, 1.0)],
                ..question.clone()
            })?,
        };
        Ok(Self {
            items,
            algorithm,
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
