use classification::{Encoder, Examples, Fitted, Model, Tree, Values};
use config::{Predict, PredictionModel};
use index::WriteError;
use index::model::{Field, FieldKind, ModelWriter, Node, Parameters, Schema, Term};

/// The index file of a model. The same model gives the same bytes, and what the file says of a row is what the model says, to the last digit.
pub fn model_file(
    examples: &Examples,
    model: &Model,
    predict: &Predict,
) -> Result<Vec<u8>, WriteError> {
    let parameters = match &model.fitted {
        Fitted::Forest(forest) => Parameters::Forest(forest.trees().iter().map(nodes).collect()),
        Fitted::Logistic(logistic) => {
            let terms = logistic.coefficients.iter().zip(&logistic.means);
            Parameters::Logistic {
                base: logistic.base,
                terms: terms
                    .map(|(&coefficient, &mean)| Term { coefficient, mean })
                    .collect(),
            }
        }
    };
    ModelWriter::new(
        schema(examples, &model.encoder),
        &description(examples, predict),
        parameters,
    )?
    .finish()
}

/// How a model came to be, for people.
fn description(examples: &Examples, predict: &Predict) -> String {
    let num_rows = examples.num_rows();
    match predict.model {
        PredictionModel::Forest => format!(
            "random forest, {} trees, {num_rows} rows, seed {}",
            predict.trees, predict.seed
        ),
        PredictionModel::Logistic => format!(
            "logistic regression, penalty {}, {num_rows} rows",
            predict.penalty
        ),
    }
}

fn nodes(tree: &Tree) -> Vec<Node> {
    let node = |node: &classification::Node| match *node {
        classification::Node::Split {
            column,
            threshold,
            left,
        } => Node::Split {
            column,
            threshold,
            left,
        },
        classification::Node::Leaf(leaf) => Node::Leaf(tree.counts(leaf).to_vec()),
    };
    tree.nodes().iter().map(node).collect()
}

fn schema(examples: &Examples, encoder: &Encoder) -> Schema {
    let fields = examples
        .features()
        .iter()
        .zip(encoder.medians())
        .map(|(column, median)| {
            let (kind, is_optional) = match &column.values {
                Values::Numbers(numbers) => {
                    let present = || numbers.iter().flatten().copied();
                    let kind = FieldKind::Number {
                        minimum: present().fold(f64::INFINITY, f64::min),
                        maximum: present().fold(f64::NEG_INFINITY, f64::max),
                        median: median.unwrap_or_default(),
                    };
                    (kind, numbers.contains(&None))
                }
                Values::Categories { names, codes } => {
                    (FieldKind::Categories(names.clone()), codes.contains(&None))
                }
            };
            Field {
                name: column.name.clone(),
                is_optional,
                kind,
            }
        });
    Schema {
        target: examples.target().to_owned(),
        classes: examples.classes().to_vec(),
        positive: examples.positive(),
        fields: fields.collect(),
    }
}

#[cfg(test)]
mod tests {
    use index::{FileKind, MemorySource, Outline};

    use super::*;
    use crate::import::TextTable;
    use crate::prediction::{fit, prepared};

    fn table() -> TextTable {
        let row = |number: usize| {
            let grade = (number * 37 % 101) as f64 / 2.0;
            let age = if number.is_multiple_of(9) {
                String::new()
            } else {
                (20 + number % 30).to_string()
            };
            let class = if grade + (number % 7) as f64 * 4.0 < 37.0 {
                "no"
            } else {
                "yes"
            };
            vec![
                grade.to_string(),
                age,
                ["a", "b", "c"][number % 3].to_owned(),
                class.to_owned(),
            ]
        };
        TextTable {
            names: ["grade", "age", "branch", "passed"]
                .map(str::to_owned)
                .to_vec(),
            rows: (0..200).map(row).collect(),
        }
    }

    #[test]
    fn the_file_says_what_the_model_says() {
        for model in [PredictionModel::Forest, PredictionModel::Logistic] {
            let predict = predict(model);
            let prepared = prepared(&table(), &predict).unwrap();
            let learnt = fit(&prepared, &predict).unwrap();
            let file = model_file(&prepared.examples, &learnt, &predict).unwrap();
            assert_eq!(
                model_file(
                    &prepared.examples,
                    &fit(&prepared, &predict).unwrap(),
                    &predict
                )
                .unwrap(),
                file,
                "same input, same bytes"
            );
            let outline = Outline::of(FileKind::Model, &file).unwrap();
            let read = index::model::Model::open(
                &MemorySource::new([(FileKind::Model, file)]),
                &[outline],
            )
            .unwrap();
            let rows: Vec<Vec<classification::Value>> =
                (0..200).map(|row| prepared.examples.row(row)).collect();
            let same = |value: &classification::Value| match *value {
                classification::Value::Missing => index::model::Value::Missing,
                classification::Value::Number(number) => index::model::Value::Number(number),
                classification::Value::Category(code) => index::model::Value::Category(code),
            };
            let asked: Vec<Vec<index::model::Value>> = rows
                .iter()
                .map(|row| row.iter().map(same).collect())
                .collect();
            let found = read.predict(&asked).unwrap();
            for ((row, asked), found) in rows.iter().zip(&asked).zip(&found) {
                for (expected, found) in learnt.probabilities(row).iter().zip(found) {
                    assert!((expected - found).abs() < 1e-12);
                }
                let contributions = read.contributions(asked, 1).unwrap();
                let sum = contributions.base + contributions.of_fields.iter().sum::<f64>();
                let expected = match model {
                    PredictionModel::Forest => found[1],
                    PredictionModel::Logistic => (found[1] / found[0]).ln(),
                };
                assert!((sum - expected).abs() < 1e-6, "{sum} {expected}");
            }
            assert!(read.schema().fields[1].is_optional && !read.schema().fields[0].is_optional);
        }
    }

    fn predict(model: PredictionModel) -> Predict {
        Predict {
            model,
            trees: 20,
            repeats: 1,
            ..Predict::new("t.csv", "passed", "yes")
        }
    }
}
