use std::collections::BTreeSet;

use index::{
    FileKind, Generation, Keys, MemorySource, Outline, Question,
    recommend::{HistoryItem, Scored},
};

/// Answers a history with items, the best first and none of the history's.
pub trait Ranker {
    /// The `count` best items, or as many as there are.
    fn rank(&self, history: &[HistoryItem], count: usize) -> Result<Vec<u32>, index::Error>;
}

impl<R: Ranker + ?Sized> Ranker for &R {
    fn rank(&self, history: &[HistoryItem], count: usize) -> Result<Vec<u32>, index::Error> {
        (**self).rank(history, count)
    }
}

/// Ranks as the function does that serves a generation: with the index file's reader and its scoring, over the files' bytes.
pub struct IndexRanker {
    generation: Generation<'static>,
    /// From the data set's item numbers to the file's, and back.
    numbers_in_file: Vec<u32>,
    item_order: Vec<u32>,
}

impl IndexRanker {
    /// Opens the files of a generation, whose items are numbered by `item_order`: item n of the files is `item_order[n]` of the data set.
    pub fn new(files: Vec<(FileKind, Vec<u8>)>, item_order: &[u32]) -> Result<Self, index::Error> {
        let mut numbers_in_file = vec![0; item_order.len()];
        for (number, &item) in (0_u32..).zip(item_order) {
            numbers_in_file[item as usize] = number;
        }
        let outlines = files
            .iter()
            .map(|(kind, file)| Outline::of(*kind, file))
            .collect::<Result<Vec<_>, index::Error>>()?;
        let source = MemorySource::new(files);
        let generation = Generation::open(source, outlines, &[], &Keys::default())?;
        Ok(Self {
            generation,
            numbers_in_file,
            item_order: item_order.to_vec(),
        })
    }

    /// The same files, asked by clusters.
    pub fn by_clusters(&self) -> ClustersRanker<'_> {
        ClustersRanker(self)
    }

    /// The same files, asked for what is popular.
    pub fn popular(&self) -> PopularRanker<'_> {
        PopularRanker(self)
    }

    fn question(&self, history: &[HistoryItem], count: usize) -> Question {
        let in_file = |entry: &HistoryItem| HistoryItem {
            item: self.numbers_in_file[entry.item as usize],
            weight: entry.weight,
        };
        Question {
            history: history.iter().map(in_file).collect(),
            count,
            ..Question::default()
        }
    }

    fn items(&self, scored: &[Scored]) -> Vec<u32> {
        scored
            .iter()
            .map(|scored| self.item_order[scored.item as usize])
            .collect()
    }
}

impl Ranker for IndexRanker {
    fn rank(&self, history: &[HistoryItem], count: usize) -> Result<Vec<u32>, index::Error> {
        Ok(self.items(&self.generation.recommend(&self.question(history, count))?))
    }
}

/// Ranks by the members of the nearest clusters.
pub struct ClustersRanker<'a>(&'a IndexRanker);

impl Ranker for ClustersRanker<'_> {
    fn rank(&self, history: &[HistoryItem], count: usize) -> Result<Vec<u32>, index::Error> {
        let question = self.0.question(history, count);
        let ranking = self.0.generation.recommend_by_clusters(&question)?;
        Ok(self.0.items(&ranking))
    }
}

/// Ranks by popularity, the answer for those of whom nothing is known: the least that a model has to beat.
pub struct PopularRanker<'a>(&'a IndexRanker);

impl Ranker for PopularRanker<'_> {
    fn rank(&self, history: &[HistoryItem], count: usize) -> Result<Vec<u32>, index::Error> {
        Ok(self.0.items(
            &self
                .0
                .generation
                .popular(&self.0.question(history, count))?,
        ))
    }
}

/// Ranks by a function from a history to the scores of all items, in memory: for references that have no index file.
pub struct ScoreRanker<F>(pub F);

impl<F: Fn(&[HistoryItem]) -> Vec<f32>> Ranker for ScoreRanker<F> {
    fn rank(&self, history: &[HistoryItem], count: usize) -> Result<Vec<u32>, index::Error> {
        let seen: BTreeSet<u32> = history.iter().map(|entry| entry.item).collect();
        let scores = (self.0)(history);
        let mut items: Vec<u32> = (0..scores.len() as u32)
            .filter(|item| !seen.contains(item))
            .collect();
        items.sort_by(|&left, &right| scores[right as usize].total_cmp(&scores[left as usize]));
        items.truncate(count);
        Ok(items)
    }
}
