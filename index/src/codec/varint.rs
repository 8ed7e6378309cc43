/// Appends `value` in LEB128: seven bits a byte, lowest first, the top bit set on every byte but the last.
pub(crate) fn write_varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Appends a text as its length in bytes and its UTF-8.
pub(crate) fn write_text(text: &str, bytes: &mut Vec<u8>) {
    write_varint(text.len() as u64, bytes);
    bytes.extend_from_slice(text.as_bytes());
}

/// Maps signed numbers to unsigned ones so that small magnitudes stay small: 0, -1, 1, -2 become 0, 1, 2, 3.
pub(crate) fn zigzag_encode(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag_encode`].
pub(crate) fn zigzag_decode(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::Cursor;

    proptest! {
        #[test]
        fn varints_and_zigzag_round_trip(values: Vec<u64>, signed: i64) {
            let mut bytes = Vec::new();
            for &value in &values {
                write_varint(value, &mut bytes);
            }
            let mut cursor = Cursor::new(&bytes);
            for &value in &values {
                prop_assert_eq!(cursor.varint().unwrap(), value);
            }
            prop_assert!(cursor.is_empty());
            prop_assert_eq!(zigzag_decode(zigzag_encode(signed)), signed);
        }
    }

    #[test]
    fn a_varint_that_does_not_end_or_overflows_is_an_error() {
        assert!(Cursor::new(&[0x80]).varint().is_err());
        assert!(Cursor::new(&[0xff; 11]).varint().is_err());
        assert!(
            Cursor::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02])
                .varint()
                .is_err()
        );
    }
}
