//! What does a request read? For a history of 20 items, given by their ids, and the records of the 20 results: batches, GETs and bytes, where near ranges of a
//! file are read as one, nothing is cached and the pointer is known.
//!
//! Data:
//! - `ml-1m/ratings_pairs.derived.csv` under `KINDRED_DATA`, or `../shared/data` beside the workspace: MovieLens 1M, trained as `precompute` does; 1,000 of its
//!   people, drawn with a seed, with 20 of their films each. When it is absent, that is said.
//! - made up with a seed: 200,000 items of 2,000 kinds, popular by Zipf's law, each speaking for 100 others: 70 of its kind, 20 of two kinds beside it, 10 that
//!   are popular. Histories have 10 items of one kind, 5 of another, and 5 that are popular.
//!
//! Command: `cargo bench -p bench --profile dev --bench reads`. With `-- --test` a smaller catalogue is made up, and nothing is trained.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};

use config::{Config, Train};
use index::neighbours::Neighbour;
use index::recommend::HistoryItem;
use index::{
    ByteRange, FileKind, Generation, Keys, MemorySource, NEAR_GAP_LEN_BYTES, Outline, Question,
    RecordingSource, merge_near,
};
use precompute::dataset::{Dataset, Item};
use precompute::import::import;
use precompute::train::{Model, NeighbourLists, item_order, train};
use precompute::write::index_files;

const HISTORY_LEN: usize = 20;
const HISTORY_COUNT: usize = 1_000;

/// What a batch costs with the gaps that are worth while, and with smaller ones, for comparison.
const GAP_LENS_BYTES: [u32; 4] = [NEAR_GAP_LEN_BYTES, 32 << 10, 16 << 10, 0];

fn main() {
    if env::args().any(|argument| argument == "--test") {
        let (files, histories) = made_up(2_000);
        measure("2,000 items, made up", files, &histories);
        return;
    }
    let data = env::var_os("KINDRED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let folder = data.join("ml-1m");
    if folder.is_dir() {
        let (files, histories) = movielens(&folder);
        measure("ml-1m", files, &histories);
    } else {
        println!(
            "SKIPPED: {} is absent; KINDRED_DATA names the folder that has it",
            folder.display()
        );
    }
    let (files, histories) = made_up(200_000);
    measure("200,000 items, made up", files, &histories);
}

type Files = Vec<(FileKind, Vec<u8>)>;

/// Prints what requests with these histories, which are ids, read.
fn measure(name: &str, files: Files, histories: &[Vec<String>]) {
    println!("{name}:");
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
    let requests: Vec<Vec<Vec<ByteRange>>> = histories
        .iter()
        .map(|ids| {
            ask(&source, &outlines, ids);
            source.take()
        })
        .collect();
    let batch_count = requests.iter().map(Vec::len).max().unwrap_or_default();
    for gap_len_bytes in GAP_LENS_BYTES {
        print!("  gaps of {:>2} KiB:", gap_len_bytes >> 10);
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
fn ask(source: &RecordingSource<MemorySource>, outlines: &[Outline], ids: &[String]) {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let keys = Keys {
        ids: &ids,
        titles: &[],
    };
    let generation = Generation::open(source, outlines.to_vec(), &[FileKind::Neighbours], &keys)
        .expect("the files are sound");
    let history = generation
        .items_of_ids(&ids)
        .expect("the ids can be read")
        .into_iter()
        .flatten()
        .map(|item| HistoryItem { item, weight: 1.0 })
        .collect();
    let question = Question {
        history,
        count: 20,
        ..Question::default()
    };
    let results = generation
        .recommend(&question)
        .expect("the lists can be read");
    let items: Vec<u32> = results.iter().map(|scored| scored.item).collect();
    generation.records(&items).expect("the records can be read");
}

/// GETs and bytes.
fn cost(batch: &[ByteRange], gap_len_bytes: u32) -> (usize, u64) {
    let merged = merge_near(batch, gap_len_bytes);
    let len_bytes = merged.iter().map(|range| u64::from(range.len_bytes)).sum();
    (merged.len(), len_bytes)
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

fn movielens(folder: &Path) -> (Files, Vec<Vec<String>>) {
    let source = folder.display().to_string();
    let settings = format!(
        "[collections.c]\ntitle = \"C\"\nsource = {source:?}\n[collections.c.import.interactions]\nfile = \"ratings_pairs.derived.csv\"\n\
         columns = {{ user = \"userId\", item = \"movieId\" }}\n"
    );
    let config =
        Config::parse(&settings, Path::new("kindred.toml")).expect("the settings are right");
    let collection = config.collections.into_values().next();
    let (dataset, _) =
        import(&collection.expect("there is one"), None).expect("the pairs are right");
    let model =
        train(&dataset, None, &Train::default(), &|_, _| ()).expect("it can be learnt from");
    let files = index_files(&dataset, &model, 1000).expect("the model can be written");

    let mut films_of = vec![Vec::new(); dataset.users.len()];
    for interaction in &dataset.interactions {
        films_of[interaction.user as usize].push(interaction.item);
    }
    let mut random = Random(1);
    let mut drawn = BTreeSet::new();
    while drawn.len() < HISTORY_COUNT {
        drawn.insert(random.below(films_of.len()));
    }
    let history = |person: usize| {
        let films = &mut films_of[person];
        for place in 0..HISTORY_LEN.min(films.len()) {
            let other = place + random.below(films.len() - place);
            films.swap(place, other);
        }
        let films = films.iter().take(HISTORY_LEN);
        films
            .map(|&film| dataset.items[film as usize].id.clone())
            .collect()
    };
    (files, drawn.into_iter().map(history).collect())
}

fn made_up(item_count: usize) -> (Files, Vec<Vec<String>>) {
    let kind_len = 100;
    let kind_count = item_count / kind_len;
    let mut random = Random(7);
    // The ranks in popularity are spread over the kinds.
    let mut ranks: Vec<usize> = (0..item_count).collect();
    for place in (1..item_count).rev() {
        ranks.swap(place, random.below(place + 1));
    }
    let mut by_rank = vec![0; item_count];
    for (item, &rank) in ranks.iter().enumerate() {
        by_rank[rank] = item;
    }
    let popularity: Vec<f32> = ranks.iter().map(|&rank| 1e6 / (rank + 10) as f32).collect();
    // By Zipf's law, ranks are as likely to be in one octave as in another.
    let popular = |random: &mut Random| {
        let exponent = random.unit() * (item_count as f64).ln();
        by_rank[(exponent.exp() as usize).min(item_count) - 1]
    };
    let of_kind =
        |kind: usize, random: &mut Random| (kind % kind_count) * kind_len + random.below(kind_len);
    let lists: Vec<Vec<Neighbour>> = (0..item_count)
        .map(|item| {
            let kind = item / kind_len;
            let mut others = BTreeMap::new();
            for number in 0..100 {
                let other = match number {
                    0..70 => of_kind(kind, &mut random),
                    70..90 => of_kind(kind + 1 + number % 2, &mut random),
                    _ => popular(&mut random),
                };
                if other != item {
                    others.insert(other as u32, 0.05 + random.unit() as f32);
                }
            }
            let neighbour = |(item, weight)| Neighbour { item, weight };
            others.into_iter().map(neighbour).collect()
        })
        .collect();
    let histories = (0..HISTORY_COUNT)
        .map(|_| {
            let kinds = [random.below(kind_count), random.below(kind_count)];
            let items: BTreeSet<usize> = (0..HISTORY_LEN)
                .map(|number| match number {
                    0..10 => of_kind(kinds[0], &mut random),
                    10..15 => of_kind(kinds[1], &mut random),
                    _ => popular(&mut random),
                })
                .collect();
            items.into_iter().map(id).collect()
        })
        .collect();

    let items = (0..item_count).map(|item| Item {
        id: id(item),
        title: format!("The item number {item} of its kind"),
        fields: BTreeMap::new(),
    });
    let dataset = Dataset {
        items: items.collect(),
        users: Vec::new(),
        interactions: Vec::new(),
    };
    let neighbours = NeighbourLists::of_lists(&lists);
    let model = Model {
        description: "made up".to_owned(),
        item_order: item_order(&popularity, &neighbours),
        neighbours,
        popularity,
        onboarding: Vec::new(),
    };
    let files = index_files(&dataset, &model, 1000).expect("the model can be written");
    (files, histories)
}

fn id(item: usize) -> String {
    format!("tt{item:07}")
}

/// Steele, Lea and Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
