use index::neighbours::Neighbour;

/// A weighted list of items for every item, ascending by item: what each item says for and against others.
#[derive(Clone, Debug, PartialEq)]
pub struct NeighbourLists {
    /// The list of item i is `neighbours[starts[i]..starts[i + 1]]`.
    starts: Vec<usize>,
    neighbours: Vec<Neighbour>,
}

impl NeighbourLists {
    /// Takes the lists of all items in order, each ascending by item.
    pub fn of_lists(lists: &[Vec<Neighbour>]) -> Self {
        let mut starts = vec![0];
        starts.extend(lists.iter().scan(0, |end, list| {
            *end += list.len();
            Some(*end)
        }));
        Self {
            starts,
            neighbours: lists.concat(),
        }
    }

    /// Turns the lists round: where j was with weight w in the list of i, i is with weight w in the list of j.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let item_count = self.item_count();
        let mut starts = vec![0; item_count + 1];
        for neighbour in &self.neighbours {
            starts[neighbour.item as usize + 1] += 1;
        }
        for item in 0..item_count {
            starts[item + 1] += starts[item];
        }
        let mut next = starts.clone();
        let mut neighbours = vec![
            Neighbour {
                item: 0,
                weight: 0.0
            };
            self.neighbours.len()
        ];
        for item in 0..item_count {
            for neighbour in self.list(item) {
                let place = &mut next[neighbour.item as usize];
                neighbours[*place] = Neighbour {
                    item: item as u32,
                    weight: neighbour.weight,
                };
                *place += 1;
            }
        }
        Self { starts, neighbours }
    }

    /// The lists of the same items under other numbers: `order[new]` is the old number of an item, and every item is in `order` once.
    #[must_use]
    pub fn renumbered(&self, order: &[u32]) -> Self {
        let mut new_numbers = vec![0; order.len()];
        for (new, &old) in (0_u32..).zip(order) {
            new_numbers[old as usize] = new;
        }
        let lists: Vec<Vec<Neighbour>> = order
            .iter()
            .map(|&old| {
                let renumber = |neighbour: &Neighbour| Neighbour {
                    item: new_numbers[neighbour.item as usize],
                    weight: neighbour.weight,
                };
                let mut list: Vec<Neighbour> =
                    self.list(old as usize).iter().map(renumber).collect();
                list.sort_unstable_by_key(|neighbour| neighbour.item);
                list
            })
            .collect();
        Self::of_lists(&lists)
    }

    /// How many lists there are.
    pub fn item_count(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many neighbours all lists have together.
    pub fn neighbour_count(&self) -> usize {
        self.neighbours.len()
    }

    /// The list of an item.
    pub fn list(&self, item: usize) -> &[Neighbour] {
        &self.neighbours[self.starts[item]..self.starts[item + 1]]
    }
}
