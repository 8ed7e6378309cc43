use super::serializer::KeyTableSections;
use crate::{
    codec::Cursor,
    container::{Blocks, Container, HEAD_ONLY, Plan},
    error::Error,
};

/// A table in an open file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyTable<'a> {
    container: &'a Container,
    sections: KeyTableSections,
}

impl<'a> KeyTable<'a> {
    pub(crate) fn new(container: &'a Container, sections: KeyTableSections) -> Self {
        Self {
            container,
            sections,
        }
    }

    /// Adds the blocks that [`Self::find`] will look at. O(log of the number of blocks).
    pub(crate) fn plan(self, key: &str, plan: &mut Plan) -> Result<(), Error> {
        for block in self.blocks_of(key)? {
            self.container.plan(self.sections.entries, block, plan)?;
        }
        Ok(())
    }

    /// The numbers of `key`, in the order in which they were written; none when it is unknown. O(length of a block).
    pub(crate) fn find(self, key: &str, blocks: &Blocks) -> Result<Vec<u32>, Error> {
        let mut numbers = Vec::new();
        for block in self.blocks_of(key)? {
            let bytes = self.container.block(self.sections.entries, block, blocks)?;
            find_in_block(key.as_bytes(), bytes, &mut numbers)
                .ok_or_else(|| self.container.corrupt("an entry of a key table is cut off"))?;
        }
        Ok(numbers)
    }

    /// The blocks that may hold `key`: the last that begins below it, and all that begin with it.
    fn blocks_of(self, key: &str) -> Result<std::ops::Range<u32>, Error> {
        let block_count = self.container.block_count(self.sections.entries)?;
        let below = self.partition_point(block_count, |first| first < key.as_bytes())?;
        let not_above = self.partition_point(block_count, |first| first <= key.as_bytes())?;
        Ok(below.saturating_sub(1)..not_above)
    }

    /// How many blocks, from the first on, have a first key of which `holds` is true.
    fn partition_point(
        self,
        block_count: u32,
        holds: impl Fn(&[u8]) -> bool,
    ) -> Result<u32, Error> {
        let corrupt = || {
            self.container
                .corrupt("the index of a key table is cut off")
        };
        let index = self.container.block(self.sections.index, 0, &HEAD_ONLY)?;
        let (ends, keys) = index
            .split_at_checked(block_count as usize * size_of::<u32>())
            .ok_or_else(corrupt)?;
        let end = |block: u32| -> Option<usize> {
            let mut cursor = Cursor::new(ends.get(block as usize * size_of::<u32>()..)?);
            cursor.u32().ok().map(|end| end as usize)
        };
        let first_key = |block: u32| -> Option<&[u8]> {
            let start = block.checked_sub(1).map_or(Some(0), end)?;
            keys.get(start..end(block)?)
        };
        let (mut low, mut high) = (0, block_count);
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(first_key(middle).ok_or_else(corrupt)?) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

/// Walks over the entries of a block. Keys are compared as bytes, so that a prefix that a damaged block cuts within a character does no harm.
fn find_in_block(wanted: &[u8], block: &[u8], numbers: &mut Vec<u32>) -> Option<()> {
    let mut cursor = Cursor::new(block);
    let mut key = Vec::new();
    while !cursor.is_empty() {
        let shared = usize::try_from(cursor.varint().ok()?).ok()?;
        let suffix = cursor.sized().ok()?;
        let number = cursor.varint_u32().ok()?;
        if key.len() < shared {
            return None;
        }
        key.truncate(shared);
        key.extend_from_slice(suffix);
        match key.as_slice().cmp(wanted) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => numbers.push(number),
            std::cmp::Ordering::Greater => break,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        container::{ContainerSerializer, SectionId},
        key_table::serialize_key_table,
        source::{FileKind, MemorySource},
    };

    const SECTIONS: KeyTableSections = KeyTableSections {
        entries: SectionId(1),
        index: SectionId(2),
    };

    fn check(entries: &BTreeMap<String, Vec<u32>>, absent: &[String]) {
        let flat = entries
            .iter()
            .flat_map(|(key, numbers)| numbers.iter().map(move |&number| (key.as_str(), number)));
        let mut serializer = ContainerSerializer::new(FileKind::Catalogue, 0, Vec::new());
        serialize_key_table(flat, SECTIONS, &mut serializer);
        let file = serializer.finish().unwrap();
        let container = Container::open(FileKind::Catalogue, file.clone()).unwrap();
        let source = MemorySource::new([(FileKind::Catalogue, file)]);
        let table = KeyTable::new(&container, SECTIONS);
        let find = |key: &str| {
            let mut plan = Plan::default();
            table.plan(key, &mut plan).unwrap();
            let mut blocks = Blocks::default();
            blocks.fetch(plan, &source).unwrap();
            table.find(key, &blocks).unwrap()
        };
        for (key, numbers) in entries {
            assert_eq!(&find(key), numbers, "{key}");
        }
        for key in absent {
            assert_eq!(find(key), *entries.get(key).unwrap_or(&Vec::new()), "{key}");
        }
    }

    proptest! {
        #[test]
        fn finds_what_a_map_finds(
            entries in prop::collection::btree_map("[a-cé]{0,6}", prop::collection::vec(any::<u32>(), 1..4), 0..200),
            absent in prop::collection::vec("[a-dé]{0,6}", 0..20),
        ) {
            check(&entries, &absent);
        }
    }

    #[test]
    fn large_tables_are_cold_and_a_key_may_span_blocks() {
        let mut entries: BTreeMap<String, Vec<u32>> =
            (0..60_000).map(|n| (format!("key {n}"), vec![n])).collect();
        entries.insert("key 3".to_owned(), (0..5_000).rev().collect());
        check(
            &entries,
            &["key".to_owned(), "key 60000".to_owned(), "zebra".to_owned()],
        );
    }
}
