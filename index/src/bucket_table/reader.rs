use xxhash_rust::xxh64::xxh64;

use crate::{
    codec::{Cursor, OutOfBytes},
    container::{Blocks, Container, Plan, SectionId, TablePlace},
    error::Error,
    source::{ByteRange, FileKind},
};

impl TablePlace {
    /// The number of the bucket that has `key`, if any has.
    pub(crate) fn bucket_of(self, key: &str) -> Option<u32> {
        let hash = xxh64(key.as_bytes(), 0);
        let bucket = hash.checked_rem(u64::from(self.bucket_count))?;
        Some(bucket as u32)
    }

    /// Where a bucket lies; nowhere when the numbers are beyond any file.
    pub(crate) fn range(self, file: FileKind, bucket: u32) -> Option<ByteRange> {
        let start = u64::from(bucket) * u64::from(self.bucket_len_bytes);
        Some(ByteRange {
            file,
            offset: self.offset.checked_add(start)?,
            len_bytes: self.bucket_len_bytes,
        })
    }
}

/// A table in an open file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BucketTable<'a> {
    container: &'a Container,
    section: SectionId,
}

impl<'a> BucketTable<'a> {
    pub(crate) fn new(container: &'a Container, section: SectionId) -> Self {
        Self { container, section }
    }

    /// Adds the bucket that [`Self::find`] will look at.
    pub(crate) fn plan(self, key: &str, plan: &mut Plan) -> Result<(), Error> {
        self.container
            .plan(self.section, self.bucket_of(key)?, plan)
    }

    /// The numbers of `key`, in the order in which they were written; none when it is unknown. O(length of a bucket).
    pub(crate) fn find(self, key: &str, blocks: &Blocks) -> Result<Vec<u32>, Error> {
        let bucket = self
            .container
            .block(self.section, self.bucket_of(key)?, blocks)?;
        find_in_bucket(key.as_bytes(), bucket)
            .map_err(|OutOfBytes| self.container.corrupt("an entry of a table is cut off"))
    }

    fn bucket_of(self, key: &str) -> Result<u32, Error> {
        self.container
            .table_place(self.section)?
            .bucket_of(key)
            .ok_or_else(|| self.container.corrupt("a table has no buckets"))
    }
}

fn find_in_bucket(wanted: &[u8], bucket: &[u8]) -> Result<Vec<u32>, OutOfBytes> {
    let mut cursor = Cursor::new(bucket);
    while !cursor.is_empty() {
        let count = cursor.varint()?;
        if count == 0 {
            break;
        }
        let key = cursor.sized()?;
        // Keys of a catalogue often begin alike.
        if key.last() == wanted.last() && key == wanted {
            return (0..count).map(|_| cursor.varint_u32()).collect();
        }
        for _ in 0..count {
            cursor.varint()?;
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        bucket_table::{BUCKET_LEN_BYTES, MAXIMUM_LEN_FACTOR, serialize_bucket_table},
        container::ContainerSerializer,
        source::MemorySource,
    };

    const SECTION: SectionId = SectionId(1);

    /// Writes a table, asks it for what is in it and for what is not, and gives its place.
    fn check(entries: &BTreeMap<String, Vec<u32>>, others: &[String]) -> TablePlace {
        let mut serializer = ContainerSerializer::new(FileKind::Catalogue, 0, Vec::new());
        serializer.push_cold(serialize_bucket_table(
            entries
                .iter()
                .map(|(key, numbers)| (key.as_str(), numbers.as_slice())),
            FileKind::Catalogue,
            SECTION,
        ));
        let file = serializer.finish().unwrap();
        let container = Container::open(FileKind::Catalogue, file.clone()).unwrap();
        let source = MemorySource::new([(FileKind::Catalogue, file)]);
        let table = BucketTable::new(&container, SECTION);
        let find = |key: &str| {
            let mut plan = Plan::default();
            table.plan(key, &mut plan).unwrap();
            assert_eq!(plan.ranges().len(), 1, "a key is in one bucket");
            let mut blocks = Blocks::default();
            blocks.fetch(plan, &source).unwrap();
            table.find(key, &blocks).unwrap()
        };
        for (key, numbers) in entries {
            assert_eq!(&find(key), numbers, "{key}");
        }
        for key in others {
            assert_eq!(find(key), *entries.get(key).unwrap_or(&Vec::new()), "{key}");
        }
        container.table_place(SECTION).unwrap()
    }

    proptest! {
        #[test]
        fn finds_what_a_map_finds(
            entries in prop::collection::btree_map("[a-cé]{0,6}", prop::collection::vec(any::<u32>(), 1..4), 0..200),
            others in prop::collection::vec("[a-dé]{0,6}", 0..20),
        ) {
            check(&entries, &others);
        }

        #[test]
        fn any_bytes_are_a_bucket_or_an_error(wanted in "[a-c]{0,2}", bucket: Vec<u8>) {
            let _ = find_in_bucket(wanted.as_bytes(), &bucket);
        }
    }

    #[test]
    fn buckets_are_short_and_the_table_is_not_much_longer_than_its_entries() {
        let entries = (0..20_000)
            .map(|n| (format!("tt{n:07}"), vec![n]))
            .collect();
        let place = check(&entries, &["tt0020000".to_owned(), String::new()]);
        assert_eq!(place.bucket_len_bytes, BUCKET_LEN_BYTES);
        let entry_len = 1 + 1 + 9 + 3;
        let table_len = place.bucket_count as usize * place.bucket_len_bytes as usize;
        assert!(table_len < 20_000 * entry_len * MAXIMUM_LEN_FACTOR);
    }

    #[test]
    fn an_entry_that_needs_more_gets_longer_buckets() {
        let long = "x".repeat(3000);
        let entries = [(long.clone(), vec![7]), ("short".to_owned(), vec![8, 9])].into();
        let place = check(&entries, &[format!("{long}y")]);
        assert_eq!(place.bucket_len_bytes, 4096);
    }

    #[test]
    fn a_table_of_nothing_has_a_bucket_without_entries() {
        let place = check(&BTreeMap::new(), &["anything".to_owned(), String::new()]);
        assert_eq!(place.bucket_count, 1);
    }
}
