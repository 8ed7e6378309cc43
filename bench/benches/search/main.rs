//! Does search find what is relevant, in how small an index, how fast is that built and asked, and what does a cold question read?
//!
//! Data: the test collections CACM and Cranfield; the titles and authors of goodbooks; and a million titles of three to nine words, which are drawn (seeded) as often as books, films and
//! series are called by them. All from the folder that `KINDRED_DATA` names; what is absent is left out and said so. A thousand questions to each set are two words of a title, and the same with
//! a letter wrong; they are drawn (seeded), written beside the peers and held against a hash, so that everybody measures with the same.
//!
//! The peers are tantivy, with one thread, compiled from `bench/peers/tantivy` the first time, and bm25s, in a virtual environment that is made the first time. They are given terms
//! that our own analyser made; building is measured with tantivy's own analyser of English too, since ours is a part of our building. All sides have the parameters of BM25 that they have by default, which stand with the figures.
//!
//! A line is a figure: its name, ours, the peer's, how many times the peer's ours is, and the bar, with `MISSED` where it is.
//!
//! Command: `cargo bench -p bench --bench search`; with `--profile dev` too, but for times. Of the arguments behind `--`, `--short` leaves out the million, and any others name what to
//! measure: `relevance`, `size`, `reads`, `speed`.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod collection;
mod documents;
mod figure;
mod ours;
mod peers;
mod reads;
mod relevance;
mod size;
mod speed;

use std::cell::LazyCell;
use std::env;
use std::path::Path;

use bench::catalogues;

use documents::Documents;
use peers::Tantivy;

/// The hidden argument that makes a child of this program, which builds an index.
const AS_CHILD: &str = "--as-child";

/// What a set of documents is made of.
const GOODBOOKS: [&str; 1] = ["goodbooks-10k"];
const MILLION: [&str; 3] = ["goodbooks-10k", "movietweetings", "netflix-titles"];

fn main() {
    let arguments: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [as_child, documents, boosts @ ..] = &arguments[..]
        && as_child == AS_CHILD
    {
        let boosts: Vec<f32> = boosts.iter().map(|boost| boost.parse().unwrap()).collect();
        println!("{}", ours::build(Path::new(documents), &boosts).line());
        return;
    }
    let is_short = arguments.iter().any(|argument| argument == "--short");
    let parts: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| *argument != "--short")
        .collect();
    let is_wanted = |part| parts.is_empty() || parts.contains(&part);

    let data = catalogues::data_folder();
    // Compiled where it is needed.
    let tantivy = LazyCell::new(Tantivy::new);
    if is_wanted("relevance") && is_there(&data, &["cacm", "cranfield"]) {
        relevance::measure(&data, &tantivy);
    }
    let measure = |documents: &Documents| {
        if is_wanted("size") {
            size::measure(documents, &tantivy);
        }
        if is_wanted("reads") || is_wanted("speed") {
            let files = documents.files();
            if is_wanted("reads") {
                reads::measure(documents, &files);
            }
            if is_wanted("speed") {
                speed::measure(documents, &files, &tantivy);
            }
        }
    };
    if is_there(&data, &GOODBOOKS) {
        measure(&Documents::goodbooks(&data));
    }
    if !is_short && is_there(&data, &MILLION) {
        measure(&Documents::million(&data));
    }
}

/// Whether data sets are there; says so where they are not.
fn is_there(data: &Path, names: &[&str]) -> bool {
    let mut absent = names.iter().filter(|name| !data.join(name).is_dir());
    let first_absent = absent.next();
    if let Some(name) = first_absent {
        println!("NOT MEASURED: {name} is not in {}", data.display());
    }
    first_absent.is_none()
}
