//! Rules and baskets against plain counting.

use std::collections::BTreeMap;

use index::{
    Algorithm, Question, WriteError,
    baskets::{Basket, BasketsWriter},
    recommend::{HistoryItem, Scored},
    rules::{Rule, RulesWriter},
};
use proptest::prelude::*;

use crate::fixture::{baskets, files, files_of, record, rules_of};

const ITEM_COUNT: u32 = 9;

fn history(items: &[u32]) -> Vec<HistoryItem> {
    let entry = |&item: &u32| HistoryItem { item, weight: 1.0 };
    items.iter().map(entry).collect()
}

fn by_rules(items: &[u32]) -> Question {
    Question {
        by: vec![(Algorithm::Rules, 1.0)],
        history: history(items),
        count: 10,
        ..Question::default()
    }
}

#[test]
fn the_rules_that_fire_are_ranked_and_shown() {
    let generation = files().open();
    let found = generation.recommend(&by_rules(&[0, 3])).unwrap();
    // All three that have film 0 have film 2.
    let expected = [Scored {
        item: 2,
        score: 1.0,
    }];
    assert_eq!(found, expected);
    let rules = generation.rules_for(&[2, 4], &history(&[0, 3])).unwrap();
    assert_eq!(rules[1], []);
    let [rule] = &rules[0][..] else {
        panic!("{rules:?}")
    };
    assert_eq!((&rule.antecedent[..], rule.consequent), (&[0][..], 2));
    let basket_count = generation.rule_basket_count().unwrap();
    assert_eq!(basket_count, baskets().len() as u32);
    assert!((rule.lift(basket_count) - 5.0 / 3.0).abs() < 1e-12);
    assert!((rule.leverage(basket_count) - (0.6 - 0.36)).abs() < 1e-12);
    assert_eq!(rule.conviction(basket_count), None, "it is never wrong");
}

#[test]
fn what_is_disliked_fires_no_rule_and_an_empty_basket_nothing() {
    let generation = files().open();
    let mut question = by_rules(&[0]);
    question.history[0].weight = -0.5;
    assert_eq!(generation.recommend(&question).unwrap(), []);
    assert_eq!(generation.recommend(&by_rules(&[])).unwrap(), []);
    assert_eq!(generation.nearest_baskets(&[], 5).unwrap(), []);
}

#[test]
fn what_is_no_rule_is_refused() {
    let rule = Rule {
        antecedent: vec![0, 2],
        consequent: 1,
        support: 3,
        antecedent_support: 4,
        consequent_support: 5,
    };
    let check = |rule: &Rule, expected: &str| {
        let mut writer = RulesWriter::new(3, 6, "by hand").unwrap();
        let added = writer
            .push(rule.clone())
            .and_then(|()| writer.push(rule.clone()));
        let error = added.and_then(|()| writer.finish(0)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("a rule that promises item {} {expected}", rule.consequent)
        );
    };
    let with = |edit: &dyn Fn(&mut Rule)| {
        let mut rule = rule.clone();
        edit(&mut rule);
        rule
    };
    check(&rule, "is there twice, or its antecedent has two supports");
    check(&with(&|rule| rule.antecedent.clear()), "asks for nothing");
    check(
        &with(&|rule| rule.antecedent = vec![2, 0]),
        "does not name its items in ascending order, each once",
    );
    check(
        &with(&|rule| rule.consequent = 2),
        "asks for what it promises",
    );
    check(
        &with(&|rule| rule.consequent = 3),
        "names an item that does not exist",
    );
    let contradiction = "has supports that contradict each other";
    check(&with(&|rule| rule.support = 0), contradiction);
    check(&with(&|rule| rule.support = 5), contradiction);
    check(&with(&|rule| rule.consequent_support = 7), contradiction);

    let mut writer = BasketsWriter::new(3).unwrap();
    for items in [vec![1, 1], vec![2, 1], vec![3]] {
        let basket = Basket {
            items,
            ..Basket::default()
        };
        let error = writer.push(basket).unwrap_err();
        assert!(
            matches!(error, WriteError::BadBasket { basket: 0, .. }),
            "{error}"
        );
    }
}

fn some_baskets() -> impl Strategy<Value = Vec<Basket>> {
    let items = prop::collection::btree_set(0..ITEM_COUNT, 0..7);
    let basket = ("[a-zé]{0,4}", items).prop_map(|(name, items)| Basket {
        id: format!("id of {name}"),
        name,
        items: items.into_iter().collect(),
    });
    prop::collection::vec(basket, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn answers_are_those_of_plain_counting(
        baskets in some_baskets(),
        known in prop::collection::btree_set(0..ITEM_COUNT, 0..5),
        minimum_support in 1..4_u32,
    ) {
        let records = (0..ITEM_COUNT).map(|n| record(&n.to_string(), "film", 2000, &[])).collect();
        let rules = rules_of(&baskets, ITEM_COUNT, minimum_support);
        let generation = files_of(records, &[], &[1.0; ITEM_COUNT as usize], &[])
            .with_baskets(ITEM_COUNT as usize, &baskets, &rules)
            .open();
        let known: Vec<u32> = known.into_iter().collect();

        let mut fired: Vec<&Rule> = rules
            .iter()
            .filter(|rule| rule.antecedent.iter().all(|item| known.contains(item)) && !known.contains(&rule.consequent))
            .collect();
        // The order of the file: by the last item of what a rule asks for.
        fired.sort_by_key(|rule| (rule.antecedent.last(), *rule));
        let mut scores: BTreeMap<u32, f32> = BTreeMap::new();
        for rule in &fired {
            *scores.entry(rule.consequent).or_insert(0.0) += rule.support as f32 / rule.antecedent_support as f32;
        }
        let mut expected: Vec<Scored> = scores.iter().map(|(&item, &score)| Scored { item, score }).collect();
        expected.sort_by(|left, right| right.score.total_cmp(&left.score));
        prop_assert_eq!(generation.recommend(&by_rules(&known)).unwrap(), expected);

        let all: Vec<u32> = (0..ITEM_COUNT).collect();
        for (item, found) in generation.rules_for(&all, &history(&known)).unwrap().into_iter().enumerate() {
            let mut expected: Vec<Rule> =
                fired.iter().filter(|rule| rule.consequent == item as u32).map(|rule| (*rule).clone()).collect();
            expected.sort_by(|left, right| right.confidence().total_cmp(&left.confidence()));
            prop_assert_eq!(found, expected);
        }

        let numbers: Vec<u32> = (0..baskets.len() as u32).collect();
        prop_assert_eq!(generation.basket_records(&numbers).unwrap(), &baskets[..]);
        let nearest = generation.nearest_baskets(&history(&known), baskets.len()).unwrap();
        let cosine = |basket: &Basket| {
            let shared = basket.items.iter().filter(|item| known.contains(item)).count();
            shared as f32 / (basket.items.len() as f32 * known.len() as f32).sqrt()
        };
        let is_near = baskets.iter().filter(|basket| 0.0 < cosine(basket)).count();
        prop_assert_eq!(nearest.len(), is_near);
        for scored in nearest {
            // A weight of the file is off by half of 1/127 of the largest in its list at most.
            let exact = cosine(&baskets[scored.item as usize]);
            prop_assert!((scored.score - exact).abs() < 0.01 * (known.len() as f32).sqrt(), "{} {exact}", scored.score);
        }
    }

    #[test]
    fn a_blend_adds_what_each_says_by_its_best(
        neighbours_weight in 0.0..2.0_f32,
        rules_weight in 0.0..2.0_f32,
        known in prop::collection::btree_set(0..6_u32, 1..5),
    ) {
        let generation = files().open();
        let known: Vec<u32> = known.into_iter().collect();
        let ask = |by: Vec<(Algorithm, f32)>| {
            let question = Question { by, count: 6, history: history(&known), ..Question::default() };
            generation.recommend(&question).unwrap()
        };
        let parts = [(Algorithm::Neighbours, neighbours_weight), (Algorithm::Rules, rules_weight)];
        let mut expected = [0.0_f32; 6];
        for (algorithm, weight) in parts {
            let alone = ask(vec![(algorithm, 1.0)]);
            // The best that a person knows already counts, too: rules promise nothing of the kind, neighbours may.
            let history = history(&known);
            let question = Question { by: vec![(algorithm, 1.0)], count: 6, history, ..Question::default() };
            let largest = match algorithm {
                Algorithm::Neighbours => largest_with_history(&question),
                _ => alone.first().map_or(0.0, |best| best.score),
            };
            for scored in alone {
                expected[scored.item as usize] += scored.score * (weight / largest);
            }
        }
        for scored in ask(parts.to_vec()) {
            // The weights of the file are rounded.
            prop_assert!((scored.score - expected[scored.item as usize]).abs() < 0.02);
        }
    }
}

/// The largest sum of the fixture's weights over a history, the items of the history included.
fn largest_with_history(question: &Question) -> f32 {
    let score = |item: usize| -> f32 {
        let known = question.history.iter();
        known
            .map(|entry| crate::fixture::WEIGHTS[entry.item as usize][item])
            .sum()
    };
    (0..6).map(score).fold(0.0, f32::max)
}

#[test]
fn preferences_lift_and_never_exclude() {
    use index::catalogue::{Condition, Filter};

    let generation = files().open();
    let filter = |fields: &[(&str, Condition)]| Filter {
        fields: fields
            .iter()
            .map(|(field, condition)| ((*field).to_owned(), condition.clone()))
            .collect(),
    };
    let answer = |question: Question| {
        let popular = generation.popular(&question).unwrap();
        popular
            .iter()
            .map(|scored| (scored.item, scored.score.round()))
            .collect::<Vec<_>>()
    };
    let ask = |fields: &[(&str, Condition)]| {
        answer(Question {
            preferences: filter(fields),
            count: 10,
            ..Question::default()
        })
    };
    let crime = ("genres", Condition::AnyOf(vec!["Crime".to_owned()]));
    let eighties = Condition::Range {
        minimum: Some(1980.0),
        maximum: Some(1989.0),
    };
    let eighties = ("year", eighties);
    assert_eq!(
        ask(&[]),
        [(3, 60.0), (0, 50.0), (2, 40.0), (4, 20.0), (1, 5.0)]
    );
    assert_eq!(
        ask(&[crime]),
        [(0, 120.0), (2, 96.0), (3, 60.0), (4, 20.0), (1, 5.0)]
    );
    // However little popular it is, the best of what is preferred counts twice as much as the best of all.
    assert_eq!(
        ask(std::slice::from_ref(&eighties)),
        [(1, 120.0), (3, 60.0), (0, 50.0), (2, 40.0), (4, 20.0)]
    );
    // The best of all that may be in the answer.
    let drama = ("genres", Condition::AnyOf(vec!["Drama".to_owned()]));
    let narrow = Question {
        filter: filter(&[drama]),
        preferences: filter(&[eighties]),
        exclude: vec![0],
        count: 10,
        ..Question::default()
    };
    assert_eq!(answer(narrow.clone()), [(1, 80.0), (2, 40.0)]);
    // Who has a history is known by more than what they prefer.
    let history = vec![HistoryItem {
        item: 3,
        weight: 1.0,
    }];
    let known = Question { history, ..narrow };
    assert_eq!(answer(known), [(2, 40.0), (1, 10.0)]);
}
