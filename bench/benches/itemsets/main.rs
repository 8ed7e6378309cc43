//! Are the frequent itemsets those of Borgelt's Eclat, are they found as fast, and in how much memory?
//!
//! Data: T10I4D100K at 0.1 % and retail at 0.01 % of the FIMI repository, where they are there; `KINDRED_DATA` names their folder. The peer is pyfim, in a
//! virtual environment that is made the first time. Measured is mining alone, from transactions in memory to sets in memory, the fastest of some runs; the memory
//! is the most that a process which does nothing else ever had.
//!
//! Command: `cargo bench -p bench --bench itemsets`. With `-- --test` it runs once, over some made-up transactions and without the peer, to see that it works.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use bench::{catalogues, memory_bytes, peers};
use itemsets::{Itemsets, Minimum, Transactions, mine};

const PEER: &str = "pyfim==6.28";
const NUM_RUNS: usize = 5;

/// A file and a minimum support: 0.1 % of 100,000 and 0.01 % of 88,162.
const CASES: [(&str, u32); 2] = [("fimi/T10I4D100K.dat", 100), ("fimi/retail.dat", 9)];

/// The hidden argument that makes a child of this program.
const AS_CHILD: &str = "--as-child";

/// What one side says of itself.
struct Measured {
    seconds: f64,
    peak_megabytes: f64,
    sets: String,
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == AS_CHILD) {
        return mine_as_child(&arguments[at + 1..]);
    }
    if arguments.iter().any(|argument| argument == "--test") {
        return try_out();
    }
    let data = catalogues::data_folder();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("peer.py");
    fs::write(&script, include_str!("peer.py")).expect("the temporary folder can be written");
    println!(
        "| transactions | sets | ours | pyfim's Eclat | times as fast (bar: 1) | memory: ours, pyfim's | share (bar: 0.5) |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, minimum) in CASES {
        let path = data.join(name);
        if !path.exists() {
            println!(
                "| {name} | NOT MEASURED: it is not in {} | | | | | |",
                data.display()
            );
            continue;
        }
        let this_program = env::current_exe().expect("the system knows this program");
        let ours = measure(
            Command::new(this_program).arg(AS_CHILD),
            &path,
            minimum,
            folder.path(),
        );
        let python = peers::python_with(&[PEER]);
        let peer = measure(
            Command::new(python).arg(&script),
            &path,
            minimum,
            folder.path(),
        );
        assert!(ours.sets == peer.sets, "{name}: the sets differ");
        println!(
            "| {name}, at least {minimum} | {}, all equal | {:.3} s | {:.3} s | {:.2} | {:.1} MB, {:.1} MB | {:.2} |",
            ours.sets.lines().count(),
            ours.seconds,
            peer.seconds,
            peer.seconds / ours.seconds,
            ours.peak_megabytes,
            peer.peak_megabytes,
            ours.peak_megabytes / peer.peak_megabytes,
        );
    }
}

/// Has one side mine a file, and reads what it says and writes.
fn measure(command: &mut Command, path: &Path, minimum: u32, folder: &Path) -> Measured {
    let sets = folder.join("sets");
    command
        .arg(path)
        .args([minimum.to_string(), NUM_RUNS.to_string()])
        .arg(&sets);
    let output = command.output().expect("the program can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut numbers = said
        .split_whitespace()
        .map(|number| number.parse::<f64>().expect("a number"));
    let mut number = || numbers.next().expect("both numbers");
    Measured {
        seconds: number(),
        peak_megabytes: number() / 1e6,
        sets: fs::read_to_string(&sets).expect("the sets were written"),
    }
}

fn mine_as_child(arguments: &[String]) {
    let [path, minimum, num_runs, output] = arguments else {
        panic!("a file, a minimum, how many runs, where the sets go");
    };
    let minimum = Minimum::count(minimum.parse().expect("a number")).expect("not zero");
    let transactions = read(&fs::read_to_string(path).expect("the file can be read"));
    let mut fastest = f64::INFINITY;
    let mut found = Itemsets::default();
    for _ in 0..num_runs.parse().expect("a number") {
        drop(std::mem::take(&mut found));
        let started = Instant::now();
        found = mine(&transactions, minimum);
        fastest = fastest.min(started.elapsed().as_secs_f64());
    }
    let peak_bytes = memory_bytes(std::process::id(), "VmHWM").expect("the system says it");
    fs::write(output, written(&found)).expect("the sets can be written");
    println!("{fastest} {peak_bytes}");
}

fn read(text: &str) -> Transactions {
    let mut transactions = Transactions::default();
    let mut items = Vec::new();
    for line in text.lines() {
        items.clear();
        items.extend(
            line.split_ascii_whitespace()
                .map(|item| item.parse::<u32>().expect("a number")),
        );
        transactions.push(&items);
    }
    transactions
}

fn written(itemsets: &Itemsets) -> String {
    let mut text = String::new();
    for (items, support) in itemsets.iter() {
        for item in items {
            write!(text, "{item} ").expect("writing to a string cannot fail");
        }
        writeln!(text, "({support})").expect("writing to a string cannot fail");
    }
    text
}

fn try_out() {
    let text = "1 2 3\n1 2\n2 3\n\n1 2 4\n";
    let found = mine(&read(text), Minimum::count(2).expect("not zero"));
    assert_eq!(written(&found), "1 (3)\n1 2 (3)\n2 (4)\n2 3 (2)\n3 (2)\n");
    println!("itemsets: tried out");
}
