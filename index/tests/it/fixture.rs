//! A small catalogue made by hand, and the files of its generation.

use std::collections::BTreeMap;

use index::{
    Buffer, ByteRange, ByteSource, FileKind, Generation, MemorySource, SourceError,
    catalogue::{CatalogueWriter, Record, Value},
    neighbours::{Neighbour, NeighboursWriter},
    popularity::{POPULAR_MAX_COUNT, PopularityWriter},
};

/// The files of a generation and the lengths of their heads.
pub(crate) struct Files {
    pub(crate) files: Vec<(FileKind, Vec<u8>)>,
}

impl Files {
    pub(crate) fn file(&self, kind: FileKind) -> &[u8] {
        &self
            .files
            .iter()
            .find(|(found, _)| *found == kind)
            .unwrap()
            .1
    }

    pub(crate) fn heads(&self) -> Vec<(FileKind, u32)> {
        self.files
            .iter()
            .map(|(kind, file)| (*kind, index::verify(*kind, file).unwrap().head_len_bytes))
            .collect()
    }

    pub(crate) fn open(&self) -> Generation<MemorySource> {
        Generation::open(MemorySource::new(self.files.clone()), &self.heads()).unwrap()
    }

    /// Opens the files behind a source that counts the batches and the ranges.
    pub(crate) fn open_counted<'a>(&self, count: &'a Counter) -> Generation<CountingSource<'a>> {
        let source = CountingSource {
            inner: MemorySource::new(self.files.clone()),
            counter: count,
        };
        Generation::open(source, &self.heads()).unwrap()
    }
}

/// How many ranges each batch had.
#[derive(Debug, Default)]
pub(crate) struct Counter(std::cell::RefCell<Vec<usize>>);

impl Counter {
    pub(crate) fn take(&self) -> Vec<usize> {
        self.0.take()
    }
}

pub(crate) struct CountingSource<'a> {
    inner: MemorySource,
    counter: &'a Counter,
}

impl ByteSource for CountingSource<'_> {
    fn read(&self, ranges: &[ByteRange]) -> Result<Vec<Buffer>, SourceError> {
        self.counter.0.borrow_mut().push(ranges.len());
        self.inner.read(ranges)
    }
}

pub(crate) fn record(id: &str, title: &str, year: i64, genres: &[&str]) -> Record {
    let genres = genres.iter().map(|genre| (*genre).to_owned()).collect();
    Record {
        id: id.to_owned(),
        title: title.to_owned(),
        fields: BTreeMap::from([
            ("genres".to_owned(), Value::TextList(genres)),
            (
                "image".to_owned(),
                Value::Text(format!("https://example.org/{id}.jpg")),
            ),
            ("rating".to_owned(), Value::Real(year as f64 / 1000.0)),
            ("year".to_owned(), Value::Integer(year)),
        ]),
    }
}

/// Six films: two of one title, one whose article stands behind, one without any field.
pub(crate) fn records() -> Vec<Record> {
    vec![
        record("11", "Heat", 1995, &["Crime", "Drama"]),
        record("12", "Heat", 1986, &["Drama"]),
        record("13", "Third Man, The", 1949, &["Crime", "Drama"]),
        record("14", "Amélie", 2001, &["Comedy", "Romance"]),
        record("15", "Playtime", 1967, &["Comedy"]),
        Record {
            id: "16".to_owned(),
            title: "Untitled".to_owned(),
            ..Record::default()
        },
    ]
}

/// The matrix by which the fixture recommends: row i speaks for column j.
pub(crate) const WEIGHTS: [[f32; 6]; 6] = [
    [0.0, 0.5, 0.75, -0.25, 0.0, 0.0],
    [0.25, 0.0, 0.0, 0.0, 0.0, 0.0],
    [1.0, 0.0, 0.0, 0.25, 0.5, 0.0],
    [-0.5, 0.0, 0.0, 0.0, 1.0, 0.25],
    [0.0, 0.0, 0.5, 1.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
];

pub(crate) const POPULARITY: [f32; 6] = [50.0, 5.0, 40.0, 60.0, 20.0, 0.0];

pub(crate) fn files() -> Files {
    let weights: Vec<Vec<f32>> = WEIGHTS.iter().map(|row| row.to_vec()).collect();
    files_of(records(), &weights, &POPULARITY, &[3, 2, 4])
}

pub(crate) fn files_of(
    records: Vec<Record>,
    weights: &[Vec<f32>],
    popularity: &[f32],
    onboarding: &[u32],
) -> Files {
    let mut catalogue = CatalogueWriter::new();
    for (record, &popularity) in records.into_iter().zip(popularity) {
        catalogue.push(record, popularity);
    }
    let item_space = catalogue.item_space();
    let mut neighbours = NeighboursWriter::new(popularity.len(), "made by hand").unwrap();
    for row in weights {
        let list: Vec<Neighbour> = row
            .iter()
            .zip(0..)
            .filter(|(weight, _)| **weight != 0.0)
            .map(|(&weight, item)| Neighbour { item, weight })
            .collect();
        neighbours.push(&list).unwrap();
    }
    let popularity = PopularityWriter::new(popularity, POPULAR_MAX_COUNT, onboarding).unwrap();
    Files {
        files: vec![
            (FileKind::Catalogue, catalogue.finish().unwrap()),
            (FileKind::Neighbours, neighbours.finish(item_space).unwrap()),
            (FileKind::Popularity, popularity.finish(item_space).unwrap()),
        ],
    }
}
