//! What a request says of a row, held against the schema.

use index::model::{Field, FieldKind, Schema, Value};
use kit::{
    json::{BODY, Node},
    problem::Problem,
};
use serde::Serialize;

/// What is odd about a row and does not keep it from an answer.
#[derive(Debug, Serialize)]
pub(crate) struct Warning<'a> {
    field: &'a str,
    message: String,
}

/// Reads an object with a member for each field. A field that is not optional is to be there, and a text is to be one of the field's; a number beyond all that were
/// learnt from is a warning.
pub(crate) fn read<'a>(
    row: &Node<'_>,
    schema: &'a Schema,
) -> Result<(Vec<Value>, Vec<Warning<'a>>), Problem> {
    let names: Vec<&str> = schema
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    let members = row.members(&names)?;
    let mut warnings = Vec::new();
    let mut values = Vec::with_capacity(schema.fields.len());
    for field in &schema.fields {
        let Some(node) = members.get(&field.name) else {
            if !field.is_optional {
                return Err(missing(row, field));
            }
            values.push(Value::Missing);
            continue;
        };
        values.push(match &field.kind {
            FieldKind::Number {
                minimum, maximum, ..
            } => {
                let number = node.number()?;
                if !(*minimum..=*maximum).contains(&number) {
                    let message =
                        format!("{number} is beyond what was learnt from, {minimum} to {maximum}");
                    warnings.push(Warning {
                        field: &field.name,
                        message,
                    });
                }
                Value::Number(number)
            }
            FieldKind::Categories(texts) => {
                let text = node.text()?;
                let position = texts.binary_search_by(|other| other.as_str().cmp(text));
                let position = position.map_err(|_| {
                    node.invalid(&format!("is to be one of `{}`", texts.join("`, `")))
                })?;
                Value::Category(position as u32)
            }
        });
    }
    Ok((values, warnings))
}

fn missing(row: &Node<'_>, field: &Field) -> Problem {
    let place = row.field();
    let name = &field.name;
    Problem::InvalidValue {
        field: if place == BODY {
            name.clone()
        } else {
            format!("{place}.{name}")
        },
        what: "is missing".to_owned(),
    }
}
