//! A collection: where its data comes from, and how it is learnt, measured and published.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::checks;
use crate::models::{Blend, Content, Rules};
use crate::name::name;
use crate::search::{JudgedTopics, Search};

name! {
    /// A collection's name: 1 to 64 lower-case letters, digits and hyphens, since it is part of URLs and of keys in the bucket.
    CollectionName: 64 bytes that are checks::is_key_part, or "a collection's name" is to be "lower-case letters, digits and hyphens"
}

/// One catalogue with its interactions.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// What people call it.
    pub title: String,
    /// Where the data is; absent: in `parts`.
    #[serde(default)]
    pub source: Source,
    /// Several sources that become one catalogue, instead of `source`.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// How the data is laid out; absent: found out from the files, or [`Layout::Table`] where columns are mapped.
    #[serde(default)]
    pub layout: Option<Layout>,
    /// Whether a recipe made the interactions up, instead of people. Default: false.
    #[serde(default)]
    pub synthetic: bool,
    /// The scale on which people rate; absent: the layout's own, that of the first part with one, or none, where an interaction is only a click.
    #[serde(default)]
    pub values: Option<ValueScale>,
    /// How the data is read.
    #[serde(default)]
    pub import: Import,
    /// How neighbours are learnt.
    #[serde(default)]
    pub train: Train,
    /// How a generation is measured.
    #[serde(default)]
    pub evaluate: Evaluate,
    /// When a generation may replace the one before.
    #[serde(default)]
    pub publish: Publish,
    /// How items are found by words.
    #[serde(default)]
    pub search: Search,
    /// What is predicted from a table; a collection that has this predicts, and recommends nothing.
    #[serde(default)]
    pub predict: Option<Predict>,
}

impl Collection {
    /// Makes relative paths start at `folder`.
    pub(crate) fn start_at(&mut self, folder: &Path) {
        let parts = self.parts.iter_mut().map(|part| &mut part.source);
        let source = match &mut self.source {
            Source::Path(path) => Some(path),
            Source::S3 { .. } | Source::Parts => None,
        };
        let judged = self.evaluate.search.iter_mut();
        let judged = judged.flat_map(|judged| [&mut judged.topics, &mut judged.judgments]);
        for path in parts.chain(source).chain(judged) {
            *path = folder.join(&*path);
        }
    }

    /// The rules that need more than one value.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.predict.is_some()
            && (self.layout.is_some()
                || self.import.interactions.is_some()
                || self.import.items.is_some())
        {
            return Err("`predict` reads a table of its own; remove `layout`, `import.interactions` and `import.items`, or `predict`".to_owned());
        }
        if self.source == Source::Parts {
            self.check_parts()?;
        } else if !self.parts.is_empty() {
            return Err("`source` and `parts` exclude each other: remove one of them".to_owned());
        }
        self.import.check(self.layout)?;
        if self.evaluate.protocol == Protocol::FixedSplit && self.evaluate.split.is_none() {
            return Err(
                "protocol \"fixed-split\" needs `evaluate.split`, such as \"u1\"".to_owned(),
            );
        }
        Ok(())
    }

    fn check_parts(&self) -> Result<(), String> {
        if self.parts.is_empty() {
            return Err(
                "write where the data is: `source`, or `parts` with a `source` each".to_owned(),
            );
        }
        let of_parts = Import {
            posters: self.import.posters.clone(),
            ..Import::default()
        };
        if self.layout.is_some() || self.import != of_parts {
            return Err("a collection in parts has `layout` and `import` in each part, and only `import.posters` for all".to_owned());
        }
        if self.evaluate.protocol == Protocol::FixedSplit {
            return Err(
                "protocol \"fixed-split\" is for a collection with one `source`".to_owned(),
            );
        }
        for (part_idx, part) in self.parts.iter().enumerate() {
            let name = &part.name;
            let others = self.parts.iter().take(part_idx);
            if others.into_iter().any(|other| other.name == *name) {
                return Err(format!("there are two parts `{name}`: rename one of them"));
            }
            if CollectionName::try_from(name.clone()).is_err() {
                return Err(format!(
                    "`{name}` is not a part's name: write 1 to {} lower-case letters, digits and hyphens",
                    CollectionName::MAXIMUM_LEN_BYTES
                ));
            }
            if part.import.posters != Posters::default() {
                return Err(format!(
                    "posters are asked for all parts: write `import.posters` of part `{name}` beside `parts`"
                ));
            }
            part.import
                .check(part.layout)
                .map_err(|message| format!("part `{name}`: {message}"))?;
        }
        Ok(())
    }
}

/// One of several sources of a collection. Its name goes in front of the ids of its items and users: `books:17`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its name, of lower-case letters, digits and hyphens.
    pub name: String,
    /// What its items are, their field `type`; absent: what the source says, else the part's name. What the source says of its own is then in `kind`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The folder or `.zip` that it is in.
    #[serde(deserialize_with = "checks::folder_or_zip")]
    pub source: PathBuf,
    /// As for a whole collection.
    #[serde(default)]
    pub layout: Option<Layout>,
    /// As for a whole collection; values are brought onto the collection's scale.
    #[serde(default)]
    pub values: Option<ValueScale>,
    /// As for a whole collection, but for `posters`.
    #[serde(default)]
    pub import: Import,
}

/// Where the data of a collection is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(try_from = "String")]
pub enum Source {
    /// Several sources, which [`Collection::parts`] has.
    #[default]
    Parts,
    /// A folder or a `.zip`.
    Path(PathBuf),
    /// Objects in a bucket.
    S3 {
        /// The bucket.
        bucket: String,
        /// What the keys begin with; empty for all of them.
        prefix: String,
    },
}

impl TryFrom<String> for Source {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Err(
                "the source is empty: write a folder, a .zip or s3://bucket/prefix".to_owned(),
            );
        }
        match text.strip_prefix("s3://") {
            None if text.contains("://") => Err(format!(
                "`{text}` cannot be read: write a folder, a .zip or s3://bucket/prefix"
            )),
            None => Ok(Self::Path(PathBuf::from(text))),
            Some(address) => {
                let (bucket, prefix) = address.split_once('/').unwrap_or((address, ""));
                if bucket.is_empty() {
                    return Err(format!(
                        "`{text}` names no bucket: write s3://bucket/prefix"
                    ));
                }
                Ok(Self::S3 {
                    bucket: bucket.to_owned(),
                    prefix: prefix.to_owned(),
                })
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parts => formatter.write_str("several sources"),
            Self::Path(path) => write!(formatter, "{}", path.display()),
            Self::S3 { bucket, prefix } => write!(formatter, "s3://{bucket}/{prefix}"),
        }
    }
}

/// Declares [`Layout`] and, of the same lines, what people write and read of each.
macro_rules! layouts {
    ($(#[doc = $files:literal] $variant:ident = $name:literal,)+) => {
        /// How the data of a source is laid out. The comment of each says which files it has.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
        #[allow(clippy::doc_markdown, reason = "the comments are also the help, which is plain text")]
        pub enum Layout {
            $(#[doc = $files] #[serde(rename = $name)] $variant,)+
        }

        impl Layout {
            /// Every layout, in the order in which a source is held against them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// What stands for it in `kindred.toml`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The files that it has.
            pub fn files(self) -> &'static str {
                match self { $(Self::$variant => $files.trim_ascii()),+ }
            }
        }
    };
}

layouts! {
    /// movies.csv (MovieLens, latest and 20m to 32m), u.item (100k) or movies.dat (1m, MovieTweetings), and the ratings beside it
    MovieLens = "movielens",
    /// train.txt and test.txt, a line a user
    Lists = "lists",
    /// playlist*.csv with a song a row, or the Million Playlist Dataset's mpd.slice.*.json
    Playlists = "playlists",
    /// A basket a line: item numbers between spaces (FIMI's *.dat), or a CSV file of item names without a header
    Baskets = "baskets",
    /// books.csv and ratings*.csv of goodbooks-10k, with book_tags.csv and tags.csv if they are there
    Goodbooks = "goodbooks",
    /// netflix*.csv: a catalogue without interactions
    Netflix = "netflix",
    /// shows.csv and episodes.csv: a catalogue without interactions
    Podcasts = "podcasts",
    /// Yelp's *business*.json (in 2014, *business*.csv) and *review*.json, or one of them
    Yelp = "yelp",
    /// Tables whose columns kindred.toml maps
    Table = "table",
}

/// The scale on which people rate, and the value that says neither yes nor no.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(try_from = "UncheckedValueScale")]
pub struct ValueScale {
    /// The lowest value.
    pub minimum: f32,
    /// The highest value.
    pub maximum: f32,
    /// At this value an item says nothing; below it, it counts against its neighbours.
    pub neutral: f32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UncheckedValueScale {
    minimum: f32,
    maximum: f32,
    neutral: f32,
}

impl TryFrom<UncheckedValueScale> for ValueScale {
    type Error = &'static str;

    fn try_from(scale: UncheckedValueScale) -> Result<Self, &'static str> {
        let UncheckedValueScale {
            minimum,
            maximum,
            neutral,
        } = scale;
        let is_finite = minimum.is_finite() && maximum.is_finite();
        if is_finite && minimum < maximum && minimum <= neutral && neutral < maximum {
            Ok(Self {
                minimum,
                maximum,
                neutral,
            })
        } else {
            Err(
                "the scale is not in order: write minimum <= neutral < maximum, such as 0.5, 3.0 and 5.0",
            )
        }
    }
}

/// How the data is read.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Import {
    /// The import stops when more than this share of a file's rows is bad. Default: 0.01.
    #[serde(deserialize_with = "checks::share")]
    pub maximum_bad_row_share: f64,
    /// The file within the source, where it has another name than usual or there are several; only for layouts "baskets" and "playlists".
    pub file: Option<String>,
    /// The table of interactions; only for layout "table".
    pub interactions: Option<InteractionTable>,
    /// The table of items; only for layout "table". Absent: the items are those that somebody touched, and an item's title is its id.
    pub items: Option<ItemTable>,
    /// Where posters are asked for, when there is a key for it.
    pub posters: Posters,
}

impl Default for Import {
    fn default() -> Self {
        Self {
            maximum_bad_row_share: 0.01,
            file: None,
            interactions: None,
            items: None,
            posters: Posters::default(),
        }
    }
}

impl Import {
    /// Whether tables are mapped: of interactions, of items, or of both.
    pub fn has_tables(&self) -> bool {
        self.interactions.is_some() || self.items.is_some()
    }

    /// What goes with a layout, and what does not.
    fn check(&self, layout: Option<Layout>) -> Result<(), String> {
        let has_tables = self.has_tables();
        let message = match layout {
            Some(Layout::Table) if !has_tables => {
                "layout \"table\" needs `import.interactions` or `import.items`, or both, with `file` and `columns`"
            }
            Some(layout) if layout != Layout::Table && has_tables => {
                "`import.interactions` and `import.items` are for layout \"table\"; remove them or `layout`"
            }
            _ if self.file.is_some()
                && !matches!(layout, Some(Layout::Baskets | Layout::Playlists)) =>
            {
                "`import.file` is for layouts \"baskets\" and \"playlists\": write one of them as `layout`"
            }
            _ => return Ok(()),
        };
        Err(message.to_owned())
    }
}

/// A table with an interaction a row.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct InteractionTable {
    /// The file within the source; a `*` in it stands for any characters, for one file a day.
    pub file: String,
    /// How the file is written; absent: by its ending.
    #[serde(default)]
    pub format: Option<FileFormat>,
    /// Which column is what.
    pub columns: InteractionColumns,
}

/// The columns of an interaction.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct InteractionColumns {
    /// Who.
    pub user: Column,
    /// What.
    pub item: Column,
    /// How much; absent: 1 for every row.
    #[serde(default)]
    pub value: Option<Column>,
    /// When: seconds since 1970, or a date, with or without a time of day, as in ISO 8601; absent: unknown.
    #[serde(default)]
    pub time: Option<Column>,
}

/// A table with an item a row.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ItemTable {
    /// The file within the source; a `*` in it stands for any characters.
    pub file: String,
    /// How the file is written; absent: by its ending.
    #[serde(default)]
    pub format: Option<FileFormat>,
    /// The columns that every item has.
    pub columns: ItemColumns,
    /// What else is known of an item, by the name that the field shall have.
    #[serde(default)]
    pub fields: BTreeMap<String, Field>,
}

/// The columns that every item has.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ItemColumns {
    /// The id that interactions use.
    pub id: Column,
    /// The title; absent: the id. A year in brackets behind it, as in `Heat (1995)`, becomes the field `year` where no column is mapped to that.
    #[serde(default)]
    pub title: Option<Column>,
}

/// A column of a table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Column {
    /// By its name in the file's first row; case, spaces and underscores do not matter.
    Name(String),
    /// By its place, from 1, in a file whose first row is data.
    Place(u32),
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColumnVisitor;

        impl Visitor<'_> for ColumnVisitor {
            type Value = Column;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter
                    .write_str("a column's name, or its place from 1 in a file without a header")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Column, E> {
                Ok(Column::Name(name.to_owned()))
            }

            fn visit_i64<E: Error>(self, place: i64) -> Result<Column, E> {
                u32::try_from(place)
                    .ok()
                    .filter(|place| 1 <= *place)
                    .map(Column::Place)
                    .ok_or_else(|| {
                        E::custom(format!(
                            "{place} is not a column's place: the first column is 1"
                        ))
                    })
            }
        }

        deserializer.deserialize_any(ColumnVisitor)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(formatter, "`{name}`"),
            Self::Place(place) => write!(formatter, "number {place}"),
        }
    }
}

/// How a field of an item is read from its table: a column's name alone for a text, or a table with more.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The column.
    pub column: Column,
    /// What its values are. Default: `text-list` with a separator, else `text`.
    pub kind: FieldType,
    /// What stands between the texts of a list. Default: `|`.
    pub separator: String,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct FieldTable {
            column: Column,
            #[serde(default, rename = "type")]
            kind: Option<FieldType>,
            #[serde(default)]
            separator: Option<String>,
        }

        struct FieldVisitor;

        impl<'de> Visitor<'de> for FieldVisitor {
            type Value = Field;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(
                    "a column, or a table such as { column = \"genres\", separator = \"|\" }",
                )
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Field, E> {
                Ok(Field {
                    column: Column::Name(name.to_owned()),
                    kind: FieldType::Text,
                    separator: String::new(),
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field, A::Error> {
                let table = FieldTable::deserialize(MapAccessDeserializer::new(map))?;
                let kind = table.kind.unwrap_or(match table.separator {
                    Some(_) => FieldType::TextList,
                    None => FieldType::Text,
                });
                match (kind, table.separator) {
                    (FieldType::TextList, separator) => {
                        let separator = separator.unwrap_or_else(|| "|".to_owned());
                        if separator.is_empty() {
                            return Err(A::Error::custom(
                                "the separator is empty: write one such as \"|\"",
                            ));
                        }
                        Ok(Field {
                            column: table.column,
                            kind,
                            separator,
                        })
                    }
                    (_, Some(_)) => Err(A::Error::custom(
                        "`separator` is for type \"text-list\"; remove one of them",
                    )),
                    (_, None) => Ok(Field {
                        column: table.column,
                        kind,
                        separator: String::new(),
                    }),
                }
            }
        }

        deserializer.deserialize_any(FieldVisitor)
    }
}

/// What the values of a field are.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// A text.
    Text,
    /// A whole number, such as a year.
    Integer,
    /// A number.
    Real,
    /// Several texts.
    TextList,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    /// Fields between commas, quoted where needed, as RFC 4180 has it.
    Csv,
    /// Fields between tabs, never quoted.
    Tsv,
    /// Apache Parquet.
    Parquet,
    /// A JSON object a line.
    Jsonl,
}

/// Where posters are asked for. Nothing is asked without a key, which comes from the environment.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Posters {
    /// The service's address. Default: OMDb's.
    #[serde(deserialize_with = "checks::web_address")]
    pub service: String,
    /// The highest rate of requests. Default: 5 a second.
    #[serde(deserialize_with = "checks::positive")]
    pub maximum_requests_per_second: f64,
    /// How many items are asked for in one import at most; the next one goes on from there. Default: 1000, OMDb's daily limit without a subscription.
    pub maximum_requests: u32,
}

impl Default for Posters {
    fn default() -> Self {
        Self {
            service: "https://www.omdbapi.com".to_owned(),
            maximum_requests_per_second: 5.0,
            maximum_requests: 1000,
        }
    }
}

/// How neighbours are learnt.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Train {
    /// The model. Default: `ease`.
    pub model: Model,
    /// How strongly weights are held down; only for `ease`. Default: 250.
    #[serde(deserialize_with = "checks::positive")]
    pub regularization: f64,
    /// How alikeness is measured; only for `item-knn`. Default: `cosine`.
    pub similarity: Similarity,
    /// How many neighbours an item keeps at most. Default: 200.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub neighbours: u32,
    /// After how many days an interaction counts half for popularity; 0: age does not matter. Default: 0.
    pub popularity_half_life_days: u32,
    /// How many popular items are kept: 1 to 1000. Default: 1000.
    #[serde(deserialize_with = "checks::popular_count")]
    pub popular_items: u32,
    /// How many well-known items are offered to newcomers: 1 to 200. Default: 60.
    #[serde(deserialize_with = "checks::onboarding_count")]
    pub onboarding_items: u32,
    /// A field of numbers that says how popular an item is, for items that nobody in the data has touched. Where it is absent, they go by their likeness to what is
    /// popular, if content is learnt.
    pub popularity_field: Option<String>,
    /// Association rules; absent: none.
    pub rules: Option<Rules>,
    /// Neighbours by what is said of the items; absent: none, unless there are no interactions to learn from.
    pub content: Option<Content>,
    /// How items are grouped.
    pub clusters: Clusters,
    /// Weights over all of these by the length of the history; absent: the first of them that is there and has something to say.
    pub blend: Option<Blend>,
}

impl Default for Train {
    fn default() -> Self {
        Self {
            model: Model::Ease,
            regularization: 250.0,
            similarity: Similarity::Cosine,
            neighbours: 200,
            popularity_half_life_days: 0,
            popular_items: 1000,
            onboarding_items: 60,
            popularity_field: None,
            rules: None,
            content: None,
            clusters: Clusters::default(),
            blend: None,
        }
    }
}

/// How items are given vectors and grouped.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Clusters {
    /// How long the vectors are, at most 64. Default: 16.
    #[serde(deserialize_with = "checks::dimensions")]
    pub dimensions: u32,
    /// How much what somebody touched weighs, where everything else weighs 1; at least 1. Default: 4.
    #[serde(deserialize_with = "checks::confidence")]
    pub confidence: f64,
    /// How strongly vectors are held down, as a share of what they weigh. Default: 0.003.
    #[serde(deserialize_with = "checks::positive")]
    pub regularization: f64,
    /// How many clusters there are, at most 255; absent: of some numbers about the square root of the number of items, the one whose clusters are the most distinct.
    #[serde(deserialize_with = "checks::cluster_count")]
    pub count: Option<u32>,
}

impl Default for Clusters {
    fn default() -> Self {
        Self {
            dimensions: 16,
            confidence: 4.0,
            regularization: 0.003,
            count: None,
        }
    }
}

/// What is learnt.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// The item-item linear model, pruned and fitted again on what is left.
    Ease,
    /// Items that the same people touched, by [`Similarity`].
    ItemKnn,
}

/// How alike two items are by the people who touched them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Similarity {
    /// The cosine of their columns.
    Cosine,
    /// The cosine after weighting people who touch much less than people who touch little.
    TfIdf,
    /// As `TfIdf`, with BM25's saturation.
    Bm25,
}

/// How a generation is measured.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Evaluate {
    /// The protocol. Default: `strong-generalisation`.
    pub protocol: Protocol,
    /// The share of users that training never sees; only for strong generalisation. Default: 0.1.
    #[serde(deserialize_with = "checks::share")]
    pub held_out_user_share: f64,
    /// The share of a held-out user's history that is shown; the rest is to be found. Default: 0.8.
    #[serde(deserialize_with = "checks::share")]
    pub fold_in_share: f64,
    /// One run a seed. Default: 1, 2, 3.
    #[serde(deserialize_with = "checks::not_empty")]
    pub seeds: Vec<u64>,
    /// The lengths of list at which quality is reported; the last one's NDCG is the figure that publishing compares. Default: 20, 100.
    #[serde(deserialize_with = "checks::each_at_least_one")]
    pub cutoffs: Vec<u32>,
    /// How many bootstrap samples make the interval. Default: 1000.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub bootstrap_samples: u32,
    /// The split that the source brings, such as `u1` for ml-100k; only for fixed splits.
    pub split: Option<String>,
    /// Questions with judged answers; absent: the search is not measured.
    pub search: Option<JudgedTopics>,
}

impl Default for Evaluate {
    fn default() -> Self {
        Self {
            protocol: Protocol::StrongGeneralisation,
            held_out_user_share: 0.1,
            fold_in_share: 0.8,
            seeds: vec![1, 2, 3],
            cutoffs: vec![20, 100],
            bootstrap_samples: 1000,
            split: None,
            search: None,
        }
    }
}

/// What is hidden, and from whom.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Some users are held out as a whole; most of their history is folded in and the rest is to be found.
    StrongGeneralisation,
    /// The last interaction of every user is to be found.
    LeaveOneOut,
    /// The source brings its own training and test files.
    FixedSplit,
}

/// When a generation may replace the one before.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Publish {
    /// A generation whose quality is lower than the current one's by more than this share of it is refused. Default: 0.02.
    #[serde(deserialize_with = "checks::share")]
    pub maximum_quality_loss: f64,
    /// How many generations `gc` leaves, the current one included. Default: 3.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub kept_generations: u32,
}

impl Default for Publish {
    fn default() -> Self {
        Self {
            maximum_quality_loss: 0.02,
            kept_generations: 3,
        }
    }
}

/// What is predicted from a table: for each row, the class in its target column.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Predict {
    /// The table: a file within the source, of comma-separated values with the names of the columns in its first row.
    pub file: String,
    /// The column with the class.
    pub target: String,
    /// The class that answers of two sides are about.
    pub positive: String,
    /// What learns. Default: `forest`.
    #[serde(default)]
    pub model: PredictionModel,
    /// Columns that are not learnt from.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Columns that are learnt from though they decide the target alone, or name rows.
    #[serde(default)]
    pub keep_leaking: Vec<String>,
    /// How many trees a forest has. Default: 100.
    #[serde(default = "hundred", deserialize_with = "checks::at_least_one")]
    pub trees: u32,
    /// The most splits from the root of a tree to a leaf, at most 200. Default: 200.
    #[serde(default = "two_hundred", deserialize_with = "checks::tree_depth")]
    pub maximum_depth: u32,
    /// The fewest rows in a leaf. Default: 1.
    #[serde(default = "one", deserialize_with = "checks::at_least_one")]
    pub minimum_leaf: u32,
    /// How strongly coefficients are held down; only for `logistic`. Default: 1.
    #[serde(default = "unit", deserialize_with = "checks::positive")]
    pub penalty: f64,
    /// Into how many folds cross-validation deals the rows. Default: 5.
    #[serde(default = "five", deserialize_with = "checks::at_least_two")]
    pub folds: u32,
    /// How often it deals them anew. Default: 10.
    #[serde(default = "ten", deserialize_with = "checks::at_least_one")]
    pub repeats: u32,
    /// What decides the draws of trees and folds. Default: 1.
    #[serde(default = "first")]
    pub seed: u64,
}

impl Predict {
    /// What predicts `target`, with everything else at its default.
    pub fn new(file: &str, target: &str, positive: &str) -> Self {
        Self {
            file: file.to_owned(),
            target: target.to_owned(),
            positive: positive.to_owned(),
            model: PredictionModel::default(),
            exclude: Vec::new(),
            keep_leaking: Vec::new(),
            trees: hundred(),
            maximum_depth: two_hundred(),
            minimum_leaf: one(),
            penalty: unit(),
            folds: five(),
            repeats: ten(),
            seed: first(),
        }
    }
}

/// What learns from a table.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum PredictionModel {
    /// A random forest.
    #[default]
    Forest,
    /// Logistic regression, for two classes.
    Logistic,
}

fn hundred() -> u32 {
    100
}

fn two_hundred() -> u32 {
    checks::TREE_DEPTH_MAX
}

fn one() -> u32 {
    1
}

fn unit() -> f64 {
    1.0
}

fn five() -> u32 {
    5
}

fn ten() -> u32 {
    10
}

fn first() -> u64 {
    1
}
