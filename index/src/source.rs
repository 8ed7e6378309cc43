//! How readers ask for bytes without doing any I/O.

use std::{cell::RefCell, fmt};

/// What was read: a part of what was read together, or of the program itself, which nobody has to copy.
pub use bytes::Bytes;

/// The kinds of index files; a generation holds at most one file of each.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum FileKind {
    /// Which baskets an item is in, and what they are called.
    Baskets,
    /// Ids, titles, records and the facets that filters ask.
    Catalogue,
    /// The items in groups, each with a short vector.
    Clusters,
    /// Weighted lists of items for every item, by what is said of them.
    Content,
    /// What was learnt from a table.
    Model,
    /// Weighted lists of items for every item, by who touched them.
    Neighbours,
    /// What is popular, and what to rate first.
    Popularity,
    /// Association rules.
    Rules,
    /// Which items say which words.
    Text,
}

impl FileKind {
    /// Every kind, in the order of their names.
    pub const ALL: [Self; 9] = [
        Self::Baskets,
        Self::Catalogue,
        Self::Clusters,
        Self::Content,
        Self::Model,
        Self::Neighbours,
        Self::Popularity,
        Self::Rules,
        Self::Text,
    ];

    /// The kinds that speak of the items of a catalogue, which [`Generation`](crate::Generation) opens.
    pub const OF_ITEMS: [Self; 8] = [
        Self::Baskets,
        Self::Catalogue,
        Self::Clusters,
        Self::Content,
        Self::Neighbours,
        Self::Popularity,
        Self::Rules,
        Self::Text,
    ];

    /// The file's name without its ending, and the key of its entry in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baskets => "baskets",
            Self::Catalogue => "catalogue",
            Self::Clusters => "clusters",
            Self::Content => "content",
            Self::Neighbours => "neighbours",
            Self::Popularity => "popularity",
            Self::Model => "model",
            Self::Rules => "rules",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A piece of one index file.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ByteRange {
    /// Which file of the generation.
    pub file: FileKind,
    /// Where the piece starts.
    pub offset: u64,
    /// How long it is.
    pub len_bytes: u32,
}

/// What went wrong while bytes were read; the caller that made the source knows the type.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// One generation's files, wherever they are.
///
/// A call is one round trip: implementations read the ranges of a batch side by side. The answer has one buffer a range, in the order asked, each
/// exactly `len_bytes` long; anything shorter is an error of the source.
pub trait ByteSource {
    /// Reads all ranges, or fails as a whole.
    fn read(&self, ranges: &[ByteRange]) -> Result<Vec<Bytes>, SourceError>;
}

impl fmt::Debug for dyn ByteSource + '_ {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ByteSource")
    }
}

/// Ranges of a file that are no farther apart are better read as one, with what lies between them.
///
/// Measured on the real Spin, a GET costs about 200 microseconds of processor time and a megabyte about 6 ms: 33 kB take as long as the GET that they save.
/// A little less serves the slow lines too: a request to MovieLens 1M, cold and with its records, takes 11.4 GETs and 189 kB with it, where 32 KiB give 10.5 and
/// 215 (`cargo bench -p bench --profile dev --bench reads`).
pub const NEAR_GAP_LEN_BYTES: u32 = 26 << 10;

/// A batch of so many ranges goes side by side over the connections that are open anyway.
const FEW_RANGES_COUNT: usize = 12;

/// So much of gaps is read along in such a batch, of which they would soon be the most.
const GAPS_OF_FEW_LEN_BYTES: u64 = 2 << 10;

/// The gap up to which the ranges of a batch are read as one: [`NEAR_GAP_LEN_BYTES`], but in a batch of few ranges only the smallest ones, up to 2 KiB together. Ranges without
/// a gap between them count as one.
///
/// `gaps_len_bytes` are those between the ranges of a file that follow each other.
pub fn near_gap_len_bytes(range_count: usize, mut gaps_len_bytes: Vec<u64>) -> u64 {
    let limit = u64::from(NEAR_GAP_LEN_BYTES);
    let touching_count = gaps_len_bytes.iter().filter(|gap| **gap == 0).count();
    if FEW_RANGES_COUNT + touching_count < range_count {
        return limit;
    }
    gaps_len_bytes.sort_unstable();
    let mut sum = 0;
    let fitting = gaps_len_bytes.into_iter().take_while(|gap| {
        sum += gap.min(&limit);
        sum <= GAPS_OF_FEW_LEN_BYTES
    });
    fitting.last().unwrap_or_default()
}

/// The ranges that are read for a batch when near ones are read as one, as [`near_gap_len_bytes`] says. In the order of the files, whatever the order of `ranges`.
///
/// A storage that pays for each request merges so; a plan is measured by what comes out.
pub fn merge_near(ranges: &[ByteRange]) -> Vec<ByteRange> {
    let apart = merge_within(ranges, 0);
    let gaps = apart.windows(2).filter_map(|pair| match pair {
        [left, right] if left.file == right.file => {
            Some(right.offset - left.offset - u64::from(left.len_bytes))
        }
        _ => None,
    });
    let gap_len_bytes = near_gap_len_bytes(apart.len(), gaps.collect());
    merge_within(ranges, gap_len_bytes as u32)
}

/// The ranges that cover all of `ranges` when those of a file are one between which at most `gap_len_bytes` lie.
pub fn merge_within(ranges: &[ByteRange], gap_len_bytes: u32) -> Vec<ByteRange> {
    let end = |range: &ByteRange| range.offset.saturating_add(u64::from(range.len_bytes));
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut merged: Vec<ByteRange> = Vec::new();
    for range in sorted {
        if let Some(last) = merged.last_mut()
            && last.file == range.file
            && range.offset <= end(last).saturating_add(u64::from(gap_len_bytes))
            && let Ok(len_bytes) = u32::try_from(end(&range).max(end(last)) - last.offset)
        {
            last.len_bytes = len_bytes;
        } else {
            merged.push(range);
        }
    }
    merged
}

/// A source that remembers what was read from it: the plan of a question, for tests and measurements.
#[derive(Debug)]
pub struct RecordingSource<S> {
    source: S,
    batches: RefCell<Vec<Vec<ByteRange>>>,
}

impl<S> RecordingSource<S> {
    /// A source in front of `source`, of which nothing has been read yet.
    pub fn new(source: S) -> Self {
        Self {
            source,
            batches: RefCell::default(),
        }
    }

    /// The batches since the last call, each with its ranges.
    pub fn take(&self) -> Vec<Vec<ByteRange>> {
        self.batches.take()
    }
}

impl<S: ByteSource> ByteSource for RecordingSource<S> {
    fn read(&self, ranges: &[ByteRange]) -> Result<Vec<Bytes>, SourceError> {
        self.batches.borrow_mut().push(ranges.to_vec());
        self.source.read(ranges)
    }
}

impl<S: ByteSource + ?Sized> ByteSource for &S {
    fn read(&self, ranges: &[ByteRange]) -> Result<Vec<Bytes>, SourceError> {
        (**self).read(ranges)
    }
}

/// Whole files in memory: for tests, for the evaluation, and for indexes that are part of the program.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    files: std::collections::BTreeMap<FileKind, Vec<u8>>,
}

impl MemorySource {
    /// A source over `files`.
    pub fn new(files: impl IntoIterator<Item = (FileKind, Vec<u8>)>) -> Self {
        Self {
            files: files.into_iter().collect(),
        }
    }
}

impl ByteSource for MemorySource {
    fn read(&self, ranges: &[ByteRange]) -> Result<Vec<Bytes>, SourceError> {
        let piece = |range: &ByteRange| {
            let start = usize::try_from(range.offset).ok()?;
            let end = start.checked_add(range.len_bytes as usize)?;
            self.files
                .get(&range.file)?
                .get(start..end)
                .map(|bytes| Bytes::from(bytes.to_vec()))
        };
        ranges
            .iter()
            .map(|range| {
                piece(range).ok_or_else(|| format!("{} has no range {range:?}", range.file).into())
            })
            .collect()
    }
}
