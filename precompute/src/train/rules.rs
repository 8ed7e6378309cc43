use config::{Rules as RuleSettings, Support};
use itemsets::{
    Budget, MineRulesError, MinedRules, Minimum, MinimumError, Rule, RuleOptions, Transactions,
    mine_rules,
};

use super::{Interactions, TrainError};
use crate::Resources;

/// To look at more rules would take longer and more room on disk than anybody expects of them, and those that are kept would say hardly more.
const MAXIMUM_CANDIDATE_COUNT: u64 = 20_000_000;

/// The association rules of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleModel {
    /// Method and parameters, for people.
    pub description: String,
    /// The rules, in the order of their antecedents.
    pub rules: Vec<Rule>,
    /// Of how many baskets their supports are.
    pub basket_count: usize,
}

/// Mines the rules between the items of the users' baskets.
///
/// Redundant rules are left out: those of which a part of the antecedent says the same as surely. Memory beyond `resources` is exchanged for temporary files.
pub fn rules(
    interactions: &Interactions,
    settings: &RuleSettings,
    resources: &Resources,
) -> Result<RuleModel, TrainError> {
    let mut baskets = Transactions::default();
    for items in interactions
        .by_user
        .rows()
        .filter(|items| !items.is_empty())
    {
        baskets.push(items);
    }
    let minimum = minimum(settings.minimum_support)?.of_at_most(settings.maximum_items as usize);
    let options = RuleOptions {
        minimum_confidence: settings.minimum_confidence,
        minimum_lift: settings.minimum_lift,
        without_redundant: true,
    };
    let budget = Budget {
        memory_bytes: usize::try_from(resources.memory_bytes / 2).unwrap_or(usize::MAX),
        folder: resources.folder.clone(),
        maximum_candidate_count: MAXIMUM_CANDIDATE_COUNT,
        maximum_rule_count: settings.maximum_rules as usize,
    };
    let mined = mine_rules(&baskets, minimum, &options, &budget);
    let MinedRules {
        rules, found_count, ..
    } = mined.map_err(|error| match error {
        MineRulesError::TemporaryFiles(error) => TrainError::TemporaryFiles {
            folder: budget.folder,
            message: error.to_string(),
        },
        MineRulesError::TooManyCandidates {
            minimum_support,
            sufficient_support,
            ..
        } => TrainError::TooManyRules {
            minimum_support,
            sufficient_support,
            maximum_items: settings.maximum_items,
        },
    })?;
    Ok(RuleModel {
        description: format!(
            "{} of {found_count} association rules of {} baskets, support {}, confidence {}, at most {} items",
            rules.len(),
            baskets.len(),
            match settings.minimum_support {
                Support::Count(count) => count.to_string(),
                Support::Share(share) => share.to_string(),
            },
            settings.minimum_confidence,
            settings.maximum_items
        ),
        rules,
        basket_count: baskets.len(),
    })
}

fn minimum(support: Support) -> Result<Minimum, MinimumError> {
    match support {
        Support::Count(count) => Minimum::count(count),
        Support::Share(share) => Minimum::share(share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bread and butter are always together, beer with either half of the time.
    fn interactions() -> Interactions {
        let baskets: [&[u32]; 5] = [&[0, 1], &[0, 1, 2], &[2], &[0, 1], &[]];
        let pairs = (0..)
            .zip(baskets)
            .flat_map(|(basket, items)| items.iter().map(move |&item| (basket, item)));
        Interactions::of_sorted_pairs(5, 3, pairs)
    }

    #[test]
    fn empty_baskets_count_for_nothing_and_the_best_rules_are_kept() {
        let mut settings = RuleSettings {
            minimum_support: Support::Count(1),
            minimum_confidence: 0.0,
            minimum_lift: 0.0,
            ..RuleSettings::default()
        };
        let found = rules(&interactions(), &settings, &Resources::of_machine()).unwrap();
        assert_eq!(found.basket_count, 4);
        let all = found.rules.len();
        settings.maximum_rules = 2;
        let kept = rules(&interactions(), &settings, &Resources::of_machine()).unwrap();
        let pairs: Vec<(&[u32], u32)> = kept
            .rules
            .iter()
            .map(|rule| (&rule.antecedent[..], rule.consequent))
            .collect();
        assert_eq!(pairs, [(&[0][..], 1), (&[1][..], 0)]);
        assert_eq!(
            kept.description,
            format!(
                "2 of {all} association rules of 4 baskets, support 1, confidence 0, at most 3 items"
            )
        );
    }

    #[test]
    fn baskets_too_long_and_too_alike_are_refused_with_what_to_ask_for() {
        let pairs = (0..3).flat_map(|basket| (0..600).map(move |item| (basket, item)));
        let alike = Interactions::of_sorted_pairs(3, 600, pairs);
        let error = rules(
            &alike,
            &RuleSettings::default(),
            &Resources::new(Some(0), &std::env::temp_dir()),
        );
        let message = error.unwrap_err().to_string();
        assert_eq!(
            message,
            "what is together in 2 baskets or more gives too many rules to look at: raise `train.rules.minimum_support` (4 baskets are enough) or lower `train.rules.maximum_items`"
        );
    }

    #[test]
    fn too_little_memory_is_no_reason_to_stop() {
        let settings = RuleSettings {
            minimum_support: Support::Count(1),
            ..RuleSettings::default()
        };
        let nothing = Resources::new(Some(0), &std::env::temp_dir());
        let found = rules(&interactions(), &settings, &nothing).unwrap();
        let plenty = rules(&interactions(), &settings, &Resources::of_machine()).unwrap();
        assert_eq!(found, plenty);
        let nowhere = Resources::new(Some(0), std::path::Path::new("/no/such/folder"));
        let error = rules(&interactions(), &settings, &nowhere).unwrap_err();
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }
}
