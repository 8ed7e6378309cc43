//! What a training leaves in the working folder, so that `write` need not be in the same run: the index files of what was learnt, and the order in which they number the items.
//!
//! `model.json` says what the rest was trained from and comes last; `items.bin` has for every item of the index files its place in the data set and, by places, the
//! popularities, little-endian. Only the program that wrote them reads them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use index::FileKind;
use pointer::BlendStep;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::atomic_file::write_bytes_atomically;
use crate::digest::sha256_hex;

/// Changes with the layout, so that a model of an older program is not misread.
const VERSION: u32 = 4;

/// Why a model cannot be written or read.
#[derive(Debug, Error)]
#[error("the model's file {}", path.display())]
pub struct ModelFileError {
    path: PathBuf,
    source: io::Error,
}

impl ModelFileError {
    /// Whether there is no model at all.
    pub fn is_absent(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

/// What a model was trained from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Origin {
    /// The hash of the data set and its scale.
    pub data: String,
    /// The fingerprint of the data and of the settings of the training.
    pub fingerprint: String,
}

/// What `write` needs of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The order of the items in the files: item n is that of this place in the data set.
    pub item_order: Vec<u32>,
    /// How popular each item is, by its place in the data set.
    pub popularity: Vec<f32>,
    /// Every index file but the catalogue.
    pub files: Vec<(FileKind, Vec<u8>)>,
    /// What recommendations go by, where it was learnt.
    pub blend: Vec<BlendStep>,
}

#[derive(Deserialize, Serialize)]
struct Document {
    version: u32,
    origin: Origin,
    /// The SHA-256 of each file, by its name.
    files: Vec<(String, String)>,
    /// The shortest history, and the algorithms with their weights.
    blend: Vec<(u32, Vec<(String, f32)>)>,
}

const DOCUMENT: &str = "model.json";
const ITEMS: &str = "items.bin";

/// Writes a model into a folder.
pub fn save(trained: &Trained, origin: &Origin, folder: &Path) -> Result<(), ModelFileError> {
    let at = |name: &str, outcome: io::Result<()>| {
        outcome.map_err(|source| ModelFileError {
            path: folder.join(name),
            source,
        })
    };
    // Without it the folder is no model, so an interrupted run leaves none that is half old and half new.
    match fs::remove_file(folder.join(DOCUMENT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => at(DOCUMENT, Err(error))?,
        _ => {}
    }
    let order = trained
        .item_order
        .iter()
        .flat_map(|item| item.to_le_bytes());
    let popularity = trained
        .popularity
        .iter()
        .flat_map(|score| score.to_le_bytes());
    let items: Vec<u8> = order.chain(popularity).collect();
    let mut files = vec![(ITEMS.to_owned(), sha256_hex(&items))];
    at(ITEMS, write_bytes_atomically(&folder.join(ITEMS), &items))?;
    for (kind, bytes) in &trained.files {
        let name = format!("{kind}.kdx");
        at(&name, write_bytes_atomically(&folder.join(&name), bytes))?;
        files.push((name, sha256_hex(bytes)));
    }
    let document = Document {
        version: VERSION,
        origin: origin.clone(),
        files,
        blend: trained.blend.iter().map(written_step).collect(),
    };
    let written = serde_json::to_vec_pretty(&document).map_err(io::Error::from);
    at(
        DOCUMENT,
        written.and_then(|bytes| write_bytes_atomically(&folder.join(DOCUMENT), &bytes)),
    )
}

/// Reads the model of a folder, and what it was trained from.
pub fn load(folder: &Path) -> Result<(Trained, Origin), ModelFileError> {
    let damaged = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "it is damaged or of another version; train again",
        )
    };
    let read = |name: &str| {
        fs::read(folder.join(name)).map_err(|source| ModelFileError {
            path: folder.join(name),
            source,
        })
    };
    let wrong = |name: &str| ModelFileError {
        path: folder.join(name),
        source: damaged(),
    };
    let document: Document =
        serde_json::from_slice(&read(DOCUMENT)?).map_err(|_| wrong(DOCUMENT))?;
    if document.version != VERSION {
        return Err(wrong(DOCUMENT));
    }
    let mut trained = Trained {
        item_order: Vec::new(),
        popularity: Vec::new(),
        files: Vec::new(),
        blend: document.blend.into_iter().map(read_step).collect(),
    };
    for (name, sha256) in &document.files {
        let bytes = read(name)?;
        if sha256_hex(&bytes) != *sha256 {
            return Err(wrong(name));
        }
        if name == ITEMS {
            let (words, _) = bytes.as_chunks::<4>();
            let (order, popularity) = words.split_at(words.len() / 2);
            trained.item_order = order.iter().map(|word| u32::from_le_bytes(*word)).collect();
            let scores = popularity.iter().map(|word| f32::from_le_bytes(*word));
            trained.popularity = scores.collect();
            continue;
        }
        let kind = FileKind::ALL
            .into_iter()
            .find(|kind| *name == format!("{kind}.kdx"));
        trained
            .files
            .push((kind.ok_or_else(|| wrong(DOCUMENT))?, bytes));
    }
    Ok((trained, document.origin))
}

fn written_step(step: &BlendStep) -> (u32, Vec<(String, f32)>) {
    let weights = step.weights.iter();
    let weights = weights.map(|(name, weight)| (name.clone(), *weight));
    (step.history_min_len, weights.collect())
}

fn read_step((history_min_len, weights): (u32, Vec<(String, f32)>)) -> BlendStep {
    BlendStep {
        history_min_len,
        weights: weights.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_read_as_it_was_written_and_a_damaged_one_is_refused() {
        let trained = Trained {
            item_order: vec![2, 0, 1],
            popularity: vec![3.0, 2.0, 0.0],
            files: vec![
                (FileKind::Neighbours, vec![1, 2, 3]),
                (FileKind::Rules, vec![4, 5]),
            ],
            blend: vec![BlendStep {
                history_min_len: 1,
                weights: [("rules".to_owned(), 0.4), ("neighbours".to_owned(), 1.0)]
                    .into_iter()
                    .collect(),
            }],
        };
        let folder = tempfile::tempdir().unwrap();
        assert!(load(folder.path()).unwrap_err().is_absent());
        let origin = Origin {
            data: "data".to_owned(),
            fingerprint: "data and settings".to_owned(),
        };
        save(&trained, &origin, folder.path()).unwrap();
        assert_eq!(
            load(folder.path()).unwrap(),
            (trained.clone(), origin.clone())
        );

        for name in ["items.bin", "neighbours.kdx", "rules.kdx", "model.json"] {
            let path = folder.path().join(name);
            let sound = fs::read(&path).unwrap();
            for len in 0..sound.len() {
                fs::write(&path, &sound[..len]).unwrap();
                let error = load(folder.path()).unwrap_err();
                assert!(error.to_string().contains(name), "{error}");
            }
            fs::write(&path, sound).unwrap();
        }
        // A model with fewer files is not mixed with what lies there.
        let smaller = Trained {
            files: trained.files[..1].to_vec(),
            ..trained
        };
        save(&smaller, &origin, folder.path()).unwrap();
        assert_eq!(load(folder.path()).unwrap().0, smaller);
    }
}
