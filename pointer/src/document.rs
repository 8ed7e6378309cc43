//! Reading a manifest out of its JSON.
//!
//! By hand: what a derived reader makes of the same members, each with its errors, would be a tenth of a function.

use index::SortedMap;
use serde::de::Error as _;
use serde_json::{Map, Value};

use crate::{BlendStep, FileEntry, Manifest, Quality, TablePlace, ValueScale};

/// Why a document is not of the shape.
type Result<T> = std::result::Result<T, serde_json::Error>;

/// The members of an object.
#[derive(Clone, Copy)]
pub(crate) struct Members<'a> {
    members: &'a Map<String, Value>,
}

impl<'a> Members<'a> {
    /// An object.
    pub(crate) fn of(value: &'a Value) -> Result<Self> {
        match value {
            Value::Object(members) => Ok(Self { members }),
            _ => Err(serde_json::Error::custom("an object is missing")),
        }
    }

    /// The member of this name, which is to be such that `read` takes it.
    fn get<T>(self, name: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Result<T> {
        let found = self.members.get(name).and_then(read);
        found.ok_or_else(|| missing(name))
    }

    /// The member of this name, if it is there.
    fn optional(self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn whole<T: TryFrom<u64>>(self, name: &str) -> Result<T> {
        self.get(name, |value| T::try_from(value.as_u64()?).ok())
    }

    fn number(self, name: &str) -> Result<f64> {
        self.get(name, Value::as_f64)
    }

    fn text(self, name: &str) -> Result<String> {
        self.get(name, |value| value.as_str().map(str::to_owned))
    }
}

fn missing(name: &str) -> serde_json::Error {
    serde_json::Error::custom(format_args!(
        "`{name}` is missing, or not what it should be"
    ))
}

/// A manifest whose names and numbers nobody has looked at.
pub(crate) fn manifest(members: Members<'_>) -> Result<Manifest> {
    let mut files = SortedMap::new();
    for (kind, value) in members.get("files", Value::as_object)? {
        files.insert(kind.clone(), file_entry(Members::of(value)?)?);
    }
    Ok(Manifest {
        version: members.whole("version")?,
        collection: members.text("collection")?,
        title: members.text("title")?,
        generation: members.text("generation")?,
        created_at: members.text("created_at")?,
        item_count: members.whole("item_count")?,
        synthetic: match members.optional("synthetic") {
            Some(_) => members.get("synthetic", Value::as_bool)?,
            None => false,
        },
        values: match members.optional("values") {
            Some(value) => Some(value_scale(Members::of(value)?)?),
            None => None,
        },
        quality: match members.optional("quality") {
            Some(value) => Some(quality(Members::of(value)?)?),
            None => None,
        },
        files,
        blend: match members.optional("blend") {
            Some(_) => members
                .get("blend", Value::as_array)?
                .iter()
                .map(|step| blend_step(Members::of(step)?))
                .collect::<Result<_>>()?,
            None => Vec::new(),
        },
        previous: match members.optional("previous") {
            Some(_) => Some(members.text("previous")?),
            None => None,
        },
    })
}

fn blend_step(members: Members<'_>) -> Result<BlendStep> {
    let mut weights = SortedMap::new();
    for (name, weight) in members.get("weights", Value::as_object)? {
        let weight = weight.as_f64().ok_or_else(|| missing(name))?;
        weights.insert(name.clone(), weight as f32);
    }
    Ok(BlendStep {
        history_min_len: members.whole("history_min_len")?,
        weights,
    })
}

fn file_entry(members: Members<'_>) -> Result<FileEntry> {
    let mut tables = SortedMap::new();
    if members.optional("tables").is_some() {
        for (name, value) in members.get("tables", Value::as_object)? {
            tables.insert(name.clone(), table_place(Members::of(value)?)?);
        }
    }
    Ok(FileEntry {
        file_len_bytes: members.whole("file_len_bytes")?,
        head_len_bytes: members.whole("head_len_bytes")?,
        sha256: members.text("sha256")?,
        tables,
    })
}

fn table_place(members: Members<'_>) -> Result<TablePlace> {
    Ok(TablePlace {
        offset: members.whole("offset")?,
        bucket_count: members.whole("bucket_count")?,
        bucket_len_bytes: members.whole("bucket_len_bytes")?,
    })
}

fn value_scale(members: Members<'_>) -> Result<ValueScale> {
    Ok(ValueScale {
        minimum: members.number("minimum")? as f32,
        maximum: members.number("maximum")? as f32,
        neutral: members.number("neutral")? as f32,
    })
}

fn quality(members: Members<'_>) -> Result<Quality> {
    Ok(Quality {
        metric: members.text("metric")?,
        value: members.number("value")?,
        low: members.number("low")?,
        high: members.number("high")?,
        protocol: members.text("protocol")?,
    })
}
