use proptest::prelude::*;

use super::{co_occurrences::Counter, *};

const SETTINGS: EaseSettings = EaseSettings {
    regularization: 2.0,
    denoising: 0.5,
    refit_share: 0.6,
    neighbour_count: 6,
};

/// Who likes what among up to 12 users and 12 items.
fn likes() -> impl Strategy<Value = Vec<Vec<bool>>> {
    (1..12_usize, 1..12_usize).prop_flat_map(|(user_count, item_count)| {
        prop::collection::vec(prop::collection::vec(any::<bool>(), item_count), user_count)
    })
}

/// Enough for a matrix, or for candidates only.
fn memory() -> impl Strategy<Value = u64> {
    prop_oneof![Just(u64::MAX), Just(0)]
}

fn interactions(likes: &[Vec<bool>]) -> Interactions {
    let pairs = likes.iter().zip(0..).flat_map(|(row, user)| {
        row.iter()
            .zip(0..)
            .filter(|(like, _)| **like)
            .map(move |(_, item)| (user, item))
    });
    Interactions::of_sorted_pairs(likes.len(), likes[0].len(), pairs)
}

fn count(likes: &[Vec<bool>], item: usize, other: usize) -> f64 {
    likes.iter().filter(|row| row[item] && row[other]).count() as f64
}

/// Gauss's elimination on the whole system, in `f64`, for one right-hand side.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for pivot in 0..size {
        for row in 0..size {
            if row != pivot {
                let factor = matrix[row][pivot] / matrix[pivot][pivot];
                let pivot_row = matrix[pivot].clone();
                for (element, pivot_element) in matrix[row].iter_mut().zip(pivot_row) {
                    *element -= factor * pivot_element;
                }
                right[row] -= factor * right[pivot];
            }
        }
    }
    (0..size).map(|row| right[row] / matrix[row][row]).collect()
}

/// The weights with which `support` explains `target`, straight from the definition.
fn naive_weights(
    likes: &[Vec<bool>],
    target: usize,
    support: &[usize],
    settings: &EaseSettings,
    constant: f32,
) -> Vec<f64> {
    let penalty =
        |item| f64::from(constant) + f64::from(settings.denoising) * count(likes, item, item);
    let matrix = support
        .iter()
        .map(|&item| {
            let entry = |&other: &usize| {
                count(likes, item, other) + if item == other { penalty(item) } else { 0.0 }
            };
            support.iter().map(entry).collect()
        })
        .collect();
    solve(
        matrix,
        support
            .iter()
            .map(|&item| count(likes, item, target))
            .collect(),
    )
}

proptest! {
    /// The closed form with the zero diagonal is the least-squares solution over all other items.
    #[test]
    fn the_dense_weights_are_those_of_the_definition(likes in likes()) {
        let weights = dense_weights(&interactions(&likes), 2.0).unwrap();
        let settings = EaseSettings { denoising: 0.0, ..SETTINGS };
        let item_count = likes[0].len();
        for target in 0..item_count {
            prop_assert_eq!(weights[(target, target)], 0.0);
            let others: Vec<usize> = (0..item_count).filter(|&item| item != target).collect();
            for (&item, naive) in others.iter().zip(naive_weights(&likes, target, &others, &settings, 2.0)) {
                prop_assert!((f64::from(weights[(item, target)]) - naive).abs() < 1e-4);
            }
        }
    }

    /// Whatever the support is, the weights on it are the least-squares solution on it, and it is as large as the data and the settings allow.
    #[test]
    fn the_second_fit_is_exact_on_its_support(likes in likes(), memory_bytes in memory()) {
        let lists = ease(&interactions(&likes), &SETTINGS, memory_bytes, &|_, _| ()).unwrap().transposed();
        let item_count = likes[0].len();
        for target in 0..item_count {
            let list = lists.list(target);
            let together = (0..item_count)
                .filter(|&item| item != target && 0.0 < count(&likes, item, target))
                .count();
            let own_likes = count(&likes, target, target) as usize;
            let most = SETTINGS.neighbour_count.min(own_likes * NEIGHBOURS_A_LIKE);
            prop_assert_eq!(list.len(), together.min(most));
            let support: Vec<usize> = list.iter().map(|neighbour| neighbour.item as usize).collect();
            prop_assert!(support.is_sorted() && !support.contains(&target));
            let constant = SETTINGS.regularization * SETTINGS.refit_share;
            let naive = naive_weights(&likes, target, &support, &SETTINGS, constant);
            for (neighbour, naive) in list.iter().zip(naive) {
                prop_assert!((f64::from(neighbour.weight) - naive).abs() < 1e-4);
            }
        }
    }

    /// All forms of P agree, on the diagonal and beside it; the local one where all items are candidates, up to the factor of each row.
    #[test]
    fn other_forms_are_the_same_matrix(likes in likes()) {
        let interactions = interactions(&likes);
        let item_count = interactions.item_count();
        let penalties: Vec<f32> = (0..item_count).map(|item| 1.0 + item as f32).collect();
        let all = CoOccurrences::of_all(&interactions);
        let (dense, dense_diagonal) = DensePrecision::new(all.gram_matrix(), &penalties).unwrap();
        let (dual, dual_diagonal) = DualPrecision::new(&interactions, &penalties).unwrap();
        let (local, _) = LocalPrecision::new(&interactions, &penalties, usize::MAX);
        let mut solver = LeastSquares::new(&all, item_count, item_count);
        for item in 0..item_count as u32 {
            let own = dense_diagonal[item as usize];
            prop_assert!((own - dual_diagonal[item as usize]).abs() < 1e-5);
            let others: Vec<u32> = (0..item_count as u32).filter(|&other| other != item).collect();
            let mut counts = vec![0.0; item_count];
            all.add_row(item, &mut counts);
            let dense = dense.elements(item, &others, &counts, &mut solver).unwrap();
            let dual = dual.elements(item, &others, &counts, &mut solver).unwrap();
            let has_candidates = item_count <= counts[item as usize] as usize * NEIGHBOURS_A_LIKE;
            let local = local.elements(item, &others, &counts, &mut solver).unwrap();
            for ((dense, dual), local) in dense.into_iter().zip(dual).zip(local) {
                prop_assert!((dense - dual).abs() < 1e-5);
                prop_assert!(!has_candidates || (dense - local * own).abs() < 1e-5);
            }
        }
    }

    /// Whatever share of the items is in the table.
    #[test]
    fn counts_are_those_of_the_definition(likes in likes(), in_table in prop::collection::vec(any::<bool>(), 12)) {
        let interactions = interactions(&likes);
        let item_count = interactions.item_count();
        let items = |wanted: bool| -> Vec<u32> {
            (0..item_count as u32).filter(|item| in_table[*item as usize] == wanted).collect()
        };
        let counts = CoOccurrences::with_table_of(&interactions, &items(true));
        for item in 0..item_count {
            let mut row = vec![0.0; item_count];
            counts.add_row(item as u32, &mut row);
            for (other, found) in row.into_iter().enumerate() {
                prop_assert_eq!(f64::from(found), count(&likes, item, other));
            }
        }
        let mut counter = Counter::new(item_count);
        for asked in [(0..item_count as u32).collect(), items(true), items(false)] {
            let mut matrix = vec![0.0; asked.len() * asked.len()];
            counter.fill(&counts, &asked, &mut matrix);
            for (column, &item) in asked.iter().enumerate() {
                for (row, &other) in asked.iter().enumerate().skip(column) {
                    let found = f64::from(matrix[column * asked.len() + row]);
                    prop_assert_eq!(found, count(&likes, item as usize, other as usize));
                }
            }
        }
    }
}

#[test]
fn memory_decides_the_form() {
    let of = |user_count, item_count, memory_bytes| {
        let interactions = Interactions::of_sorted_pairs(user_count, item_count, []);
        form(&interactions, memory_bytes)
    };
    assert_eq!(of(100, 90, u64::MAX), Form::Items);
    assert_eq!(of(90, 100, u64::MAX), Form::Users);
    assert_eq!(of(90, 100, 12 * 90 * 90), Form::Users);
    assert_eq!(of(90, 100, 12 * 90 * 90 - 1), Form::Candidates);
    let most = DENSE_MAX_SIZE;
    assert_eq!(of(most + 1, most + 1, u64::MAX), Form::Candidates);
    assert_eq!(of(most + 1, most, u64::MAX), Form::Items);
}

/// Large enough that faer and rayon cut the work into several pieces, in both forms.
#[test]
fn one_and_two_threads_give_the_same_bits() {
    let cases = [
        (900_u64, 500_u64, u64::MAX),
        (400, 700, u64::MAX),
        (400, 700, 1 << 20),
    ];
    for (user_count, item_count, memory_bytes) in cases {
        // Squaring a remainder makes some items popular and most not.
        let likes = (0..user_count).flat_map(|user| {
            let liked = move |&item: &u64| (user * 7919 + item * 104_729) % 1000 < item % 31 * 6;
            (0..item_count)
                .filter(liked)
                .map(move |item| (user as u32, item as u32))
        });
        let interactions =
            Interactions::of_sorted_pairs(user_count as usize, item_count as usize, likes);
        let with_threads = |thread_count| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(thread_count)
                .build()
                .unwrap();
            pool.install(|| {
                ease(
                    &interactions,
                    &EaseSettings {
                        neighbour_count: 60,
                        ..SETTINGS
                    },
                    memory_bytes,
                    &|_, _| (),
                )
            })
            .unwrap()
        };
        let one = with_threads(1);
        assert!(10_000 < one.neighbour_count());
        assert_eq!(one, with_threads(2));
    }
}

#[test]
fn items_that_nobody_likes_have_no_neighbours() {
    let lists = ease(
        &Interactions::of_sorted_pairs(3, 4, [(0, 0), (1, 0), (1, 2)]),
        &SETTINGS,
        u64::MAX,
        &|_, _| (),
    )
    .unwrap();
    let lens: Vec<usize> = (0..4).map(|item| lists.list(item).len()).collect();
    assert_eq!(lens, [1, 0, 1, 0]);
}
