//! The columns that filters ask: for every item, the values of its filterable fields as small numbers.

use std::collections::BTreeMap;

use super::{
    filter::{Condition, Filter},
    metadata::{FACET_DICTIONARIES, FACET_VALUES, Field, FieldKind},
    record::{Record, Value},
};
use crate::{
    codec::{Cursor, OutOfBytes, write_text, write_varint, zigzag_decode, zigzag_encode},
    container::Section,
    error::Error,
    source::FileKind,
};

/// Items in a block of values; a few kilobytes.
pub(super) const ITEMS_PER_BLOCK: u32 = 1024;

fn filterable(fields: &[Field]) -> impl Iterator<Item = &Field> {
    fields.iter().filter(|field| field.filterable)
}

/// The dictionaries, a block a textual field, and the values, a block for every [`ITEMS_PER_BLOCK`] items.
pub(super) fn serialize(records: &[Record], fields: &[Field]) -> (Section, Section) {
    let mut dictionaries = Section::new(FileKind::Catalogue, FACET_DICTIONARIES);
    let mut numbers: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for field in filterable(fields).filter(|field| field.kind.is_textual()) {
        let mut numbers_of_texts: BTreeMap<&str, u64> = BTreeMap::new();
        for value in records
            .iter()
            .filter_map(|record| record.fields.get(&field.name))
        {
            numbers_of_texts.extend(value.texts().iter().map(|text| (text.as_str(), 0)));
        }
        let mut block = Vec::new();
        for (number, (text, number_of_text)) in (0..).zip(&mut numbers_of_texts) {
            *number_of_text = number;
            write_text(text, &mut block);
        }
        dictionaries.push_block(&block);
        numbers.insert(&field.name, numbers_of_texts);
    }

    let mut values = Section::new(FileKind::Catalogue, FACET_VALUES);
    let mut block = Vec::new();
    for records in records.chunks(ITEMS_PER_BLOCK as usize) {
        block.clear();
        for record in records {
            for field in filterable(fields) {
                let numbers = numbers.get(&*field.name);
                write_value(
                    record.fields.get(&field.name),
                    field.kind,
                    numbers,
                    &mut block,
                );
            }
        }
        values.push_block(&block);
    }
    (dictionaries, values)
}

/// Texts are a count and their numbers; numbers are a byte that says whether there is one, and the number.
fn write_value(
    value: Option<&Value>,
    kind: FieldKind,
    numbers: Option<&BTreeMap<&str, u64>>,
    block: &mut Vec<u8>,
) {
    if kind.is_textual() {
        let texts = value.map(Value::texts).unwrap_or_default();
        write_varint(texts.len() as u64, block);
        for text in texts {
            let number = numbers.and_then(|numbers| numbers.get(text.as_str()));
            write_varint(number.copied().unwrap_or_default(), block);
        }
        return;
    }
    match value {
        Some(Value::Integer(integer)) => {
            block.push(1);
            write_varint(zigzag_encode(*integer), block);
        }
        Some(Value::Real(real)) => {
            block.push(1);
            block.extend_from_slice(&real.to_le_bytes());
        }
        _ => block.push(0),
    }
}

/// A value of a filterable field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FacetValue {
    /// The position of a text in the field's dictionary, which is sorted.
    Text(u64),
    Number(f64),
}

/// Calls `visit` for every value of a block: with the item's position in it, the field's among the filterable ones, and the value. O(length of the block).
pub(super) fn each_value(
    fields: &[Field],
    block: &[u8],
    visit: &mut dyn FnMut(u32, usize, FacetValue),
) -> Result<(), OutOfBytes> {
    let mut cursor = Cursor::new(block);
    let mut position = 0;
    while !cursor.is_empty() {
        for (number, field) in filterable(fields).enumerate() {
            match field.kind {
                FieldKind::Text | FieldKind::TextList => {
                    for _ in 0..cursor.varint()? {
                        visit(position, number, FacetValue::Text(cursor.varint()?));
                    }
                }
                kind => {
                    if let Some(value) = number_of(kind, &mut cursor)? {
                        visit(position, number, FacetValue::Number(value));
                    }
                }
            }
        }
        position += 1;
    }
    Ok(())
}

/// The position of a field among the filterable ones, and that of its dictionary, if it has one.
pub(super) fn place_of(fields: &[Field], name: &str) -> Result<(usize, Option<u32>), Error> {
    let mut dictionary = 0;
    for (number, field) in filterable(fields).enumerate() {
        if *field.name == *name {
            return Ok((number, field.kind.is_textual().then_some(dictionary)));
        }
        dictionary += u32::from(field.kind.is_textual());
    }
    Err(unknown_field(fields, name))
}

fn unknown_field(fields: &[Field], name: &str) -> Error {
    let known = filterable(fields).map(|field| field.name.to_string());
    Error::UnknownFilterField {
        field: name.to_owned(),
        known: known.collect(),
    }
}

/// The texts of a dictionary, in their order.
pub(super) fn texts_of(dictionary: &[u8]) -> impl Iterator<Item = &str> {
    let mut cursor = Cursor::new(dictionary);
    std::iter::from_fn(move || {
        if cursor.is_empty() {
            None
        } else {
            cursor.text().ok()
        }
    })
}

/// A filter with its texts turned into numbers, ready to be asked of every item.
#[derive(Debug)]
pub(crate) struct Matcher {
    /// For each filterable field, in the order of the values.
    conditions: Vec<(FieldKind, Option<Wanted>)>,
}

#[derive(Debug)]
enum Wanted {
    /// The wanted text numbers, sorted.
    Numbers(Vec<u64>),
    Range {
        minimum: f64,
        maximum: f64,
    },
}

impl Matcher {
    /// Resolves a filter. `dictionary` gives the block of the n-th textual facet.
    pub(super) fn new<'a>(
        filter: &Filter,
        fields: &[Field],
        dictionary: impl Fn(u32) -> Result<&'a [u8], Error>,
    ) -> Result<Self, Error> {
        if let Some(name) = filter
            .fields
            .keys()
            .find(|&name| !filterable(fields).any(|field| *field.name == **name))
        {
            return Err(unknown_field(fields, name));
        }
        let mut conditions = Vec::new();
        let mut dictionary_number = 0;
        for field in filterable(fields) {
            let wrong = |expected| Error::WrongFilterKind {
                field: field.name.to_string(),
                expected,
            };
            let wanted = match (filter.fields.get(&*field.name), field.kind.is_textual()) {
                (None, _) => None,
                (Some(Condition::AnyOf(texts)), true) => {
                    let is_any = |value: &str| {
                        let mut texts = texts.iter();
                        texts.any(|text| text.eq_ignore_ascii_case(value))
                    };
                    let dictionary = dictionary(dictionary_number)?;
                    Some(Wanted::Numbers(numbers_of(dictionary, is_any)))
                }
                (Some(Condition::Between { first, last }), true) => {
                    let is_between = |value: &str| {
                        let is_before = |last: &String| value <= &**last || value.starts_with(last);
                        first.as_ref().is_none_or(|first| **first <= *value)
                            && last.as_ref().is_none_or(is_before)
                    };
                    let dictionary = dictionary(dictionary_number)?;
                    Some(Wanted::Numbers(numbers_of(dictionary, is_between)))
                }
                (Some(&Condition::Range { minimum, maximum }), false) => Some(Wanted::Range {
                    minimum: minimum.unwrap_or(f64::NEG_INFINITY),
                    maximum: maximum.unwrap_or(f64::INFINITY),
                }),
                (Some(_), true) => {
                    return Err(wrong(
                        "a text, a list of texts or {\"min\", \"max\"} of texts",
                    ));
                }
                (Some(_), false) => return Err(wrong("a number or {\"min\", \"max\"}")),
            };
            dictionary_number += u32::from(field.kind.is_textual());
            conditions.push((field.kind, wanted));
        }
        Ok(Self { conditions })
    }

    /// Asks the `item_count` items of a block, in their order. O(length of the block).
    pub(super) fn matches(
        &self,
        block: &[u8],
        item_count: u32,
        matches: &mut Vec<bool>,
    ) -> Result<(), OutOfBytes> {
        let mut cursor = Cursor::new(block);
        for _ in 0..item_count {
            let mut all = true;
            for (kind, wanted) in &self.conditions {
                let holds = if kind.is_textual() {
                    texts_match(wanted.as_ref(), &mut cursor)?
                } else {
                    number_matches(wanted.as_ref(), *kind, &mut cursor)?
                };
                all &= holds;
            }
            matches.push(all);
        }
        Ok(())
    }
}

fn texts_match(wanted: Option<&Wanted>, cursor: &mut Cursor<'_>) -> Result<bool, OutOfBytes> {
    let mut holds = wanted.is_none();
    for _ in 0..cursor.varint()? {
        let number = cursor.varint()?;
        if let Some(Wanted::Numbers(numbers)) = wanted {
            holds |= numbers.binary_search(&number).is_ok();
        }
    }
    Ok(holds)
}

fn number_matches(
    wanted: Option<&Wanted>,
    kind: FieldKind,
    cursor: &mut Cursor<'_>,
) -> Result<bool, OutOfBytes> {
    let value = number_of(kind, cursor)?;
    Ok(match wanted {
        Some(Wanted::Range { minimum, maximum }) => {
            value.is_some_and(|value| *minimum <= value && value <= *maximum)
        }
        Some(Wanted::Numbers(_)) => false,
        None => true,
    })
}

/// A number, if there is one.
fn number_of(kind: FieldKind, cursor: &mut Cursor<'_>) -> Result<Option<f64>, OutOfBytes> {
    Ok(match (cursor.u8()?, kind) {
        (0, _) => None,
        (_, FieldKind::Integer) => Some(zigzag_decode(cursor.varint()?) as f64),
        _ => Some(cursor.f64()?),
    })
}

/// The numbers of the texts of a dictionary that are wanted; a text that is not in it has none and matches nothing.
fn numbers_of(dictionary: &[u8], is_wanted: impl Fn(&str) -> bool) -> Vec<u64> {
    texts_of(dictionary)
        .zip(0..)
        .filter(|(value, _)| is_wanted(value))
        .map(|(_, number)| number)
        .collect()
}
