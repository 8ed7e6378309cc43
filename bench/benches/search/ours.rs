//! Kindred's side: documents become files in memory, and are asked. What the index wants to be asked is written here alone.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use bench::memory_bytes;
use index::catalogue::{CatalogueWriter, Record};
use index::text::{DEFAULT_SATURATION, Language, TextField, TextSettings, TextWriter};
use index::{
    AskedWord, ByteSource, FileKind, Generation, Keys, MemorySource, Outline, TextAnswer,
    TextQuestion,
};

use crate::peers::Built;

/// How much less a word counts in a long text, where nothing else is said.
pub(crate) const LENGTH_NORMALIZATION: f32 = 0.75;

/// The defaults: English, and each field as it is boosted.
pub(crate) fn settings(boosts: &[f32]) -> TextSettings {
    let fields = boosts.iter().enumerate().map(|(place, &boost)| TextField {
        name: place.to_string(),
        boost,
        length_normalization: LENGTH_NORMALIZATION,
        keeps_pairs: false,
    });
    TextSettings {
        language: Language::English,
        fields: fields.collect(),
        saturation: DEFAULT_SATURATION,
    }
}

/// A catalogue with its texts, and what a manifest says of them.
pub(crate) struct Files {
    files: [(FileKind, Vec<u8>); 2],
    outlines: Vec<Outline>,
}

impl Files {
    /// Of documents, each a record and its texts by the places of their fields.
    pub(crate) fn new<'a, T: IntoIterator<Item = (usize, &'a str)>>(
        settings: TextSettings,
        documents: impl Iterator<Item = (Record, T)>,
    ) -> Self {
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
        Self { files, outlines }
    }

    /// How long the start of each file is that every question reads.
    pub(crate) fn heads_len_bytes(&self) -> impl Iterator<Item = (FileKind, u32)> {
        let outlines = self.outlines.iter();
        outlines.map(|outline| (outline.file, outline.head_len_bytes))
    }

    pub(crate) fn source(&self) -> MemorySource {
        MemorySource::new(self.files.clone())
    }

    pub(crate) fn open<'s>(&self, source: impl ByteSource + 's) -> Generation<'s> {
        let kinds = [FileKind::Catalogue, FileKind::Text];
        Generation::open(source, self.outlines.clone(), &kinds, &Keys::default()).unwrap()
    }
}

/// The documents that have all words, or any.
pub(crate) fn ask(
    generation: &Generation,
    words: impl IntoIterator<Item = impl AsRef<str>>,
    needs_all: bool,
    count: usize,
) -> TextAnswer {
    let words = words.into_iter().map(|word| AskedWord {
        typed: word.as_ref().to_owned(),
        ..AskedWord::default()
    });
    let mut question = TextQuestion {
        words: words.collect(),
        needs_all,
        count,
        ..TextQuestion::default()
    };
    if !needs_all {
        // Relevance is that of the ranking, and not of what may be read of it.
        question.limits = None;
    }
    generation.search(&question).unwrap()
}

/// The text file of a file of documents, as the peers build theirs: from the file to bytes that can be searched, in a process that does nothing else.
pub(crate) fn build(documents: &Path, boosts: &[f32]) -> Built {
    let start = Instant::now();
    let mut writer = TextWriter::new(settings(boosts));
    for line in BufReader::new(File::open(documents).unwrap()).lines() {
        writer.push(line.unwrap().split('\t').enumerate());
    }
    let text = writer.finish(0).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let peak_bytes = memory_bytes(std::process::id(), "VmHWM");
    Built {
        seconds,
        peak_bytes: peak_bytes.expect("the system says it"),
        len_bytes: text.len() as u64,
    }
}
