//! A manifest in few bytes, for where every request reads it: the archive of a sealed function, and what requests leave each other. To read the JSON takes a
//! function some 25 microseconds, to read this 2.
//!
//! [`COMPACT_MAGIC`], the XXH64 of what follows, then all members in their order: numbers little-endian in their width, a text as its length in 32 bits and its
//! UTF-8, what may be absent and what is repeated behind how often it is there, in 32 bits. It is never published: another layout gets another magic.

use index::SortedMap;
use xxhash_rust::xxh64::xxh64;

use crate::{BlendStep, FileEntry, Manifest, Quality, TablePlace, ValueScale};

/// What it begins with, as no JSON does. Whoever keeps such manifests where other versions of a program find them puts this into the name.
pub const COMPACT_MAGIC: &str = "KDM2";

pub(crate) fn write(manifest: &Manifest) -> Vec<u8> {
    let Manifest {
        version,
        collection,
        title,
        generation,
        created_at,
        item_count,
        synthetic,
        values,
        quality,
        files,
        blend,
        previous,
    } = manifest;
    let mut to = Writer(Vec::new());
    to.number(version.to_le_bytes());
    for text in [collection, title, generation, created_at] {
        to.text(text);
    }
    to.number(item_count.to_le_bytes());
    to.count(usize::from(*synthetic));
    to.optional(values.as_ref(), |to, scale| {
        for value in [scale.minimum, scale.maximum, scale.neutral] {
            to.number(value.to_le_bytes());
        }
    });
    to.optional(quality.as_ref(), |to, quality| {
        to.text(&quality.metric);
        for value in [quality.value, quality.low, quality.high] {
            to.number(value.to_le_bytes());
        }
        to.text(&quality.protocol);
    });
    to.count(files.len());
    for (kind, file) in files {
        to.text(kind);
        to.number(file.file_len_bytes.to_le_bytes());
        to.number(file.head_len_bytes.to_le_bytes());
        to.text(&file.sha256);
        to.count(file.tables.len());
        for (name, place) in &file.tables {
            to.text(name);
            to.number(place.offset.to_le_bytes());
            to.number(place.bucket_count.to_le_bytes());
            to.number(place.bucket_len_bytes.to_le_bytes());
        }
    }
    to.count(blend.len());
    for step in blend {
        to.number(step.history_min_len.to_le_bytes());
        to.count(step.weights.len());
        for (name, weight) in &step.weights {
            to.text(name);
            to.number(weight.to_le_bytes());
        }
    }
    to.optional(previous.as_deref(), Writer::text);
    let checksum = xxh64(&to.0, 0).to_le_bytes();
    [COMPACT_MAGIC.as_bytes(), &checksum, &to.0].concat()
}

/// Nothing but what [`write()`] wrote, to the bit.
pub(crate) fn read(bytes: &[u8]) -> Option<Manifest> {
    let rest = bytes.strip_prefix(COMPACT_MAGIC.as_bytes())?;
    let (checksum, members) = rest.split_first_chunk()?;
    if xxh64(members, 0).to_le_bytes() != *checksum {
        return None;
    }
    let mut from = Reader(members);
    let manifest = Manifest {
        version: from.number().map(u32::from_le_bytes)?,
        collection: from.text()?,
        title: from.text()?,
        generation: from.text()?,
        created_at: from.text()?,
        item_count: from.number().map(u64::from_le_bytes)?,
        synthetic: from.is_there()?,
        values: from.optional(|from| {
            let mut value = || from.number().map(f32::from_le_bytes);
            Some(ValueScale {
                minimum: value()?,
                maximum: value()?,
                neutral: value()?,
            })
        })?,
        quality: from.optional(|from| {
            Some(Quality {
                metric: from.text()?,
                value: from.number().map(f64::from_le_bytes)?,
                low: from.number().map(f64::from_le_bytes)?,
                high: from.number().map(f64::from_le_bytes)?,
                protocol: from.text()?,
            })
        })?,
        files: from.map(|from| {
            Some(FileEntry {
                file_len_bytes: from.number().map(u64::from_le_bytes)?,
                head_len_bytes: from.number().map(u32::from_le_bytes)?,
                sha256: from.text()?,
                tables: from.map(|from| {
                    Some(TablePlace {
                        offset: from.number().map(u64::from_le_bytes)?,
                        bucket_count: from.number().map(u32::from_le_bytes)?,
                        bucket_len_bytes: from.number().map(u32::from_le_bytes)?,
                    })
                })?,
            })
        })?,
        blend: (0..from.count()?)
            .map(|_| {
                Some(BlendStep {
                    history_min_len: from.count()?,
                    weights: from.map(|from| from.number().map(f32::from_le_bytes))?,
                })
            })
            .collect::<Option<_>>()?,
        previous: from.optional(Reader::text)?,
    };
    from.0.is_empty().then_some(manifest)
}

struct Writer(Vec<u8>);

impl Writer {
    fn number<const N: usize>(&mut self, bytes: [u8; N]) {
        self.0.extend(bytes);
    }

    fn count(&mut self, count: usize) {
        self.number((count as u32).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend(text.as_bytes());
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.count(usize::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn count(&mut self) -> Option<u32> {
        self.number().map(u32::from_le_bytes)
    }

    fn is_there(&mut self) -> Option<bool> {
        match self.count()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        let len_bytes = self.count()? as usize;
        let (text, rest) = self.0.split_at_checked(len_bytes)?;
        self.0 = rest;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }

    #[expect(
        clippy::option_option,
        reason = "it is there, it is not, or nobody can tell"
    )]
    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.is_there()? {
            read(self).map(Some)
        } else {
            Some(None)
        }
    }

    fn map<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<SortedMap<String, T>> {
        let mut map = SortedMap::new();
        for _ in 0..self.count()? {
            map.insert(self.text()?, read(self)?);
        }
        Some(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{sample, sample_blend};

    /// Other versions of a function may share what is kept: whoever changes the layout changes the magic, and this.
    #[test]
    fn the_layout_is_that_of_the_magic() {
        let bytes = write(&sample());
        let checksum = xxh64(&bytes, 0);
        assert_eq!(
            (COMPACT_MAGIC, bytes.len(), checksum),
            ("KDM2", 244, 11_796_549_960_496_250_314)
        );
    }

    #[test]
    fn what_is_written_is_read_back_and_nothing_else_is() {
        let full = Manifest {
            synthetic: true,
            quality: Some(Quality {
                metric: "ndcg@100".to_owned(),
                value: 0.1 + 0.2,
                low: 0.25,
                high: 0.35,
                protocol: "in words".to_owned(),
            }),
            blend: sample_blend(),
            previous: Some("0123456789abcdef".to_owned()),
            ..sample()
        };
        for manifest in [sample(), full] {
            let bytes = write(&manifest);
            assert_eq!(read(&bytes).as_ref(), Some(&manifest));
            assert!(bytes.len() < manifest.to_json().len());
            for len_bytes in 0..bytes.len() {
                assert_eq!(read(&bytes[..len_bytes]), None, "{len_bytes}");
            }
            assert_eq!(read(&[&bytes[..], &[0]].concat()), None);
            for at in 0..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1;
                assert_eq!(read(&damaged), None, "{at}");
            }
        }
    }
}
