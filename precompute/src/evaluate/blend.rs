//! What recommendations go by: weights over the algorithms of a generation, by the length of the history.
//!
//! Some people are held out, a model is learnt without them, and its index files are asked for what is hidden of their histories: about those with short ones, those with
//! longer ones and those with long ones. Where hardly anybody has a short one, others show a part of theirs; who touched much is another person than who touched little,
//! and a part of a long history asks for another blend than a short one. For each of these the best algorithm comes first, and others are added, one at a time, as long as the best weight of the best other lifts the quality by a
//! stated share and by more than chance does. Every algorithm is another file to read, so that nothing is added for a trifle.
//!
//! What is popular is in no blend. It would win: with three films shown of a long history, most of what is hidden is what everybody has seen. But it is the same for everybody, and whoever
//! says something about themselves wants to hear something else.

use std::ops::RangeInclusive;

use config::{Train, ValueScale};
use index::Algorithm;
use pointer::BlendStep;

use super::{Case, EvaluateError, Fold, IndexRanker, measure, strong_generalisation};
use crate::{Resources, dataset::Dataset, train::train, write::index_files};

/// At most so many people are held out, and a tenth of all.
const PEOPLE_MAX_COUNT: f64 = 1_000.0;
const PEOPLE_SHARE: f64 = 0.1;

/// Of fewer people nothing is learnt.
const PEOPLE_MIN_COUNT: usize = 30;

/// How much of a history is shown, as [`strong_generalisation`] means it.
const FOLD_IN_SHARE: f64 = 0.8;

/// Another one than those of evaluations, which count from 1.
const SEED: u64 = 0x0b1e_4d00;

/// The histories of each step, and how much of theirs those show who stand in for people with such ones.
const STEPS: [(RangeInclusive<usize>, usize); 3] =
    [(1..=4, 3), (5..=19, 10), (20..=usize::MAX, usize::MAX)];

/// How many standard errors are more than chance.
const STANDARD_ERRORS: f64 = 2.0;

/// The tried weights of another algorithm, beside the best one's.
const WEIGHTS: [f32; 6] = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6];

/// Learns what to go by. Steps that would say the same as the one before are left out, and there are none where there are too few people or there is nothing to choose.
///
/// Time: a training, and as many rankings of every held-out person as there are weights, steps and pairs of algorithms.
pub fn learn_blend(
    dataset: &Dataset,
    scale: Option<&ValueScale>,
    settings: &Train,
    cutoff: u32,
    resources: &Resources,
) -> Result<Vec<BlendStep>, EvaluateError> {
    let Some(blend) = &settings.blend else {
        return Ok(Vec::new());
    };
    let share = PEOPLE_SHARE.min(PEOPLE_MAX_COUNT / dataset.users.len().max(1) as f64);
    let Fold {
        train: dataset,
        cases,
    } = strong_generalisation(dataset, scale, share, FOLD_IN_SHARE, SEED);
    if cases.len() < PEOPLE_MIN_COUNT || dataset.interactions.is_empty() {
        return Ok(Vec::new());
    }
    let model = train(&dataset, scale, settings, resources, &|_, _| ())?;
    let files = index_files(&dataset, &model, settings)?;
    let ranker = IndexRanker::new(files, &model.item_order)?;
    let mut steps: Vec<BlendStep> = Vec::new();
    for (lens, shown) in STEPS {
        let has_such = |case: &&Case| lens.contains(&case.history.len());
        let mut cases_of_step: Vec<Case> = cases.iter().filter(has_such).cloned().collect();
        if cases_of_step.len() < PEOPLE_MIN_COUNT {
            let longer = cases.iter().filter(|case| shown <= case.history.len());
            cases_of_step = longer.map(|case| shortened(case, shown)).collect();
        }
        let cases = cases_of_step;
        if cases.len() < PEOPLE_MIN_COUNT {
            continue;
        }
        let asked = Asked {
            ranker: &ranker,
            cases: &cases,
            cutoff,
            popularity: &model.popularity,
        };
        let by = asked.best(blend.minimum_gain)?;
        let named = |&(algorithm, weight): &(Algorithm, f32)| (algorithm.name().to_owned(), weight);
        // Nothing that knows people found anything.
        if by.is_empty() {
            continue;
        }
        let step = BlendStep {
            history_min_len: *lens.start() as u32,
            weights: by.iter().map(named).collect(),
        };
        if steps.last().is_none_or(|last| last.weights != step.weights) {
            steps.push(step);
        }
    }
    // However long the shortest histories are that anybody was asked about.
    if let Some(first) = steps.first_mut() {
        first.history_min_len = 1;
    }
    Ok(steps)
}

/// A blend in words, such as `from 1 clusters 1; from 20 clusters 0.4, neighbours 1`.
pub fn describe_blend(steps: &[BlendStep]) -> String {
    let step = |step: &BlendStep| {
        let weights = step.weights.iter();
        let weights: Vec<String> = weights
            .map(|(name, weight)| format!("{name} {weight}"))
            .collect();
        format!("from {} {}", step.history_min_len, weights.join(", "))
    };
    let steps: Vec<String> = steps.iter().map(step).collect();
    steps.join("; ")
}

/// The same person with less of the history: what was liked of the rest is to be found as well.
fn shortened(case: &Case, shown: usize) -> Case {
    let shown = shown.min(case.history.len());
    let (history, hidden) = case.history.split_at(shown);
    let liked = hidden.iter().filter(|entry| 0.0 < entry.weight);
    let mut targets = case.targets.clone();
    targets.extend(liked.map(|entry| entry.item));
    targets.sort_unstable();
    Case {
        history: history.to_vec(),
        targets,
    }
}

/// People, and whom to ask about them.
struct Asked<'a> {
    ranker: &'a IndexRanker,
    cases: &'a [Case],
    cutoff: u32,
    popularity: &'a [f32],
}

impl Asked<'_> {
    fn best(&self, minimum_gain: f64) -> Result<Vec<(Algorithm, f32)>, EvaluateError> {
        let knows_people = |by: &Algorithm| *by != Algorithm::Popular && self.ranker.has(*by);
        let mut left: Vec<Algorithm> = Algorithm::ALL.into_iter().filter(knows_people).collect();
        let mut by = Vec::new();
        let mut best: Vec<f64> = vec![0.0; self.cases.len()];
        while !left.is_empty() {
            let is_first = by.is_empty();
            let weights = if is_first { &[1.0][..] } else { &WEIGHTS };
            let mut found = None;
            for &algorithm in &left {
                for &weight in weights {
                    let tried = [&by[..], &[(algorithm, weight)]].concat();
                    let qualities = self.qualities(tried)?;
                    let so_far = found.as_ref().map_or(&best, |(_, qualities)| qualities);
                    if mean(so_far) < mean(&qualities) {
                        found = Some(((algorithm, weight), qualities));
                    }
                }
            }
            let Some((addition, qualities)) = found else {
                break;
            };
            let (gain, standard_error) = gain(&best, &qualities);
            if !is_first
                && gain < (STANDARD_ERRORS * standard_error).max(minimum_gain * mean(&best))
            {
                break;
            }
            by.push(addition);
            best = qualities;
            left.retain(|&algorithm| algorithm != addition.0);
        }
        Ok(by)
    }

    /// The NDCG of each person.
    fn qualities(&self, by: Vec<(Algorithm, f32)>) -> Result<Vec<f64>, EvaluateError> {
        let ranker = self.ranker.by_all(by);
        let result = measure(&ranker, self.cases, &[self.cutoff], self.popularity)?;
        let cases = result
            .cases
            .iter()
            .filter_map(|case| case.at_cutoffs.first());
        Ok(cases.map(|at_cutoff| at_cutoff.ndcg).collect())
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The mean of what each person gained, and its standard error.
fn gain(before: &[f64], after: &[f64]) -> (f64, f64) {
    let gains: Vec<f64> = before
        .iter()
        .zip(after)
        .map(|(before, after)| after - before)
        .collect();
    let mean_gain = mean(&gains);
    let squares: Vec<f64> = gains
        .iter()
        .map(|gain| (gain - mean_gain).powi(2))
        .collect();
    (mean_gain, (mean(&squares) / gains.len() as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use config::Blend;
    use index::recommend::HistoryItem;

    use super::*;
    use crate::dataset::{Interaction, Item};

    /// People who like items of their own remainder of six, some few and some many; the first ten items everybody may like.
    fn dataset(user_count: u32) -> Dataset {
        let interactions = (0..user_count).flat_map(|user| {
            let history_len = 4 + user % 30;
            let items = (0..120).filter(move |item| item % 6 == user % 6 || *item < 10);
            let liked = items.filter(move |item| (user * 7 + item * 13) % 30 < history_len);
            liked.map(move |item| Interaction {
                user,
                item,
                value: 1.0,
                time_s: 0,
            })
        });
        let item = |id: u32| Item {
            id: id.to_string(),
            title: format!("Part {}", id % 6),
            fields: BTreeMap::new(),
        };
        Dataset {
            items: (0..120).map(item).collect(),
            users: (0..user_count).map(|user| user.to_string()).collect(),
            user_names: Vec::new(),
            interactions: interactions.collect(),
        }
    }

    fn learn(dataset: &Dataset, blend: Option<Blend>) -> Vec<BlendStep> {
        let settings = Train {
            content: Some(config::Content::default()),
            blend,
            ..Train::default()
        };
        learn_blend(dataset, None, &settings, 20, &Resources::of_machine()).unwrap()
    }

    #[test]
    fn nothing_is_learnt_where_nobody_asks_or_too_few_people_are_there() {
        assert_eq!(learn(&dataset(400), None), []);
        assert_eq!(learn(&dataset(40), Some(Blend::default())), []);
        assert_eq!(learn(&Dataset::default(), Some(Blend::default())), []);
    }

    #[test]
    fn steps_begin_with_one_item_and_are_the_same_with_any_number_of_threads() {
        let dataset = dataset(900);
        let with_threads = |thread_count| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(thread_count)
                .build()
                .unwrap();
            pool.install(|| learn(&dataset, Some(Blend::default())))
        };
        let steps = with_threads(1);
        assert_eq!(steps, with_threads(2));
        assert_eq!(steps.first().unwrap().history_min_len, 1);
        let lens = steps.iter().map(|step| step.history_min_len);
        assert!(lens.is_sorted_by(|left, right| left < right));
        let mut weights = steps.iter().flat_map(|step| step.weights.values());
        assert!(weights.all(|weight| 0.0 < *weight));
        let has_popular = |step: &BlendStep| step.weights.contains_key("popular");
        assert!(!steps.iter().any(has_popular), "{steps:?}");
    }

    /// What has to gain more than there is to gain is never added.
    #[test]
    fn the_gain_decides_whether_another_file_is_read() {
        let only = learn(&dataset(900), Some(Blend { minimum_gain: 1.0 }));
        assert!(only.iter().all(|step| step.weights.len() == 1), "{only:?}");
    }

    #[test]
    fn what_is_not_shown_is_to_be_found() {
        let entry = |item, weight| HistoryItem { item, weight };
        let case = Case {
            history: vec![entry(7, 1.0), entry(2, 0.5), entry(9, -0.5), entry(1, 0.25)],
            targets: vec![4, 8],
        };
        let short = shortened(&case, 1);
        assert_eq!(short.history, [entry(7, 1.0)]);
        assert_eq!(short.targets, [1, 2, 4, 8], "a disliked item is no target");
        assert_eq!(shortened(&case, usize::MAX), case);
    }

    #[test]
    fn a_blend_is_told_in_words() {
        let weights = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 0.4)).collect();
        let step = |history_min_len, names| BlendStep {
            history_min_len,
            weights: weights(names),
        };
        let steps = [
            step(1, &["rules"][..]),
            step(20, &["neighbours", "clusters"]),
        ];
        assert_eq!(
            describe_blend(&steps),
            "from 1 rules 0.4; from 20 clusters 0.4, neighbours 0.4"
        );
    }

    #[test]
    fn a_gain_has_the_error_of_its_mean() {
        let (mean_gain, standard_error) = gain(&[0.0, 0.5, 0.5, 0.0], &[0.5, 0.5, 1.0, 0.0]);
        assert!((mean_gain - 0.25).abs() < 1e-12);
        // Gains of 0.5, 0, 0.5 and 0 deviate by 0.25, and there are four.
        assert!((standard_error - 0.125).abs() < 1e-12);
    }
}
