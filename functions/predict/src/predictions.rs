use std::collections::BTreeMap;

use index::model::{Contributions, Model, Scale, Value};
use kit::{
    Call, Keeping, Provenance,
    http::Response,
    json::{BODY, Node},
    limits::MAXIMUM_ROW_COUNT,
    problem::Problem,
};
use serde::Serialize;

use crate::row::{self, Warning};

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    algorithm: &'a str,
    target: &'a str,
    predictions: Vec<Prediction<'a>>,
}

#[derive(Serialize)]
struct Prediction<'a> {
    class: &'a str,
    probabilities: BTreeMap<&'a str, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation<'a>>,
    warnings: Vec<Warning<'a>>,
}

/// Why a class has its probability: the base and the contributions of all fields add up to it, or to the logarithm of its odds.
#[derive(Serialize)]
struct Explanation<'a> {
    class: &'a str,
    scale: &'static str,
    base: f64,
    contributions: BTreeMap<&'a str, f64>,
}

/// `POST /v1/{collection}/predictions` with a row, or a list of rows.
pub(crate) fn predict(call: &Call<'_>) -> Result<Response, Problem> {
    let explain = call.query(&["explain"])?.flag("explain")?.unwrap_or(true);
    let body = call.body()?;
    let node = Node::new(&body, BODY);
    let rows = if body.is_array() {
        node.list(MAXIMUM_ROW_COUNT)?
    } else {
        vec![node]
    };
    call.answer_from_model(Keeping::Asker, |collection| {
        let model = &collection.generation;
        let (rows, warnings): (Vec<_>, Vec<_>) = rows
            .iter()
            .map(|node| row::read(node, model.schema()))
            .collect::<Result<Vec<_>, Problem>>()?
            .into_iter()
            .unzip();
        let probabilities = model.predict(&rows)?;
        let predictions = rows.iter().zip(warnings).zip(&probabilities);
        let predictions = predictions.map(|((row, warnings), probabilities)| {
            prediction(model, row, warnings, probabilities, explain)
        });
        Response::json(Answer {
            provenance: collection.provenance(),
            algorithm: model.algorithm(),
            target: &model.schema().target,
            predictions: predictions.collect::<Result<_, Problem>>()?,
        })
    })
}

fn prediction<'a>(
    model: &'a Model,
    row: &[Value],
    warnings: Vec<Warning<'a>>,
    probabilities: &[f64],
    explain: bool,
) -> Result<Prediction<'a>, Problem> {
    let schema = model.schema();
    let classes = || schema.classes.iter().map(String::as_str);
    // Of equally probable ones the first.
    let best = (0..)
        .zip(probabilities)
        .reduce(|best, other| if best.1 < other.1 { other } else { best });
    let best = best.map_or(0, |(position, _)| position);
    let name = |position: u32| classes().nth(position as usize).unwrap_or_default();
    let explained = if schema.classes.len() == 2 {
        schema.positive
    } else {
        best
    };
    let explanation = if explain {
        let Contributions {
            scale,
            base,
            of_fields,
        } = model.contributions(row, explained)?;
        Some(Explanation {
            class: name(explained),
            scale: match scale {
                Scale::Probability => "probability",
                Scale::LogOdds => "log-odds",
            },
            base,
            contributions: schema
                .fields
                .iter()
                .map(|field| field.name.as_str())
                .zip(of_fields)
                .collect(),
        })
    } else {
        None
    };
    Ok(Prediction {
        class: name(best),
        probabilities: classes().zip(probabilities.iter().copied()).collect(),
        explanation,
        warnings,
    })
}
