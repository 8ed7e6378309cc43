//! What each field of a row contributed to the answer: Shapley values.
//!
//! A field's contribution is what it changes when it becomes known, averaged over all orders in which the fields may become known (Shapley: A value for n-person games,
//! 1953). What a tree says of a row of which only some fields are known: a split on a known field is followed, and at any other both sides count with the share
//! of the rows that went there (Lundberg et al.: From local explanations to global understanding with explainable AI for trees, Nature Machine Intelligence 2,
//! 2020, algorithm 2, "path-dependent"). A field of categories is one player, though it has many encoded columns.

use super::{
    DEPTH_MAX,
    forest::{Node, Shared, Tree},
};
use crate::codec::OutOfBytes;

/// What each field contributed to what is said of one class: the base and all contributions add up to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributions {
    /// What they add up to.
    pub scale: Scale,
    /// What would be said of a row of which nothing is known.
    pub base: f64,
    /// The contribution of each field, in the order of the schema.
    pub of_fields: Vec<f64>,
}

/// What contributions add up to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scale {
    /// The probability of the class.
    Probability,
    /// The logarithm of its odds.
    LogOdds,
}

/// Adds the contributions of one tree to one class, and its base. O(leaves · depth²).
pub(super) fn add_of_tree(
    shared: &Shared<'_>,
    tree: Tree<'_>,
    class: usize,
    field_of_column: &[u32],
    ranks: &[u32],
    sums: &mut Contributions,
) -> Result<(), OutOfBytes> {
    let covers = covers(shared, tree)?;
    let mut walk = Walk {
        shared,
        tree,
        class,
        field_of_column,
        ranks,
        covers: &covers,
        sums,
    };
    let mut path = Path::default();
    // The root belongs to no field.
    path.extend(u32::MAX, 1.0, 1.0);
    walk.visit(0, &path, 1.0, 0)
}

/// How many rows came to each node. The nodes below a split stand behind it, so that they are known before it.
fn covers(shared: &Shared<'_>, tree: Tree<'_>) -> Result<Vec<f64>, OutOfBytes> {
    let mut covers = vec![0.0; tree.node_count() as usize];
    for at in (0..tree.node_count()).rev() {
        let cover = match tree.node(at)? {
            Node::Leaf(leaf) => shared.total(leaf)?,
            Node::Split(split) => {
                let left = split.left as usize;
                covers.get(left..left + 2).ok_or(OutOfBytes)?.iter().sum()
            }
        };
        if let Some(slot) = covers.get_mut(at as usize) {
            *slot = cover;
        }
    }
    Ok(covers)
}

struct Walk<'a, 'b> {
    shared: &'a Shared<'b>,
    tree: Tree<'b>,
    class: usize,
    field_of_column: &'a [u32],
    ranks: &'a [u32],
    covers: &'a [f64],
    sums: &'a mut Contributions,
}

impl Walk<'_, '_> {
    /// `reached` is the share of the tree's rows that came to the node.
    fn visit(
        &mut self,
        at: u32,
        path: &Path,
        reached: f64,
        depth: usize,
    ) -> Result<(), OutOfBytes> {
        let split = match self.tree.node(at)? {
            Node::Leaf(leaf) => {
                let count = self
                    .shared
                    .counts(leaf)?
                    .nth(self.class)
                    .ok_or(OutOfBytes)?;
                let share = f64::from(count) / self.shared.total(leaf)?;
                self.sums.base += reached * share;
                for (part, weight) in path.parts.iter().skip(1).zip(path.unwound_sums()) {
                    if let Some(contribution) = self.sums.of_fields.get_mut(part.field as usize) {
                        *contribution += weight * (part.one - part.zero) * share;
                    }
                }
                return Ok(());
            }
            Node::Split(split) if depth < DEPTH_MAX => split,
            Node::Split(_) => return Err(OutOfBytes),
        };
        let field = *self
            .field_of_column
            .get(usize::from(split.column))
            .ok_or(OutOfBytes)?;
        // A field that was met before is one part of the path: what it lets through is let through by both splits.
        let mut path = path.clone();
        let before = path.take(field);
        let (zero, one) = before.map_or((1.0, 1.0), |part| (part.zero, part.one));
        let cover = self.cover(at)?;
        for below in [split.left, split.left + 1] {
            let share = self.cover(below)? / cover;
            let is_followed = f64::from(u8::from(split.next(self.ranks) == below));
            let mut path = path.clone();
            path.extend(field, zero * share, one * is_followed);
            self.visit(below, &path, reached * share, depth + 1)?;
        }
        Ok(())
    }

    fn cover(&self, at: u32) -> Result<f64, OutOfBytes> {
        self.covers.get(at as usize).copied().ok_or(OutOfBytes)
    }
}

/// The different fields between the root and a node, and the weights of the subsets of them by size.
#[derive(Clone, Debug, Default)]
struct Path {
    parts: Vec<Part>,
    weights: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    field: u32,
    /// The share of rows that its splits let through if it is not known.
    zero: f64,
    /// The same if it is: 1 or 0.
    one: f64,
}

impl Path {
    /// Adds a field: each subset so far counts without it and with it.
    fn extend(&mut self, field: u32, zero: f64, one: f64) {
        let len = self.parts.len();
        self.parts.push(Part { field, zero, one });
        self.weights.push(if len == 0 { 1.0 } else { 0.0 });
        if len == 0 {
            return;
        }
        let mut smaller = 0.0;
        for (size, weight) in self.weights.iter_mut().enumerate() {
            let own = *weight;
            *weight =
                (zero * own * (len - size) as f64 + one * smaller * size as f64) / (len + 1) as f64;
            smaller = own;
        }
    }

    /// Takes a field out again, if it is there.
    fn take(&mut self, field: u32) -> Option<Part> {
        let position = self.parts.iter().position(|part| part.field == field)?;
        let part = self.parts.remove(position);
        let largest = self.parts.len();
        let mut larger = self.weights.pop().unwrap_or_default();
        for (size, weight) in self.weights.iter_mut().enumerate().rev() {
            if part.one == 0.0 {
                *weight *= (largest + 1) as f64 / (part.zero * (largest - size) as f64);
            } else {
                let own = *weight;
                *weight = larger * (largest + 1) as f64 / ((size + 1) as f64 * part.one);
                larger = own - *weight * part.zero * (largest - size) as f64 / (largest + 1) as f64;
            }
        }
        Some(part)
    }

    /// For every field but the root's none: the sum of the weights without it.
    fn unwound_sums(&self) -> impl Iterator<Item = f64> {
        self.parts.iter().skip(1).map(|part| {
            let largest = self.parts.len() - 1;
            let mut larger = self.weights.last().copied().unwrap_or_default();
            let mut sum = 0.0;
            for (size, weight) in self.weights.iter().enumerate().take(largest).rev() {
                if part.one == 0.0 {
                    sum += weight / (part.zero * (largest - size) as f64);
                } else {
                    let without = larger / ((size + 1) as f64 * part.one);
                    sum += without;
                    larger = weight - without * part.zero * (largest - size) as f64;
                }
            }
            sum * (largest + 1) as f64
        })
    }
}
