//! The name and shape that an older frontend knows, served from the default collection.
//!
//! It tolerates what that page sends: numbers as texts, fields that mean nothing, others that are missing or unknown.

use index::model::{Field, FieldKind, Value};
use kit::{
    Call,
    http::Response,
    json::{self, BODY, Node},
    problem::Problem,
};
use serde::Serialize;

#[derive(Serialize)]
struct Answer {
    #[serde(rename = "Placement_Probability")]
    probability: f64,
    #[serde(rename = "Placement")]
    is_placed: bool,
}

#[derive(Serialize)]
struct OldError {
    error: String,
}

/// `POST /predict` with a row, or a list of one.
pub(crate) fn predict(call: &Call<'_>) -> Result<Response, Problem> {
    // That page knows one status for all that can go wrong.
    try_predict(call).or_else(|problem| {
        let error = problem.to_string();
        Ok(Response::json(OldError { error })?.with_status(500))
    })
}

fn try_predict(call: &Call<'_>) -> Result<Response, Problem> {
    let body = call.body()?;
    let node = Node::new(&body, BODY);
    let row = if body.is_array() {
        let rows = node.list(1)?;
        *rows.first().ok_or_else(|| node.invalid("has no row"))?
    } else {
        node
    };
    let members = row.any_members()?;
    let pinned = call
        .context
        .current(&call.context.settings().default_collection)?;
    let model = call.context.open_model(pinned)?.generation;
    let schema = model.schema();
    let value = |field: &Field| {
        let mut members = members.iter();
        let found = members.find(|(name, _)| name.eq_ignore_ascii_case(&field.name));
        found.map_or(Value::Missing, |(_, node)| tolerated(&node, &field.kind))
    };
    let row: Vec<Value> = schema.fields.iter().map(value).collect();
    let probabilities = model.predict(&[row])?.pop().unwrap_or_default();
    let probability = probabilities
        .get(schema.positive as usize)
        .copied()
        .unwrap_or_default();
    Response::json(Answer {
        probability,
        is_placed: 0.5 < probability,
    })
}

fn tolerated(node: &Node<'_>, kind: &FieldKind) -> Value {
    let text = node.value().as_str().map(str::trim);
    match kind {
        FieldKind::Number { .. } => {
            let number = node.value().as_f64().or_else(|| json::number(text?));
            number.map_or(Value::Missing, Value::Number)
        }
        FieldKind::Categories(texts) => {
            let position = texts.iter().position(|other| Some(other.as_str()) == text);
            position.map_or(Value::Missing, |position| Value::Category(position as u32))
        }
    }
}
