//! Writing: from a data set and a model to index files.

mod text;

use config::Train;
use index::baskets::{Basket, BasketsWriter};
use index::catalogue::{CatalogueWriter, Record};
use index::clusters::{ClustersWriter, Geometry};
use index::neighbours::NeighboursWriter;
use index::popularity::PopularityWriter;
use index::rules::{Rule, RulesWriter};
use index::{FileKind, WriteError};

pub use text::text;
pub(crate) use text::{TITLE, textual_fields};

use crate::dataset::Dataset;
use crate::train::{ItemClusters, Lists, Model, popular_items};

/// The index files of a model, in the order of their kinds. The same data set and model give the same bytes.
///
/// Items are numbered in the model's file order. Of the popular ones as many are listed as the settings say.
pub fn index_files(
    dataset: &Dataset,
    model: &Model,
    settings: &Train,
) -> Result<Vec<(FileKind, Vec<u8>)>, WriteError> {
    let mut files = model_files(dataset, model, settings)?;
    let catalogue = catalogue(dataset, &model.item_order, &model.popularity);
    files.push((FileKind::Catalogue, catalogue.finish()?));
    files.sort_by_key(|(kind, _)| *kind);
    Ok(files)
}

/// The catalogue of the items in this order; `popularity` goes by the items' places in the data set.
pub fn catalogue(dataset: &Dataset, item_order: &[u32], popularity: &[f32]) -> CatalogueWriter {
    let mut catalogue = CatalogueWriter::new();
    for &place in item_order {
        let item = &dataset.items[place as usize];
        let record = Record {
            id: item.id.clone(),
            title: item.title.clone(),
            fields: item
                .fields
                .iter()
                .map(|(name, value)| (name.as_str().into(), value.clone()))
                .collect(),
        };
        catalogue.push(record, popularity[place as usize]);
    }
    catalogue
}

/// Every index file but the catalogue.
pub fn model_files(
    dataset: &Dataset,
    model: &Model,
    settings: &Train,
) -> Result<Vec<(FileKind, Vec<u8>)>, WriteError> {
    let order = &model.item_order;
    let item_count = order.len();
    let numbers = model.numbers_in_file();
    let item_space = catalogue(dataset, order, &model.popularity).item_space();
    let mut files = Vec::new();
    for (kind, lists) in [
        (FileKind::Content, &model.content),
        (FileKind::Neighbours, &model.neighbours),
    ] {
        let Some(Lists { description, lists }) = lists else {
            continue;
        };
        let mut writer = match kind {
            FileKind::Content => NeighboursWriter::of_content(item_count, description)?,
            _ => NeighboursWriter::new(item_count, description)?,
        };
        let ordered = lists.renumbered(order);
        for item in 0..item_count {
            writer.push(ordered.list(item))?;
        }
        files.push((kind, writer.finish(item_space)?));
    }

    if let Some(clusters) = &model.clusters {
        let file = clusters_file(&clusters.renumbered(order), item_space)?;
        files.push((FileKind::Clusters, file));
    }

    let popular_count = settings.popular_items as usize;
    let mut popularity = vec![0.0; item_count];
    for place in popular_items(&dataset.items, &model.popularity, popular_count) {
        popularity[numbers[place as usize] as usize] = model.popularity[place as usize];
    }
    let onboarding: Vec<u32> = model
        .onboarding
        .iter()
        .map(|&place| numbers[place as usize])
        .collect();
    let popularity = PopularityWriter::new(&popularity, popular_count, &onboarding)?;
    files.push((FileKind::Popularity, popularity.finish(item_space)?));

    if let Some(found) = &model.rules {
        let mut writer = RulesWriter::new(item_count, found.basket_count, &found.description)?;
        for rule in &found.rules {
            writer.push(renumbered(rule, &numbers))?;
        }
        files.push((FileKind::Rules, writer.finish(item_space)?));
        let wanted = settings
            .rules
            .as_ref()
            .and_then(|rules| rules.publish_baskets);
        if wanted.unwrap_or(!dataset.user_names.is_empty()) {
            let baskets = baskets(dataset, &numbers)?;
            files.push((FileKind::Baskets, baskets.finish(item_space)?));
        }
    }
    files.sort_by_key(|(kind, _)| *kind);
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

fn renumbered(rule: &itemsets::Rule, numbers: &[u32]) -> Rule {
    let number = |item: &u32| numbers[*item as usize];
    let mut antecedent: Vec<u32> = rule.antecedent.iter().map(number).collect();
    antecedent.sort_unstable();
    Rule {
        antecedent,
        consequent: number(&rule.consequent),
        support: rule.support,
        antecedent_support: rule.antecedent_support,
        consequent_support: rule.consequent_support,
    }
}

/// Every user as a basket.
fn baskets(dataset: &Dataset, numbers: &[u32]) -> Result<BasketsWriter, WriteError> {
    let mut writer = BasketsWriter::new(numbers.len())?;
    let of_users = dataset
        .interactions
        .chunk_by(|left, right| left.user == right.user);
    for interactions in of_users {
        let Some(user) = interactions.first().map(|first| first.user as usize) else {
            continue;
        };
        let mut items: Vec<u32> = interactions
            .iter()
            .map(|interaction| numbers[interaction.item as usize])
            .collect();
        items.sort_unstable();
        writer.push(Basket {
            id: dataset.users[user].clone(),
            name: dataset.user_names.get(user).cloned().unwrap_or_default(),
            items,
        })?;
    }
    Ok(writer)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use config::Train;
    use index::{Generation, Keys, MemorySource, Outline};

    use super::*;
    use crate::Resources;
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
            user_names: Vec::new(),
            interactions: liked.collect(),
        }
    }

    #[test]
    fn what_was_learnt_is_read_from_the_files_by_id() {
        let dataset = dataset();
        let settings = Train {
            regularization: 1.0,
            popular_items: 3,
            rules: Some(config::Rules::default()),
            content: Some(config::Content::default()),
            ..Train::default()
        };
        let model = train(
            &dataset,
            None,
            &settings,
            &Resources::of_machine(),
            &|_, _| (),
        )
        .unwrap();
        let files = index_files(&dataset, &model, &settings).unwrap();
        assert_eq!(
            index_files(&dataset, &model, &settings).unwrap(),
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
            .similar(
                index::Algorithm::Neighbours,
                item,
                index::catalogue::Filter::default(),
                2,
            )
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

    #[test]
    fn an_item_that_nobody_touched_has_neighbours_by_content() {
        let mut dataset = dataset();
        for (number, item) in dataset.items.iter_mut().enumerate() {
            item.title = ["Sharks of the sea", "A trial at court"][number % 2].to_owned();
        }
        dataset.interactions.retain(|touched| touched.item != 4);
        let settings = Train {
            content: Some(config::Content::default()),
            ..Train::default()
        };
        let resources = Resources::of_machine();
        let model = train(&dataset, None, &settings, &resources, &|_, _| ()).unwrap();
        let files = index_files(&dataset, &model, &settings).unwrap();
        let outlines = files
            .iter()
            .map(|(kind, bytes)| Outline::of(*kind, bytes).unwrap());
        let outlines = outlines.collect();
        let keys = Keys::default();
        let source = MemorySource::new(files);
        let generation = Generation::open(source, outlines, &[], &keys).unwrap();
        let item = generation.items_of_ids(&["film-4"]).unwrap()[0].unwrap();
        let similar = |algorithm| {
            let filter = index::catalogue::Filter::default();
            let similar = generation.similar(algorithm, item, filter, 9).unwrap();
            let numbers: Vec<u32> = similar.iter().map(|scored| scored.item).collect();
            let records = generation.records(&numbers).unwrap();
            let mut ids: Vec<String> = records.into_iter().map(|record| record.id).collect();
            ids.sort_unstable();
            ids
        };
        assert!(similar(index::Algorithm::Neighbours).is_empty());
        assert_eq!(
            similar(index::Algorithm::Content),
            ["film-0", "film-2", "film-6", "film-8"]
        );
    }
}
