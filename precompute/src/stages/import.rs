use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, bail};
use config::Source;
use pointer::ValueScale;
use serde::{Deserialize, Serialize};

use super::prediction;
use crate::atomic_file::write_bytes_atomically;
use crate::dataset::{Dataset, load_meanings, save_meanings};
use crate::digest::{file_digest, sha256_hex};
use crate::fingerprints::{Fingerprints, file_state, fingerprint};
use crate::import::{self, ImportReport, Watermark};
use crate::meanings::learnt_later;
use crate::progress::Progress;
use crate::settings::{CollectionSettings, Settings};
use crate::store::{S3Store, Store};
use crate::work_folder::WorkFolder;

/// The environment variable with the key for posters; without it nobody is asked.
pub(super) const POSTER_KEY_VARIABLE: &str = "OMDB_API_KEY";

/// What an import leaves beside the data set for the stages after it, and for the next import.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct ImportState {
    /// The scale of the values; absent where an interaction is only a click.
    pub(super) values: Option<ValueScale>,
    /// The hash of the data set's files.
    pub(super) dataset_sha256: String,
    /// Up to where a bucket was read.
    watermark: Option<Watermark>,
    /// The hash of what says where the data is and how it is read; what was read otherwise is not to be merged over.
    #[serde(default)]
    described_sha256: String,
    /// How many posters nobody has asked for yet.
    pub(super) posters_left: u64,
}

impl ImportState {
    /// The hash of the data set and the scale of its values, which a model learns from.
    pub(super) fn data_sha256(&self) -> String {
        let Self {
            values,
            dataset_sha256,
            ..
        } = self;
        sha256_hex(format!("{dataset_sha256} {values:?}").as_bytes())
    }
}

/// Reads a collection's source into the working folder.
pub fn import(
    settings: &Settings,
    collection: &CollectionSettings,
    progress: &Progress,
) -> anyhow::Result<()> {
    let imported = import_fingerprint(settings, collection)?;
    Fingerprints::read(&collection.folder.fingerprints()).doing("import", &imported, || {
        read_into_folder(settings, collection, progress)
    })
}

/// The fingerprint of what decides a data set. The source is looked at, and not read; one that cannot be looked at is left to the import, whose error says
/// more.
pub(super) fn import_fingerprint(
    settings: &Settings,
    collection: &CollectionSettings,
) -> anyhow::Result<String> {
    let state = match &collection.collection.source {
        Source::Path(path) => state_of(path),
        Source::Parts => {
            let parts = collection.collection.parts.iter();
            let states: Vec<String> = parts.map(|part| state_of(&part.source)).collect();
            states.join("\n")
        }
        Source::S3 { prefix, .. } => {
            let objects = connect_source(settings, collection)?.map(|store| store.list(prefix));
            format!("{:?}", objects.transpose()?)
        }
    };
    Ok(fingerprint(&[&described(settings, collection), &state]))
}

/// The state of a folder or file. What cannot be looked at is never as it was before.
fn state_of(path: &Path) -> String {
    file_state(path).unwrap_or_else(|error| format!("{error} {:?}", std::time::SystemTime::now()))
}

/// What says where the data is and how it is read.
fn described(settings: &Settings, collection: &CollectionSettings) -> String {
    let config::Collection {
        source,
        parts,
        layout,
        values,
        import,
        predict,
        ..
    } = &collection.collection;
    let table = predict.as_ref().map(|predict| &predict.file);
    let endpoint = &settings.storage.endpoint;
    format!("{endpoint:?} {source:?} {parts:?} {layout:?} {values:?} {import:?} {table:?}")
}

fn read_into_folder(
    settings: &Settings,
    collection: &CollectionSettings,
    progress: &Progress,
) -> anyhow::Result<()> {
    let CollectionSettings { name, folder, .. } = collection;
    let stage = progress.begin(name, "import");
    if let Some(predict) = &collection.collection.predict {
        forget_state(folder)?;
        let summary = prediction::import(settings, collection, predict)?;
        write_state(
            folder,
            &ImportState {
                dataset_sha256: folder_sha256(&folder.dataset())?,
                ..ImportState::default()
            },
        )?;
        stage.end(summary);
        return Ok(());
    }
    let Some((mut dataset, mut report, watermark)) = read(settings, collection)? else {
        stage.end("nothing is new in the bucket");
        return Ok(());
    };
    if let Some(key) = poster_key() {
        let posters = &collection.collection.import.posters;
        let cache = folder.root().join("posters.jsonl");
        report.posters = Some(import::find_posters(&mut dataset, posters, &key, &cache));
    }
    // The note of how far the bucket was read goes first: without it everything is read again, which is slow and right.
    forget_state(folder)?;
    dataset.save(&folder.dataset())?;
    if !report.meanings.is_empty() {
        save_meanings(&report.meanings, &folder.dataset())?;
    }
    let left_behind = ImportState {
        values: report.values,
        dataset_sha256: folder_sha256(&folder.dataset())?,
        watermark,
        described_sha256: sha256_hex(described(settings, collection).as_bytes()),
        posters_left: report.posters.as_ref().map_or(0, |posters| posters.left),
    };
    write_state(folder, &left_behind)?;
    write_bytes_atomically(
        &folder.import_report(),
        &serde_json::to_vec_pretty(&report)?,
    )?;
    let text = report.to_string();
    let (summary, oddities) = text.split_once('\n').unwrap_or((&text, ""));
    stage.note(oddities);
    stage.end(summary);
    Ok(())
}

type Read = (Dataset, ImportReport, Option<Watermark>);

/// Reads the source; `None` when it is a bucket in which nothing is new.
fn read(settings: &Settings, collection: &CollectionSettings) -> anyhow::Result<Option<Read>> {
    let Some(store) = connect_source(settings, collection)? else {
        let (dataset, report) = import::import(&collection.collection, None)?;
        return Ok(Some((dataset, report, None)));
    };
    let previous = previous(settings, collection);
    let earlier = match &previous {
        Some(_) => load_meanings(&collection.folder.dataset())?,
        None => Vec::new(),
    };
    let new = import::import_new_objects(&collection.collection, &store, previous)?;
    Ok(new.map(|(dataset, mut report, watermark)| {
        report.meanings = learnt_later(earlier, report.meanings);
        (dataset, report, Some(watermark))
    }))
}

/// What the last import left for the next one to merge over, if it read the same bucket in the same way.
fn previous(settings: &Settings, collection: &CollectionSettings) -> Option<(Dataset, Watermark)> {
    let state = read_state(&collection.folder).ok()?;
    let is_same = state.described_sha256 == sha256_hex(described(settings, collection).as_bytes());
    if collection.all_objects || !is_same {
        return None;
    }
    let dataset = Dataset::load(&collection.folder.dataset()).ok()?;
    Some((dataset, state.watermark?))
}

/// The bucket that a collection's source is, if it is one. It is where the one that is published to is, too.
pub(super) fn connect_source(
    settings: &Settings,
    collection: &CollectionSettings,
) -> anyhow::Result<Option<S3Store>> {
    Ok(match &collection.collection.source {
        Source::S3 { bucket, .. } => Some(S3Store::connect(&settings.location(bucket))?),
        Source::Path(_) | Source::Parts => None,
    })
}

/// The key for posters, if there is one.
pub(super) fn poster_key() -> Option<String> {
    std::env::var(POSTER_KEY_VARIABLE)
        .ok()
        .filter(|key| !key.is_empty())
}

/// Reads what the import left beside the data set.
pub(super) fn read_state(folder: &WorkFolder) -> anyhow::Result<ImportState> {
    let path = folder.import_state();
    let bytes = fs::read(&path).with_context(|| {
        format!(
            "there is nothing imported in {}: `precompute import` does it",
            path.display()
        )
    })?;
    serde_json::from_slice(&bytes).with_context(|| format!("cannot use {}", path.display()))
}

fn write_state(folder: &WorkFolder, state: &ImportState) -> io::Result<()> {
    write_bytes_atomically(&folder.import_state(), &serde_json::to_vec_pretty(state)?)
}

fn forget_state(folder: &WorkFolder) -> io::Result<()> {
    match fs::remove_file(folder.import_state()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The hash of the names and contents of a folder's files.
fn folder_sha256(folder: &Path) -> io::Result<String> {
    let mut lines = fs::read_dir(folder)?
        .map(|entry| {
            let path = entry?.path();
            let (len_bytes, sha256) = file_digest(&path)?;
            Ok(format!("{:?} {len_bytes} {sha256}", path.file_name()))
        })
        .collect::<io::Result<Vec<String>>>()?;
    lines.sort();
    Ok(sha256_hex(lines.join("\n").as_bytes()))
}

/// Reads the imported data set and the scale of its values.
pub(super) fn load(folder: &WorkFolder) -> anyhow::Result<(Dataset, Option<ValueScale>)> {
    let dataset = match Dataset::load(&folder.dataset()) {
        Err(error) if error.is_absent() => {
            bail!(
                "there is no data set in {}: `precompute import` makes it",
                folder.root().display()
            )
        }
        other => other?,
    };
    let state =
        read_state(folder).context("the import did not end: run `precompute import` again")?;
    Ok((dataset, state.values))
}

/// The scale as the configuration writes it.
pub(super) fn configured(scale: ValueScale) -> config::ValueScale {
    config::ValueScale {
        minimum: scale.minimum,
        maximum: scale.maximum,
        neutral: scale.neutral,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, ImportArgs, TrainArgs};

    /// The settings of a collection whose table of clicks lies in a bucket.
    fn settings(folder: &Path, endpoint: &str, source: &str, title_column: &str) -> Settings {
        let config = folder.join("kindred.toml");
        let text = format!(
            "[storage]\nendpoint = \"{endpoint}\"\n[collections.news]\ntitle = \"News\"\nsource = \"{source}\"\n\
             [collections.news.import.interactions]\nfile = \"events*.csv\"\ncolumns = {{ user = \"reader\", item = \"article\" }}\n\
             [collections.news.import.items]\nfile = \"articles.csv\"\ncolumns = {{ id = \"id\", title = \"{title_column}\" }}\n"
        );
        fs::write(&config, text).unwrap();
        let mut cli = Cli::parse_from(["precompute", "write"]);
        cli.global.config = config;
        cli.global.work = folder.join("work");
        Settings::resolve(&cli.global, &ImportArgs::default(), &TrainArgs::default()).unwrap()
    }

    #[test]
    fn new_objects_are_merged_only_over_what_was_read_from_the_same_bucket_in_the_same_way() {
        let folder = tempfile::tempdir().unwrap();
        let base = ["http://127.0.0.1:1", "s3://events/a", "title"];
        let resolve =
            |[endpoint, source, title]: [&str; 3]| settings(folder.path(), endpoint, source, title);
        let read = resolve(base);
        let collection = &read.collections[0];
        let dataset = Dataset::default();
        dataset.save(&collection.folder.dataset()).unwrap();
        let state = ImportState {
            watermark: Some(Watermark::default()),
            described_sha256: sha256_hex(described(&read, collection).as_bytes()),
            ..ImportState::default()
        };
        let state = serde_json::to_vec(&state).unwrap();
        write_bytes_atomically(&collection.folder.import_state(), &state).unwrap();

        let is_merged_over = |changed| {
            let settings = resolve(changed);
            previous(&settings, &settings.collections[0]).is_some()
        };
        assert!(is_merged_over(base));
        let [endpoint, source, title] = base;
        assert!(!is_merged_over(["http://127.0.0.1:2", source, title]));
        assert!(!is_merged_over([endpoint, "s3://events/b", title]));
        assert!(!is_merged_over([endpoint, "s3://other/a", title]));
        assert!(!is_merged_over([endpoint, source, "headline"]));
    }
}
