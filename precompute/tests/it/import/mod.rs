//! Import: every layout and every kind of bad input, from small files made by hand, and known counts of the real data sets.

mod bad_rows;
mod baskets;
mod bucket;
mod catalogues;
mod layouts;
mod network;
mod parts;
mod playlists;
mod real_data;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use config::{Collection, Config};
use index::catalogue::Value;
use precompute::dataset::{Dataset, Item};
use precompute::import::{FileReport, ImportError, ImportReport, Problem, import};

/// A folder under `tests/fixtures`.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// A collection with this source, and with what else its part of `kindred.toml` says.
fn collection(source: &Path, settings: &str) -> Collection {
    let text = format!(
        "[collections.c]\ntitle = \"C\"\nsource = {:?}\n{settings}",
        source.display().to_string()
    );
    let mut config = Config::parse(&text, Path::new("/kindred.toml")).unwrap();
    config.collections.remove("c").unwrap()
}

/// Imports a fixture.
#[track_caller]
fn import_fixture(name: &str, settings: &str) -> (Dataset, ImportReport) {
    import(&collection(&fixture(name), settings), None).unwrap()
}

/// Imports files that a test writes itself.
fn import_files(
    files: &[(&str, &[u8])],
    settings: &str,
) -> Result<(Dataset, ImportReport), ImportError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    import(&collection(folder.path(), settings), None)
}

/// Interactions as `user item value time`, one a line.
fn lines(dataset: &Dataset) -> Vec<String> {
    let interactions = dataset.interactions.iter();
    interactions
        .map(|interaction| {
            let user = &dataset.users[interaction.user as usize];
            let item = &dataset.items[interaction.item as usize].id;
            format!("{user} {item} {} {}", interaction.value, interaction.time_s)
        })
        .collect()
}

fn item<'a>(dataset: &'a Dataset, id: &str) -> &'a Item {
    dataset.items.iter().find(|item| item.id == id).unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn texts(texts: &[&str]) -> Value {
    Value::TextList(texts.iter().map(|text| (*text).to_owned()).collect())
}

fn file<'a>(report: &'a ImportReport, name: &str) -> &'a FileReport {
    report.files.iter().find(|file| file.file == name).unwrap()
}

/// How often a problem was met in a file, and the lines that are kept.
fn problem(report: &FileReport, problem: Problem) -> (u64, Vec<u64>) {
    let counted = report.problems.get(&problem).cloned().unwrap_or_default();
    (
        counted.count,
        counted.first.iter().map(|place| place.line).collect(),
    )
}
