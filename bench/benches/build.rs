//! How long does a build take as a command, and how much memory?
//!
//! Measured is `precompute build` as a process of its own, from start to exit: import, one training, write, and a verification of what was written. The data
//! are `ml-1m` (pairs) and `ml-latest-small` under `KINDRED_DATA`; an absent one is said and passed over. The peak of the memory is the kernel's (`VmHWM`).
//!
//! Command: `cargo build -p precompute && cargo bench -p bench --profile dev --bench build`.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bench::memory_bytes;

const NUM_RUNS: usize = 5;

/// The bars of the project: seconds, and bytes.
const BARS: [(&str, f64, u64); 2] = [("ml-1m", 10.0, 1 << 30), ("ml-latest-small", 5.0, 1 << 30)];

/// The program that was built beside this one.
fn precompute() -> PathBuf {
    let here = env::current_exe().expect("the system knows this program");
    let target = here
        .ancestors()
        .nth(2)
        .expect("it lies in target/<profile>/deps");
    target.join("precompute")
}

fn build(source: &Path) -> (f64, u64) {
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
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = env::var_os("KINDRED_DATA").map_or(default, PathBuf::from);
    for (name, bar_s, bar_bytes) in BARS {
        let source = data.join(name);
        if !source.exists() {
            println!("{name}: NOT MEASURED, the data set is absent");
            continue;
        }
        let mut runs: Vec<(f64, u64)> = (0..NUM_RUNS).map(|_| build(&source)).collect();
        runs.sort_by(|left, right| left.0.total_cmp(&right.0));
        let median_s = runs[NUM_RUNS / 2].0;
        let peak_bytes = runs.iter().map(|run| run.1).max().unwrap_or(0);
        println!(
            "{name}: median {median_s:.2} s of at most {bar_s} s, peak {:.0} MB of at most {:.0} MB",
            peak_bytes as f64 / 1e6,
            bar_bytes as f64 / 1e6,
        );
    }
}
