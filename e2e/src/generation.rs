//! A generation of index files that no run of the job has made.

use std::fs;
use std::path::Path;

use index::FileKind;
use pointer::{MANIFEST_VERSION, Manifest};
use precompute::generation::{LocalGeneration, MANIFEST_FILE_NAME, file_entry, generation_name};

/// Writes the files of a collection, and their manifest, into a folder. The same files and title give a generation of the same name.
///
/// # Panics
///
/// When the files are not sound or cannot be written: whoever calls this has just made them.
pub fn write_generation(
    folder: &Path,
    collection: &str,
    title: &str,
    item_count: u64,
    files: &[(FileKind, Vec<u8>)],
) -> LocalGeneration {
    let entries = files.iter().map(|(kind, bytes)| {
        fs::write(folder.join(format!("{kind}.kdx")), bytes).expect("the folder can be written");
        let entry = file_entry(*kind, bytes).expect("a writer's file is sound");
        (kind.name().to_owned(), entry)
    });
    let mut manifest = Manifest {
        version: MANIFEST_VERSION,
        collection: collection.to_owned(),
        title: title.to_owned(),
        generation: String::new(),
        created_at: "2026-11-21T12:00:00Z".to_owned(),
        item_count,
        synthetic: true,
        values: None,
        quality: None,
        files: entries.collect(),
        blend: Vec::new(),
        previous: None,
    };
    manifest.generation = generation_name(&manifest);
    fs::write(folder.join(MANIFEST_FILE_NAME), manifest.to_json())
        .expect("the folder can be written");
    LocalGeneration {
        folder: folder.to_owned(),
        manifest,
    }
}
