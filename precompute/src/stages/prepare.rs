use std::fs;
use std::io;
use std::time::SystemTime;

use config::Source;

use super::import::{ImportState, connect_source, poster_key, read_state};
use super::{evaluate, import, train, write};
use crate::fingerprints::{Fingerprints, file_state, fingerprint};
use crate::progress::Progress;
use crate::settings::{CollectionSettings, Settings};
use crate::store::Store;

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
    let CollectionSettings {
        name,
        collection: described,
        folder,
        ..
    } = collection;
    if rebuild == Rebuild::Everything {
        forget(folder.fingerprints())?;
    }
    let mut done = Fingerprints::read(&folder.fingerprints());

    let source = source_state(settings, collection)?;
    let how = format!(
        "{:?} {:?} {:?}",
        described.layout, described.values, described.import
    );
    let imported = fingerprint(&[&source, &how]);
    // Posters that nobody has asked for yet are a reason to import again, since every day allows only so many questions.
    let posters_left =
        poster_key().is_some() && read_state(folder).is_ok_and(|state| 0 < state.posters_left);
    let mut skipped = Vec::new();
    if done.of("import") == Some(&imported) && !posters_left && !collection.all_objects {
        skipped.push("import");
    } else {
        done.doing("import", &imported, || {
            import(settings, collection, progress)
        })?;
    }

    let trained = model_fingerprint(collection)?;
    if done.of("train") == Some(&trained) {
        skipped.push("train");
    } else {
        done.doing("train", &trained, || train(collection, progress))?;
    }

    let measured = fingerprint(&[&trained, &format!("{:?}", described.evaluate)]);
    if done.of("evaluate") == Some(&measured) {
        skipped.push("evaluate");
    } else {
        done.doing("evaluate", &measured, || {
            evaluate(settings, collection, progress).map(drop)
        })?;
    }

    let described_so = format!("{name} {} {}", described.title, described.synthetic);
    let written = fingerprint(&[&measured, &described_so]);
    if done.of("write") == Some(&written) {
        skipped.push("write");
    } else {
        done.doing("write", &written, || write(collection, progress))?;
    }
    if !skipped.is_empty() {
        progress
            .begin(name, "run")
            .end(format_args!("nothing changed for {}", skipped.join(", ")));
    }
    Ok(())
}

/// The fingerprint of what decides a model. It goes by the data set and not by the source, which may have been touched and still hold the same.
pub(super) fn model_fingerprint(collection: &CollectionSettings) -> anyhow::Result<String> {
    let ImportState {
        values,
        dataset_sha256,
        ..
    } = read_state(&collection.folder)?;
    let settings = format!("{values:?} {:?}", collection.collection.train);
    Ok(fingerprint(&[&dataset_sha256, &settings]))
}

/// What the source holds, without reading it. A source that cannot be looked at is never as it was before, and left to the import, whose error says
/// more.
fn source_state(settings: &Settings, collection: &CollectionSettings) -> anyhow::Result<String> {
    match &collection.collection.source {
        Source::Path(path) => {
            Ok(file_state(path).unwrap_or_else(|error| format!("{error} {:?}", SystemTime::now())))
        }
        Source::S3 { prefix, .. } => {
            let objects = connect_source(settings, collection)?.map(|store| store.list(prefix));
            Ok(format!("{:?}", objects.transpose()?))
        }
    }
}

fn forget(path: std::path::PathBuf) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
