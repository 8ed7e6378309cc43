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

/// So many documents are ranked.
const RANKED_COUNT: usize = 1000;

/// What counts with fields: a title twice.
const TITLE_BOOST: f32 = 2.0;
const FIELDS_LENGTH_NORMALIZATION: f32 = 0.6;
const FIELDS_SATURATION: f32 = 2.0;

pub(crate) fn measure(data: &Path, tantivy: &Tantivy) {
    let cacm = ("CACM", Collection::cacm(&data.join("cacm")), "TWAK");
    let cranfield = (
        "Cranfield",
        Collection::cranfield(&data.join("cranfield")),
        "TW",
    );
    for (name, collection, sections) in [cacm, cranfield] {
        let peers = peers(&collection, sections, tantivy);
        let ours = [
            (
                format!("k1 {DEFAULT_SATURATION}, b {LENGTH_NORMALIZATION}"),
                settings(&[1.0]),
            ),
            (
                format!(
                    "fields, the title {TITLE_BOOST} times, k1 {FIELDS_SATURATION}, b {FIELDS_LENGTH_NORMALIZATION}"
                ),
                with_fields(sections),
            ),
        ];
        for (how, settings) in ours {
            let is_plain = settings.fields.len() == 1;
            let measures = of_ours(&collection, sections, settings);
            for (place, measure) in ["MAP", "nDCG@10"].into_iter().enumerate() {
                let figure = |peer: &str, theirs: f64| {
                    let figure = Figure {
                        name: format!("{name}, {measure}, {how}"),
                        ours: measures[place],
                        unit: "",
                        peer: Some((peer, theirs)),
                        // Only the plain ones are asked for the same.
                        bar: is_plain.then_some(Bar::AtLeast(1.0)),
                    };
                    println!("{figure}");
                };
                for (peer, theirs) in &peers {
                    figure(peer, theirs[place]);
                }
                if name == "CACM" && measure == "MAP" {
                    figure("Anserini's run file", ANSERINI_CACM_MAP);
                }
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
fn peers(collection: &Collection, sections: &str, tantivy: &Tantivy) -> [(String, [f64; 2]); 2] {
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
        (
            "tantivy (k1 1.2, b 0.75)".to_owned(),
            collection.measure(&of_tantivy),
        ),
        (
            format!("bm25s ({})", bm25s.parameters),
            collection.measure(&bm25s.hits),
        ),
    ]
}
