use index::model::{Field, FieldKind};
use kit::{Call, Keeping, Provenance, http::Response, problem::Problem};
use serde::Serialize;

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    algorithm: &'a str,
    description: &'a str,
    target: &'a str,
    classes: &'a [String],
    positive: &'a str,
    fields: Vec<Described<'a>>,
}

#[derive(Serialize)]
struct Described<'a> {
    name: &'a str,
    required: bool,
    #[serde(flatten)]
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Content<'a> {
    /// What lies beyond the bounds is answered with a warning.
    Number {
        minimum: f64,
        maximum: f64,
        median: f64,
    },
    /// Another text is refused.
    Category { values: &'a [String] },
}

/// `GET /v1/{collection}/predictions/schema`.
pub(crate) fn schema(call: &Call<'_>) -> Result<Response, Problem> {
    call.query(&[])?;
    call.answer_from_model(Keeping::Everybody, |collection| {
        let model = &collection.generation;
        let schema = model.schema();
        Response::json(Answer {
            provenance: collection.provenance(),
            algorithm: model.algorithm(),
            description: model.description(),
            target: &schema.target,
            classes: &schema.classes,
            positive: schema
                .classes
                .get(schema.positive as usize)
                .map_or("", String::as_str),
            fields: schema.fields.iter().map(described).collect(),
        })
    })
}

fn described(field: &Field) -> Described<'_> {
    Described {
        name: &field.name,
        required: !field.is_optional,
        content: match &field.kind {
            FieldKind::Number {
                minimum,
                maximum,
                median,
            } => Content::Number {
                minimum: *minimum,
                maximum: *maximum,
                median: *median,
            },
            FieldKind::Categories(values) => Content::Category { values },
        },
    }
}
