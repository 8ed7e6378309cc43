use std::cell::{OnceCell, RefCell};

use crate::{
    catalogue::{Catalogue, Filter, Record, TitleQuery, Value},
    container::{Blocks, Container, Plan, read},
    error::Error,
    neighbours::{List, Neighbours},
    outline::{Keys, Outline},
    popularity::Popularity,
    recommend::{HistoryItem, Reason, Scored, diversify, explain, fold_in, in_item_order, top},
    source::{ByteRange, ByteSource, Bytes, FileKind},
};

/// The best candidates among which diversity may choose, for each item that is wanted.
const DIVERSITY_POOL_PER_ITEM: usize = 4;

/// An open generation of a collection, and the questions that it answers.
///
/// A question plans what it needs and reads it in batches: the lists of a history are one, the records of the results another. Blocks that were read stay
/// for the next question; a function lives for one request, and the evaluation asks thousands.
#[derive(Debug)]
pub struct Generation<'s> {
    source: Box<dyn ByteSource + 's>,
    /// All files, opened or not.
    files: Vec<Outline>,
    blocks: RefCell<Blocks>,
    catalogue: Catalogue,
    neighbours: OnceCell<Neighbours>,
    popularity: OnceCell<Popularity>,
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

impl<'s> Generation<'s> {
    /// Opens the catalogue, which numbers the items, and the files of the kinds `first` with one batch of reads: their heads and, as far as the catalogue's
    /// outline says where the tables lie, what `keys` lead to.
    ///
    /// Looking these keys up then reads nothing more. Any other key can be looked up too, and any other of `files` is opened when a question needs it, each
    /// with a batch of its own.
    pub fn open(
        source: impl ByteSource + 's,
        files: Vec<Outline>,
        first: &[FileKind],
        keys: &Keys<'_>,
    ) -> Result<Self, Error> {
        let is_catalogue = |outline: &&Outline| outline.file == FileKind::Catalogue;
        let catalogue = files.iter().find(is_catalogue);
        let outline = catalogue.ok_or(missing(FileKind::Catalogue))?;
        let others = || {
            files
                .iter()
                .filter(|outline| !is_catalogue(outline) && first.contains(&outline.file))
        };
        let mut plan = Plan::default();
        Catalogue::plan_keys(outline, keys, &mut plan);
        let mut ranges = vec![head_range(outline)];
        ranges.extend(others().map(head_range));
        ranges.extend(plan.ranges());
        let mut buffers = read(&source, &ranges)?.into_iter();

        let head = buffers.next().unwrap_or_default();
        let catalogue = Catalogue::open(opened(FileKind::Catalogue, head)?)?;
        catalogue.check_tables(outline)?;
        let others: Vec<(FileKind, Bytes)> = others()
            .map(|outline| outline.file)
            .zip(buffers.by_ref())
            .collect();
        let mut blocks = Blocks::default();
        blocks.keep(&plan, buffers)?;
        let generation = Self {
            source: Box::new(source),
            files,
            blocks: RefCell::new(blocks),
            catalogue,
            neighbours: OnceCell::new(),
            popularity: OnceCell::new(),
        };
        for (file, head) in others {
            generation.keep(opened(file, head)?)?;
        }
        Ok(generation)
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
        let dated: Vec<u32> = found
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
        let pick = |(items, query): (&Vec<u32>, &TitleQuery)| {
            let Some(year) = query.year else {
                return Ok(items.first().copied());
            };
            for &item in items {
                if is_of_year(item, year)? {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        };
        found.iter().zip(&queries).map(pick).collect()
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
            fold_in(
                lists(neighbours, &question.history, &blocks)?,
                self.catalogue.item_count(),
            )
            .map_err(|error| neighbours.damaged(error))?
        };
        let best = |count| self.best(question, count, |room, passes| scores.top(room, passes));
        if question.diversity <= 0.0 {
            return best(question.count);
        }
        let pool = best(question.count.saturating_mul(DIVERSITY_POOL_PER_ITEM))?;
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
        explain(items, lists(neighbours, history, &blocks)?)
            .map_err(|error| neighbours.damaged(error))
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
        let scored = |_, (item, score)| Scored { item, score };
        self.best(question, question.count, |room, passes| {
            top(&popular, scored, passes, room)
        })
    }

    /// The items to rate first.
    pub fn onboarding(&self) -> Result<Vec<u32>, Error> {
        self.popularity()?.onboarding()
    }

    /// The `count` best of what the filter lets pass, without what the person knows and what is excluded. `top` gives so many of those that pass.
    fn best(
        &self,
        question: &Question,
        count: usize,
        top: impl FnOnce(usize, &dyn Fn(u32) -> bool) -> Vec<Scored>,
    ) -> Result<Vec<Scored>, Error> {
        let history = question.history.iter().map(|entry| entry.item);
        let unwanted = question.exclude.iter().copied().chain(history);
        // In 64 bits, as all that is sorted here: see `recommend::sort_key`.
        let mut unwanted: Vec<u64> = unwanted.map(u64::from).collect();
        unwanted.sort_unstable();
        // As many more as may have to go again: a few look-ups among the best instead of one for every candidate.
        let room = count.saturating_add(unwanted.len());
        let mut best = if question.filter.is_empty() {
            top(room, &|_| true)
        } else {
            let matching = self
                .catalogue
                .matching(&question.filter, &self.blocks.borrow())?;
            top(room, &|item| matching.get(item as usize) == Some(&true))
        };
        best.retain(|scored| unwanted.binary_search(&scored.item.into()).is_err());
        best.truncate(count);
        Ok(best)
    }

    /// Picks from the pool by maximal marginal relevance. Two items are alike as far as they speak for the same items: the Jaccard index of their lists.
    fn diverse(&self, pool: &[Scored], question: &Question) -> Result<Vec<Scored>, Error> {
        let neighbours = self.neighbours()?;
        self.fetch(|plan| {
            pool.iter()
                .try_for_each(|scored| neighbours.plan(scored.item, plan))
        })?;
        let blocks = self.blocks.borrow();
        let items = |scored: &Scored| {
            let list = neighbours.list(scored.item, &blocks)?;
            list.map(|neighbour| neighbour.map(|neighbour| neighbour.item))
                .collect::<Result<Vec<u32>, _>>()
                .map_err(|error| neighbours.damaged(error))
        };
        let lists: Vec<Vec<u32>> = pool.iter().map(items).collect::<Result<_, _>>()?;
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
        self.blocks.borrow_mut().fetch(plan, &*self.source)
    }

    fn neighbours(&self) -> Result<&Neighbours, Error> {
        if self.neighbours.get().is_none() {
            self.open_later(FileKind::Neighbours)?;
        }
        let neighbours = self.neighbours.get();
        neighbours.ok_or(missing(FileKind::Neighbours))
    }

    fn popularity(&self) -> Result<&Popularity, Error> {
        if self.popularity.get().is_none() {
            self.open_later(FileKind::Popularity)?;
        }
        let popularity = self.popularity.get();
        popularity.ok_or(missing(FileKind::Popularity))
    }

    /// Opens a file that was not among the first.
    fn open_later(&self, file: FileKind) -> Result<(), Error> {
        let outline = self.files.iter().find(|outline| outline.file == file);
        let range = head_range(outline.ok_or(missing(file))?);
        let head = read(&*self.source, &[range])?.pop();
        self.keep(opened(file, head.unwrap_or_default())?)
    }

    /// Keeps a file beside the catalogue, if both number the items alike.
    fn keep(&self, container: Container) -> Result<(), Error> {
        let file = container.file();
        let same_space = container.item_space() == self.catalogue.container().item_space();
        let check = |item_count| {
            if same_space && item_count == self.catalogue.item_count() {
                Ok(())
            } else {
                Err(Error::MixedCatalogues { file })
            }
        };
        match file {
            // A model speaks of rows, and is opened by itself.
            FileKind::Catalogue | FileKind::Model => {}
            FileKind::Neighbours => {
                let neighbours = Neighbours::open(container)?;
                check(neighbours.item_count())?;
                self.neighbours.get_or_init(|| neighbours);
            }
            FileKind::Popularity => {
                let popularity = Popularity::open(container)?;
                check(popularity.item_count())?;
                self.popularity.get_or_init(|| popularity);
            }
        }
        Ok(())
    }
}

fn missing(file: FileKind) -> Error {
    Error::MissingFile { file }
}

fn head_range(outline: &Outline) -> ByteRange {
    ByteRange {
        file: outline.file,
        offset: 0,
        len_bytes: outline.head_len_bytes,
    }
}

fn opened(file: FileKind, head: Bytes) -> Result<Container, Error> {
    let container = Container::open(file, head)?;
    container.check()?;
    Ok(container)
}

/// The lists of a history's items, in the order in which they are folded in.
fn lists<'a>(
    neighbours: &'a Neighbours,
    history: &[HistoryItem],
    blocks: &'a Blocks,
) -> Result<Vec<(HistoryItem, List<'a>)>, Error> {
    in_item_order(history)
        .into_iter()
        .map(|entry| Ok((entry, neighbours.list(entry.item, blocks)?)))
        .collect()
}

/// How much two ascending lists have in common: the number of shared items by the number of distinct ones.
fn jaccard(left: &[u32], right: &[u32]) -> f32 {
    let mut shared = 0_usize;
    let mut others = right.iter().peekable();
    for item in left {
        while others.next_if(|&other| other < item).is_some() {}
        shared += usize::from(others.next_if_eq(&item).is_some());
    }
    let distinct = left.len() + right.len() - shared;
    if distinct == 0 {
        0.0
    } else {
        shared as f32 / distinct as f32
    }
}
