//! Every set of items is counted, one by one.

use std::collections::BTreeMap;

use itemsets::{
    Budget, Itemsets, Minimum, MinimumError, RuleOptions, Transactions, mine, mine_rules, rules,
};
use proptest::prelude::*;

fn transactions(baskets: &[Vec<u32>]) -> Transactions {
    let mut transactions = Transactions::default();
    for basket in baskets {
        transactions.push(basket);
    }
    transactions
}

/// Every set that is in so many baskets, and in how many.
fn counted(baskets: &[Vec<u32>], minimum: u32, maximum_len: usize) -> BTreeMap<Vec<u32>, u32> {
    let mut counts = BTreeMap::new();
    for basket in baskets {
        let mut basket = basket.clone();
        basket.sort_unstable();
        basket.dedup();
        for bits in 1..1_u32 << basket.len() {
            let chosen = basket.iter().enumerate();
            let chosen = chosen.filter(|(position, _)| bits >> position & 1 == 1);
            let set: Vec<u32> = chosen.map(|(_, &item)| item).collect();
            *counts.entry(set).or_insert(0) += 1;
        }
    }
    counts.retain(|set, count| minimum <= *count && set.len() <= maximum_len);
    counts
}

fn as_map(itemsets: &Itemsets) -> BTreeMap<Vec<u32>, u32> {
    itemsets
        .iter()
        .map(|(items, support)| (items.to_vec(), support))
        .collect()
}

/// Few items in many baskets, and many in few, so that both kinds of projections are met.
fn baskets() -> impl Strategy<Value = Vec<Vec<u32>>> {
    let few = prop::collection::vec(prop::collection::vec(0..9_u32, 0..9), 0..60);
    let many = prop::collection::vec(prop::collection::vec(0..300_u32, 0..9), 0..40);
    prop_oneof![few, many]
}

fn is_within(part: &[u32], whole: &[u32]) -> bool {
    part.len() < whole.len() && part.iter().all(|item| whole.contains(item))
}

/// Room for everything but what is to be held in memory.
fn budget(memory_bytes: usize) -> Budget {
    Budget {
        memory_bytes,
        folder: std::env::temp_dir(),
        maximum_candidate_count: u64::MAX,
        maximum_rule_count: usize::MAX,
    }
}

proptest! {
    #[test]
    fn finds_what_counting_finds(baskets in baskets(), minimum in 1..6_u32, maximum_len in 0..10_usize) {
        let limit = Minimum::count(minimum).unwrap().of_at_most(maximum_len);
        let found = mine(&transactions(&baskets), limit);
        let expected = counted(&baskets, minimum, maximum_len);
        prop_assert_eq!(as_map(&found), expected);
        prop_assert_eq!(found.num_transactions(), baskets.len());
        let order: Vec<&[u32]> = found.iter().map(|(items, _)| items).collect();
        prop_assert!(order.is_sorted());
    }

    #[test]
    fn closed_and_maximal_sets_are_those_without_others_above(baskets in baskets(), minimum in 1..6_u32) {
        let found = mine(&transactions(&baskets), Minimum::count(minimum).unwrap());
        let all = as_map(&found);
        let mut closed = all.clone();
        closed.retain(|set, support| !all.iter().any(|(above, other)| other == support && is_within(set, above)));
        prop_assert_eq!(as_map(&found.closed()), closed);
        let mut maximal = all.clone();
        maximal.retain(|set, _| !all.keys().any(|above| is_within(set, above)));
        prop_assert_eq!(as_map(&found.maximal()), maximal);
    }

    #[test]
    fn rules_have_the_measures_of_their_definitions(
        baskets in baskets(),
        minimum in 2..5_u32,
        minimum_confidence in 0.0..1.0_f64,
        without_redundant: bool,
        maximum_rule_count in 0..20_usize,
    ) {
        let baskets_of = transactions(&baskets);
        let found = mine(&baskets_of, Minimum::count(minimum).unwrap());
        let options = RuleOptions { minimum_confidence, minimum_lift: 0.0, without_redundant };
        let rules = rules(&found, &options);
        let all = as_map(&found);
        let num_baskets = baskets.len() as f64;
        let confidence = |antecedent: &[u32], consequent: u32| {
            let mut whole = antecedent.to_vec();
            whole.push(consequent);
            whole.sort_unstable();
            f64::from(all[&whole]) / f64::from(all[antecedent])
        };
        let mut expected = Vec::new();
        for (set, &support) in all.iter().filter(|(set, _)| 2 <= set.len()) {
            for &consequent in set {
                let mut antecedent = set.clone();
                antecedent.retain(|&item| item != consequent);
                let is_redundant = all
                    .keys()
                    .any(|part| is_within(part, &antecedent) && confidence(&antecedent, consequent) <= confidence(part, consequent));
                if minimum_confidence <= confidence(&antecedent, consequent) && !(without_redundant && is_redundant) {
                    expected.push((antecedent, consequent, support));
                }
            }
        }
        let found: Vec<_> = rules.iter().map(|rule| (rule.antecedent.clone(), rule.consequent, rule.support)).collect();
        prop_assert_eq!(found, expected);
        // Without all sets in memory, be it in memory or in files.
        let mut ordered = rules.clone();
        ordered.sort_by_key(|rule| (rule.antecedent.clone(), rule.consequent));
        for memory_bytes in [0, 1 << 20] {
            let mut budget = budget(memory_bytes);
            let mined =
                mine_rules(&baskets_of, Minimum::count(minimum).unwrap(), &options, &budget).unwrap();
            prop_assert_eq!(&mined.rules, &ordered);
            prop_assert_eq!(mined.found_count, ordered.len() as u64);
            prop_assert_eq!(mined.has_files, memory_bytes == 0 && !all.is_empty());
            // The best of them; a stable sort leaves equal ones in their order.
            budget.maximum_rule_count = maximum_rule_count;
            let best =
                mine_rules(&baskets_of, Minimum::count(minimum).unwrap(), &options, &budget).unwrap();
            let mut by_worth = ordered.clone();
            by_worth.sort_by(|left, right| right.leverage().total_cmp(&left.leverage()));
            by_worth.truncate(maximum_rule_count);
            by_worth.sort_by_key(|rule| (rule.antecedent.clone(), rule.consequent));
            prop_assert_eq!(best.rules, by_worth);
            prop_assert_eq!(best.found_count, mined.found_count);
        }
        for rule in &rules {
            let share = |set: &[u32]| f64::from(all[set]) / num_baskets;
            let (antecedent, consequent) = (share(&rule.antecedent), share(&[rule.consequent]));
            let support = f64::from(rule.support) / num_baskets;
            let is_near = |found: f64, expected: f64| found == expected || (found - expected).abs() < 1e-9 * expected.abs().max(1.0);
            prop_assert!(is_near(rule.confidence(), support / antecedent));
            prop_assert!(is_near(rule.lift(), support / (antecedent * consequent)));
            prop_assert!(is_near(rule.leverage(), support - antecedent * consequent));
            if rule.confidence() < 1.0 {
                prop_assert!(is_near(rule.conviction(), (1.0 - consequent) / (1.0 - support / antecedent)));
            } else {
                prop_assert_eq!(rule.conviction(), f64::INFINITY);
            }
        }
    }
}

#[test]
fn more_than_may_be_looked_at_is_given_up_and_what_would_do_is_named() {
    // All parts of the long basket are in both: each of 12 items is in 2^11 of them.
    let long: Vec<u32> = (0..12).collect();
    let baskets = transactions(&[vec![0, 1], long.clone(), long]);
    let options = RuleOptions {
        minimum_confidence: 0.0,
        minimum_lift: 0.0,
        without_redundant: false,
    };
    let mined = |maximum_candidate_count, minimum| {
        let budget = Budget {
            maximum_candidate_count,
            ..budget(0)
        };
        mine_rules(&baskets, minimum, &options, &budget)
    };
    let in_two = Minimum::count(2).unwrap();
    assert!(mined(24_576, in_two).is_ok());
    let error = mined(24_575, in_two).unwrap_err().to_string();
    assert_eq!(
        error,
        "sets of items in 2 transactions or more give more than 24575 rules to look at; those in 4 or more do not"
    );
    // Shorter sets are fewer: 12 and 66.
    assert!(mined(144, in_two.of_at_most(2)).is_ok());
    assert!(mined(143, in_two.of_at_most(2)).is_err());
    // A share is named in transactions.
    let error = mined(24_575, Minimum::share(0.5).unwrap()).unwrap_err();
    assert!(error.to_string().contains("in 2 transactions"), "{error}");
}

#[test]
fn what_is_no_minimum_is_refused() {
    assert_eq!(Minimum::count(0), Err(MinimumError::ZeroCount));
    for share in [0.0, -0.5, 1.5, f64::NAN, f64::INFINITY] {
        let error = Minimum::share(share).unwrap_err().to_string();
        assert!(error.contains("more than 0, and for 1 at most"), "{error}");
    }
    // A share is rounded up: of three baskets a half is two.
    let baskets = transactions(&[vec![1], vec![1], vec![2]]);
    let half = mine(&baskets, Minimum::share(0.5).unwrap());
    assert_eq!(as_map(&half), BTreeMap::from([(vec![1], 2)]));
}

#[test]
fn nothing_gives_nothing() {
    let minimum = Minimum::count(1).unwrap();
    for baskets in [transactions(&[]), transactions(&[vec![], vec![]])] {
        assert!(mine(&baskets, minimum).is_empty());
    }
    let one = mine(&transactions(&[vec![7, 7, 7]]), minimum);
    assert_eq!(as_map(&one), BTreeMap::from([(vec![7], 1)]));
}
