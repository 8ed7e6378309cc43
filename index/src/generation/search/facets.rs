//! What the fields say of everything that was found: what passes a filter, how many have each value, and the order by one.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::{Ranked, blocks_of_best};
use crate::{
    catalogue::{Facet, FacetValue, Filter},
    error::Error,
    generation::Generation,
    recommend::sort_key::{ascending_real, sort_by_key},
};

/// So many blocks of facets are read once something is found, of 32,768 items: for a filter those with the best of it, to be counted those with the most.
const FACET_BLOCKS_MAX_COUNT: usize = 32;

/// So many blocks are read for a filter without knowing what is found.
const FEW_FACET_BLOCKS_COUNT: u32 = 8;

/// So many values of a field are told, the most frequent.
const VALUES_MAX_COUNT: usize = 100;

/// By how far something is from the middle of the place that is asked for, where there is one, things can be put in order as by a field.
pub const DISTANCE: &str = "distance";

/// How often what was found has the values of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetCounts {
    /// The field.
    pub field: String,
    /// The texts, those with the most items first, with how many of what was found have each.
    pub values: Vec<(String, usize)>,
    /// Of a field with numbers, the least and the greatest.
    pub range: Option<(f64, f64)>,
}

/// An order by a field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sort {
    /// The field, or [`DISTANCE`].
    pub field: String,
    /// Whether the greatest comes first. What does not have the field comes last all the same.
    pub is_descending: bool,
}

/// The values of some fields of what was found.
pub(super) struct Values {
    /// By field, the values by item.
    of_fields: Vec<BTreeMap<u32, Vec<FacetValue>>>,
    /// Whether not everything that was found was looked at.
    pub(super) is_cut: bool,
}

impl Generation<'_> {
    /// Whether the facets of all items are so few that a filter reads them with the words, before it is known what is found.
    pub(super) fn has_few_facets(&self) -> Result<bool, Error> {
        Ok(self.catalogue.facet_block_count()? <= FEW_FACET_BLOCKS_COUNT)
    }

    /// Leaves of what was found what passes a filter; in one batch, as far as it has not been read. `is_cut` becomes true if not everything was looked at: the best is.
    pub(super) fn keep_passing(
        &self,
        filter: &Filter,
        found: &mut Vec<Ranked>,
        is_cut: &mut bool,
    ) -> Result<(), Error> {
        if filter.is_empty() {
            return Ok(());
        }
        let matcher = self.catalogue.matcher(filter)?;
        let block_of = |item| self.catalogue.facet_block_of(item);
        let numbers = blocks_of_best(found, block_of, FACET_BLOCKS_MAX_COUNT, is_cut);
        self.fetch(&mut |plan| {
            let mut numbers = numbers.iter();
            numbers.try_for_each(|block| self.catalogue.plan_facets(*block, plan))
        })?;
        let blocks = self.blocks.borrow();
        let mut passing = BTreeSet::new();
        for block in numbers {
            let items = self.catalogue.items_of_facet_block(block);
            let mut admitted = Vec::new();
            self.catalogue
                .matching_in(block, &matcher, &blocks, &mut admitted)?;
            let of_block = items.zip(admitted).filter(|(_, passes)| *passes);
            passing.extend(of_block.map(|(item, _)| item));
        }
        found.retain(|found| passing.contains(&found.item));
        Ok(())
    }

    /// The values that what was found has in some fields; in one batch.
    pub(super) fn values(&self, found: &[Ranked], facets: &[Facet]) -> Result<Values, Error> {
        let mut values = Values {
            of_fields: vec![BTreeMap::new(); facets.len()],
            is_cut: false,
        };
        if facets.is_empty() {
            return Ok(values);
        }
        let mut blocks: BTreeMap<u32, usize> = BTreeMap::new();
        for found in found {
            *blocks
                .entry(self.catalogue.facet_block_of(found.item))
                .or_default() += 1;
        }
        let mut numbers: Vec<(u32, usize)> = blocks.into_iter().collect();
        sort_by_key(&mut numbers, |(_, count)| !(*count as u64));
        values.is_cut = FACET_BLOCKS_MAX_COUNT < numbers.len();
        numbers.truncate(FACET_BLOCKS_MAX_COUNT);
        self.fetch(&mut |plan| {
            let mut numbers = numbers.iter();
            numbers.try_for_each(|(block, _)| self.catalogue.plan_facets(*block, plan))
        })?;
        let blocks = self.blocks.borrow();
        for (block, _) in numbers {
            self.catalogue
                .each_facet(block, &blocks, &mut |item, field, value| {
                    let is_found = found.binary_search_by_key(&item, |found| found.item);
                    let of_fields = values.of_fields.iter_mut().zip(facets);
                    for (of_items, _) in of_fields.filter(|(_, facet)| facet.number == field) {
                        if is_found.is_ok() {
                            of_items.entry(item).or_default().push(value);
                        }
                    }
                })?;
        }
        Ok(values)
    }

    /// How often a field has each value.
    pub(super) fn counts(
        &self,
        field: &str,
        facet: Facet,
        place: usize,
        values: &Values,
    ) -> Result<FacetCounts, Error> {
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        let mut range: Option<(f64, f64)> = None;
        let of_items = values.of_fields.get(place).into_iter();
        for value in of_items.flat_map(BTreeMap::values).flatten() {
            match *value {
                FacetValue::Text(number) => *counts.entry(number).or_default() += 1,
                FacetValue::Number(number) => {
                    let (least, most) = range.unwrap_or((number, number));
                    range = Some((least.min(number), most.max(number)));
                }
            }
        }
        let texts = self.catalogue.facet_texts(facet)?;
        let text = |number: u64| texts.get(usize::try_from(number).ok()?);
        let mut values: Vec<(String, usize)> = counts
            .into_iter()
            .filter_map(|(number, count)| Some(((*text(number)?).to_owned(), count)))
            .collect();
        sort_by_key(&mut values, |(_, count)| !(*count as u64));
        values.truncate(VALUES_MAX_COUNT);
        Ok(FacetCounts {
            field: field.to_owned(),
            values,
            range,
        })
    }
}

impl Values {
    /// The value by which an item is put in order, of those of a field.
    pub(super) fn number(&self, place: usize, item: u32) -> Option<f64> {
        let value = self.of_fields.get(place)?.get(&item)?.first()?;
        Some(match *value {
            FacetValue::Text(number) => number as f64,
            FacetValue::Number(number) => number,
        })
    }
}

/// Puts what was found in the order of numbers; what has none comes last, equals stay as they are.
pub(super) fn sort_by_number(
    found: &mut Vec<Ranked>,
    is_descending: bool,
    number: impl Fn(u32) -> Option<f64>,
) {
    sort_by_key(found, |found| match number(found.item) {
        None => u64::MAX,
        Some(number) if is_descending => !ascending_real(number),
        Some(number) => ascending_real(number),
    });
}
