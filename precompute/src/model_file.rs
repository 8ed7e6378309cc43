//! A model as a file of the working folder, so that `write` need not be in the same run as `train`.
//!
//! The file is a line of JSON with the description, what the model was trained from and the lengths, and then the numbers, little-endian: for every item the length of its list and its
//! popularity, the lists one after the other, the onboarding list, the order of the items; and of clusters, where there are any, the confidence, the diagonal, the centroids, the vectors
//! and the cluster of each item. Only the program that wrote it reads it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use index::neighbours::Neighbour;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::atomic_file::write_atomically;
use crate::train::{ItemClusters, Model, NeighbourLists};

/// Changes with the layout, so that a model of an older program is not misread.
const VERSION: u32 = 3;

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

#[derive(Deserialize, Serialize)]
struct Header {
    version: u32,
    origin: Origin,
    description: String,
    item_count: usize,
    neighbour_count: usize,
    onboarding_count: usize,
    clusters: Option<ClustersHeader>,
}

/// What the header says of clusters.
#[derive(Deserialize, Serialize)]
struct ClustersHeader {
    description: String,
    names: Vec<String>,
    dimensions: usize,
}

impl ClustersHeader {
    /// How many numbers the clusters of so many items have.
    fn word_count(&self, item_count: usize) -> Option<usize> {
        let vectors = self.names.len().checked_add(item_count)?.checked_add(1)?;
        let numbers = vectors.checked_mul(self.dimensions)?;
        numbers.checked_add(item_count)?.checked_add(1)
    }
}

/// What stands for the cluster of an item that has none.
const NO_CLUSTER: u32 = u32::MAX;

/// Writes a model into a folder.
pub fn save(model: &Model, origin: &Origin, folder: &Path) -> Result<(), ModelFileError> {
    let path = path(folder);
    let lists = &model.neighbours;
    let header = Header {
        version: VERSION,
        origin: origin.clone(),
        description: model.description.clone(),
        item_count: lists.item_count(),
        neighbour_count: lists.neighbour_count(),
        onboarding_count: model.onboarding.len(),
        clusters: model.clusters.as_ref().map(|clusters| ClustersHeader {
            description: clusters.description.clone(),
            names: clusters.names.clone(),
            dimensions: clusters.diagonal.len(),
        }),
    };
    let written = write_atomically(&path, |file| -> io::Result<()> {
        serde_json::to_writer(&mut *file, &header)?;
        file.write_all(b"\n")?;
        for (item, popularity) in model.popularity.iter().enumerate() {
            file.write_all(&(lists.list(item).len() as u32).to_le_bytes())?;
            file.write_all(&popularity.to_le_bytes())?;
        }
        for neighbour in (0..lists.item_count()).flat_map(|item| lists.list(item)) {
            file.write_all(&neighbour.item.to_le_bytes())?;
            file.write_all(&neighbour.weight.to_le_bytes())?;
        }
        for number in model.onboarding.iter().chain(&model.item_order) {
            file.write_all(&number.to_le_bytes())?;
        }
        if let Some(clusters) = &model.clusters {
            let numbers = [clusters.confidence];
            let numbers = numbers.iter().chain(&clusters.diagonal);
            for number in numbers.chain(&clusters.centroids).chain(&clusters.vectors) {
                file.write_all(&number.to_le_bytes())?;
            }
            for cluster in &clusters.assignment {
                file.write_all(&cluster.unwrap_or(NO_CLUSTER).to_le_bytes())?;
            }
        }
        Ok(())
    });
    written.map_err(|source| ModelFileError { path, source })
}

/// Reads the model of a folder, and what it was trained from.
pub fn load(folder: &Path) -> Result<(Model, Origin), ModelFileError> {
    let path = path(folder);
    let model = fs::read(&path).and_then(|bytes| {
        parse(&bytes).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "it is damaged or of another version; train again",
            )
        })
    });
    model.map_err(|source| ModelFileError { path, source })
}

fn path(folder: &Path) -> PathBuf {
    folder.join("model.bin")
}

fn parse(bytes: &[u8]) -> Option<(Model, Origin)> {
    let header_len = bytes.iter().position(|&byte| byte == b'\n')?;
    let (header, numbers) = bytes.split_at_checked(header_len)?;
    let header: Header = serde_json::from_slice(header).ok()?;
    if header.version != VERSION {
        return None;
    }
    let (words, rest) = numbers.get(1..)?.as_chunks::<4>();
    let num_words = [
        header.item_count.checked_mul(3)?,
        header.neighbour_count.checked_mul(2)?,
        header.onboarding_count,
        match &header.clusters {
            Some(clusters) => clusters.word_count(header.item_count)?,
            None => 0,
        },
    ];
    let num_words = num_words.into_iter().try_fold(0, usize::checked_add)?;
    if !rest.is_empty() || words.len() != num_words {
        return None;
    }
    let integer = |word: &[u8; 4]| u32::from_le_bytes(*word);
    let real = |word: &[u8; 4]| f32::from_le_bytes(*word);
    let (of_items, words) = words.split_at_checked(header.item_count * 2)?;
    let (of_neighbours, words) = words.split_at_checked(header.neighbour_count * 2)?;
    let (onboarding, words) = words.split_at_checked(header.onboarding_count)?;
    let (item_order, of_clusters) = words.split_at_checked(header.item_count)?;
    let clusters = match header.clusters {
        Some(clusters) => Some(parse_clusters(clusters, header.item_count, of_clusters)?),
        None => None,
    };
    let mut of_neighbours = of_neighbours.chunks_exact(2);
    let lists: Vec<Vec<Neighbour>> = of_items
        .iter()
        .step_by(2)
        .map(|len| {
            let list = of_neighbours.by_ref().take(integer(len) as usize);
            list.map(|pair| Neighbour {
                item: integer(&pair[0]),
                weight: real(&pair[1]),
            })
            .collect()
        })
        .collect();
    let is_item = |number: &u32| (*number as usize) < header.item_count;
    let model = Model {
        description: header.description,
        neighbours: NeighbourLists::of_lists(&lists),
        clusters,
        popularity: of_items.iter().skip(1).step_by(2).map(real).collect(),
        onboarding: onboarding.iter().map(integer).collect(),
        item_order: item_order.iter().map(integer).collect(),
    };
    let neighbours = lists.iter().flatten().map(|neighbour| neighbour.item);
    let is_sound = model.neighbours.neighbour_count() == header.neighbour_count
        && neighbours
            .chain(model.onboarding.iter().copied())
            .all(|number| is_item(&number))
        && model.item_order.iter().all(is_item);
    is_sound.then_some((model, header.origin))
}

/// The clusters of so many items, out of as many words as the header says.
fn parse_clusters(
    header: ClustersHeader,
    item_count: usize,
    words: &[[u8; 4]],
) -> Option<ItemClusters> {
    let real = |word: &[u8; 4]| f32::from_le_bytes(*word);
    let cluster_count = header.names.len();
    let (confidence, words) = words.split_first()?;
    let (diagonal, words) = words.split_at_checked(header.dimensions)?;
    let (centroids, words) = words.split_at_checked(cluster_count * header.dimensions)?;
    let (vectors, assignment) = words.split_at_checked(item_count * header.dimensions)?;
    let matrix = |row_count: usize, words: &[[u8; 4]]| {
        let numbers = words.iter().map(real).collect();
        Array2::from_shape_vec((row_count, header.dimensions), numbers).ok()
    };
    let cluster = |word: &[u8; 4]| match u32::from_le_bytes(*word) {
        NO_CLUSTER => Some(None),
        cluster if (cluster as usize) < cluster_count => Some(Some(cluster)),
        _ => None,
    };
    Some(ItemClusters {
        confidence: real(confidence),
        diagonal: diagonal.iter().map(real).collect(),
        centroids: matrix(cluster_count, centroids)?,
        vectors: matrix(item_count, vectors)?,
        assignment: assignment.iter().map(cluster).collect::<Option<_>>()?,
        description: header.description,
        names: header.names,
    })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_model_is_read_as_it_was_written_and_a_damaged_one_is_refused() {
        let lists = [
            vec![
                Neighbour {
                    item: 1,
                    weight: 0.5,
                },
                Neighbour {
                    item: 2,
                    weight: -0.25,
                },
            ],
            vec![],
            vec![Neighbour {
                item: 0,
                weight: 1.0,
            }],
        ];
        let model = Model {
            description: "a test".to_owned(),
            neighbours: NeighbourLists::of_lists(&lists),
            clusters: Some(ItemClusters {
                description: "clusters of a test".to_owned(),
                confidence: 4.0,
                diagonal: vec![2.0, 1.0],
                names: vec!["Crime".to_owned()],
                centroids: array![[1.0, 0.25]],
                vectors: array![[1.0, 0.5], [1.0, 0.0], [0.0, 0.0]],
                assignment: vec![Some(0), Some(0), None],
            }),
            popularity: vec![3.0, 2.0, 0.0],
            onboarding: vec![1],
            item_order: vec![2, 0, 1],
        };
        let folder = tempfile::tempdir().unwrap();
        assert!(load(folder.path()).unwrap_err().is_absent());
        let origin = Origin {
            data: "data".to_owned(),
            fingerprint: "data and settings".to_owned(),
        };
        save(&model, &origin, folder.path()).unwrap();
        assert_eq!(load(folder.path()).unwrap(), (model, origin));

        let bytes = fs::read(path(folder.path())).unwrap();
        for len in 0..bytes.len() {
            assert_eq!(parse(&bytes[..len]), None, "cut to {len} bytes");
        }
        let last = bytes.len() - 1;
        let mut foreign = bytes;
        foreign[last] = 0;
        assert_eq!(parse(&foreign), None, "a cluster that does not exist");
        // The order of the items stands before 1 + 2 + 2 + 6 + 3 words of the clusters.
        foreign[last] = 0xff;
        foreign[last - 14 * 4] = 0xff;
        assert_eq!(parse(&foreign), None, "an item that does not exist");
    }
}
