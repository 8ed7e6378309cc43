use super::serializer::{Metadata, ONBOARDING, POPULAR};
use crate::{
    codec::{Cursor, OutOfBytes},
    container::{Container, HEAD_ONLY, SectionId},
    error::Error,
};

/// An open file of popular items.
#[derive(Debug)]
pub struct Popularity {
    container: Container,
    metadata: Metadata,
}

impl Popularity {
    /// Opens a head in O(1).
    pub fn open(container: Container) -> Result<Self, Error> {
        let metadata = container.metadata()?;
        Ok(Self {
            container,
            metadata,
        })
    }

    /// The container, for its lengths.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// How many items the catalogue has, listed or not.
    pub fn item_count(&self) -> u32 {
        self.metadata.item_count
    }

    /// The popular items with their scores, the highest first.
    pub fn popular(&self) -> Result<Vec<(u32, f32)>, Error> {
        self.entries(POPULAR, Cursor::f32)
    }

    /// The items to rate first, in the order in which they are to be shown.
    pub fn onboarding(&self) -> Result<Vec<u32>, Error> {
        let entries = self.entries(ONBOARDING, |_| Ok(()))?;
        Ok(entries.into_iter().map(|(item, ())| item).collect())
    }

    /// The entries of a list: an item number, and what `read` finds behind it.
    fn entries<'a, T>(
        &'a self,
        section: SectionId,
        read: impl Fn(&mut Cursor<'a>) -> Result<T, OutOfBytes>,
    ) -> Result<Vec<(u32, T)>, Error> {
        let mut cursor = Cursor::new(self.container.block(section, 0, &HEAD_ONLY)?);
        let mut entries = Vec::new();
        while !cursor.is_empty() {
            let entry = cursor.u32().and_then(|item| Ok((item, read(&mut cursor)?)));
            match entry {
                Ok((item, value)) if item < self.metadata.item_count => entries.push((item, value)),
                _ => return Err(self.container.corrupt("a list of popular items is damaged")),
            }
        }
        Ok(entries)
    }
}
