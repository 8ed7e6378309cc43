/// The bytes ended, or do not spell what was expected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct OutOfBytes;

/// Reads values from the front of a slice. Whatever the bytes, a read gives a value or [`OutOfBytes`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Everything that has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn take(&mut self, len_bytes: usize) -> Result<&'a [u8], OutOfBytes> {
        let (taken, rest) = self.bytes.split_at_checked(len_bytes).ok_or(OutOfBytes)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], OutOfBytes> {
        let (taken, rest) = self.bytes.split_first_chunk::<N>().ok_or(OutOfBytes)?;
        self.bytes = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, OutOfBytes> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, OutOfBytes> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, OutOfBytes> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, OutOfBytes> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn f32(&mut self) -> Result<f32, OutOfBytes> {
        self.array().map(f32::from_le_bytes)
    }

    pub(crate) fn f64(&mut self) -> Result<f64, OutOfBytes> {
        self.array().map(f64::from_le_bytes)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, OutOfBytes> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit only.
            if shift == 63 && bits > 1 {
                return Err(OutOfBytes);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(OutOfBytes)
    }

    pub(crate) fn varint_u32(&mut self) -> Result<u32, OutOfBytes> {
        u32::try_from(self.varint()?).map_err(|_| OutOfBytes)
    }

    /// A length in bytes, then so many bytes.
    pub(crate) fn sized(&mut self) -> Result<&'a [u8], OutOfBytes> {
        let len_bytes = self.varint()?;
        self.take(usize::try_from(len_bytes).map_err(|_| OutOfBytes)?)
    }

    /// A text as `write_text` wrote it.
    pub(crate) fn text(&mut self) -> Result<&'a str, OutOfBytes> {
        std::str::from_utf8(self.sized()?).map_err(|_| OutOfBytes)
    }
}
