//! How long does scoring take, without any reading: from a history of 20 items, whose lists of 200 neighbours are in memory, to the best 20?
//!
//! Data: made up with a seed; 3,706 items as MovieLens 1M has, and 200,000. A list takes each second neighbour from the most popular tenth, as real lists do, and
//! every fifth weight is negative. The lists are decoded from the index file's bytes each time, as a function does; that they were read and checked is not
//! measured. Beside it: the records of the 20, and the reasons for them.
//!
//! The bar of the project is 30 microseconds for the scoring.
//!
//! Command: `cargo bench -p bench --profile dev --bench scoring`.

use index::SortedMap;

use bench::Random;
use divan::Bencher;
use index::catalogue::{CatalogueWriter, Record, Value};
use index::neighbours::{Neighbour, NeighboursWriter};
use index::recommend::HistoryItem;
use index::{Algorithm, FileKind, Generation, Keys, MemorySource, Outline, Question};

const ITEM_COUNTS: [u32; 2] = [3_706, 200_000];
const HISTORY_LEN: u32 = 20;
const LIST_LEN: usize = 200;

fn main() {
    divan::main();
}

#[divan::bench(args = ITEM_COUNTS)]
fn best_of_a_history(bencher: Bencher, item_count: u32) {
    let (generation, question) = warm(item_count);
    bencher.bench_local(|| generation.recommend(&question));
}

#[divan::bench(args = ITEM_COUNTS)]
fn records(bencher: Bencher, item_count: u32) {
    let (generation, question) = warm(item_count);
    let items = best(&generation, &question);
    bencher.bench_local(|| generation.records(&items));
}

#[divan::bench(args = ITEM_COUNTS)]
fn reasons(bencher: Bencher, item_count: u32) {
    let (generation, question) = warm(item_count);
    let items = best(&generation, &question);
    bencher.bench_local(|| generation.reasons(Algorithm::Neighbours, &items, &question.history));
}

fn best(generation: &Generation<'static>, question: &Question) -> Vec<u32> {
    let best = generation.recommend(question).expect("the lists are sound");
    best.iter().map(|scored| scored.item).collect()
}

/// A generation that has read whatever the question and its answer need.
fn warm(item_count: u32) -> (Generation<'static>, Question) {
    let history_items: Vec<u32> = (0..HISTORY_LEN)
        .map(|number| number * (item_count / HISTORY_LEN))
        .collect();
    let mut catalogue = CatalogueWriter::new();
    let mut neighbours = NeighboursWriter::new(item_count as usize, "made up").expect("few items");
    let mut random = Random::new(7);
    for item in 0..item_count {
        let fields = SortedMap::from([
            ("year".into(), Value::Integer(1995)),
            (
                "genres".into(),
                Value::TextList(vec!["Comedy".to_owned(), "Drama".to_owned()]),
            ),
        ]);
        let record = Record {
            id: item.to_string(),
            title: format!("The film number {item}"),
            fields,
        };
        catalogue.push(record, 1.0);
        // Nobody asks for the other lists.
        let list = if history_items.contains(&item) {
            list(&mut random, item_count)
        } else {
            Vec::new()
        };
        neighbours.push(&list).expect("the list is ascending");
    }
    let item_space = catalogue.item_space();
    let files = [
        (
            FileKind::Catalogue,
            catalogue.finish().expect("sound records"),
        ),
        (
            FileKind::Neighbours,
            neighbours.finish(item_space).expect("sound lists"),
        ),
    ];
    let outlines = files
        .iter()
        .map(|(kind, file)| Outline::of(*kind, file).expect("a file that was just written"))
        .collect();
    let source = MemorySource::new(files);
    let first = [FileKind::Neighbours];
    let generation =
        Generation::open(source, outlines, &first, &Keys::default()).expect("sound files");
    let history = history_items
        .into_iter()
        .map(|item| HistoryItem { item, weight: 1.0 })
        .collect();
    let question = Question {
        history,
        count: 20,
        ..Question::default()
    };
    let items = best(&generation, &question);
    assert_eq!(items.len(), 20);
    generation.records(&items).expect("sound records");
    (generation, question)
}

fn list(random: &mut Random, item_count: u32) -> Vec<Neighbour> {
    let mut list = SortedMap::new();
    while list.len() < LIST_LEN {
        let limit = if list.len() % 2 == 0 {
            item_count / 10
        } else {
            item_count
        };
        let magnitude = 1.0 + random.below(127) as f32;
        let sign = if random.below(5) == 0 { -1.0 } else { 1.0 };
        list.insert(random.below(limit as usize) as u32, sign * magnitude);
    }
    let neighbour = |(item, weight)| Neighbour { item, weight };
    list.into_iter().map(neighbour).collect()
}
