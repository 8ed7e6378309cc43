use crate::forest::OutOfBag;
use crate::{
    Encoder, Error, Examples, Forest, ForestSettings, Logistic, LogisticSettings, Matrix, Value,
};

/// What learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Random forest.
    Forest(ForestSettings),
    /// Logistic regression, for two classes.
    Logistic(LogisticSettings),
}

/// What was learnt, for rows as a table has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Makes numbers of a row.
    pub encoder: Encoder,
    /// What answers.
    pub fitted: Fitted,
    /// What the rows were told by those trees of a forest that have not seen them.
    pub out_of_bag: Option<OutOfBag>,
}

/// What was learnt, for encoded rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Fitted {
    /// Random forest.
    Forest(Forest),
    /// Logistic regression.
    Logistic(Logistic),
}

impl Method {
    /// Learns from all rows.
    pub fn fit(&self, examples: &Examples, seed: u64) -> Result<Model, Error> {
        let all: Vec<u32> = (0..examples.num_rows() as u32).collect();
        let encoder = Encoder::fit(examples, &all);
        let matrix = encoder.encode_all(examples);
        let (fitted, out_of_bag) = self.fit_encoded(examples, &matrix, &all, seed)?;
        Ok(Model {
            encoder,
            fitted,
            out_of_bag,
        })
    }

    /// Learns from some rows.
    pub(crate) fn fit_encoded(
        &self,
        examples: &Examples,
        matrix: &Matrix,
        rows: &[u32],
        seed: u64,
    ) -> Result<(Fitted, Option<OutOfBag>), Error> {
        let (labels, num_classes) = (examples.labels(), examples.classes().len());
        match self {
            Self::Forest(settings) => {
                let (forest, out_of_bag) =
                    Forest::fit(matrix, labels, num_classes, rows, settings, seed)?;
                Ok((Fitted::Forest(forest), Some(out_of_bag)))
            }
            Self::Logistic(_) if num_classes != 2 => Err(Error::NotTwoClasses {
                target: examples.target().to_owned(),
                found: num_classes,
            }),
            Self::Logistic(settings) => {
                let logistic = Logistic::fit(matrix, labels, rows, settings)?;
                Ok((Fitted::Logistic(logistic), None))
            }
        }
    }
}

impl Model {
    /// The probability of each class, given a value for each feature.
    pub fn probabilities(&self, row: &[Value]) -> Vec<f64> {
        let mut encoded = Vec::with_capacity(self.encoder.num_columns());
        self.encoder.encode(row, &mut encoded);
        self.fitted.probabilities(&encoded)
    }
}

impl Fitted {
    /// The probability of each class for an encoded row.
    pub fn probabilities(&self, row: &[f64]) -> Vec<f64> {
        match self {
            Self::Forest(forest) => forest.probabilities(row),
            Self::Logistic(logistic) => logistic.probabilities(row),
        }
    }
}
