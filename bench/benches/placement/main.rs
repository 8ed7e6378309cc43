//! Are the forest and the logistic regression as good as scikit-learn's, and how long does a prediction take?
//!
//! Data: the placement table (215 students, 148 of them placed), where it is there; `KINDRED_DATA` names its folder. The row number and the salary are left out. Six
//! seeds, each ten times five stratified folds, which both sides read from one file. scikit-learn's settings are a forest of 100 trees and a logistic regression with
//! `max_iter=10000`, on what its `DictVectorizer` makes of the rows. Ours are 100 trees and a penalty of 1.
//!
//! Command: `cargo bench -p bench --bench placement`. With `-- --test` it runs once, over some made-up rows and without the peer, to see that it works.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use bench::{catalogues, peers};
use classification::{
    Examples, Folds, ForestSettings, LogisticSettings, Method, Table, cross_validate, leakage,
};
use config::{Predict, PredictionModel};
use index::model::{Model, Value};
use index::{FileKind, MemorySource, Outline};
use precompute::prediction::model_file;

const PEER: [&str; 1] = ["scikit-learn==1.7.2"];
const SEEDS: [u64; 6] = [0, 1, 2, 3, 4, 5];
const NUM_FOLDS: usize = 5;
const NUM_REPEATS: usize = 10;
const METHODS: [(&str, Method); 2] = [
    (
        "random forest",
        Method::Forest(ForestSettings {
            num_trees: 100,
            maximum_depth: usize::MAX,
            minimum_leaf: 1,
        }),
    ),
    (
        "logistic regression",
        Method::Logistic(LogisticSettings { penalty: 1.0 }),
    ),
];

fn main() {
    if env::args().any(|argument| argument == "--test") {
        return try_out();
    }
    let path = catalogues::data_folder().join("placement/Placement_Data_Full_Class.csv");
    if !path.exists() {
        println!("NOT MEASURED: {} is not there", path.display());
        return;
    }
    let examples = placement(&path);
    print_times(&examples);
    println!();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("peer.py");
    fs::write(&script, include_str!("peer.py")).expect("the temporary folder can be written");
    println!(
        "| model | seed | ours | scikit-learn | difference (bar: -0.01) | AUC | log-loss | Brier |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut sums = [[0.0; 2]; METHODS.len()];
    for seed in SEEDS {
        let folds = Folds::stratified(&examples, NUM_FOLDS, NUM_REPEATS, seed)
            .expect("the classes are large enough");
        let written = folder.path().join("folds");
        fs::write(&written, as_lines(&folds)).expect("the folds can be written");
        let python = peers::python_with(&PEER);
        let output = Command::new(python)
            .arg(&script)
            .arg(&path)
            .arg(&written)
            .arg(seed.to_string())
            .output();
        let output = output.expect("Python can be started");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let peers = said
            .split_whitespace()
            .map(|number| number.parse::<f64>().expect("a number"));
        for (((name, method), peer), sums) in METHODS.iter().zip(peers).zip(&mut sums) {
            let validation =
                cross_validate(&examples, method, &folds, seed).expect("the table can be learnt");
            let (accuracy, difference) = (validation.accuracy, validation.accuracy.mean - peer);
            println!(
                "| {name} | {seed} | {:.4} ({:.3} to {:.3}) | {peer:.4} | {difference:+.4} | {:.4} | {:.4} | {:.4} |",
                accuracy.mean,
                accuracy.low,
                accuracy.high,
                validation.auc.mean,
                validation.log_loss.mean,
                validation.brier.mean,
            );
            sums[0] += accuracy.mean;
            sums[1] += peer;
        }
    }
    for ((name, _), sums) in METHODS.iter().zip(sums) {
        let [ours, peer] = sums.map(|sum| sum / SEEDS.len() as f64);
        println!(
            "| {name} | mean | {ours:.4} | {peer:.4} | {:+.4} | | | |",
            ours - peer
        );
    }
}

/// How long learning takes, and a row by the trainer and by the index file, alone and with what each field contributed.
fn print_times(examples: &Examples) {
    for ((name, method), kind) in METHODS
        .iter()
        .zip([PredictionModel::Forest, PredictionModel::Logistic])
    {
        let started = Instant::now();
        let learnt = method.fit(examples, 1).expect("the table can be learnt");
        let learning = started.elapsed();
        let file = model_file(examples, &learnt, &settings(kind)).expect("a model is written");
        let outline = Outline::of(FileKind::Model, &file).expect("a file that was just written");
        let len_bytes = file.len();
        let model = Model::open(&MemorySource::new([(FileKind::Model, file)]), &[outline]);
        let model = model.expect("a file that was just written");
        let rows: Vec<[Vec<Value>; 1]> = (0..examples.num_rows())
            .map(|row| [asked(&examples.row(row))])
            .collect();
        let by_trainer = microseconds_a_row(examples, |row| {
            black_box(learnt.probabilities(&examples.row(row)));
        });
        let by_file = microseconds_a_row(examples, |row| {
            black_box(model.predict(&rows[row]).expect("a sound file"));
        });
        let explained = microseconds_a_row(examples, |row| {
            black_box(model.contributions(&rows[row][0], 1).expect("a sound file"));
        });
        println!(
            "{name}: learnt in {:.1} ms, {len_bytes} bytes; a row takes {by_trainer:.2} microseconds of the trainer, {by_file:.2} of the index file (bar: 20), and {explained:.0} for the contributions",
            learning.as_secs_f64() * 1e3,
        );
    }
}

fn asked(row: &[classification::Value]) -> Vec<Value> {
    let same = |value: &classification::Value| match *value {
        classification::Value::Missing => Value::Missing,
        classification::Value::Number(number) => Value::Number(number),
        classification::Value::Category(code) => Value::Category(code),
    };
    row.iter().map(same).collect()
}

/// What the file's description tells.
fn settings(model: PredictionModel) -> Predict {
    Predict {
        model,
        folds: NUM_FOLDS as u32,
        repeats: NUM_REPEATS as u32,
        ..Predict::new("", "status", "Placed")
    }
}

/// The fastest of some passes over all rows.
fn microseconds_a_row(examples: &Examples, predict: impl Fn(usize)) -> f64 {
    let pass = |_| {
        let started = Instant::now();
        (0..examples.num_rows()).for_each(&predict);
        started.elapsed().as_secs_f64() * 1e6 / examples.num_rows() as f64
    };
    (0..50).map(pass).fold(f64::INFINITY, f64::min)
}

fn placement(path: &Path) -> Examples {
    let mut reader = csv::Reader::from_path(path).expect("the table can be read");
    let names: Vec<String> = reader
        .headers()
        .expect("it has a header")
        .iter()
        .map(str::to_owned)
        .collect();
    let cells = |row: Result<csv::StringRecord, csv::Error>| {
        row.expect("it has rows")
            .iter()
            .map(str::to_owned)
            .collect()
    };
    let rows: Vec<Vec<String>> = reader.records().map(cells).collect();
    let mut table =
        Table::from_rows(&names, rows.iter().map(Vec::as_slice)).expect("it is a table");
    let left_out = leakage::leave_out(&mut table, "status", &[], &[]).expect("it has the target");
    let names: Vec<&str> = left_out
        .iter()
        .map(|left_out| left_out.column.as_str())
        .collect();
    assert_eq!(names, ["sl_no", "salary"]);
    Examples::new(table, "status", "Placed").expect("it has two classes")
}

/// A line for each repeat: the fold of every row.
fn as_lines(folds: &Folds) -> String {
    let mut lines = String::new();
    for fold_of in folds.repeats() {
        for fold in fold_of {
            write!(lines, "{fold} ").expect("writing to a string cannot fail");
        }
        lines.push('\n');
    }
    lines
}

fn try_out() {
    let rows: Vec<[String; 2]> = (0..20)
        .map(|row| [row.to_string(), (row / 10).to_string()])
        .collect();
    let table = Table::from_rows(&["x", "y"], rows.iter().map(<[String; 2]>::as_slice))
        .expect("it is a table");
    let examples = Examples::new(table, "y", "1").expect("it has two classes");
    let folds = Folds::stratified(&examples, 2, 2, 1).expect("the classes are large enough");
    assert_eq!(as_lines(&folds).lines().count(), 2);
    for (_, method) in METHODS {
        let validation =
            cross_validate(&examples, &method, &folds, 1).expect("the table can be learnt");
        assert!(0.8 < validation.accuracy.mean);
    }
    print_times(&examples);
    println!("placement: tried out");
}
