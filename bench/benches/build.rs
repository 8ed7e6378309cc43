//! How long does a build take as a command, and how much memory?
//!
//! Measured is `precompute build` as a process of its own, from start to exit: import, one training, write, and a verification of what was written. The data
//! are `ml-1m` (pairs) and `ml-latest-small` under `KINDRED_DATA`; an absent one is said and passed over. A large catalogue is made up, once, from a seed: 200,000 items
//! by Zipf's law, 500,000 people with at most 1,000 of them each, 10 million interactions. The peak of the memory is the kernel's (`VmHWM`).
//!
//! Command: `cargo build -p precompute && cargo bench -p bench --profile dev --bench build`; with `-- large` the large catalogue alone.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::env;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bench::catalogues::{Crowd, data_folder, write_crowd};
use bench::memory_bytes;

const NUM_RUNS: usize = 5;

/// The bars of the project: seconds, and bytes.
const BARS: [(&str, f64, u64); 2] = [("ml-1m", 10.0, 1 << 30), ("ml-latest-small", 5.0, 1 << 30)];

const LARGE: Crowd = Crowd {
    num_items: 200_000,
    num_users: 500_000,
    num_interactions: 10_000_000,
    max_history_len: 1_000,
};
const LARGE_BAR: (f64, u64) = (15.0 * 60.0, 4 << 30);

/// The program that was built beside this one.
fn precompute() -> PathBuf {
    let here = env::current_exe().expect("the system knows this program");
    let target = here
        .ancestors()
        .nth(2)
        .expect("it lies in target/<profile>/deps");
    target.join("precompute")
}

fn build(source: &Path, options: &[&str]) -> (f64, u64) {
    let work = tempfile::tempdir().expect("a temporary folder");
    let start = Instant::now();
    let mut child = Command::new(precompute())
        .args([
            "build",
            "--collection",
            "films",
            "--progress",
            "none",
            "--source",
        ])
        .arg(source)
        .args(options)
        .arg("--work")
        .arg(work.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("precompute is built: cargo build -p precompute");
    let mut peak_bytes = 0;
    let status = loop {
        peak_bytes = memory_bytes(child.id(), "VmHWM").unwrap_or(peak_bytes);
        match child.try_wait().expect("the child can be waited for") {
            Some(status) => break status,
            None => thread::sleep(Duration::from_millis(2)),
        }
    };
    assert!(status.success(), "precompute failed: {status}");
    (start.elapsed().as_secs_f64(), peak_bytes)
}

fn main() {
    if !env::args().any(|argument| argument == "large") {
        measure_real_data();
    }
    measure_large();
}

fn measure_real_data() {
    let data = data_folder();
    for (name, bar_s, bar_bytes) in BARS {
        let source = data.join(name);
        if !source.exists() {
            println!("{name}: NOT MEASURED, the data set is absent");
            continue;
        }
        let mut runs: Vec<(f64, u64)> = (0..NUM_RUNS).map(|_| build(&source, &[])).collect();
        runs.sort_by(|left, right| left.0.total_cmp(&right.0));
        let peak_bytes = runs.iter().map(|run| run.1).max().unwrap_or(0);
        print(name, (runs[NUM_RUNS / 2].0, peak_bytes), (bar_s, bar_bytes));
    }
}

fn measure_large() {
    let source = tempfile::tempdir().expect("a temporary folder");
    let file = File::create(source.path().join("crowd.dat")).expect("the folder can be written");
    let mut file = BufWriter::new(file);
    write_crowd(&LARGE, &mut file)
        .and_then(|()| file.flush())
        .expect("the folder can be written");
    let measured = build(source.path(), &["--max-memory", "4G"]);
    print("200,000 items, made up", measured, LARGE_BAR);
}

fn print(name: &str, (seconds, peak_bytes): (f64, u64), (bar_s, bar_bytes): (f64, u64)) {
    println!(
        "{name}: {seconds:.2} s of at most {bar_s} s, peak {:.0} MB of at most {:.0} MB",
        peak_bytes as f64 / 1e6,
        bar_bytes as f64 / 1e6,
    );
}
