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

/// What [`ascending`] was made of.
pub(crate) fn of_ascending(key: u32) -> f32 {
    let bits = if key >> 31 == 0 {
        !key
    } else {
        key & !(1 << 31)
    };
    f32::from_bits(bits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_order_as_numbers_do(left in any::<f32>(), right in any::<f32>()) {
            prop_assert_eq!(ascending(left).cmp(&ascending(right)), left.total_cmp(&right));
            prop_assert_eq!(of_ascending(ascending(left)).to_bits(), left.to_bits());
        }
    }
}
