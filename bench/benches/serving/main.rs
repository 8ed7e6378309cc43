//! What does a recommendation cost, from the socket to the score, and how soon is it there?
//!
//! Data: MovieLens 1M from the folder that `KINDRED_DATA` names, or `../shared/data` beside the workspace, learnt without 1,000 of its people. Those people
//! ask: 20 films of each are drawn, and a request wants 20 recommendations with their records. And a made-up catalogue of 200,000 items (seeded; popularity
//! falls with the 0.8th power of the rank). What is absent is left out and said so.
//!
//! Predictions are of the placement table, by a forest of 100 trees; beside them the same is asked of Flask and scikit-learn behind gunicorn with two workers.
//!
//! Measured are the built functions through the host. Server and object store are processes of their own; the load (a closed loop over connections that are
//! kept) and a proxy that counts and delays are in this one, on the same processors. Processor time is the server process's own, user and system, over the
//! number of answers; memory is the kernel's `VmRSS` and `VmHWM`.
//!
//! Command: `cargo xtask functions && cargo bench -p bench --profile dev --bench serving`; without `--profile dev` the host is a release build. Of the arguments
//! behind `--`, `--short` measures for a second where otherwise it is ten (and three where it is sixty), and any others name the parts to measure: `floor`,
//! `sealed`, `s3`, `distance`, `cache`, `crowd`, `large`, `predictions`, `search`, `size`, `scoring`. The floor is always measured, since others are compared with it.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod parts;
mod predictions;
mod process;
mod search;
mod table;
mod workshop;

use std::env;
use std::time::Duration;

use crate::table::Row;
use crate::workshop::Workshop;

/// How long things are measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) warm_up: Duration,
    pub(crate) measuring: Duration,
    pub(crate) crowd: Duration,
    /// How many histories are asked one by one at a distance.
    pub(crate) num_single: usize,
    pub(crate) num_large_items: usize,
}

const FULL: Effort = Effort {
    warm_up: Duration::from_secs(4),
    measuring: Duration::from_secs(10),
    crowd: Duration::from_mins(1),
    num_single: 300,
    num_large_items: 200_000,
};

const SHORT: Effort = Effort {
    warm_up: Duration::from_secs(1),
    measuring: Duration::from_secs(1),
    crowd: Duration::from_secs(3),
    num_single: 40,
    num_large_items: 200_000,
};

/// A part's name, and what measures it.
type Part = (&'static str, fn(&mut Workshop) -> Vec<Row>);

const PARTS: [Part; 10] = [
    ("sealed", parts::sealed),
    ("s3", parts::s3),
    ("distance", parts::distance),
    ("cache", parts::cache),
    ("crowd", parts::crowd),
    ("large", parts::large),
    ("predictions", predictions::predictions),
    ("search", search::search),
    ("size", parts::size),
    ("scoring", parts::scoring),
];

fn main() {
    if process::serve_as_child() {
        return;
    }
    let arguments: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let is_short = arguments.iter().any(|argument| argument == "--short");
    let wanted: Vec<&String> = arguments
        .iter()
        .filter(|argument| *argument != "--short")
        .collect();
    let mut workshop = Workshop::open(if is_short { SHORT } else { FULL });
    let mut rows = parts::floor(&mut workshop);
    for (name, measure) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| *wanted == name) {
            rows.extend(measure(&mut workshop));
        }
    }
    println!();
    table::print(&rows);
}
