use super::metadata::{LISTS, Metadata, RECORDS};
use crate::{
    codec::{Cursor, OutOfBytes, RiceReader},
    container::{Blocks, Container, Entries, Plan},
    error::Error,
    neighbours::List,
};

/// A basket that everybody may see.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Basket {
    /// The external id.
    pub id: String,
    /// What people call it; may be empty.
    pub name: String,
    /// Item numbers, strictly ascending.
    pub items: Vec<u32>,
}

/// An open file of baskets.
#[derive(Debug)]
pub struct Baskets {
    container: Container,
    metadata: Metadata,
    lists: Entries,
    records: Entries,
}

impl Baskets {
    /// Opens a head in O(1).
    pub fn open(container: Container) -> Result<Self, Error> {
        let metadata: Metadata = container.metadata()?;
        let Metadata {
            item_count,
            items_per_block,
            basket_count,
            baskets_per_block,
        } = metadata;
        let lists = Entries::open(&container, LISTS, item_count, items_per_block)?;
        let records = Entries::open(&container, RECORDS, basket_count, baskets_per_block)?;
        Ok(Self {
            container,
            metadata,
            lists,
            records,
        })
    }

    /// The container, for its lengths.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// How many items the catalogue has.
    pub fn item_count(&self) -> u32 {
        self.metadata.item_count
    }

    /// How many baskets there are.
    pub fn basket_count(&self) -> u32 {
        self.metadata.basket_count
    }

    /// Adds the block of an item's list of baskets.
    pub(crate) fn plan_list(&self, item: u32, plan: &mut Plan) -> Result<(), Error> {
        self.lists.plan(&self.container, item, plan)
    }

    /// The baskets of an item whose block has been fetched, each with one by the root of its length as its weight.
    pub(crate) fn list<'a>(&'a self, item: u32, blocks: &'a Blocks) -> Result<List<'a>, Error> {
        let entry = self.lists.get(&self.container, item, blocks)?;
        List::decode(entry, self.metadata.basket_count).map_err(|error| self.damaged(error))
    }

    /// Adds the block of a basket's record.
    pub(crate) fn plan_record(&self, basket: u32, plan: &mut Plan) -> Result<(), Error> {
        self.records.plan(&self.container, basket, plan)
    }

    /// A basket whose block has been fetched.
    pub(crate) fn record(&self, basket: u32, blocks: &Blocks) -> Result<Basket, Error> {
        let entry = self.records.get(&self.container, basket, blocks)?;
        self.decode(entry).map_err(|error| self.damaged(error))
    }

    /// The error for a list or a record that does not end as it begins.
    pub(crate) fn damaged(&self, _: OutOfBytes) -> Error {
        self.container.corrupt("a basket is cut off")
    }

    fn decode(&self, entry: &[u8]) -> Result<Basket, OutOfBytes> {
        let mut cursor = Cursor::new(entry);
        let id = cursor.text()?.to_owned();
        let name = cursor.text()?.to_owned();
        let count = cursor.varint_u32()?;
        let parameter = cursor.u8()?;
        let mut gaps = RiceReader::new(cursor.rest(), parameter)?;
        // A gap has a bit at least, so that no count makes this longer than the entry says.
        if cursor.rest().len().saturating_mul(8) < count as usize {
            return Err(OutOfBytes);
        }
        let item = |_| gaps.next_value().and_then(|item| self.checked(item));
        Ok(Basket {
            id,
            name,
            items: (0..count).map(item).collect::<Result<_, _>>()?,
        })
    }

    fn checked(&self, item: u32) -> Result<u32, OutOfBytes> {
        if item < self.metadata.item_count {
            Ok(item)
        } else {
            Err(OutOfBytes)
        }
    }
}
