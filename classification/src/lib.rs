//! Classes predicted from tables: random forest, logistic regression, and how far to trust them.
//!
//! # Overview of types
//!
//! A [`Table`] has typed columns, read from rows of text. [`Examples`] are its rows with one column as the target, and the others, as far as [`leakage`] leaves
//! them in, as features. A [`Method`] learns a [`Model`] from them; [`cross_validate`] says how well that goes, on rows that the model has not seen.
//!
//! ```
//! use classification::{Examples, ForestSettings, Method, Table, Value};
//!
//! let rows = [["1.0", "red", "yes"], ["2.0", "red", "yes"], ["3.0", "blue", "no"], ["", "blue", "no"]];
//! let table = Table::from_rows(&["size", "colour", "bought"], rows.iter().map(|row| row.as_slice()))?;
//! let examples = Examples::new(table, "bought", "yes")?;
//! let model = Method::Forest(ForestSettings::new(50)).fit(&examples, 1)?;
//! let probabilities = model.probabilities(&[Value::Number(1.5), Value::Category(1)]);
//! assert_eq!(examples.classes(), ["no", "yes"]);
//! assert!(0.5 < probabilities[1]);
//! # Ok::<(), classification::Error>(())
//! ```
//!
//! - `table`: text becomes numbers and categories.
//! - `examples`: the target and what may be learnt from.
//! - `leakage`: columns that say the target and would not be known when it is asked for.
//! - `encoding`: a row becomes numbers alone.
//! - `forest`, `logistic`: the two models, behind `model`.
//! - `validation`: folds, measures and their intervals.

mod encoding;
mod error;
mod examples;
mod forest;
pub mod leakage;
mod logistic;
mod model;
mod table;
mod validation;

pub use encoding::{Encoder, Matrix};
pub use error::Error;
pub use examples::Examples;
pub use forest::{Forest, ForestSettings, Node, Tree};
pub use logistic::{Logistic, LogisticSettings};
pub use model::{Fitted, Method, Model};
pub use table::{CATEGORIES_MAX_NUM, Column, Table, Value, Values};
pub use validation::{
    Bin, Estimate, Folds, Importance, Measures, Validation, brier_by_row, cross_validate, measures,
};
