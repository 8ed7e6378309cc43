use proptest::prelude::*;

use super::grow::{midway, purity};
use super::*;

/// A tree by recursion that tries every threshold of every row, and counts anew each time.
enum Naive {
    Leaf(Vec<u32>),
    Split(usize, f64, Box<Naive>, Box<Naive>),
}

fn counts_of(samples: &[usize], labels: &[u32], num_classes: usize) -> Vec<u32> {
    let mut counts = vec![0; num_classes];
    for &sample in samples {
        counts[labels[sample] as usize] += 1;
    }
    counts
}

/// All columns are candidates, so that nothing is drawn; of equal splits the first column and the smallest threshold are taken.
fn naive(
    rows: &[Vec<f64>],
    labels: &[u32],
    num_classes: usize,
    samples: &[usize],
    settings: &ForestSettings,
    depth: usize,
) -> Naive {
    let counts = counts_of(samples, labels, num_classes);
    let mut best: Option<(f64, usize, f64)> = None;
    if 2 <= counts.iter().filter(|count| **count != 0).count() && depth < settings.maximum_depth {
        for (column, _) in rows[0].iter().enumerate() {
            let mut values: Vec<f64> = samples.iter().map(|&sample| rows[sample][column]).collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            for pair in values.windows(2) {
                let (left, right): (Vec<usize>, Vec<usize>) = samples
                    .iter()
                    .partition(|&&sample| rows[sample][column] <= pair[0]);
                if left.len().min(right.len()) < settings.minimum_leaf as usize {
                    continue;
                }
                let purity = purity(&counts_of(&left, labels, num_classes))
                    + purity(&counts_of(&right, labels, num_classes));
                if best.is_none_or(|(best, ..)| best < purity) {
                    best = Some((purity, column, midway(pair[0], pair[1])));
                }
            }
        }
    }
    let Some((_, column, threshold)) = best else {
        return Naive::Leaf(counts);
    };
    let (left, right): (Vec<usize>, Vec<usize>) = samples
        .iter()
        .partition(|&&sample| rows[sample][column] <= threshold);
    let below = |samples: &[usize]| {
        Box::new(naive(
            rows,
            labels,
            num_classes,
            samples,
            settings,
            depth + 1,
        ))
    };
    Naive::Split(column, threshold, below(&left), below(&right))
}

fn is_same(tree: &Tree, at: u32, naive: &Naive) -> bool {
    match (tree.nodes[at as usize], naive) {
        (Node::Leaf(leaf), Naive::Leaf(counts)) => tree.counts(leaf) == counts,
        (
            Node::Split {
                column,
                threshold,
                left,
            },
            Naive::Split(other, expected, below, above),
        ) => {
            column as usize == *other
                && threshold == *expected
                && is_same(tree, left, below)
                && is_same(tree, left + 1, above)
        }
        _ => false,
    }
}

/// Few different values, so that many are equal, and classes that have little to do with them, so that trees grow deep.
fn examples() -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<u32>)> {
    (1..30_usize, 1..5_usize).prop_flat_map(|(num_rows, num_columns)| {
        let value = (-3..4_i32).prop_map(|value| f64::from(value) / 2.0);
        let rows = prop::collection::vec(prop::collection::vec(value, num_columns), num_rows);
        (rows, prop::collection::vec(0..3_u32, num_rows))
    })
}

proptest! {
    /// A single column is always the one candidate, and columns of equal content are as good as each other.
    #[test]
    fn a_tree_is_the_one_that_trying_everything_finds(
        (rows, labels) in examples(), weights in prop::collection::vec(0..4_u32, 30), maximum_depth in 1..6_usize, minimum_leaf in 1..4_u32,
    ) {
        let settings = ForestSettings { num_trees: 1, maximum_depth, minimum_leaf };
        let single: Vec<Vec<f64>> = rows.iter().map(|row| vec![row[0]]).collect();
        let matrix = Matrix::from_rows(&single);
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let columns = RankedColumns::new(&matrix, &all);
        let weights = &weights[..rows.len()];
        let samples: Vec<usize> = weights.iter().enumerate().flat_map(|(sample, &weight)| std::iter::repeat_n(sample, weight as usize)).collect();
        let tree = Grower::new(&columns, &labels, 3, weights, &settings).grow(&mut Random::new(1));
        prop_assert!(is_same(&tree, 0, &naive(&single, &labels, 3, &samples, &settings, 0)));
    }

    /// With all columns as candidates the order of the draw decides between equal splits alone: both trees are equally pure at every depth of one split.
    #[test]
    fn the_first_split_is_as_pure_as_the_best((rows, labels) in examples()) {
        let settings = ForestSettings { maximum_depth: 1, ..ForestSettings::new(1) };
        let matrix = Matrix::from_rows(&rows);
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let columns = RankedColumns::new(&matrix, &all);
        let weights = vec![1; rows.len()];
        let mut grower = Grower::new(&columns, &labels, 3, &weights, &settings);
        grower.num_candidates = rows[0].len();
        let tree = grower.grow(&mut Random::new(1));
        let samples: Vec<usize> = (0..rows.len()).collect();
        match (tree.nodes()[0], naive(&rows, &labels, 3, &samples, &settings, 0)) {
            (Node::Split { .. }, Naive::Split(_, _, left, right)) => {
                let (Naive::Leaf(left), Naive::Leaf(right)) = (*left, *right) else { panic!("a depth of one") };
                let found = purity(tree.counts(0)) + purity(tree.counts(1));
                prop_assert_eq!(found, purity(&left) + purity(&right));
            }
            (Node::Leaf(_), Naive::Leaf(_)) => {}
            _ => prop_assert!(false, "one of them splits"),
        }
    }

    #[test]
    fn a_forest_is_the_same_with_any_number_of_threads((rows, labels) in examples(), seed: u64) {
        let matrix = Matrix::from_rows(&rows);
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let fit = || Forest::fit(&matrix, &labels, 3, &all, &ForestSettings::new(7), seed).unwrap();
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(fit);
        let four = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap().install(fit);
        prop_assert_eq!(&one, &four);
        for row in &rows {
            let probabilities = one.0.probabilities(row);
            prop_assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}

#[test]
fn what_no_tree_has_seen_is_told_by_the_others() {
    // Two columns, of which one says the class.
    let rows: Vec<Vec<f64>> = (0..60)
        .map(|row| vec![f64::from(row % 7), f64::from(row / 30)])
        .collect();
    let labels: Vec<u32> = (0..60).map(|row| row / 30).collect();
    let all: Vec<u32> = (0..60).collect();
    let (forest, out_of_bag) = Forest::fit(
        &Matrix::from_rows(&rows),
        &labels,
        2,
        &all,
        &ForestSettings::new(100),
        7,
    )
    .unwrap();
    assert_eq!(out_of_bag.num_rows, 60);
    assert!(0.95 < out_of_bag.accuracy.unwrap());
    assert!(forest.probabilities(&[0.0, 1.0])[1] > 0.9);
}

#[test]
fn thresholds_lie_between() {
    assert_eq!(midway(1.0, 2.0), 1.5);
    assert_eq!(midway(f64::MIN, f64::MAX), 0.0);
    let above = f64::from_bits(1.0_f64.to_bits() + 1);
    assert_eq!(midway(1.0, above), 1.0);
    assert_eq!(midway(0.0, f64::from_bits(1)), 0.0);
}

#[test]
fn columns_of_one_value_give_a_leaf() {
    let rows = vec![vec![1.0, 2.0]; 5];
    let (forest, out_of_bag) = Forest::fit(
        &Matrix::from_rows(&rows),
        &[0, 1, 0, 1, 1],
        2,
        &[0, 1, 2, 3, 4],
        &ForestSettings::new(3),
        1,
    )
    .unwrap();
    assert!(
        forest
            .trees()
            .iter()
            .all(|tree| tree.nodes() == [Node::Leaf(0)])
    );
    assert!(out_of_bag.num_rows <= 5);
}

#[test]
fn knobs_that_are_none_are_refused() {
    let matrix = Matrix::from_rows(&[vec![1.0]]);
    let mut settings = ForestSettings::new(0);
    assert!(
        Forest::fit(&matrix, &[0], 2, &[0], &settings, 1)
            .unwrap_err()
            .to_string()
            .contains("number of trees is 0")
    );
    settings = ForestSettings {
        minimum_leaf: 0,
        ..ForestSettings::new(1)
    };
    assert!(Forest::fit(&matrix, &[0], 2, &[0], &settings, 1).is_err());
    settings = ForestSettings {
        maximum_depth: 0,
        ..ForestSettings::new(1)
    };
    assert!(Forest::fit(&matrix, &[0], 2, &[0], &settings, 1).is_err());
}
