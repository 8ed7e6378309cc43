//! What does a request read? For a history of 20 items, given by their ids, and the records of the 20 results: batches, GETs and bytes, where near ranges of a
//! file are read as one, nothing is cached and the pointer is known.
//!
//! Data: MovieLens 1M from the folder that `KINDRED_DATA` names, or `../shared/data` beside the workspace, learnt without 1,000 of its people, who ask; when it is
//! absent, that is said. And 200,000 items made up with a seed; see `bench::catalogues`.
//!
//! Command: `cargo bench -p bench --profile dev --bench reads`. With `-- --test` a small catalogue is made up, and nothing is trained.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::env;

use bench::catalogues::{Catalogue, data_folder, made_up, ml_1m};
use bench::cost;
use index::recommend::HistoryItem;
use index::{
    Algorithm, ByteRange, Generation, Keys, MemorySource, NEAR_GAP_LEN_BYTES, Outline, Question,
    RecordingSource,
};

/// The gap that is worth while, and others for comparison.
const GAP_LENS_BYTES: [Option<u32>; 5] = [
    None,
    Some(NEAR_GAP_LEN_BYTES),
    Some(32 << 10),
    Some(16 << 10),
    Some(0),
];

fn main() {
    if env::args().any(|argument| argument == "--test") {
        measure(made_up(2_000));
        return;
    }
    let data = data_folder();
    match ml_1m(&data) {
        Some(catalogue) => measure(catalogue),
        None => println!(
            "SKIPPED: {} has no ml-1m; KINDRED_DATA names the folder that has it",
            data.display()
        ),
    }
    measure(made_up(200_000));
}

/// Prints what the requests of a catalogue's people read.
fn measure(catalogue: Catalogue) {
    let Catalogue {
        title,
        files,
        histories,
        ..
    } = catalogue;
    println!("{title}:");
    let outlines: Vec<Outline> = files
        .iter()
        .map(|(kind, file)| Outline::of(*kind, file).expect("a file that was just written"))
        .collect();
    for (outline, (_, file)) in outlines.iter().zip(&files) {
        println!(
            "  {:<11} {:>9.1} kB, its head {:>6.1} kB",
            outline.file.name(),
            file.len() as f64 / 1e3,
            f64::from(outline.head_len_bytes) / 1e3
        );
    }
    let source = RecordingSource::new(MemorySource::new(files));
    let algorithms = [Algorithm::Neighbours, Algorithm::Clusters];
    let has = |algorithm: &Algorithm| {
        outlines
            .iter()
            .any(|outline| outline.file == algorithm.file())
    };
    for algorithm in algorithms.into_iter().filter(has) {
        println!("  by {}:", algorithm.name());
        measure_requests(&source, &outlines, algorithm, &histories);
    }
}

/// Prints what the requests that an algorithm answers read.
fn measure_requests(
    source: &RecordingSource<MemorySource>,
    outlines: &[Outline],
    algorithm: Algorithm,
    histories: &[Vec<String>],
) {
    let requests: Vec<Vec<Vec<ByteRange>>> = histories
        .iter()
        .map(|ids| {
            ask(source, outlines, algorithm, ids);
            source.take()
        })
        .collect();
    let batch_count = requests.iter().map(Vec::len).max().unwrap_or_default();
    for gap_len_bytes in GAP_LENS_BYTES {
        match gap_len_bytes {
            None => print!("    as it is:      "),
            Some(gap_len_bytes) => print!("    gaps of {:>2} KiB:", gap_len_bytes >> 10),
        }
        let mut totals = vec![(0, 0); requests.len()];
        for (number, what) in ["heads and ids", "lists", "records"].iter().enumerate() {
            let costs: Vec<(usize, u64)> = requests
                .iter()
                .map(|batches| {
                    batches
                        .get(number)
                        .map_or((0, 0), |batch| cost(batch, gap_len_bytes))
                })
                .collect();
            for (total, cost) in totals.iter_mut().zip(&costs) {
                *total = (total.0 + cost.0, total.1 + cost.1);
            }
            print!(" {what} {},", described(&costs));
        }
        println!(" together {} in {batch_count} batches", described(&totals));
    }
}

/// Asks as the function does, to the records.
fn ask(
    source: &RecordingSource<MemorySource>,
    outlines: &[Outline],
    algorithm: Algorithm,
    ids: &[String],
) {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let keys = Keys {
        ids: &ids,
        titles: &[],
    };
    let generation = Generation::open(source, outlines.to_vec(), &[algorithm.file()], &keys)
        .expect("the files are sound");
    let history = generation
        .items_of_ids(&ids)
        .expect("the ids can be read")
        .into_iter()
        .flatten()
        .map(|item| HistoryItem { item, weight: 1.0 })
        .collect();
    let question = Question {
        by: vec![(algorithm, 1.0)],
        history,
        count: 20,
        ..Question::default()
    };
    let results = generation.recommend(&question);
    let results = results.expect("the lists can be read");
    let items: Vec<u32> = results.iter().map(|scored| scored.item).collect();
    generation.records(&items).expect("the records can be read");
}

/// The means, and the 99th percentile of the bytes.
fn described(costs: &[(usize, u64)]) -> String {
    let mean = |sum: f64| sum / costs.len() as f64;
    let gets = mean(costs.iter().map(|cost| cost.0 as f64).sum());
    let len_bytes = mean(costs.iter().map(|cost| cost.1 as f64).sum());
    let mut sorted: Vec<u64> = costs.iter().map(|cost| cost.1).collect();
    sorted.sort_unstable();
    let high = sorted[sorted.len() * 99 / 100] as f64;
    format!(
        "{gets:.1} GETs {:.0} kB (99 %: {:.0})",
        len_bytes / 1e3,
        high / 1e3
    )
}
