//! Short names of contents.

use sha2::{Digest as _, Sha256};

/// The first 64 bits of the SHA-256 hash, as hexadecimal digits: enough to tell contents apart that nobody made to collide.
pub(crate) fn short_hash(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let bytes = digest.first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(bytes))
}
