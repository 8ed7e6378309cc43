//! How large an index becomes, in what time and memory. Each side builds in a process of its own, from a file to bytes in memory that can be searched.

use std::env;
use std::process::Command;

use bench::peers::output_of;

use crate::AS_CHILD;
use crate::documents::Documents;
use crate::figure::{Bar, Figure};
use crate::peers::{Bm25s, Built, Tantivy};

/// What an index may have at most, by the bytes of its texts.
const LEN_BAR: f64 = 0.6;

/// What building may take, for a million short documents.
const MEMORY_BAR_MEBIBYTES: f64 = 256.0;

/// An index is built so often, and the fastest counts.
const NUM_BUILDS: usize = 5;

pub(crate) fn measure(documents: &Documents, tantivy: &Tantivy) {
    let ours = fastest(|| ours(documents));
    let given_terms =
        fastest(|| tantivy.build(&documents.terms, documents.boosts, "terms", "frequencies"));
    let english =
        fastest(|| tantivy.build(&documents.texts, documents.boosts, "english", "frequencies"));
    let positions = tantivy.build(&documents.terms, documents.boosts, "terms", "positions");
    let bm25s = Bm25s::new(&documents.terms, &[], 1);
    let raw_len_bytes: usize = documents
        .lines
        .iter()
        .map(|line| line.replace('\t', "").len())
        .sum();

    for (peer, len_bytes, bar) in [
        (
            "the texts",
            raw_len_bytes as u64,
            Some(Bar::AtMost(LEN_BAR)),
        ),
        ("tantivy", given_terms.len_bytes, None),
        ("tantivy with positions", positions.len_bytes, None),
        ("bm25s", bm25s.len_bytes, None),
    ] {
        let figure = Figure {
            name: format!("{}, size", documents.name),
            ours: ours.len_bytes as f64,
            unit: " bytes",
            peer: Some((peer, len_bytes as f64)),
            bar,
        };
        println!("{figure}");
    }
    for (peer, seconds, bar) in [
        (
            "tantivy with its own English",
            english.seconds,
            Some(Bar::AtMost(1.0)),
        ),
        ("tantivy given terms", given_terms.seconds, None),
    ] {
        let figure = Figure {
            name: format!("{}, build", documents.name),
            ours: ours.seconds,
            unit: " s",
            peer: Some((peer, seconds)),
            bar,
        };
        println!("{figure}");
    }
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let figure = Figure {
        name: format!(
            "{}, memory of building (tantivy: {:.0} MiB)",
            documents.name,
            mebibytes(english.peak_bytes)
        ),
        ours: mebibytes(ours.peak_bytes),
        unit: " MiB",
        peer: None,
        bar: Some(Bar::AtMost(MEMORY_BAR_MEBIBYTES)),
    };
    println!("{figure}");
}

fn fastest(build: impl Fn() -> Built) -> Built {
    Built::fastest((0..NUM_BUILDS).map(|_| build()))
}

/// By a child of this program.
fn ours(documents: &Documents) -> Built {
    let program = env::current_exe().expect("the system knows this program");
    let mut command = Command::new(program);
    command.arg(AS_CHILD).arg(&documents.texts);
    command.args(documents.boosts.iter().map(f32::to_string));
    Built::parse(&output_of(&mut command))
}
