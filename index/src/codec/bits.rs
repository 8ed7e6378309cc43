//! Numbers of so many bits each, one behind the other, the lowest bit of a byte first.

/// The bytes of numbers in the making; the last is filled up with zeros.
#[derive(Default)]
pub(crate) struct BitWriter {
    pub(crate) bytes: Vec<u8>,
    pub(crate) len_bits: usize,
}

impl BitWriter {
    /// Appends the lowest bits of a number.
    pub(crate) fn push(&mut self, number: u32, bit_count: u8) {
        let lowest = u64::from(number) & ((1 << bit_count) - 1);
        let used_bits = self.len_bits % 8;
        let mut pending = lowest << used_bits;
        if used_bits != 0 {
            pending |= u64::from(self.bytes.pop().unwrap_or_default());
        }
        self.len_bits += usize::from(bit_count);
        let len = self.len_bits.div_ceil(8) - self.bytes.len();
        self.bytes.extend(pending.to_le_bytes().iter().take(len));
    }
}

/// The number at a place among numbers of at most 32 bits each; behind the last byte there are zeros.
pub(crate) fn number_at(bytes: &[u8], place: usize, bit_count: u8) -> u64 {
    let start = place * usize::from(bit_count);
    let word = first_word(bytes.get(start / 8..).unwrap_or_default());
    word >> (start % 8) & ((1 << bit_count) - 1)
}

/// The place of the bit that is set before which so many others are. O(bits / 64).
pub(crate) fn place_of_one(bytes: &[u8], mut rank: usize) -> Option<usize> {
    for (number, chunk) in bytes.chunks(8).enumerate() {
        let mut word = first_word(chunk);
        let count = word.count_ones() as usize;
        if count <= rank {
            rank -= count;
            continue;
        }
        for _ in 0..rank {
            word &= word - 1;
        }
        return Some(64 * number + word.trailing_zeros() as usize);
    }
    None
}

/// The first eight bytes as a number, the lowest first; where there are fewer, zeros stand for the others.
fn first_word(bytes: &[u8]) -> u64 {
    if let Some(whole) = bytes.first_chunk() {
        return u64::from_le_bytes(*whole);
    }
    let bytes = bytes.iter().rev();
    bytes.fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(
            numbers: Vec<u32>,
            bit_count in 0_u8..=32,
        ) {
            let mut writer = BitWriter::default();
            for &number in &numbers {
                writer.push(number, bit_count);
            }
            prop_assert_eq!(writer.bytes.len(), writer.len_bits.div_ceil(8));
            for (place, number) in numbers.into_iter().enumerate() {
                let lowest = u64::from(number) & ((1 << bit_count) - 1);
                prop_assert_eq!(number_at(&writer.bytes, place, bit_count), lowest);
            }
        }

        #[test]
        fn ones_are_found_by_their_rank(bytes: Vec<u8>) {
            let is_set = |place: &usize| bytes[place / 8] >> (place % 8) & 1 == 1;
            let ones: Vec<usize> = (0..8 * bytes.len()).filter(is_set).collect();
            for (rank, &place) in ones.iter().enumerate() {
                prop_assert_eq!(place_of_one(&bytes, rank), Some(place));
            }
            prop_assert_eq!(place_of_one(&bytes, ones.len()), None);
        }
    }
}
