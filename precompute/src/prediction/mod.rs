//! Predictions: from a table to a model as an index file, and what is known of it.

mod card;
mod index_file;

use classification::leakage::{LeftOut, Reason, leave_out};
use classification::{
    Estimate, Examples, Folds, ForestSettings, LogisticSettings, Method, Model, Table, Validation,
    cross_validate,
};
use config::{Predict, PredictionModel};
use pointer::Quality;

pub use card::{html, json, text};
pub use index_file::model_file;

use crate::import::TextTable;

/// What is learnt from, and what is not.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The rows.
    pub examples: Examples,
    /// The columns that were left out.
    pub left_out: Vec<LeftOut>,
    /// The table before anything was left out.
    whole: Table,
}

/// A method and what cross-validation says of it: what a model card tells.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    /// What the collection is called.
    pub title: &'a str,
    /// The settings.
    pub predict: &'a Predict,
    /// What was learnt from.
    pub prepared: &'a Prepared,
    /// What was measured.
    pub validation: Validation,
    /// The accuracy if the columns that say the target are learnt from; `None` where there are none.
    pub leaking_accuracy: Option<Estimate>,
    /// What the rows were told by those trees that have not seen them.
    pub out_of_bag_accuracy: Option<f64>,
}

/// Types the columns of a table, and leaves out those that say the target.
pub fn prepared(table: &TextTable, predict: &Predict) -> Result<Prepared, classification::Error> {
    let whole = Table::from_rows(&table.names, table.rows.iter().map(Vec::as_slice))?;
    let mut table = whole.clone();
    let left_out = leave_out(
        &mut table,
        &predict.target,
        &predict.exclude,
        &predict.keep_leaking,
    )?;
    Ok(Prepared {
        examples: Examples::new(table, &predict.target, &predict.positive)?,
        left_out,
        whole,
    })
}

/// What the settings say is to learn.
pub fn method(predict: &Predict) -> Method {
    match predict.model {
        PredictionModel::Forest => Method::Forest(ForestSettings {
            num_trees: predict.trees as usize,
            maximum_depth: predict.maximum_depth as usize,
            minimum_leaf: predict.minimum_leaf,
        }),
        PredictionModel::Logistic => Method::Logistic(LogisticSettings {
            penalty: predict.penalty,
        }),
    }
}

/// Learns from all rows.
pub fn fit(prepared: &Prepared, predict: &Predict) -> Result<Model, classification::Error> {
    method(predict).fit(&prepared.examples, predict.seed)
}

/// The folds of the rows with this seed. A class that has fewer rows than there are folds is an error.
pub fn folds(
    prepared: &Prepared,
    predict: &Predict,
    seed: u64,
) -> Result<Folds, classification::Error> {
    let (folds, repeats) = (predict.folds as usize, predict.repeats as usize);
    Folds::stratified(&prepared.examples, folds, repeats, seed)
}

/// Measures by cross-validation, once more with the columns that were left out for saying the target.
pub fn measure<'a>(
    title: &'a str,
    prepared: &'a Prepared,
    predict: &'a Predict,
) -> Result<Card<'a>, classification::Error> {
    let examples = &prepared.examples;
    let folds = folds(prepared, predict, predict.seed)?;
    let method = method(predict);
    let validation = cross_validate(examples, &method, &folds, predict.seed)?;
    let leaking_accuracy = match prepared.with_leaks(predict)? {
        Some(leaking) => Some(cross_validate(&leaking, &method, &folds, predict.seed)?.accuracy),
        None => None,
    };
    Ok(Card {
        title,
        predict,
        prepared,
        validation,
        leaking_accuracy,
        out_of_bag_accuracy: fit(prepared, predict)?
            .out_of_bag
            .and_then(|out_of_bag| out_of_bag.accuracy),
    })
}

impl Prepared {
    /// The examples with the columns that were left out for saying the target, if there are any.
    fn with_leaks(&self, predict: &Predict) -> Result<Option<Examples>, classification::Error> {
        let stays_out = |left_out: &&LeftOut| !says_target(&left_out.reason);
        let out: Vec<&str> = self
            .left_out
            .iter()
            .filter(stays_out)
            .map(|left_out| left_out.column.as_str())
            .collect();
        if out.len() == self.left_out.len() {
            return Ok(None);
        }
        let mut table = self.whole.clone();
        table.retain(|column| !out.contains(&column.name.as_str()));
        Examples::new(table, &predict.target, &predict.positive).map(Some)
    }
}

impl Card<'_> {
    /// The figure that a manifest carries, and publishing compares.
    pub fn quality(&self) -> Quality {
        let Estimate { mean, low, high } = self.validation.accuracy;
        Quality {
            metric: "accuracy".to_owned(),
            value: mean,
            low,
            high,
            protocol: self.protocol(),
        }
    }

    fn protocol(&self) -> String {
        format!(
            "{} times {} stratified folds, seed {}",
            self.predict.repeats, self.predict.folds, self.predict.seed
        )
    }
}

fn says_target(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::FilledByClass { .. } | Reason::DecidesTarget { .. }
    )
}
