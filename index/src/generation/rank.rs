//! Recommendations: one algorithm, or several added up, over the readers.

use super::{Generation, Passing};
use crate::{
    catalogue::Filter,
    clusters::{Clusters, Part},
    container::{Blocks, Plan},
    error::Error,
    neighbours::{List, Neighbours},
    recommend::{HistoryItem, Reason, Scored, Scores, diversify, explain, fold_in, in_item_order},
    rules::{Rule, Rules},
    source::FileKind,
};

/// The best candidates among which diversity may choose, for each item that is wanted.
const DIVERSITY_POOL_PER_ITEM: usize = 4;

/// How many clusters a question looks into: of 64 clusters of MovieLens 1M, 16 give all but a hundredth of the quality of all.
const CLUSTERS_PER_QUESTION: usize = 16;

/// How much an item gains that is all that a person prefers: it counts twice.
const PREFERENCE_GAIN: f32 = 1.0;

/// By what items are ranked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// What speaks for an item by who touched it.
    Neighbours,
    /// What speaks for an item by what is said of it.
    Content,
    /// The association rules that fire; each adds its confidence.
    Rules,
    /// How near an item is to a person, among those of the nearest clusters.
    Clusters,
    /// What most people like.
    Popular,
}

impl Algorithm {
    /// Every algorithm: those that know most of a person first.
    pub const ALL: [Self; 5] = [
        Self::Neighbours,
        Self::Rules,
        Self::Clusters,
        Self::Content,
        Self::Popular,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Neighbours => "neighbours",
            Self::Clusters => "clusters",
            Self::Content => "content",
            Self::Rules => "rules",
            Self::Popular => "popular",
        }
    }

    /// The file that it reads beside the catalogue.
    pub fn file(self) -> FileKind {
        match self {
            Self::Neighbours => FileKind::Neighbours,
            Self::Clusters => FileKind::Clusters,
            Self::Content => FileKind::Content,
            Self::Rules => FileKind::Rules,
            Self::Popular => FileKind::Popularity,
        }
    }
}

/// A question for recommendations.
#[derive(Clone, Debug)]
pub struct Question {
    /// By what the items are ranked, each with its weight. Of several, the scores of each are taken by its best one, so that they can be added.
    pub by: Vec<(Algorithm, f32)>,
    /// What the person touched.
    pub history: Vec<HistoryItem>,
    /// Items that are not wanted beside those of the history.
    pub exclude: Vec<u32>,
    /// What the items must be.
    pub filter: Filter,
    /// What the items had better be: the score of one that is all of it counts twice. By popularity alone, the best of each thing that is preferred counts as
    /// if it were the best of all.
    pub preferences: Filter,
    /// How many items are wanted.
    pub count: usize,
    /// From 0, the best scores, to 1, the greatest variety.
    pub diversity: f32,
}

impl Default for Question {
    /// By neighbours, about nothing.
    fn default() -> Self {
        Self {
            by: vec![(Algorithm::Neighbours, 1.0)],
            history: Vec::new(),
            exclude: Vec::new(),
            filter: Filter::default(),
            preferences: Filter::default(),
            count: 0,
            diversity: 0.0,
        }
    }
}

/// Which items may be in an answer.
struct Wanted {
    /// Those of the history and those that are excluded; ascending.
    unwanted: Vec<u64>,
    passing: Passing,
}

/// What a question by clusters looks at.
struct Nearest {
    /// The person's vector.
    person: Vec<f32>,
    /// The lists of the nearest clusters.
    lists: Vec<(u32, Part)>,
}

impl Generation<'_> {
    /// The items that a history speaks for, the best first. Only items with a score above zero are among them.
    pub fn recommend(&self, question: &Question) -> Result<Vec<Scored>, Error> {
        self.fetch(&mut |plan| {
            if !question.filter.is_empty() || !question.preferences.is_empty() {
                self.catalogue.plan_filter(plan)?;
            }
            question
                .by
                .iter()
                .try_for_each(|&(algorithm, _)| self.plan(algorithm, question, plan))
        })?;
        let mut scores = self.scores(question)?;
        let wanted = self.wanted(question)?;
        self.prefer(question, &wanted, &mut scores)?;
        if question.diversity <= 0.0 {
            return Ok(wanted.best(question.count, &scores));
        }
        let pool_count = question.count.saturating_mul(DIVERSITY_POOL_PER_ITEM);
        let pool = wanted.best(pool_count, &scores);
        self.diverse(&pool, question)
    }

    /// Why each of `items` was recommended to a history by neighbours, or by content: what its items gave, the largest share first. Other algorithms have no such
    /// reasons.
    pub fn reasons(
        &self,
        algorithm: Algorithm,
        items: &[u32],
        history: &[HistoryItem],
    ) -> Result<Vec<Vec<Reason>>, Error> {
        let neighbours = match algorithm {
            Algorithm::Neighbours => self.neighbours()?,
            Algorithm::Content => self.content()?,
            _ => return Ok(vec![Vec::new(); items.len()]),
        };
        self.fetch(&mut |plan| plan_lists(neighbours, history, plan))?;
        let blocks = self.blocks.borrow();
        explain(items, lists(neighbours, history, &blocks)?)
            .map_err(|error| neighbours.damaged(error))
    }

    /// The rules that fire for each of `items`, the surest first, equals in the order of their antecedents.
    pub fn rules_for(
        &self,
        items: &[u32],
        history: &[HistoryItem],
    ) -> Result<Vec<Vec<Rule>>, Error> {
        let rules = self.rules()?;
        self.fetch(&mut |plan| plan_rules(rules, history, plan))?;
        let mut fired = vec![Vec::new(); items.len()];
        let blocks = self.blocks.borrow();
        rules.fire(&basket(history), &blocks, &mut |rule| {
            let wanted = items.iter().zip(&mut fired);
            for (_, rules) in wanted.filter(|(item, _)| **item == rule.consequent) {
                let place =
                    rules.partition_point(|surer: &Rule| rule.confidence() <= surer.confidence());
                rules.insert(place, rule.clone());
            }
        })?;
        Ok(fired)
    }

    /// Of how many baskets the supports of rules are.
    pub fn rule_basket_count(&self) -> Result<u32, Error> {
        self.rules().map(Rules::basket_count)
    }

    /// The items that `item` speaks for most, the best first.
    pub fn similar(
        &self,
        algorithm: Algorithm,
        item: u32,
        filter: Filter,
        count: usize,
    ) -> Result<Vec<Scored>, Error> {
        self.recommend(&Question {
            by: vec![(algorithm, 1.0)],
            history: vec![HistoryItem { item, weight: 1.0 }],
            filter,
            count,
            ..Question::default()
        })
    }

    /// What is popular, the most popular first, without the history and what is excluded, whatever else the question goes by.
    pub fn popular(&self, question: &Question) -> Result<Vec<Scored>, Error> {
        self.recommend(&Question {
            by: vec![(Algorithm::Popular, 1.0)],
            diversity: 0.0,
            ..question.clone()
        })
    }

    /// Adds what an algorithm will look at.
    fn plan(
        &self,
        algorithm: Algorithm,
        question: &Question,
        plan: &mut Plan,
    ) -> Result<(), Error> {
        let history = &question.history;
        match algorithm {
            Algorithm::Neighbours => plan_lists(self.neighbours()?, history, plan),
            Algorithm::Content => plan_lists(self.content()?, history, plan),
            Algorithm::Rules => plan_rules(self.rules()?, history, plan),
            Algorithm::Clusters => {
                let clusters = self.clusters()?;
                let mut lists = self.nearest(clusters, question)?.lists.into_iter();
                lists.try_for_each(|(cluster, part)| clusters.plan_members(cluster, part, plan))
            }
            Algorithm::Popular => self.popularity().map(drop),
        }
    }

    /// The vector of a person, and the lists of the clusters that are nearest to it: their fronts, and where a filter is all of their members. Of a large catalogue
    /// the clusters of the history are a batch of their own.
    fn nearest(&self, clusters: &Clusters, question: &Question) -> Result<Nearest, Error> {
        let history = &question.history;
        self.fetch(&mut |plan| {
            history
                .iter()
                .try_for_each(|entry| clusters.plan_item(entry.item, plan))
        })?;
        let person = clusters.fold_in(history, &self.blocks.borrow())?;
        let nearest = clusters.nearest(&person, CLUSTERS_PER_QUESTION).into_iter();
        let parts = if question.filter.is_empty() {
            &Part::ALL[..1]
        } else {
            &Part::ALL
        };
        let lists = nearest.flat_map(|cluster| parts.iter().map(move |&part| (cluster, part)));
        let lists = lists.collect();
        Ok(Nearest { person, lists })
    }

    /// The scores of all that a question goes by, added up.
    fn scores(&self, question: &Question) -> Result<Scores, Error> {
        if let [(algorithm, _)] = question.by[..] {
            return self.scores_of(algorithm, question);
        }
        let mut sum = Scores::with_room_for(0, self.catalogue.item_count());
        for &(algorithm, weight) in &question.by {
            let scores = self.scores_of(algorithm, question)?;
            let largest = scores.largest();
            if 0.0 < largest {
                sum.add_all(&scores, weight / largest);
            }
        }
        Ok(sum)
    }

    fn scores_of(&self, algorithm: Algorithm, question: &Question) -> Result<Scores, Error> {
        let item_count = self.catalogue.item_count();
        let history = &question.history;
        match algorithm {
            Algorithm::Neighbours => self.scores_by_lists(self.neighbours()?, history),
            Algorithm::Content => self.scores_by_lists(self.content()?, history),
            Algorithm::Clusters => self.scores_by_clusters(question),
            Algorithm::Rules => {
                let mut scores = Scores::with_room_for(0, item_count);
                let blocks = self.blocks.borrow();
                self.rules()?.fire(&basket(history), &blocks, &mut |rule| {
                    scores.add_one(Scored {
                        item: rule.consequent,
                        score: rule.confidence(),
                    });
                })?;
                Ok(scores)
            }
            Algorithm::Popular => {
                let popular = self.popularity()?.popular()?;
                let mut scores = Scores::with_room_for(popular.len(), item_count);
                for (item, score) in popular {
                    scores.add_one(Scored { item, score });
                }
                Ok(scores)
            }
        }
    }

    fn scores_by_lists(
        &self,
        neighbours: &Neighbours,
        history: &[HistoryItem],
    ) -> Result<Scores, Error> {
        let blocks = self.blocks.borrow();
        fold_in(
            lists(neighbours, history, &blocks)?,
            self.catalogue.item_count(),
        )
        .map_err(|error| neighbours.damaged(error))
    }

    fn scores_by_clusters(&self, question: &Question) -> Result<Scores, Error> {
        let clusters = self.clusters()?;
        let Nearest { person, lists } = self.nearest(clusters, question)?;
        let blocks = self.blocks.borrow();
        let mut scores = Scores::with_room_for(0, self.catalogue.item_count());
        for (cluster, part) in lists {
            for scored in clusters.scores(cluster, part, &person, &blocks)? {
                scores.add_one(scored);
            }
        }
        Ok(scores)
    }

    /// Lifts the scores of what a person prefers. Where nothing else is known of the person, the best of each thing that is preferred is first made equal to the best of all.
    fn prefer(
        &self,
        question: &Question,
        wanted: &Wanted,
        scores: &mut Scores,
    ) -> Result<(), Error> {
        let preferences = &question.preferences.fields;
        // Each field on top of the others: all of them together give the whole gain, within rounding.
        let field_gain = (1.0 + PREFERENCE_GAIN).powf(1.0 / preferences.len() as f32);
        let is_all_that_is_known =
            question.history.is_empty() && matches!(question.by[..], [(Algorithm::Popular, _)]);
        let best = |scores: &Scores, passes: &dyn Fn(u32) -> bool| {
            let best = scores.top(1, &|item| wanted.has(item) && passes(item));
            best.first().map(|best| best.score)
        };
        for (field, condition) in preferences {
            let conditions = if is_all_that_is_known {
                condition.alternatives()
            } else {
                vec![condition.clone()]
            };
            let mut gains = Vec::new();
            for condition in conditions {
                let only = Filter {
                    fields: [(field.clone(), condition)].into(),
                };
                let matching = self.catalogue.matching(&only, &self.blocks.borrow())?;
                let mut gain = field_gain;
                if is_all_that_is_known {
                    let preferred = |item: u32| matching.get(item as usize) == Some(&true);
                    if let (Some(preferred), Some(all)) =
                        (best(scores, &preferred), best(scores, &|_| true))
                    {
                        gain *= all / preferred;
                    }
                }
                gains.resize(matching.len(), 1.0_f32);
                let preferred = gains.iter_mut().zip(&matching);
                for (own, _) in preferred.filter(|(_, is_preferred)| **is_preferred) {
                    *own = own.max(gain);
                }
            }
            scores.multiply(|item| gains.get(item as usize).copied().unwrap_or(1.0));
        }
        Ok(())
    }

    /// What a question wants at all.
    fn wanted(&self, question: &Question) -> Result<Wanted, Error> {
        let history = question.history.iter().map(|entry| entry.item);
        let unwanted = question.exclude.iter().copied().chain(history);
        // In 64 bits, as all that is sorted here: see `recommend::sort_key`.
        let mut unwanted: Vec<u64> = unwanted.map(u64::from).collect();
        unwanted.sort_unstable();
        let passing = self.passing(&question.filter)?;
        Ok(Wanted { unwanted, passing })
    }

    /// Picks from the pool by maximal marginal relevance. Two items are alike as far as they speak for the same items, the Jaccard index of their lists; where the
    /// question goes by clusters, as far as those are.
    fn diverse(&self, pool: &[Scored], question: &Question) -> Result<Vec<Scored>, Error> {
        let (count, diversity) = (question.count, question.diversity);
        if let [(Algorithm::Clusters, _)] = question.by[..] {
            let clusters = self.clusters()?;
            let blocks = self.blocks.borrow();
            let home = |scored: &Scored| clusters.cluster_of(scored.item, &blocks);
            let homes: Vec<Option<u32>> = pool.iter().map(home).collect::<Result<_, _>>()?;
            let likeness = |left: usize, right: usize| match (homes.get(left), homes.get(right)) {
                (Some(Some(left)), Some(Some(right))) => clusters.likeness(*left, *right),
                _ => 0.0,
            };
            return Ok(diversify(pool, count, diversity, likeness));
        }
        let neighbours = if self.has(FileKind::Neighbours) {
            self.neighbours()?
        } else {
            self.content()?
        };
        self.fetch(&mut |plan| {
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
        Ok(diversify(pool, count, diversity, likeness))
    }
}

impl Wanted {
    /// Whether an item may be in the answer.
    fn has(&self, item: u32) -> bool {
        self.passing.has(item) && !self.is_unwanted(item)
    }

    /// The `count` best, without what the person knows and what is excluded.
    fn best(&self, count: usize, scores: &Scores) -> Vec<Scored> {
        // As many more as may have to go again: a few look-ups among the best instead of one for every candidate.
        let room = count.saturating_add(self.unwanted.len());
        let mut best = scores.top(room, &|item| self.passing.has(item));
        best.retain(|scored| !self.is_unwanted(scored.item));
        best.truncate(count);
        best
    }

    fn is_unwanted(&self, item: u32) -> bool {
        self.unwanted.binary_search(&item.into()).is_ok()
    }
}

/// Adds the lists of a history.
fn plan_lists(
    neighbours: &Neighbours,
    history: &[HistoryItem],
    plan: &mut Plan,
) -> Result<(), Error> {
    let mut history = history.iter();
    history.try_for_each(|entry| neighbours.plan(entry.item, plan))
}

/// Adds the rules that may fire.
fn plan_rules(rules: &Rules, history: &[HistoryItem], plan: &mut Plan) -> Result<(), Error> {
    let mut history = history.iter();
    history.try_for_each(|entry| rules.plan(entry.item, plan))
}

/// What a person likes of a history, ascending.
fn basket(history: &[HistoryItem]) -> Vec<u32> {
    in_item_order(history)
        .into_iter()
        .filter(|entry| 0.0 < entry.weight)
        .map(|entry| entry.item)
        .collect()
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
