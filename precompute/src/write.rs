//! Writing: from a data set and a model to index files.

use index::catalogue::{CatalogueWriter, Record};
use index::clusters::{ClustersWriter, Geometry};
use index::neighbours::NeighboursWriter;
use index::popularity::PopularityWriter;
use index::{FileKind, WriteError};

use crate::dataset::Dataset;
use crate::train::{ItemClusters, Model};

/// The index files of a model, in the order of their kinds. The same data set and model give the same bytes.
///
/// Items are numbered in the model's file order. Of the popular ones the best `popular_count` are listed.
pub fn index_files(
    dataset: &Dataset,
    model: &Model,
    popular_count: usize,
) -> Result<Vec<(FileKind, Vec<u8>)>, WriteError> {
    let ordered = model.in_file_order();
    let mut catalogue = CatalogueWriter::new();
    for (&item, &popularity) in model.item_order.iter().zip(&ordered.popularity) {
        let item = &dataset.items[item as usize];
        let record = Record {
            id: item.id.clone(),
            title: item.title.clone(),
            fields: item
                .fields
                .iter()
                .map(|(name, value)| (name.as_str().into(), value.clone()))
                .collect(),
        };
        catalogue.push(record, popularity);
    }
    let item_space = catalogue.item_space();

    let item_count = ordered.neighbours.item_count();
    let mut neighbours = NeighboursWriter::new(item_count, &ordered.description)?;
    for item in 0..item_count {
        neighbours.push(ordered.neighbours.list(item))?;
    }

    let popularity =
        PopularityWriter::new(&ordered.popularity, popular_count, &ordered.onboarding)?;
    let mut files = vec![(FileKind::Catalogue, catalogue.finish()?)];
    if let Some(clusters) = &ordered.clusters {
        files.push((FileKind::Clusters, clusters_file(clusters, item_space)?));
    }
    files.push((FileKind::Neighbours, neighbours.finish(item_space)?));
    files.push((FileKind::Popularity, popularity.finish(item_space)?));
    Ok(files)
}

fn clusters_file(clusters: &ItemClusters, item_space: u64) -> Result<Vec<u8>, WriteError> {
    let geometry = Geometry {
        confidence: clusters.confidence,
        diagonal: clusters.diagonal.clone(),
    };
    let item_count = clusters.assignment.len();
    let mut writer = ClustersWriter::new(item_count, geometry, &clusters.description)?;
    for (name, centroid) in clusters.names.iter().zip(clusters.centroids.rows()) {
        writer.push_cluster(name, &centroid.to_vec())?;
    }
    let items = clusters.assignment.iter().zip(clusters.vectors.rows());
    for (item, (cluster, vector)) in (0..).zip(items) {
        if let Some(cluster) = cluster {
            writer.assign(item, *cluster, &vector.to_vec())?;
        }
    }
    writer.finish(item_space)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use config::Train;
    use index::{Generation, Keys, MemorySource, Outline};

    use super::*;
    use crate::dataset::{Interaction, Item};
    use crate::train::train;

    /// Twenty users who like films of the same parity as their own number.
    fn dataset() -> Dataset {
        let items = (0..10).map(|number| Item {
            id: format!("film-{number}"),
            title: format!("Film {number}"),
            fields: BTreeMap::new(),
        });
        let liked = (0..20_u32).flat_map(|user| {
            let films = (0..10).filter(move |film| film % 2 == user % 2 && (user + film) % 7 != 0);
            films.map(move |item| Interaction {
                user,
                item,
                value: 1.0,
                time_s: 0,
            })
        });
        Dataset {
            items: items.collect(),
            users: (0..20).map(|user| user.to_string()).collect(),
            interactions: liked.collect(),
        }
    }

    #[test]
    fn what_was_learnt_is_read_from_the_files_by_id() {
        let dataset = dataset();
        let settings = Train {
            regularization: 1.0,
            ..Train::default()
        };
        let model = train(&dataset, None, &settings, &|_, _| ()).unwrap();
        let files = index_files(&dataset, &model, 3).unwrap();
        assert_eq!(
            index_files(&dataset, &model, 3).unwrap(),
            files,
            "same input, same bytes"
        );

        let outlines: Vec<_> = files
            .iter()
            .map(|(kind, bytes)| Outline::of(*kind, bytes).unwrap())
            .collect();
        let keys = Keys::default();
        let source = MemorySource::new(files);
        let generation = Generation::open(source, outlines, &[], &keys).unwrap();
        let item = generation.items_of_ids(&["film-4"]).unwrap()[0].unwrap();
        let similar = generation
            .similar(item, index::catalogue::Filter::default(), 2)
            .unwrap();
        let numbers: Vec<u32> = similar.iter().map(|scored| scored.item).collect();
        for record in generation.records(&numbers).unwrap() {
            let number: u32 = record.id.trim_start_matches("film-").parse().unwrap();
            assert_eq!(number % 2, 0, "{}", record.id);
        }
        let popular = generation.popular(&index::Question {
            count: 9,
            ..index::Question::default()
        });
        assert_eq!(popular.unwrap().len(), 3);
        assert_eq!(
            generation.onboarding().unwrap().len(),
            model.onboarding.len()
        );
    }
}
