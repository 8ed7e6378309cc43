use std::collections::BTreeMap;

use index::catalogue::Value;
use index::popularity::POPULAR_MAX_COUNT;

use super::{NeighbourLists, TrainError};
use crate::dataset::{Interaction, Item};

const SECONDS_A_DAY: f64 = 86_400.0;

/// What is touched is this popular at least, however long ago it was: above everything that nobody touched.
const LEAST_TOUCHED: f64 = 1e-6;

/// How popular each item is: its interactions, each counting half as much for every `half_life_days` that it is older than the newest of all.
///
/// With a half-life of zero each counts one, as does one that has no time.
pub fn popularity<'a>(
    item_count: usize,
    interactions: impl Iterator<Item = &'a Interaction> + Clone,
    half_life_days: u32,
) -> Vec<f32> {
    let newest_s = interactions
        .clone()
        .map(|interaction| interaction.time_s)
        .max()
        .unwrap_or(0);
    let mut scores = vec![0.0_f64; item_count];
    for interaction in interactions {
        let age_days = newest_s.saturating_sub(interaction.time_s) as f64 / SECONDS_A_DAY;
        let counts = if half_life_days == 0 || interaction.time_s == 0 {
            1.0
        } else {
            (-age_days / f64::from(half_life_days)).exp2()
        };
        let score = &mut scores[interaction.item as usize];
        *score = (*score + counts).max(LEAST_TOUCHED);
    }
    scores.into_iter().map(|score| score as f32).collect()
}

/// Gives items that nobody touched a place below all that are popular: at most half of the least popularity there is.
///
/// A number in `field` says which of them come first, and whether any: 0 is not popular. Where there is none, the items that `content` finds alike do, each by how
/// alike it is, times the logarithm of how popular: a few that everybody knows do not decide alone.
pub(super) fn add_untouched(
    items: &[Item],
    interactions: &[Interaction],
    field: Option<&str>,
    content: Option<&NeighbourLists>,
    popularity: &mut [f32],
) -> Result<(), TrainError> {
    let mut is_touched = vec![false; items.len()];
    for interaction in interactions {
        is_touched[interaction.item as usize] = true;
    }
    let number = |item: &Item| match field.and_then(|field| item.fields.get(field)) {
        Some(Value::Integer(number)) => Some(*number as f64),
        Some(Value::Real(number)) => Some(*number),
        _ => None,
    };
    if let Some(field) = field
        && !items.iter().any(|item| number(item).is_some())
    {
        return Err(TrainError::NoNumbers {
            field: field.to_owned(),
        });
    }
    let by_field = shares(items.iter().map(number));
    let by_likeness = shares((0..items.len()).map(|item| {
        let list = content.map_or(&[][..], |content| content.list(item));
        let parts = list.iter().map(|alike| {
            f64::from(alike.weight) * f64::from(popularity[alike.item as usize]).ln_1p()
        });
        Some(parts.sum())
    }));
    let least = popularity
        .iter()
        .copied()
        .filter(|score| 0.0 < *score)
        .reduce(f32::min);
    let most = least.map_or(1.0, |least| least / 2.0);
    for (item, score) in popularity.iter_mut().enumerate() {
        if !is_touched[item] {
            let share = by_field[item].or(by_likeness[item]);
            *score = share.unwrap_or(0.0) as f32 * most;
        }
    }
    Ok(())
}

/// Each number as a share of the largest; nothing of one that is not above zero.
fn shares(numbers: impl Iterator<Item = Option<f64>>) -> Vec<Option<f64>> {
    let mut numbers: Vec<Option<f64>> = numbers
        .map(|number| number.map(|number| number.max(0.0)))
        .collect();
    let largest = numbers.iter().flatten().copied().fold(0.0, f64::max);
    if 0.0 < largest {
        for number in numbers.iter_mut().flatten() {
            *number /= largest;
        }
    }
    numbers
}

/// Textual fields with more values than that do not say of what sort an item is.
const SORTS_MAX_COUNT: usize = 200;

/// The items that are listed as popular, `count` of them: the most popular ones, of equals the first, with room for every sort of item.
///
/// A quarter of the list is shared out evenly among the types, so that whoever looks for documentaries finds some among books that everybody read, and another quarter
/// among the values of all fields that say of what sort an item is, such as genres and languages.
pub fn popular_items(items: &[Item], popularity: &[f32], count: usize) -> Vec<u32> {
    let count = count.min(POPULAR_MAX_COUNT);
    let mut order: Vec<u32> = (0..items.len() as u32)
        .filter(|&item| 0.0 < popularity[item as usize])
        .collect();
    let by_popularity = |left: &u32, right: &u32| {
        popularity[*right as usize].total_cmp(&popularity[*left as usize])
    };
    order.sort_by(by_popularity);
    let mut is_listed = vec![false; items.len()];
    let types = sorts(items, &order, |item| {
        vec![(Item::TYPE_FIELD, item.type_name())]
    });
    share_out(&types, count / 4, &mut is_listed);
    share_out(&sorts(items, &order, sorts_of), count / 4, &mut is_listed);
    let mut free = count - is_listed.iter().filter(|is_listed| **is_listed).count();
    order.retain(|&item| {
        let has_place = is_listed[item as usize] || 0 < free;
        if !is_listed[item as usize] {
            free = free.saturating_sub(1);
        }
        has_place
    });
    order
}

/// The fields and values that say of what sort an item is.
fn sorts_of(item: &Item) -> Vec<(&str, &str)> {
    let sorts = item.fields.iter().flat_map(|(field, value)| {
        let texts = value.texts().iter();
        texts.map(move |text| (field.as_str(), text.as_str()))
    });
    sorts.collect()
}

/// The items of each sort, in their order; of the sorts of a field that has not too many.
fn sorts<'a>(
    items: &'a [Item],
    order: &[u32],
    sorts_of: impl Fn(&'a Item) -> Vec<(&'a str, &'a str)>,
) -> Vec<Vec<u32>> {
    let mut of_fields: BTreeMap<&str, BTreeMap<&str, Vec<u32>>> = BTreeMap::new();
    for &item in order {
        for (field, value) in sorts_of(&items[item as usize]) {
            let of_field = of_fields.entry(field).or_default();
            if of_field.len() <= SORTS_MAX_COUNT {
                of_field.entry(value).or_default().push(item);
            }
        }
    }
    of_fields.retain(|_, of_field| of_field.len() <= SORTS_MAX_COUNT);
    of_fields
        .into_values()
        .flat_map(BTreeMap::into_values)
        .collect()
}

/// Lists the first of each sort, then the second, and so on, `count` items in all; one of several sorts counts for each.
fn share_out(sorts: &[Vec<u32>], count: usize, is_listed: &mut [bool]) {
    let mut left = count;
    let longest = sorts.iter().map(Vec::len).max().unwrap_or(0);
    for place in 0..longest {
        for item in sorts.iter().filter_map(|items| items.get(place)) {
            if left == 0 {
                return;
            }
            let is_listed = &mut is_listed[*item as usize];
            left -= usize::from(!*is_listed);
            *is_listed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use index::neighbours::Neighbour;

    use super::*;

    fn check(times_s: &[(u32, i64)], half_life_days: u32, expected: &[f32]) {
        let interactions: Vec<Interaction> = times_s
            .iter()
            .map(|&(item, time_s)| Interaction {
                user: 0,
                item,
                value: 1.0,
                time_s,
            })
            .collect();
        assert_eq!(
            popularity(expected.len(), interactions.iter(), half_life_days),
            expected
        );
    }

    #[test]
    fn old_interactions_count_less() {
        let day_s = SECONDS_A_DAY as i64;
        check(
            &[(0, 100 * day_s), (1, 90 * day_s), (1, 80 * day_s)],
            10,
            &[1.0, 0.75, 0.0],
        );
        check(
            &[(0, 100 * day_s), (1, 90 * day_s), (1, 80 * day_s)],
            0,
            &[1.0, 2.0, 0.0],
        );
    }

    #[test]
    fn untouched_items_come_last_by_a_field_or_by_what_they_are_like() {
        let touched = [(0, 4.0), (1, 2.0), (2, 0.0)].map(|(item, value)| Interaction {
            user: 0,
            item,
            value,
            time_s: 0,
        });
        let number = |pages| BTreeMap::from([("pages".to_owned(), Value::Integer(pages))]);
        let items: Vec<Item> = (0..6)
            .map(|item| Item {
                id: item.to_string(),
                title: String::new(),
                fields: match item {
                    4 => number(0),
                    5 => number(300),
                    _ => BTreeMap::new(),
                },
            })
            .collect();
        let list = |entries: &[(u32, f32)]| -> Vec<Neighbour> {
            let entry = |&(item, weight): &(u32, f32)| Neighbour { item, weight };
            entries.iter().map(entry).collect()
        };
        let content = NeighbourLists::of_lists(&[
            list(&[(2, 1.0)]),
            Vec::new(),
            list(&[(0, 1.0)]),
            list(&[(0, 0.5), (1, 0.5)]),
            list(&[(1, 0.5)]),
            list(&[(0, 1.0)]),
        ]);
        let check = |field, content, expected: [f32; 6]| {
            let mut popularity = [4.0, 2.0, 0.0, 0.0, 0.0, 0.0];
            add_untouched(&items, &touched, field, content, &mut popularity).unwrap();
            for (found, expected) in popularity.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{popularity:?}");
            }
        };
        // The third was touched, and nobody liked it.
        let half = 0.5 * 3_f32.ln() / 5_f32.ln();
        let alike = [4.0, 2.0, 0.0, 0.5 + half, half, 1.0];
        check(None, Some(&content), alike);
        // No pages are not the same as none that are known.
        let by_pages = [4.0, 2.0, 0.0, 0.5 + half, 0.0, 1.0];
        check(Some("pages"), Some(&content), by_pages);
        check(Some("pages"), None, [4.0, 2.0, 0.0, 0.0, 0.0, 1.0]);
        check(None, None, [4.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
        let error = add_untouched(&items, &touched, Some("leaves"), None, &mut [0.0; 6]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("`leaves`"), "{error}");
    }

    #[test]
    fn every_sort_has_places_among_the_popular() {
        let item = |(name, genres): (&str, &[&str])| {
            let genres = genres.iter().map(|&genre| genre.to_owned()).collect();
            Item {
                id: String::new(),
                title: String::new(),
                fields: BTreeMap::from([
                    (Item::TYPE_FIELD.to_owned(), Value::Text(name.to_owned())),
                    ("genres".to_owned(), Value::TextList(genres)),
                ]),
            }
        };
        let items: Vec<Item> = [
            ("film", &["Drama"][..]),
            ("film", &["Drama"]),
            ("film", &["Drama"]),
            ("film", &["Noir", "Drama"]),
            ("book", &["Drama"]),
            ("book", &["Drama"]),
            ("book", &["Poetry"]),
            ("", &[]),
        ]
        .into_iter()
        .map(item)
        .collect();
        let popularity = [9.0, 8.0, 7.0, 6.0, 2.0, 3.0, 1.0, 0.0];
        let check = |count, expected: &[u32]| {
            assert_eq!(popular_items(&items, &popularity, count), expected);
        };
        check(1, &[0]);
        // One place is for a type, which is the first book's, and one for a genre, which the first film has.
        check(4, &[0, 1, 2, 5]);
        check(8, &[0, 1, 2, 3, 5, 4, 6]);
        // Two for types: a book and a film.
        let many: Vec<Item> = (0..2000)
            .map(|_| items[0].clone())
            .chain([items[6].clone()])
            .collect();
        let popularity: Vec<f32> = (0..many.len())
            .map(|item| 1.0 / (item + 1) as f32)
            .collect();
        let listed = popular_items(&many, &popularity, 5000);
        assert_eq!(listed.len(), POPULAR_MAX_COUNT);
        assert_eq!(listed.last(), Some(&2000));
    }

    #[test]
    fn what_is_long_ago_is_still_more_than_nothing() {
        check(&[(0, 1), (1, 4_000_000_000)], 1, &[1e-6, 1.0]);
        // Without a time nobody knows how long ago it was.
        check(&[(0, 0), (1, 4_000_000_000)], 1, &[1.0, 1.0]);
    }

    #[test]
    fn without_times_all_count_the_same() {
        check(&[(0, 0), (0, 0), (1, 0)], 10, &[2.0, 1.0]);
        check(&[], 10, &[0.0]);
    }
}
