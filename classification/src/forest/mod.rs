//! Random forest (Breiman: Random forests, Machine Learning 45, 2001): trees that each see other rows and, at each split, other columns; what they say is averaged.

mod grow;
#[cfg(test)]
mod tests;

use rayon::prelude::*;
use seeded::Random;

use self::grow::{Grower, RankedColumns};
use crate::{Error, Matrix};

/// The knobs of a forest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForestSettings {
    /// How many trees. More are never worse, and the difference to infinitely many shrinks with the square root.
    pub num_trees: usize,
    /// The most splits between the root and a leaf.
    pub maximum_depth: usize,
    /// The fewest rows in a leaf, those that a tree sees twice counted twice.
    pub minimum_leaf: u32,
}

impl ForestSettings {
    /// Trees that are grown until each leaf has one class.
    pub fn new(num_trees: usize) -> Self {
        Self {
            num_trees,
            maximum_depth: usize::MAX,
            minimum_leaf: 1,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let setting = |knob, value: String, bound| Err(Error::Setting { knob, value, bound });
        match self {
            Self { num_trees: 0, .. } => setting(
                "the number of trees",
                "0".to_owned(),
                "a forest has one at least",
            ),
            Self {
                maximum_depth: 0, ..
            } => setting(
                "the maximum depth",
                "0".to_owned(),
                "a tree splits once at least",
            ),
            Self {
                minimum_leaf: 0, ..
            } => setting(
                "the fewest rows in a leaf",
                "0".to_owned(),
                "a leaf has one at least",
            ),
            _ => Ok(()),
        }
    }
}

/// Trees whose mean is the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    trees: Vec<Tree>,
    num_classes: usize,
}

/// Nodes, breadth first: the two below a split stand side by side, behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
    num_classes: usize,
    /// For each leaf, one behind the other, how many rows of each class it has.
    counts: Vec<u32>,
}

/// A question or an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Node {
    /// Rows go on to `left` if their value is at most the threshold, and otherwise to the node after it.
    Split {
        /// The encoded column.
        column: u32,
        /// Midway between two values of the rows that were learnt from.
        threshold: f64,
        /// The node for values up to the threshold.
        left: u32,
    },
    /// The end, with this number among the leaves of the tree.
    Leaf(u32),
}

impl Forest {
    /// Learns from some rows of a matrix, with the class of every row of it.
    ///
    /// Each tree sees as many rows as there are, drawn with replacement. A node draws columns without replacement, the square root of all of them, and more if
    /// these are constant in it; of all splits of them midway between two values the one with the least Gini impurity is taken, of equal ones the first that was
    /// drawn. Each tree has a seed of its own, so that the forest is the same with any number of threads.
    ///
    /// O(trees · sqrt(columns) · rows · log(rows) · depth); memory O(rows · columns) once and O(rows) for each thread.
    pub fn fit(
        matrix: &Matrix,
        labels: &[u32],
        num_classes: usize,
        rows: &[u32],
        settings: &ForestSettings,
        seed: u64,
    ) -> Result<(Self, OutOfBag), Error> {
        settings.check()?;
        let columns = RankedColumns::new(matrix, rows);
        let labels_of_rows: Vec<u32> = rows.iter().map(|&row| labels[row as usize]).collect();
        let mut seeds = Random::new(seed);
        let seeds: Vec<u64> = (0..settings.num_trees).map(|_| seeds.next()).collect();
        let grown: Vec<(Tree, Vec<u32>)> = seeds
            .into_par_iter()
            .map(|seed| {
                let mut random = Random::new(seed);
                let mut weights = vec![0; rows.len()];
                for _ in rows {
                    weights[random.below(rows.len())] += 1;
                }
                let grower =
                    Grower::new(&columns, &labels_of_rows, num_classes, &weights, settings);
                (grower.grow(&mut random), weights)
            })
            .collect();
        let out_of_bag = OutOfBag::new(&grown, matrix, labels, num_classes, rows);
        let trees = grown.into_iter().map(|(tree, _)| tree).collect();
        Ok((Self { trees, num_classes }, out_of_bag))
    }

    /// The trees.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The probability of each class for an encoded row: the mean of its shares in the leaves. O(trees · depth).
    pub fn probabilities(&self, row: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.num_classes];
        for tree in &self.trees {
            tree.add_shares(row, &mut sums);
        }
        for sum in &mut sums {
            *sum /= self.trees.len() as f64;
        }
        sums
    }
}

impl Tree {
    /// The nodes; the first is the root.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// How many rows of each class a leaf has, those that the tree saw twice counted twice.
    pub fn counts(&self, leaf: u32) -> &[u32] {
        &self.counts[leaf as usize * self.num_classes..][..self.num_classes]
    }

    fn add_shares(&self, row: &[f64], sums: &mut [f64]) {
        let counts = self.counts(self.leaf(row));
        let total: u32 = counts.iter().sum();
        for (sum, &count) in sums.iter_mut().zip(counts) {
            *sum += f64::from(count) / f64::from(total);
        }
    }

    fn leaf(&self, row: &[f64]) -> u32 {
        let mut at = 0;
        loop {
            match self.nodes[at as usize] {
                Node::Leaf(leaf) => return leaf,
                Node::Split {
                    column,
                    threshold,
                    left,
                } => at = left + u32::from(threshold < row[column as usize]),
            }
        }
    }
}

/// What each row is told by the trees that have not seen it: an estimate of the accuracy that costs nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutOfBag {
    /// The share of right answers; `None` if every tree saw every row.
    pub accuracy: Option<f64>,
    /// How many rows some tree has not seen, a share exp(-1) of the trees for each.
    pub num_rows: usize,
}

impl OutOfBag {
    fn new(
        grown: &[(Tree, Vec<u32>)],
        matrix: &Matrix,
        labels: &[u32],
        num_classes: usize,
        rows: &[u32],
    ) -> Self {
        let (mut num_rows, mut num_right) = (0, 0);
        for (position, &row) in rows.iter().enumerate() {
            let mut sums = vec![0.0; num_classes];
            let unseen = grown.iter().filter(|(_, weights)| weights[position] == 0);
            for (tree, _) in unseen.clone() {
                tree.add_shares(matrix.row(row as usize), &mut sums);
            }
            if unseen.count() != 0 {
                num_rows += 1;
                num_right += usize::from(most_probable(&sums) == labels[row as usize]);
            }
        }
        let accuracy = (num_rows != 0).then(|| f64::from(num_right as u32) / num_rows as f64);
        Self { accuracy, num_rows }
    }
}

/// The class with the largest number, of equal ones the first.
pub(crate) fn most_probable(probabilities: &[f64]) -> u32 {
    let mut best = 0;
    for (class, probability) in probabilities.iter().enumerate() {
        if probabilities[best] < *probability {
            best = class;
        }
    }
    best as u32
}
