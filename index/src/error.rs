use crate::source::{FileKind, SourceError};

/// What can be wrong with an index file or with a question to it.
///
/// No bytes make a reader panic: whatever is wrong in a file ends here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes do not begin as an index file does. Was another file published under this name?
    #[error("{file} is not an index file: it does not begin with the magic bytes")]
    ForeignFile {
        /// The file that was opened.
        file: FileKind,
    },

    /// The file is of a format that this program does not read.
    #[error(
        "{file} has format version {found}, and this program reads versions {oldest} to {newest}: {}",
        if found > newest { "upgrade the functions, or publish an index built by an older precompute" } else { "build the index again with the current precompute" }
    )]
    UnreadableVersion {
        /// The file that was opened.
        file: FileKind,
        /// The version in its header.
        found: u16,
        /// The oldest version that this program reads.
        oldest: u16,
        /// The newest version that this program reads.
        newest: u16,
    },

    /// The file is an index file of another kind.
    #[error("{file} holds an index of kind {found}: the file was published under the wrong name")]
    WrongKind {
        /// The kind that was expected.
        file: FileKind,
        /// The number of the kind in the header.
        found: u16,
    },

    /// The bytes end too early. Was an upload cut off?
    #[error("{file} has {found_bytes} bytes where {expected_bytes} were expected")]
    Truncated {
        /// The file that was read.
        file: FileKind,
        /// How many bytes its header or its reader asks for.
        expected_bytes: u64,
        /// How many there are.
        found_bytes: u64,
    },

    /// The file contradicts itself. Publish the generation again.
    #[error("{file} is corrupt: {what}")]
    Corrupt {
        /// The file that was read.
        file: FileKind,
        /// What does not hold.
        what: &'static str,
    },

    /// The bytes are not those that were written. Publish the generation again.
    #[error("{file} is corrupt: the checksum of {place} does not match")]
    ChecksumMismatch {
        /// The file that was read.
        file: FileKind,
        /// The part whose checksum was computed.
        place: Place,
    },

    /// Two files do not belong to the same catalogue. Publish the generation again.
    #[error("{file} numbers its items by another catalogue than the one beside it")]
    MixedCatalogues {
        /// The file that does not fit the catalogue.
        file: FileKind,
    },

    /// The question needs a file that the generation does not have, or that was not opened.
    #[error("the generation has no open {file} file")]
    MissingFile {
        /// The kind that is missing.
        file: FileKind,
    },

    /// An item number that is not in the catalogue.
    #[error("{file} has {item_count} items and no item number {item}")]
    NoSuchItem {
        /// The file that was asked.
        file: FileKind,
        /// The number that was asked for.
        item: u32,
        /// How many items there are.
        item_count: u32,
    },

    /// A cluster number that the file does not have.
    #[error("there are {cluster_count} clusters and no cluster number {cluster}")]
    NoSuchCluster {
        /// The number that was asked for.
        cluster: u32,
        /// How many clusters there are.
        cluster_count: u32,
    },

    /// A filter asks for a field that cannot be filtered.
    #[error(
        "there is no filter on `{field}`; this collection filters on {}",
        list(known)
    )]
    UnknownFilterField {
        /// The field of the filter.
        field: String,
        /// The fields that could have been asked.
        known: Vec<String>,
    },

    /// A filter asks for texts in a field of numbers, or the other way round.
    #[error("the filter on `{field}` wants {expected}")]
    WrongFilterKind {
        /// The field of the filter.
        field: String,
        /// What it takes.
        expected: &'static str,
    },

    /// A reader looked at a block before it was fetched: an error of this program.
    #[error("{file}: block {block} of section {section} was used before it was read")]
    NotFetched {
        /// The file.
        file: FileKind,
        /// The section's number.
        section: u16,
        /// The block's number.
        block: u32,
    },

    /// The bytes could not be read; the source says why.
    #[error("reading {ranges} ranges of the index failed")]
    Source {
        /// How many ranges the batch had.
        ranges: usize,
        /// What the source says.
        source: SourceError,
    },
}

/// A part of a file that carries a checksum of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// The head as a whole.
    Head,
    /// One block.
    Block {
        /// The section's number.
        section: u16,
        /// The block's number in its section.
        block: u32,
    },
    /// The file as a whole.
    File,
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Head => formatter.write_str("the head"),
            Self::Block { section, block } => {
                write!(formatter, "block {block} of section {section}")
            }
            Self::File => formatter.write_str("the whole file"),
        }
    }
}

/// What a writer refuses to write.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// There are more items than item numbers.
    #[error(
        "{count} items are more than an index can number (at most {})",
        u32::MAX
    )]
    TooManyItems {
        /// How many were given.
        count: usize,
    },

    /// A list points at an item that the catalogue does not have.
    #[error(
        "the list of item {item} names item {neighbour}, and there are only {item_count} items"
    )]
    ItemOutOfRange {
        /// The item whose list it is.
        item: u32,
        /// The item that does not exist.
        neighbour: u32,
        /// How many items there are.
        item_count: u32,
    },

    /// A list is not sorted by item, or names an item twice.
    #[error("the list of item {item} is not strictly ascending at item {neighbour}")]
    Unsorted {
        /// The item whose list it is.
        item: u32,
        /// The first item that is not above the one before it.
        neighbour: u32,
    },

    /// A weight or a score is not a finite number.
    #[error("item {item} has a weight that is not a finite number")]
    NotFinite {
        /// The item.
        item: u32,
    },

    /// What is no rule.
    #[error("a rule that promises item {consequent} {what}")]
    BadRule {
        /// The item that the rule promises.
        consequent: u32,
        /// What is wrong with it.
        what: &'static str,
    },

    /// A basket names an item that does not exist, or an item twice, or not in ascending order.
    #[error("basket {basket} is not strictly ascending below {item_count}, the number of items")]
    BadBasket {
        /// The basket's number.
        basket: u32,
        /// How many items there are.
        item_count: u32,
    },

    /// Clusters are not what readers can use.
    #[error("the clusters cannot be written: {what}")]
    Clusters {
        /// What must hold, and does not.
        what: &'static str,
    },

    /// Two records have the same id.
    #[error("the id `{id}` belongs to two records")]
    DuplicateId {
        /// The id.
        id: String,
    },

    /// A record has a value of another kind than the schema says, or a field that the schema does not know.
    #[error("record `{id}`: the field `{field}` is not as the schema says")]
    SchemaMismatch {
        /// The record's id.
        id: String,
        /// The field's name.
        field: String,
    },

    /// A block is longer than readers take into their memory: a record, or a list, is too long.
    #[error(
        "block {block} of section {section} of the file would have {len_bytes} bytes, and a block may have 16777216"
    )]
    BlockTooLarge {
        /// The section's number in `FORMAT.md`.
        section: u16,
        /// The block's number.
        block: u32,
        /// The length it would have.
        len_bytes: usize,
    },

    /// A section would be longer than its block table can say. Split the collection, or keep fewer neighbours an item.
    #[error(
        "section {section} of the file would have {len_bytes} bytes, and at most {} fit",
        u32::MAX
    )]
    SectionTooLarge {
        /// The section's number in `FORMAT.md`.
        section: u16,
        /// The length it would have.
        len_bytes: usize,
    },

    /// A model does not fit its own schema, or is too large for the format.
    #[error("the model cannot be written: {what}")]
    Model {
        /// What is wrong with it.
        what: &'static str,
    },

    /// The head would be larger than a first read may be.
    #[error(
        "the head of the file would have {len_bytes} bytes, and at most {} fit",
        u32::MAX
    )]
    HeadTooLarge {
        /// The length it would have.
        len_bytes: usize,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
