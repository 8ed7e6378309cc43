//! A small catalogue made by hand, and the files of its generation.

use std::collections::BTreeMap;

use index::{
    FileKind, Generation, Keys, MemorySource, Outline, RecordingSource,
    catalogue::{CatalogueWriter, Record, Value},
    neighbours::{Neighbour, NeighboursWriter},
    popularity::{POPULAR_MAX_COUNT, PopularityWriter},
};

/// The files of a generation.
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

    pub(crate) fn outlines(&self) -> Vec<Outline> {
        self.files
            .iter()
            .map(|(kind, file)| Outline::of(*kind, file).unwrap())
            .collect()
    }

    pub(crate) fn source(&self) -> MemorySource {
        MemorySource::new(self.files.clone())
    }

    pub(crate) fn recorded(&self) -> RecordingSource<MemorySource> {
        RecordingSource::new(self.source())
    }

    pub(crate) fn open(&self) -> Generation<'static> {
        let keys = Keys::default();
        Generation::open(self.source(), self.outlines(), &FileKind::OF_ITEMS, &keys).unwrap()
    }
}

pub(crate) fn record(id: &str, title: &str, year: i64, genres: &[&str]) -> Record {
    let genres = genres.iter().map(|genre| (*genre).to_owned()).collect();
    Record {
        id: id.to_owned(),
        title: title.to_owned(),
        fields: BTreeMap::from([
            ("genres".into(), Value::TextList(genres)),
            (
                "image".into(),
                Value::Text(format!("https://example.org/{id}.jpg")),
            ),
            ("rating".into(), Value::Real(year as f64 / 1000.0)),
            ("year".into(), Value::Integer(year)),
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
