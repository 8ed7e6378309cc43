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

/// A number as JSON writes it, wherever it stands alone in a text.
pub fn number(text: &str) -> Option<f64> {
    parse(text.as_bytes(), text).ok()?.as_f64()
}

/// A value of a document, and the document: a refusal says where in it the value stands, and only a refusal pays for finding that out.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    value: &'a Value,
    document: &'a Value,
    name: &'a str,
}

impl<'a> Node<'a> {
    /// A whole document; `name` is what its refusals call it.
    pub fn new(document: &'a Value, name: &'a str) -> Self {
        Self {
            value: document,
            document,
            name,
        }
    }

    /// Another value of the same document.
    fn at(self, value: &'a Value) -> Self {
        Self { value, ..self }
    }

    /// The value itself.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Where in the request it stands, such as `history[2].value`.
    pub fn field(&self) -> String {
        let name = self.name.to_owned();
        place_of(self.value, self.document, name).unwrap_or_default()
    }

    /// An object with no members but these.
    pub fn members(&self, known: &[&str]) -> Result<Members<'a>, Problem> {
        let members = self.any_members()?;
        let is_known = |name: &&String| known.contains(&name.as_str());
        match members.members.keys().find(|name| !is_known(name)) {
            Some(name) => Err(Problem::UnknownField {
                field: place_of_member(&self.field(), name),
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
                node: *self,
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
                field: self.field(),
                found: entries.len(),
                limit,
            });
        }
        Ok(entries.iter().map(|value| self.at(value)).collect())
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
                field: self.field(),
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
            field: self.field(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }

    /// The refusal of a value for a reason that follows its name.
    pub fn invalid(&self, what: &str) -> Problem {
        Problem::InvalidValue {
            field: self.field(),
            what: what.to_owned(),
        }
    }
}

/// The members of an object.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a> {
    members: &'a Map<String, Value>,
    node: Node<'a>,
}

impl<'a> Members<'a> {
    /// The member of this name. One that is null is not there.
    pub fn get(&self, name: &str) -> Option<Node<'a>> {
        let value = self.members.get(name).filter(|value| !value.is_null())?;
        Some(self.node.at(value))
    }

    /// All members, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        self.members
            .iter()
            .map(|(name, value)| (name.as_str(), self.node.at(value)))
    }
}

/// What refusals call a body as a whole.
pub const BODY: &str = "the body";

/// Where `wanted` stands in `value`, whose own place is `place`. It is known by its address: two equal values are two.
fn place_of(wanted: &Value, value: &Value, place: String) -> Option<String> {
    if std::ptr::eq(wanted, value) {
        return Some(place);
    }
    match value {
        Value::Array(entries) => entries
            .iter()
            .enumerate()
            .find_map(|(position, entry)| place_of(wanted, entry, format!("{place}[{position}]"))),
        Value::Object(members) => members
            .iter()
            .find_map(|(name, member)| place_of(wanted, member, place_of_member(&place, name))),
        _ => None,
    }
}

/// Members of the body stand for themselves; deeper ones are reached by a dot.
fn place_of_member(place: &str, name: &str) -> String {
    if place == BODY {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_where_its_value_stands() {
        let body = parse(br#"{"list": [1, {"a.b": 1}, 1], "same": 1}"#, BODY).unwrap();
        let check = |pointer: &str, expected: &str| {
            let node = Node::new(&body, BODY).at(body.pointer(pointer).unwrap());
            assert_eq!(node.field(), expected);
        };
        check("", "the body");
        check("/same", "same");
        check("/list/2", "list[2]");
        check("/list/1/a.b", "list[1].a.b");
        let filter = Node::new(&body, "filter");
        assert_eq!(filter.at(&body["same"]).field(), "filter.same");
    }
}
