use super::{
    list::List,
    metadata::{LISTS, Metadata},
};
use crate::{
    codec::OutOfBytes,
    container::{Blocks, Container, Entries, Plan},
    error::Error,
};

/// An open file of neighbours.
#[derive(Debug)]
pub struct Neighbours {
    container: Container,
    metadata: Metadata,
    lists: Entries,
}

impl Neighbours {
    /// Opens a head in O(1).
    pub fn open(container: Container) -> Result<Self, Error> {
        let metadata: Metadata = container.metadata()?;
        let lists = Entries::open(
            &container,
            LISTS,
            metadata.item_count,
            metadata.items_per_block,
        )?;
        Ok(Self {
            container,
            metadata,
            lists,
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
        self.lists.plan(&self.container, item, plan)
    }

    /// The list of an item whose block has been fetched. O(length of the block); the list itself is read as it is walked over.
    pub(crate) fn list<'a>(&'a self, item: u32, blocks: &'a Blocks) -> Result<List<'a>, Error> {
        let entry = self.lists.get(&self.container, item, blocks)?;
        List::decode(entry, self.metadata.item_count).map_err(|error| self.damaged(error))
    }

    /// The error for a list that does not end as it begins.
    pub(crate) fn damaged(&self, _: OutOfBytes) -> Error {
        self.container.corrupt("a list of neighbours is cut off")
    }
}
