//! Do items whose genres nobody told get neighbours of their genres, and how long does it take?
//!
//! Data: the titles of Netflix without their genres, and without their types, which are made of the genres; the shows among the podcasts without their categories;
//! from the folder that `KINDRED_DATA` names. Of each item with ten nearest others, counted is the share of them that have a genre (or a category) in common with it. Chance is the
//! same share among all others. The peer is scikit-learn's `TfidfVectorizer`, `TruncatedSVD` and `NearestNeighbors`, over the same terms, in a virtual environment that is made the
//! first time. Intervals are those in which 95 of 100 bootstrap samples of the items lie. The seconds are those of what a row does beyond the rows above: making terms or dimensions, and
//! the lists.
//!
//! Command: `cargo bench -p bench --bench content`. With `-- --test` it runs once, over some made-up items and without the peer, to see that it works.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::iter;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use bench::{catalogues, memory_bytes, peers};
use config::{Config, Content};
use index::catalogue::Value;
use ndarray::Array2;
use precompute::dataset::Item;
use precompute::evaluate::Interval;
use precompute::import::import;
use precompute::train::{
    NeighbourLists, TermVectors, content_neighbours, latent_vectors, term_vectors,
};

const PEER: &str = "scikit-learn==1.7.2";
/// A large catalogue is the titles of Netflix so often.
const TIMES_OVER: usize = 5;
const NUM_NEAREST: usize = 10;
const BOOTSTRAP_SAMPLES: u32 = 1_000;
const DIMENSIONS: [u32; 4] = [32, 64, 128, 256];

fn main() {
    if env::args().any(|argument| argument == "--test") {
        return try_out();
    }
    let data = catalogues::data_folder();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("peer.py");
    fs::write(&script, include_str!("peer.py")).expect("the temporary folder can be written");
    println!("{HEAD}");
    let mut many = Vec::new();
    for (name, source, held_out, kind) in [
        ("Netflix titles", "netflix-titles", "genres", None),
        ("podcasts", "podcasts", "categories", Some("show")),
    ] {
        let Some(items) = items(&data.join(source), kind) else {
            println!(
                "| {name} | NOT MEASURED: it is not in {} | | | | |",
                data.display()
            );
            continue;
        };
        if held_out == "genres" {
            many.extend(iter::repeat_n(&items, TIMES_OVER).flatten().cloned());
        }
        let catalogue = Catalogue::new(name, items, held_out);
        catalogue.measure();
        for dimensions in [0, Content::default().dimensions] {
            let start = Instant::now();
            let nearest = catalogue.nearest_by_peer(dimensions, &script, folder.path());
            let way = match dimensions {
                0 => "scikit-learn, terms".to_owned(),
                dimensions => format!("scikit-learn, {dimensions} dimensions"),
            };
            catalogue.print(&way, &nearest, start);
        }
    }
    measure_many(&many);
}

/// How long a large catalogue takes, and in how much memory.
fn measure_many(items: &[Item]) {
    let settings = Content::default();
    let start = Instant::now();
    let terms = term_vectors(items, &[]);
    let terms_s = start.elapsed().as_secs_f64();
    let latent = latent_vectors(&terms, settings.dimensions).expect("the weights are finite");
    let latent_s = start.elapsed().as_secs_f64() - terms_s;
    let lists = content_neighbours(items, &terms, &latent, settings.neighbours as usize);
    let lists_s = start.elapsed().as_secs_f64() - terms_s - latent_s;
    let peak_bytes = memory_bytes(std::process::id(), "VmHWM").expect("the system says it");
    println!(
        "\n{} items, the titles {TIMES_OVER} times over, and {} neighbours: terms {terms_s:.1} s, {} dimensions {latent_s:.1} s, lists {lists_s:.1} s, {:.0} MB",
        items.len(),
        lists.neighbour_count(),
        latent.ncols(),
        peak_bytes as f64 / 1e6
    );
}

const HEAD: &str = "\
| catalogue | way | ten nearest that share a held-out genre | by chance | times as often as by chance | mean of each item's own times | seconds |
|---|---|---|---|---|---|---|";

/// The items of a source, if it is there; those of one type where one is named.
fn items(source: &Path, kind: Option<&str>) -> Option<Vec<Item>> {
    if !source.is_dir() {
        return None;
    }
    let source = source.display().to_string();
    let settings = format!("[collections.c]\ntitle = \"C\"\nsource = {source:?}\n");
    let config =
        Config::parse(&settings, Path::new("kindred.toml")).expect("the settings are right");
    let collection = config.collections.into_values().next()?;
    let (dataset, _) = import(&collection, None).expect("the catalogue is right");
    let mut items = dataset.items;
    if let Some(kind) = kind {
        let kind = Value::Text(kind.to_owned());
        items.retain(|item| item.fields.get("type") == Some(&kind));
    }
    Some(items)
}

/// Items that do not say what is held out of them.
struct Catalogue {
    name: String,
    items: Vec<Item>,
    /// What each item has of the field that was held out.
    held_out: Vec<BTreeSet<String>>,
    /// The share of all others that have some of it in common with each item.
    by_chance: Vec<f64>,
}

impl Catalogue {
    fn new(name: &str, mut items: Vec<Item>, field: &str) -> Self {
        let held_out: Vec<BTreeSet<String>> = items
            .iter_mut()
            .map(|item| {
                item.fields.remove("type");
                match item.fields.remove(field) {
                    Some(Value::TextList(texts)) => texts.into_iter().collect(),
                    _ => BTreeSet::new(),
                }
            })
            .collect();
        let by_chance = held_out.iter().enumerate().map(|(item, own)| {
            let others = held_out.iter().enumerate();
            let sharing =
                others.filter(|(other, theirs)| *other != item && !own.is_disjoint(theirs));
            sharing.count() as f64 / (held_out.len() - 1) as f64
        });
        Self {
            name: name.to_owned(),
            by_chance: by_chance.collect(),
            items,
            held_out,
        }
    }

    /// Terms alone, and for some numbers of dimensions the latent space alone, and both.
    fn measure(&self) {
        let start = Instant::now();
        let terms = term_vectors(&self.items, &[]);
        let none = TermVectors {
            items: vec![Vec::new(); self.items.len()],
            term_count: 0,
        };
        let nowhere = Array2::zeros((self.items.len(), 0));
        self.print("terms", &self.nearest(&terms, &nowhere), start);
        for dimensions in DIMENSIONS {
            let start = Instant::now();
            let latent = latent_vectors(&terms, dimensions).expect("the weights are finite");
            let nearest = self.nearest(&none, &latent);
            self.print(&format!("{dimensions} dimensions"), &nearest, start);
            let start = Instant::now();
            let nearest = self.nearest(&terms, &latent);
            self.print(
                &format!("terms and {dimensions} dimensions"),
                &nearest,
                start,
            );
        }
    }

    /// The ten most alike of every item, as they are in the lists that are served.
    fn nearest(&self, terms: &TermVectors, latent: &Array2<f32>) -> Vec<Vec<u32>> {
        let count = Content::default().neighbours as usize;
        let lists = content_neighbours(&self.items, terms, latent, count);
        (0..self.items.len())
            .map(|item| best(&lists, item))
            .collect()
    }

    fn nearest_by_peer(&self, dimensions: u32, script: &Path, folder: &Path) -> Vec<Vec<u32>> {
        let (texts, nearest) = (folder.join("texts"), folder.join("nearest"));
        let text: String = self.items.iter().map(text).collect();
        fs::write(&texts, text).expect("the temporary folder can be written");
        let mut command = Command::new(peers::python_with(&[PEER]));
        command.arg(script).arg(&texts).arg(&nearest);
        command.args([dimensions.to_string(), NUM_NEAREST.to_string()]);
        peers::run(&mut command);
        let nearest = fs::read_to_string(&nearest).expect("the peer wrote them");
        let numbers = |line: &str| {
            let numbers = line.split_ascii_whitespace();
            numbers
                .map(|number| number.parse().expect("a number"))
                .collect()
        };
        nearest.lines().map(numbers).collect()
    }

    /// A line of the table. Of items that share nothing with anybody, nothing is counted.
    fn print(&self, way: &str, nearest: &[Vec<u32>], start: Instant) {
        let seconds = start.elapsed().as_secs_f64();
        let counted: Vec<usize> = (0..self.items.len())
            .filter(|&item| 0.0 < self.by_chance[item])
            .collect();
        let shares: Vec<f64> = counted
            .iter()
            .map(|&item| {
                let sharing = nearest[item].iter().filter(|&&other| {
                    !self.held_out[item].is_disjoint(&self.held_out[other as usize])
                });
                sharing.count() as f64 / NUM_NEAREST as f64
            })
            .collect();
        let by_chance = counted.iter().map(|&item| self.by_chance[item]);
        let chance = by_chance.clone().sum::<f64>() / counted.len() as f64;
        let times: Vec<f64> = shares.iter().map(|share| share / chance).collect();
        let own_times: Vec<f64> = shares
            .iter()
            .zip(by_chance)
            .map(|(share, chance)| share / chance)
            .collect();
        let interval = |values: &[f64]| {
            let interval = Interval::of(values, BOOTSTRAP_SAMPLES);
            format!(
                "{:.3} ({:.3} to {:.3})",
                interval.mean, interval.low, interval.high
            )
        };
        println!(
            "| {} | {way} | {} | {chance:.3} | {} | {} | {seconds:.2} |",
            self.name,
            interval(&shares),
            interval(&times),
            interval(&own_times),
        );
    }
}

/// The nearest of a list, the most alike first.
fn best(lists: &NeighbourLists, item: usize) -> Vec<u32> {
    let mut list = lists.list(item).to_vec();
    list.sort_by(|left, right| right.weight.total_cmp(&left.weight));
    list.truncate(NUM_NEAREST);
    list.into_iter().map(|neighbour| neighbour.item).collect()
}

/// What our terms are made of, in a line: an entry of a list is one word, since it is one term.
fn text(item: &Item) -> String {
    let mut text = item.title.clone();
    for (name, value) in &item.fields {
        match value {
            Value::Text(value) if !value.contains("://") => {
                write!(text, " {value}").expect("writing to a string cannot fail");
            }
            Value::TextList(entries) => {
                for entry in entries {
                    let letters = entry.chars();
                    let word: String = letters
                        .map(|letter| {
                            if letter.is_alphanumeric() {
                                letter
                            } else {
                                '_'
                            }
                        })
                        .collect();
                    write!(text, " {name}_{word}").expect("writing to a string cannot fail");
                }
            }
            Value::Text(_) | Value::Integer(_) | Value::Real(_) => {}
        }
    }
    text = text.replace(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'], " ");
    text.push('\n');
    text
}

fn try_out() {
    let item = |number: usize| Item {
        id: number.to_string(),
        title: ["Sharks of the sea", "A trial at court"][number % 2].to_owned(),
        fields: [(
            "genres".to_owned(),
            Value::TextList(vec![["Nature", "Crime"][number % 2].to_owned()]),
        )]
        .into(),
    };
    let catalogue = Catalogue::new("made up", (0..30).map(item).collect(), "genres");
    println!("{HEAD}");
    catalogue.measure();
    measure_many(&catalogue.items);
    let latent = Array2::zeros((30, 0));
    let nearest = catalogue.nearest(&term_vectors(&catalogue.items, &[]), &latent);
    assert!(nearest[3].iter().all(|other| other % 2 == 1) && nearest[3].len() == NUM_NEAREST);
    assert_eq!(text(&catalogue.items[0]), "Sharks of the sea\n");
    println!("content: tried out");
}
