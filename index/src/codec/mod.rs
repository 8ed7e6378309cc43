//! Numbers and texts as bytes: variable-length integers, Rice codes, and a reader over a slice that never panics.

mod cursor;
mod rice;
mod varint;

pub(crate) use cursor::{Cursor, OutOfBytes};
pub(crate) use rice::{RiceReader, best_rice_parameter, write_rice};
pub(crate) use varint::{write_text, write_varint, zigzag_decode, zigzag_encode};
