//! Search: relevance on test collections, the size of the index, and what a question reads.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod collection;
mod reads;

use std::env;
use std::path::{Path, PathBuf};
use std::time::Instant;

use analysis::words;
use index::catalogue::{CatalogueWriter, Record};
use index::text::{Language, TextField, TextSettings, TextWriter};
use index::{AskedWord, FileKind, Generation, Keys, MemorySource, Outline, TextQuestion};

use collection::Collection;

/// The MAP of Anserini's BM25 on CACM, of its run file.
const ANSERINI_CACM_MAP: f64 = 0.3123;

/// What the index of goodbooks may have at most, by the bytes of its titles and authors.
const SIZE_BAR: f64 = 0.6;

/// The catalogue and the texts of documents, and what a manifest says of them.
fn files<'a>(
    settings: TextSettings,
    documents: impl Iterator<Item = (Record, Vec<(usize, &'a str)>)>,
) -> ([(FileKind, Vec<u8>); 2], Vec<Outline>) {
    let mut catalogue = CatalogueWriter::new();
    let mut writer = TextWriter::new(settings);
    for (record, texts) in documents {
        catalogue.push(record, 0.0);
        writer.push(texts);
    }
    let text = writer.finish(catalogue.item_space()).unwrap();
    let files = [
        (FileKind::Catalogue, catalogue.finish().unwrap()),
        (FileKind::Text, text),
    ];
    let outlines = files.iter().map(|(kind, file)| Outline::of(*kind, file));
    let outlines = outlines.collect::<Result<_, _>>().unwrap();
    (files, outlines)
}

/// Documents that can be searched.
struct Searched {
    generation: Generation<'static>,
    ids: Vec<String>,
}

impl Searched {
    fn new<'a>(
        settings: TextSettings,
        documents: impl Iterator<Item = (&'a str, Vec<(usize, &'a str)>)>,
    ) -> Self {
        let mut ids = Vec::new();
        let documents = documents.map(|(id, texts)| {
            ids.push(id.to_owned());
            let record = Record {
                id: id.to_owned(),
                ..Record::default()
            };
            (record, texts)
        });
        let (files, outlines) = files(settings, documents);
        let (source, keys) = (MemorySource::new(files), Keys::default());
        Self {
            generation: Generation::open(source, outlines, &FileKind::OF_ITEMS, &keys).unwrap(),
            ids,
        }
    }

    /// The documents that have any word of a query, as often as it is there.
    fn ranked(&self, query: &str) -> Vec<String> {
        let words = words(query).map(|word| AskedWord {
            typed: word.text.to_owned(),
            is_open: false,
        });
        let question = TextQuestion {
            words: words.collect(),
            needs_all: false,
            count: 1000,
            lists_max_len_bytes: u64::MAX,
            ..TextQuestion::default()
        };
        let answer = self.generation.search(&question).unwrap();
        let id = |hit: &index::recommend::Scored| self.ids[hit.item as usize].clone();
        answer.hits.iter().map(id).collect()
    }
}

fn field(name: char, boost: f32, length_normalization: f32) -> TextField {
    TextField {
        name: name.to_string(),
        boost,
        length_normalization,
    }
}

/// Everything of a document as one text, and with fields: the title counts twice.
fn relevance(name: &str, collection: &Collection, sections: &str) {
    let plain = TextSettings {
        language: Language::English,
        fields: vec![field('*', 1.0, 0.75)],
        saturation: 1.2,
    };
    let boost = |letter| if letter == 'T' { 2.0 } else { 1.0 };
    let fields = TextSettings {
        fields: sections
            .chars()
            .map(|letter| field(letter, boost(letter), 0.6))
            .collect(),
        saturation: 2.0,
        ..plain.clone()
    };
    for (how, settings) in [("plain", plain), ("fields", fields)] {
        let field_count = settings.fields.len();
        let documents = collection.documents.iter().map(|(id, texts)| {
            let texts = sections.chars().enumerate().filter_map(|(place, letter)| {
                let text = texts.get(&letter)?;
                Some((place.min(field_count - 1), text.as_str()))
            });
            (id.as_str(), texts.collect())
        });
        let searched = Searched::new(settings, documents);
        let (precision, gain) = collection.measure(|topic| searched.ranked(topic));
        println!("{name}, {how}: MAP {precision:.4}, nDCG@10 {gain:.4}");
    }
}

/// The titles and authors of goodbooks.
fn goodbooks(data: &Path) -> Vec<[String; 2]> {
    let mut rows = csv::Reader::from_path(data.join("goodbooks-10k/books.csv")).unwrap();
    let headers = rows.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (title, authors) = (column("title"), column("authors"));
    rows.records()
        .map(Result::unwrap)
        .map(|row| [title, authors].map(|column| row[column].to_owned()))
        .collect()
}

/// The index, beside the bytes of what it indexes.
fn size(books: &[[String; 2]]) {
    let raw_len_bytes: usize = books.iter().flatten().map(String::len).sum();
    for language in [Language::Any, Language::English] {
        let start = Instant::now();
        let mut writer = TextWriter::new(TextSettings {
            language,
            fields: vec![field('t', 2.0, 0.75), field('a', 1.0, 0.75)],
            saturation: 1.2,
        });
        for texts in books {
            writer.push(texts.iter().map(String::as_str).enumerate());
        }
        let text = writer.finish(0).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        let head_len_bytes = Outline::of(FileKind::Text, &text).unwrap().head_len_bytes;
        println!(
            "goodbooks, language {}: {} bytes, {:.3} of {raw_len_bytes} (at most {SIZE_BAR}), of which {head_len_bytes} are the head; {seconds:.3} s",
            language.name(),
            text.len(),
            text.len() as f64 / raw_len_bytes as f64,
        );
    }
}

fn main() {
    let Some(data) = env::var_os("KINDRED_DATA").map(PathBuf::from) else {
        println!("SKIPPED: KINDRED_DATA names no folder of data sets");
        return;
    };
    relevance("CACM", &Collection::cacm(&data.join("cacm")), "TWAK");
    println!("Anserini's BM25 on CACM: MAP {ANSERINI_CACM_MAP} (its run file)");
    relevance(
        "Cranfield",
        &Collection::cranfield(&data.join("cranfield")),
        "TW",
    );
    let books = goodbooks(&data);
    size(&books);
    reads::measure(&books);
}
