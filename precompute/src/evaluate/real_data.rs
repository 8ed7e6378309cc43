//! What clusters reach on MovieLens 1M and what a question to them reads, where the data is there.

use std::path::{Path, PathBuf};

use config::{Clusters, Config, Evaluate, Train};
use index::{
    Algorithm, FileKind, Generation, Keys, MemorySource, Outline, Question,
    RecordingSource, merge_near,
};

use super::{IndexRanker, ModelQuality, folds, measure};
use crate::{
    import::import,
    train::{Interactions, Model, NeighbourLists, clusters, item_order},
    write::index_files,
};

/// How long the histories are whose reads are counted.
const HISTORY_LEN: usize = 20;

#[test]
fn clusters_of_ml_1m_are_good_and_cheap() {
    let folder = std::env::var_os("KINDRED_DATA").map(PathBuf::from);
    let Some(folder) = folder.filter(|folder| folder.join("ml-1m").exists()) else {
        eprintln!("SKIPPED: KINDRED_DATA names no folder with `ml-1m` in it");
        return;
    };
    let source = folder.join("ml-1m").display().to_string();
    let settings = format!(
        "[collections.c]\ntitle = \"C\"\nsource = {source:?}\n[collections.c.import.interactions]\nfile = \"ratings_pairs.derived.csv\"\n\
         columns = {{ user = \"userId\", item = \"movieId\" }}\n"
    );
    let config = Config::parse(&settings, Path::new("kindred.toml")).unwrap();
    let collection = config.collections.into_values().next().unwrap();
    let (dataset, _) = import(&collection, None).unwrap();
    let settings = Evaluate {
        seeds: vec![1],
        bootstrap_samples: 1,
        ..Evaluate::default()
    };
    let fold = folds(&dataset, None, &settings).next().unwrap();

    let item_count = dataset.items.len();
    let pairs = fold.train.interactions.iter();
    let pairs = pairs.map(|interaction| (interaction.user, interaction.item));
    let interactions = Interactions::of_sorted_pairs(dataset.users.len(), item_count, pairs);
    let popularity: Vec<f32> = (0..item_count)
        .map(|item| interactions.popularity(item) as f32)
        .collect();
    let neighbours = NeighbourLists::of_lists(&vec![Vec::new(); item_count]);
    let found = clusters(&dataset.items, &interactions, &Clusters::default()).unwrap();
    eprintln!("{}: {:?}", found.description, found.names);
    let model = Model {
        item_order: item_order(&popularity, &neighbours),
        clusters: Some(found),
        neighbours: None,
        content: None,
        rules: None,
        popularity,
        onboarding: Vec::new(),
    };
    let files = index_files(&dataset, &model, &Train::default()).unwrap();
    let outlines: Vec<Outline> = files
        .iter()
        .map(|(kind, bytes)| Outline::of(*kind, bytes).unwrap())
        .collect();
    let ranker = IndexRanker::new(files.clone(), &model.item_order).unwrap();
    let ndcg = |results| {
        let quality = ModelQuality::new(String::new(), &[results], &settings.cutoffs, 1);
        quality.at_cutoffs.last().unwrap().ndcg.mean
    };
    let asked = |ranker: &dyn super::Ranker| {
        ndcg(measure(&ranker, &fold.cases, &settings.cutoffs, &model.popularity).unwrap())
    };
    let (by_clusters, popular) = (asked(&ranker.by(Algorithm::Clusters)), asked(&ranker.by(Algorithm::Popular)));
    eprintln!("NDCG@100 {by_clusters:.4}, of what is popular {popular:.4}");
    assert!(0.33 < by_clusters, "{by_clusters}");

    // A cold question of the first items of each history; the heads come with the catalogue's, in the first batch.
    let head = outlines
        .iter()
        .find(|outline| outline.file == FileKind::Clusters);
    let head_len = u64::from(head.unwrap().head_len_bytes);
    let source = RecordingSource::new(MemorySource::new(files));
    let (mut len_bytes, mut question_count) = (0, 0);
    for case in &fold.cases {
        let opened = Generation::open(
            &source,
            outlines.clone(),
            &[FileKind::Clusters],
            &Keys::default(),
        );
        let generation = opened.unwrap();
        source.take();
        let question = Question {
            history: case.history.iter().copied().take(HISTORY_LEN).collect(),
            by: vec![(Algorithm::Clusters, 1.0)],
            count: 20,
            ..Question::default()
        };
        generation.recommend(&question).unwrap();
        let batches = source.take();
        assert_eq!(batches.len(), 1, "one batch after the head");
        let merged = merge_near(&batches[0]);
        let read: u64 = merged.iter().map(|range| u64::from(range.len_bytes)).sum();
        len_bytes += head_len + read;
        question_count += 1;
    }
    let mean = len_bytes / question_count;
    eprintln!("{mean} bytes a question, of which the head {head_len}");
    assert!(mean < 14_000, "{mean}");
}
