use std::fs;
use std::io;

use super::evaluate::evaluate_fingerprint;
use super::import::{import_fingerprint, poster_key, read_state};
use super::train::model_origin;
use super::write::write_fingerprint;
use super::{evaluate, import, train, write};
use crate::evaluate::EvaluateError;
use crate::fingerprints::Fingerprints;
use crate::progress::Progress;
use crate::settings::{CollectionSettings, Settings};

/// Whether a run trusts what an earlier one left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rebuild {
    /// What was made from the same stays.
    WhatChanged,
    /// Every stage is done.
    Everything,
}

/// Imports, trains, evaluates and writes, each only if what decides its output changed.
pub fn prepare(
    settings: &Settings,
    collection: &CollectionSettings,
    rebuild: Rebuild,
    progress: &Progress,
) -> anyhow::Result<()> {
    let CollectionSettings { name, folder, .. } = collection;
    if rebuild == Rebuild::Everything {
        forget(folder.fingerprints())?;
    }
    // Before anything is done: each stage notes what it did itself.
    let done = Fingerprints::read(&folder.fingerprints());
    let is_done = |stage, fingerprint: &str| done.of(stage) == Some(fingerprint);
    let mut skipped = Vec::new();

    // Posters that nobody has asked for yet are a reason to import again, since every day allows only so many questions.
    let posters_left =
        poster_key().is_some() && read_state(folder).is_ok_and(|state| 0 < state.posters_left);
    let imported = import_fingerprint(settings, collection)?;
    if is_done("import", &imported) && !posters_left && !collection.all_objects {
        skipped.push("import");
    } else {
        import(settings, collection, progress)?;
    }

    let model = model_origin(settings, collection, &read_state(folder)?).fingerprint;
    if is_done("train", &model) {
        skipped.push("train");
    } else {
        train(settings, collection, progress)?;
    }

    if is_done("evaluate", &evaluate_fingerprint(collection, &model)) {
        skipped.push("evaluate");
    } else {
        match evaluate(settings, collection, progress) {
            // Too few people to measure on are enough to recommend to. A generation that was measured is not replaced by this one unasked.
            Err(error) if matches!(error.downcast_ref(), Some(EvaluateError::NoCases)) => {
                let stage = progress.begin(name, "evaluate");
                stage.note(&error);
                stage.end("the generation goes without a figure");
            }
            other => drop(other?),
        }
    }

    if is_done("write", &write_fingerprint(collection, &model)?) {
        skipped.push("write");
    } else {
        write(collection, progress)?;
    }
    if !skipped.is_empty() {
        progress
            .begin(name, "run")
            .end(format_args!("nothing changed for {}", skipped.join(", ")));
    }
    Ok(())
}

fn forget(path: std::path::PathBuf) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
