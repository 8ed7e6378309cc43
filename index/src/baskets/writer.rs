use super::{reader::Basket, serializer::serialize};
use crate::error::WriteError;

/// Baskets in the making.
#[derive(Debug)]
pub struct BasketsWriter {
    item_count: u32,
    baskets: Vec<Basket>,
}

impl BasketsWriter {
    /// A writer for baskets of `item_count` items.
    pub fn new(item_count: usize) -> Result<Self, WriteError> {
        let item_count = u32::try_from(item_count)
            .ok()
            .filter(|&count| count < u32::MAX)
            .ok_or(WriteError::TooManyItems { count: item_count })?;
        Ok(Self {
            item_count,
            baskets: Vec::new(),
        })
    }

    /// Adds the next basket: its items strictly ascending.
    pub fn push(&mut self, basket: Basket) -> Result<(), WriteError> {
        let number = self.baskets.len() as u32;
        let is_ascending = basket.items.is_sorted_by(|left, right| left < right);
        if !is_ascending
            || basket
                .items
                .last()
                .is_some_and(|&item| self.item_count <= item)
        {
            return Err(WriteError::BadBasket {
                basket: number,
                item_count: self.item_count,
            });
        }
        self.baskets.push(basket);
        Ok(())
    }

    /// The file. `item_space` is that of the catalogue whose item numbers the baskets use.
    pub fn finish(self, item_space: u64) -> Result<Vec<u8>, WriteError> {
        serialize(&self.baskets, self.item_count, item_space)
    }
}
