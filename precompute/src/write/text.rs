//! What the items say, where they are, and what words mean.

use std::collections::{BTreeMap, BTreeSet};

use config::Search;
use index::catalogue::Value;
use index::text::{Circle, DEFAULT_SATURATION, Point, TextField, TextSettings, TextWriter};

use crate::dataset::{Dataset, Item, is_prose};
use crate::meanings::{Meaning, broader, meanings};
use crate::places::{Coordinates, Place, PlaceFields, PlaceKind, places};

/// A word in a title counts so many times as much as in another text, where nothing else is asked for.
const TITLE_BOOST: f32 = 3.0;

/// How much less a word counts in a long text.
const LENGTH_NORMALIZATION: f32 = 0.75;

/// So many items make a city of a name of which nobody knows where it is.
const CITY_MIN_ITEM_COUNT: usize = 5;

/// What the title is called where fields are named.
pub(crate) const TITLE: &str = "title";

/// The fields whose values are categories, where nothing else is said.
const CATEGORY_FIELDS: [&str; 2] = ["categories", "genres"];

/// What the items of a data set say, in this order; `popularity` goes by their places in the data set, and `learnt` is what its import learnt of words.
pub fn text(
    dataset: &Dataset,
    item_order: &[u32],
    popularity: &[f32],
    learnt: &[Meaning],
    settings: &Search,
) -> TextWriter {
    let fields = searched_fields(dataset, settings);
    let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    let categories = category_fields(dataset, settings);
    let place_fields = PlaceFields::default();
    let places = places(&dataset.items, &place_fields);
    let qualities = qualities(popularity);
    let mut writer = TextWriter::new(TextSettings {
        language: settings.language,
        fields,
        saturation: DEFAULT_SATURATION,
    });
    for &place in item_order {
        let place = place as usize;
        let item = &dataset.items[place];
        let texts = names.iter().enumerate().flat_map(|(number, name)| {
            let texts = texts_of(item, name).iter();
            texts.map(move |text| (number, text.as_str()))
        });
        writer.push(texts);
        writer.set_quality(qualities[place]);
        if let Some(point) = places.coordinates[place].and_then(point) {
            writer.set_point(point);
        }
        for field in &categories {
            for value in texts_of(item, field) {
                writer.add_name(field, value);
            }
        }
        for &named in &places.of_items[place] {
            let place = &places.list[named];
            if is_named(place) {
                writer.add_name(place_fields.tag(place.kind), &place.name);
            }
        }
    }
    // A name without its state means the largest of its places.
    let mut list: Vec<_> = places.list.iter().collect();
    list.sort_by_key(|place| std::cmp::Reverse(place.item_count));
    for place in list {
        let tag = place_fields.tag(place.kind);
        let circle = place.circle.and_then(|circle| {
            Some(Circle {
                center: point(circle.centre)?,
                radius_m: (circle.radius_km * 1_000.0) as u32,
            })
        });
        if is_named(place) {
            writer.set_place(tag, &place.name, circle);
            if let Some((city, _)) = place.name.rsplit_once(", ") {
                writer.add_alias(tag, city, &place.name);
            }
        }
    }
    for field in &categories {
        for Meaning {
            word,
            value,
            weight,
        } in meanings(&dataset.items, field, learnt)
        {
            writer.add_meaning(&word, field, &value, weight);
        }
        for (value, broader) in broader(&dataset.items, field) {
            writer.add_broader(field, &value, &broader);
        }
    }
    for group in &settings.synonyms {
        for word in group {
            for other in group.iter().filter(|other| *other != word) {
                writer.add_synonym(word, other);
            }
        }
    }
    pin(&mut writer, dataset, item_order, &settings.pinned);
    writer
}

/// Pins what is chosen for some words, as far as there is such an item.
fn pin(
    writer: &mut TextWriter,
    dataset: &Dataset,
    item_order: &[u32],
    pinned: &BTreeMap<String, Vec<String>>,
) {
    let chosen: BTreeSet<&String> = pinned.values().flatten().collect();
    let numbered = (0..).zip(item_order);
    let numbers: BTreeMap<&String, u32> = numbered
        .map(|(number, &place)| (&dataset.items[place as usize].id, number))
        .filter(|(id, _)| chosen.contains(id))
        .collect();
    for (words, ids) in pinned {
        let items = ids.iter().filter_map(|id| numbers.get(id).copied());
        writer.pin(words, &items.collect::<Vec<_>>());
    }
}

/// The fields that are searched, and how much each counts.
fn searched_fields(dataset: &Dataset, settings: &Search) -> Vec<TextField> {
    let field = |name: &str, boost: f32| TextField {
        name: name.to_owned(),
        boost,
        length_normalization: LENGTH_NORMALIZATION,
        keeps_pairs: settings.phrases.iter().any(|field| field == name),
    };
    if settings.fields.is_empty() {
        let others = textual_fields(dataset).into_iter();
        return std::iter::once(field(TITLE, TITLE_BOOST))
            .chain(others.map(|name| field(name, 1.0)))
            .collect();
    }
    let fields = settings.fields.iter();
    fields
        .map(|(name, boost)| field(name, *boost as f32))
        .collect()
}

/// The fields whose values are categories.
fn category_fields(dataset: &Dataset, settings: &Search) -> Vec<String> {
    let configured = settings.categories.clone();
    configured.unwrap_or_else(|| {
        let is_there = |field: &&str| {
            let mut items = dataset.items.iter();
            items.any(|item| !texts_of(item, field).is_empty())
        };
        let fields = CATEGORY_FIELDS.into_iter().filter(is_there);
        fields.map(str::to_owned).collect()
    })
}

/// The fields with texts that are no addresses, but for the type, by which everything is filtered.
pub(crate) fn textual_fields(dataset: &Dataset) -> BTreeSet<&str> {
    let fields = dataset.items.iter().flat_map(|item| &item.fields);
    let is_textual = |value: &Value| value.texts().iter().any(|text| is_prose(text));
    fields
        .filter(|(name, value)| *name != Item::TYPE_FIELD && is_textual(value))
        .map(|(name, _)| name.as_str())
        .collect()
}

/// Whether a place is found by its name. A city without coordinates may as well be a slip of the pen, such as the end of a street, unless several items are there.
fn is_named(place: &Place) -> bool {
    place.circle.is_some()
        || place.kind == PlaceKind::PostalCode
        || CITY_MIN_ITEM_COUNT <= place.item_count
}

fn texts_of<'a>(item: &'a Item, field: &str) -> &'a [String] {
    if field == TITLE {
        return std::slice::from_ref(&item.title);
    }
    item.fields.get(field).map_or(&[], Value::texts)
}

fn point(coordinates: Coordinates) -> Option<Point> {
    Point::new(coordinates.latitude, coordinates.longitude)
}

/// What share of the items is less popular than each; of what nobody touched, none.
fn qualities(popularity: &[f32]) -> Vec<f32> {
    let mut sorted: Vec<f32> = popularity.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let count = sorted.len().max(1) as f32;
    let share = |popularity: &f32| {
        let less = sorted.partition_point(|other| other.total_cmp(popularity).is_lt());
        less as f32 / count
    };
    popularity.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_what_is_less_popular_is_the_quality() {
        assert_eq!(qualities(&[0.0, 5.0, 0.0, 9.0]), [0.0, 0.5, 0.0, 0.75]);
        assert_eq!(qualities(&[]), [0.0; 0]);
    }
}
