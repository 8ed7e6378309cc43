use std::collections::BTreeMap;

use index::catalogue::Value;

use super::NeighbourLists;
use crate::dataset::Item;

/// The field whose texts say of what sort an item is.
const GENRES_FIELD: &str = "genres";

/// The items to rate first: popular ones, spread over genres and neighbourhoods.
///
/// Item by item the one with the highest popularity is picked, divided by one more than what was picked of its like: the mean number of picked items over its
/// genres, and for every picked item that speaks for it how much, relative to the one that it speaks for most. Items that nobody touched are not listed.
pub fn onboarding(
    items: &[Item],
    popularity: &[f32],
    neighbours: &NeighbourLists,
    count: usize,
) -> Vec<u32> {
    let mut picked_of_genre: BTreeMap<&str, usize> = BTreeMap::new();
    let mut pull = vec![0.0_f32; items.len()];
    let mut left: Vec<usize> = (0..items.len())
        .filter(|&item| 0.0 < popularity[item])
        .collect();
    let mut picked = Vec::new();
    while picked.len() < count {
        let gain = |item: usize| {
            let genres = genres(&items[item]);
            let of_genres: usize = genres
                .iter()
                .map(|genre| picked_of_genre.get(genre.as_str()).copied().unwrap_or(0))
                .sum();
            popularity[item] / (1.0 + of_genres as f32 / genres.len().max(1) as f32 + pull[item])
        };
        let Some((place, &item)) = left.iter().enumerate().max_by(|left, right| {
            gain(*left.1)
                .total_cmp(&gain(*right.1))
                .then(right.1.cmp(left.1))
        }) else {
            break;
        };
        left.remove(place);
        picked.push(item as u32);
        for genre in genres(&items[item]) {
            *picked_of_genre.entry(genre).or_default() += 1;
        }
        let list = neighbours.list(item);
        let largest = list
            .iter()
            .map(|neighbour| neighbour.weight)
            .fold(0.0, f32::max);
        for neighbour in list.iter().filter(|neighbour| 0.0 < neighbour.weight) {
            pull[neighbour.item as usize] += neighbour.weight / largest;
        }
    }
    picked
}

fn genres(item: &Item) -> &[String] {
    match item.fields.get(GENRES_FIELD) {
        Some(Value::TextList(genres)) => genres,
        Some(Value::Text(genre)) => std::slice::from_ref(genre),
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use index::neighbours::Neighbour;

    use super::*;

    fn item(genre: &str) -> Item {
        let fields = BTreeMap::from([(GENRES_FIELD.to_owned(), Value::Text(genre.to_owned()))]);
        Item {
            id: genre.to_owned(),
            title: genre.to_owned(),
            fields,
        }
    }

    fn no_lists(item_count: usize) -> Vec<Vec<Neighbour>> {
        vec![Vec::new(); item_count]
    }

    #[test]
    fn genres_take_turns() {
        let items = [
            item("war"),
            item("war"),
            item("war"),
            item("love"),
            item("love"),
        ];
        let popularity = [9.0, 8.0, 7.0, 6.0, 0.0];
        let picked = onboarding(
            &items,
            &popularity,
            &NeighbourLists::of_lists(&no_lists(5)),
            9,
        );
        assert_eq!(picked, [0, 3, 1, 2]);
    }

    #[test]
    fn neighbours_of_what_was_picked_wait() {
        let items: Vec<Item> = (0..3)
            .map(|id| Item {
                fields: BTreeMap::new(),
                ..item(&id.to_string())
            })
            .collect();
        let mut lists = no_lists(3);
        lists[0] = vec![Neighbour {
            item: 1,
            weight: 0.2,
        }];
        let neighbours = NeighbourLists::of_lists(&lists);
        assert_eq!(onboarding(&items, &[9.0, 8.0, 7.0], &neighbours, 2), [0, 2]);
    }
}
