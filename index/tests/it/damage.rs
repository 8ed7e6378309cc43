//! What the tests and the fuzz targets share: asking everything of a generation, and making damaged files pass the checksums.

use index::{
    Error, FileKind, Generation, Keys, MemorySource, Outline, Question, recommend::HistoryItem,
};

/// Asks everything that reads a block.
pub(crate) fn ask_everything(
    files: Vec<(FileKind, Vec<u8>)>,
    outlines: Vec<Outline>,
) -> Result<(), Error> {
    let keys = Keys {
        ids: &["11", "none"],
        titles: &["Heat (1986)"],
    };
    let generation = Generation::open(MemorySource::new(files), outlines, &FileKind::ALL, &keys)?;
    let items = generation.items_of_ids(&["11", "16", "none"])?;
    let history = items
        .into_iter()
        .flatten()
        .map(|item| HistoryItem { item, weight: 1.0 })
        .collect();
    let question = Question {
        history,
        count: 5,
        diversity: 0.5,
        ..Question::default()
    };
    let recommended = generation.recommend(&question)?;
    let items: Vec<u32> = recommended.iter().map(|scored| scored.item).collect();
    generation.reasons(&items, &question.history)?;
    generation.records(&items)?;
    generation.items_of_titles(&["Heat (1986)", "The Third Man"])?;
    generation.popular(&question)?;
    generation.onboarding()?;
    Ok(())
}

/// Computes the checksums of every block and of the head anew, by the specification alone.
pub(crate) fn reseal(file: &mut [u8], head_len: usize) {
    let number = |file: &[u8], at: usize, len: usize| {
        file.get(at..at + len).map(|bytes| {
            bytes
                .iter()
                .rev()
                .fold(0_u64, |number, &byte| number << 8 | u64::from(byte)) as usize
        })
    };
    let checksum = |bytes: &[u8]| xxhash_rust::xxh64::xxh64(bytes, 0);
    let sections = number(file, 36, 4).unwrap_or(0).min(64);
    for section in 0..sections {
        let entry = 48 + section * 24;
        let (Some(blocks), Some(block_len), Some(table), Some(data)) = (
            number(file, entry + 4, 4),
            number(file, entry + 8, 4),
            number(file, entry + 12, 4),
            number(file, entry + 16, 8),
        ) else {
            continue;
        };
        let mut start = 0;
        for block in 0..blocks.min(10_000) {
            let end = if block_len == 0 {
                number(file, table + block * 4, 4)
            } else {
                Some(start + block_len)
            };
            let Some(end) = end else { break };
            let block_start = data.saturating_add(start);
            let block_end = data.saturating_add(end);
            if let Some(block) = file.get_mut(block_start..block_end)
                && let Some((content, sum)) = block.split_last_chunk_mut::<4>()
            {
                *sum = (checksum(content) as u32).to_le_bytes();
            }
            start = end;
        }
    }
    file[40..48].fill(0);
    let sum = checksum(&file[..head_len]);
    file[40..48].copy_from_slice(&sum.to_le_bytes());
}
