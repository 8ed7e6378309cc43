//! The working folder: what the stages leave for each other.
//!
//! ```text
//! .kindred/<collection>/
//!   dataset/              what `import` made of the source
//!   import.json           the scale of its values, and up to where a bucket was read
//!   import-report.json    what was odd in the source, with line numbers
//!   posters.jsonl         the answers of the poster service, so that nothing is asked twice
//!   model/                what `train` learnt, and from what
//!   report/               what `evaluate` measured: report.txt, report.json, report.html, and the figures in quality.json
//!   tune/trials.jsonl     what `tune` tried, so that nothing is tried twice; it leaves report/tune.html, too
//!   generation/           what `write` makes of it: *.kdx and manifest.json, last; ready to be published
//!   fingerprints.json     what each of them was made from, so that `run` does nothing twice
//! ```
//!
//! Every file is there in full or not at all. All of it can be deleted at any time: it is made again.

use std::path::{Path, PathBuf};

/// The working folder of one collection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WorkFolder {
    root: PathBuf,
}

impl WorkFolder {
    /// The folder of a collection within `work`.
    pub fn new(work: &Path, collection: &str) -> Self {
        Self {
            root: work.join(collection),
        }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The imported data set.
    pub fn dataset(&self) -> PathBuf {
        self.root.join("dataset")
    }

    /// What the stages after the import, and the next import, need to know beside the data set.
    pub fn import_state(&self) -> PathBuf {
        self.root.join("import.json")
    }

    /// What was odd in the source.
    pub fn import_report(&self) -> PathBuf {
        self.root.join("import-report.json")
    }

    /// The trained model.
    pub fn model(&self) -> PathBuf {
        self.root.join("model")
    }

    /// The evaluation's reports.
    pub fn report(&self) -> PathBuf {
        self.root.join("report")
    }

    /// The figures that manifests carry, by the models that they are of.
    pub fn quality(&self) -> PathBuf {
        self.report().join("quality.json")
    }

    /// What was tried for better settings.
    pub fn trials(&self) -> PathBuf {
        self.root.join("tune/trials.jsonl")
    }

    /// The index files and their manifest.
    pub fn generation(&self) -> PathBuf {
        self.root.join("generation")
    }

    /// What each stage's output was made from.
    pub fn fingerprints(&self) -> PathBuf {
        self.root.join("fingerprints.json")
    }
}
