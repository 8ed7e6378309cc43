use super::metadata::{LISTS, Metadata};
use crate::{
    codec::{Cursor, OutOfBytes, RiceReader},
    container::{Blocks, Container, Plan},
    error::Error,
    source::FileKind,
};

/// An item in another item's list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The item's number.
    pub item: u32,
    /// How much the owner of the list raises it, or lowers it when negative.
    pub weight: f32,
}

/// An open file of neighbours.
#[derive(Debug)]
pub struct Neighbours {
    container: Container,
    metadata: Metadata,
}

impl Neighbours {
    /// Opens a head in O(1).
    pub fn open(container: Container) -> Result<Self, Error> {
        let metadata: Metadata = container.metadata()?;
        container.check_blocks_of_items(LISTS, metadata.item_count, metadata.items_per_block)?;
        Ok(Self {
            container,
            metadata,
        })
    }

    /// The container, for its lengths.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// How many lists there are.
    pub fn item_count(&self) -> u32 {
        self.metadata.item_count
    }

    /// How the lists were made, as the writer was told.
    pub fn description(&self) -> &str {
        &self.metadata.description
    }

    /// Adds the block of an item's list to the plan.
    pub(crate) fn plan(&self, item: u32, plan: &mut Plan) -> Result<(), Error> {
        self.container.plan(LISTS, self.block_of(item)?, plan)
    }

    /// The list of an item whose block has been fetched, ascending by item. O(length of the block) for finding it, O(length of the list) for reading it.
    pub(crate) fn list(&self, item: u32, blocks: &Blocks) -> Result<Vec<Neighbour>, Error> {
        let block = self.container.block(LISTS, self.block_of(item)?, blocks)?;
        self.list_in_block(item, block)
            .map_err(|OutOfBytes| self.container.corrupt("a list of neighbours is cut off"))
    }

    fn block_of(&self, item: u32) -> Result<u32, Error> {
        let item_count = self.metadata.item_count;
        if item_count <= item {
            return Err(Error::NoSuchItem {
                file: FileKind::Neighbours,
                item,
                item_count,
            });
        }
        Ok(item / self.metadata.items_per_block)
    }

    fn list_in_block(&self, item: u32, block: &[u8]) -> Result<Vec<Neighbour>, OutOfBytes> {
        let mut cursor = Cursor::new(block);
        for _ in 0..item % self.metadata.items_per_block {
            cursor.sized()?;
        }
        let list = cursor.sized()?;
        if list.is_empty() {
            return Ok(Vec::new());
        }
        let mut cursor = Cursor::new(list);
        let count = cursor.varint_u32()?;
        let scale = cursor.f32()?;
        let parameter = cursor.u8()?;
        // Taking the weights bounds the count by the bytes that are there, before anything is allocated for it.
        let weights = cursor.take(count as usize)?;
        let mut items = RiceReader::new(cursor.rest(), parameter)?;
        weights
            .iter()
            .map(|&weight| {
                let item = items.next_value()?;
                if self.metadata.item_count <= item {
                    return Err(OutOfBytes);
                }
                Ok(Neighbour {
                    item,
                    weight: f32::from(weight as i8) * scale,
                })
            })
            .collect()
    }
}
