//! A small catalogue made by hand, and the files of its generation.

use index::{
    Container, FileKind, Generation, Keys, MemorySource, Outline, RecordingSource, SortedMap,
    WriteError,
    baskets::{Basket, BasketsWriter},
    catalogue::{CatalogueWriter, Record, Value},
    clusters::{ClustersWriter, Geometry},
    neighbours::{Neighbour, NeighboursWriter},
    popularity::{POPULAR_MAX_COUNT, PopularityWriter},
    rules::{Rule, RulesWriter},
    text::{Circle, Language, Point, TextField, TextSettings, TextWriter},
};

/// The files of a generation.
pub(crate) struct Files {
    pub(crate) files: Vec<(FileKind, Vec<u8>)>,
}

impl Files {
    /// A catalogue and its texts.
    pub(crate) fn of_texts(catalogue: CatalogueWriter, text: TextWriter) -> Self {
        let space = catalogue.item_space();
        Self {
            files: vec![
                (FileKind::Catalogue, catalogue.finish().unwrap()),
                (FileKind::Text, text.finish(space).unwrap()),
            ],
        }
    }

    pub(crate) fn file(&self, kind: FileKind) -> &[u8] {
        &self
            .files
            .iter()
            .find(|(found, _)| *found == kind)
            .unwrap()
            .1
    }

    /// Adds a file that numbers its items by the catalogue.
    pub(crate) fn push(
        &mut self,
        kind: FileKind,
        finish: impl FnOnce(u64) -> Result<Vec<u8>, WriteError>,
    ) {
        let space = Container::open(FileKind::Catalogue, self.file(FileKind::Catalogue).to_vec());
        self.files
            .push((kind, finish(space.unwrap().item_space()).unwrap()));
    }

    /// The same with baskets of so many items, and rules.
    pub(crate) fn with_baskets(
        mut self,
        item_count: usize,
        baskets: &[Basket],
        rules: &[Rule],
    ) -> Self {
        let mut rules_writer =
            RulesWriter::new(item_count, baskets.len(), "counted one by one").unwrap();
        for rule in rules {
            rules_writer.push(rule.clone()).unwrap();
        }
        self.push(FileKind::Rules, |space| rules_writer.finish(space));
        let mut writer = BasketsWriter::new(item_count).unwrap();
        for basket in baskets {
            writer.push(basket.clone()).unwrap();
        }
        self.push(FileKind::Baskets, |space| writer.finish(space));
        self
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
        fields: SortedMap::from([
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

/// The matrix of what is said of the films.
pub(crate) const CONTENT: [[f32; 6]; 6] = [
    [0.0, 1.0, 0.5, 0.0, 0.0, 0.0],
    [1.0, 0.0, 0.25, 0.0, 0.0, 0.0],
    [0.5, 0.25, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.75, 0.0],
    [0.0, 0.0, 0.0, 0.75, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
];

/// Lists of films, one of them empty.
pub(crate) fn baskets() -> Vec<Basket> {
    let basket = |id: &str, name: &str, items: &[u32]| Basket {
        id: id.to_owned(),
        name: name.to_owned(),
        items: items.to_vec(),
    };
    vec![
        basket("a", "Crime", &[0, 2]),
        basket("b", "For a rainy day", &[0, 2, 3]),
        basket("c", "", &[0, 1, 2, 4]),
        basket("d", "Laughing", &[3, 4]),
        basket("e", "Nothing yet", &[]),
    ]
}

pub(crate) fn files() -> Files {
    let matrix = |rows: [[f32; 6]; 6]| rows.map(|row| row.to_vec()).to_vec();
    let mut files = files_of(records(), &matrix(WEIGHTS), &POPULARITY, &[3, 2, 4]);
    let content = NeighboursWriter::of_content(6, "made by hand").unwrap();
    let content = with_lists(content, &matrix(CONTENT));
    files.push(FileKind::Content, |space| content.finish(space));
    files.with_baskets(6, &baskets(), &rules_of(&baskets(), 6, 2))
}

/// Every rule with at most two items before it that so many baskets have, counted one by one.
pub(crate) fn rules_of(baskets: &[Basket], item_count: u32, minimum_support: u32) -> Vec<Rule> {
    let support = |items: &[u32]| {
        let has = |basket: &&Basket| items.iter().all(|item| basket.items.contains(item));
        baskets.iter().filter(has).count() as u32
    };
    let single = (0..item_count).map(|item| vec![item]);
    let pairs =
        (0..item_count).flat_map(|left| (left + 1..item_count).map(move |right| vec![left, right]));
    let mut rules = Vec::new();
    for antecedent in single.chain(pairs) {
        for consequent in (0..item_count).filter(|item| !antecedent.contains(item)) {
            let all = [&antecedent[..], &[consequent]].concat();
            let rule = Rule {
                consequent,
                support: support(&all),
                antecedent_support: support(&antecedent),
                consequent_support: support(&[consequent]),
                antecedent: antecedent.clone(),
            };
            if minimum_support <= rule.support {
                rules.push(rule);
            }
        }
    }
    rules
}

fn with_lists(mut writer: NeighboursWriter, weights: &[Vec<f32>]) -> NeighboursWriter {
    for row in weights {
        let list: Vec<Neighbour> = row
            .iter()
            .zip(0..)
            .filter(|(weight, _)| **weight != 0.0)
            .map(|(&weight, item)| Neighbour { item, weight })
            .collect();
        writer.push(&list).unwrap();
    }
    writer
}

pub(crate) fn files_of(
    records: Vec<Record>,
    weights: &[Vec<f32>],
    popularity: &[f32],
    onboarding: &[u32],
) -> Files {
    let mut catalogue = CatalogueWriter::new();
    let mut text = TextWriter::new(with_pairs_of_titles(text_settings()));
    for (number, (record, &popularity)) in records.into_iter().zip(popularity).enumerate() {
        let genres = record.fields.get("genres").map_or(&[][..], Value::texts);
        let texts = genres.iter().map(|genre| (1, genre.as_str()));
        text.push(std::iter::once((0, record.title.as_str())).chain(texts));
        text.set_quality(1.0 / (1 + number) as f32);
        for genre in genres {
            text.add_name("genres", genre);
        }
        if number % 3 < 2 {
            text.set_point(Point::new(40.0 + number as f64 / 100.0, -88.0).unwrap());
            text.add_name("city", "Urbana, IL");
        }
        catalogue.push(record, popularity);
    }
    let center = Point::new(40.0, -88.0).unwrap();
    let radius_m = 2_000;
    text.set_place("city", "Urbana, IL", Some(Circle { center, radius_m }));
    text.add_alias("city", "Urbana", "Urbana, IL");
    text.add_meaning("gangsters", "genres", "Crime", 0.5);
    text.add_broader("genres", "Crime", "Drama");
    text.add_synonym("movie", "heat");
    text.pin("first of all", &[2, 0]);
    let item_space = catalogue.item_space();
    let neighbours = NeighboursWriter::new(popularity.len(), "made by hand").unwrap();
    let neighbours = with_lists(neighbours, weights);
    let clusters = clusters(popularity.len());
    let popularity = PopularityWriter::new(popularity, POPULAR_MAX_COUNT, onboarding).unwrap();
    Files {
        files: vec![
            (FileKind::Catalogue, catalogue.finish().unwrap()),
            (FileKind::Clusters, clusters.finish(item_space).unwrap()),
            (FileKind::Neighbours, neighbours.finish(item_space).unwrap()),
            (FileKind::Popularity, popularity.finish(item_space).unwrap()),
            (FileKind::Text, text.finish(item_space).unwrap()),
        ],
    }
}

/// Titles count twice as much as what else is said.
pub(crate) fn text_settings() -> TextSettings {
    let field = |name: &str, boost, length_normalization| TextField {
        name: name.to_owned(),
        boost,
        length_normalization,
        keeps_pairs: false,
    };
    TextSettings {
        language: Language::English,
        fields: vec![field("title", 2.0, 0.5), field("genres", 1.0, 0.75)],
        saturation: 1.2,
    }
}

pub(crate) fn with_pairs_of_titles(mut settings: TextSettings) -> TextSettings {
    settings.fields[0].keeps_pairs = true;
    settings
}

/// Items in turns to two clusters; the last one belongs to none.
fn clusters(item_count: usize) -> ClustersWriter {
    let geometry = Geometry {
        confidence: 4.0,
        diagonal: vec![3.0, 2.0, 2.0],
    };
    let mut clusters = ClustersWriter::new(item_count, geometry, "made by hand").unwrap();
    clusters.push_cluster("Crime", &[1.0, 0.25, 0.0]).unwrap();
    clusters.push_cluster("Comedy", &[0.5, -0.5, 1.0]).unwrap();
    for item in 0..item_count.saturating_sub(1) as u32 {
        let away = 0.25 * item as f32;
        let vector = if item % 2 == 0 {
            [1.0, 0.5 - away, 0.0]
        } else {
            [0.5, -0.5, 1.5 - away]
        };
        clusters.assign(item, item % 2, &vector).unwrap();
    }
    clusters
}
