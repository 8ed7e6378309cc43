//! A collection in parts: several sources, each read as a collection of its own, become one catalogue.
//!
//! An id is the part's name, a colon, and the id in the source, for items and for users: that `1` is a film here and a book there, and that two sources know the
//! same person, nobody can tell. What an item is stands in its field `type`.

use std::collections::BTreeMap;

use config::{Collection, Part, Source};
use index::catalogue::Value;
use pointer::ValueScale;

use super::builder::Builder;
use super::error::ImportError;
use super::ids::Id;
use super::report::ImportReport;
use crate::dataset::{Dataset, Item};
use crate::meanings::learnt_later;

/// What its source says that it is, where the configuration says something else: an `episode` among podcasts.
const KIND_FIELD: &str = "kind";

/// Reads all parts, one after the other.
pub(crate) fn import_parts(
    collection: &Collection,
) -> Result<(Dataset, ImportReport), ImportError> {
    let parts = collection.parts.iter().map(|part| {
        let alone = Collection {
            source: Source::Path(part.source.clone()),
            parts: Vec::new(),
            layout: part.layout,
            values: part.values,
            import: part.import.clone(),
            ..collection.clone()
        };
        super::import(&alone, None).map(|(dataset, report)| (part, dataset, report))
    });
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let scales = parts.iter().filter_map(|(_, _, report)| report.values);
    let scale = collection.values.map(super::value_scale);
    let scale = scale.or(scales.into_iter().next());

    let mut builder = Builder::new(scale, 1.0);
    let mut layouts = Vec::new();
    let mut files = Vec::new();
    let mut meanings = Vec::new();
    for (part, dataset, report) in parts {
        let value = |value| match (report.values, scale) {
            (Some(from), Some(to)) => onto(from, to, value),
            // Who only clicks says yes.
            (None, Some(to)) => to.maximum,
            (_, None) => value,
        };
        add(part, dataset, value, &mut builder);
        meanings = learnt_later(meanings, report.meanings);
        layouts.push(report.layout);
        files.extend(report.files.into_iter().map(|mut file| {
            file.file = format!("{}: {}", part.name, file.file);
            file
        }));
    }
    let dataset = builder.finish().dataset;
    let report = ImportReport {
        layout: layouts.join(" + "),
        values: scale,
        users: dataset.users.len(),
        items: dataset.items.len(),
        interactions: dataset.interactions.len(),
        files,
        meanings,
        posters: None,
    };
    Ok((dataset, report))
}

/// Adds a part's data set under its name.
fn add(part: &Part, dataset: Dataset, value: impl Fn(f32) -> f32, builder: &mut Builder) {
    let named = |id: &str| format!("{}:{id}", part.name);
    let users: Vec<String> = dataset.users.iter().map(|id| named(id)).collect();
    let items: Vec<String> = dataset.items.iter().map(|item| named(&item.id)).collect();
    for (mut item, id) in dataset.items.into_iter().zip(&items) {
        item.id.clone_from(id);
        set_type(part, &mut item);
        builder.add_item(item, 0);
    }
    for (user, name) in users.iter().zip(&dataset.user_names) {
        builder.name_user(Id::parse(user), name);
    }
    for interaction in dataset.interactions {
        let ids = (
            Id::parse(&users[interaction.user as usize]),
            Id::parse(&items[interaction.item as usize]),
        );
        let added = builder.add_interaction(ids, value(interaction.value), interaction.time_s, 0);
        // Proof: the item was added above, and the value lies on the scale.
        debug_assert!(added.is_ok());
    }
}

/// What the configuration says that an item is, else what its source says, else the part's name.
fn set_type(part: &Part, item: &mut Item) {
    let fields: &mut BTreeMap<String, Value> = &mut item.fields;
    match (&part.kind, fields.remove(Item::TYPE_FIELD)) {
        (Some(kind), own) => {
            fields.insert(Item::TYPE_FIELD.to_owned(), Value::Text(kind.clone()));
            fields.extend(own.map(|own| (KIND_FIELD.to_owned(), own)));
        }
        (None, own) => {
            let own = own.unwrap_or_else(|| Value::Text(part.name.clone()));
            fields.insert(Item::TYPE_FIELD.to_owned(), own);
        }
    }
}

/// A value of one scale on another: the ends and the neutral values fall on each other, and what is between keeps its share of the way.
fn onto(from: ValueScale, to: ValueScale, value: f32) -> f32 {
    let between = |from: [f32; 2], to: [f32; 2]| {
        let share = (value - from[0]) / (from[1] - from[0]);
        (to[0] + share * (to[1] - to[0])).clamp(to[0], to[1])
    };
    if from.neutral <= value {
        between([from.neutral, from.maximum], [to.neutral, to.maximum])
    } else {
        between([from.minimum, from.neutral], [to.minimum, to.neutral])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_meet_at_their_ends_and_in_the_neutral_value() {
        let scale = |minimum, neutral, maximum| ValueScale {
            minimum,
            maximum,
            neutral,
        };
        let (stars, points) = (scale(1.0, 3.0, 5.0), scale(0.0, 5.0, 10.0));
        for (value, expected) in [(0.0, 1.0), (2.5, 2.0), (5.0, 3.0), (9.0, 4.6), (10.0, 5.0)] {
            assert_eq!(onto(points, stars, value), expected);
        }
        let likes = scale(0.0, 0.0, 1.0);
        assert_eq!(onto(likes, points, 0.0), 5.0);
        assert_eq!(onto(likes, points, 1.0), 10.0);
        assert_eq!(onto(points, likes, 2.0), 0.0);
        assert_eq!(onto(stars, stars, 4.5), 4.5);
    }
}
