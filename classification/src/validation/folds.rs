use crate::{Error, Examples};
use seeded::Random;

/// Rows dealt to folds, some times anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Folds {
    num_folds: usize,
    /// For each repeat the fold of every row.
    repeats: Vec<Vec<u32>>,
}

impl Folds {
    /// Folds with the same share of each class, up to one row: the rows of a class are shuffled and dealt one by one, on from where the class before ended.
    pub fn stratified(
        examples: &Examples,
        num_folds: usize,
        num_repeats: usize,
        seed: u64,
    ) -> Result<Self, Error> {
        if num_folds < 2 || num_repeats == 0 {
            return Err(Error::TooFewFolds {
                num_folds,
                num_repeats,
            });
        }
        for (class, num_rows) in examples.classes().iter().zip(examples.class_counts()) {
            if num_rows < num_folds {
                return Err(Error::ClassTooSmall {
                    class: class.clone(),
                    num_rows,
                    num_folds,
                });
            }
        }
        let mut random = Random::new(seed);
        let mut deal = || {
            let mut fold_of = vec![0; examples.num_rows()];
            let mut next = 0;
            for class in 0..examples.classes().len() as u32 {
                let of_class =
                    (0..examples.num_rows()).filter(|&row| examples.labels()[row] == class);
                let mut rows: Vec<usize> = of_class.collect();
                random.shuffle(&mut rows);
                for row in rows {
                    fold_of[row] = (next % num_folds) as u32;
                    next += 1;
                }
            }
            fold_of
        };
        let repeats = (0..num_repeats).map(|_| deal()).collect();
        Ok(Self { num_folds, repeats })
    }

    /// How many folds each repeat has.
    pub fn num_folds(&self) -> usize {
        self.num_folds
    }

    /// For each repeat the fold of every row.
    pub fn repeats(&self) -> &[Vec<u32>] {
        &self.repeats
    }

    pub(super) fn check(&self, examples: &Examples) -> Result<(), Error> {
        let expected = self.repeats[0].len();
        if expected != examples.num_rows() {
            return Err(Error::FoldsOfOtherRows {
                expected,
                found: examples.num_rows(),
            });
        }
        Ok(())
    }

    /// Every fold of every repeat.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, u32)> {
        (0..self.repeats.len())
            .flat_map(|repeat| (0..self.num_folds as u32).map(move |fold| (repeat, fold)))
    }

    /// The rows of a fold, and the others.
    pub(super) fn split(&self, repeat: usize, fold: u32) -> (Vec<u32>, Vec<u32>) {
        let rows = 0..self.repeats[repeat].len() as u32;
        rows.partition(|&row| self.repeats[repeat][row as usize] == fold)
    }
}
