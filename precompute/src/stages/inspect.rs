use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, bail};
use index::{FileKind, Summary};
use pointer::Manifest;
use serde_json::json;

use crate::evaluate::describe_blend;
use crate::generation::{LocalGeneration, MANIFEST_FILE_NAME};
use crate::progress::megabytes;
use crate::publish::read_pointer;
use crate::settings::CollectionSettings;
use crate::store::Store;

/// What is in an index file or in a generation's folder: text, or a line of JSON.
pub fn inspect_path(
    path: &Path,
    collection: Option<&str>,
    as_json: bool,
) -> anyhow::Result<String> {
    if path.is_dir() {
        let collection = match collection {
            Some(collection) => collection.to_owned(),
            None => stated_collection(path)?,
        };
        let generation = LocalGeneration::open(path, &collection)?;
        return manifest(&generation.manifest, as_json);
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (kind, summary) = verified(&bytes).with_context(|| path.display().to_string())?;
    if as_json {
        let sections: Vec<_> = summary
            .sections
            .iter()
            .map(|section| {
                json!({
                    "section": section.section, "hot": section.hot,
                    "block_count": section.block_count, "len_bytes": section.len_bytes,
                })
            })
            .collect();
        let document = json!({
            "kind": kind.name(), "format_version": summary.format_version,
            "file_len_bytes": summary.file_len_bytes, "head_len_bytes": summary.head_len_bytes,
            "sections": sections,
        });
        return Ok(format!("{document}\n"));
    }
    let mut text = format!(
        "{kind}: format {}, {}, head {}; every checksum is right\n",
        summary.format_version,
        megabytes(summary.file_len_bytes),
        megabytes(u64::from(summary.head_len_bytes)),
    );
    for section in &summary.sections {
        let place = if section.hot { ", in the head" } else { "" };
        writeln!(
            text,
            "  section {:<3} {:>8} blocks {:>12}{place}",
            section.section,
            section.block_count,
            megabytes(section.len_bytes)
        )?;
    }
    Ok(text)
}

/// What is published of a collection: text, or the pointer itself.
pub fn inspect_published(
    collection: &CollectionSettings,
    store: &dyn Store,
    as_json: bool,
) -> anyhow::Result<String> {
    let CollectionSettings { name, keys, .. } = collection;
    match read_pointer(store, keys, name)? {
        Some(current) => manifest(&current.manifest, as_json),
        None => bail!(
            "the collection is not published: there is no `{}`",
            keys.pointer()
        ),
    }
}

/// The collection that a folder's manifest names.
fn stated_collection(folder: &Path) -> anyhow::Result<String> {
    let path = folder.join(MANIFEST_FILE_NAME);
    let bytes = std::fs::read(&path).with_context(|| {
        format!(
            "{} is no generation: it has no {MANIFEST_FILE_NAME}",
            folder.display()
        )
    })?;
    let document: serde_json::Value = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is no manifest", path.display()))?;
    match document["collection"].as_str() {
        Some(collection) => Ok(collection.to_owned()),
        None => bail!("{} is no manifest", path.display()),
    }
}

/// Tries the kinds in turn; a file knows its own.
fn verified(bytes: &[u8]) -> Result<(FileKind, Summary), index::Error> {
    let mut refusal = None;
    for kind in FileKind::ALL {
        match index::verify(kind, bytes) {
            Err(error @ index::Error::WrongKind { .. }) => refusal = Some(error),
            outcome => return outcome.map(|summary| (kind, summary)),
        }
    }
    Err(refusal.expect("there is at least one kind"))
}

fn manifest(manifest: &Manifest, as_json: bool) -> anyhow::Result<String> {
    if as_json {
        return Ok(String::from_utf8(manifest.to_json())?);
    }
    let Manifest {
        collection,
        title,
        generation,
        created_at,
        item_count,
        ..
    } = manifest;
    let mut text =
        format!("{collection}: {title}\n  generation  {generation}, built {created_at}\n");
    if let Some(previous) = &manifest.previous {
        writeln!(text, "  replaced    {previous}")?;
    }
    let synthetic = if manifest.synthetic {
        ", interactions made up by a recipe"
    } else {
        ""
    };
    writeln!(text, "  items       {item_count}{synthetic}")?;
    if let Some(values) = &manifest.values {
        let pointer::ValueScale {
            minimum,
            maximum,
            neutral,
        } = values;
        writeln!(
            text,
            "  values      {minimum} to {maximum}, neutral {neutral}"
        )?;
    }
    match &manifest.quality {
        Some(quality) => {
            let pointer::Quality {
                metric,
                value,
                low,
                high,
                protocol,
            } = quality;
            writeln!(
                text,
                "  quality     {metric} {value:.4} ({low:.4} to {high:.4}), {protocol}"
            )?;
        }
        None => writeln!(text, "  quality     not measured")?,
    }
    if !manifest.blend.is_empty() {
        let steps = describe_blend(&manifest.blend);
        writeln!(text, "  blend       {steps}")?;
    }
    for (kind, entry) in &manifest.files {
        writeln!(
            text,
            "  {kind:<11} {:>10}, head {:>9}, SHA-256 {}",
            megabytes(entry.file_len_bytes),
            megabytes(u64::from(entry.head_len_bytes)),
            entry.sha256
        )?;
    }
    Ok(text)
}
