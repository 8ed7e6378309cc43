//! A collection in memory and requests to it, for the functions' tests.

#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value without the member is null, and tests may panic"
)]

use std::collections::BTreeMap;

use index::{
    Bytes, FileKind, Outline, SortedMap,
    baskets::{Basket, BasketsWriter},
    catalogue::{self, CatalogueWriter, Record},
    clusters::{ClustersWriter, Geometry},
    neighbours::{Neighbour, NeighboursWriter},
    popularity::PopularityWriter,
    rules::{Rule, RulesWriter},
    text::{DEFAULT_SATURATION, Language, TextField, TextSettings, TextWriter},
};
use pointer::{CollectionKeys, FileEntry, MANIFEST_VERSION, Manifest, Quality, ValueScale};
use serde_json::Value;

use crate::{
    context::{Context, checked_manifest},
    cors::Origins,
    http::{Method, Request, Response},
    server::{Route, respond},
    settings::{IndexSource, Settings},
    storage::{Costs, Document, DocumentQuery, Meter, Piece, Storage, StorageError},
};

/// The generation of [`TestStorage::films`].
pub const GENERATION: &str = "9dd3995afc29c79c";

/// The generation of the same under the title "The next films".
pub const NEXT_GENERATION: &str = "df8c9ecac6e4d0b8";

/// The films: id, title, year, genres, picture. The popularity falls in this order, from 8 to 1.
pub const FILMS: [(&str, &str, i64, &[&str], &str); 8] = [
    (
        "1",
        "Toy Story",
        1995,
        &["Animation", "Comedy"],
        "https://img.example/1.jpg",
    ),
    ("2", "Heat", 1995, &["Action", "Crime"], ""),
    (
        "3",
        "American President, The",
        1995,
        &["Comedy", "Drama"],
        "",
    ),
    ("4", "Usual Suspects, The", 1995, &["Crime"], ""),
    ("5", "Toy Story 2", 1999, &["Animation", "Comedy"], ""),
    ("6", "Casino", 1995, &["Crime", "Drama"], ""),
    ("7", "Heat", 1986, &["Action"], ""),
    (
        "8",
        "Léon: The Professional",
        1994,
        &["Action", "Crime"],
        "",
    ),
];

/// For each film, the films that it speaks for (positions in [`FILMS`]) and how loudly. The weights are binary fractions, so their sums are exact.
pub const NEIGHBOURS: [&[(u32, f32)]; 8] = [
    &[(2, 0.25), (4, 0.75)],
    &[(3, 0.5), (5, 0.75), (7, 0.25)],
    &[(0, 0.25), (5, 0.125)],
    &[(1, 0.5), (5, 0.5), (7, 0.5)],
    &[(0, 0.75)],
    &[(1, 0.75), (3, 0.5)],
    &[(1, 0.25)],
    &[(1, 0.25), (3, 0.5)],
];

/// For each film, those of which the same is said.
pub const CONTENT: [&[(u32, f32)]; 8] = [
    &[(2, 1.0)],
    &[(3, 0.5), (7, 1.0)],
    &[(0, 1.0)],
    &[(1, 0.5)],
    &[],
    &[],
    &[],
    &[(1, 1.0)],
];

/// Baskets of films: id, name, and positions in [`FILMS`].
pub const BASKETS: [(&str, &str, &[u32]); 3] = [
    ("b1", "Late at night", &[1, 3, 5]),
    ("b2", "With children", &[0, 2]),
    ("b3", "", &[1, 3]),
];

/// The positions in [`FILMS`] of those to rate first.
pub const ONBOARDING: [u32; 3] = [0, 1, 2];

/// Objects in memory, and a way to make them fail.
#[derive(Clone, Debug, Default)]
pub struct TestStorage {
    /// The objects by key.
    pub objects: BTreeMap<String, Vec<u8>>,
    /// If there is one, all that this storage has to say.
    pub failure: Option<StorageError>,
    /// What it says of single keys instead of giving their objects.
    pub failures: BTreeMap<String, StorageError>,
    meter: Meter,
}

impl TestStorage {
    /// A storage with the collection `movies`: [`FILMS`], rated from 0.5 to 5 with 3 as neutral.
    pub fn films() -> Self {
        let mut catalogue_writer = CatalogueWriter::new();
        let field = |name: &str, boost| TextField {
            name: name.to_owned(),
            boost,
            length_normalization: 0.75,
            keeps_pairs: name == "title",
        };
        let mut text_writer = TextWriter::new(TextSettings {
            language: Language::English,
            fields: vec![field("title", 3.0), field("genres", 1.0)],
            saturation: DEFAULT_SATURATION,
        });
        for (position, (id, title, year, genres, image)) in FILMS.into_iter().enumerate() {
            let of_genres = genres.iter().map(|&genre| (1, genre));
            text_writer.push(std::iter::once((0, title)).chain(of_genres));
            let genres = genres.iter().map(|&genre| genre.to_owned()).collect();
            let mut fields = SortedMap::from([
                ("genres".into(), catalogue::Value::TextList(genres)),
                ("year".into(), catalogue::Value::Integer(year)),
            ]);
            if !image.is_empty() {
                fields.insert("image".into(), catalogue::Value::Text(image.to_owned()));
            }
            let record = Record {
                id: id.to_owned(),
                title: title.to_owned(),
                fields,
            };
            catalogue_writer.push(record, (FILMS.len() - position) as f32);
        }
        let scores: Vec<f32> = (1..=FILMS.len() as u16).rev().map(f32::from).collect();
        let popularity =
            PopularityWriter::new(&scores, FILMS.len(), &ONBOARDING).expect("finite scores");

        let item_space = catalogue_writer.item_space();
        let neighbours = NeighboursWriter::new(FILMS.len(), "made by hand").expect("eight items");
        let content = NeighboursWriter::of_content(FILMS.len(), "made by hand");
        let content = content.expect("eight items");
        let clusters = clusters();
        let (rules, baskets) = rules_and_baskets();
        let files = [
            (FileKind::Baskets, baskets.finish(item_space)),
            (FileKind::Clusters, clusters.finish(item_space)),
            (
                FileKind::Content,
                with_lists(content, &CONTENT).finish(item_space),
            ),
            (FileKind::Rules, rules.finish(item_space)),
            (FileKind::Catalogue, catalogue_writer.finish()),
            (
                FileKind::Neighbours,
                with_lists(neighbours, &NEIGHBOURS).finish(item_space),
            ),
            (FileKind::Popularity, popularity.finish(item_space)),
            (FileKind::Text, text_writer.finish(item_space)),
        ];
        let keys = CollectionKeys::new("", "movies");
        let mut objects = BTreeMap::new();
        let mut entries = SortedMap::new();
        for (kind, file) in files {
            let file = file.expect("a small file");
            let outline = Outline::of(kind, &file).expect("a file that was just written");
            let entry = FileEntry::new(&outline, file.len() as u64, "0".repeat(64));
            entries.insert(kind.name().to_owned(), entry);
            objects.insert(keys.file(GENERATION, kind.name()), file);
        }
        let manifest = Manifest {
            version: MANIFEST_VERSION,
            collection: "movies".to_owned(),
            title: "Films".to_owned(),
            generation: GENERATION.to_owned(),
            created_at: "2026-11-21T12:00:00Z".to_owned(),
            item_count: FILMS.len() as u64,
            synthetic: true,
            values: Some(ValueScale {
                minimum: 0.5,
                maximum: 5.0,
                neutral: 3.0,
            }),
            quality: Some(Quality {
                metric: "ndcg@100".to_owned(),
                value: 0.5,
                low: 0.25,
                high: 0.75,
                protocol: "made up".to_owned(),
            }),
            files: entries,
            blend: Vec::new(),
            previous: None,
        };
        objects.insert(keys.pointer(), manifest.to_json());
        Self {
            objects,
            ..Self::default()
        }
    }

    /// A storage that only fails.
    pub fn failing(failure: StorageError) -> Self {
        Self {
            failure: Some(failure),
            ..Self::default()
        }
    }

    /// The same, of which nothing has been read yet: a function counts what one request reads.
    #[must_use]
    pub fn unread(&self) -> Self {
        Self {
            meter: Meter::default(),
            ..self.clone()
        }
    }

    /// The same with another manifest of `movies`.
    #[must_use]
    pub fn with_manifest(mut self, edit: impl FnOnce(&mut Manifest)) -> Self {
        let key = CollectionKeys::new("", "movies").pointer();
        let document = self.objects.get(&key).expect("the films have a pointer");
        let mut manifest = Manifest::parse(document, "movies").expect("a manifest of ours");
        edit(&mut manifest);
        // A manifest that does not have the name of its content is taken in the form alone that has a checksum.
        let document = manifest.to_json();
        let is_named = checked_manifest(&document, "movies").is_ok();
        let document = if is_named {
            document
        } else {
            manifest.to_compact()
        };
        self.objects.insert(key, document);
        self
    }

    /// The same with another byte in every block of a file, beyond its head.
    #[must_use]
    pub fn with_damaged(mut self, kind: FileKind) -> Self {
        let key = CollectionKeys::new("", "movies").file(GENERATION, kind.name());
        let file = self
            .objects
            .get_mut(&key)
            .expect("the films have this file");
        for byte in file.iter_mut().skip(8) {
            *byte ^= 1;
        }
        self
    }
}

impl TestStorage {
    fn object(&self, key: &str) -> Result<&Vec<u8>, StorageError> {
        let failure = self.failure.as_ref().or_else(|| self.failures.get(key));
        if let Some(failure) = failure {
            return Err(failure.clone());
        }
        self.objects.get(key).ok_or_else(|| StorageError::Absent {
            key: key.to_owned(),
        })
    }
}

impl Storage for TestStorage {
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Bytes, StorageError>> {
        let read = |piece: &Piece| {
            let start = piece.offset as usize;
            self.object(&piece.key)?
                .get(start..start + piece.len_bytes as usize)
                .map(|bytes| Bytes::from(bytes.to_vec()))
                .ok_or_else(|| StorageError::TooShort {
                    key: piece.key.to_string(),
                })
        };
        self.meter.round_trip(|| pieces.iter().map(read).collect())
    }

    fn documents(&self, queries: &[DocumentQuery]) -> Vec<Result<Document, StorageError>> {
        let read = |query: &DocumentQuery| {
            Ok(Document::Read {
                bytes: Bytes::from(self.object(&query.key)?.clone()),
                etag: None,
            })
        };
        self.meter.round_trip(|| queries.iter().map(read).collect())
    }

    fn costs(&self) -> Costs {
        self.meter.costs()
    }
}

fn with_lists(mut writer: NeighboursWriter, lists: &[&[(u32, f32)]]) -> NeighboursWriter {
    for list in lists {
        let list = list
            .iter()
            .map(|&(item, weight)| Neighbour { item, weight });
        writer
            .push(&list.collect::<Vec<_>>())
            .expect("the lists are ascending");
    }
    writer
}

/// Two clusters: what is criminal, and what is not.
fn clusters() -> ClustersWriter {
    let geometry = Geometry {
        confidence: 4.0,
        diagonal: vec![1.0, 1.0],
    };
    let mut clusters =
        ClustersWriter::new(FILMS.len(), geometry, "made by hand").expect("few items");
    let centroids = [[1.0, 0.0], [0.0, 1.0]];
    for (name, centroid) in ["Crime", "Comedy"].iter().zip(&centroids) {
        clusters.push_cluster(name, centroid).expect("two numbers");
    }
    for (item, (_, _, _, genres, _)) in (0..).zip(FILMS) {
        let cluster = u32::from(!genres.contains(&"Crime"));
        let vector = centroids[cluster as usize].map(|coordinate| coordinate * (1.0 + item as f32));
        clusters
            .assign(item, cluster, &vector)
            .expect("the cluster is there");
    }
    clusters
}

/// One rule of [`BASKETS`], and the baskets.
fn rules_and_baskets() -> (RulesWriter, BasketsWriter) {
    let mut rules =
        RulesWriter::new(FILMS.len(), BASKETS.len(), "made by hand").expect("few items");
    rules
        .push(Rule {
            antecedent: vec![1],
            consequent: 3,
            support: 2,
            antecedent_support: 2,
            consequent_support: 2,
        })
        .expect("the second and the fourth film are in two baskets");
    let mut baskets = BasketsWriter::new(FILMS.len()).expect("eight items");
    for (id, name, items) in BASKETS {
        let basket = Basket {
            id: id.to_owned(),
            name: name.to_owned(),
            items: items.to_vec(),
        };
        baskets.push(basket).expect("the items are ascending");
    }
    (rules, baskets)
}

/// Settings that serve `movies`, and `books`, to which nothing has been published, to pages of `https://films.example`.
pub fn settings() -> Settings {
    Settings {
        index_source: IndexSource::Files {
            folder: String::new(),
        },
        collections: vec!["movies".to_owned(), "books".to_owned()],
        default_collection: "movies".to_owned(),
        playlist_collection: "movies".to_owned(),
        cors_origins: Origins::Listed(vec!["https://films.example".to_owned()]),
    }
}

/// A request whose answer comes out of a file of this kind of [`TestStorage::films`]: line and body.
pub fn question_to(kind: FileKind) -> (&'static str, &'static str) {
    const RECOMMEND: &str = "POST /v1/movies/recommendations";
    match kind {
        FileKind::Baskets => ("POST /v1/movies/baskets", r#"{"history":["2"]}"#),
        FileKind::Clusters => (RECOMMEND, r#"{"history":["1"],"algorithm":"clusters"}"#),
        FileKind::Content => (RECOMMEND, r#"{"history":["1"],"algorithm":"content"}"#),
        FileKind::Rules => (RECOMMEND, r#"{"history":["2"],"algorithm":"rules"}"#),
        FileKind::Text => ("GET /v1/movies/search?q=matrix", ""),
        // What is popular is read where nothing else can be said.
        FileKind::Popularity => (RECOMMEND, "{}"),
        _ => (RECOMMEND, r#"{"history":["1"]}"#),
    }
}

/// A request written as `POST /v1/movies/recommendations`, with a body that may be empty.
pub fn request(line: &str, body: &str) -> Request {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let mut request = Request::new(Method::new(method), path);
    request.body = body.as_bytes().to_vec();
    request
}

/// The answer of a function with these routes.
pub fn ask(routes: &[Route], storage: &TestStorage, request: &Request) -> Response {
    let settings = settings();
    let storage = storage.unread();
    respond(request, routes, &Context::new(&settings, &storage, || 7))
}

/// The answer's body as JSON.
pub fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).expect("an answer in JSON")
}

/// Holds an answer against the OpenAPI description.
///
/// # Panics
///
/// If the description has no such path, method or status, or says something else of the answer.
pub fn assert_described(description: &str, request: &Request, response: &Response) {
    let description: Value = serde_json::from_str(description).expect("the description is JSON");
    let mut paths = description["paths"].as_object().into_iter().flatten();
    let fits = |form: &str| {
        let (mut expected, mut found) = (form.split('/'), request.path.split('/'));
        let same = expected.by_ref().zip(found.by_ref());
        let mut same =
            same.filter(|(expected, found)| !expected.starts_with('{') && expected != found);
        same.next().is_none() && form.split('/').count() == request.path.split('/').count()
    };
    let (_, operations) = paths
        .find(|(form, _)| fits(form))
        .expect("a path that is described");
    let responses = &operations[request.method.name().to_lowercase()]["responses"];
    let status = response.status.to_string();
    let range = format!("{}XX", response.status / 100);
    let described = responses.get(&status).unwrap_or(&responses[&range]);
    let content_type = response.header("content-type").unwrap_or_default();
    let schema = &described["content"][content_type]["schema"];
    assert!(
        schema.is_object(),
        "{} {status} {content_type} is not described",
        request.path
    );
    if let Err(problem) = conforms(&description, schema, &body(response)) {
        panic!("{} {status} is not as described: {problem}", request.path);
    }
}

/// As much of JSON Schema as the description uses.
fn conforms(description: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = description.pointer(reference.trim_start_matches('#'));
        return conforms(description, target.ok_or(reference)?, value);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fitting = choices
            .iter()
            .filter(|choice| conforms(description, choice, value).is_ok());
        return if fitting.count() == 1 {
            Ok(())
        } else {
            Err(format!("{value} is not one of the choices"))
        };
    }
    if schema
        .get("const")
        .is_some_and(|expected| expected != value)
    {
        return Err(format!("{value} is another constant"));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|choices| !choices.contains(value))
    {
        return Err(format!("{value} is not in the enumeration"));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_of = |name: &&str| match *name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    if !types.is_empty() && !types.iter().any(is_of) {
        return Err(format!("{value} is not of the types {types:?}"));
    }
    for entry in value.as_array().into_iter().flatten() {
        conforms(description, &schema["items"], entry)?;
    }
    let Some(members) = value.as_object() else {
        return Ok(());
    };
    for name in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !members.contains_key(name) {
            return Err(format!("`{name}` is missing in {value}"));
        }
    }
    for (name, member) in members {
        match (
            schema["properties"].get(name),
            &schema["additionalProperties"],
        ) {
            (Some(schema), _) => conforms(description, schema, member)?,
            (None, Value::Bool(false)) => return Err(format!("`{name}` is not described")),
            (None, additional) => conforms(description, additional, member)?,
        }
    }
    Ok(())
}
