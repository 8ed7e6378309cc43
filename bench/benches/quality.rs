//! How good are the recommendations, what do they cost in bytes, and how long does a build take?
//!
//! Data, from the folder that `KINDRED_DATA` names, or `../shared/data` beside the workspace:
//! - `ml-1m/ratings_pairs.derived.csv`, MovieLens 1M as 1,000,209 pairs of 6,040 users and 3,706 films. 10 % of the users are held out, 80 % of their
//!   histories folded in, all films ranked, three seeds. Dense EASE is measured on the same splits, at the best of several regularizations.
//! - `ml-1m-ultragcn-split`, the training and test file of Mao et al. (UltraGCN, CIKM 2021), as they are, with recall by all targets as they count it.
//!   Published: UltraGCN Recall@20 0.2787, NDCG@20 0.2642; SimpleX 0.2802, 0.2670.
//! - `ml-latest-small`, 100,836 ratings of 610 users and 9,724 films, for the time.
//!
//! Models come through the index file's reader; what is absent is left out and said so.
//!
//! Command: `cargo bench -p bench --bench quality`. With `-- --test` it runs once over made-up data, to see that it works.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::env;
use std::path::{Path, PathBuf};
use std::time::Instant;

use config::{Blend, Collection, Config, Content, Evaluate, Train, ValueScale};
use index::recommend::HistoryItem;
use precompute::Resources;
use precompute::dataset::{Dataset, Interaction, Item};
use precompute::evaluate::{
    Evaluation, Fold, ModelQuality, ScoreRanker, evaluate, fixed_split, folds, measure,
    neighbours_bytes_an_item,
};
use precompute::import::{import, import_split};
use precompute::train::{Interactions, ease::dense_weights, train};
use precompute::write::index_files;

/// The reference gets the best of these.
const DENSE_REGULARIZATIONS: [f32; 4] = [300.0, 500.0, 700.0, 1000.0];

/// With so much, no matrix of the items can be inverted.
const LITTLE_MEMORY_BYTES: u64 = 100 << 20;

fn main() {
    if env::args().any(|argument| argument == "--test") {
        let dataset = made_up();
        let settings = Evaluate {
            bootstrap_samples: 20,
            ..Evaluate::default()
        };
        measure_against_dense(&dataset, &settings);
        measure_build("made up", &dataset, None);
        return;
    }
    let data = env::var_os("KINDRED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    if let Some(collection) = collection(
        &data.join("ml-1m"),
        "[collections.c.import.interactions]\nfile = \"ratings_pairs.derived.csv\"\ncolumns = { user = \"userId\", item = \"movieId\" }",
    ) {
        let start = Instant::now();
        let (dataset, _) = import(&collection, None).expect("the pairs are right");
        println!("ml-1m: import {:.2} s", start.elapsed().as_secs_f64());
        measure_build("ml-1m", &dataset, None);
        measure_against_dense(&dataset, &Evaluate::default());
    }
    if let Some(collection) = collection(&data.join("ml-1m-ultragcn-split"), "") {
        let (split, _) = import_split(&collection, None, "published").expect("the split is right");
        let settings = Evaluate {
            cutoffs: vec![20],
            ..Evaluate::default()
        };
        let evaluation = evaluate(
            [fixed_split(&split, None)],
            None,
            &Train::default(),
            &settings,
            &Resources::of_machine(),
        )
        .expect("the split can be measured");
        println!("\nUltraGCN's split of ml-1m");
        print_models(&evaluation);
    }
    if let Some(collection) = collection(&data.join("goodbooks-10k"), "") {
        let (dataset, _) = import(&collection, None).expect("the books are right");
        let scale = ValueScale {
            minimum: 1.0,
            maximum: 5.0,
            neutral: 3.0,
        };
        measure_blend_of_books(&dataset, Some(&scale));
    }
    if let Some(collection) = collection(&data.join("ml-latest-small"), "") {
        let start = Instant::now();
        let (dataset, _) = import(&collection, None).expect("the ratings are right");
        println!(
            "\nml-latest-small: import {:.2} s",
            start.elapsed().as_secs_f64()
        );
        let scale = ValueScale {
            minimum: 0.5,
            maximum: 5.0,
            neutral: 3.0,
        };
        measure_build("ml-latest-small", &dataset, Some(&scale));
        let evaluation = measure_folds(
            &dataset,
            Some(&scale),
            &Evaluate::default(),
            &Resources::of_machine(),
        );
        print_models(&evaluation);
    }
}

/// The collection whose source is `folder`, if that is there.
fn collection(folder: &Path, import: &str) -> Option<Collection> {
    if !folder.is_dir() {
        println!(
            "SKIPPED: {} is absent; KINDRED_DATA names the folder that has it",
            folder.display()
        );
        return None;
    }
    let source = folder.display().to_string();
    let settings = format!("[collections.c]\ntitle = \"C\"\nsource = {source:?}\n{import}\n");
    let config =
        Config::parse(&settings, Path::new("kindred.toml")).expect("the settings are right");
    config.collections.into_values().next()
}

/// Trains and writes once, as `precompute build` does.
fn measure_build(name: &str, dataset: &Dataset, scale: Option<&ValueScale>) {
    let start = Instant::now();
    let (settings, resources) = (Train::default(), Resources::of_machine());
    let model = train(dataset, scale, &settings, &resources, &|_, _| ());
    let model = model.expect("the data can be learnt from");
    let trained_s = start.elapsed().as_secs_f64();
    let files = index_files(dataset, &model, &settings).expect("the model can be written");
    for (kind, file) in &files {
        index::verify(*kind, file).expect("the files are sound");
    }
    println!(
        "{name}: {}: train {trained_s:.2} s, write and verify {:.2} s, {:.1} bytes an item",
        model.description(),
        start.elapsed().as_secs_f64() - trained_s,
        neighbours_bytes_an_item(&files, dataset.items.len())
    );
}

/// The default, and what `auto` goes by.
fn with_blend() -> Train {
    Train {
        blend: Some(Blend::default()),
        ..Train::default()
    }
}

fn measure_folds(
    dataset: &Dataset,
    scale: Option<&ValueScale>,
    settings: &Evaluate,
    resources: &Resources,
) -> Evaluation {
    let folds = folds(dataset, scale, settings);
    evaluate(folds, scale, &with_blend(), settings, resources).expect("the data can be measured")
}

fn measure_against_dense(dataset: &Dataset, settings: &Evaluate) {
    let resources = Resources::of_machine();
    let evaluation = measure_folds(dataset, None, settings, &resources);
    println!("\n{}", evaluation.protocol);
    print_models(&evaluation);
    // As a catalogue of many more items has to do with more memory.
    let little = Resources {
        stated_memory_bytes: Some(LITTLE_MEMORY_BYTES),
        ..resources
    };
    let by_candidates = measure_folds(dataset, None, settings, &little);
    by_candidates.models.iter().take(1).for_each(print_model);
    let folds: Vec<Fold> = folds(dataset, None, settings).collect();
    let dense: Vec<ModelQuality> = DENSE_REGULARIZATIONS
        .iter()
        .map(|&regularization| measure_dense(&folds, regularization, settings))
        .collect();
    dense.iter().for_each(print_model);
    let ndcg = |model: &ModelQuality| model.at_cutoffs.last().map_or(0.0, |last| last.ndcg.mean);
    let best = dense.iter().map(ndcg).fold(0.0, f64::max);
    for (name, evaluation) in [("served", &evaluation), ("candidates", &by_candidates)] {
        let served = evaluation.models.first().map_or(0.0, ndcg);
        println!(
            "{name} by dense, at the dense model's best regularization: {:.4}",
            served / best
        );
    }
}

/// Half a million ratings are too few for much: here other algorithms help.
fn measure_blend_of_books(dataset: &Dataset, scale: Option<&ValueScale>) {
    let train = Train {
        content: Some(Content::default()),
        ..with_blend()
    };
    let settings = Evaluate::default();
    let folds = folds(dataset, scale, &settings);
    let evaluation = evaluate(folds, scale, &train, &settings, &Resources::of_machine())
        .expect("the books can be measured");
    println!("\ngoodbooks, {}", evaluation.protocol);
    print_models(&evaluation);
}

fn measure_dense(folds: &[Fold], regularization: f32, settings: &Evaluate) -> ModelQuality {
    let results: Vec<_> = folds
        .iter()
        .map(|fold| {
            let interactions = &fold.train.interactions;
            let item_count = fold.train.items.len();
            let pairs = interactions
                .iter()
                .map(|interaction| (interaction.user, interaction.item));
            let interactions =
                Interactions::of_sorted_pairs(fold.train.users.len(), item_count, pairs);
            let weights = dense_weights(&interactions, regularization)
                .expect("the regularization is large enough");
            let scores = |history: &[HistoryItem]| {
                let mut scores = vec![0.0; item_count];
                for entry in history {
                    for (score, weight) in scores.iter_mut().zip(weights.row(entry.item as usize)) {
                        *score += entry.weight * weight;
                    }
                }
                scores
            };
            let popularity: Vec<f32> = (0..item_count)
                .map(|item| interactions.popularity(item) as f32)
                .collect();
            measure(
                &ScoreRanker(scores),
                &fold.cases,
                &settings.cutoffs,
                &popularity,
            )
            .expect("scores in memory can be ranked")
        })
        .collect();
    let name = format!("EASE, dense, regularization {regularization}");
    ModelQuality::new(
        name,
        &results,
        &settings.cutoffs,
        settings.bootstrap_samples,
    )
}

fn print_models(evaluation: &Evaluation) {
    println!(
        "{} people, {:.1} bytes an item in the file of neighbours",
        evaluation.case_count, evaluation.neighbours_bytes_an_item
    );
    evaluation.models.iter().for_each(print_model);
}

fn print_model(model: &ModelQuality) {
    print!("{:<70}", model.name);
    for at in &model.at_cutoffs {
        print!(
            " NDCG@{} {:.4} ({:.4} to {:.4}) Recall@{} {:.4}",
            at.cutoff, at.ndcg.mean, at.ndcg.low, at.ndcg.high, at.cutoff, at.recall.mean
        );
    }
    println!();
}

/// Forty users who like items of their own remainder.
fn made_up() -> Dataset {
    let items = (0..50).map(|item| Item {
        id: item.to_string(),
        title: item.to_string(),
        fields: std::collections::BTreeMap::new(),
    });
    let interactions = (0..40_u32).flat_map(|user| {
        let items = (0..50_u32).filter(move |item| (item + user) % 5 < 2 && item * user % 7 != 3);
        items.map(move |item| Interaction {
            user,
            item,
            value: 1.0,
            time_s: 0,
        })
    });
    Dataset {
        items: items.collect(),
        users: (0..40).map(|user| user.to_string()).collect(),
        user_names: Vec::new(),
        interactions: interactions.collect(),
    }
}
