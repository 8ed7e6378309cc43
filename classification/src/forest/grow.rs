//! One tree, from the root downwards.

use super::{ForestSettings, Node, Tree};
use crate::Matrix;
use seeded::Random;

/// The rows that are learnt from, column by column, each value as its rank among those of its column: equal values have equal ranks.
pub(super) struct RankedColumns {
    /// For each column the rank of every row.
    ranks: Vec<Vec<u32>>,
    /// For each column its values, ascending, each once.
    values: Vec<Vec<f64>>,
}

impl RankedColumns {
    pub(super) fn new(matrix: &Matrix, rows: &[u32]) -> Self {
        let (mut ranks, mut values) = (Vec::new(), Vec::new());
        for column in 0..matrix.num_columns() {
            let of_rows: Vec<f64> = rows
                .iter()
                .map(|&row| matrix.row(row as usize)[column])
                .collect();
            let mut distinct = of_rows.clone();
            distinct.sort_by(f64::total_cmp);
            // By value: 0 and -0 are equal.
            distinct.dedup();
            let rank = |value: &f64| distinct.partition_point(|other| other < value) as u32;
            ranks.push(of_rows.iter().map(rank).collect());
            values.push(distinct);
        }
        Self { ranks, values }
    }

    fn len(&self) -> usize {
        self.ranks.len()
    }
}

/// A tree that grows.
pub(super) struct Grower<'a> {
    columns: &'a RankedColumns,
    labels: &'a [u32],
    /// How often the tree sees each row.
    weights: &'a [u32],
    settings: &'a ForestSettings,
    pub(super) num_candidates: usize,
    /// The rows that it sees, those of each node side by side.
    samples: Vec<u32>,
    /// All columns, in the order of the last draw.
    drawn: Vec<u32>,
    /// The rank of a value and the position of its row, in the node that is looked at.
    sorted: Vec<(u32, u32)>,
    tree: Tree,
}

/// Where the rows of a node stand, and how far below the root it is.
struct Pending {
    start: usize,
    end: usize,
    depth: usize,
}

/// The best split of a node so far.
struct Best {
    column: u32,
    /// Rows of at most this rank go left.
    rank: u32,
    threshold: f64,
    purity: f64,
}

impl<'a> Grower<'a> {
    pub(super) fn new(
        columns: &'a RankedColumns,
        labels: &'a [u32],
        num_classes: usize,
        weights: &'a [u32],
        settings: &'a ForestSettings,
    ) -> Self {
        let seen = (0..).zip(weights).filter(|(_, weight)| **weight != 0);
        Self {
            columns,
            labels,
            weights,
            settings,
            num_candidates: columns.len().isqrt(),
            samples: seen.map(|(sample, _)| sample).collect(),
            drawn: (0..columns.len() as u32).collect(),
            sorted: Vec::new(),
            tree: Tree {
                nodes: Vec::new(),
                num_classes,
                counts: Vec::new(),
            },
        }
    }

    pub(super) fn grow(mut self, random: &mut Random) -> Tree {
        let mut pending = vec![Pending {
            start: 0,
            end: self.samples.len(),
            depth: 0,
        }];
        // Nodes are looked at in the order in which they are numbered, which is breadth first.
        let mut at = 0;
        while let Some(&Pending { start, end, depth }) = pending.get(at) {
            at += 1;
            let counts = self.counts(start, end);
            let Some(best) = self.best_split(start, end, depth, &counts, random) else {
                let leaf = self.tree.counts.len() / self.tree.num_classes;
                self.tree.counts.extend(counts);
                self.tree.nodes.push(Node::Leaf(leaf as u32));
                continue;
            };
            self.tree.nodes.push(Node::Split {
                column: best.column,
                threshold: best.threshold,
                left: pending.len() as u32,
            });
            let middle = start + self.partition(start, end, &best);
            let depth = depth + 1;
            pending.push(Pending {
                start,
                end: middle,
                depth,
            });
            pending.push(Pending {
                start: middle,
                end,
                depth,
            });
        }
        self.tree
    }

    fn counts(&self, start: usize, end: usize) -> Vec<u32> {
        let mut counts = vec![0; self.tree.num_classes];
        for &sample in &self.samples[start..end] {
            counts[self.labels[sample as usize] as usize] += self.weights[sample as usize];
        }
        counts
    }

    fn best_split(
        &mut self,
        start: usize,
        end: usize,
        depth: usize,
        counts: &[u32],
        random: &mut Random,
    ) -> Option<Best> {
        let is_pure = counts.iter().filter(|count| **count != 0).count() < 2;
        if is_pure || depth == self.settings.maximum_depth {
            return None;
        }
        let mut best: Option<Best> = None;
        for num_drawn in 0..self.drawn.len() {
            if self.num_candidates <= num_drawn && best.is_some() {
                break;
            }
            let other = num_drawn + random.below(self.drawn.len() - num_drawn);
            self.drawn.swap(num_drawn, other);
            self.look_at(self.drawn[num_drawn], start, end, counts, &mut best);
        }
        best
    }

    /// Tries every split of a column, from the left to the right. What is sought is the largest sum of squared counts over their total of both sides: the weighted
    /// Gini impurity of both is what it lacks of the total.
    fn look_at(
        &mut self,
        column: u32,
        start: usize,
        end: usize,
        counts: &[u32],
        best: &mut Option<Best>,
    ) {
        let ranks = &self.columns.ranks[column as usize];
        self.sorted.clear();
        self.sorted.extend(
            self.samples[start..end]
                .iter()
                .map(|&sample| (ranks[sample as usize], sample)),
        );
        self.sorted.sort_unstable();
        let mut left = vec![0; counts.len()];
        let mut right = counts.to_vec();
        for pair in self.sorted.windows(2) {
            let [(rank, sample), (next_rank, _)] = *pair else {
                continue;
            };
            let (label, weight) = (
                self.labels[sample as usize] as usize,
                self.weights[sample as usize],
            );
            left[label] += weight;
            right[label] -= weight;
            if rank == next_rank || !self.is_large_enough(&left) || !self.is_large_enough(&right) {
                continue;
            }
            let purity = purity(&left) + purity(&right);
            if best.as_ref().is_none_or(|best| best.purity < purity) {
                let values = &self.columns.values[column as usize];
                *best = Some(Best {
                    column,
                    rank,
                    threshold: midway(values[rank as usize], values[next_rank as usize]),
                    purity,
                });
            }
        }
    }

    fn is_large_enough(&self, counts: &[u32]) -> bool {
        self.settings.minimum_leaf <= counts.iter().sum()
    }

    /// Brings the rows that go left before the others, and says how many they are.
    fn partition(&mut self, start: usize, end: usize, best: &Best) -> usize {
        let ranks = &self.columns.ranks[best.column as usize];
        let samples = &mut self.samples[start..end];
        let mut num_left = 0;
        for position in 0..samples.len() {
            if ranks[samples[position] as usize] <= best.rank {
                samples.swap(num_left, position);
                num_left += 1;
            }
        }
        num_left
    }
}

/// The sum of the squared counts over their total: the total times (1 - Gini impurity).
pub(super) fn purity(counts: &[u32]) -> f64 {
    let total: u32 = counts.iter().sum();
    let squares: u64 = counts
        .iter()
        .map(|&count| u64::from(count) * u64::from(count))
        .sum();
    squares as f64 / f64::from(total)
}

/// Midway between two numbers, of which the first is smaller, and never the second: that would go to the wrong side.
pub(super) fn midway(below: f64, above: f64) -> f64 {
    let middle = below / 2.0 + above / 2.0;
    if below <= middle && middle < above {
        middle
    } else {
        below
    }
}
