use std::{ops::Range, sync::Arc};

use super::{
    facets::{self, FacetValue, Matcher},
    filter::Filter,
    metadata::{FACET_DICTIONARIES, FACET_VALUES, FieldKind, IDS, Metadata, RECORDS, TITLES},
    record::{Record, Value},
    title::TitleQuery,
};
use crate::{
    bucket_table::BucketTable,
    codec::{Cursor, OutOfBytes, zigzag_decode},
    container::{BlockId, Blocks, Container, Entries, HEAD_ONLY, Plan, SectionId, TablePlace},
    error::Error,
    outline::{Keys, Outline, Table},
    sorted_map::SortedMap,
    source::FileKind,
};

fn section(table: Table) -> SectionId {
    match table {
        Table::Ids => IDS,
        Table::Titles => TITLES,
    }
}

/// Where a filterable field stands among the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facet {
    pub(crate) number: usize,
    dictionary: Option<u32>,
}

/// An open catalogue.
#[derive(Debug)]
pub struct Catalogue {
    container: Container,
    metadata: Metadata,
    records: Entries,
}

impl Catalogue {
    /// Opens a head in O(1).
    pub fn open(container: Container) -> Result<Self, Error> {
        let metadata: Metadata = container.metadata()?;
        let item_count = metadata.item_count;
        let records = Entries::open(&container, RECORDS, item_count, metadata.records_per_block)?;
        container.check_blocks_of_items(FACET_VALUES, item_count, metadata.facets_per_block)?;
        Ok(Self {
            container,
            metadata,
            records,
        })
    }

    /// The container, for its lengths.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// How many items there are.
    pub fn item_count(&self) -> u32 {
        self.metadata.item_count
    }

    /// Adds the buckets of `keys` before the head is there, from what is known of the file.
    pub(crate) fn plan_keys(outline: &Outline, keys: &Keys<'_>, plan: &mut Plan) {
        let mut insert = |table: Table, key: &str| {
            let place = outline.tables.get(&table)?;
            let block = place.bucket_of(key)?;
            let id = BlockId {
                file: FileKind::Catalogue,
                section: section(table),
                block,
            };
            plan.insert(id, place.range(FileKind::Catalogue, block)?);
            Some(())
        };
        // A key whose bucket has no place has none to be read; `check_tables` says what is wrong with the place.
        for id in keys.ids {
            insert(Table::Ids, id);
        }
        for title in keys.titles {
            insert(Table::Titles, &TitleQuery::new(title).key);
        }
    }

    /// Holds what was known of the file against its directory, which has the last word.
    pub(crate) fn check_tables(&self, outline: &Outline) -> Result<(), Error> {
        for (&table, place) in &outline.tables {
            if self.table_place(table)? != *place {
                return Err(self
                    .container
                    .corrupt("a table does not lie where the manifest says"));
            }
        }
        Ok(())
    }

    /// Where a table lies.
    pub(crate) fn table_place(&self, table: Table) -> Result<TablePlace, Error> {
        self.container.table_place(section(table))
    }

    /// Adds what [`Self::item_of_id`] will look at.
    pub(crate) fn plan_id(&self, id: &str, plan: &mut Plan) -> Result<(), Error> {
        BucketTable::new(&self.container, IDS).plan(id, plan)
    }

    /// The number of the item with this id.
    pub(crate) fn item_of_id(&self, id: &str, blocks: &Blocks) -> Result<Option<u32>, Error> {
        let items = BucketTable::new(&self.container, IDS).find(id, blocks)?;
        self.checked(items).map(|items| items.first().copied())
    }

    /// Adds what [`Self::items_of_title`] will look at.
    pub(crate) fn plan_title(&self, title: &TitleQuery, plan: &mut Plan) -> Result<(), Error> {
        BucketTable::new(&self.container, TITLES).plan(&title.key, plan)
    }

    /// The items of this title, of any year, the most popular first.
    pub(crate) fn items_of_title(
        &self,
        title: &TitleQuery,
        blocks: &Blocks,
    ) -> Result<Vec<u32>, Error> {
        let table = BucketTable::new(&self.container, TITLES);
        self.checked(table.find(&title.key, blocks)?)
    }

    /// Adds the block of a record.
    pub(crate) fn plan_record(&self, item: u32, plan: &mut Plan) -> Result<(), Error> {
        self.records.plan(&self.container, item, plan)
    }

    /// A record whose block has been fetched. O(length of the block).
    pub(crate) fn record(&self, item: u32, blocks: &Blocks) -> Result<Record, Error> {
        let entry = self.records.get(&self.container, item, blocks)?;
        self.decode(entry)
            .map_err(|OutOfBytes| self.container.corrupt("a record is cut off"))
    }

    /// Adds what [`Self::matching`] will look at: the facets of all items.
    pub(crate) fn plan_filter(&self, plan: &mut Plan) -> Result<(), Error> {
        (0..self.facet_block_count()?)
            .try_for_each(|block| self.container.plan(FACET_VALUES, block, plan))
    }

    /// For every item, whether the filter lets it pass. O(number of items).
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFilterField`] and [`Error::WrongFilterKind`] are the asker's; they name what could have been asked.
    pub(crate) fn matching(&self, filter: &Filter, blocks: &Blocks) -> Result<Vec<bool>, Error> {
        let matcher = self.matcher(filter)?;
        // It grows with what is there, not with what the metadata claims.
        let mut admitted = Vec::new();
        for block in 0..self.facet_block_count()? {
            self.matching_in(block, &matcher, blocks, &mut admitted)?;
        }
        Ok(admitted)
    }

    /// A filter, ready to be asked of every item.
    ///
    /// # Errors
    ///
    /// As [`Self::matching`].
    pub(crate) fn matcher(&self, filter: &Filter) -> Result<Matcher, Error> {
        let dictionary = |number| self.container.block(FACET_DICTIONARIES, number, &HEAD_ONLY);
        Matcher::new(filter, &self.metadata.fields, dictionary)
    }

    /// Appends for every item of a block of facets that has been fetched whether a filter lets it pass. O(length of the block).
    pub(crate) fn matching_in(
        &self,
        block: u32,
        matcher: &Matcher,
        blocks: &Blocks,
        admitted: &mut Vec<bool>,
    ) -> Result<(), Error> {
        let bytes = self.container.block(FACET_VALUES, block, blocks)?;
        let items = self.items_of_facet_block(block);
        matcher
            .matches(bytes, items.len() as u32, admitted)
            .map_err(|OutOfBytes| self.container.corrupt("the facets of an item are cut off"))
    }

    /// How many blocks the facets of all items have.
    pub(crate) fn facet_block_count(&self) -> Result<u32, Error> {
        self.container.block_count(FACET_VALUES)
    }

    /// Where a filterable field stands among the others.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFilterField`] is the asker's; it names what could have been asked.
    pub(crate) fn facet(&self, name: &str) -> Result<Facet, Error> {
        let (number, dictionary) = facets::place_of(&self.metadata.fields, name)?;
        Ok(Facet { number, dictionary })
    }

    /// The fields that items have beside their titles, ascending.
    pub(crate) fn field_names(&self) -> impl Iterator<Item = &str> {
        self.metadata.fields.iter().map(|field| &*field.name)
    }

    /// The block with the facets of an item.
    pub(crate) fn facet_block_of(&self, item: u32) -> u32 {
        item / self.metadata.facets_per_block.max(1)
    }

    /// The items whose facets are in a block.
    pub(crate) fn items_of_facet_block(&self, block: u32) -> Range<u32> {
        let first = block.saturating_mul(self.metadata.facets_per_block);
        first
            ..self
                .item_count()
                .min(first.saturating_add(self.metadata.facets_per_block))
    }

    /// Adds a block of facets.
    pub(crate) fn plan_facets(&self, block: u32, plan: &mut Plan) -> Result<(), Error> {
        self.container.plan(FACET_VALUES, block, plan)
    }

    /// Calls `visit` for every value in a block of facets that has been fetched, with its item and the number of its field.
    pub(crate) fn each_facet(
        &self,
        block: u32,
        blocks: &Blocks,
        visit: &mut dyn FnMut(u32, usize, FacetValue),
    ) -> Result<(), Error> {
        let bytes = self.container.block(FACET_VALUES, block, blocks)?;
        let first = block.saturating_mul(self.metadata.facets_per_block);
        facets::each_value(
            &self.metadata.fields,
            bytes,
            &mut |position, field, value| {
                visit(first.saturating_add(position), field, value);
            },
        )
        .map_err(|OutOfBytes| self.container.corrupt("the facets of an item are cut off"))
    }

    /// The texts of a field, in the order of their numbers; none of one that has numbers.
    pub(crate) fn facet_texts(&self, facet: Facet) -> Result<Vec<&str>, Error> {
        let Some(dictionary) = facet.dictionary else {
            return Ok(Vec::new());
        };
        let dictionary = self
            .container
            .block(FACET_DICTIONARIES, dictionary, &HEAD_ONLY)?;
        Ok(facets::texts_of(dictionary).collect())
    }

    /// Item numbers that came out of a table, held against the catalogue's length.
    fn checked(&self, items: Vec<u32>) -> Result<Vec<u32>, Error> {
        if items.iter().all(|&item| item < self.item_count()) {
            Ok(items)
        } else {
            Err(self
                .container
                .corrupt("a key leads to an item that does not exist"))
        }
    }

    fn decode(&self, entry: &[u8]) -> Result<Record, OutOfBytes> {
        let mut cursor = Cursor::new(entry);
        let id = cursor.text()?.to_owned();
        let title = cursor.text()?.to_owned();
        let present = cursor.take(self.metadata.fields.len().div_ceil(8))?;
        let mut fields = SortedMap::new();
        for (number, field) in self.metadata.fields.iter().enumerate() {
            let bits = present.get(number / 8).copied().unwrap_or_default();
            if bits >> (number % 8) & 1 == 0 {
                continue;
            }
            let value = match field.kind {
                FieldKind::Text => Value::Text(cursor.text()?.to_owned()),
                FieldKind::Integer => Value::Integer(zigzag_decode(cursor.varint()?)),
                FieldKind::Real => Value::Real(cursor.f64()?),
                FieldKind::TextList => {
                    let count = cursor.varint()?;
                    let texts = (0..count).map(|_| cursor.text().map(str::to_owned));
                    Value::TextList(texts.collect::<Result<_, _>>()?)
                }
            };
            fields.insert(Arc::clone(&field.name), value);
        }
        Ok(Record { id, title, fields })
    }
}
