use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::bail;
use config::{Collection, Search};
use index::{FileKind, SortedMap, WriteError};
use pointer::{BlendStep, MANIFEST_VERSION, Manifest, Quality, ValueScale};

use super::evaluate::measured_quality;
use super::import::{load, read_state};
use crate::atomic_file::write_bytes_atomically;
use crate::dataset::{Dataset, load_meanings};
use crate::fingerprints::{Fingerprints, fingerprint};
use crate::generation::{MANIFEST_FILE_NAME, file_entry, generation_name};
use crate::meanings::Meaning;
use crate::model_file::{self, Trained};
use crate::progress::{Progress, megabytes};
use crate::settings::CollectionSettings;
use crate::write::{self, TITLE, textual_fields};

/// Writes the index files of the trained model, and their manifest last.
pub fn write(collection: &CollectionSettings, progress: &Progress) -> anyhow::Result<()> {
    let CollectionSettings { name, folder, .. } = collection;
    let stage = progress.begin(name, "write");
    // A table's rows are in no catalogue.
    let has_items = collection.collection.predict.is_none();
    let imported = has_items.then(|| load(folder)).transpose()?;
    let (trained, origin) = match model_file::load(&folder.model()) {
        Err(error) if error.is_absent() => {
            bail!(
                "there is no model in {}: `precompute train` makes it",
                folder.root().display()
            )
        }
        other => other?,
    };
    if origin.data != read_state(folder)?.data_sha256() {
        bail!("the model was learnt from another data set: run `precompute train` again");
    }
    let search = &collection.collection.search;
    if let Some((dataset, _)) = &imported {
        let textual = textual_fields(dataset);
        let is_unknown = |field: &&String| **field != TITLE && !textual.contains(field.as_str());
        if let Some(field) = search.fields.keys().find(is_unknown) {
            bail!("no item has a text in `{field}`: correct `search.fields`");
        }
        let is_searched =
            |field: &&String| search.fields.is_empty() || search.fields.contains_key(*field);
        let mut phrases = search.phrases.iter();
        if let Some(field) = phrases.find(|field| is_unknown(field) || !is_searched(field)) {
            bail!(
                "`{field}` is not searched: correct `search.phrases`, or add it to `search.fields`"
            );
        }
        let mut categories = search.categories.iter().flatten();
        if let Some(field) = categories.find(is_unknown) {
            bail!("no item has a text in `{field}`: correct `search.categories`");
        }
        let ids: BTreeSet<&String> = dataset.items.iter().map(|item| &item.id).collect();
        for (words, pinned) in &search.pinned {
            if let Some(id) = pinned.iter().find(|id| !ids.contains(id)) {
                bail!(
                    "there is no item `{id}`: correct what is pinned for `{words}` in `search.pinned`"
                );
            }
        }
    }
    let meanings = load_meanings(&folder.dataset())?;
    let learnt = learnt(imported, &meanings, trained, search)?;
    let written = write_fingerprint(collection, &origin.fingerprint)?;
    let mut done = Fingerprints::read(&folder.fingerprints());
    let manifest = done.doing("write", &written, || {
        let quality = measured_quality(folder, &origin.fingerprint);
        write_generation(collection, learnt, quality)
    })?;

    let len_bytes: u64 = manifest
        .files
        .values()
        .map(|entry| entry.file_len_bytes)
        .sum();
    if manifest.item_count == 0 {
        stage.end(format_args!("{}, {len_bytes} bytes", manifest.generation));
        return Ok(());
    }
    stage.end(format_args!(
        "{} with {} items, {}, {} bytes an item",
        manifest.generation,
        manifest.item_count,
        megabytes(len_bytes),
        len_bytes / manifest.item_count
    ));
    Ok(())
}

/// The fingerprint of what decides a generation of the model with that fingerprint, which knows the data set too.
pub(super) fn write_fingerprint(
    collection: &CollectionSettings,
    model: &str,
) -> anyhow::Result<String> {
    let CollectionSettings {
        name,
        collection: described,
        folder,
        ..
    } = collection;
    let quality = serde_json::to_string(&measured_quality(folder, model))?;
    let Collection {
        title,
        synthetic,
        search,
        ..
    } = described;
    let described_so = format!("{name} {title} {synthetic} {search:?}");
    Ok(fingerprint(&[model, &quality, &described_so]))
}

/// What the stages before left for a generation.
struct Learnt {
    /// Every index file.
    files: Vec<(FileKind, Vec<u8>)>,
    /// How many items the catalogue has; none where a table's rows are predicted.
    item_count: u64,
    /// The scale of the interactions' values.
    values: Option<ValueScale>,
    blend: Vec<BlendStep>,
}

/// What was trained, and the catalogue of the data set, where there is one.
fn learnt(
    imported: Option<(Dataset, Option<ValueScale>)>,
    meanings: &[Meaning],
    trained: Trained,
    search: &Search,
) -> Result<Learnt, WriteError> {
    let mut files = trained.files;
    let Some((dataset, values)) = imported else {
        return Ok(Learnt {
            files,
            item_count: 0,
            values: None,
            blend: trained.blend,
        });
    };
    let catalogue = write::catalogue(&dataset, &trained.item_order, &trained.popularity);
    let (order, popularity) = (&trained.item_order, &trained.popularity);
    let text = write::text(&dataset, order, popularity, meanings, search);
    files.push((FileKind::Text, text.finish(catalogue.item_space())?));
    files.push((FileKind::Catalogue, catalogue.finish()?));
    Ok(Learnt {
        files,
        item_count: dataset.items.len() as u64,
        values,
        blend: trained.blend,
    })
}

fn write_generation(
    collection: &CollectionSettings,
    learnt: Learnt,
    quality: Option<Quality>,
) -> anyhow::Result<Manifest> {
    let CollectionSettings {
        name,
        collection: described,
        folder,
        ..
    } = collection;
    let files = learnt.files;

    // Without its manifest the folder is no generation, so an interrupted run leaves none that is half old and half new.
    let generation_folder = folder.generation();
    match fs::remove_file(generation_folder.join(MANIFEST_FILE_NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error)?,
        _ => {}
    }
    let mut entries = SortedMap::new();
    for (kind, bytes) in &files {
        write_bytes_atomically(&generation_folder.join(format!("{kind}.kdx")), bytes)?;
        index::verify(*kind, bytes)?;
        entries.insert(kind.name().to_owned(), file_entry(*kind, bytes)?);
    }
    let mut manifest = Manifest {
        version: MANIFEST_VERSION,
        collection: name.clone(),
        title: described.title.clone(),
        generation: String::new(),
        created_at: rfc_3339(SystemTime::now()),
        item_count: learnt.item_count,
        synthetic: described.synthetic,
        values: learnt.values,
        quality,
        files: entries,
        blend: learnt.blend,
        previous: None,
    };
    manifest.generation = generation_name(&manifest);
    write_bytes_atomically(
        &generation_folder.join(MANIFEST_FILE_NAME),
        &manifest.to_json(),
    )?;
    Ok(manifest)
}

/// A time as RFC 3339 has it, in UTC and to the second.
fn rfc_3339(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil_date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a number of days since 1970, by Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day is the
/// last of its year, and 400 of them always have the same length.
fn civil_date(days_since_1970: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    // From 1 March of the year 0.
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        // Each from `date -u -d @SECONDS +%FT%TZ`.
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_264_872, "2026-11-21T12:41:12Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(
                rfc_3339(UNIX_EPOCH + Duration::from_secs(seconds)),
                expected
            );
        }
    }
}
