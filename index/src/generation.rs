use std::cell::RefCell;

use crate::{
    catalogue::{Catalogue, Filter, Record, TitleQuery, Value},
    container::{Blocks, Container, Plan, read},
    error::Error,
    neighbours::{Neighbour, Neighbours},
    popularity::Popularity,
    recommend::{HistoryItem, Reason, Scored, diversify, explain, fold_in, top},
    source::{ByteRange, ByteSource, FileKind},
};

/// The best candidates among which diversity may choose, for each item that is wanted.
const DIVERSITY_POOL_PER_ITEM: usize = 4;

/// How many items of one title are looked at when the year has to tell them apart.
const SAME_TITLE_MAX_COUNT: usize = 64;

/// An open generation of a collection, and the questions that it answers.
///
/// A question plans what it needs and reads it in batches: the lists of a history are one, the records of the results another. Blocks that were read stay
/// for the next question; a function lives for one request, and the evaluation asks thousands.
#[derive(Debug)]
pub struct Generation<S> {
    source: S,
    blocks: RefCell<Blocks>,
    catalogue: Catalogue,
    neighbours: Option<Neighbours>,
    popularity: Option<Popularity>,
}

/// A question for recommendations.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// What the person touched.
    pub history: Vec<HistoryItem>,
    /// Items that are not wanted beside those of the history.
    pub exclude: Vec<u32>,
    /// What the items must be.
    pub filter: Filter,
    /// How many items are wanted.
    pub count: usize,
    /// From 0, the best scores, to 1, the greatest variety.
    pub diversity: f32,
}

impl<S: ByteSource> Generation<S> {
    /// Opens the heads of `files` with one batch of reads; each is given with the length that the manifest states.
    ///
    /// The catalogue must be among them, since it numbers the items.
    pub fn open(source: S, files: &[(FileKind, u32)]) -> Result<Self, Error> {
        let ranges: Vec<ByteRange> = files
            .iter()
            .map(|&(file, len_bytes)| ByteRange {
                file,
                offset: 0,
                len_bytes,
            })
            .collect();
        let (mut catalogue, mut neighbours, mut popularity) = (None, None, None);
        for (&(file, _), head) in files.iter().zip(read(&source, &ranges)?) {
            let container = Container::open(file, head)?;
            container.check()?;
            match file {
                FileKind::Catalogue => catalogue = Some(Catalogue::open(container)?),
                FileKind::Neighbours => neighbours = Some(Neighbours::open(container)?),
                FileKind::Popularity => popularity = Some(Popularity::open(container)?),
            }
        }
        let catalogue = catalogue.ok_or(Error::MissingFile {
            file: FileKind::Catalogue,
        })?;
        let numbered = [
            neighbours
                .as_ref()
                .map(|file| (file.container(), file.item_count())),
            popularity
                .as_ref()
                .map(|file| (file.container(), file.item_count())),
        ];
        for (container, item_count) in numbered.into_iter().flatten() {
            let same_space = container.item_space() == catalogue.container().item_space();
            if !same_space || item_count != catalogue.item_count() {
                return Err(Error::MixedCatalogues {
                    file: container.file(),
                });
            }
        }
        let blocks = RefCell::default();
        Ok(Self {
            source,
            blocks,
            catalogue,
            neighbours,
            popularity,
        })
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The numbers of items by their ids, in the order asked; `None` for those that do not exist.
    pub fn items_of_ids(&self, ids: &[&str]) -> Result<Vec<Option<u32>>, Error> {
        self.fetch(|plan| {
            ids.iter()
                .try_for_each(|id| self.catalogue.plan_id(id, plan))
        })?;
        let blocks = self.blocks.borrow();
        ids.iter()
            .map(|id| self.catalogue.item_of_id(id, &blocks))
            .collect()
    }

    /// The numbers of items by their titles, in the order asked, with or without the year, as `Heat` or `Heat (1995)`.
    ///
    /// Of several items of one title the most popular is meant; a year narrows them down.
    pub fn items_of_titles(&self, titles: &[&str]) -> Result<Vec<Option<u32>>, Error> {
        let queries: Vec<TitleQuery> = titles.iter().map(|title| TitleQuery::new(title)).collect();
        self.fetch(|plan| {
            queries
                .iter()
                .try_for_each(|query| self.catalogue.plan_title(query, plan))
        })?;
        let found: Vec<Vec<u32>> = {
            let blocks = self.blocks.borrow();
            let find = |query: &TitleQuery| self.catalogue.items_of_title(query, &blocks);
            queries.iter().map(find).collect::<Result<_, _>>()?
        };
        // Only a year needs the records.
        let candidates: Vec<&[u32]> = found
            .iter()
            .map(|items| items.get(..SAME_TITLE_MAX_COUNT).unwrap_or(items))
            .collect();
        let dated: Vec<u32> = candidates
            .iter()
            .zip(&queries)
            .filter(|(_, query)| query.year.is_some())
            .flat_map(|(items, _)| items.iter().copied())
            .collect();
        self.fetch(|plan| {
            dated
                .iter()
                .try_for_each(|&item| self.catalogue.plan_record(item, plan))
        })?;
        let blocks = self.blocks.borrow();
        let is_of_year = |item: u32, year: i64| -> Result<bool, Error> {
            let record = self.catalogue.record(item, &blocks)?;
            let in_title = TitleQuery::new(&record.title).year == Some(year);
            Ok(in_title || record.fields.get("year") == Some(&Value::Integer(year)))
        };
        let pick = |(items, query): (&&[u32], &TitleQuery)| {
            let Some(year) = query.year else {
                return Ok(items.first().copied());
            };
            for &item in *items {
                if is_of_year(item, year)? {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        };
        candidates.iter().zip(&queries).map(pick).collect()
    }

    /// The records of `items`, in their order.
    pub fn records(&self, items: &[u32]) -> Result<Vec<Record>, Error> {
        self.fetch(|plan| {
            items
                .iter()
                .try_for_each(|&item| self.catalogue.plan_record(item, plan))
        })?;
        let blocks = self.blocks.borrow();
        items
            .iter()
            .map(|&item| self.catalogue.record(item, &blocks))
            .collect()
    }

    /// The items that a history speaks for, the best first. Only items with a score above zero are among them.
    pub fn recommend(&self, question: &Question) -> Result<Vec<Scored>, Error> {
        let neighbours = self.neighbours()?;
        self.fetch(|plan| {
            self.plan_filter(&question.filter, plan)?;
            question
                .history
                .iter()
                .try_for_each(|entry| neighbours.plan(entry.item, plan))
        })?;
        let scores = {
            let blocks = self.blocks.borrow();
            fold_in(&question.history, neighbours.item_count(), |item| {
                neighbours.list(item, &blocks)
            })?
        };
        let candidates = scores
            .into_iter()
            .zip(0..)
            .filter(|&(score, _)| 0.0 < score)
            .map(|(score, item)| Scored { item, score })
            .collect();
        let candidates = self.admitted(candidates, question)?;
        if question.diversity <= 0.0 {
            return Ok(top(candidates, question.count));
        }
        let pool = top(
            candidates,
            question.count.saturating_mul(DIVERSITY_POOL_PER_ITEM),
        );
        self.diverse(&pool, question)
    }

    /// Why each of `items` was recommended to a history: what its items gave, the largest share first.
    pub fn reasons(
        &self,
        items: &[u32],
        history: &[HistoryItem],
    ) -> Result<Vec<Vec<Reason>>, Error> {
        let neighbours = self.neighbours()?;
        self.fetch(|plan| {
            history
                .iter()
                .try_for_each(|entry| neighbours.plan(entry.item, plan))
        })?;
        let blocks = self.blocks.borrow();
        items
            .iter()
            .map(|&item| explain(item, history, |source| neighbours.list(source, &blocks)))
            .collect()
    }

    /// The items that `item` speaks for most, the best first.
    pub fn similar(&self, item: u32, filter: Filter, count: usize) -> Result<Vec<Scored>, Error> {
        let history = vec![HistoryItem { item, weight: 1.0 }];
        self.recommend(&Question {
            history,
            filter,
            count,
            ..Question::default()
        })
    }

    /// What is popular, the most popular first, without the history and what is excluded.
    pub fn popular(&self, question: &Question) -> Result<Vec<Scored>, Error> {
        self.fetch(|plan| self.plan_filter(&question.filter, plan))?;
        let popular = self.popularity()?.popular()?;
        let candidates = popular
            .into_iter()
            .map(|(item, score)| Scored { item, score })
            .collect();
        Ok(top(self.admitted(candidates, question)?, question.count))
    }

    /// The items to rate first.
    pub fn onboarding(&self) -> Result<Vec<u32>, Error> {
        self.popularity()?.onboarding()
    }

    /// Drops what the person knows, what is excluded and what the filter does not let pass.
    fn admitted(
        &self,
        mut candidates: Vec<Scored>,
        question: &Question,
    ) -> Result<Vec<Scored>, Error> {
        let mut unwanted: Vec<u32> = question.exclude.clone();
        unwanted.extend(question.history.iter().map(|entry| entry.item));
        unwanted.sort_unstable();
        candidates.retain(|scored| unwanted.binary_search(&scored.item).is_err());
        if !question.filter.is_empty() {
            let matching = self
                .catalogue
                .matching(&question.filter, &self.blocks.borrow())?;
            candidates.retain(|scored| matching.get(scored.item as usize) == Some(&true));
        }
        Ok(candidates)
    }

    /// Picks from the pool by maximal marginal relevance. Two items are alike as far as they speak for the same items: the Jaccard index of their lists.
    fn diverse(&self, pool: &[Scored], question: &Question) -> Result<Vec<Scored>, Error> {
        let neighbours = self.neighbours()?;
        self.fetch(|plan| {
            pool.iter()
                .try_for_each(|scored| neighbours.plan(scored.item, plan))
        })?;
        let blocks = self.blocks.borrow();
        let lists: Vec<Vec<Neighbour>> = pool
            .iter()
            .map(|scored| neighbours.list(scored.item, &blocks))
            .collect::<Result<_, _>>()?;
        let likeness = |left: usize, right: usize| match (lists.get(left), lists.get(right)) {
            (Some(left), Some(right)) => jaccard(left, right),
            _ => 0.0,
        };
        Ok(diversify(
            pool,
            question.count,
            question.diversity,
            likeness,
        ))
    }

    fn plan_filter(&self, filter: &Filter, plan: &mut Plan) -> Result<(), Error> {
        if filter.is_empty() {
            Ok(())
        } else {
            self.catalogue.plan_filter(plan)
        }
    }

    /// Reads what `fill` plans, in one batch.
    fn fetch(&self, fill: impl FnOnce(&mut Plan) -> Result<(), Error>) -> Result<(), Error> {
        let mut plan = Plan::default();
        fill(&mut plan)?;
        self.blocks.borrow_mut().fetch(plan, &self.source)
    }

    fn neighbours(&self) -> Result<&Neighbours, Error> {
        self.neighbours.as_ref().ok_or(Error::MissingFile {
            file: FileKind::Neighbours,
        })
    }

    fn popularity(&self) -> Result<&Popularity, Error> {
        self.popularity.as_ref().ok_or(Error::MissingFile {
            file: FileKind::Popularity,
        })
    }
}

/// How much two ascending lists have in common: the number of shared items by the number of distinct ones.
fn jaccard(left: &[Neighbour], right: &[Neighbour]) -> f32 {
    let mut shared = 0_usize;
    let mut others = right.iter().map(|neighbour| neighbour.item).peekable();
    for neighbour in left {
        while others.next_if(|&other| other < neighbour.item).is_some() {}
        shared += usize::from(others.next_if_eq(&neighbour.item).is_some());
    }
    let distinct = left.len() + right.len() - shared;
    if distinct == 0 {
        0.0
    } else {
        shared as f32 / distinct as f32
    }
}
