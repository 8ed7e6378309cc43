//! Histories: as requests write them, and as weighted items of the catalogue.

use index::recommend::{HistoryItem, history_weight};
use pointer::ValueScale;

use crate::{
    context::Collection,
    json::{self, Node},
    problem::Problem,
};

/// One entry of a history.
#[derive(Debug)]
pub struct Entry {
    /// Which item it is.
    pub key: Key,
    /// A rating; without one it is a click.
    pub value: Option<f64>,
    /// Which entry of the request it is, counted from 0.
    pub position: usize,
}

/// By what an entry names its item.
#[derive(Debug)]
pub enum Key {
    /// Its id.
    Id(String),
    /// Its title, with or without the year.
    Title(String),
}

/// A history as the index knows it.
#[derive(Debug)]
pub struct Resolved {
    /// Ascending by item, each item once.
    pub history: Vec<HistoryItem>,
    /// The ids and titles that the catalogue does not have, in their order.
    pub unknown: Vec<String>,
    /// The items that are not wanted.
    pub exclude: Vec<u32>,
}

/// The ids and the titles that a request names: those of the history in its order, and then the excluded ids.
pub fn names<'w>(entries: &'w [Entry], exclude: &'w [String]) -> (Vec<&'w str>, Vec<&'w str>) {
    let (mut ids, mut titles) = (Vec::new(), Vec::new());
    for entry in entries {
        match &entry.key {
            Key::Id(id) => ids.push(id.as_str()),
            Key::Title(title) => titles.push(title.as_str()),
        }
    }
    ids.extend(exclude.iter().map(String::as_str));
    (ids, titles)
}

/// Looks up the items of a history and the excluded ids, whose [`names`] the generation was opened for. Of two entries for one item the later counts.
pub fn resolve(
    collection: &Collection<'_>,
    entries: &[Entry],
    exclude: &[String],
) -> Result<Resolved, Problem> {
    // A value that cannot be is refused whether its item is known or not.
    let weights: Vec<f32> = entries
        .iter()
        .map(|entry| weight(entry, collection.manifest.values))
        .collect::<Result<_, _>>()?;
    let (ids, titles) = names(entries, exclude);
    let mut items_of_ids = collection.generation.items_of_ids(&ids)?.into_iter();
    let mut items_of_titles = collection.generation.items_of_titles(&titles)?.into_iter();

    let mut history: Vec<HistoryItem> = Vec::with_capacity(entries.len());
    let mut unknown = Vec::new();
    for (entry, weight) in entries.iter().zip(weights) {
        let (name, found) = match &entry.key {
            Key::Id(id) => (id, items_of_ids.next()),
            Key::Title(title) => (title, items_of_titles.next()),
        };
        match found.flatten() {
            Some(item) => {
                let place = history.partition_point(|earlier| earlier.item < item);
                match history.get_mut(place) {
                    Some(earlier) if earlier.item == item => earlier.weight = weight,
                    _ => history.insert(place, HistoryItem { item, weight }),
                }
            }
            None => unknown.push(name.clone()),
        }
    }
    Ok(Resolved {
        history,
        unknown,
        exclude: items_of_ids.flatten().collect(),
    })
}

/// How much an entry speaks for the neighbours of its item.
fn weight(entry: &Entry, scale: Option<ValueScale>) -> Result<f32, Problem> {
    let Some(value) = entry.value else {
        return Ok(1.0);
    };
    let field = || format!("history[{}].value", entry.position);
    let Some(scale) = scale else {
        return Err(Problem::InvalidValue {
            field: field(),
            what: "is to be left out: this collection knows clicks and no values".to_owned(),
        });
    };
    let (minimum, maximum) = (f64::from(scale.minimum), f64::from(scale.maximum));
    if !(minimum..=maximum).contains(&value) {
        return Err(Problem::OutOfRange {
            field: field(),
            minimum,
            maximum,
        });
    }
    Ok(weight_on(value as f32, scale))
}

/// The weight of a value; beyond the ends of the scale it is that of the end.
pub fn weight_on(value: f32, scale: ValueScale) -> f32 {
    history_weight(value, scale.minimum, scale.maximum, scale.neutral)
}

/// The entries of a history.
pub fn entries(nodes: &[Node<'_>]) -> Result<Vec<Entry>, Problem> {
    let numbered = nodes.iter().enumerate();
    numbered
        .map(|(position, node)| entry(node, position))
        .collect()
}

/// An id, or an object with an id or a title and maybe a value.
fn entry(node: &Node<'_>, position: usize) -> Result<Entry, Problem> {
    if node.value().is_string() {
        return Ok(Entry {
            key: Key::Id(node.text()?.to_owned()),
            value: None,
            position,
        });
    }
    if !node.value().is_object() {
        return Err(node.wrong("an id, or an object with `id` or `title`"));
    }
    let members = node.members(&["id", "title", "value"])?;
    let key = match (members.get("id"), members.get("title")) {
        (Some(id), None) => Key::Id(id.text()?.to_owned()),
        (None, Some(title)) => Key::Title(title.text()?.to_owned()),
        _ => return Err(node.invalid("is to have one of `id` and `title`")),
    };
    let value = members
        .get("value")
        .map(|value| value.number())
        .transpose()?;
    Ok(Entry {
        key,
        value,
        position,
    })
}

/// `2:4.5` is the item `2` with the value 4.5. What follows the last colon of an id is not taken for a value unless it is a number.
pub fn entry_of_text(text: &str, position: usize) -> Entry {
    let rated = text
        .rsplit_once(':')
        .and_then(|(id, value)| Some((id, json::number(value)?)));
    let (id, value) = match rated {
        Some((id, value)) => (id, Some(value)),
        None => (text, None),
    };
    Entry {
        key: Key::Id(id.to_owned()),
        value,
        position,
    }
}
