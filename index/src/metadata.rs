//! The metadata of a file: the few numbers and names that a reader needs before it can find anything.
//!
//! This is the one place where bincode is used. The library is no longer maintained; its version 2 format is frozen and documented, the bytes are part of our
//! own specification (`FORMAT.md`), and a replacement would be written here.

use bincode::{Decode, Encode, config};

/// No metadata is longer: a length in the bytes that claims more is refused before anything is allocated.
const LIMIT_BYTES: usize = 1 << 20;

pub(crate) fn encode(metadata: &impl Encode) -> Vec<u8> {
    // Encoding into a vector fails only where a type refuses to be encoded, which none of ours does.
    bincode::encode_to_vec(metadata, config::standard()).unwrap_or_default()
}

pub(crate) fn decode<T: Decode<()>>(bytes: &[u8]) -> Option<T> {
    let config = config::standard().with_limit::<LIMIT_BYTES>();
    match bincode::decode_from_slice(bytes, config) {
        Ok((metadata, len_bytes)) if len_bytes == bytes.len() => Some(metadata),
        _ => None,
    }
}
