//! Strict reading of JSON: whoever reads a value knows where in the request it stands, and every refusal says so.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::problem::Problem;

/// Parses a text; `what` names it in the refusal, such as `the body`.
pub fn parse(text: &[u8], what: &str) -> Result<Value, Problem> {
    serde_json::from_slice(text).map_err(|error| Problem::MalformedJson {
        what: what.to_owned(),
        message: error.to_string(),
        line: error.line(),
        column: error.column(),
    })
}

/// A value and its place in the request.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    value: &'a Value,
    field: String,
}

impl<'a> Node<'a> {
    /// A whole document; `name` is what its refusals call it.
    pub fn new(value: &'a Value, name: &str) -> Self {
        Self {
            value,
            field: name.to_owned(),
        }
    }

    /// The value itself.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Where in the request it stands, such as `history[2].value`.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// An object with no members but these.
    pub fn members(&self, known: &[&str]) -> Result<Members<'a>, Problem> {
        let members = self.any_members()?;
        match members
            .members
            .keys()
            .find(|name| !known.contains(&name.as_str()))
        {
            Some(name) => Err(Problem::UnknownField {
                field: members.field_of(name),
                known: known.iter().map(|&name| name.to_owned()).collect(),
            }),
            None => Ok(members),
        }
    }

    /// An object with any members.
    pub fn any_members(&self) -> Result<Members<'a>, Problem> {
        match self.value {
            Value::Object(members) => Ok(Members {
                members,
                field: self.field.clone(),
            }),
            _ => Err(self.wrong("an object")),
        }
    }

    /// A list of at most `limit` entries.
    pub fn list(&self, limit: usize) -> Result<Vec<Node<'a>>, Problem> {
        let Value::Array(entries) = self.value else {
            return Err(self.wrong("a list"));
        };
        if limit < entries.len() {
            return Err(Problem::TooMany {
                field: self.field.clone(),
                found: entries.len(),
                limit,
            });
        }
        let node = |(position, value)| Node {
            value,
            field: format!("{}[{position}]", self.field),
        };
        Ok(entries.iter().enumerate().map(node).collect())
    }

    /// A text.
    pub fn text(&self) -> Result<&'a str, Problem> {
        self.value.as_str().ok_or_else(|| self.wrong("a text"))
    }

    /// A number.
    pub fn number(&self) -> Result<f64, Problem> {
        self.value.as_f64().ok_or_else(|| self.wrong("a number"))
    }

    /// A number within `range`.
    pub fn number_within(&self, range: RangeInclusive<f64>) -> Result<f64, Problem> {
        let number = self.number()?;
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(Problem::OutOfRange {
                field: self.field.clone(),
                minimum: *range.start(),
                maximum: *range.end(),
            })
        }
    }

    /// A whole number within `range`.
    pub fn count(&self, range: RangeInclusive<usize>) -> Result<usize, Problem> {
        if !self.value.is_i64() && !self.value.is_u64() {
            return Err(self.wrong("a whole number"));
        }
        let number = self.number_within(*range.start() as f64..=*range.end() as f64)?;
        Ok(number as usize)
    }

    /// Yes or no.
    pub fn flag(&self) -> Result<bool, Problem> {
        self.value
            .as_bool()
            .ok_or_else(|| self.wrong("true or false"))
    }

    /// The refusal of a value that is not as `expected`.
    pub fn wrong(&self, expected: &str) -> Problem {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        Problem::WrongType {
            field: self.field.clone(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }

    /// The refusal of a value for a reason that follows its name.
    pub fn invalid(&self, what: &str) -> Problem {
        Problem::InvalidValue {
            field: self.field.clone(),
            what: what.to_owned(),
        }
    }
}

/// The members of an object.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    members: &'a Map<String, Value>,
    field: String,
}

impl<'a> Members<'a> {
    /// The member of this name. One that is null is not there.
    pub fn get(&self, name: &str) -> Option<Node<'a>> {
        let value = self.members.get(name).filter(|value| !value.is_null())?;
        Some(Node {
            value,
            field: self.field_of(name),
        })
    }

    /// All members, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        self.members.iter().map(|(name, value)| {
            let field = self.field_of(name);
            (name.as_str(), Node { value, field })
        })
    }

    /// Members of the body stand for themselves; deeper ones are reached by a dot.
    fn field_of(&self, name: &str) -> String {
        if self.field == BODY {
            name.to_owned()
        } else {
            format!("{}.{name}", self.field)
        }
    }
}

/// What refusals call a body as a whole.
pub const BODY: &str = "the body";
