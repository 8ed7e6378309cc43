use std::fs;
use std::io;

use anyhow::Context;
use config::Protocol;
use pointer::Quality;
use serde::{Deserialize, Serialize};

use super::import::{configured, connect_source, load};
use super::prepare::model_fingerprint;
use crate::atomic_file::write_bytes_atomically;
use crate::evaluate::{self as measuring, report};
use crate::import::import_split;
use crate::progress::Progress;
use crate::settings::{CollectionSettings, Settings};
use crate::store::Store;

/// A figure, and the model that it is of.
#[derive(Debug, Deserialize, Serialize)]
struct MeasuredQuality {
    /// The fingerprint of the data set and the settings of the training.
    model: String,
    quality: Quality,
}

/// Measures how well a model of these settings recommends; gives the report as text.
pub fn evaluate(
    settings: &Settings,
    collection: &CollectionSettings,
    progress: &Progress,
) -> anyhow::Result<String> {
    let CollectionSettings {
        name,
        collection: described,
        folder,
        ..
    } = collection;
    let stage = progress.begin(name, "evaluate");
    let (dataset, values) = load(folder)?;
    let scale = values.map(configured);
    let scale = scale.as_ref();
    let how = &described.evaluate;
    let evaluation = if let (Protocol::FixedSplit, Some(split)) = (how.protocol, &how.split) {
        let store = connect_source(settings, collection)?;
        let store = store.as_ref().map(|store| store as &dyn Store);
        let (split, _) = import_split(described, store, split)?;
        let fold = measuring::fixed_split(&split, scale);
        measuring::evaluate([fold], scale, &described.train, how)?
    } else {
        let folds = measuring::folds(&dataset, scale, how);
        let fold_count = folds.len();
        let folds = (0..).zip(folds).map(|(done, fold)| {
            stage.advance(done, fold_count, "folds");
            fold
        });
        measuring::evaluate(folds, scale, &described.train, how)?
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
    let summary = format!(
        "{} {:.4} ({:.4} to {:.4}) on {} people",
        quality.metric, quality.value, quality.low, quality.high, evaluation.case_count
    );
    let measured = MeasuredQuality {
        model: model_fingerprint(collection)?,
        quality,
    };
    write_bytes_atomically(&folder.quality(), &serde_json::to_vec_pretty(&measured)?)?;
    stage.end(summary);
    Ok(text)
}

/// What was measured, if it was measured with the data set and the settings that hold now.
pub(super) fn measured_quality(collection: &CollectionSettings) -> anyhow::Result<Option<Quality>> {
    let path = collection.folder.quality();
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let measured: MeasuredQuality =
        serde_json::from_slice(&bytes).with_context(|| format!("cannot use {}", path.display()))?;
    let is_current = measured.model == model_fingerprint(collection)?;
    Ok(is_current.then_some(measured.quality))
}
