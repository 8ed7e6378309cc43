use index::text::Point;

use super::NeighbourLists;
use crate::dataset::Item;
use crate::places::{PlaceFields, places};

/// How many items the first tier has: the lists of so many lie within some merged reads of each other.
const FIRST_TIER_LEN: usize = 256;

/// How many times as many items there are up to the end of a tier as there were up to the end of the one before it.
const TIER_GROWTH: usize = 4;

/// The order in which items are numbered in the index files: the old numbers, each once.
///
/// What a request reads should lie together. Most of what people know is popular, so items go by tiers of popularity: the first 256, those up to 1,024, up
/// to 4,096 and so on. Within a tier, items of a kind go together: each hangs below that of its tier which is more popular and for which it speaks most, and
/// the trees that this makes are walked depth first, the more popular first.
///
/// With the model of MovieLens 1M and ranges that are at most 32 KiB apart read as one, histories of 20 films and the records of their 20 results take
/// 8.7 GETs and 169 kB. By popularity alone they take 8.5 and 191, by trees without tiers 11.7 and 224, by groups of 16 round the most popular 8.9 and 172, by
/// halving the tiers again and again along the second eigenvector 8.5 and 175, and by a chain, at 20 times the work, in which each item is the one that the last
/// ones speak for most, 8.5 and 164.
///
/// O(items · log items + neighbours).
pub fn item_order(popularity: &[f32], neighbours: &NeighbourLists) -> Vec<u32> {
    let mut by_popularity: Vec<u32> = (0..popularity.len() as u32).collect();
    by_popularity.sort_by(|&left, &right| {
        popularity[right as usize]
            .total_cmp(&popularity[left as usize])
            .then(left.cmp(&right))
    });
    let mut ranks = vec![0; by_popularity.len()];
    for (rank, &item) in by_popularity.iter().enumerate() {
        ranks[item as usize] = rank;
    }
    let mut order = Vec::with_capacity(by_popularity.len());
    let (mut tier_start, mut tier_end) = (0, FIRST_TIER_LEN);
    while tier_start < by_popularity.len() {
        let tier = &by_popularity[tier_start..tier_end.min(by_popularity.len())];
        // A neighbour of the tier that is more popular, by its rank in the tier.
        let parent = |item: u32| {
            neighbours
                .list(item as usize)
                .iter()
                .filter(|neighbour| 0.0 < neighbour.weight)
                .map(|neighbour| (neighbour.weight, ranks[neighbour.item as usize]))
                .filter(|&(_, rank)| tier_start <= rank && rank < ranks[item as usize])
                .max_by(|left, right| left.0.total_cmp(&right.0).then(right.1.cmp(&left.1)))
                .map(|(_, rank)| rank - tier_start)
        };
        let parents: Vec<Option<usize>> = tier.iter().map(|&item| parent(item)).collect();
        order.extend(depth_first(&parents).into_iter().map(|rank| tier[rank]));
        tier_start = tier_end;
        tier_end *= TIER_GROWTH;
    }
    order
}

/// Puts items that lie near each other together, where it is known where items lie: along a curve through the world ([`Point::on_curve`]). What is nowhere comes last, and equals stay in their order.
pub fn by_place(items: &[Item], mut order: Vec<u32>) -> Vec<u32> {
    let coordinates = places(items, &PlaceFields::default()).coordinates;
    let place = |item: u32| {
        let coordinates = coordinates[item as usize]?;
        let point = Point::new(coordinates.latitude, coordinates.longitude)?;
        Some(point.on_curve())
    };
    order.sort_by_key(|&item| place(item).map_or(u64::MAX, |place| place));
    order
}

/// The nodes of a forest as a walk meets them: a node, then its children and theirs, smaller numbers first. A parent has a smaller number than its children.
fn depth_first(parents: &[Option<usize>]) -> Vec<usize> {
    let mut children = vec![Vec::new(); parents.len()];
    let mut roots = Vec::new();
    for (node, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => children[*parent].push(node),
            None => roots.push(node),
        }
    }
    let mut order = Vec::with_capacity(parents.len());
    // A stack, since a tree may be a chain of all its nodes; the last is taken first.
    let mut waiting: Vec<usize> = roots.into_iter().rev().collect();
    while let Some(node) = waiting.pop() {
        order.push(node);
        waiting.extend(children[node].iter().rev());
    }
    order
}

#[cfg(test)]
mod tests {
    use index::neighbours::Neighbour;

    use super::*;

    fn check(popularity: &[f32], pulls: &[(u32, u32, f32)], expected: &[u32]) {
        let mut lists = vec![Vec::new(); popularity.len()];
        for &(from, to, weight) in pulls {
            lists[from as usize].push(Neighbour { item: to, weight });
        }
        let order = item_order(popularity, &NeighbourLists::of_lists(&lists));
        assert_eq!(order[..expected.len()], *expected);
    }

    #[test]
    fn items_follow_the_more_popular_one_that_they_speak_for_most() {
        // By popularity: 1, 2, 3, 0.
        let popularity = [1.0, 9.0, 8.0, 2.0];
        check(&popularity, &[(0, 1, 0.3)], &[1, 0, 2, 3]);
        check(&popularity, &[(0, 1, 0.3), (3, 1, 0.1)], &[1, 3, 0, 2]);
        // The stronger word counts, a word against does not, nor one for a less popular item.
        check(&popularity, &[(0, 1, 0.3), (0, 2, 0.5)], &[1, 2, 0, 3]);
        check(&popularity, &[(0, 1, -0.3), (1, 3, 0.5)], &[1, 2, 3, 0]);
        // Trees are walked to their leaves before the next one.
        check(&popularity, &[(3, 1, 0.1), (0, 3, 0.1)], &[1, 3, 0, 2]);
    }

    #[test]
    fn without_lists_popularity_decides_and_then_the_number() {
        check(&[1.0, 2.0, 2.0, 0.0], &[], &[1, 2, 0, 3]);
    }

    #[test]
    fn tiers_are_not_mixed() {
        let popularity: Vec<f32> = (0..2_000).map(|item| 2_000.0 - item as f32).collect();
        // The last item of the first tier, the first of the second and the last of all speak for the most popular one.
        let last = FIRST_TIER_LEN as u32 - 1;
        let pulls = [(last, 0, 1.0), (last + 1, 0, 1.0), (1_999, 0, 1.0)];
        let expected: Vec<u32> = [0, last]
            .into_iter()
            .chain(1..last)
            .chain(last + 1..2_000)
            .collect();
        check(&popularity, &pulls, &expected);
    }
}
