use std::collections::BTreeSet;

use index::{
    Algorithm, FileKind, Generation, Keys, MemorySource, Outline, Question,
    recommend::{HistoryItem, Scored},
};
use pointer::BlendStep;

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

    /// The same files, asked by one algorithm.
    pub fn by(&self, algorithm: Algorithm) -> BlendRanker<'_> {
        self.by_all(vec![(algorithm, 1.0)])
    }

    /// The same files, asked by several algorithms with these weights.
    pub fn by_all(&self, by: Vec<(Algorithm, f32)>) -> BlendRanker<'_> {
        BlendRanker {
            files: self,
            steps: vec![(0, by)],
        }
    }

    /// The same files, asked as a blend says. A history that is shorter than all of its steps goes by nothing.
    pub fn by_steps(&self, steps: &[BlendStep]) -> BlendRanker<'_> {
        let by = |step: &BlendStep| {
            let all = Algorithm::ALL.into_iter();
            let weighted = all.filter_map(|algorithm| {
                let weight = step.weights.get(algorithm.name())?;
                Some((algorithm, *weight))
            });
            (step.history_min_len as usize, weighted.collect())
        };
        BlendRanker {
            files: self,
            steps: steps.iter().map(by).collect(),
        }
    }

    /// Whether they have what an algorithm reads.
    pub fn has(&self, algorithm: Algorithm) -> bool {
        self.generation.has(algorithm.file())
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

/// Ranks by algorithms of a generation, as the length of the history says.
#[derive(Clone)]
pub struct BlendRanker<'a> {
    files: &'a IndexRanker,
    /// The shortest history of each step, ascending, and the algorithms with their weights.
    steps: Vec<(usize, Vec<(Algorithm, f32)>)>,
}

impl Ranker for BlendRanker<'_> {
    fn rank(&self, history: &[HistoryItem], count: usize) -> Result<Vec<u32>, index::Error> {
        let mut steps = self.steps.iter().rev();
        let step = steps.find(|(min_len, _)| *min_len <= history.len());
        let question = Question {
            by: step.map(|(_, by)| by.clone()).unwrap_or_default(),
            ..self.files.question(history, count)
        };
        Ok(self
            .files
            .items(&self.files.generation.recommend(&question)?))
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
