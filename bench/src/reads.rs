use index::{ByteRange, merge_near};

/// What a batch of reads costs, when ranges of a file with at most `gap_len_bytes` between them are read as one: GETs and bytes.
pub fn cost(batch: &[ByteRange], gap_len_bytes: u32) -> (usize, u64) {
    let merged = merge_near(batch, gap_len_bytes);
    let len_bytes = merged.iter().map(|range| u64::from(range.len_bytes)).sum();
    (merged.len(), len_bytes)
}
