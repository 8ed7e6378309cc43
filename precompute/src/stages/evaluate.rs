use std::collections::BTreeMap;
use std::fs;
use std::io;

use anyhow::Context;
use config::{Collection, Predict, Protocol};
use pointer::{Quality, ValueScale};

use super::import::{configured, connect_source, load, read_state};
use super::prediction;
use super::train::model_origin;
use crate::atomic_file::write_bytes_atomically;
use crate::dataset::Dataset;
use crate::evaluate::{self as measuring, Evaluation, report};
use crate::fingerprints::{Fingerprints, file_state, fingerprint};
use crate::import::import_split;
use crate::progress::Progress;
use crate::settings::{CollectionSettings, Settings};
use crate::store::Store;
use crate::work_folder::WorkFolder;

/// Figures by the fingerprints of the models that they are of, so that measuring one model takes no other's figure away.
type Figures = BTreeMap<String, Quality>;

/// Measures how well a model of these settings recommends; gives the report as text.
pub fn evaluate(
    settings: &Settings,
    collection: &CollectionSettings,
    progress: &Progress,
) -> anyhow::Result<String> {
    let folder = &collection.folder;
    let measured: Box<dyn FnOnce() -> anyhow::Result<(String, Quality)> + '_> =
        if let Some(predict) = &collection.collection.predict {
            Box::new(|| measure_prediction(collection, predict, progress))
        } else {
            let (dataset, values) = load(folder)?;
            Box::new(move || measure(settings, collection, &dataset, values, progress))
        };
    let model = model_origin(settings, collection, &read_state(folder)?).fingerprint;
    let fingerprint = evaluate_fingerprint(collection, &model);
    Fingerprints::read(&folder.fingerprints()).doing("evaluate", &fingerprint, || {
        let mut figures = read_figures(folder);
        if figures.remove(&model).is_some() {
            write_figures(folder, &figures)?;
        }
        let (text, quality) = measured()?;
        figures.insert(model, quality);
        write_figures(folder, &figures)?;
        Ok(text)
    })
}

/// The model card as text, and the figure that publishing compares.
fn measure_prediction(
    collection: &CollectionSettings,
    predict: &Predict,
    progress: &Progress,
) -> anyhow::Result<(String, Quality)> {
    let stage = progress.begin(&collection.name, "evaluate");
    let (text, quality) = prediction::measure(&collection.folder, &collection.collection, predict)?;
    let Quality {
        metric,
        value,
        low,
        high,
        protocol,
    } = &quality;
    stage.end(format_args!(
        "{metric} {value:.4} ({low:.4} to {high:.4}), {protocol}"
    ));
    Ok((text, quality))
}

/// The report as text, which is left in the working folder in other forms too, and the figure that publishing compares.
fn measure(
    settings: &Settings,
    collection: &CollectionSettings,
    dataset: &Dataset,
    values: Option<ValueScale>,
    progress: &Progress,
) -> anyhow::Result<(String, Quality)> {
    let CollectionSettings {
        name,
        collection: described,
        folder,
        ..
    } = collection;
    let stage = progress.begin(name, "evaluate");
    let scale = values.map(configured);
    let scale = scale.as_ref();
    let how = &described.evaluate;
    let resources = settings.resources(folder);
    let search = how.search.as_ref().map(|judged| {
        let samples = how.bootstrap_samples;
        measuring::evaluate_search(dataset, &described.search, judged, samples)
    });
    let search = search.transpose()?;
    let is_catalogue = dataset.interactions.is_empty();
    let evaluation = if let (Some(search), true) = (&search, is_catalogue) {
        Evaluation::of_search(search.clone())
    } else if let (Protocol::FixedSplit, Some(split)) = (how.protocol, &how.split) {
        let store = connect_source(settings, collection)?;
        let store = store.as_ref().map(|store| store as &dyn Store);
        let (split, _) = import_split(described, store, split)?;
        let fold = measuring::fixed_split(&split, scale);
        measuring::evaluate([fold], scale, &described.train, how, &resources)?
    } else {
        let folds = measuring::folds(dataset, scale, how);
        let fold_count = folds.len();
        let folds = (0..).zip(folds).map(|(done, fold)| {
            stage.advance(done, fold_count, "folds");
            fold
        });
        measuring::evaluate(folds, scale, &described.train, how, &resources)?
    };
    let evaluation = Evaluation {
        search,
        ..evaluation
    };
    let title = &described.title;
    let text = report::text(title, &evaluation);
    let json = serde_json::to_vec_pretty(&report::json(title, &evaluation))?;
    let page = report::html(title, &evaluation);
    let report = folder.report();
    write_bytes_atomically(&report.join("report.txt"), text.as_bytes())?;
    write_bytes_atomically(&report.join("report.json"), &json)?;
    write_bytes_atomically(&report.join("report.html"), page.as_bytes())?;
    let quality = evaluation.quality().context("no cut-off was measured")?;
    let asked = match &evaluation.search {
        Some(search) if is_catalogue => format!("{} topics", search.topic_count),
        _ => format!("{} people", evaluation.case_count),
    };
    let summary = format!(
        "{} {:.4} ({:.4} to {:.4}) on {asked}",
        quality.metric, quality.value, quality.low, quality.high
    );
    stage.end(summary);
    Ok((text, quality))
}

/// The fingerprint of what decides the figure of a model.
pub(super) fn evaluate_fingerprint(collection: &CollectionSettings, model: &str) -> String {
    let Collection {
        evaluate, search, ..
    } = &collection.collection;
    // How things are found, and what is asked, decide only where it is asked.
    let judged = evaluate.search.as_ref().map(|judged| {
        let state = |path| file_state(path).unwrap_or_default();
        format!(
            "{search:?} {} {}",
            state(&judged.topics),
            state(&judged.judgments)
        )
    });
    fingerprint(&[model, &format!("{evaluate:?} {judged:?}")])
}

/// What was measured of the model with this fingerprint, if anything was.
pub(super) fn measured_quality(folder: &WorkFolder, model: &str) -> Option<Quality> {
    read_figures(folder).remove(model)
}

/// Reads the figures. Where there are none, or none that can be read, nothing was measured, and publishing asks for it.
fn read_figures(folder: &WorkFolder) -> Figures {
    let figures = fs::read(folder.quality()).ok();
    figures
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

fn write_figures(folder: &WorkFolder, figures: &Figures) -> io::Result<()> {
    write_bytes_atomically(&folder.quality(), &serde_json::to_vec_pretty(figures)?)
}
