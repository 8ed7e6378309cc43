use index::{FileKind, Outline, SortedMap, Table};
use serde::{Serialize, Serializer};

/// One index file of a generation, at `<collection>/g/<generation>/<kind>.kdx`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileEntry {
    /// The whole file's length.
    pub file_len_bytes: u64,
    /// The length of the head, the first read of a query.
    pub head_len_bytes: u32,
    /// SHA-256 of the whole file, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Where the tables lie whose buckets are read together with the head, by name, such as `ids`. The file's own directory has the last word.
    #[serde(
        serialize_with = "as_object",
        skip_serializing_if = "SortedMap::is_empty"
    )]
    pub tables: SortedMap<String, TablePlace>,
}

impl FileEntry {
    /// The entry of a file with this outline.
    pub fn new(outline: &Outline, file_len_bytes: u64, sha256: String) -> Self {
        let tables = outline.tables.iter();
        Self {
            file_len_bytes,
            head_len_bytes: outline.head_len_bytes,
            sha256,
            tables: tables
                .map(|(table, &place)| (table.name().to_owned(), place.into()))
                .collect(),
        }
    }

    /// What a reader is told of the file, which is of this kind. Tables that this program does not know are left out.
    pub fn outline(&self, kind: FileKind) -> Outline {
        let mut tables = SortedMap::new();
        for table in Table::ALL {
            if let Some(&place) = self.tables.get(table.name()) {
                tables.insert(table, place.into());
            }
        }
        Outline {
            file: kind,
            head_len_bytes: self.head_len_bytes,
            tables,
        }
    }
}

/// Writes a map as an object; for `serialize_with`.
pub fn as_object<V: Serialize, S: Serializer>(
    map: &SortedMap<String, V>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.iter())
}

/// A table of buckets in an index file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct TablePlace {
    /// Where the first bucket starts in the file.
    pub offset: u64,
    /// How many there are.
    pub bucket_count: u32,
    /// How long each is.
    pub bucket_len_bytes: u32,
}

impl TablePlace {
    /// Where the table ends; nowhere when the numbers are beyond any file.
    pub(crate) fn end(&self) -> Option<u64> {
        let len_bytes = u64::from(self.bucket_count) * u64::from(self.bucket_len_bytes);
        self.offset.checked_add(len_bytes)
    }
}

// The wire type and the index's own are converted by hand: a derive there would be a promise of this document's.

impl From<index::TablePlace> for TablePlace {
    fn from(place: index::TablePlace) -> Self {
        Self {
            offset: place.offset,
            bucket_count: place.bucket_count,
            bucket_len_bytes: place.bucket_len_bytes,
        }
    }
}

impl From<TablePlace> for index::TablePlace {
    fn from(place: TablePlace) -> Self {
        Self {
            offset: place.offset,
            bucket_count: place.bucket_count,
            bucket_len_bytes: place.bucket_len_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_gives_the_outline_that_made_it() {
        let place = index::TablePlace {
            offset: 100,
            bucket_count: 3,
            bucket_len_bytes: 512,
        };
        let outline = Outline {
            file: FileKind::Catalogue,
            head_len_bytes: 100,
            tables: SortedMap::from([(Table::Ids, place)]),
        };
        let mut entry = FileEntry::new(&outline, 2_000, String::new());
        entry.tables.insert("colours".to_owned(), place.into());
        assert_eq!(entry.outline(FileKind::Catalogue), outline);
    }
}
