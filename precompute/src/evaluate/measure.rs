use std::collections::BTreeSet;

use super::{
    Case, Interval, Ranker,
    metrics::{
        CLICKS_CUTOFF, clicks, ndcg, r_precision, recall, reciprocal_rank, truncated_recall,
    },
};

/// What a ranker did for one person.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseResult {
    /// How many items were shown.
    pub history_len: usize,
    /// At each cut-off, in the order of the cut-offs.
    pub at_cutoffs: Vec<CutoffResult>,
    /// One by the place of the first hit.
    pub reciprocal_rank: f64,
    /// Hits among as many as there are targets.
    pub r_precision: f64,
    /// How many times ten more have to be asked for until there is a hit.
    pub clicks: f64,
    /// The mean over the first items, up to the first cut-off, of the information in bits that somebody likes the item.
    pub novelty_bits: f64,
}

/// What a ranker did for one person up to a cut-off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CutoffResult {
    /// The normalized discounted gain.
    pub ndcg: f64,
    /// Hits by targets.
    pub recall: f64,
    /// Hits by the highest number that there could be.
    pub truncated_recall: f64,
}

/// What a ranker did for the people of one fold.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldResult {
    /// One a case, in their order.
    pub cases: Vec<CaseResult>,
    /// The share of the items of the training that were among somebody's first, up to the first cut-off.
    pub coverage: f64,
}

/// Asks a ranker about every case. `cutoffs` ascend; `popularity` is how many interactions of the training each item has.
pub fn measure(
    ranker: &impl Ranker,
    cases: &[Case],
    cutoffs: &[u32],
    popularity: &[f32],
) -> Result<FoldResult, index::Error> {
    let longest = cutoffs.iter().copied().max().unwrap_or(0) as usize;
    let longest = longest.max(CLICKS_CUTOFF);
    let first_cutoff = cutoffs.first().copied().unwrap_or(0) as usize;
    let total: f32 = popularity.iter().sum();
    let mut recommended = BTreeSet::new();
    let mut results = Vec::with_capacity(cases.len());
    for case in cases {
        let ranking = ranker.rank(&case.history, longest.max(case.targets.len()))?;
        let first = ranking.get(..first_cutoff).unwrap_or(&ranking);
        recommended.extend(first.iter().copied());
        let information =
            |&item: &u32| f64::from(total / popularity[item as usize].max(1.0)).log2();
        let at_cutoff = |&cutoff: &u32| CutoffResult {
            ndcg: ndcg(&ranking, &case.targets, cutoff as usize),
            recall: recall(&ranking, &case.targets, cutoff as usize),
            truncated_recall: truncated_recall(&ranking, &case.targets, cutoff as usize),
        };
        results.push(CaseResult {
            history_len: case.history.len(),
            at_cutoffs: cutoffs.iter().map(at_cutoff).collect(),
            reciprocal_rank: reciprocal_rank(&ranking, &case.targets),
            r_precision: r_precision(&ranking, &case.targets),
            clicks: clicks(&ranking, &case.targets),
            novelty_bits: first.iter().map(information).sum::<f64>() / first.len().max(1) as f64,
        });
    }
    let known = popularity.iter().filter(|score| 0.0 < **score).count();
    let coverage = recommended.len() as f64 / known.max(1) as f64;
    Ok(FoldResult {
        cases: results,
        coverage,
    })
}

/// The quality of a model over all folds.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelQuality {
    /// Method and parameters.
    pub name: String,
    /// At each cut-off.
    pub at_cutoffs: Vec<CutoffQuality>,
    /// The mean reciprocal rank of the first hit.
    pub mrr: Interval,
    /// Hits among as many as there are targets.
    pub r_precision: Interval,
    /// How many times ten more have to be asked for until there is a hit.
    pub clicks: Interval,
    /// The share of the items that are recommended to somebody, up to the first cut-off; the mean over the folds.
    pub coverage: f64,
    /// How surprising the recommended items are, up to the first cut-off.
    pub novelty_bits: f64,
    /// The quality for four equally large groups of people, those with the shortest histories first.
    pub by_activity: Vec<ActivityQuality>,
    /// The mean NDCG at the last cut-off, fold by fold.
    pub ndcg_by_fold: Vec<f64>,
}

/// The quality up to a cut-off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CutoffQuality {
    /// How many items count.
    pub cutoff: u32,
    /// The normalized discounted gain.
    pub ndcg: Interval,
    /// Hits by targets.
    pub recall: Interval,
    /// Hits by the highest number that there could be.
    pub truncated_recall: Interval,
}

/// The quality for people with histories of some length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivityQuality {
    /// The shortest history of the group.
    pub history_min_len: usize,
    /// The longest history of the group.
    pub history_max_len: usize,
    /// The normalized discounted gain at the last cut-off.
    pub ndcg: Interval,
}

/// Four groups of people.
const ACTIVITY_GROUP_COUNT: usize = 4;

impl ModelQuality {
    /// Sums up what a model did in all folds.
    pub fn new(
        name: String,
        folds: &[FoldResult],
        cutoffs: &[u32],
        bootstrap_samples: u32,
    ) -> Self {
        let cases: Vec<&CaseResult> = folds.iter().flat_map(|fold| &fold.cases).collect();
        let interval = |cases: &[&CaseResult], value: &dyn Fn(&CaseResult) -> f64| {
            let values: Vec<f64> = cases.iter().map(|case| value(case)).collect();
            Interval::of(&values, bootstrap_samples)
        };
        let at_cutoff = |(place, &cutoff): (usize, &u32)| CutoffQuality {
            cutoff,
            ndcg: interval(&cases, &|case| case.at_cutoffs[place].ndcg),
            recall: interval(&cases, &|case| case.at_cutoffs[place].recall),
            truncated_recall: interval(&cases, &|case| case.at_cutoffs[place].truncated_recall),
        };
        let last_ndcg = |case: &CaseResult| case.at_cutoffs.last().map_or(0.0, |last| last.ndcg);
        let mut by_len = cases.clone();
        by_len.sort_by_key(|case| case.history_len);
        let by_activity = by_len
            .chunks(by_len.len().div_ceil(ACTIVITY_GROUP_COUNT).max(1))
            .map(|group| ActivityQuality {
                history_min_len: group.first().map_or(0, |case| case.history_len),
                history_max_len: group.last().map_or(0, |case| case.history_len),
                ndcg: interval(group, &last_ndcg),
            })
            .collect();
        let mean = |values: &mut dyn Iterator<Item = f64>, count: usize| {
            values.sum::<f64>() / count.max(1) as f64
        };
        Self {
            name,
            at_cutoffs: cutoffs.iter().enumerate().map(at_cutoff).collect(),
            mrr: interval(&cases, &|case| case.reciprocal_rank),
            r_precision: interval(&cases, &|case| case.r_precision),
            clicks: interval(&cases, &|case| case.clicks),
            coverage: mean(&mut folds.iter().map(|fold| fold.coverage), folds.len()),
            novelty_bits: mean(&mut cases.iter().map(|case| case.novelty_bits), cases.len()),
            by_activity,
            ndcg_by_fold: folds
                .iter()
                .map(|fold| mean(&mut fold.cases.iter().map(last_ndcg), fold.cases.len()))
                .collect(),
        }
    }
}
