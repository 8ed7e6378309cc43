/// Ascending lists of numbers, one a row, in two flat vectors: who touched what, or the other way round.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Adjacency {
    /// Row r is `entries[starts[r]..starts[r + 1]]`; one more than there are rows.
    starts: Vec<usize>,
    entries: Vec<u32>,
}

impl Adjacency {
    /// Makes rows of pairs (row, entry) that come in ascending order, without duplicates.
    ///
    /// # Panics
    ///
    /// When the pairs are not in order, or a row is not below `row_count`.
    pub fn of_sorted_pairs(row_count: usize, pairs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut starts = Vec::with_capacity(row_count + 1);
        let mut entries = Vec::new();
        let mut previous = None;
        for (row, entry) in pairs {
            assert!(
                previous < Some((row, entry)),
                "pairs are sorted and distinct"
            );
            assert!(
                (row as usize) < row_count,
                "rows are below the count of rows"
            );
            previous = Some((row, entry));
            while starts.len() <= row as usize {
                starts.push(entries.len());
            }
            entries.push(entry);
        }
        starts.resize(row_count + 1, entries.len());
        Self { starts, entries }
    }

    /// The same pairs by their entries, all of which are below `entry_count`.
    #[must_use]
    pub fn transposed(&self, entry_count: usize) -> Self {
        let mut starts = vec![0; entry_count + 1];
        for &entry in &self.entries {
            starts[entry as usize + 1] += 1;
        }
        for entry in 0..entry_count {
            starts[entry + 1] += starts[entry];
        }
        let mut next = starts.clone();
        let mut entries = vec![0; self.entries.len()];
        // The rows are walked in order, so that every list of the result ascends as well.
        for row in 0..self.row_count() {
            for &entry in self.row(row) {
                entries[next[entry as usize]] = row as u32;
                next[entry as usize] += 1;
            }
        }
        Self { starts, entries }
    }

    /// Where each row begins in [`Self::entries`], and where the last one ends.
    pub fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// The rows one after the other.
    pub fn entries(&self) -> &[u32] {
        &self.entries
    }

    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many pairs there are.
    pub fn pair_count(&self) -> usize {
        self.entries.len()
    }

    /// A row.
    pub fn row(&self, row: usize) -> &[u32] {
        &self.entries[self.starts[row]..self.starts[row + 1]]
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = &[u32]> {
        self.starts
            .windows(2)
            .map(|bounds| &self.entries[bounds[0]..bounds[1]])
    }
}
