use crate::{CATEGORIES_MAX_NUM, logistic::COLUMNS_MAX_NUM};

/// Why a table cannot be learnt from.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A table without columns.
    #[error("the table has no columns: its first line must name them")]
    NoColumns,

    /// A table without rows.
    #[error("the table has columns and no rows: there is nothing to learn from")]
    NoRows,

    /// Two columns with one name.
    #[error(
        "two columns are called \"{column}\": rename one of them, since a row of a request names its fields"
    )]
    DuplicateColumn {
        /// The name.
        column: String,
    },

    /// A column without a name.
    #[error(
        "column {position} has no name: give it one, since a row of a request names its fields"
    )]
    UnnamedColumn {
        /// Which one, from 1.
        position: usize,
    },

    /// A row with too few or too many cells.
    #[error("row {row} has {found} cells where the table has {expected} columns")]
    RowLength {
        /// Which row, from 1.
        row: usize,
        /// How many cells it has.
        found: usize,
        /// How many columns there are.
        expected: usize,
    },

    /// A number that is none to calculate with.
    #[error(
        "row {row} of column \"{column}\" is {value}, which is no finite number: leave the cell empty if the value is not known"
    )]
    NotFinite {
        /// Which row, from 1.
        row: usize,
        /// The column.
        column: String,
        /// What stands there.
        value: String,
    },

    /// A column of text in which nearly every row differs.
    #[error(
        "column \"{column}\" has {found} different texts, and {CATEGORIES_MAX_NUM} categories are the most: exclude it, or put its values into groups"
    )]
    TooManyCategories {
        /// The column.
        column: String,
        /// How many there are.
        found: usize,
    },

    /// A name that no column has.
    #[error("there is no column \"{column}\": the table has {existing}")]
    UnknownColumn {
        /// The name that was asked for.
        column: String,
        /// The names there are.
        existing: String,
    },

    /// A row whose class is not known.
    #[error(
        "row {row} has no value in the target column \"{column}\": leave the row out, since nothing can be learnt from it"
    )]
    TargetMissing {
        /// Which row, from 1.
        row: usize,
        /// The target column.
        column: String,
    },

    /// Every row has the same class.
    #[error("every row has the class \"{class}\": a prediction needs rows of at least two classes")]
    SingleClass {
        /// The class.
        class: String,
    },

    /// A positive class that no row has.
    #[error("no row has the positive class \"{positive}\": the classes are {existing}")]
    UnknownPositive {
        /// What was asked for.
        positive: String,
        /// The classes there are.
        existing: String,
    },

    /// Nothing is left to learn from.
    #[error("no column is left to learn from: all are the target, constant or left out")]
    NoFeatures,

    /// A class that cannot be in every fold.
    #[error(
        "class \"{class}\" has {num_rows} rows, too few for {num_folds} folds: take fewer folds, or put rare classes together"
    )]
    ClassTooSmall {
        /// The class.
        class: String,
        /// How many rows have it.
        num_rows: usize,
        /// How many folds were asked for.
        num_folds: usize,
    },

    /// Folds that are none.
    #[error(
        "{num_repeats} times {num_folds} folds are no cross-validation: it needs 2 folds and 1 repeat at least"
    )]
    TooFewFolds {
        /// How many folds were asked for.
        num_folds: usize,
        /// How many repeats were asked for.
        num_repeats: usize,
    },

    /// Folds of other rows.
    #[error("the folds are for {expected} rows, and the table has {found}")]
    FoldsOfOtherRows {
        /// How many rows the folds are for.
        expected: usize,
        /// How many the table has.
        found: usize,
    },

    /// A knob that has no such position.
    #[error("{knob} is {value}: {bound}")]
    Setting {
        /// Its name.
        knob: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        bound: &'static str,
    },

    /// Logistic regression of more than two classes.
    #[error(
        "logistic regression tells two classes apart, and \"{target}\" has {found}: use the forest"
    )]
    NotTwoClasses {
        /// The target column.
        target: String,
        /// How many classes it has.
        found: usize,
    },

    /// A matrix that would not fit.
    #[error(
        "logistic regression solves for all columns at once, and {found} encoded columns are more than {COLUMNS_MAX_NUM}: exclude a column with many categories, or use the forest"
    )]
    TooManyColumns {
        /// How many encoded columns there are.
        found: usize,
    },

    /// The steps did not end.
    #[error("logistic regression has not converged after {num_steps} steps: raise the penalty")]
    NotConverged {
        /// How many were made.
        num_steps: usize,
    },
}
