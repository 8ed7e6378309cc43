//! How fast is a file of ratings read, on one core?
//!
//! Data: 5 million rows of `userId,movieId,rating,timestamp`, some 120 MB, from a seed. People rate a log-normal number of films (median 90), popular
//! films much more often than others, and the file is sorted by user and film, as MovieLens's are; then the same rows in a random order.
//! Measured is the whole import: reading, numbering of ids, checks, sorting, and the search for duplicates. The peer is the crate `csv`, which only reads the
//! rows into numbers (`ByteRecord`, deserialized into a tuple).
//!
//! Command: `taskset -c 0 cargo bench -p bench --profile dev --bench import`. With `-- --test` it runs once over a few rows, to see that it works.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use config::Config;
use precompute::import::import;

const NUM_ITEMS: f64 = 60_000.0;
const NUM_RUNS: usize = 5;

/// Steele and Vigna's `SplitMix64`: a seed gives the same file on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Around 0 with deviation 1: the sum of twelve shares is near enough to a normal distribution.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}

fn generate(num_rows: usize) -> Vec<String> {
    let mut random = Random(1);
    let mut rows = Vec::with_capacity(num_rows);
    for user in 1.. {
        let num_items = (90.0 * (1.2 * random.normal()).exp()).clamp(20.0, 5000.0);
        let mut items: Vec<u32> = (0..num_items as u32)
            .map(|_| 1 + (random.share().powi(3) * NUM_ITEMS) as u32)
            .collect();
        items.sort_unstable();
        items.dedup();
        let first_s = 800_000_000 + random.next() % 700_000_000;
        for item in items {
            if rows.len() == num_rows {
                return rows;
            }
            let halves = 1 + random.next() % 10;
            let time_s = first_s + random.next() % 100_000;
            rows.push(format!(
                "{user},{item},{}.{},{time_s}",
                halves / 2,
                halves % 2 * 5
            ));
        }
    }
    rows
}

fn measure(name: &str, rows: &[String]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut text = String::from("userId,movieId,rating,timestamp\n");
    for row in rows {
        writeln!(text, "{row}").expect("writing to a string cannot fail");
    }
    fs::write(folder.path().join("ratings.csv"), &text)
        .expect("the temporary folder can be written");
    let settings = format!(
        "[collections.c]\ntitle = \"C\"\nsource = {:?}\nvalues = {{ minimum = 0.5, maximum = 5.0, neutral = 3.0 }}\n\
         [collections.c.import.interactions]\nfile = \"ratings.csv\"\n\
         columns = {{ user = \"userId\", item = \"movieId\", value = \"rating\", time = \"timestamp\" }}\n",
        folder.path().display().to_string()
    );
    let config =
        Config::parse(&settings, Path::new("kindred.toml")).expect("the settings are right");
    let collection = config
        .collections
        .get("c")
        .expect("the settings have this collection");
    let imported = median_seconds(|| {
        let (dataset, _) = import(collection, None).expect("the file is right");
        assert_eq!(dataset.interactions.len(), rows.len());
    });
    let read_by_csv = median_seconds(|| {
        let mut reader =
            csv::Reader::from_path(folder.path().join("ratings.csv")).expect("the file is there");
        let mut record = csv::ByteRecord::new();
        let mut num_rows = 0;
        while reader
            .read_byte_record(&mut record)
            .expect("the file is right")
        {
            let row: (u32, u32, f32, i64) = record.deserialize(None).expect("the rows are right");
            black_box(row);
            num_rows += 1;
        }
        assert_eq!(num_rows, rows.len());
    });
    let megabytes = text.len() as f64 / 1e6;
    println!(
        "{name}: {} rows, {megabytes:.0} MB: imported in {imported:.3} s, {:.0} MB/s; only read by csv in {read_by_csv:.3} s, {:.0} MB/s; ratio {:.2}",
        rows.len(),
        megabytes / imported,
        megabytes / read_by_csv,
        read_by_csv / imported,
    );
}

fn median_seconds(work: impl Fn()) -> f64 {
    let mut seconds = [0.0; NUM_RUNS].map(|_: f64| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    seconds.sort_by(f64::total_cmp);
    seconds[NUM_RUNS / 2]
}

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let mut rows = generate(if is_test { 1000 } else { 5_000_000 });
    measure("sorted", &rows);
    let mut random = Random(2);
    for row_idx in (1..rows.len()).rev() {
        rows.swap(row_idx, (random.next() % (row_idx as u64 + 1)) as usize);
    }
    measure("shuffled", &rows);
}
