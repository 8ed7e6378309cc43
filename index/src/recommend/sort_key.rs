//! Everything that is sorted in answering a question, as whole numbers of 64 bits.
//!
//! The standard library's sort is compiled anew for every type and every order: 10 kB of a function each time. Whole numbers have one, without a comparison to
//! call.

/// First by `high`, then by `low`.
pub(crate) fn sort_key(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// What a key was made of.
pub(crate) fn parts(key: u64) -> (u32, u32) {
    ((key >> 32) as u32, key as u32)
}

/// A number that orders as [`f32::total_cmp`] does.
pub(crate) fn ascending(number: f32) -> u32 {
    let bits = number.to_bits();
    // The bits of a negative number grow as it falls.
    if bits >> 31 == 0 {
        bits | 1 << 31
    } else {
        !bits
    }
}

/// A number that orders as [`f64::total_cmp`] does.
pub(crate) fn ascending_real(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 0 {
        bits | 1 << 63
    } else {
        !bits
    }
}

/// What [`ascending`] was made of.
pub(crate) fn of_ascending(key: u32) -> f32 {
    let bits = if key >> 31 == 0 {
        !key
    } else {
        key & !(1 << 31)
    };
    f32::from_bits(bits)
}

/// Puts items in the order of their keys; equals stay as they are.
pub(crate) fn sort_by_key<T>(items: &mut Vec<T>, key: impl Fn(&T) -> u64) {
    let mut order = with_positions(items, key);
    order.sort_unstable();
    let mut places: Vec<Option<T>> = std::mem::take(items).into_iter().map(Some).collect();
    let taken = order.into_iter();
    items.extend(taken.filter_map(|key| places.get_mut(position(key))?.take()));
}

/// The first `count` items in the order of their keys, equals as they are. O(items + count log count).
pub(crate) fn first_by_key<T: Copy>(items: &[T], count: usize, key: impl Fn(&T) -> u64) -> Vec<T> {
    let mut order = with_positions(items, key);
    if 0 < count && count < order.len() {
        order.select_nth_unstable(count);
    }
    order.truncate(count);
    order.sort_unstable();
    let places = order.into_iter().map(position);
    places
        .filter_map(|place| items.get(place).copied())
        .collect()
}

fn with_positions<T>(items: &[T], key: impl Fn(&T) -> u64) -> Vec<u128> {
    let keys = items.iter().map(key).zip(0_u128..);
    keys.map(|(key, position)| u128::from(key) << 64 | position)
        .collect()
}

fn position(key: u128) -> usize {
    key as u64 as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn orders_are_those_of_a_stable_sort(keys in prop::collection::vec(0..9_u64, 0..60), count in 0..70_usize) {
            let items: Vec<(u64, usize)> = keys.into_iter().zip(0..).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|(key, _)| *key);
            let mut sorted = items.clone();
            sort_by_key(&mut sorted, |(key, _)| *key);
            prop_assert_eq!(&sorted, &expected);
            expected.truncate(count);
            prop_assert_eq!(first_by_key(&items, count, |(key, _)| *key), expected);
        }

        #[test]
        fn keys_of_reals_order_as_they_do(left in any::<f64>(), right in any::<f64>()) {
            prop_assert_eq!(ascending_real(left).cmp(&ascending_real(right)), left.total_cmp(&right));
        }

        #[test]
        fn keys_order_as_numbers_do(left in any::<f32>(), right in any::<f32>()) {
            prop_assert_eq!(ascending(left).cmp(&ascending(right)), left.total_cmp(&right));
            prop_assert_eq!(of_ascending(ascending(left)).to_bits(), left.to_bits());
        }
    }
}
