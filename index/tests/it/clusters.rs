//! Recommendations by clusters beside a plain version of the same in double precision, and what they read.

use index::{
    Algorithm, Error, FileKind, Generation, Keys, MemorySource, Outline, Question, RecordingSource,
    WriteError,
    catalogue::{CatalogueWriter, Condition, Filter, Record, Value},
    clusters::{ClusterName, ClustersWriter, Geometry},
    recommend::HistoryItem,
};
use proptest::prelude::*;

use crate::fixture::files;

/// What the files are made of.
#[derive(Clone, Debug)]
struct Model {
    diagonal: Vec<f32>,
    confidence: f32,
    centroids: Vec<Vec<f32>>,
    /// The cluster and the vector of each item.
    items: Vec<Option<(u32, Vec<f32>)>>,
}

impl Model {
    fn files(&self) -> Vec<(FileKind, Vec<u8>)> {
        let mut catalogue = CatalogueWriter::new();
        for item in 0..self.items.len() {
            let id = format!("{item:06}");
            let fields = [("even".into(), Value::Integer(1 - item as i64 % 2))].into();
            let record = Record {
                title: id.clone(),
                id,
                fields,
            };
            // Falling, so that the catalogue keeps the order.
            catalogue.push(record, -(item as f32));
        }
        let item_space = catalogue.item_space();
        let geometry = Geometry {
            confidence: self.confidence,
            diagonal: self.diagonal.clone(),
        };
        let mut clusters = ClustersWriter::new(self.items.len(), geometry, "made up").unwrap();
        for (number, centroid) in self.centroids.iter().enumerate() {
            clusters
                .push_cluster(&format!("cluster {number}"), centroid)
                .unwrap();
        }
        for (item, member) in (0..).zip(&self.items) {
            if let Some((cluster, vector)) = member {
                clusters.assign(item, *cluster, vector).unwrap();
            }
        }
        vec![
            (FileKind::Catalogue, catalogue.finish().unwrap()),
            (FileKind::Clusters, clusters.finish(item_space).unwrap()),
        ]
    }

    /// The score of each item that has one, by Gauss's elimination, and how far it may be off since coordinates have sixteen steps.
    fn scores(&self, history: &[HistoryItem]) -> Vec<Option<(f64, f64)>> {
        let width = self.diagonal.len();
        // A centroid has 127 steps on each side.
        let largest = self
            .centroids
            .iter()
            .flatten()
            .fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let scale = if largest == 0.0 { 1.0 } else { largest / 127.0 };
        let centroid = |cluster: u32| -> Vec<f64> {
            let values = self.centroids[cluster as usize].iter();
            values
                .map(|value| f64::from((value / scale).round() * scale))
                .collect()
        };
        let mut matrix = vec![vec![0.0; width + 1]; width];
        for (row, diagonal) in self.diagonal.iter().enumerate() {
            matrix[row][row] = f64::from(*diagonal);
        }
        let extra = f64::from(self.confidence) - 1.0;
        for entry in history {
            let Some((cluster, _)) = &self.items[entry.item as usize] else {
                continue;
            };
            let (centroid, weight) = (centroid(*cluster), f64::from(entry.weight));
            for row in 0..width {
                for column in 0..width {
                    matrix[row][column] += extra * weight.abs() * centroid[row] * centroid[column];
                }
                if 0.0 < weight {
                    matrix[row][width] += (1.0 + extra * weight) * centroid[row];
                }
            }
        }
        for pivot in 0..width {
            let pivot_row: Vec<f64> = matrix[pivot]
                .iter()
                .map(|value| value / matrix[pivot][pivot])
                .collect();
            for (number, row) in matrix.iter_mut().enumerate() {
                let factor = if number == pivot { 0.0 } else { row[pivot] };
                for (value, pivot) in row.iter_mut().zip(&pivot_row) {
                    *value -= factor * pivot;
                }
            }
            matrix[pivot] = pivot_row;
        }
        let person: Vec<f64> = matrix.iter().map(|row| row[width]).collect();
        let residual = |member: &(u32, Vec<f32>)| -> Vec<f64> {
            let centroid = centroid(member.0);
            member
                .1
                .iter()
                .zip(centroid)
                .map(|(value, mean)| f64::from(*value) - mean)
                .collect()
        };
        let step = self
            .items
            .iter()
            .flatten()
            .flat_map(residual)
            .fold(0.0_f64, |largest, value| largest.max(value.abs()))
            / 7.5;
        let off: f64 = person.iter().map(|value| value.abs() * step / 2.0).sum();
        let score = |member: &(u32, Vec<f32>)| {
            let score = member
                .1
                .iter()
                .zip(&person)
                .map(|(value, person)| f64::from(*value) * person)
                .sum();
            (score, off + 1e-3)
        };
        self.items
            .iter()
            .map(|member| member.as_ref().map(score))
            .collect()
    }
}

fn open(files: &[(FileKind, Vec<u8>)]) -> Generation<'static> {
    let outlines = outlines(files);
    let source = MemorySource::new(files.to_vec());
    Generation::open(source, outlines, &FileKind::ALL, &Keys::default()).unwrap()
}

fn outlines(files: &[(FileKind, Vec<u8>)]) -> Vec<Outline> {
    files
        .iter()
        .map(|(kind, file)| Outline::of(*kind, file).unwrap())
        .collect()
}

fn models() -> impl Strategy<Value = (Model, Vec<HistoryItem>)> {
    (1..8_usize, 1..5_usize, 1..40_usize).prop_flat_map(|(width, cluster_count, item_count)| {
        let vector = move || prop::collection::vec(-1.0..1.0_f32, width);
        let item = prop::option::weighted(0.9, (0..cluster_count as u32, vector()));
        let entry = (0..item_count as u32, -1.0..1.0_f32)
            .prop_map(|(item, weight)| HistoryItem { item, weight });
        let model = (
            prop::collection::vec(0.5..5.0_f32, width),
            1.0..8.0_f32,
            prop::collection::vec(vector(), cluster_count),
            prop::collection::vec(item, item_count),
        );
        let model = model.prop_map(|(diagonal, confidence, centroids, items)| Model {
            diagonal,
            confidence,
            centroids,
            items,
        });
        (model, prop::collection::vec(entry, 0..6))
    })
}

/// As many items as there are, of tastes that differ; the same every time.
fn many(item_count: u32) -> Model {
    let item = |item: u32| {
        Some((
            item % 40,
            vec![
                (item % 40) as f32 / 40.0,
                1.0 - (item / 40) as f32 / item_count as f32,
            ],
        ))
    };
    Model {
        diagonal: vec![5.0, 5.0],
        confidence: 4.0,
        centroids: (0..40)
            .map(|number| vec![number as f32 / 40.0, 0.5])
            .collect(),
        items: (0..item_count).map(item).collect(),
    }
}

/// A question by clusters, about nothing.
fn by_clusters() -> Question {
    Question {
        by: vec![(Algorithm::Clusters, 1.0)],
        ..Question::default()
    }
}

fn likes(items: &[u32]) -> Vec<HistoryItem> {
    items
        .iter()
        .map(|&item| HistoryItem { item, weight: 1.0 })
        .collect()
}

proptest! {
    #[test]
    fn scores_are_those_of_a_plain_version((model, history) in models()) {
        let generation = open(&model.files());
        let question = Question { history: history.clone(), count: 100, ..by_clusters() };
        let found = generation.recommend(&question).unwrap();
        prop_assert!(found.is_sorted_by(|left, right| right.score <= left.score));
        let expected = model.scores(&history);
        for (item, expected) in (0..).zip(&expected) {
            let found = found.iter().find(|scored| scored.item == item);
            let is_known = history.iter().any(|entry| entry.item == item);
            match (found, expected) {
                (Some(found), Some((score, off))) => {
                    prop_assert!(!is_known);
                    prop_assert!((f64::from(found.score) - score).abs() <= *off, "{found:?} is not {score}");
                }
                (Some(found), None) => prop_assert!(false, "{found:?} has no vector"),
                (None, Some((score, off))) => prop_assert!(is_known || score <= off, "item {item} is missing"),
                (None, None) => {}
            }
        }
    }

    #[test]
    fn every_item_is_in_the_cluster_that_it_was_put_in((model, _) in models()) {
        let generation = open(&model.files());
        let names = generation.cluster_names().unwrap();
        prop_assert_eq!(names.len(), model.centroids.len());
        for (cluster, name) in (0..).zip(names) {
            let of_cluster = (0..).zip(&model.items);
            let expected: Vec<u32> = of_cluster
                .filter(|(_, member)| member.as_ref().is_some_and(|member| member.0 == cluster))
                .map(|(item, _)| item)
                .collect();
            prop_assert_eq!(name, ClusterName { name: format!("cluster {cluster}"), item_count: expected.len() as u32 });
            prop_assert_eq!(generation.cluster_members(cluster).unwrap(), expected);
        }
    }
}

#[test]
fn the_same_items_give_the_same_bytes() {
    assert!(many(3_000).files() == many(3_000).files());
    for (kind, file) in many(3_000).files() {
        index::verify(kind, &file).unwrap();
    }
}

#[test]
fn a_question_reads_one_batch_after_the_head_and_of_a_large_catalogue_two() {
    for (item_count, expected) in [(16 << 10, 1), ((16 << 10) + 1, 2)] {
        let files = many(item_count).files();
        let source = RecordingSource::new(MemorySource::new(files.clone()));
        let generation =
            Generation::open(&source, outlines(&files), &FileKind::ALL, &Keys::default()).unwrap();
        source.take();
        let question = Question {
            history: likes(&[3, 7_000]),
            count: 20,
            ..by_clusters()
        };
        assert_eq!(generation.recommend(&question).unwrap().len(), 20);
        let batches = source.take();
        assert_eq!(batches.len(), expected, "{item_count} items");
        // The fronts of as many clusters as a question looks into, and no list twice.
        assert_eq!(batches.last().unwrap().len(), 16);
        assert_eq!(generation.recommend(&question).unwrap().len(), 20);
        assert!(source.take().is_empty());
    }
}

#[test]
fn a_filter_looks_at_all_members_and_exclusions_hold() {
    let files = many(4_000).files();
    let generation = open(&files);
    let even = Condition::Range {
        minimum: Some(1.0),
        maximum: None,
    };
    let question = Question {
        history: likes(&[3, 5]),
        exclude: vec![38, 78],
        filter: Filter {
            fields: [("even".to_owned(), even)].into(),
        },
        count: 4_000,
        ..by_clusters()
    };
    let found = generation.recommend(&question).unwrap();
    assert!(
        found
            .iter()
            .all(|scored| scored.item % 2 == 0 && ![38, 78].contains(&scored.item))
    );
    // More than the fronts of half of 16 clusters have.
    assert!(800 / 40 * 8 < found.len(), "{}", found.len());
}

#[test]
fn diversity_takes_from_more_clusters() {
    let centroids = vec![vec![1.0, 0.0], vec![0.6, 0.8]];
    let item = |item: usize| Some((item as u32 % 2, centroids[item % 2].clone()));
    let model = Model {
        items: (0..60).map(item).collect(),
        centroids: centroids.clone(),
        ..many(1)
    };
    let generation = open(&model.files());
    let odd_count = |diversity| {
        let question = Question {
            history: likes(&[0]),
            count: 10,
            diversity,
            ..by_clusters()
        };
        let found = generation.recommend(&question).unwrap();
        assert_eq!(found.len(), 10);
        found.iter().filter(|scored| scored.item % 2 == 1).count()
    };
    assert_eq!(odd_count(0.0), 0);
    assert!(0 < odd_count(0.9));
}

#[test]
fn of_no_history_and_of_no_clusters_nothing_comes() {
    let generation = open(&many(100).files());
    assert!(
        generation
            .recommend(&Question {
                count: 9,
                ..by_clusters()
            })
            .unwrap()
            .is_empty()
    );
    let empty = Model {
        centroids: Vec::new(),
        items: vec![None; 3],
        ..many(1)
    };
    let generation = open(&empty.files());
    let question = Question {
        history: likes(&[1]),
        count: 9,
        ..by_clusters()
    };
    assert!(generation.recommend(&question).unwrap().is_empty());
    assert!(generation.cluster_names().unwrap().is_empty());
}

#[test]
fn what_is_not_there_is_said() {
    let generation = files().open();
    let question = Question {
        history: likes(&[6]),
        count: 1,
        ..by_clusters()
    };
    let error = generation.recommend(&question).unwrap_err();
    assert_eq!(
        error.to_string(),
        "clusters has 6 items and no item number 6"
    );
    let error = generation.cluster_members(2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there are 2 clusters and no cluster number 2"
    );
    let mut without = files();
    without
        .files
        .retain(|(kind, _)| *kind != FileKind::Clusters);
    let error = without.open().cluster_names().unwrap_err();
    assert!(
        matches!(
            error,
            Error::MissingFile {
                file: FileKind::Clusters
            }
        ),
        "{error}"
    );
}

#[test]
fn a_writer_refuses_what_no_reader_takes() {
    let said = |result: Result<(), WriteError>| result.unwrap_err().to_string();
    let new = |confidence, diagonal: &[f32]| {
        let diagonal = diagonal.to_vec();
        ClustersWriter::new(
            2,
            Geometry {
                confidence,
                diagonal,
            },
            "",
        )
    };
    let prefix = "the clusters cannot be written: ";
    let dimensions = format!("{prefix}vectors have 1 to 64 dimensions");
    assert_eq!(said(new(1.0, &[]).map(|_| ())), dimensions);
    assert_eq!(said(new(1.0, &[1.0; 65]).map(|_| ())), dimensions);
    let diagonal = format!("{prefix}the diagonal is finite and above zero");
    assert_eq!(said(new(1.0, &[0.0]).map(|_| ())), diagonal);
    assert_eq!(said(new(1.0, &[f32::NAN]).map(|_| ())), diagonal);
    let confidence = format!("{prefix}the confidence is finite and at least 1");
    assert_eq!(said(new(0.5, &[1.0]).map(|_| ())), confidence);

    let mut writer = new(1.0, &[1.0; 64]).unwrap();
    let centroid = format!("{prefix}a centroid has a finite number for each dimension");
    assert_eq!(said(writer.push_cluster("", &[1.0])), centroid);
    assert_eq!(
        said(writer.push_cluster("", &[f32::INFINITY; 64])),
        centroid
    );
    for _ in 0..255 {
        writer.push_cluster("", &[1.0; 64]).unwrap();
    }
    assert_eq!(
        said(writer.push_cluster("", &[1.0; 64])),
        format!("{prefix}there are at most 255 clusters")
    );
    assert_eq!(
        said(writer.assign(0, 255, &[1.0; 64])),
        format!("{prefix}items are assigned to clusters that were pushed")
    );
    assert_eq!(
        said(writer.assign(1, 0, &[1.0; 63])),
        "item 1 has a weight that is not a finite number"
    );
    assert_eq!(
        said(writer.assign(2, 0, &[1.0; 64])),
        "the list of item 2 names item 2, and there are only 2 items"
    );
    writer.assign(1, 254, &[1.0; 64]).unwrap();
    index::verify(FileKind::Clusters, &writer.finish(7).unwrap()).unwrap();
}
