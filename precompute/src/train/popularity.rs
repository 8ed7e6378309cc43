use std::collections::BTreeMap;

use index::catalogue::Value;

use super::NeighbourLists;
use crate::dataset::{Interaction, Item};

const SECONDS_A_DAY: f64 = 86_400.0;

/// How popular each item is: its interactions, each counting half as much for every `half_life_days` that it is older than the newest of all.
///
/// With a half-life of zero, or where no interaction has a time, each counts one.
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
        scores[interaction.item as usize] += if half_life_days == 0 {
            1.0
        } else {
            (-age_days / f64::from(half_life_days)).exp2()
        };
    }
    scores.into_iter().map(|score| score as f32).collect()
}

/// Gives items that nobody touched a place below all that are popular: at most half of the least popularity there is.
///
/// A number in `field` says which of them come first. Where there is none, the items that `content` finds alike do, each by how alike it is, times the
/// logarithm of how popular: a few that everybody knows do not decide alone.
pub(super) fn add_untouched(
    items: &[Item],
    interactions: &[Interaction],
    field: Option<&str>,
    content: Option<&NeighbourLists>,
    popularity: &mut [f32],
) {
    let mut is_touched = vec![false; items.len()];
    for interaction in interactions {
        is_touched[interaction.item as usize] = true;
    }
    let by_field =
        shares(items.iter().map(
            |item| match field.and_then(|field| item.fields.get(field)) {
                Some(Value::Integer(number)) => *number as f32,
                Some(Value::Real(number)) => *number as f32,
                _ => 0.0,
            },
        ));
    let by_likeness = shares((0..items.len()).map(|item| {
        let list = content.map_or(&[][..], |content| content.list(item));
        list.iter()
            .map(|alike| alike.weight * popularity[alike.item as usize].ln_1p())
            .sum()
    }));
    let least = popularity
        .iter()
        .copied()
        .filter(|score| 0.0 < *score)
        .reduce(f32::min);
    let most = least.map_or(1.0, |least| least / 2.0);
    for (item, score) in popularity.iter_mut().enumerate() {
        if !is_touched[item] {
            let share = if 0.0 < by_field[item] {
                by_field[item]
            } else {
                by_likeness[item]
            };
            *score = share * most;
        }
    }
}

/// Each number as a share of the largest; nothing of one that is not above zero.
fn shares(numbers: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut numbers: Vec<f32> = numbers.map(|number| number.max(0.0)).collect();
    let largest = numbers.iter().copied().fold(0.0, f32::max);
    if 0.0 < largest {
        for number in &mut numbers {
            *number /= largest;
        }
    }
    numbers
}

/// The items that are listed as popular, `count` of them: the most popular ones, of equals the first, with room for each type of item. Half of the list is shared
/// out evenly among the types, so that whoever looks for documentaries finds some among books that everybody read.
pub fn popular_items(items: &[Item], popularity: &[f32], count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..items.len() as u32)
        .filter(|&item| 0.0 < popularity[item as usize])
        .collect();
    let by_popularity = |left: &u32, right: &u32| {
        popularity[*right as usize].total_cmp(&popularity[*left as usize])
    };
    order.sort_by(by_popularity);
    let type_of = |item: u32| items[item as usize].type_name();
    let mut counts = BTreeMap::new();
    for &item in &order {
        *counts.entry(type_of(item)).or_insert(0) += 1;
    }
    let share = count / 2 / counts.len().max(1);
    let reserved = |left: &mut usize| *left = (*left).min(share);
    counts.values_mut().for_each(reserved);
    let mut free = count.saturating_sub(counts.values().sum());
    order.retain(|&item| {
        let reserved = counts.entry(type_of(item)).or_default();
        let place = if 0 < *reserved { reserved } else { &mut free };
        let has_place = 0 < *place;
        *place = place.saturating_sub(1);
        has_place
    });
    order
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
        let number = BTreeMap::from([("pages".to_owned(), Value::Integer(300))]);
        let items: Vec<Item> = (0..6)
            .map(|item| Item {
                id: item.to_string(),
                title: String::new(),
                fields: if item == 5 {
                    number.clone()
                } else {
                    BTreeMap::new()
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
            add_untouched(&items, &touched, field, content, &mut popularity);
            for (found, expected) in popularity.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{popularity:?}");
            }
        };
        // The third was touched, and nobody liked it.
        let half = 0.5 * 3_f32.ln() / 5_f32.ln();
        let alike = [4.0, 2.0, 0.0, 0.5 + half, half, 1.0];
        check(None, Some(&content), alike);
        check(Some("pages"), None, [4.0, 2.0, 0.0, 0.0, 0.0, 1.0]);
        check(None, None, [4.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn every_type_has_places_among_the_popular() {
        let item = |name: &str| Item {
            id: String::new(),
            title: String::new(),
            fields: [(Item::TYPE_FIELD.to_owned(), Value::Text(name.to_owned()))].into(),
        };
        let items: Vec<Item> = ["film", "film", "film", "film", "book", "book", "book", ""]
            .into_iter()
            .map(item)
            .collect();
        let popularity = [9.0, 8.0, 7.0, 6.0, 2.0, 3.0, 1.0, 0.0];
        let check = |count, expected: &[u32]| {
            assert_eq!(popular_items(&items, &popularity, count), expected);
        };
        check(1, &[0]);
        check(4, &[0, 1, 2, 5]);
        check(5, &[0, 1, 2, 3, 5]);
        check(6, &[0, 1, 2, 3, 5, 4]);
        check(100, &[0, 1, 2, 3, 5, 4, 6]);
    }

    #[test]
    fn without_times_all_count_the_same() {
        check(&[(0, 0), (0, 0), (1, 0)], 10, &[2.0, 1.0]);
        check(&[], 10, &[0.0]);
    }
}
