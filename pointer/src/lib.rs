//! The manifest of a generation and the pointer to it.
//!
//! A generation's [`Manifest`] is written twice: immutable beside its files, and as `current.json`, the pointer, which is replaced last and
//! conditionally. The functions need nothing else to plan their first read: the manifest carries the length of every file's head, and where the tables lie
//! that are read beside it.
//!
//! [`CollectionKeys`] says where all of it lies in a bucket, and [`archive`] how a sealed function carries the same objects. This crate is compiled
//! into every function, so it stays small: it knows no clock, and hashes what is never published alone.

pub mod archive;
mod compact;
mod document;
mod entry;
mod error;
mod keys;

use index::SortedMap;
use serde::{Deserialize, Serialize};

pub use compact::COMPACT_MAGIC;
use document::Members;
pub use entry::{FileEntry, TablePlace, as_object};
pub use error::ManifestError;
pub use keys::CollectionKeys;

/// The version of this document that the code writes, and the newest that it reads.
pub const MANIFEST_VERSION: u32 = 1;

/// No head is longer: a function reads it whole into its memory before it knows what is in it.
pub const MAXIMUM_HEAD_LEN_BYTES: u32 = 64 << 20;

/// No bucket of a table is longer: a function reads one for every key of a request.
pub const MAXIMUM_BUCKET_LEN_BYTES: u32 = 1 << 20;

/// How many hexadecimal digits name a generation: 64 bits of the hash of its content.
pub const GENERATION_LEN: usize = 16;

/// One complete build of a collection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Manifest {
    /// [`MANIFEST_VERSION`] of the writer.
    pub version: u32,
    /// The collection's name, which is also its folder in the bucket.
    pub collection: String,
    /// What people call the collection.
    pub title: String,
    /// The hash of everything below but the times: two builds of the same content have the same name.
    pub generation: String,
    /// When the generation was built, RFC 3339 in UTC.
    pub created_at: String,
    /// How many items the catalogue holds.
    pub item_count: u64,
    /// Whether the interactions were made up by a recipe instead of by people.
    pub synthetic: bool,
    /// The scale of the interactions' values; absent where an interaction is only a click.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<ValueScale>,
    /// What the evaluation measured, when it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// The index files by kind, such as `neighbours`.
    #[serde(serialize_with = "entry::as_object")]
    pub files: SortedMap<String, FileEntry>,
    /// What recommendations go by, by the length of the history, ascending; empty where nobody learnt it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blend: Vec<BlendStep>,
    /// The generation that this one replaced, for a rollback; only the pointer has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}

/// What recommendations go by from some length of a history on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BlendStep {
    /// The shortest history that it is for.
    pub history_min_len: u32,
    /// The weights of the algorithms by their names, all above zero. A reader leaves out those that it does not know.
    #[serde(serialize_with = "entry::as_object")]
    pub weights: SortedMap<String, f32>,
}

impl Manifest {
    /// What recommendations for a history of this length go by, if it was learnt.
    pub fn blend_for(&self, history_len: usize) -> Option<&BlendStep> {
        let mut steps = self.blend.iter().rev();
        steps.find(|step| step.history_min_len as usize <= history_len)
    }

    /// Reads a manifest or a pointer of the named collection, in JSON or as [`Self::to_compact`] wrote it.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] when the bytes are no manifest, one of a newer version, one of another collection, one whose names would lead
    /// outside of the collection's folder, or one with a number that no reader should act on.
    pub fn parse(bytes: &[u8], collection: &str) -> Result<Self, ManifestError> {
        let manifest = match compact::read(bytes) {
            Some(manifest) => {
                check_version(manifest.version)?;
                manifest
            }
            None => Self::of_json(bytes)?,
        };
        if manifest.collection != collection {
            return Err(ManifestError::WrongCollection {
                expected: collection.to_owned(),
                found: manifest.collection,
            });
        }
        // These names become parts of keys, so they are checked before anybody builds one.
        if !is_generation_name(&manifest.generation) {
            return Err(ManifestError::BadName {
                name: manifest.generation,
            });
        }
        if let Some(name) = manifest
            .previous
            .iter()
            .find(|name| !is_generation_name(name))
        {
            return Err(ManifestError::BadName { name: name.clone() });
        }
        if let Some(kind) = manifest.files.keys().find(|kind| !is_kind_name(kind)) {
            return Err(ManifestError::BadName { name: kind.clone() });
        }
        manifest.check_values()?;
        Ok(manifest)
    }

    fn of_json(bytes: &[u8]) -> Result<Self, ManifestError> {
        let document: serde_json::Value = serde_json::from_slice(bytes)?;
        let members = Members::of(&document)?;
        // First, so that a newer document is called newer and not malformed.
        check_version(members.whole("version")?)?;
        Ok(document::manifest(members)?)
    }

    /// Whether every number is one that the functions may act on.
    fn check_values(&self) -> Result<(), ManifestError> {
        let bad = |field: &str, expected: String| {
            Err(ManifestError::BadValue {
                field: field.to_owned(),
                expected,
            })
        };
        if self.version == 0 {
            return bad("version", "1 or more".to_owned());
        }
        // Items are numbered in 32 bits.
        if u64::from(u32::MAX) < self.item_count {
            return bad("item_count", format!("at most {}", u32::MAX));
        }
        if self.values.is_some_and(|scale| !scale.is_ordered()) {
            return bad(
                "values",
                "finite, with `neutral` between `minimum` and `maximum`".to_owned(),
            );
        }
        let lens = self.blend.iter().map(|step| step.history_min_len);
        let weights = self.blend.iter().flat_map(|step| step.weights.values());
        let is_weight = |weight: &f32| weight.is_finite() && 0.0 < *weight;
        if !lens.is_sorted() || !weights.into_iter().all(is_weight) {
            return bad(
                "blend",
                "ascending in `history_min_len`, with finite weights above 0".to_owned(),
            );
        }
        for (kind, file) in &self.files {
            let field = format!("files.{kind}.head_len_bytes");
            if MAXIMUM_HEAD_LEN_BYTES < file.head_len_bytes {
                return bad(&field, format!("at most {MAXIMUM_HEAD_LEN_BYTES}"));
            }
            if file.file_len_bytes < u64::from(file.head_len_bytes) {
                return bad(&field, "at most the length of its file".to_owned());
            }
            for (name, table) in &file.tables {
                let field = format!("files.{kind}.tables.{name}");
                if table.bucket_count == 0 {
                    return bad(&format!("{field}.bucket_count"), "1 or more".to_owned());
                }
                if !(1..=MAXIMUM_BUCKET_LEN_BYTES).contains(&table.bucket_len_bytes) {
                    let expected = format!("1 to {MAXIMUM_BUCKET_LEN_BYTES}");
                    return bad(&format!("{field}.bucket_len_bytes"), expected);
                }
                if table.end().is_none_or(|end| file.file_len_bytes < end) {
                    return bad(&field, "within its file".to_owned());
                }
            }
        }
        Ok(())
    }

    /// The document as it is stored: the same manifest always gives the same bytes.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect(
            "every key is a string and every value a plain type, so nothing can fail to serialise",
        );
        bytes.push(b'\n');
        bytes
    }

    /// The same in few bytes that are read at once: for what is never published, and read in every request.
    pub fn to_compact(&self) -> Vec<u8> {
        compact::write(self)
    }

    /// The bytes whose SHA-256 names the generation: the document without its name, its time and its predecessor, so that two builds of the
    /// same content have the same name.
    pub fn content(&self) -> Vec<u8> {
        let content = Self {
            generation: String::new(),
            created_at: String::new(),
            previous: None,
            ..self.clone()
        };
        content.to_json()
    }
}

fn check_version(version: u32) -> Result<(), ManifestError> {
    if version <= MANIFEST_VERSION {
        return Ok(());
    }
    Err(ManifestError::NewerVersion {
        version,
        newest_readable: MANIFEST_VERSION,
    })
}

/// Whether a document is in the form of [`Manifest::to_compact`], which has a checksum of its own.
pub fn is_compact(document: &[u8]) -> bool {
    document.starts_with(COMPACT_MAGIC.as_bytes())
}

/// [`Manifest::content`] out of a document as [`Manifest::to_json`] wrote it, without writing it anew: what names no content is cut out.
///
/// What was written differently gives other bytes, and so, as all that is damaged, another name.
pub fn content_of(document: &[u8], manifest: &Manifest) -> Vec<u8> {
    let Manifest {
        generation,
        created_at,
        previous,
        ..
    } = manifest;
    let text = String::from_utf8_lossy(document);
    // Within a text of the document every quotation mark has a backslash before it, so these stand where they are meant.
    let mut text = text
        .replacen(
            &format!("\"generation\":\"{generation}\""),
            "\"generation\":\"\"",
            1,
        )
        .replacen(
            &format!("\"created_at\":\"{created_at}\""),
            "\"created_at\":\"\"",
            1,
        );
    if let Some(previous) = previous {
        text = text.replacen(&format!(",\"previous\":\"{previous}\""), "", 1);
    }
    text.into_bytes()
}

/// Whether a text has the form of a generation's name: [`GENERATION_LEN`] lower-case hexadecimal digits.
pub fn is_generation_name(name: &str) -> bool {
    name.len() == GENERATION_LEN
        && name
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_kind_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The scale on which people rate, and the value that says neither yes nor no.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct ValueScale {
    /// The lowest value.
    pub minimum: f32,
    /// The highest value.
    pub maximum: f32,
    /// At this value an item says nothing; below it, it counts against its neighbours.
    pub neutral: f32,
}

impl ValueScale {
    /// Whether the values are finite and in their order.
    fn is_ordered(&self) -> bool {
        self.minimum.is_finite()
            && self.maximum.is_finite()
            && self.minimum <= self.neutral
            && self.neutral <= self.maximum
    }
}

/// One measured figure with its confidence interval. The numbers have at most 15 digits, so that a reader of JSON that is not exact beyond that gives them back.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Quality {
    /// Such as `ndcg@100`.
    pub metric: String,
    /// The mean over users.
    pub value: f64,
    /// Lower end of the 95 % bootstrap interval.
    pub low: f64,
    /// Upper end of the 95 % bootstrap interval.
    pub high: f64,
    /// How it was measured, in words.
    pub protocol: String,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> Manifest {
        Manifest {
            version: MANIFEST_VERSION,
            collection: "movies".to_owned(),
            title: "Films".to_owned(),
            generation: "3f2a9c01d4e5b6a7".to_owned(),
            created_at: "2026-11-21T12:00:00Z".to_owned(),
            item_count: 2,
            synthetic: false,
            values: Some(ValueScale {
                minimum: 0.5,
                maximum: 5.0,
                neutral: 3.0,
            }),
            quality: None,
            files: SortedMap::from([(
                "neighbours".to_owned(),
                FileEntry {
                    file_len_bytes: 900,
                    head_len_bytes: 100,
                    sha256: "ab".repeat(32),
                    tables: SortedMap::from([(
                        "ids".to_owned(),
                        TablePlace {
                            offset: 100,
                            bucket_count: 3,
                            bucket_len_bytes: 200,
                        },
                    )]),
                },
            )]),
            blend: Vec::new(),
            previous: None,
        }
    }

    /// From one item on, and from twenty on.
    pub(crate) fn sample_blend() -> Vec<BlendStep> {
        let step = |history_min_len, weights: &[(&str, f32)]| BlendStep {
            history_min_len,
            weights: weights
                .iter()
                .map(|&(name, weight)| (name.to_owned(), weight))
                .collect(),
        };
        vec![
            step(1, &[("clusters", 1.0)]),
            step(20, &[("neighbours", 1.0), ("clusters", 0.4)]),
        ]
    }

    #[test]
    fn the_length_of_a_history_decides_what_it_goes_by() {
        let mut manifest = sample();
        assert_eq!(manifest.blend_for(5), None);
        manifest.blend = sample_blend();
        assert_eq!(manifest.blend_for(0), None);
        assert_eq!(manifest.blend_for(1), Some(&manifest.blend[0]));
        assert_eq!(manifest.blend_for(19), Some(&manifest.blend[0]));
        assert_eq!(manifest.blend_for(20), Some(&manifest.blend[1]));
        let read = Manifest::parse(&manifest.to_json(), "movies").unwrap();
        assert_eq!(read, manifest);
        assert_ne!(manifest.content(), sample().content());
    }

    #[test]
    fn a_blend_that_is_out_of_order_or_weighs_nothing_is_refused() {
        let refusal = "`blend` of the manifest is to be ascending in `history_min_len`, with finite weights above 0";
        let edits: [fn(&mut Vec<BlendStep>); 3] = [
            |blend| blend.reverse(),
            |blend| blend[0].weights = [("clusters".to_owned(), 0.0)].into_iter().collect(),
            |blend| blend[1].weights = [("clusters".to_owned(), -1.0)].into_iter().collect(),
        ];
        for edit in edits {
            let document = edited(|manifest| {
                manifest.blend = sample_blend();
                edit(&mut manifest.blend);
            });
            check(&document, refusal);
        }
    }

    /// The only door to the parser: the error's text, or `ok`.
    fn check(document: &str, expected: &str) {
        let found = match Manifest::parse(document.as_bytes(), "movies") {
            Ok(_) => "ok".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{document}");
    }

    fn edited(edit: impl FnOnce(&mut Manifest)) -> String {
        let mut manifest = sample();
        edit(&mut manifest);
        String::from_utf8(manifest.to_json()).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let manifest = sample();
        assert_eq!(
            Manifest::parse(&manifest.to_json(), "movies").unwrap(),
            manifest
        );
    }

    #[test]
    fn both_forms_are_held_to_the_same() {
        let manifest = sample();
        let parse = |manifest: &Manifest| Manifest::parse(&manifest.to_compact(), "movies");
        assert_eq!(parse(&manifest).unwrap(), manifest);
        let edits: [fn(&mut Manifest); 4] = [
            |manifest| manifest.version = MANIFEST_VERSION + 1,
            |manifest| manifest.collection = "books".to_owned(),
            |manifest| manifest.generation = "../../secrets/ab".to_owned(),
            |manifest| manifest.version = 0,
        ];
        for edit in edits {
            let mut manifest = sample();
            edit(&mut manifest);
            let of_json = Manifest::parse(&manifest.to_json(), "movies").unwrap_err();
            assert_eq!(
                parse(&manifest).unwrap_err().to_string(),
                of_json.to_string()
            );
        }
    }

    #[test]
    fn the_content_of_a_document_is_found_in_its_bytes() {
        for (title, previous) in [
            ("Films", None),
            ("Films", Some("0123456789abcdef".to_owned())),
            ("\"generation\":\"3f2a9c01d4e5b6a7\"", None),
        ] {
            let manifest = Manifest {
                title: title.to_owned(),
                previous,
                ..sample()
            };
            let document = manifest.to_json();
            assert_eq!(content_of(&document, &manifest), manifest.content());
        }
    }

    #[test]
    fn every_refusal_names_what_is_wrong() {
        check(&edited(|_| ()), "ok");
        check("", "this is not a manifest");
        check("{\"version\":1}", "this is not a manifest");
        check(
            "{\"version\":2,\"anything\":[]}",
            "the manifest has version 2, and this program reads versions up to 1: upgrade it, or publish the collection again",
        );
        check(
            &edited(|manifest| manifest.collection = "books".to_owned()),
            "the manifest is of the collection `books`, not of `movies`",
        );
        check(
            &edited(|manifest| manifest.generation = "../../secrets/ab".to_owned()),
            "`../../secrets/ab` cannot be part of a key",
        );
        check(
            &edited(|manifest| manifest.previous = Some("ABCDEF0123456789".to_owned())),
            "`ABCDEF0123456789` cannot be part of a key",
        );
        check(
            &edited(|manifest| {
                let entry = manifest.files["neighbours"].clone();
                manifest.files.insert("../x".to_owned(), entry);
            }),
            "`../x` cannot be part of a key",
        );
    }

    #[test]
    fn a_head_is_no_longer_than_its_file_and_than_anybody_should_read() {
        let heads = |head_len_bytes, file_len_bytes| {
            edited(|manifest| {
                let entry = manifest.files.get_mut("neighbours").unwrap();
                entry.head_len_bytes = head_len_bytes;
                entry.file_len_bytes = file_len_bytes;
                entry.tables.clear();
            })
        };
        check(&heads(100, 100), "ok");
        check(&heads(MAXIMUM_HEAD_LEN_BYTES, u64::MAX), "ok");
        check(
            &heads(101, 100),
            "`files.neighbours.head_len_bytes` of the manifest is to be at most the length of its file",
        );
        for head_len_bytes in [MAXIMUM_HEAD_LEN_BYTES + 1, u32::MAX] {
            check(
                &heads(head_len_bytes, u64::MAX),
                "`files.neighbours.head_len_bytes` of the manifest is to be at most 67108864",
            );
        }
    }

    #[test]
    fn a_table_lies_in_its_file_and_its_buckets_are_no_longer_than_anybody_should_read() {
        let table = |offset, bucket_count, bucket_len_bytes| {
            edited(|manifest| {
                let entry = manifest.files.get_mut("neighbours").unwrap();
                let place = TablePlace {
                    offset,
                    bucket_count,
                    bucket_len_bytes,
                };
                entry.tables.insert("ids".to_owned(), place);
            })
        };
        let of_table = |what: &str| format!("`files.neighbours.tables.ids{what}");
        check(&table(100, 4, 200), "ok");
        for (offset, bucket_count) in [(101, 4), (100, 5), (u64::MAX, 1), (0, u32::MAX)] {
            let expected = of_table("` of the manifest is to be within its file");
            check(&table(offset, bucket_count, 200), &expected);
        }
        check(
            &table(100, 0, 200),
            &of_table(".bucket_count` of the manifest is to be 1 or more"),
        );
        for bucket_len_bytes in [0, MAXIMUM_BUCKET_LEN_BYTES + 1] {
            check(
                &table(100, 1, bucket_len_bytes),
                &of_table(".bucket_len_bytes` of the manifest is to be 1 to 1048576"),
            );
        }
        let without = edited(|manifest| {
            let entry = manifest.files.get_mut("neighbours").unwrap();
            entry.tables.clear();
        });
        assert!(!without.contains("tables"), "{without}");
        check(&without, "ok");
    }

    #[test]
    fn numbers_that_no_reader_should_act_on_are_refused() {
        check(
            &edited(|manifest| manifest.version = 0),
            "`version` of the manifest is to be 1 or more",
        );
        check(
            &edited(|manifest| manifest.item_count = u64::from(u32::MAX)),
            "ok",
        );
        check(
            &edited(|manifest| manifest.item_count = u64::from(u32::MAX) + 1),
            "`item_count` of the manifest is to be at most 4294967295",
        );
        let scale = |minimum: &str, neutral: &str, maximum: &str| {
            let text = edited(|_| ());
            let sound = r#"{"minimum":0.5,"maximum":5.0,"neutral":3.0}"#;
            assert!(text.contains(sound), "{text}");
            let other =
                format!(r#"{{"minimum":{minimum},"maximum":{maximum},"neutral":{neutral}}}"#);
            text.replace(sound, &other)
        };
        check(&scale("1", "1", "1"), "ok");
        // The last ones are no 32-bit numbers and become infinite.
        for (minimum, neutral, maximum) in [
            ("5", "3", "1"),
            ("1", "0", "5"),
            ("1", "6", "5"),
            ("1", "3", "1e300"),
            ("-1e300", "3", "5"),
        ] {
            check(
                &scale(minimum, neutral, maximum),
                "`values` of the manifest is to be finite, with `neutral` between `minimum` and `maximum`",
            );
        }
    }

    #[test]
    fn the_content_leaves_out_name_time_and_predecessor_only() {
        let content = sample().content();
        let same: [fn(&mut Manifest); 3] = [
            |manifest| manifest.generation = "0".repeat(GENERATION_LEN),
            |manifest| manifest.created_at = String::new(),
            |manifest| manifest.previous = Some("0".repeat(GENERATION_LEN)),
        ];
        for edit in same {
            let mut manifest = sample();
            edit(&mut manifest);
            assert_eq!(manifest.content(), content);
        }
        let other: [fn(&mut Manifest); 4] = [
            |manifest| manifest.title.push('!'),
            |manifest| manifest.item_count += 1,
            |manifest| manifest.values = None,
            |manifest| manifest.files.clear(),
        ];
        for edit in other {
            let mut manifest = sample();
            edit(&mut manifest);
            assert_ne!(manifest.content(), content);
        }
    }
}
