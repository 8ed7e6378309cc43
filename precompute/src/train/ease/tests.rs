use proptest::prelude::*;

use super::*;

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
    fn the_second_fit_is_exact_on_its_support(likes in likes()) {
        let lists = ease(&interactions(&likes), &SETTINGS, &|_, _| ()).unwrap().transposed();
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

    /// Both forms of P agree, on the diagonal and beside it.
    #[test]
    fn the_form_through_the_users_is_the_same_matrix(likes in likes()) {
        let interactions = interactions(&likes);
        let item_count = interactions.item_count();
        let penalties: Vec<f32> = (0..item_count).map(|item| 1.0 + item as f32).collect();
        let (dense, dense_diagonal) = DensePrecision::new(&gram_matrix(&interactions), &penalties).unwrap();
        let (dual, dual_diagonal) = DualPrecision::new(&interactions, &penalties).unwrap();
        for item in 0..item_count {
            prop_assert!((dense_diagonal[item] - dual_diagonal[item]).abs() < 1e-5);
            let others: Vec<u32> = (0..item_count as u32).filter(|&other| other != item as u32).collect();
            let elements = dense.elements(item as u32, &others);
            for (dense, dual) in elements.into_iter().zip(dual.elements(item as u32, &others)) {
                prop_assert!((dense - dual).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn counts_on_demand_are_those_of_the_gram_matrix(likes in likes()) {
        let interactions = interactions(&likes);
        let (gram, on_demand) = (gram_matrix(&interactions), CountsOnDemand::new(&interactions));
        let item_count = interactions.item_count();
        for item in 0..item_count as u32 {
            let mut row = vec![0.0; item_count];
            on_demand.add_row(item, &mut row);
            prop_assert_eq!(gram.row(item as usize).to_vec(), row);
            for other in 0..item_count as u32 {
                prop_assert_eq!(gram.count(item, other), on_demand.count(item, other));
            }
        }
    }
}

/// Large enough that faer and rayon cut the work into several pieces, in both forms.
#[test]
fn one_and_two_threads_give_the_same_bits() {
    for (user_count, item_count) in [(900_u64, 500_u64), (400, 700)] {
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
        &|_, _| (),
    )
    .unwrap();
    let lens: Vec<usize> = (0..4).map(|item| lists.list(item).len()).collect();
    assert_eq!(lens, [1, 0, 1, 0]);
}
