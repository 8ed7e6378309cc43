//! The stages of a collection that predicts. Their outputs lie where those of other collections do, and are fingerprinted alike.

use anyhow::{Context, bail};
use config::{Collection, Predict};
use index::FileKind;
use pointer::Quality;

use super::import::connect_source;
use crate::atomic_file::write_bytes_atomically;
use crate::import::{TextTable, import_examples};
use crate::model_file::{self, Origin, Trained};
use crate::prediction::{self, Prepared};
use crate::progress::Stage;
use crate::settings::{CollectionSettings, Settings};
use crate::store::Store;
use crate::work_folder::WorkFolder;

const TABLE_FILE: &str = "table.csv";

/// Reads the table into the working folder; gives a summary. What cannot be learnt from is told of now.
pub(super) fn import(
    settings: &Settings,
    collection: &CollectionSettings,
    predict: &Predict,
) -> anyhow::Result<String> {
    let store = connect_source(settings, collection)?;
    let store = store.as_ref().map(|store| store as &dyn Store);
    let table = import_examples(&collection.collection, store, &predict.file)?;
    let prepared = prepared(&table, predict)?;
    prediction::folds(&prepared, predict, predict.seed)?;
    write_bytes_atomically(
        &collection.folder.dataset().join(TABLE_FILE),
        table.to_csv().as_bytes(),
    )?;
    Ok(format!(
        "{} rows of {} columns",
        table.rows.len(),
        table.names.len()
    ))
}

/// Learns, and leaves the index file.
pub(super) fn train(
    folder: &WorkFolder,
    predict: &Predict,
    origin: &Origin,
    stage: &Stage<'_>,
) -> anyhow::Result<String> {
    let prepared = load(folder, predict)?;
    for left_out in &prepared.left_out {
        stage.note(format_args!(
            "left out: {}, {}",
            left_out.column, left_out.reason
        ));
    }
    let model = prediction::fit(&prepared, predict)?;
    let file = prediction::model_file(&prepared.examples, &model, predict)?;
    let len_bytes = file.len();
    // No item is numbered: its one file is about rows.
    let trained = Trained {
        item_order: Vec::new(),
        popularity: Vec::new(),
        files: vec![(FileKind::Model, file)],
        blend: Vec::new(),
    };
    model_file::save(&trained, origin, &folder.model())?;
    Ok(format!(
        "{len_bytes} bytes from {} rows of {} fields",
        prepared.examples.num_rows(),
        prepared.examples.features().len()
    ))
}

/// Measures, and leaves the model card in three forms; gives it as text, and the figure that publishing compares.
pub(super) fn measure(
    folder: &WorkFolder,
    described: &Collection,
    predict: &Predict,
) -> anyhow::Result<(String, Quality)> {
    let prepared = load(folder, predict)?;
    let card = prediction::measure(&described.title, &prepared, predict)?;
    let text = prediction::text(&card);
    let report = folder.report();
    write_bytes_atomically(&report.join("report.txt"), text.as_bytes())?;
    write_bytes_atomically(
        &report.join("report.json"),
        &serde_json::to_vec_pretty(&prediction::json(&card))?,
    )?;
    write_bytes_atomically(
        &report.join("report.html"),
        prediction::html(&card).as_bytes(),
    )?;
    Ok((text, card.quality()))
}

pub(super) fn load(folder: &WorkFolder, predict: &Predict) -> anyhow::Result<Prepared> {
    let path = folder.dataset().join(TABLE_FILE);
    if !path.exists() {
        bail!(
            "there is no table in {}: `precompute import` makes it",
            folder.root().display()
        );
    }
    prepared(&TextTable::read(&folder.dataset(), TABLE_FILE)?, predict)
}

fn prepared(table: &TextTable, predict: &Predict) -> anyhow::Result<Prepared> {
    prediction::prepared(table, predict)
        .with_context(|| format!("cannot learn from `{}`", predict.file))
}
