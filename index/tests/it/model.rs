//! Models: the file against the trees that it was written from, walked naively, and contributions against the definition.

use index::{
    Error, FileKind, MemorySource, Outline, RecordingSource,
    model::{Field, FieldKind, Model, ModelWriter, Node, Parameters, Scale, Schema, Term, Value},
};
use proptest::prelude::*;

use crate::damage::{ask_model, reseal};

/// A number, a field of three texts, and a number that may be missing: five encoded columns.
pub(crate) fn schema(class_count: u32) -> Schema {
    let number = |name: &str, median, is_optional| Field {
        name: name.to_owned(),
        is_optional,
        kind: FieldKind::Number {
            minimum: 0.0,
            maximum: 8.0,
            median,
        },
    };
    let texts = ["blue", "green", "red"].map(str::to_owned).to_vec();
    let colour = Field {
        name: "colour".to_owned(),
        is_optional: false,
        kind: FieldKind::Categories(texts),
    };
    Schema {
        target: "class".to_owned(),
        classes: (0..class_count)
            .map(|class| format!("class {class}"))
            .collect(),
        positive: 1,
        fields: vec![number("size", 4.0, false), colour, number("age", 2.5, true)],
    }
}

fn split(column: u32, threshold: f64, left: u32) -> Node {
    Node::Split {
        column,
        threshold,
        left,
    }
}

/// Two trees made by hand; the first asks twice for the size and twice for the colour on one path.
pub(crate) fn forest() -> Vec<u8> {
    let leaf = |no, yes| Node::Leaf(vec![no, yes]);
    let first = vec![
        split(0, 3.5, 1),
        split(2, 0.5, 3),
        split(0, 6.25, 5),
        leaf(4, 1),
        leaf(0, 2),
        split(3, 0.5, 7),
        leaf(0, 5),
        split(2, 0.5, 9),
        leaf(3, 0),
        leaf(1, 4),
        leaf(2, 2),
    ];
    let second = vec![
        split(4, 2.0, 1),
        leaf(4, 1),
        split(1, 0.5, 3),
        leaf(0, 3),
        leaf(2, 0),
    ];
    ModelWriter::new(
        schema(2),
        "made by hand",
        Parameters::Forest(vec![first, second]),
    )
    .unwrap()
    .finish()
    .unwrap()
}

pub(crate) fn logistic() -> Vec<u8> {
    let terms = [
        (-0.5, 4.0),
        (0.25, 0.5),
        (0.0, 0.25),
        (-1.0, 0.25),
        (2.0, 2.5),
    ];
    let terms = terms
        .map(|(coefficient, mean)| Term { coefficient, mean })
        .to_vec();
    ModelWriter::new(
        schema(2),
        "made by hand",
        Parameters::Logistic { base: 0.75, terms },
    )
    .unwrap()
    .finish()
    .unwrap()
}

fn open(file: &[u8]) -> Result<Model, Error> {
    let outline = Outline::of(FileKind::Model, file)?;
    Model::open(
        &MemorySource::new([(FileKind::Model, file.to_vec())]),
        &[outline],
    )
}

/// Encoded by the specification.
fn encoded(row: &[Value]) -> Vec<f64> {
    let number = |value: Value, median: f64| {
        if let Value::Number(number) = value {
            number
        } else {
            median
        }
    };
    let colour = |position| f64::from(u8::from(row[1] == Value::Category(position)));
    vec![
        number(row[0], 4.0),
        colour(0),
        colour(1),
        colour(2),
        number(row[2], 2.5),
    ]
}

const FIELD_OF_COLUMN: [usize; 5] = [0, 1, 1, 1, 2];

fn cover(tree: &[Node], at: usize) -> f64 {
    match &tree[at] {
        Node::Leaf(counts) => counts.iter().map(|&count| f64::from(count)).sum(),
        Node::Split { left, .. } => cover(tree, *left as usize) + cover(tree, *left as usize + 1),
    }
}

/// What a tree says of a class where only the fields of `known` are.
fn expected(tree: &[Node], at: usize, class: usize, row: &[f64], known: usize) -> f64 {
    match &tree[at] {
        Node::Leaf(counts) => f64::from(counts[class]) / cover(tree, at),
        Node::Split {
            column,
            threshold,
            left,
        } => {
            let left = *left as usize;
            if known >> FIELD_OF_COLUMN[*column as usize] & 1 == 1 {
                expected(
                    tree,
                    left + usize::from(*threshold < row[*column as usize]),
                    class,
                    row,
                    known,
                )
            } else {
                let side = |at| cover(tree, at) * expected(tree, at, class, row, known);
                (side(left) + side(left + 1)) / cover(tree, at)
            }
        }
    }
}

/// Shapley values of the three fields by their definition: over all sets of the others.
fn shapley(value: &dyn Fn(usize) -> f64) -> Vec<f64> {
    let weight = |size: u32| [1.0 / 3.0, 1.0 / 6.0, 1.0 / 3.0][size as usize];
    let of_field = |field: usize| {
        let without = (0..8_usize).filter(|known| known >> field & 1 == 0);
        without
            .map(|known| weight(known.count_ones()) * (value(known | 1 << field) - value(known)))
            .sum()
    };
    (0..3).map(of_field).collect()
}

/// Trees of any shape: a node is split while there is something left to draw.
fn trees() -> impl Strategy<Value = Vec<Vec<Node>>> {
    let drawn = (
        0..5_u32,
        -2..10_i32,
        prop::collection::vec(0..4_u32, 3),
        any::<bool>(),
    );
    let tree = prop::collection::vec(drawn, 1..24).prop_map(|left_over| {
        let mut nodes = Vec::new();
        let mut wanted = 1;
        let mut left_over = left_over.into_iter();
        while nodes.len() < wanted {
            nodes.push(match left_over.next() {
                Some((column, threshold, _, true)) => {
                    wanted += 2;
                    let threshold = if (1..4).contains(&column) {
                        0.5
                    } else {
                        f64::from(threshold)
                    };
                    split(column, threshold, wanted as u32 - 2)
                }
                Some((_, _, mut counts, false)) => {
                    counts[1] += 1;
                    Node::Leaf(counts)
                }
                None => Node::Leaf(vec![2, 1, 0]),
            });
        }
        nodes
    });
    prop::collection::vec(tree, 1..5)
}

fn rows() -> impl Strategy<Value = Vec<Vec<Value>>> {
    let number = || {
        prop_oneof![
            Just(Value::Missing),
            (-3..12_i32).prop_map(|number| Value::Number(f64::from(number)))
        ]
    };
    let colour = prop_oneof![Just(Value::Missing), (0..4_u32).prop_map(Value::Category)];
    prop::collection::vec(
        (number(), colour, number()).prop_map(|(size, colour, age)| vec![size, colour, age]),
        1..5,
    )
}

proptest! {
    #[test]
    fn a_forest_says_what_its_trees_say(trees in trees(), rows in rows(), class in 0..3_usize) {
        let file = ModelWriter::new(schema(3), "any", Parameters::Forest(trees.clone())).unwrap().finish().unwrap();
        let model = open(&file).unwrap();
        let probabilities = model.predict(&rows).unwrap();
        for (row, probabilities) in rows.iter().zip(&probabilities) {
            let numbers = encoded(row);
            let mean = |known: usize| trees.iter().map(|tree| expected(tree, 0, class, &numbers, known)).sum::<f64>() / trees.len() as f64;
            prop_assert!((probabilities[class] - mean(7)).abs() < 1e-12);
            let contributions = model.contributions(row, class as u32).unwrap();
            prop_assert!((contributions.base - mean(0)).abs() < 1e-9);
            for (found, expected) in contributions.of_fields.iter().zip(shapley(&mean)) {
                prop_assert!((found - expected).abs() < 1e-9, "{} {}", found, expected);
            }
            let sum = contributions.base + contributions.of_fields.iter().sum::<f64>();
            prop_assert!((sum - probabilities[class]).abs() < 1e-9);
        }
    }

    /// The checksums are made right again, so that the readers behind them meet the damage.
    #[test]
    fn no_damage_behind_right_checksums_makes_the_reader_panic(is_forest: bool, damage in prop::collection::vec((0..10_000_usize, any::<u8>()), 1..8)) {
        let mut file = if is_forest { forest() } else { logistic() };
        let head_len_bytes = Outline::of(FileKind::Model, &file).unwrap().head_len_bytes;
        for (position, value) in damage {
            let position = 8 + position % (file.len() - 8);
            file[position] = value;
        }
        reseal(&mut file, head_len_bytes as usize);
        let _ = ask_model(file);
    }
}

#[test]
fn a_logistic_regression_adds_up_to_the_logarithm_of_the_odds() {
    let model = open(&logistic()).unwrap();
    let row = vec![Value::Number(5.0), Value::Category(2), Value::Missing];
    let log_odds: f64 = 0.75 - 0.5 + 0.25 * -0.5 - 0.75;
    let probabilities = &model.predict(std::slice::from_ref(&row)).unwrap()[0];
    assert!((probabilities[1] - 1.0 / (1.0 + (-log_odds).exp())).abs() < 1e-12);
    assert!((probabilities[0] + probabilities[1] - 1.0).abs() < 1e-12);
    let found = model.contributions(&row, 1).unwrap();
    assert_eq!((found.scale, found.base), (Scale::LogOdds, 0.75));
    assert_eq!(found.of_fields, [-0.5, -0.875, 0.0]);
    let found = model.contributions(&row, 0).unwrap();
    assert_eq!(
        (found.base, found.of_fields),
        (-0.75, vec![0.5, 0.875, -0.0])
    );
}

#[test]
fn everything_is_one_read() {
    let file = forest();
    let outline = Outline::of(FileKind::Model, &file).unwrap();
    let source = RecordingSource::new(MemorySource::new([(FileKind::Model, file)]));
    let model = Model::open(&source, &[outline]).unwrap();
    let row = vec![Value::Number(2.0), Value::Category(1), Value::Number(3.0)];
    assert_eq!(model.predict(&[row]).unwrap(), [[0.0, 1.0]]);
    assert_eq!(source.take().len(), 1);
    assert_eq!(
        (model.algorithm(), model.description()),
        ("forest", "made by hand")
    );
    assert_eq!(model.schema(), &schema(2));
    let error = Model::open(&source, &[]).unwrap_err().to_string();
    assert_eq!(error, "the generation has no open model file");
}

#[test]
fn every_flipped_bit_is_an_error() {
    for file in [forest(), logistic()] {
        let head_len_bytes = Outline::of(FileKind::Model, &file).unwrap().head_len_bytes;
        for position in 0..head_len_bytes as usize {
            for bit in 0..8 {
                let mut damaged = file.clone();
                damaged[position] ^= 1 << bit;
                assert!(
                    index::verify(FileKind::Model, &damaged).is_err(),
                    "bit {bit} of byte {position}"
                );
                assert!(ask_model(damaged).is_err(), "bit {bit} of byte {position}");
            }
        }
    }
}

#[test]
fn what_is_no_model_is_not_written() {
    let check = |parameters: Parameters, expected: &str| {
        let error = ModelWriter::new(schema(2), "wrong", parameters)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    let tree = |nodes: Vec<Node>| Parameters::Forest(vec![nodes]);
    let leaf = || Node::Leaf(vec![1, 0]);
    check(Parameters::Forest(Vec::new()), "one tree at least");
    check(tree(Vec::new()), "one node at least");
    check(tree(vec![Node::Leaf(vec![0, 0])]), "a row at least");
    check(tree(vec![Node::Leaf(vec![1])]), "for each class");
    check(tree(vec![Node::Leaf(vec![u32::MAX, 1])]), "for each class");
    check(
        tree(vec![split(5, 0.5, 1), leaf(), leaf()]),
        "a column that there is not",
    );
    check(
        tree(vec![split(0, f64::NAN, 1), leaf(), leaf()]),
        "not finite",
    );
    check(
        tree(vec![split(0, 0.5, 0), leaf(), leaf()]),
        "stand behind it",
    );
    check(
        tree(vec![split(0, 0.5, 2), leaf(), leaf()]),
        "stand behind it",
    );
    let chain = (0..201).flat_map(|depth| [split(0, 0.5, 2 * depth + 1), leaf()]);
    let chain: Vec<Node> = chain.chain([leaf()]).collect();
    check(tree(chain), "more than 200 splits");
    check(
        Parameters::Logistic {
            base: 0.0,
            terms: Vec::new(),
        },
        "a term for each",
    );
    let terms = vec![
        Term {
            coefficient: f64::INFINITY,
            mean: 0.0
        };
        5
    ];
    check(
        Parameters::Logistic { base: 0.0, terms },
        "not a finite number",
    );
    let long = Schema {
        target: "x".repeat(2 << 20),
        ..schema(2)
    };
    let error = ModelWriter::new(long, "long", tree(vec![leaf()]))
        .unwrap()
        .finish()
        .unwrap_err()
        .to_string();
    assert!(error.contains("more than a mebibyte"), "{error}");
    let single =
        ModelWriter::new(schema(1), "one class", tree(vec![Node::Leaf(vec![1])])).unwrap_err();
    assert!(single.to_string().contains("fewer than two classes"));
}
