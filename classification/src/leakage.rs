//! Columns that say the target, and would not be known when it is asked for.
//!
//! A salary is filled in for those who got the job. A model that sees it is right every time in every test, and useless: whoever asks does not know it yet. No test
//! on held-out rows finds that out, so each column is looked at by itself. What is found can be kept by name, since a column may be that good in truth.

use std::collections::BTreeSet;

use crate::examples::classes;
use crate::table::quoted;
use crate::{Column, Error, Table, Values};

/// A column whose best rule avoids at least this share of the mistakes of always saying the most frequent class decides the target.
const DECIDES: f64 = 0.95;

/// Fewer mistakes than this can be avoided by chance, so that nothing is said of a column.
const MISTAKES_MIN_NUM: usize = 10;

/// Cells that are filled for one class only by chance are rarer than this.
const BY_CHANCE: f64 = 1e-3;

/// The most classes for which rules of a number are tried, one interval for each.
const CLASSES_MAX_NUM: usize = 20;

/// A column that is not learnt from, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Its name.
    pub column: String,
    /// The reason.
    pub reason: Reason,
}

/// Why a column is not learnt from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The configuration says so.
    Excluded,
    /// Every row has the same, or nothing.
    Constant,
    /// Every row has its own: it names rows.
    Identifier,
    /// Whether its cell is filled depends on the class: all rows that have a value, or all that have none, are of one class.
    FilledByClass {
        /// The class.
        class: String,
        /// Whether the rows with a value are of this class, or those without.
        is_filled: bool,
    },
    /// One rule over this column alone is right nearly always.
    DecidesTarget {
        /// The share of rows for which it is.
        accuracy: f64,
    },
}

impl std::fmt::Display for Reason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Excluded => write!(formatter, "left out as asked"),
            Self::Constant => write!(formatter, "the same in every row"),
            Self::Identifier => write!(formatter, "different in every row: it names rows"),
            Self::FilledByClass {
                class,
                is_filled: true,
            } => write!(
                formatter,
                "filled only where the target is \"{class}\": it is known after the target"
            ),
            Self::FilledByClass {
                class,
                is_filled: false,
            } => write!(
                formatter,
                "empty only where the target is \"{class}\": it is known after the target"
            ),
            Self::DecidesTarget { accuracy } => write!(
                formatter,
                "one rule over it alone is right in {:.1} % of the rows",
                accuracy * 100.0
            ),
        }
    }
}

/// Takes out of a table what is excluded, and what [`Reason`] has against a column unless it is to be kept. Constant columns cannot be kept: they say nothing.
///
/// O(columns · rows · (log(rows) + classes²)).
pub fn leave_out(
    table: &mut Table,
    target: &str,
    excluded: &[String],
    kept: &[String],
) -> Result<Vec<LeftOut>, Error> {
    for name in excluded.iter().chain(kept) {
        table.column(name)?;
    }
    let (classes, labels) = classes(table.column(target)?)?;
    let mut left_out = Vec::new();
    for column in table
        .columns()
        .iter()
        .filter(|column| column.name != target)
    {
        let reason = if excluded.contains(&column.name) {
            Some(Reason::Excluded)
        } else if is_constant(column) {
            Some(Reason::Constant)
        } else if kept.contains(&column.name) {
            None
        } else {
            suspicion(column, &labels, &classes)
        };
        left_out.extend(reason.map(|reason| LeftOut {
            column: column.name.clone(),
            reason,
        }));
    }
    table.retain(|column| {
        left_out
            .iter()
            .all(|left_out| left_out.column != column.name)
    });
    Ok(left_out)
}

/// The columns of a list, for a message.
pub fn names(left_out: &[LeftOut]) -> String {
    quoted(left_out.iter().map(|left_out| left_out.column.as_str()))
}

fn suspicion(column: &Column, labels: &[u32], classes: &[String]) -> Option<Reason> {
    if is_identifier(column) {
        return Some(Reason::Identifier);
    }
    filled_by_class(column, labels, classes)
        .or_else(|| decides_target(column, labels, classes.len()))
}

/// The values of a column as numbers that are equal where the values are; those of a number have its order.
fn ranks(column: &Column) -> Vec<Option<u32>> {
    match &column.values {
        Values::Categories { codes, .. } => codes.clone(),
        Values::Numbers(numbers) => {
            let mut distinct: Vec<f64> = numbers.iter().flatten().copied().collect();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            let rank = |number: f64| distinct.partition_point(|other| *other < number) as u32;
            numbers.iter().map(|number| number.map(rank)).collect()
        }
    }
}

fn is_constant(column: &Column) -> bool {
    // A cell that is filled here and empty there says something, even with one value.
    let distinct: BTreeSet<Option<u32>> = ranks(column).into_iter().collect();
    distinct.len() < 2
}

/// Texts that are all different, or whole numbers that are and count the rows: they rise from row to row, or have no gaps.
fn is_identifier(column: &Column) -> bool {
    let ranks = ranks(column);
    let distinct: BTreeSet<u32> = ranks.iter().flatten().copied().collect();
    if distinct.len() < ranks.len() {
        return false;
    }
    match &column.values {
        Values::Categories { .. } => true,
        Values::Numbers(numbers) => {
            let numbers: Vec<f64> = numbers.iter().flatten().copied().collect();
            let (smallest, largest) = numbers.iter().fold(
                (f64::INFINITY, f64::NEG_INFINITY),
                |(low, high), &number| (low.min(number), high.max(number)),
            );
            let are_whole = numbers.iter().all(|number| number.fract() == 0.0);
            are_whole && (numbers.is_sorted() || largest - smallest < numbers.len() as f64)
        }
    }
}

fn filled_by_class(column: &Column, labels: &[u32], classes: &[String]) -> Option<Reason> {
    let mut counts = [vec![0_usize; classes.len()], vec![0; classes.len()]];
    for (rank, &label) in ranks(column).iter().zip(labels) {
        counts[usize::from(rank.is_some())][label as usize] += 1;
    }
    [true, false].into_iter().find_map(|is_filled| {
        let (here, there) = (
            &counts[usize::from(is_filled)],
            &counts[usize::from(!is_filled)],
        );
        let only = here
            .iter()
            .position(|&count| count != 0 && count == here.iter().sum())?;
        let num_rows = labels.len();
        // The probability that this many rows, drawn at random, are all of the class.
        let of_class = here[only] + there[only];
        let chance: f64 = (0..here[only])
            .map(|drawn| (of_class - drawn) as f64 / (num_rows - drawn) as f64)
            .product();
        (chance < BY_CHANCE).then(|| Reason::FilledByClass {
            class: classes[only].clone(),
            is_filled,
        })
    })
}

fn decides_target(column: &Column, labels: &[u32], num_classes: usize) -> Option<Reason> {
    let ranks = ranks(column);
    let num_right = match &column.values {
        Values::Categories { .. } => right_by_category(&ranks, labels, num_classes),
        Values::Numbers(_) if num_classes <= CLASSES_MAX_NUM => {
            right_by_intervals(&ranks, labels, num_classes)
        }
        Values::Numbers(_) => return None,
    };
    let mut counts = vec![0; num_classes];
    for &label in labels {
        counts[label as usize] += 1;
    }
    let mistakes_of_majority = labels.len() - counts.iter().max()?;
    let mistakes = labels.len() - num_right;
    let is_decided = MISTAKES_MIN_NUM <= mistakes_of_majority
        && mistakes as f64 <= (1.0 - DECIDES) * mistakes_of_majority as f64;
    is_decided.then(|| Reason::DecidesTarget {
        accuracy: num_right as f64 / labels.len() as f64,
    })
}

/// How often the most frequent class of the other rows with the same value is right. The row itself does not count: a value that occurs once would always be.
fn right_by_category(ranks: &[Option<u32>], labels: &[u32], num_classes: usize) -> usize {
    let num_values = ranks
        .iter()
        .map(|rank| rank.map_or(1, |rank| rank as usize + 2))
        .max()
        .unwrap_or(0);
    let position = |rank: &Option<u32>| rank.map_or(0, |rank| rank as usize + 1);
    let mut counts = vec![vec![0_u32; num_classes]; num_values];
    for (rank, &label) in ranks.iter().zip(labels) {
        counts[position(rank)][label as usize] += 1;
    }
    let is_right = |(rank, label): &(&Option<u32>, &u32)| {
        let counts = &counts[position(rank)];
        let own = counts[**label as usize] - 1;
        let others = (0..).zip(counts).filter(|(class, _)| class != *label);
        others.map(|(_, &count)| count).max().unwrap_or(0) < own
    };
    ranks.iter().zip(labels).filter(is_right).count()
}

/// How often the best rule of as many intervals as there are classes is right, missing values being an interval of their own: for two classes that is one threshold.
///
/// Dynamic programming from the left to the right: for each number of intervals and class of the last one, the most rows that can be right so far.
fn right_by_intervals(ranks: &[Option<u32>], labels: &[u32], num_classes: usize) -> usize {
    let num_values = ranks
        .iter()
        .flatten()
        .max()
        .map_or(0, |&rank| rank as usize + 1);
    let mut missing = vec![0_usize; num_classes];
    let mut counts = vec![vec![0_usize; num_classes]; num_values];
    for (rank, &label) in ranks.iter().zip(labels) {
        let of_value = rank.map_or(&mut missing, |rank| &mut counts[rank as usize]);
        of_value[label as usize] += 1;
    }
    let mut most_right = vec![vec![0_usize; num_classes]; num_classes];
    for of_value in &counts {
        for num_intervals in (0..num_classes).rev() {
            let begun = num_intervals
                .checked_sub(1)
                .and_then(|fewer| most_right[fewer].iter().max().copied());
            for class in 0..num_classes {
                let goes_on = most_right[num_intervals][class];
                most_right[num_intervals][class] =
                    goes_on.max(begun.unwrap_or(0)) + of_value[class];
            }
        }
    }
    most_right.iter().flatten().max().unwrap_or(&0) + missing.iter().max().unwrap_or(&0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(names: &[&str], num_rows: usize, cell: impl Fn(usize, usize) -> String) -> Table {
        let rows: Vec<Vec<String>> = (0..num_rows)
            .map(|row| (0..names.len()).map(|column| cell(row, column)).collect())
            .collect();
        Table::from_rows(names, rows.iter().map(Vec::as_slice)).unwrap()
    }

    /// Rows of which a third gets the job; their number, a salary, what decides, what nearly does, and what is no help.
    fn jobs() -> Table {
        table(
            &[
                "row", "salary", "contract", "badge", "score", "grade", "country", "got_it",
            ],
            60,
            |row, column| {
                let got_it = row % 3 == 0;
                match column {
                    0 => format!("{}", row + 1),
                    1 if got_it => format!("{}", 1000 + row * row % 7),
                    1 => String::new(),
                    2 => if got_it { "signed" } else { "none" }.to_owned(),
                    3 => format!("name {}", row * 17 % 60),
                    4 => if got_it { row + 100 } else { row }.to_string(),
                    5 => format!("{}", row * 7 % 11),
                    6 => "X".to_owned(),
                    _ => if got_it { "yes" } else { "no" }.to_owned(),
                }
            },
        )
    }

    fn reasons(excluded: &[&str], kept: &[&str]) -> Vec<(String, Reason)> {
        let owned = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        let left_out = leave_out(&mut jobs(), "got_it", &owned(excluded), &owned(kept)).unwrap();
        left_out
            .into_iter()
            .map(|left_out| (left_out.column, left_out.reason))
            .collect()
    }

    #[test]
    fn what_says_the_target_is_named() {
        let expected = [
            ("row".to_owned(), Reason::Identifier),
            (
                "salary".to_owned(),
                Reason::FilledByClass {
                    class: "yes".to_owned(),
                    is_filled: true,
                },
            ),
            (
                "contract".to_owned(),
                Reason::DecidesTarget { accuracy: 1.0 },
            ),
            ("badge".to_owned(), Reason::Identifier),
            ("score".to_owned(), Reason::DecidesTarget { accuracy: 1.0 }),
            ("country".to_owned(), Reason::Constant),
        ];
        assert_eq!(reasons(&[], &[]), expected);
    }

    #[test]
    fn what_is_kept_stays_and_what_is_excluded_goes() {
        let found = reasons(&["grade"], &["salary", "contract", "row", "country"]);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["badge", "score", "grade", "country"]);
        assert_eq!(found[2].1, Reason::Excluded);
        let error = leave_out(&mut jobs(), "got_it", &["wages".to_owned()], &[])
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("there is no column \"wages\""), "{error}");
    }

    #[test]
    fn a_counter_with_a_number_twice_and_numbers_with_fractions_name_no_rows() {
        let twice = table(&["x", "y"], 40, |row, column| {
            if column == 0 {
                (row / 2).to_string()
            } else {
                (row % 2).to_string()
            }
        });
        assert!(!is_identifier(&twice.columns()[0]));
        let fractions = table(&["x", "y"], 40, |row, column| {
            if column == 0 {
                format!("{row}.5")
            } else {
                (row % 2).to_string()
            }
        });
        assert!(!is_identifier(&fractions.columns()[0]));
    }

    #[test]
    fn shuffled_row_numbers_name_rows_and_distinct_numbers_with_gaps_do_not() {
        for (modulus, expected) in [(41, true), (43, false)] {
            let table = table(&["x", "y"], 41, |row, column| match column {
                0 => ((row * 29 + 5) % modulus).to_string(),
                _ => (row % 2).to_string(),
            });
            assert_eq!(is_identifier(&table.columns()[0]), expected);
        }
    }

    #[test]
    fn what_a_few_rows_have_by_chance_is_no_leak() {
        let table = table(&["x", "y"], 40, |row, column| match column {
            0 if row == 4 || row == 6 => "3".to_owned(),
            0 => String::new(),
            _ => (row % 2).to_string(),
        });
        let (classes, labels) = classes(&table.columns()[1]).unwrap();
        assert_eq!(suspicion(&table.columns()[0], &labels, &classes), None);
    }

    proptest! {
        /// Every way to cut the values into intervals, and every class for each.
        #[test]
        fn the_best_intervals_are_found(rows in prop::collection::vec((0..5_u32, 0..3_u32), 1..12)) {
            let ranks: Vec<Option<u32>> = rows.iter().map(|(rank, _)| rank.checked_sub(1)).collect();
            let labels: Vec<u32> = rows.iter().map(|(_, label)| *label).collect();
            let mut best = 0;
            // The class of each of the four values, in base 3; of the missing ones the best class is taken.
            for classes in 0..81_u32 {
                let class_of = |rank: u32| classes / 3_u32.pow(rank) % 3;
                let num_changes = (1..4).filter(|&rank| class_of(rank - 1) != class_of(rank)).count();
                if num_changes < 3 {
                    let right = ranks.iter().zip(&labels).filter(|(rank, label)| rank.map(class_of) == Some(**label)).count();
                    best = best.max(right);
                }
            }
            let missing = (0..3_u32).map(|class| ranks.iter().zip(&labels).filter(|(rank, label)| rank.is_none() && **label == class).count());
            prop_assert_eq!(right_by_intervals(&ranks, &labels, 3), best + missing.max().unwrap());
        }
    }
}
