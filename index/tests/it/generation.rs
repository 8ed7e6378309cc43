//! From writers to answers: what a generation says, against naive oracles over plain matrices.

use index::{
    Generation, Question, SortedMap,
    catalogue::{Condition, Filter, Record, Value},
    recommend::{HistoryItem, Scored},
};
use proptest::prelude::*;

use crate::fixture::{files, files_of, record};

fn history(items: &[u32]) -> Vec<HistoryItem> {
    items
        .iter()
        .map(|&item| HistoryItem { item, weight: 1.0 })
        .collect()
}

fn items(scored: &[Scored]) -> Vec<u32> {
    scored.iter().map(|scored| scored.item).collect()
}

fn filter(field: &str, condition: Condition) -> Filter {
    Filter {
        fields: SortedMap::from([(field.to_owned(), condition)]),
    }
}

fn any_of(texts: &[&str]) -> Condition {
    Condition::AnyOf(texts.iter().map(|text| (*text).to_owned()).collect())
}

#[test]
fn titles_are_found_as_people_write_them() {
    let generation = files().open();
    let check = |title: &str, item: Option<u32>| {
        assert_eq!(
            generation.items_of_titles(&[title]).unwrap(),
            [item],
            "{title}"
        );
    };
    check("Heat", Some(0));
    check("heat (1986)", Some(1));
    check("Heat (1995)", Some(0));
    check("Heat (2000)", None);
    check("The Third Man", Some(2));
    check("third man, the (1949)", Some(2));
    check("AMÉLIE", Some(3));
    check("Untitled", Some(5));
    check("Untitled (1990)", None);
    check("", None);
    check("Nothing of that name", None);
}

/// Catalogues that map no year often have it in the title.
#[test]
fn a_year_in_the_title_is_as_good_as_a_field() {
    let title = |title: &str| Record {
        id: title.to_owned(),
        title: title.to_owned(),
        ..Record::default()
    };
    let records = vec![
        title("Thing, The (1951)"),
        title("The Thing (1982)"),
        title("1984"),
    ];
    let generation = files_of(records, &[], &[1.0, 2.0, 3.0], &[]).open();
    let check = |title: &str, item: Option<u32>| {
        assert_eq!(
            generation.items_of_titles(&[title]).unwrap(),
            [item],
            "{title}"
        );
    };
    check("the thing", Some(1));
    check("The Thing (1951)", Some(0));
    check("The Thing (1982)", Some(1));
    check("The Thing (2011)", None);
    check("1984", Some(2));
}

#[test]
fn filters_ask_texts_and_ranges() {
    let generation = files().open();
    let check = |filter: Filter, expected: &[u32]| {
        let question = Question {
            filter,
            count: 10,
            ..Question::default()
        };
        let mut found = items(&generation.popular(&question).unwrap());
        found.sort_unstable();
        assert_eq!(found, expected);
    };
    check(Filter::default(), &[0, 1, 2, 3, 4]);
    check(filter("genres", any_of(&["comedy"])), &[3, 4]);
    check(
        filter("genres", any_of(&["Romance", "Drama"])),
        &[0, 1, 2, 3],
    );
    check(filter("genres", any_of(&["Western"])), &[]);
    let between = |first: Option<&str>, last: Option<&str>| Condition::Between {
        first: first.map(str::to_owned),
        last: last.map(str::to_owned),
    };
    check(filter("genres", between(Some("E"), None)), &[3]);
    check(filter("genres", between(None, Some("Com"))), &[3, 4]);
    check(filter("genres", between(Some("D"), Some("E"))), &[0, 1, 2]);
    check(
        filter(
            "year",
            Condition::Range {
                minimum: Some(1960.0),
                maximum: Some(1995.0),
            },
        ),
        &[0, 1, 4],
    );
    check(
        filter(
            "year",
            Condition::Range {
                minimum: None,
                maximum: Some(1949.0),
            },
        ),
        &[2],
    );
    check(
        filter(
            "rating",
            Condition::Range {
                minimum: Some(2.0),
                maximum: None,
            },
        ),
        &[3],
    );
    let mut both = filter("genres", any_of(&["Drama"]));
    both.fields.insert(
        "year".to_owned(),
        Condition::Range {
            minimum: Some(1990.0),
            maximum: None,
        },
    );
    check(both, &[0]);
}

#[test]
fn a_filter_that_cannot_be_asked_says_what_can() {
    let generation = files().open();
    let check = |filter: Filter, expected: &str| {
        let question = Question {
            filter,
            count: 10,
            ..Question::default()
        };
        assert_eq!(
            generation.popular(&question).unwrap_err().to_string(),
            expected
        );
    };
    check(
        filter("image", any_of(&["x"])),
        "there is no filter on `image`; this collection filters on `genres`, `rating`, `year`",
    );
    check(
        filter("year", any_of(&["1990"])),
        "the filter on `year` wants a number or {\"min\", \"max\"}",
    );
    check(
        filter(
            "genres",
            Condition::Range {
                minimum: None,
                maximum: None,
            },
        ),
        "the filter on `genres` wants a text, a list of texts or {\"min\", \"max\"} of texts",
    );
}

#[test]
fn what_is_known_or_excluded_does_not_come_back() {
    let generation = files().open();
    let question = Question {
        history: history(&[2]),
        count: 10,
        ..Question::default()
    };
    assert_eq!(items(&generation.recommend(&question).unwrap()), [0, 4, 3]);
    let question = Question {
        exclude: vec![4],
        ..question
    };
    assert_eq!(items(&generation.recommend(&question).unwrap()), [0, 3]);
    assert_eq!(items(&generation.popular(&question).unwrap()), [3, 0, 1]);
}

#[test]
fn a_disliked_item_lowers_its_neighbours() {
    let generation = files().open();
    let ask = |weight: f32| {
        let mut history = history(&[2]);
        history.push(HistoryItem { item: 4, weight });
        items(
            &generation
                .recommend(&Question {
                    history,
                    count: 10,
                    ..Question::default()
                })
                .unwrap(),
        )
    };
    assert_eq!(ask(1.0), [3, 0]);
    assert_eq!(ask(-1.0), [0]);
}

#[test]
fn diversity_prefers_what_speaks_for_other_items() {
    // Items 1 and 2 speak for the same items, item 3 for others.
    let mut weights = vec![vec![0.0; 8]; 8];
    weights[0][1..4].copy_from_slice(&[1.0, 0.9, 0.8]);
    weights[1][4..6].fill(1.0);
    weights[2][4..6].fill(1.0);
    weights[3][6..8].fill(1.0);
    let records = (0..8)
        .map(|n| record(&n.to_string(), &format!("film {n}"), 2000, &[]))
        .collect();
    let generation = files_of(records, &weights, &[1.0; 8], &[]).open();
    let ask = |diversity: f32| {
        let question = Question {
            history: history(&[0]),
            count: 2,
            diversity,
            ..Question::default()
        };
        items(&generation.recommend(&question).unwrap())
    };
    assert_eq!(ask(0.0), [1, 2]);
    assert_eq!(ask(0.5), [1, 3]);
}

#[test]
fn an_empty_catalogue_answers_with_nothing() {
    let generation = files_of(Vec::new(), &[], &[], &[]).open();
    assert_eq!(generation.items_of_ids(&["1"]).unwrap(), [None]);
    assert_eq!(generation.items_of_titles(&["x"]).unwrap(), [None]);
    let question = Question {
        count: 3,
        ..Question::default()
    };
    assert!(generation.recommend(&question).unwrap().is_empty());
    assert!(generation.popular(&question).unwrap().is_empty());
    assert!(generation.onboarding().unwrap().is_empty());
}

fn values() -> impl Strategy<Value = Vec<Record>> {
    let value = prop_oneof![
        "[a-zé]{0,5}".prop_map(Value::Text),
        any::<i64>().prop_map(Value::Integer),
        (-1e9..1e9_f64).prop_map(Value::Real),
        prop::collection::vec("[a-c]{0,3}", 0..4).prop_map(Value::TextList),
    ];
    // One kind a field: the field's name says which.
    let name = |value: &Value| match value {
        Value::Text(_) => "text",
        Value::Integer(_) => "integer",
        Value::Real(_) => "real",
        Value::TextList(_) => "list",
    };
    let fields = prop::collection::vec(value, 0..4).prop_map(move |values| {
        values
            .into_iter()
            .map(|value| (name(&value).into(), value))
            .collect()
    });
    let content = ("[a-zA-Z ,é]{0,12}", fields);
    prop::collection::btree_map("[a-z0-9]{1,6}", content, 0..120).prop_map(|records| {
        records
            .into_iter()
            .map(|(id, (title, fields))| Record { id, title, fields })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_and_ids_round_trip(records in values()) {
        let popularity = vec![1.0; records.len()];
        let generation = files_of(records.clone(), &[], &popularity, &[]).open();
        let numbers: Vec<u32> = (0..records.len() as u32).collect();
        prop_assert_eq!(&generation.records(&numbers).unwrap(), &records);
        let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
        prop_assert_eq!(generation.items_of_ids(&ids).unwrap(), numbers.into_iter().map(Some).collect::<Vec<_>>());
        prop_assert_eq!(generation.items_of_ids(&["no such id"]).unwrap(), [None]);
    }

    #[test]
    fn recommendations_are_those_of_the_plain_matrix(
        seed in any::<u64>(),
        history_items in prop::collection::btree_map(0..40_u32, -1.0..1.0_f32, 0..10),
        count in 0..50_usize,
    ) {
        // Weights that are whole multiples of 1/127 of the largest, so that nothing is lost in the file.
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as i64
        };
        let weights: Vec<Vec<f32>> = (0..40)
            .map(|row| {
                (0..40)
                    .map(|column| match next() % 3 {
                        _ if row == column => 0.0,
                        0 => ((next() % 255) - 127) as f32,
                        _ => 0.0,
                    })
                    .collect()
            })
            .collect();
        let records = (0..40).map(|n| record(&n.to_string(), "film", 2000, &[])).collect();
        let generation: Generation<'static> =
            files_of(records, &scaled(weights.clone()), &[1.0; 40], &[]).open();
        let history: Vec<HistoryItem> =
            history_items.iter().map(|(&item, &weight)| HistoryItem { item, weight }).collect();
        let answer = generation.recommend(&Question { history, count, ..Question::default() }).unwrap();

        let weights = scaled(weights);
        let mut naive: Vec<Scored> = (0..40)
            .map(|item| {
                let score = history_items
                    .iter()
                    .map(|(&source, weight)| weight * weights[source as usize][item as usize])
                    .fold(0.0, |sum, share| sum + share);
                Scored { item, score }
            })
            .filter(|scored| 0.0 < scored.score && !history_items.contains_key(&scored.item))
            .collect();
        naive.sort_by(|left, right| right.score.total_cmp(&left.score));
        naive.truncate(count);
        prop_assert_eq!(answer, naive);
    }
}

/// Makes the largest magnitude of every row 127, which the file keeps exactly.
fn scaled(mut weights: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    for row in &mut weights {
        if let Some(weight) = row.iter_mut().find(|weight| **weight != 0.0) {
            *weight = 127.0;
        }
    }
    weights
}
