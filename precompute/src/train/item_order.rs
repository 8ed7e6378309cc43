use super::NeighbourLists;

/// How many items are gathered round one popular item. The blocks of an index file hold 8 to 16 lists.
const GROUP_LEN: usize = 16;

/// The order in which items are numbered in the index files: the old numbers, each once.
///
/// A history should touch few blocks, so items that are used together lie together: the most popular item that has no place yet opens a group, and those
/// that the group's items speak for most join it, one by one. GROUPORDERFIGURES
///
/// O(items · `GROUP_LEN` · length of a list).
pub fn item_order(popularity: &[f32], neighbours: &NeighbourLists) -> Vec<u32> {
    let mut by_popularity: Vec<u32> = (0..popularity.len() as u32).collect();
    by_popularity.sort_by(|&left, &right| {
        popularity[right as usize]
            .total_cmp(&popularity[left as usize])
            .then(left.cmp(&right))
    });
    let mut is_placed = vec![false; popularity.len()];
    let mut order = Vec::with_capacity(popularity.len());
    for opener in by_popularity {
        if is_placed[opener as usize] {
            continue;
        }
        // The sum of what the group's items say of an item; items without a place and with a sum above zero are candidates.
        let mut pulls: std::collections::BTreeMap<u32, f32> = std::collections::BTreeMap::new();
        let mut next = Some(opener);
        for group_len in 1..=GROUP_LEN {
            let Some(item) = next else { break };
            is_placed[item as usize] = true;
            order.push(item);
            pulls.remove(&item);
            if group_len == GROUP_LEN {
                break;
            }
            for neighbour in neighbours.list(item as usize) {
                if !is_placed[neighbour.item as usize] {
                    *pulls.entry(neighbour.item).or_insert(0.0) += neighbour.weight;
                }
            }
            // Of equals the smaller number wins.
            next = pulls
                .iter()
                .filter(|(_, pull)| 0.0 < **pull)
                .max_by(|left, right| left.1.total_cmp(right.1).then(right.0.cmp(left.0)))
                .map(|(&item, _)| item);
        }
    }
    order
}
