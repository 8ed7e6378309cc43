//! Is implicit ALS as fast as that of `implicit`, and does it find vectors that are as good?
//!
//! Data: `ml-1m/ratings_pairs.derived.csv`, 1,000,209 pairs of 6,040 users and 3,706 films, from the folder that `KINDRED_DATA` names. The peer is implicit, in a
//! virtual environment that is made the first time; its BLAS has one thread, as it asks for. Both have two threads, vectors of 64 numbers and three steps of conjugate
//! gradients. Measured is the fastest iteration, both sides solved, of three runs that take turns; the loss is that of our formula, for the vectors of both.
//!
//! Command: `cargo bench -p bench --bench factors`. With `-- --test` it runs once, over some made-up pairs and without the peer, to see that it works.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

use bench::{catalogues, peers};
use factors::{AlsSettings, Factors, SparseRows, als, als_loss};
use ndarray::Array2;
use rayon::ThreadPoolBuilder;

const PEER: [&str; 3] = ["implicit==0.7.*", "numpy==2.*", "scipy==1.*"];
const NUM_THREADS: usize = 2;
const NUM_RUNS: usize = 3;

/// Confidence and regularization: those that implicit has by itself, and those that rank ml-1m well.
const CASES: [(f32, f32); 2] = [(1.0, 0.01), (10.0, 100.0)];

fn main() {
    if env::args().any(|argument| argument == "--test") {
        return try_out();
    }
    let path = catalogues::data_folder().join("ml-1m/ratings_pairs.derived.csv");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("SKIPPED: {} cannot be read", path.display());
        return;
    };
    let pairs = Pairs::read(&text);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("peer.py");
    fs::write(&script, include_str!("peer.py")).expect("the temporary folder can be written");
    println!(
        "| confidence, regularization | seconds an iteration: ours, implicit's | times as fast (bar: 1) | loss: ours, implicit's | ours by implicit's (bar: 1.01) |"
    );
    println!("|---|---|---|---|---|");
    for (confidence, regularization) in CASES {
        let settings = AlsSettings {
            confidence,
            regularization,
            ..AlsSettings::default()
        };
        let (mut ours_s, mut peer_s) = (f64::INFINITY, f64::INFINITY);
        let (mut ours_loss, mut peer_loss) = (0.0, 0.0);
        for _ in 0..NUM_RUNS {
            let (seconds, factors) = pairs.factorize(&settings);
            ours_s = ours_s.min(seconds);
            ours_loss = pairs.loss(&factors, &settings);
            let (seconds, factors) = pairs.factorize_by_peer(&settings, &script, folder.path());
            peer_s = peer_s.min(seconds);
            peer_loss = pairs.loss(&factors, &settings);
        }
        println!(
            "| {confidence}, {regularization} | {ours_s:.4}, {peer_s:.4} | {:.2} | {ours_loss:.6}, {peer_loss:.6} | {:.4} |",
            peer_s / ours_s,
            ours_loss / peer_loss,
        );
    }
}

/// Who touched what, in numbers that begin at 0.
struct Pairs {
    /// Ascending, each once.
    sorted: Vec<(u32, u32)>,
    offsets: Vec<usize>,
    indices: Vec<u32>,
    item_count: usize,
}

impl Pairs {
    /// Lines of a user and an item, below a line of their names.
    fn read(text: &str) -> Self {
        let (mut users, mut items) = (BTreeMap::new(), BTreeMap::new());
        let pair = |line: &str| {
            let (user, item) = line.trim().split_once(',').expect("a user and an item");
            (number(&mut users, user), number(&mut items, item))
        };
        let mut pairs: Vec<(u32, u32)> = text.lines().skip(1).map(pair).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let end = |user: usize| pairs.partition_point(|pair| (pair.0 as usize) < user);
        Self {
            offsets: (0..=users.len()).map(end).collect(),
            indices: pairs.iter().map(|pair| pair.1).collect(),
            item_count: items.len(),
            sorted: pairs,
        }
    }

    fn by_user(&self) -> SparseRows<'_> {
        SparseRows::new(&self.offsets, &self.indices, self.item_count).expect("the pairs ascend")
    }

    fn loss(&self, factors: &Factors, settings: &AlsSettings) -> f64 {
        als_loss(self.by_user(), factors, settings).expect("the vectors are those of the pairs")
    }

    /// The fastest iteration in seconds, and the vectors after the last.
    fn factorize(&self, settings: &AlsSettings) -> (f64, Factors) {
        let ends = Mutex::new(Vec::new());
        let note = |_, _| {
            ends.lock()
                .expect("nothing panics with it")
                .push(Instant::now());
        };
        let pool = ThreadPoolBuilder::new().num_threads(NUM_THREADS).build();
        let factors = pool
            .expect("threads can be started")
            .install(|| als(self.by_user(), settings, &note))
            .expect("the settings are right");
        let ends = ends.into_inner().expect("nothing panicked with it");
        // The first has no end before it; it also transposes.
        let seconds = ends
            .windows(2)
            .map(|ends| (ends[1] - ends[0]).as_secs_f64());
        (seconds.fold(f64::INFINITY, f64::min), factors)
    }

    fn factorize_by_peer(
        &self,
        settings: &AlsSettings,
        script: &Path,
        folder: &Path,
    ) -> (f64, Factors) {
        let mut text = String::new();
        for (user, item) in &self.sorted {
            writeln!(text, "{user},{item}").expect("writing to a string cannot fail");
        }
        let (file, output) = (folder.join("pairs.csv"), folder.join("vectors"));
        fs::write(&file, text).expect("the temporary folder can be written");
        let mut command = Command::new(peers::python_with(&PEER));
        command
            .env("OPENBLAS_NUM_THREADS", "1")
            .arg(script)
            .arg(&file)
            .args([
                settings.dimensions.to_string(),
                settings.iterations.to_string(),
                settings.confidence.to_string(),
                settings.regularization.to_string(),
                NUM_THREADS.to_string(),
            ]);
        let said = command
            .arg(&output)
            .output()
            .expect("the peer can be started");
        assert!(
            said.status.success(),
            "{command:?} failed: {}",
            String::from_utf8_lossy(&said.stderr)
        );
        let seconds = String::from_utf8_lossy(&said.stdout);
        let vectors = |name: &str, count: usize| {
            let bytes = fs::read(output.with_extension(name)).expect("the peer wrote them");
            let numbers = bytes
                .as_chunks()
                .0
                .iter()
                .map(|&number| f32::from_le_bytes(number));
            Array2::from_shape_vec((count, settings.dimensions), numbers.collect())
                .expect("a vector a row")
        };
        let factors = Factors {
            users: vectors("users", self.offsets.len() - 1),
            items: vectors("items", self.item_count),
        };
        (seconds.trim().parse().expect("a number"), factors)
    }
}

/// The number of an id, which is the next when it is new.
fn number(numbers: &mut BTreeMap<String, u32>, id: &str) -> u32 {
    let next = numbers.len() as u32;
    *numbers.entry(id.to_owned()).or_insert(next)
}

fn try_out() {
    let pairs = Pairs::read("userId,movieId\n1,10\n1,20\n2,10\n2,20\n3,30\n");
    let settings = AlsSettings {
        dimensions: 2,
        ..AlsSettings::default()
    };
    let (seconds, factors) = pairs.factorize(&settings);
    assert!(seconds.is_finite() && pairs.loss(&factors, &settings) < 0.5);
    println!("factors: tried out");
}
