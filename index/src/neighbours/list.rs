//! A weighted list of numbers: how many, the scale, the Rice parameter, a byte a weight, the numbers' gaps. The empty list is no bytes.

use crate::codec::{Cursor, OutOfBytes, RiceReader, best_rice_parameter, write_rice, write_varint};

/// An item in another item's list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The item's number.
    pub item: u32,
    /// How much the owner of the list raises it, or lowers it when negative.
    pub weight: f32,
}

/// The bytes of a list that is strictly ascending by item.
///
/// A weight is a whole multiple, from -127 to 127, of the list's scale. Neighbours whose weight rounds to zero are left out: they would say nothing.
pub(crate) fn encode_list(list: &[Neighbour]) -> Vec<u8> {
    let largest = list
        .iter()
        .map(|neighbour| neighbour.weight.abs())
        .fold(0.0, f32::max);
    let scale = largest / 127.0;
    let (items, weights): (Vec<u32>, Vec<i8>) = list
        .iter()
        .map(|neighbour| (neighbour.item, (neighbour.weight / scale).round() as i8))
        .filter(|&(_, weight)| weight != 0)
        .unzip();
    let mut bytes = Vec::new();
    if items.is_empty() {
        return bytes;
    }
    let parameter = best_rice_parameter(&items);
    write_varint(items.len() as u64, &mut bytes);
    bytes.extend_from_slice(&scale.to_le_bytes());
    bytes.push(parameter);
    bytes.extend(weights.iter().map(|&weight| weight as u8));
    write_rice(&items, parameter, &mut bytes);
    bytes
}

/// A list, ascending by item. It is decoded as it is walked over; where it is damaged, the walk gives an error.
#[derive(Clone, Debug)]
pub(crate) struct List<'a> {
    weights: std::slice::Iter<'a, u8>,
    scale: f32,
    items: RiceReader<'a>,
    /// The items' numbers are below it.
    item_count: u32,
}

impl<'a> List<'a> {
    /// What [`encode_list`] wrote.
    pub(crate) fn decode(entry: &'a [u8], item_count: u32) -> Result<Self, OutOfBytes> {
        let mut cursor = Cursor::new(entry);
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
            item_count,
        })
    }
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
