use index::{ByteRange, merge_near, merge_within};

/// What a batch of reads costs, when near ranges are read as one: GETs and bytes. Without a gap, those are near that a storage reads so.
pub fn cost(batch: &[ByteRange], gap_len_bytes: Option<u32>) -> (usize, u64) {
    let merged = match gap_len_bytes {
        Some(gap_len_bytes) => merge_within(batch, gap_len_bytes),
        None => merge_near(batch),
    };
    let len_bytes = merged.iter().map(|range| u64::from(range.len_bytes)).sum();
    (merged.len(), len_bytes)
}
