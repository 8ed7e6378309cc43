//! The manifest of a generation and the pointer to it.
//!
//! A generation's [`Manifest`] is written twice: immutable beside its files, and as `current.json`, the pointer, which is replaced last and
//! conditionally. The functions need nothing else to plan their first read: the manifest carries the length of every file's head.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of this document that the code writes, and the newest that it reads.
pub const MANIFEST_VERSION: u32 = 1;

/// One complete build of a collection.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
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
    #[serde(default)]
    pub synthetic: bool,
    /// The scale of the interactions' values; absent where an interaction is only a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<ValueScale>,
    /// What the evaluation measured, when it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// The index files by kind, such as `neighbours`.
    pub files: BTreeMap<String, FileEntry>,
    /// The generation that this one replaced, for a rollback; only the pointer has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
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

/// One measured figure with its confidence interval.
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

/// One index file of a generation, at `<collection>/g/<generation>/<kind>.kdx`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileEntry {
    /// The whole file's length.
    pub file_len_bytes: u64,
    /// The length of the head, the first read of a query.
    pub head_len_bytes: u32,
    /// SHA-256 of the whole file, in lower-case hexadecimal digits.
    pub sha256: String,
}
