//! What each kind of request reads: how many batches, and in each how many ranges and bytes, before and after near ranges are merged.

use std::sync::LazyLock;

use index::{
    Algorithm, FileKind, Generation, Keys, MemorySource, Question, RecordingSource, SortedMap,
    catalogue::{Condition, Filter, Record, Value},
    merge_near,
    recommend::{HistoryItem, Scored},
};

use crate::fixture::{Files, files_of};

const ITEM_COUNT: u32 = 3_000;

/// What recommendations and similar items are opened with, beside the catalogue.
const LISTS: [FileKind; 1] = [FileKind::Neighbours];

/// Every item speaks for its 40 followers, and a little for some that are far away.
static CATALOGUE: LazyLock<Files> = LazyLock::new(|| {
    let records = (0..ITEM_COUNT)
        .map(|item| Record {
            id: format!("tt{item:07}"),
            title: format!("The film number {item}"),
            fields: SortedMap::from([
                ("year".into(), Value::Integer(1930 + i64::from(item % 90))),
                (
                    "genres".into(),
                    Value::TextList(vec![["Comedy", "Drama"][item as usize % 2].to_owned()]),
                ),
            ]),
        })
        .collect();
    let weights: Vec<Vec<f32>> = (0..ITEM_COUNT as usize)
        .map(|item| {
            let mut row = vec![0.0; ITEM_COUNT as usize];
            for step in 1..=40 {
                row[(item + step) % ITEM_COUNT as usize] = 1.0 / step as f32;
            }
            row[(item * 7 + 1_000) % ITEM_COUNT as usize] = 0.5;
            row
        })
        .collect();
    let popularity: Vec<f32> = (0..ITEM_COUNT).rev().map(|score| score as f32).collect();
    files_of(records, &weights, &popularity, &[0, 10, 20])
});

/// What was read in one batch: ranges, GETs once near ranges are merged, and the kilobytes of these.
type Batch = (usize, usize, u64);

fn batches(source: &RecordingSource<MemorySource>) -> Vec<Batch> {
    let batch = |ranges: Vec<index::ByteRange>| {
        let merged = merge_near(&ranges);
        let len_bytes: u64 = merged.iter().map(|range| u64::from(range.len_bytes)).sum();
        (ranges.len(), merged.len(), len_bytes.div_ceil(1_000))
    };
    source.take().into_iter().map(batch).collect()
}

/// The only door: what a request reads that asks `question` of a generation, opened with the kinds `first` and `keys`.
fn check(
    first: &[FileKind],
    keys: &Keys<'_>,
    question: impl FnOnce(&Generation<'_>),
    expected: &[Batch],
) {
    let source = CATALOGUE.recorded();
    let generation = Generation::open(&source, CATALOGUE.outlines(), first, keys).unwrap();
    question(&generation);
    assert_eq!(batches(&source), expected);
}

fn history_ids() -> Vec<String> {
    (0..20).map(|n| format!("tt{:07}", n * n * 5)).collect()
}

fn recommend(generation: &Generation<'_>, ids: &[&str], filter: Filter) -> (Question, Vec<u32>) {
    let known = generation.items_of_ids(ids).unwrap();
    let history = known
        .into_iter()
        .map(|item| HistoryItem {
            item: item.unwrap(),
            weight: 1.0,
        })
        .collect();
    let question = Question {
        history,
        filter,
        count: 20,
        ..Question::default()
    };
    let items: Vec<Scored> = generation.recommend(&question).unwrap();
    let items: Vec<u32> = items.iter().map(|scored| scored.item).collect();
    assert_eq!(items.len(), 20);
    (question, items)
}

#[test]
fn recommendations() {
    let ids = history_ids();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let keys = Keys {
        ids: &ids,
        titles: &[],
    };
    let comedies = Filter {
        fields: SortedMap::from([(
            "genres".to_owned(),
            Condition::AnyOf(vec!["Comedy".to_owned()]),
        )]),
    };
    // The heads of the two files with the buckets of the ids, and the lists.
    let opened = (22, 2, 64);
    let lists = (20, 1, 158);
    check(
        &LISTS,
        &keys,
        |generation| {
            recommend(generation, &ids, Filter::default());
        },
        &[opened, lists],
    );
    check(
        &LISTS,
        &keys,
        |generation| {
            let (question, items) = recommend(generation, &ids, Filter::default());
            generation.records(&items).unwrap();
            // An explanation reads nothing that the question did not.
            generation
                .reasons(Algorithm::Neighbours, &items, &question.history)
                .unwrap();
        },
        &[opened, lists, (20, 1, 79)],
    );
    // The facets of all items come with the lists.
    check(
        &LISTS,
        &keys,
        |generation| {
            recommend(generation, &ids, comedies);
        },
        &[opened, (23, 2, 173)],
    );
    // Ids that were not known when the generation was opened.
    check(
        &LISTS,
        &Keys::default(),
        |generation| {
            recommend(generation, &ids, Filter::default());
        },
        &[(2, 2, 2), (20, 1, 61), lists],
    );
    // Where nothing follows from the history, the popular items are what is answered; they are read only then.
    check(
        &LISTS,
        &keys,
        |generation| {
            recommend(generation, &ids, Filter::default());
            generation.popular(&Question::default()).unwrap();
        },
        &[opened, lists, (1, 1, 9)],
    );
}

#[test]
fn similar_items_and_items_by_id() {
    let keys = Keys {
        ids: &["tt0000042"],
        titles: &[],
    };
    check(
        &LISTS,
        &keys,
        |generation| {
            let item = generation.items_of_ids(keys.ids).unwrap()[0].unwrap();
            let similar = generation
                .similar(Algorithm::Neighbours, item, Filter::default(), 20)
                .unwrap();
            let items: Vec<u32> = similar.iter().map(|scored| scored.item).collect();
            generation.records(&items).unwrap();
        },
        &[(3, 3, 3), (1, 1, 1), (7, 2, 2)],
    );
    check(
        &[],
        &keys,
        |generation| {
            let item = generation.items_of_ids(keys.ids).unwrap()[0].unwrap();
            assert_eq!(generation.records(&[item]).unwrap()[0].id, keys.ids[0]);
        },
        &[(2, 2, 2), (1, 1, 1)],
    );
    // A year is in the record.
    let keys = Keys {
        ids: &[],
        titles: &["The Film Number 42 (1972)"],
    };
    check(
        &[],
        &keys,
        |generation| {
            let items = generation.items_of_titles(keys.titles).unwrap();
            assert_eq!(items, [Some(42)]);
            generation.records(&[42]).unwrap();
        },
        &[(2, 2, 2), (1, 1, 1)],
    );
}

#[test]
fn what_is_popular() {
    let question = Question {
        count: 20,
        ..Question::default()
    };
    check(
        &[FileKind::Popularity],
        &Keys::default(),
        |generation| {
            let popular = generation.popular(&question).unwrap();
            let items: Vec<u32> = popular.iter().map(|scored| scored.item).collect();
            generation.records(&items).unwrap();
        },
        &[(2, 2, 9), (5, 1, 1)],
    );
}
