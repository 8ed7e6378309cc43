//! Measuring: how well the index files answer people whom the training did not see in full.
//!
//! A protocol makes [`Fold`]s: what a training may see, and [`Case`]s, people with a history to show and items to be found. [`evaluate`] trains on each fold,
//! writes the index file, and ranks *all* items for every case through the file's reader and its scoring, which are those that answer requests. What comes out
//! is an [`Evaluation`], which [`report`] turns into text, JSON and a page. The search is measured by questions whose answers somebody judged ([`evaluate_search`]).

mod blend;
mod error;
mod interval;
mod measure;
pub mod metrics;
mod ranker;
pub mod report;
mod search;
mod split;
mod trec;

use config::{Evaluate, Model as Method, Protocol, Similarity, Train, ValueScale};
use index::{Algorithm, FileKind};

pub use blend::{describe_blend, learn_blend};
pub use error::EvaluateError;
pub use interval::Interval;
pub use measure::{
    ActivityQuality, CaseResult, CutoffQuality, CutoffResult, FoldResult, ModelQuality, measure,
};
pub use ranker::{BlendRanker, IndexRanker, Ranker, ScoreRanker};
pub use search::{SearchQuality, evaluate_search};
pub(crate) use split::hold_out;
pub use split::{Case, Fold, fixed_split, leave_one_out, strong_generalisation};
pub use trec::TrecError;

use crate::{
    Resources,
    dataset::Dataset,
    train::{Lists, popularity, train_for},
    write::index_files,
};

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
    /// What was measured of the search, where there are judged topics.
    pub search: Option<SearchQuality>,
}

impl Evaluation {
    /// What was measured of the search alone.
    pub fn of_search(quality: SearchQuality) -> Self {
        Self {
            protocol: "search by judged topics".to_owned(),
            case_count: 0,
            neighbours_bytes_an_item: 0.0,
            models: Vec::new(),
            search: Some(quality),
        }
    }

    /// The figure that publishing compares: the NDCG of the served model at the last cut-off, or where only the search was measured that of its first ten.
    pub fn quality(&self) -> Option<pointer::Quality> {
        let Some(served) = self.models.first() else {
            let ndcg = self.search.as_ref()?.ndcg_at_10;
            return Some(pointer::Quality {
                metric: "ndcg@10".to_owned(),
                value: rounded(ndcg.mean),
                low: rounded(ndcg.low),
                high: rounded(ndcg.high),
                protocol: self.protocol.clone(),
            });
        };
        let last = served.at_cutoffs.last()?;
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
pub(crate) fn rounded(figure: f64) -> f64 {
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

/// Measures every way in which the model of `train_settings` answers, and its baselines, on `folds`.
pub fn evaluate(
    folds: impl IntoIterator<Item = Fold>,
    scale: Option<&ValueScale>,
    train_settings: &Train,
    settings: &Evaluate,
    resources: &Resources,
) -> Result<Evaluation, EvaluateError> {
    let mut cutoffs = settings.cutoffs.clone();
    cutoffs.sort_unstable();
    cutoffs.dedup();
    let baseline = Train {
        model: Method::ItemKnn,
        similarity: Similarity::TfIdf,
        neighbours: BASELINE_NEIGHBOUR_COUNT,
        rules: None,
        content: None,
        blend: None,
        ..train_settings.clone()
    };
    // In the order in which they are told of: what is served first, then the baselines.
    let mut results: Vec<(String, Vec<FoldResult>)> = Vec::new();
    let mut file_len = Vec::new();
    for Fold {
        train: dataset,
        cases,
    } in folds
    {
        let learn = |algorithms: &[Algorithm], settings| {
            train_for(algorithms, &dataset, scale, settings, resources, &|_, _| ())
        };
        let served = learn(&Algorithm::ALL, train_settings)?;
        let compared = learn(&[Algorithm::Neighbours], &baseline)?;
        let files = index_files(&dataset, &served, train_settings)?;
        file_len.push(neighbours_bytes_an_item(&files, dataset.items.len()));
        let served_ranker = IndexRanker::new(files, &served.item_order)?;
        // Learnt without those who are asked here, as everything else is.
        let cutoff = cutoffs.last().copied().unwrap_or(0);
        let steps = learn_blend(&dataset, scale, train_settings, cutoff, resources)?;
        // Of several folds, the weights of the first are told.
        let blend = (!steps.is_empty()).then(|| {
            format!(
                "blend by the length of the history: {}",
                describe_blend(&steps)
            )
        });
        let files = index_files(&dataset, &compared, &baseline)?;
        let compared_ranker = IndexRanker::new(files, &compared.item_order)?;

        let of = |lists: &Option<Lists>| lists.as_ref().map(|lists| lists.description.clone());
        let rules = served.rules.as_ref().map(|rules| rules.description.clone());
        let clusters = served.clusters.as_ref();
        let clusters = clusters.map(|clusters| clusters.description.clone());
        let ways = [
            (blend, served_ranker.by_steps(&steps)),
            (
                of(&served.neighbours),
                served_ranker.by(Algorithm::Neighbours),
            ),
            (clusters, served_ranker.by(Algorithm::Clusters)),
            (rules, served_ranker.by(Algorithm::Rules)),
            (of(&served.content), served_ranker.by(Algorithm::Content)),
            (
                of(&compared.neighbours),
                compared_ranker.by(Algorithm::Neighbours),
            ),
            (
                Some("popular".to_owned()),
                served_ranker.by(Algorithm::Popular),
            ),
        ];
        let touches = popularity(dataset.items.len(), dataset.interactions.iter(), 0);
        let there = ways
            .into_iter()
            .filter_map(|(name, ranker)| Some((name?, ranker)));
        for (number, (name, ranker)) in there.enumerate() {
            let result = measure(&ranker, &cases, &cutoffs, &touches)?;
            match results.get_mut(number) {
                Some((_, of_folds)) => of_folds.push(result),
                None => results.push((name, vec![result])),
            }
        }
    }
    let first = results.first().map_or(&[][..], |(_, of_folds)| of_folds);
    let case_count = first.iter().map(|fold| fold.cases.len()).sum();
    if case_count == 0 {
        return Err(EvaluateError::NoCases);
    }
    let quality = |(name, folds): (String, Vec<FoldResult>)| {
        ModelQuality::new(name, &folds, &cutoffs, settings.bootstrap_samples)
    };
    Ok(Evaluation {
        protocol: describe(settings),
        case_count,
        neighbours_bytes_an_item: file_len.iter().sum::<f64>() / file_len.len() as f64,
        models: results.into_iter().map(quality).collect(),
        search: None,
    })
}

/// The length of the file of neighbours by the number of items.
pub fn neighbours_bytes_an_item(files: &[(FileKind, Vec<u8>)], item_count: usize) -> f64 {
    let of_neighbours = files
        .iter()
        .filter(|(kind, _)| *kind == FileKind::Neighbours);
    of_neighbours.map(|(_, bytes)| bytes.len()).sum::<usize>() as f64 / item_count.max(1) as f64
}
