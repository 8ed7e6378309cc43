use super::{list::Neighbour, serializer::serialize};
use crate::{error::WriteError, source::FileKind};

/// The lists of all items in the making.
///
/// ```
/// use index::neighbours::{Neighbour, NeighboursWriter};
///
/// let mut writer = NeighboursWriter::new(3, "made by hand")?;
/// writer.push(&[Neighbour { item: 1, weight: 0.5 }, Neighbour { item: 2, weight: -0.25 }])?;
/// writer.push(&[])?;
/// writer.push(&[Neighbour { item: 0, weight: 1.0 }])?;
/// let file = writer.finish(0x5eed)?;
/// assert!(file.starts_with(b"\x89KDX"));
/// # Ok::<(), index::WriteError>(())
/// ```
#[derive(Debug)]
pub struct NeighboursWriter {
    file: FileKind,
    item_count: u32,
    description: String,
    /// The lists one after the other; a weight is within the list that it belongs to.
    neighbours: Vec<Neighbour>,
    /// Where each pushed list ends in `neighbours`.
    ends: Vec<usize>,
}

impl NeighboursWriter {
    /// A writer for `item_count` lists of what interactions say. The description says how they were made, such as `EASE, regularization 500, 200 neighbours`.
    pub fn new(item_count: usize, description: &str) -> Result<Self, WriteError> {
        Self::of_kind(FileKind::Neighbours, item_count, description)
    }

    /// The same for lists of what the items' own words say.
    pub fn of_content(item_count: usize, description: &str) -> Result<Self, WriteError> {
        Self::of_kind(FileKind::Content, item_count, description)
    }

    fn of_kind(file: FileKind, item_count: usize, description: &str) -> Result<Self, WriteError> {
        let item_count = u32::try_from(item_count)
            .ok()
            .filter(|&count| count < u32::MAX)
            .ok_or(WriteError::TooManyItems { count: item_count })?;
        let ends = Vec::with_capacity(item_count as usize);
        Ok(Self {
            file,
            item_count,
            description: description.to_owned(),
            neighbours: Vec::new(),
            ends,
        })
    }

    /// Adds the list of the next item: strictly ascending by item, weights finite. Lists that are not pushed are empty.
    pub fn push(&mut self, list: &[Neighbour]) -> Result<(), WriteError> {
        let item = self.ends.len() as u32;
        if self.item_count <= item {
            return Err(WriteError::TooManyItems {
                count: item as usize + 1,
            });
        }
        let mut next = 0;
        for &Neighbour {
            item: neighbour,
            weight,
        } in list
        {
            if neighbour < next {
                return Err(WriteError::Unsorted { item, neighbour });
            }
            if self.item_count <= neighbour {
                let item_count = self.item_count;
                return Err(WriteError::ItemOutOfRange {
                    item,
                    neighbour,
                    item_count,
                });
            }
            if !weight.is_finite() {
                return Err(WriteError::NotFinite { item });
            }
            next = neighbour + 1;
        }
        self.neighbours.extend_from_slice(list);
        self.ends.push(self.neighbours.len());
        Ok(())
    }

    /// The file. `item_space` is that of the catalogue whose item numbers the lists use.
    pub fn finish(mut self, item_space: u64) -> Result<Vec<u8>, WriteError> {
        self.ends
            .resize(self.item_count as usize, self.neighbours.len());
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let lists = starts
            .zip(&self.ends)
            .map(|(start, &end)| self.neighbours.get(start..end).unwrap_or_default());
        serialize(
            self.file,
            lists,
            self.item_count,
            &self.description,
            item_space,
        )
    }
}
