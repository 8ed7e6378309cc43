use crate::{
    codec::{Cursor, OutOfBytes},
    error::Error,
};

/// What stands in the place of a column where a node is a leaf.
pub(super) const LEAF: u16 = u16::MAX;

/// Column, rank, and where to go on.
const NODE_LEN_BYTES: usize = 10;

const COUNT_LEN_BYTES: usize = 4;

/// The blocks that all trees share.
#[derive(Debug)]
pub(super) struct Shared<'a> {
    /// For each encoded column its thresholds, ascending.
    thresholds: Vec<Vec<f64>>,
    /// For each kind of leaf the rows of each class.
    counts: &'a [u8],
    class_count: usize,
}

/// The nodes of a tree, which are looked at where a row leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tree<'a> {
    nodes: &'a [u8],
}

/// A node.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Split(Split),
    Leaf(u32),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    pub(super) column: u16,
    rank: u32,
    pub(super) left: u32,
}

impl Split {
    /// Where a row of these ranks goes on: to the left if no more than `rank` thresholds are below its value.
    pub(super) fn next(self, ranks: &[u32]) -> u32 {
        let rank = ranks
            .get(usize::from(self.column))
            .copied()
            .unwrap_or_default();
        self.left + u32::from(self.rank < rank)
    }
}

impl<'a> Shared<'a> {
    pub(super) fn read(
        thresholds: &[u8],
        counts: &'a [u8],
        column_count: usize,
        class_count: usize,
    ) -> Result<Self, OutOfBytes> {
        let mut cursor = Cursor::new(thresholds);
        let of_column = |_| {
            let count = cursor.varint_u32()? as usize;
            // Taking the bytes bounds the count by those that are there.
            let bytes = cursor.take(count.checked_mul(8).ok_or(OutOfBytes)?)?;
            let (numbers, _) = bytes.as_chunks::<8>();
            Ok(numbers
                .iter()
                .map(|bytes| f64::from_le_bytes(*bytes))
                .collect())
        };
        Ok(Self {
            thresholds: (0..column_count)
                .map(of_column)
                .collect::<Result<_, OutOfBytes>>()?,
            counts,
            class_count,
        })
    }

    /// For each encoded column how many of its thresholds are below the row's value.
    pub(super) fn ranks(&self, encoded: &[f64]) -> Vec<u32> {
        let columns = self.thresholds.iter().zip(encoded);
        columns
            .map(|(thresholds, value)| {
                thresholds.partition_point(|threshold| threshold < value) as u32
            })
            .collect()
    }

    /// The rows of each class in a leaf.
    pub(super) fn counts(
        &self,
        leaf: u32,
    ) -> Result<impl Iterator<Item = u32> + use<'a>, OutOfBytes> {
        let len_bytes = self.class_count * COUNT_LEN_BYTES;
        let start = (leaf as usize).checked_mul(len_bytes).ok_or(OutOfBytes)?;
        let end = start.checked_add(len_bytes).ok_or(OutOfBytes)?;
        let (counts, _) = self
            .counts
            .get(start..end)
            .ok_or(OutOfBytes)?
            .as_chunks::<COUNT_LEN_BYTES>();
        Ok(counts.iter().map(|bytes| u32::from_le_bytes(*bytes)))
    }

    /// All rows in a leaf, one at least.
    pub(super) fn total(&self, leaf: u32) -> Result<f64, OutOfBytes> {
        let total = self.counts(leaf)?.map(f64::from).sum();
        if 0.0 < total {
            Ok(total)
        } else {
            Err(OutOfBytes)
        }
    }

    /// Adds the share of each class in the leaf to which a row of these ranks comes.
    pub(super) fn add_shares(
        &self,
        tree: Tree<'_>,
        ranks: &[u32],
        sums: &mut [f64],
    ) -> Result<(), OutOfBytes> {
        let mut at = 0;
        let leaf = loop {
            match tree.node(at)? {
                Node::Leaf(leaf) => break leaf,
                Node::Split(split) => at = split.next(ranks),
            }
        };
        let total = self.total(leaf)?;
        for (sum, count) in sums.iter_mut().zip(self.counts(leaf)?) {
            *sum += f64::from(count) / total;
        }
        Ok(())
    }
}

impl<'a> Tree<'a> {
    pub(super) fn new(nodes: &'a [u8]) -> Self {
        Self { nodes }
    }

    pub(super) fn node_count(self) -> u32 {
        (self.nodes.len() / NODE_LEN_BYTES) as u32
    }

    /// The node at a position. Those below a split are behind it: so a walk ends, whatever the bytes.
    pub(super) fn node(self, at: u32) -> Result<Node, OutOfBytes> {
        let start = at as usize * NODE_LEN_BYTES;
        let mut cursor = Cursor::new(self.nodes.get(start..).ok_or(OutOfBytes)?);
        let (column, rank, target) = (cursor.u16()?, cursor.u32()?, cursor.u32()?);
        if column == LEAF {
            Ok(Node::Leaf(target))
        } else if at < target && target < self.node_count() {
            Ok(Node::Split(Split {
                column,
                rank,
                left: target,
            }))
        } else {
            Err(OutOfBytes)
        }
    }
}

/// The error for trees, leaves or thresholds that are cut off or contradict themselves.
pub(super) fn damaged(
    container: &crate::container::Container,
) -> impl Fn(OutOfBytes) -> Error + '_ {
    |_| container.corrupt("a tree of the model is damaged")
}
