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

    /// The list of an item whose block has been fetched. O(length of the block); the list itself is read as it is walked over.
    pub(crate) fn list<'a>(&'a self, item: u32, blocks: &'a Blocks) -> Result<List<'a>, Error> {
        let block = self.container.block(LISTS, self.block_of(item)?, blocks)?;
        self.list_in_block(item, block)
            .map_err(|error| self.damaged(error))
    }

    /// The error for a list that does not end as it begins.
    pub(crate) fn damaged(&self, _: OutOfBytes) -> Error {
        self.container.corrupt("a list of neighbours is cut off")
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

    fn list_in_block<'a>(&self, item: u32, block: &'a [u8]) -> Result<List<'a>, OutOfBytes> {
        let mut cursor = Cursor::new(block);
        for _ in 0..item % self.metadata.items_per_block {
            cursor.sized()?;
        }
        let mut cursor = Cursor::new(cursor.sized()?);
        let (count, scale, parameter) = if cursor.is_empty() {
            (0, 0.0, 0)
        } else {
            (cursor.varint_u32()?, cursor.f32()?, cursor.u8()?)
        };
        Ok(List {
            // Taking the weights bounds the count by the bytes that are there.
            weights: cursor.take(count as usize)?.iter(),
            scale,
            items: RiceReader::new(cursor.rest(), parameter)?,
            item_count: self.metadata.item_count,
        })
    }
}

/// The list of an item, ascending by item. It is decoded as it is walked over; where it is damaged, the walk gives an error.
#[derive(Clone, Debug)]
pub(crate) struct List<'a> {
    weights: std::slice::Iter<'a, u8>,
    scale: f32,
    items: RiceReader<'a>,
    item_count: u32,
}

impl Iterator for List<'_> {
    type Item = Result<Neighbour, OutOfBytes>;

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "the walk over lists is what a request computes most, and its state belongs in registers"
    )]
    fn next(&mut self) -> Option<Self::Item> {
        let &weight = self.weights.next()?;
        let item = match self.items.next_value() {
            Ok(item) if item < self.item_count => item,
            _ => return Some(Err(OutOfBytes)),
        };
        Some(Ok(Neighbour {
            item,
            weight: f32::from(weight as i8) * self.scale,
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.weights.size_hint()
    }
}
