//! What is hidden, and from whom.

use std::collections::BTreeMap;

use config::ValueScale;
use index::recommend::{HistoryItem, history_weight};

use crate::{
    dataset::{Dataset, Interaction, Split},
    train::is_liked,
};
use seeded::Random;

/// A person of whom the model sees a history and is asked for the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What is shown: items with their weights. None of them is to be recommended.
    pub history: Vec<HistoryItem>,
    /// The items to be found, ascending; at least one.
    pub targets: Vec<u32>,
}

/// What one training may see, and whom it is measured on.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// The interactions to learn from; items and users keep their places.
    pub train: Dataset,
    /// The questions.
    pub cases: Vec<Case>,
}

/// Strong generalisation: a share of the users is held out as a whole; a share of each one's history is shown, and what they liked of the rest is to be found.
pub fn strong_generalisation(
    dataset: &Dataset,
    scale: Option<&ValueScale>,
    held_out_user_share: f64,
    fold_in_share: f64,
    seed: u64,
) -> Fold {
    let mut random = Random::new(seed);
    let mut users: Vec<u32> = (0..dataset.users.len() as u32).collect();
    random.shuffle(&mut users);
    users.truncate((users.len() as f64 * held_out_user_share).round() as usize);
    hold_out(dataset, scale, users, fold_in_share, &mut random)
}

/// These users are held out as a whole; a share of each one's history, which chance decides, is shown.
pub(crate) fn hold_out(
    dataset: &Dataset,
    scale: Option<&ValueScale>,
    mut users: Vec<u32>,
    fold_in_share: f64,
    random: &mut Random,
) -> Fold {
    users.sort_unstable();
    let by_user = by_user(&dataset.interactions);
    let cases = users.iter().filter_map(|user| {
        let mut interactions = by_user.get(user)?.to_vec();
        random.shuffle(&mut interactions);
        let shown = (interactions.len() as f64 * fold_in_share).round() as usize;
        let (shown, hidden) = interactions.split_at(shown);
        case(shown, hidden, scale)
    });
    Fold {
        cases: cases.collect(),
        train: without(dataset, |interaction| {
            users.binary_search(&interaction.user).is_ok()
        }),
    }
}

/// Leave one out: of every user the newest liked interaction is to be found, and all others are shown and learnt from. Where times are the same or missing, chance
/// decides which is the newest.
pub fn leave_one_out(dataset: &Dataset, scale: Option<&ValueScale>, seed: u64) -> Fold {
    let mut random = Random::new(seed);
    let mut hidden = Vec::new();
    let mut cases = Vec::new();
    for interactions in by_user(&dataset.interactions).values() {
        let mut shown = interactions.to_vec();
        random.shuffle(&mut shown);
        let newest = shown
            .iter()
            .enumerate()
            .filter(|(_, interaction)| is_liked(interaction, scale))
            .max_by_key(|(_, interaction)| interaction.time_s)
            .map(|(place, _)| place);
        let Some(newest) = newest else { continue };
        let last = shown.remove(newest);
        if let Some(case) = case(&shown, &[last], scale) {
            hidden.push((last.user, last.item));
            cases.push(case);
        }
    }
    // The users were walked in ascending order, and so the pairs ascend.
    let is_hidden = |interaction: &Interaction| {
        hidden
            .binary_search(&(interaction.user, interaction.item))
            .is_ok()
    };
    Fold {
        train: without(dataset, is_hidden),
        cases,
    }
}

/// A split that the source brings: the training half of a user's history is shown, and what the user liked of the test half is to be found.
pub fn fixed_split(split: &Split, scale: Option<&ValueScale>) -> Fold {
    let shown = by_user(&split.train.interactions);
    let hidden = by_user(&split.test);
    let cases = hidden.iter().filter_map(|(user, hidden)| {
        case(shown.get(user).copied().unwrap_or_default(), hidden, scale)
    });
    Fold {
        cases: cases.collect(),
        train: split.train.clone(),
    }
}

/// The question, unless there is nothing to ask from or nothing to find.
fn case(shown: &[Interaction], hidden: &[Interaction], scale: Option<&ValueScale>) -> Option<Case> {
    let weight = |interaction: &Interaction| {
        scale.map_or(1.0, |scale| {
            history_weight(
                interaction.value,
                scale.minimum,
                scale.maximum,
                scale.neutral,
            )
        })
    };
    let history: Vec<HistoryItem> = shown
        .iter()
        .map(|interaction| HistoryItem {
            item: interaction.item,
            weight: weight(interaction),
        })
        .collect();
    let mut targets: Vec<u32> = hidden
        .iter()
        .filter(|interaction| is_liked(interaction, scale))
        .map(|interaction| interaction.item)
        .collect();
    targets.sort_unstable();
    (!history.is_empty() && !targets.is_empty()).then_some(Case { history, targets })
}

fn by_user(interactions: &[Interaction]) -> BTreeMap<u32, &[Interaction]> {
    interactions
        .chunk_by(|left, right| left.user == right.user)
        .filter_map(|chunk| Some((chunk.first()?.user, chunk)))
        .collect()
}

fn without(dataset: &Dataset, is_hidden: impl Fn(&Interaction) -> bool) -> Dataset {
    Dataset {
        items: dataset.items.clone(),
        users: dataset.users.clone(),
        user_names: dataset.user_names.clone(),
        interactions: dataset
            .interactions
            .iter()
            .filter(|interaction| !is_hidden(interaction))
            .copied()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: ValueScale = ValueScale {
        minimum: 1.0,
        maximum: 5.0,
        neutral: 3.0,
    };

    /// Twenty users with ten items each, rated 1 to 5, the later items later.
    fn dataset() -> Dataset {
        let interactions = (0..20_u32).flat_map(|user| {
            (0..10_u32).map(move |place| Interaction {
                user,
                item: (user + place) % 15,
                value: (place % 5 + 1) as f32,
                time_s: i64::from(place) * 60,
            })
        });
        let mut interactions: Vec<Interaction> = interactions.collect();
        interactions.sort_by_key(|interaction| (interaction.user, interaction.item));
        let users = (0..20).map(|user| user.to_string()).collect();
        Dataset {
            items: Vec::new(),
            users,
            user_names: Vec::new(),
            interactions,
        }
    }

    #[test]
    fn held_out_users_are_held_out_as_a_whole() {
        let dataset = dataset();
        let fold = strong_generalisation(&dataset, None, 0.25, 0.8, 3);
        assert_eq!(fold.cases.len(), 5);
        assert_eq!(fold.train.interactions.len(), 15 * 10);
        for case in &fold.cases {
            assert_eq!((case.history.len(), case.targets.len()), (8, 2));
            let shown = |target: &u32| case.history.iter().any(|entry| entry.item == *target);
            assert!(!case.targets.iter().any(shown));
        }
    }

    #[test]
    fn a_seed_gives_one_split_and_another_seed_another() {
        let dataset = dataset();
        let split = |seed| strong_generalisation(&dataset, None, 0.25, 0.8, seed);
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
    }

    #[test]
    fn only_what_was_liked_is_to_be_found_and_dislikes_weigh_against() {
        let fold = strong_generalisation(&dataset(), Some(&SCALE), 1.0, 0.5, 1);
        let weights: Vec<f32> = fold
            .cases
            .iter()
            .flat_map(|case| &case.history)
            .map(|entry| entry.weight)
            .collect();
        assert!(weights.contains(&-0.5) && weights.contains(&0.0) && weights.contains(&1.0));
        let target_count: usize = fold.cases.iter().map(|case| case.targets.len()).sum();
        let shown_liked = weights.iter().filter(|weight| 0.0 < **weight).count();
        assert_eq!(target_count + shown_liked, 20 * 4);
        assert!(fold.train.interactions.is_empty());
    }

    #[test]
    fn the_newest_liked_interaction_is_left_out() {
        let dataset = dataset();
        let fold = leave_one_out(&dataset, Some(&SCALE), 1);
        assert_eq!(
            (fold.cases.len(), fold.train.interactions.len()),
            (20, 20 * 9)
        );
        // User u's last item is at place 9, with a value of 5.
        assert!(
            (0..)
                .zip(&fold.cases)
                .all(|(user, case)| case.targets == [(user + 9) % 15])
        );
    }

    #[test]
    fn a_split_that_came_with_the_data_stays_as_it_is() {
        let dataset = dataset();
        let (test, train) = dataset
            .interactions
            .iter()
            .partition(|interaction| interaction.item < 2);
        let split = Split {
            train: Dataset {
                interactions: train,
                ..dataset
            },
            test,
        };
        let fold = fixed_split(&split, None);
        assert_eq!(fold.train, split.train);
        let targets: usize = fold.cases.iter().map(|case| case.targets.len()).sum();
        assert_eq!(targets, split.test.len());
    }
}
