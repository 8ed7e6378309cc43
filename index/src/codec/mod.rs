//! Numbers and texts as bytes: variable-length integers, numbers of some bits, Rice codes, and a reader over a slice that never panics.

mod bits;
mod cursor;
mod rice;
mod varint;

pub(crate) use bits::{BitWriter, number_at, place_of_one};
pub(crate) use cursor::{Cursor, OutOfBytes};
pub(crate) use rice::{RiceReader, best_rice_parameter, write_rice};
pub(crate) use varint::{write_text, write_varint, zigzag_decode, zigzag_encode};
