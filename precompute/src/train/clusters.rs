//! Items in groups: implicit ALS gives every item a vector, spherical k-means groups the directions of the vectors, and what a group has more of than the catalogue names it.
//!
//! On MovieLens 1M, people whom training never saw get an NDCG@100 of 0.42 from 16 dimensions in full, and nine tenths of that out of the few kilobytes of the index file
//! that a question reads; 64 dimensions would give 0.48, in four times the bytes.

use std::collections::BTreeMap;

use factors::{
    AlsSettings, FactorError, KMeansSettings, SparseRows, along_principal_axes, als, k_means,
    k_means_of_some,
};
use index::catalogue::Value;
use ndarray::{Array1, Array2, Axis};

use super::Interactions;
use crate::dataset::Item;

/// As many as the index file can have.
const MAXIMUM_COUNT: usize = index::clusters::CLUSTERS_MAX_COUNT;

/// The numbers of clusters that are tried, as multiples of the square root of the number of items.
const TRIED_MULTIPLES: [f64; 3] = [0.25, 0.5, 1.0];

/// A name has so many terms at most.
const NAME_TERM_COUNT: usize = 2;

/// A term that fewer members have names nothing.
const TERM_MIN_MEMBERS: usize = 2;

/// Words of a title that are shorter say little.
const WORD_MIN_LEN: usize = 4;

/// Items with vectors, in groups. Items go by their place in the data set.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemClusters {
    /// Method and parameters, for people.
    pub description: String,
    /// How much what somebody touched weighs; all else weighs 1.
    pub confidence: f32,
    /// The sum of the squares of the coordinates along each axis, and the penalty.
    pub diagonal: Vec<f32>,
    /// What the members of each cluster have in common.
    pub names: Vec<String>,
    /// A row a cluster: the mean of its members' vectors, each as often as it was touched.
    pub centroids: Array2<f32>,
    /// A row an item. The axes are turned so that the Gram matrix has nothing beside its diagonal.
    pub vectors: Array2<f32>,
    /// The cluster of each item; `None` for those that nobody touched.
    pub assignment: Vec<Option<u32>>,
}

impl ItemClusters {
    /// The same clusters with item n being what was `item_order[n]`.
    #[must_use]
    pub fn renumbered(&self, item_order: &[u32]) -> Self {
        let places: Vec<usize> = item_order.iter().map(|&item| item as usize).collect();
        Self {
            vectors: self.vectors.select(Axis(0), &places),
            assignment: places.iter().map(|&place| self.assignment[place]).collect(),
            ..self.clone()
        }
    }
}

/// Groups the items.
pub fn clusters(
    items: &[Item],
    interactions: &Interactions,
    settings: &config::Clusters,
) -> Result<ItemClusters, FactorError> {
    let by_user = &interactions.by_user;
    let rows = SparseRows::new(by_user.starts(), by_user.entries(), items.len())?;
    let als_settings = AlsSettings {
        dimensions: (settings.dimensions as usize).min(items.len()),
        confidence: settings.confidence as f32,
        regularization: settings.regularization as f32,
        // What is touched more is held down more, by the same share.
        regularization_exponent: 1.0,
        ..AlsSettings::default()
    };
    let factors = als(rows, &als_settings, &|_, _| ())?;
    let (vectors, mut diagonal) = along_principal_axes(&factors.items)?;
    // A history is short beside the catalogue: the penalty of a person who touched nothing is that of everybody.
    let penalty = als_settings.regularization * items.len() as f32;
    for value in &mut diagonal {
        *value += penalty;
    }

    let touched: Vec<usize> = (0..items.len())
        .filter(|&item| 0 < interactions.popularity(item))
        .collect();
    let directions = directions(&vectors.select(Axis(0), &touched));
    let k_means_settings = KMeansSettings::default();
    let groups = match settings.count {
        Some(count) => {
            let clusters = (count as usize).min(MAXIMUM_COUNT);
            k_means(
                &directions,
                &KMeansSettings {
                    clusters,
                    ..k_means_settings
                },
            )?
        }
        None => k_means_of_some(&directions, &tried_counts(touched.len()), &k_means_settings)?,
    };
    let mut assignment = vec![None; items.len()];
    for (&item, &cluster) in touched.iter().zip(&groups.assignment) {
        assignment[item] = Some(cluster);
    }
    let members: Vec<Vec<usize>> = groups
        .members()
        .into_iter()
        .map(|members| {
            members
                .into_iter()
                .map(|member| touched[member as usize])
                .collect()
        })
        .collect();
    Ok(ItemClusters {
        description: format!(
            "implicit ALS, {} dimensions, confidence {}, regularization {}; {} clusters of directions",
            als_settings.dimensions,
            settings.confidence,
            settings.regularization,
            members.len()
        ),
        confidence: als_settings.confidence,
        diagonal,
        names: names(items, interactions, &members),
        centroids: centroids(&vectors, interactions, &members),
        vectors,
        assignment,
    })
}

/// The numbers of clusters to choose from.
fn tried_counts(item_count: usize) -> Vec<usize> {
    let root = (item_count as f64).sqrt();
    let mut counts: Vec<usize> = TRIED_MULTIPLES
        .iter()
        .map(|multiple| ((root * multiple).round() as usize).clamp(1, MAXIMUM_COUNT))
        .collect();
    counts.dedup();
    counts
}

/// The vectors at length 1; those of length 0 stay.
fn directions(vectors: &Array2<f32>) -> Array2<f32> {
    let mut directions = vectors.clone();
    for mut vector in directions.rows_mut() {
        let length = vector.dot(&vector).sqrt();
        if 0.0 < length {
            vector /= length;
        }
    }
    directions
}

/// The means of the clusters, each member as often as it was touched: an item of a history is taken for its cluster's, and it is one of the popular more often than not.
fn centroids(
    vectors: &Array2<f32>,
    interactions: &Interactions,
    members: &[Vec<usize>],
) -> Array2<f32> {
    let mut centroids = Array2::zeros((members.len(), vectors.ncols()));
    for (mut centroid, members) in centroids.rows_mut().into_iter().zip(members) {
        let mut sum = Array1::<f64>::zeros(vectors.ncols());
        let mut weight = 0.0;
        for &member in members {
            let popularity = interactions.popularity(member) as f64;
            sum.scaled_add(popularity, &vectors.row(member).mapv(f64::from));
            weight += popularity;
        }
        centroid.assign(&sum.mapv(|sum| (sum / weight) as f32));
    }
    centroids
}

/// Each cluster by the terms that tell it apart, and where another has the same ones by its most popular member too.
///
/// Terms are what lists of texts say, such as genres and tags; in a catalogue without such fields the words of titles. The most telling have the largest
/// `n · ln(lift)`: n members have the term, and the lift is how many times as frequent it is among them as in the catalogue.
fn names(items: &[Item], interactions: &Interactions, members: &[Vec<usize>]) -> Vec<String> {
    let has_lists = items.iter().any(|item| {
        item.fields
            .values()
            .any(|value| matches!(value, Value::TextList(_)))
    });
    let terms = |item: usize| {
        if has_lists {
            listed_texts(&items[item])
        } else {
            words(&items[item])
        }
    };
    let mut in_all: BTreeMap<String, usize> = BTreeMap::new();
    for term in (0..items.len()).flat_map(terms) {
        *in_all.entry(term).or_default() += 1;
    }
    let most_telling = |members: &Vec<usize>| -> String {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for term in members.iter().flat_map(|&member| terms(member)) {
            *counts.entry(term).or_default() += 1;
        }
        let gain = |(term, count): (String, usize)| {
            let share = count as f64 / members.len() as f64;
            let lift = share * items.len() as f64 / in_all.get(&term).copied().unwrap_or(1) as f64;
            (count as f64 * lift.ln(), term)
        };
        let counts = counts
            .into_iter()
            .filter(|(_, count)| TERM_MIN_MEMBERS <= *count);
        let mut gains: Vec<(f64, String)> =
            counts.map(gain).filter(|(gain, _)| 0.0 < *gain).collect();
        gains.sort_by(|left, right| {
            right
                .0
                .total_cmp(&left.0)
                .then_with(|| left.1.cmp(&right.1))
        });
        let terms: Vec<String> = gains
            .into_iter()
            .take(NAME_TERM_COUNT)
            .map(|(_, term)| term)
            .collect();
        terms.join(", ")
    };
    let by_terms: Vec<String> = members.iter().map(most_telling).collect();
    let name = |(terms, members): (&String, &Vec<usize>)| {
        let is_only = by_terms.iter().filter(|other| *other == terms).count() == 1;
        if is_only && !terms.is_empty() {
            return terms.clone();
        }
        let popular = members
            .iter()
            .max_by_key(|&&member| (interactions.popularity(member), usize::MAX - member));
        let title = popular.map_or("", |&member| items[member].title.as_str());
        if terms.is_empty() {
            title.to_owned()
        } else {
            format!("{terms}: {title}")
        }
    };
    by_terms.iter().zip(members).map(name).collect()
}

/// The texts of all lists of an item, each once.
fn listed_texts(item: &Item) -> Vec<String> {
    let lists = item.fields.values().filter_map(|value| match value {
        Value::TextList(texts) => Some(texts),
        _ => None,
    });
    distinct(lists.flatten().cloned())
}

/// The words of an item's title, each once.
fn words(item: &Item) -> Vec<String> {
    let words = item
        .title
        .split(|character: char| !character.is_alphabetic());
    let words = words.filter(|word| WORD_MIN_LEN <= word.chars().count());
    distinct(words.map(str::to_lowercase))
}

fn distinct(terms: impl Iterator<Item = String>) -> Vec<String> {
    let mut terms: Vec<String> = terms.collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty people of two tastes, twelve films of two genres, and one film that nobody saw.
    fn films() -> (Vec<Item>, Interactions) {
        let item = |number: usize| Item {
            id: number.to_string(),
            title: format!("Film {number}"),
            fields: [(
                "genres".to_owned(),
                Value::TextList(vec![
                    ["Crime", "Comedy"][number % 2].to_owned(),
                    "Film".to_owned(),
                ]),
            )]
            .into(),
        };
        let pairs = (0..40_u32).flat_map(|user| {
            (0..12)
                .filter(move |film| film % 2 == user % 2 && (user + film) % 5 != 0)
                .map(move |film| (user, film))
        });
        (
            (0..13).map(item).collect(),
            Interactions::of_sorted_pairs(40, 13, pairs),
        )
    }

    #[test]
    fn tastes_are_clusters_named_by_what_tells_them_apart() {
        let (items, interactions) = films();
        let settings = config::Clusters {
            count: Some(2),
            ..config::Clusters::default()
        };
        let found = clusters(&items, &interactions, &settings).unwrap();
        let expected: Vec<Option<u32>> = (0..12).map(|film| Some(film % 2)).chain([None]).collect();
        assert_eq!(found.assignment, expected);
        assert_eq!(found.names, ["Crime", "Comedy"]);
        assert_eq!(found.vectors.dim(), (13, 13), "as many dimensions as items");
        assert_eq!(found.centroids.dim(), (2, 13));
        assert_eq!(clusters(&items, &interactions, &settings).unwrap(), found);

        let order: Vec<u32> = (0..13).rev().collect();
        let renumbered = found.renumbered(&order);
        assert_eq!(renumbered.assignment[0], None);
        assert_eq!(renumbered.vectors.row(12), found.vectors.row(0));
        assert_eq!(renumbered.renumbered(&order), found);
    }

    #[test]
    fn without_lists_titles_name_clusters_and_doubles_are_told_apart() {
        let (mut items, interactions) = films();
        for (number, item) in items.iter_mut().enumerate() {
            item.fields.clear();
            item.title = format!("The {} {number}", ["Heist", "Wedding"][number % 2]);
        }
        let members = [vec![0, 2, 4], vec![1, 3], vec![5, 7], vec![6]];
        let expected = [
            "heist",
            "wedding: The Wedding 1",
            "wedding: The Wedding 5",
            "The Heist 6",
        ];
        assert_eq!(names(&items, &interactions, &members), expected);
    }

    #[test]
    fn a_number_of_clusters_is_chosen_and_one_item_is_one_cluster() {
        assert_eq!(tried_counts(3_706), [15, 30, 61]);
        assert_eq!(tried_counts(1_000_000), [250, 255]);
        assert_eq!(tried_counts(1), [1]);
        let (items, _) = films();
        let one = Interactions::of_sorted_pairs(1, 1, [(0, 0)]);
        let found = clusters(&items[..1], &one, &config::Clusters::default()).unwrap();
        assert_eq!(found.assignment, [Some(0)]);
        assert_eq!(found.names, ["Film 0"]);
    }
}
