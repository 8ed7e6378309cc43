use super::{ONBOARDING_MAX_COUNT, POPULAR_MAX_COUNT, serializer::serialize};
use crate::error::WriteError;

/// The lists in the making.
#[derive(Debug)]
pub struct PopularityWriter {
    item_count: u32,
    popular: Vec<(u32, f32)>,
    onboarding: Vec<u32>,
}

impl PopularityWriter {
    /// Takes the score of every item, and the onboarding list in the order in which it is to be shown.
    ///
    /// Items with a score above zero are listed, the highest first, equals by number, `popular_count` of them and at most [`POPULAR_MAX_COUNT`]; the
    /// onboarding list is cut to [`ONBOARDING_MAX_COUNT`].
    pub fn new(
        scores: &[f32],
        popular_count: usize,
        onboarding: &[u32],
    ) -> Result<Self, WriteError> {
        let item_count = u32::try_from(scores.len()).map_err(|_| WriteError::TooManyItems {
            count: scores.len(),
        })?;
        if let Some(item) = scores.iter().position(|score| !score.is_finite()) {
            return Err(WriteError::NotFinite { item: item as u32 });
        }
        if let Some(&neighbour) = onboarding.iter().find(|&&item| item_count <= item) {
            return Err(WriteError::ItemOutOfRange {
                item: neighbour,
                neighbour,
                item_count,
            });
        }
        let mut popular: Vec<(u32, f32)> = (0..item_count)
            .zip(scores.iter().copied())
            .filter(|&(_, score)| 0.0 < score)
            .collect();
        popular.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        popular.truncate(popular_count.min(POPULAR_MAX_COUNT));
        let onboarding = onboarding
            .iter()
            .copied()
            .take(ONBOARDING_MAX_COUNT)
            .collect();
        Ok(Self {
            item_count,
            popular,
            onboarding,
        })
    }

    /// The file. `item_space` is that of the catalogue whose item numbers the lists use.
    pub fn finish(self, item_space: u64) -> Result<Vec<u8>, WriteError> {
        serialize(self.item_count, &self.popular, &self.onboarding, item_space)
    }
}
