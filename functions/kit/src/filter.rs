//! Filters as requests write them.

use crate::{
    json::{self, Node},
    limits::MAXIMUM_FILTER_VALUE_COUNT,
    problem::Problem,
    query::Query,
};
use index::catalogue::{Condition, Filter};

/// Reads an object of conditions: a text, a list of texts, a number, or `{"min", "max"}` of numbers or of texts for each field. Whether there is such a field is the catalogue's to say.
pub fn filter(node: &Node<'_>) -> Result<Filter, Problem> {
    let mut filter = Filter::default();
    for (name, node) in node.any_members()?.iter() {
        if !node.value().is_null() {
            filter.fields.insert(name.to_owned(), condition(&node)?);
        }
    }
    Ok(filter)
}

/// The filter in a parameter of a query string, where it is written as JSON.
pub fn filter_of_query(query: &Query, name: &'static str) -> Result<Filter, Problem> {
    match query.get(name) {
        Some(text) => {
            let value = json::parse(text.as_bytes(), name)?;
            filter(&Node::new(&value, name))
        }
        None => Ok(Filter::default()),
    }
}

fn condition(node: &Node<'_>) -> Result<Condition, Problem> {
    let value = node.value();
    if value.is_string() {
        return Ok(Condition::AnyOf(vec![node.text()?.to_owned()]));
    }
    if value.is_array() {
        let texts: Vec<String> = node
            .list(MAXIMUM_FILTER_VALUE_COUNT)?
            .iter()
            .map(|node| Ok(node.text()?.to_owned()))
            .collect::<Result<_, Problem>>()?;
        if texts.is_empty() {
            return Err(node.invalid("is an empty list, which nothing passes"));
        }
        return Ok(Condition::AnyOf(texts));
    }
    if value.is_number() {
        let number = Some(node.number()?);
        return Ok(Condition::Range {
            minimum: number,
            maximum: number,
        });
    }
    if value.is_object() {
        let bounds = node.members(&["min", "max"])?;
        let is_text = |name: &&str| {
            bounds
                .get(name)
                .is_some_and(|node| node.value().is_string())
        };
        if ["min", "max"].iter().any(is_text) {
            let bound = |name| -> Result<Option<String>, Problem> {
                let text = bounds.get(name).map(|node| node.text()).transpose()?;
                Ok(text.map(str::to_owned))
            };
            let (first, last) = (bound("min")?, bound("max")?);
            return Ok(Condition::Between { first, last });
        }
        let bound = |name| bounds.get(name).map(|node| node.number()).transpose();
        let (minimum, maximum) = (bound("min")?, bound("max")?);
        if minimum.is_none() && maximum.is_none() {
            return Err(node.invalid("has neither `min` nor `max`"));
        }
        return Ok(Condition::Range { minimum, maximum });
    }
    Err(node.wrong("a text, a list of texts, a number or {\"min\", \"max\"}"))
}
