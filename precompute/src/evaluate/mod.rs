//! Measuring: how well the index files answer people whom the training did not see in full.
//!
//! A protocol makes [`Fold`]s: what a training may see, and [`Case`]s, people with a history to show and items to be found. [`evaluate`] trains on each fold,
//! writes the index file, and ranks *all* items for every case through the file's reader and its scoring, which are those that answer requests. What comes out
//! is an [`Evaluation`], which [`report`] turns into text, JSON and a page.

mod error;
mod interval;
mod measure;
pub mod metrics;
mod random;
mod ranker;
#[cfg(test)]
mod real_data;
pub mod report;
mod split;

use config::{Evaluate, Model as Method, Protocol, Similarity, Train, ValueScale};
use index::FileKind;

pub use error::EvaluateError;
pub use interval::Interval;
pub use measure::{
    ActivityQuality, CaseResult, CutoffQuality, CutoffResult, FoldResult, ModelQuality, measure,
};
pub use ranker::{ClustersRanker, IndexRanker, PopularRanker, Ranker, ScoreRanker};
pub use split::{Case, Fold, fixed_split, leave_one_out, strong_generalisation};

use crate::{dataset::Dataset, train::train, write::index_files};

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// What was hidden from whom, in words.
    pub protocol: String,
    /// How many people were asked about, over all folds.
    pub case_count: usize,
    /// The length of the file of neighbours by the number of items; the mean over the folds.
    pub neighbours_bytes_an_item: f64,
    /// The model that is served, then those that it is compared with.
    pub models: Vec<ModelQuality>,
}

impl Evaluation {
    /// The figure that publishing compares: the NDCG of the served model at the last cut-off.
    pub fn quality(&self) -> Option<pointer::Quality> {
        let last = self.models.first()?.at_cutoffs.last()?;
        Some(pointer::Quality {
            metric: format!("ndcg@{}", last.cutoff),
            value: rounded(last.ndcg.mean),
            low: rounded(last.ndcg.low),
            high: rounded(last.ndcg.high),
            protocol: self.protocol.clone(),
        })
    }
}

/// To a millionth, more than anybody can measure: numbers of few digits are the same for every reader of JSON, the functions' short one among them.
fn rounded(figure: f64) -> f64 {
    (figure * 1e6).round() / 1e6
}

/// How many neighbours the baseline has; more make it worse on films.
const BASELINE_NEIGHBOUR_COUNT: u32 = 20;

/// The folds of a data set by the protocol of the collection, which is not that of fixed splits: those are [`fixed_split`]'s.
pub fn folds(
    dataset: &Dataset,
    scale: Option<&ValueScale>,
    settings: &Evaluate,
) -> impl ExactSizeIterator<Item = Fold> {
    settings
        .seeds
        .iter()
        .map(move |&seed| match settings.protocol {
            Protocol::LeaveOneOut => leave_one_out(dataset, scale, seed),
            Protocol::StrongGeneralisation | Protocol::FixedSplit => strong_generalisation(
                dataset,
                scale,
                settings.held_out_user_share,
                settings.fold_in_share,
                seed,
            ),
        })
}

/// What a protocol hides, in words.
pub fn describe(settings: &Evaluate) -> String {
    let runs = match settings.seeds.as_slice() {
        [seed] => format!("seed {seed}"),
        seeds => {
            let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
            format!("seeds {}", seeds.join(", "))
        }
    };
    let percent = |share: f64| format!("{} %", (share * 1000.0).round() / 10.0);
    match (settings.protocol, &settings.split) {
        (Protocol::StrongGeneralisation, _) => format!(
            "strong generalisation: {} of the users held out, {} of their histories folded in, {runs}",
            percent(settings.held_out_user_share),
            percent(settings.fold_in_share)
        ),
        (Protocol::LeaveOneOut, _) => format!("leave one out: the newest of every user, {runs}"),
        (Protocol::FixedSplit, Some(split)) => format!("the source's own split {split}"),
        (Protocol::FixedSplit, None) => "the source's own split".to_owned(),
    }
}

/// Measures the model of `train_settings` and its baselines on `folds`.
pub fn evaluate(
    folds: impl IntoIterator<Item = Fold>,
    scale: Option<&ValueScale>,
    train_settings: &Train,
    settings: &Evaluate,
) -> Result<Evaluation, EvaluateError> {
    let mut cutoffs = settings.cutoffs.clone();
    cutoffs.sort_unstable();
    cutoffs.dedup();
    let baseline = Train {
        model: Method::ItemKnn,
        similarity: Similarity::TfIdf,
        neighbours: BASELINE_NEIGHBOUR_COUNT,
        ..train_settings.clone()
    };
    let mut names = [const { String::new() }; 4];
    let mut results = [const { Vec::new() }; 4];
    let mut bytes_an_item = Vec::new();
    for Fold {
        train: dataset,
        cases,
    } in folds
    {
        let popular_count = train_settings.popular_items as usize;
        let served = train(&dataset, scale, train_settings, &|_, _| ())?;
        let compared = train(&dataset, scale, &baseline, &|_, _| ())?;
        let files = index_files(&dataset, &served, popular_count)?;
        bytes_an_item.push(neighbours_bytes_an_item(&files, dataset.items.len()));
        let served_ranker = IndexRanker::new(files, &served.item_order)?;
        let files = index_files(&dataset, &compared, popular_count)?;
        let compared_ranker = IndexRanker::new(files, &compared.item_order)?;
        let measured = |ranker: &dyn Ranker| measure(&ranker, &cases, &cutoffs, &served.popularity);
        results[0].push(measured(&served_ranker)?);
        results[1].push(measured(&served_ranker.by_clusters())?);
        results[2].push(measured(&compared_ranker)?);
        results[3].push(measured(&served_ranker.popular())?);
        let clusters = served.clusters.map(|clusters| clusters.description);
        names = [
            served.description,
            format!("clusters: {}", clusters.unwrap_or_default()),
            compared.description,
            "popular".to_owned(),
        ];
    }
    let case_count = results[0]
        .iter()
        .map(|fold: &FoldResult| fold.cases.len())
        .sum();
    if case_count == 0 {
        return Err(EvaluateError::NoCases);
    }
    let quality = |(name, folds): (String, Vec<FoldResult>)| {
        ModelQuality::new(name, &folds, &cutoffs, settings.bootstrap_samples)
    };
    Ok(Evaluation {
        protocol: describe(settings),
        case_count,
        neighbours_bytes_an_item: bytes_an_item.iter().sum::<f64>() / bytes_an_item.len() as f64,
        models: names.into_iter().zip(results).map(quality).collect(),
    })
}

/// The length of the file of neighbours by the number of items.
pub fn neighbours_bytes_an_item(files: &[(FileKind, Vec<u8>)], item_count: usize) -> f64 {
    let of_neighbours = files
        .iter()
        .filter(|(kind, _)| *kind == FileKind::Neighbours);
    of_neighbours.map(|(_, bytes)| bytes.len()).sum::<usize>() as f64 / item_count.max(1) as f64
}
