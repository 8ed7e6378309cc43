use std::collections::BTreeSet;

use config::{Evaluate, Protocol, Train, ValueScale};
use index::{Algorithm, FileKind};

use super::{Measured, TuneError};
use crate::Resources;
use crate::dataset::{Dataset, Interaction};
use crate::evaluate::{
    EvaluateError, Fold, IndexRanker, hold_out, leave_one_out, measure, rounded,
};
use crate::train::train_for;
use crate::write::index_files;
use seeded::Random;

/// Keeps the seeds of a tuning apart from those of the evaluation, which are small numbers as well.
const SEED: u64 = 0x0074_756e_696e_6700;

/// The interactions of which the evaluation hides none: those that every fold trains on. Gives how many of the folds that is so for, too.
///
/// At least half of the interactions stay. Where that is not possible, the tests of the last folds are among them, never those of the first.
pub fn unseen_by(folds: impl IntoIterator<Item = Fold>) -> (Dataset, usize) {
    let mut folds = folds.into_iter();
    let Some(Fold {
        train: mut rest, ..
    }) = folds.next()
    else {
        return (Dataset::default(), 0);
    };
    let mut fold_count = 1;
    let enough = rest.interactions.len() / 2;
    for Fold { train, .. } in folds {
        let place = |interaction: &Interaction| (interaction.user, interaction.item);
        let is_trained_on = |interaction: &&Interaction| {
            let place_of_other = |other: &Interaction| place(other).cmp(&place(interaction));
            train.interactions.binary_search_by(place_of_other).is_ok()
        };
        let in_both: Vec<Interaction> = rest
            .interactions
            .iter()
            .filter(is_trained_on)
            .copied()
            .collect();
        if in_both.len() < enough {
            break;
        }
        rest.interactions = in_both;
        fold_count += 1;
    }
    (rest, fold_count)
}

/// Measures what recommends: people whom the training of a trial does not see, each in one fold.
///
/// There are as many folds as the evaluation has seeds, so that a trial takes no longer than an evaluation; with leave-one-out there is one.
#[derive(Debug)]
pub struct Validation<'a> {
    dataset: Dataset,
    scale: Option<&'a ValueScale>,
    settings: &'a Evaluate,
    /// Those who are held out in each fold.
    people: Vec<Vec<u32>>,
    seed: u64,
}

impl<'a> Validation<'a> {
    /// Splits the interactions that the evaluation does not ask about, which are [`unseen_by`]'s.
    pub fn new(
        dataset: Dataset,
        scale: Option<&'a ValueScale>,
        settings: &'a Evaluate,
        seed: u64,
    ) -> Self {
        let people: BTreeSet<u32> = dataset
            .interactions
            .iter()
            .map(|interaction| interaction.user)
            .collect();
        let mut people: Vec<u32> = people.into_iter().collect();
        Random::new(seed ^ SEED).shuffle(&mut people);
        let share = people.len() as f64 * settings.held_out_user_share;
        let folds = people.chunks((share.round() as usize).max(1));
        Self {
            people: folds
                .take(settings.seeds.len())
                .map(<[u32]>::to_vec)
                .collect(),
            dataset,
            scale,
            settings,
            seed,
        }
    }

    /// How the people are asked, in words.
    pub fn describe(&self) -> String {
        let Evaluate {
            protocol,
            fold_in_share,
            ..
        } = self.settings;
        let seed = self.seed;
        if *protocol == Protocol::LeaveOneOut {
            return format!("leave one out: the newest of every user that is left, seed {seed}");
        }
        let num_people: usize = self.people.iter().map(Vec::len).sum();
        format!(
            "{num_people} of the users held out in {} runs, {} % of their histories folded in, seed {seed}",
            self.people.len(),
            (fold_in_share * 1000.0).round() / 10.0
        )
    }

    /// The quality of an algorithm for each of the people, through the index file, and the length of the file of this kind by the number of items.
    pub fn measure(
        &self,
        (algorithm, kind): (Algorithm, FileKind),
        how: &Train,
        resources: &Resources,
    ) -> Result<Measured, TuneError> {
        let cutoffs: Vec<u32> = self
            .settings
            .cutoffs
            .iter()
            .copied()
            .max()
            .into_iter()
            .collect();
        let (mut quality, mut len_bytes) = (Vec::new(), 0);
        for number in 0..self.fold_count() {
            let Fold { train, cases } = self.fold(number);
            let learn = || -> Result<_, EvaluateError> {
                let model =
                    train_for(&[algorithm], &train, self.scale, how, resources, &|_, _| ())?;
                let files = index_files(&train, &model, how)?;
                let file = files.iter().find(|(other, _)| *other == kind);
                let file_len = file.map_or(0, |(_, bytes)| bytes.len());
                let ranker = IndexRanker::new(files, &model.item_order)?;
                let asked = measure(&ranker.by(algorithm), &cases, &cutoffs, &model.popularity)?;
                Ok((file_len, asked))
            };
            let (file_len, asked) = learn()?;
            len_bytes += file_len;
            let ndcgs = asked.cases.iter().filter_map(|case| case.at_cutoffs.last());
            quality.extend(ndcgs.map(|at| rounded(at.ndcg)));
        }
        let item_count = self.dataset.items.len() * self.fold_count();
        Ok(Measured {
            quality,
            len_bytes: rounded(len_bytes as f64 / item_count.max(1) as f64),
        })
    }

    fn fold_count(&self) -> usize {
        match self.settings.protocol {
            Protocol::LeaveOneOut => 1,
            Protocol::StrongGeneralisation | Protocol::FixedSplit => self.people.len(),
        }
    }

    fn fold(&self, number: usize) -> Fold {
        let seed = self.seed ^ SEED;
        if self.settings.protocol == Protocol::LeaveOneOut {
            return leave_one_out(&self.dataset, self.scale, seed);
        }
        let mut random = Random::new(seed ^ ((number as u64 + 1) << 32));
        hold_out(
            &self.dataset,
            self.scale,
            self.people[number].clone(),
            self.settings.fold_in_share,
            &mut random,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Users 0 to 9 with the items 0 to 9 each.
    fn dataset() -> Dataset {
        let pairs = (0..10).flat_map(|user| (0..10).map(move |item| (user, item)));
        let interaction = |(user, item)| Interaction {
            user,
            item,
            value: 1.0,
            time_s: i64::from(item),
        };
        Dataset {
            items: Vec::new(),
            users: (0..10).map(|user| user.to_string()).collect(),
            user_names: Vec::new(),
            interactions: pairs.map(interaction).collect(),
        }
    }

    fn users(dataset: &Dataset) -> BTreeSet<u32> {
        let interactions = dataset.interactions.iter();
        interactions.map(|interaction| interaction.user).collect()
    }

    #[test]
    fn nobody_whom_the_evaluation_asks_is_seen() {
        let dataset = dataset();
        let settings = Evaluate {
            seeds: vec![1, 2, 3],
            ..Evaluate::default()
        };
        let folds: Vec<Fold> = crate::evaluate::folds(&dataset, None, &settings).collect();
        let (rest, fold_count) = unseen_by(folds.clone());
        assert_eq!(fold_count, 3);
        for fold in &folds {
            assert!(users(&rest).is_subset(&users(&fold.train)));
        }
        let validation = Validation::new(rest.clone(), None, &settings, 1);
        let mut asked = BTreeSet::new();
        for number in 0..validation.fold_count() {
            let fold = validation.fold(number);
            assert_eq!(fold.cases.len(), 1);
            let left: Vec<u32> = users(&rest)
                .difference(&users(&fold.train))
                .copied()
                .collect();
            assert!(asked.insert(left), "nobody is asked twice");
        }
        assert_eq!(asked.len(), 3);
        assert!(
            validation
                .describe()
                .starts_with("3 of the users held out in 3 runs, 80 % of")
        );
    }

    #[test]
    fn half_of_the_interactions_stay_and_the_first_fold_is_always_unseen() {
        let dataset = dataset();
        let settings = Evaluate {
            seeds: (0..50).collect(),
            held_out_user_share: 0.3,
            ..Evaluate::default()
        };
        let folds: Vec<Fold> = crate::evaluate::folds(&dataset, None, &settings).collect();
        let (rest, fold_count) = unseen_by(folds.clone());
        assert!(1 < fold_count && fold_count < 50, "{fold_count}");
        assert!(35 <= rest.interactions.len());
        for fold in &folds[..fold_count] {
            assert!(users(&rest).is_subset(&users(&fold.train)));
        }
        assert_eq!(unseen_by([]).1, 0);
    }

    #[test]
    fn of_leave_one_out_the_newest_but_one_is_asked_for() {
        let dataset = dataset();
        let settings = Evaluate {
            protocol: Protocol::LeaveOneOut,
            ..Evaluate::default()
        };
        let (rest, _) = unseen_by(crate::evaluate::folds(&dataset, None, &settings));
        let validation = Validation::new(rest, None, &settings, 1);
        assert_eq!(validation.fold_count(), 1);
        let cases = validation.fold(0).cases;
        assert_eq!(cases.len(), 10);
        assert!(cases.iter().all(|case| case.targets == [8]));
    }
}
