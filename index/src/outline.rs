//! What must be known of a file before its first read.

use std::collections::BTreeMap;

use crate::{
    catalogue::Catalogue,
    container::{Container, TablePlace},
    error::Error,
    source::FileKind,
};

/// Tables that are read by the hash of a key.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Table {
    /// From ids to items.
    Ids,
    /// From normalized titles to items.
    Titles,
}

impl Table {
    /// Every table, in the order of their names.
    pub const ALL: [Self; 2] = [Self::Ids, Self::Titles];

    /// The key of its entry in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ids => "ids",
            Self::Titles => "titles",
        }
    }
}

/// What must be known of a file before its first read; a manifest carries it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outline {
    /// The kind of the file.
    pub file: FileKind,
    /// The length of its head.
    pub head_len_bytes: u32,
    /// Where its tables lie, so that a bucket is read together with the head. What is not here is read after it.
    pub tables: BTreeMap<Table, TablePlace>,
}

impl Outline {
    /// The outline of a file. O(length of the head).
    pub fn of(file: FileKind, bytes: &[u8]) -> Result<Self, Error> {
        let container = Container::of_file(file, bytes)?;
        let head_len_bytes = container.head_len_bytes();
        let tables = match file {
            FileKind::Catalogue => {
                let catalogue = Catalogue::open(container)?;
                let place = |table| Ok((table, catalogue.table_place(table)?));
                Table::ALL
                    .map(place)
                    .into_iter()
                    .collect::<Result<_, Error>>()?
            }
            FileKind::Neighbours | FileKind::Popularity | FileKind::Model => BTreeMap::new(),
        };
        Ok(Self {
            file,
            head_len_bytes,
            tables,
        })
    }
}

/// What a request is going to look up, as far as it is known before anything was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys<'a> {
    /// Ids of items.
    pub ids: &'a [&'a str],
    /// Titles of items, as people write them.
    pub titles: &'a [&'a str],
}
