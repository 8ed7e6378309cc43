//! Relevance on test collections: everything of a document as one text, with what each side does by default, and ours with fields too.

use std::path::Path;

use index::catalogue::Record;
use index::text::{DEFAULT_SATURATION, TextSettings};

use crate::collection::Collection;
use crate::documents::Terms;
use crate::figure::{Bar, Figure};
use crate::ours::{Files, LENGTH_NORMALIZATION, ask, settings};
use crate::peers::{Bm25s, How, Tantivy, write_lines};

/// The MAP of Anserini's BM25 on CACM, of its run file.
const ANSERINI_CACM_MAP: f64 = 0.3123;

/// What ours is to be beside a peer's.
const NOT_WORSE: Bar = Bar::AtLeast(1.0);

/// So many documents are ranked.
const RANKED_COUNT: usize = 1000;

/// What counts with fields: a title twice.
const TITLE_BOOST: f32 = 2.0;
const FIELDS_LENGTH_NORMALIZATION: f32 = 0.6;
const FIELDS_SATURATION: f32 = 2.0;

pub(crate) fn measure(data: &Path, tantivy: &Tantivy) {
    let cacm = Collection::cacm(&data.join("cacm"));
    let cranfield = Collection::cranfield(&data.join("cranfield"));
    let anserini = Peer {
        name: "Anserini's run file".to_owned(),
        measures: [Some(ANSERINI_CACM_MAP), None],
        bar: Some(NOT_WORSE),
    };
    let [of_tantivy, of_bm25s] = peers(&cacm, "TWAK", tantivy, None);
    beside("CACM", &cacm, "TWAK", &[anserini, of_tantivy, of_bm25s]);
    let of_cranfield = peers(&cranfield, "TW", tantivy, Some(NOT_WORSE));
    beside("Cranfield", &cranfield, "TW", &of_cranfield);
}

/// A side that is not ours, with its MAP and nDCG@10.
struct Peer {
    name: String,
    measures: [Option<f64>; 2],
    bar: Option<Bar>,
}

/// Ours with one text beside the peers, and with fields beside that.
fn beside(name: &str, collection: &Collection, sections: &str, peers: &[Peer]) {
    let plain = of_ours(collection, sections, settings(&[1.0]));
    let fields = of_ours(collection, sections, with_fields(sections));
    let of_plain = Peer {
        name: "ours as one text".to_owned(),
        measures: plain.map(Some),
        bar: Some(NOT_WORSE),
    };
    let plain_name = format!("one text, k1 {DEFAULT_SATURATION}, b {LENGTH_NORMALIZATION}");
    let fields_name = format!(
        "fields, the title {TITLE_BOOST} times, k1 {FIELDS_SATURATION}, b {FIELDS_LENGTH_NORMALIZATION}"
    );
    for (how, ours, peers) in [
        (plain_name, plain, peers),
        (fields_name, fields, &[of_plain]),
    ] {
        for peer in peers {
            for (place, measure) in ["MAP", "nDCG@10"].into_iter().enumerate() {
                let Some(theirs) = peer.measures[place] else {
                    continue;
                };
                let figure = Figure {
                    name: format!("{name}, {measure}, {how}"),
                    ours: ours[place],
                    unit: "",
                    peer: Some((&peer.name, theirs)),
                    bar: peer.bar,
                };
                println!("{figure}");
            }
        }
    }
}

/// A field for each section.
fn with_fields(sections: &str) -> TextSettings {
    let boost = |letter| if letter == 'T' { TITLE_BOOST } else { 1.0 };
    let boosts: Vec<f32> = sections.chars().map(boost).collect();
    let mut settings = settings(&boosts);
    settings.saturation = FIELDS_SATURATION;
    for field in &mut settings.fields {
        field.length_normalization = FIELDS_LENGTH_NORMALIZATION;
    }
    settings
}

/// MAP and nDCG@10 of our index.
fn of_ours(collection: &Collection, sections: &str, settings: TextSettings) -> [f64; 2] {
    let last_field = settings.fields.len() - 1;
    let documents = collection.documents.iter().map(|(id, texts)| {
        let record = Record {
            id: id.clone(),
            ..Record::default()
        };
        let texts = sections.chars().enumerate().filter_map(|(place, letter)| {
            let text = texts.get(&letter)?;
            Some((place.min(last_field), text.as_str()))
        });
        (record, texts.collect::<Vec<_>>())
    });
    let files = Files::new(settings, documents);
    let generation = files.open(files.source());
    let topics = collection.topics.iter().map(|(_, text)| {
        let words = analysis::words(text).map(|word| word.text);
        let hits = ask(&generation, words, false, RANKED_COUNT).hits;
        hits.iter().map(|hit| hit.item).collect()
    });
    collection.measure(&topics.collect::<Vec<_>>())
}

/// The same of the others, over the same terms.
fn peers(
    collection: &Collection,
    sections: &str,
    tantivy: &Tantivy,
    bar: Option<Bar>,
) -> [Peer; 2] {
    let mut terms = Terms::new();
    let documents = collection.documents.iter().map(|(_, texts)| {
        let texts = sections.chars().filter_map(|letter| texts.get(&letter));
        let texts: Vec<&str> = texts.map(String::as_str).collect();
        terms.of(&texts.join(" "))
    });
    let documents: Vec<String> = documents.collect();
    let topics = collection.topics.iter().map(|(_, text)| terms.of(text));
    let topics: Vec<String> = topics.collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents");
    write_lines(&path, &documents);
    let answers = tantivy.ask(&path, &[1.0], &topics, How::Any, RANKED_COUNT);
    let of_tantivy: Vec<Vec<u32>> = answers.into_iter().map(|answer| answer.hits).collect();
    let bm25s = Bm25s::new(&path, &topics, RANKED_COUNT);
    [
        ("tantivy (k1 1.2, b 0.75)".to_owned(), of_tantivy),
        (format!("bm25s ({})", bm25s.parameters), bm25s.hits),
    ]
    .map(|(name, ranked)| Peer {
        name,
        measures: collection.measure(&ranked).map(Some),
        bar,
    })
}
