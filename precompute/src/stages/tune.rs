use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use config::{Config, Evaluate, Predict, Protocol, Setting, with_settings};

use super::import::{configured, connect_source, import_fingerprint, load, read_state};
use super::prediction;
use crate::atomic_file::write_bytes_atomically;
use crate::evaluate as measuring;
use crate::import::import_split;
use crate::progress::{Progress, Stage};
use crate::settings::{CollectionSettings, Settings};
use crate::store::Store;
use crate::tune::{
    self as tuning, Budget, Measure, Measured, RowValidation, Space, Subject, TrialLog, TuneError,
    Tuning, Validation, unseen_by,
};

/// How to search.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TuneOptions {
    /// How many trials of a model are made.
    pub trials: usize,
    /// For how long trials of a model are begun.
    pub time: Option<Duration>,
    /// What decides who is asked, and what is tried.
    pub seed: u64,
    /// What is tuned; everything that a collection has where this is empty.
    pub only: Vec<Subject>,
}

/// What came of the searches for a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// What was tried.
    pub text: String,
    /// The settings that are better than those that are configured, by their keys below the collection.
    pub changes: Vec<(&'static str, Setting)>,
}

/// Searches better settings for the models of a collection; `None` where it has none of those that are to be tuned. A page is left in the working folder.
pub fn tune(
    settings: &Settings,
    collection: &CollectionSettings,
    options: &TuneOptions,
    progress: &Progress,
) -> anyhow::Result<Option<Tuned>> {
    let mut subjects = Subject::of(&collection.collection);
    subjects.retain(|subject| options.only.is_empty() || options.only.contains(subject));
    if subjects.is_empty() {
        return Ok(None);
    }
    let stage = progress.begin(&collection.name, "tune");
    let searches = Searches {
        collection,
        options,
        stage: &stage,
    };
    let tunings = match &collection.collection.predict {
        Some(predict) => vec![searches.of_predictions(predict)?],
        None => searches.of_recommendations(&subjects, settings)?,
    };
    let title = &collection.collection.title;
    let page = tuning::report::html(title, &tunings);
    let path = collection.folder.report().join("tune.html");
    write_bytes_atomically(&path, page.as_bytes())?;
    let texts = tunings
        .iter()
        .map(|tuned| tuning::report::text(title, tuned));
    let tuned = Tuned {
        text: texts.collect::<Vec<_>>().join("\n"),
        changes: tunings.iter().flat_map(Tuning::changes).collect(),
    };
    stage.end(format_args!(
        "{} settings are to be changed; the page is {}",
        tuned.changes.len(),
        path.display()
    ));
    Ok(Some(tuned))
}

/// What the searches of a collection share.
struct Searches<'a> {
    collection: &'a CollectionSettings,
    options: &'a TuneOptions,
    stage: &'a Stage<'a>,
}

impl Searches<'_> {
    fn of_predictions(&self, predict: &Predict) -> anyhow::Result<Tuning> {
        let Self {
            collection,
            options,
            ..
        } = self;
        let prepared = prediction::load(&collection.folder, predict)?;
        let validation = RowValidation::new(&prepared, predict, options.seed)?;
        let measure = Measure {
            name: "1 - Brier score".to_owned(),
            len_of: "a model",
            cases: "rows",
            protocol: validation.describe(),
            guarantee: "Evaluate judges the same rows, dealt to other folds: with settings that were found here, its figures are a little too good".to_owned(),
            bootstrap_samples: collection.collection.evaluate.bootstrap_samples,
        };
        let mut log = self.log("")?;
        let space = Space::new(Subject::Prediction, &collection.collection, 0);
        self.search(space, measure, &mut log, |with| {
            validation.measure(with.predict.as_ref().unwrap_or(predict))
        })
    }

    fn of_recommendations(
        &self,
        subjects: &[Subject],
        settings: &Settings,
    ) -> anyhow::Result<Vec<Tuning>> {
        let Self {
            collection,
            options,
            ..
        } = self;
        let described = &collection.collection;
        let how = &described.evaluate;
        let (dataset, values) = load(&collection.folder)?;
        if dataset.interactions.is_empty() {
            return Err(TuneError::NoInteractions.into());
        }
        let scale = values.map(configured);
        let scale = scale.as_ref();
        let mut split_fingerprint = String::new();
        let (rest, fold_count) =
            if let (Protocol::FixedSplit, Some(split)) = (how.protocol, &how.split) {
                let store = connect_source(settings, collection)?;
                let store = store.as_ref().map(|store| store as &dyn Store);
                let (split, _) = import_split(described, store, split)?;
                split_fingerprint = import_fingerprint(settings, collection)?;
                (split.train, 1)
            } else {
                unseen_by(measuring::folds(&dataset, scale, how))
            };
        drop(dataset);
        let item_count = rest.items.len();
        let validation = Validation::new(rest, scale, how, options.seed);
        let cutoff = how
            .cutoffs
            .iter()
            .max()
            .context("no cut-off is to be measured")?;
        let resources = settings.resources(&collection.folder);
        let mut log = self.log(&format!("{how:?} {split_fingerprint}"))?;
        subjects
            .iter()
            .filter_map(|&subject| Some((subject, subject.asked()?)))
            .map(|(subject, asked)| {
                let measure = Measure {
                    name: format!("NDCG@{cutoff}"),
                    len_of: "an item",
                    cases: "people",
                    protocol: validation.describe(),
                    guarantee: guarantee(how, fold_count),
                    bootstrap_samples: how.bootstrap_samples,
                };
                let space = Space::new(subject, described, item_count);
                self.search(space, measure, &mut log, |with| {
                    validation.measure(asked, &with.train, &resources)
                })
                .with_context(|| format!("tuning {}", subject.name()))
            })
            .collect()
    }

    fn log(&self, protocol: &str) -> anyhow::Result<TrialLog> {
        let folder = &self.collection.folder;
        let data = read_state(folder)?.data_sha256();
        let protocol = format!("{data} {protocol} {}", self.options.seed);
        let log = TrialLog::open(&folder.trials(), &protocol)?;
        for note in &log.notes {
            self.stage.note(note);
        }
        Ok(log)
    }

    fn search(
        &self,
        space: Space,
        measure: Measure,
        log: &mut TrialLog,
        measured: impl FnMut(&config::Collection) -> Result<Measured, TuneError>,
    ) -> anyhow::Result<Tuning> {
        let Self { options, stage, .. } = self;
        let name = space.subject.name();
        match log.count(&space) {
            (0, 0) => {}
            (0, others) => stage.note(format_args!(
                "{name}: {others} trials are of other data, another protocol or other settings: the search begins anew"
            )),
            (same, _) => stage.note(format_args!("{name}: {same} trials are there already")),
        }
        let budget = Budget {
            trials: options.trials,
            deadline: options.time.map(|time| Instant::now() + time),
        };
        let trials = tuning::search(&space, options.seed, &budget, log, measured, |_, done| {
            stage.advance(done, options.trials, "trials");
        })?;
        Ok(Tuning::new(space, trials, measure))
    }
}

/// What is promised of those whom the evaluation asks.
fn guarantee(how: &Evaluate, fold_count: usize) -> String {
    if let (Protocol::FixedSplit, Some(split)) = (how.protocol, &how.split) {
        return format!("Nothing of the test half of the split {split} was seen");
    }
    let seeds = |seeds: &[u64]| {
        seeds
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (unseen, others) = how.seeds.split_at(fold_count.min(how.seeds.len()));
    let sentence = format!(
        "Nothing that evaluate hides with the seeds {} was seen",
        seeds(unseen)
    );
    if others.is_empty() {
        return sentence;
    }
    let others = seeds(others);
    format!(
        "{sentence}; what it hides with {others} may have been, since too little would be left without"
    )
}

/// Writes what was found into the configuration, in one go, and gives it as TOML with a comment that says so; with a dry run, and where there is no file, it is
/// only given.
///
/// A file that says something else of a collection than it did when the search began is left as it is, which is an error.
pub fn write_settings(
    found: &[(&CollectionSettings, Tuned)],
    path: &Path,
    is_dry_run: bool,
) -> anyhow::Result<String> {
    let mut lines = String::new();
    for (CollectionSettings { name, .. }, tuned) in found {
        lines += &config::settings_as_toml(name, &tuned.changes);
    }
    let file = path.display();
    if lines.is_empty() {
        return Ok(lines);
    }
    if is_dry_run || !path.exists() {
        return Ok(format!("# to be written into {file}\n{lines}"));
    }
    // What a link leads to is written, and not the link.
    let target = path.canonicalize()?;
    let mut text = std::fs::read_to_string(&target)?;
    let now = Config::parse(&text, path)?;
    for (
        CollectionSettings {
            name, collection, ..
        },
        tuned,
    ) in found
    {
        if now.collections.get(name.as_str()) != Some(collection) {
            bail!(
                "{file} says something else of collection `{name}` than when the search began, and is left as it is: run `precompute tune` again"
            );
        }
        text = with_settings(&text, path, name, &tuned.changes)?;
    }
    let permissions = std::fs::metadata(&target)?.permissions();
    write_bytes_atomically(&target, text.as_bytes())
        .and_then(|()| std::fs::set_permissions(&target, permissions))
        .with_context(|| format!("cannot write {file}"))?;
    Ok(format!("# written into {file}\n{lines}"))
}
