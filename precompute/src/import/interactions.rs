//! Interactions out of rows: the general way, and a fast one for rows like `1,296,5.0,1147880044`.
//!
//! Nearly all rows of nearly all sources are plain digits in a fixed order. [`plain_row`] reads those without looking at any byte twice, and gives
//! up on everything else: quotes, spaces, signs, ids with leading zeros, a field too many. What it gives up on goes the general way, so that it
//! need not be complete, only right; a property test holds the two against each other.

use std::io::Read;

use config::Column;

use super::builder::{Builder, RowError};
use super::error::ImportError;
use super::ids::Id;
use super::report::Problem;
use super::rows::Dialect;
use super::table::{Cells, Presence, Table, Wanted};
use super::time::parse_time;

/// Which columns an interaction is read from.
pub(crate) struct InteractionColumns {
    wanted: Vec<Wanted>,
    places: CellPlaces,
}

/// Where the cells of an interaction are among those that are wanted; user and item come first.
#[derive(Clone, Copy)]
struct CellPlaces {
    value_idx: Option<usize>,
    time_idx: Option<usize>,
}

impl InteractionColumns {
    /// Columns that must all be there.
    pub(crate) fn new(
        user: &Column,
        item: &Column,
        value: Option<&Column>,
        time: Option<&Column>,
    ) -> Self {
        let mut wanted = vec![
            Wanted::new(user, Presence::Filled),
            Wanted::new(item, Presence::Filled),
        ];
        let mut add = |column: Option<&Column>| {
            column.map(|column| {
                wanted.push(Wanted::new(column, Presence::Filled));
                wanted.len() - 1
            })
        };
        let places = CellPlaces {
            value_idx: add(value),
            time_idx: add(time),
        };
        Self { wanted, places }
    }

    /// The same, but a separated file may come without values, and without times.
    pub(crate) fn with_optional_value_and_time(mut self) -> Self {
        for wanted in &mut self.wanted[2..] {
            wanted.presence = Presence::Optional;
        }
        self
    }

    pub(crate) fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }

    /// Adds the interaction of one row.
    pub(crate) fn take(
        &self,
        builder: &mut Builder,
        cells: &Cells<'_>,
        line: u64,
    ) -> Result<(), RowError> {
        self.places.take(builder, cells, line)
    }
}

impl CellPlaces {
    /// Without what a file does not have.
    fn within(self, columns: &[Option<usize>]) -> Self {
        let is_there = |wanted_idx: &usize| columns.get(*wanted_idx).is_some_and(Option::is_some);
        Self {
            value_idx: self.value_idx.filter(is_there),
            time_idx: self.time_idx.filter(is_there),
        }
    }

    fn take(self, builder: &mut Builder, cells: &Cells<'_>, line: u64) -> Result<(), RowError> {
        let user = Id::parse(cells.need(0)?);
        let item = Id::parse(cells.need(1)?);
        let value = match self.value_idx {
            Some(value_idx) => parse_value(cells.need(value_idx)?)?,
            None => 1.0,
        };
        let time_s = match self.time_idx {
            Some(time_idx) => {
                let text = cells.need(time_idx)?;
                parse_time(text).ok_or_else(|| (Problem::BadNumber, format!("time `{text}`")))?
            }
            None => 0,
        };
        builder.add_interaction((user, item), value, time_s, line)
    }

    /// What a plain row looks like, where the columns come in the plain order: user, item, value if any, time if any.
    fn plain_shape(self, dialect: Dialect, columns: &[Option<usize>]) -> Option<PlainShape> {
        let is_in_order = columns
            .iter()
            .flatten()
            .copied()
            .eq(0..columns.iter().flatten().count());
        let separator = dialect.separator().filter(|_| is_in_order)?;
        Some(PlainShape {
            separator,
            has_value: self.value_idx.is_some(),
            has_time: self.time_idx.is_some(),
        })
    }
}

fn parse_value(text: &str) -> Result<f32, RowError> {
    let value: f32 = text
        .parse()
        .map_err(|_| (Problem::BadNumber, format!("value `{text}`")))?;
    if value.is_finite() {
        Ok(value)
    } else {
        Err((Problem::NotFinite, format!("value `{text}`")))
    }
}

/// Reads a file of interactions.
pub(crate) fn read_interactions(
    file: &str,
    input: impl Read,
    dialect: Dialect,
    columns: &InteractionColumns,
    builder: &mut Builder,
) -> Result<(), ImportError> {
    let mut table = Table::begin(file, input, dialect, &columns.wanted, builder)?;
    let places = columns.places.within(table.places());
    let shape = places.plain_shape(dialect, table.places());
    if places.value_idx.is_none() {
        builder.without_scale();
    }
    let mut take =
        |builder: &mut Builder, cells: &Cells<'_>, line: u64| places.take(builder, cells, line);
    loop {
        if let Some(shape) = shape {
            let (lines, first_line) = table.rows.whole_lines();
            let mut rest = lines;
            let mut line = first_line;
            while let Some((row, len_bytes)) = plain_row(rest, shape) {
                let ids = (Id::Number(row.user), Id::Number(row.item));
                let outcome = builder.add_interaction(ids, row.value, row.time_s, line);
                if outcome.is_err() {
                    // The general way reads the row again and finds the same; it knows how to say it.
                    break;
                }
                rest = &rest[len_bytes..];
                line += 1;
            }
            let len_bytes = lines.len() - rest.len();
            builder.report().rows += line - first_line;
            table.rows.skip(len_bytes, line - first_line);
        }
        if !table.read_one(file, builder, &mut take)? {
            return table.end(builder);
        }
    }
}

/// What a plain row looks like.
#[derive(Clone, Copy, Debug)]
struct PlainShape {
    separator: u8,
    has_value: bool,
    has_time: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct PlainRow {
    user: u64,
    item: u64,
    value: f32,
    time_s: i64,
}

/// Reads one row of digits, and the number of its bytes, the line end included. None: the row is not plain, or not whole.
#[inline]
fn plain_row(bytes: &[u8], shape: PlainShape) -> Option<(PlainRow, usize)> {
    let mut cursor = Cursor { bytes, at: 0 };
    let user = cursor.number()?;
    cursor.expect(shape.separator)?;
    let item = cursor.number()?;
    let value = if shape.has_value {
        cursor.expect(shape.separator)?;
        cursor.decimal()?
    } else {
        1.0
    };
    let time_s = if shape.has_time {
        cursor.expect(shape.separator)?;
        // Proof: a number has at most 18 digits.
        cursor.number()? as i64
    } else {
        0
    };
    match bytes.get(cursor.at) {
        Some(b'\n') => cursor.at += 1,
        Some(b'\r') if bytes.get(cursor.at + 1) == Some(&b'\n') => cursor.at += 2,
        _ => return None,
    }
    Some((
        PlainRow {
            user,
            item,
            value,
            time_s,
        },
        cursor.at,
    ))
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// 18 digits always fit in 64 bits, signed or not.
const MAXIMUM_DIGITS: usize = 18;

/// A mantissa of 7 digits is exact in an `f32`, and so are the powers of ten below: dividing them rounds once, which gives the same as the standard library's parser.
const MAXIMUM_DECIMAL_DIGITS: usize = 7;
const POWERS_OF_TEN: [f32; MAXIMUM_DECIMAL_DIGITS + 1] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];

impl Cursor<'_> {
    /// Digits into `value`; how many there were.
    #[inline]
    fn digits(&mut self, value: &mut u64) -> usize {
        let start = self.at;
        while let Some(digit) = self.bytes.get(self.at).map(|byte| byte.wrapping_sub(b'0'))
            && digit < 10
        {
            *value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            self.at += 1;
        }
        self.at - start
    }

    /// A whole number without leading zeros.
    #[inline]
    fn number(&mut self) -> Option<u64> {
        let start = self.at;
        let mut value = 0;
        let num_digits = self.digits(&mut value);
        let is_plain = num_digits == 1
            || ((2..=MAXIMUM_DIGITS).contains(&num_digits) && self.bytes[start] != b'0');
        is_plain.then_some(value)
    }

    /// A number such as `4` or `3.5`.
    #[inline]
    fn decimal(&mut self) -> Option<f32> {
        let mut mantissa = 0;
        let num_whole_digits = self.digits(&mut mantissa);
        let num_decimals = if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            Some(self.digits(&mut mantissa))
        } else {
            None
        };
        let num_digits = num_whole_digits + num_decimals.unwrap_or(0);
        if num_whole_digits == 0 || num_decimals == Some(0) || MAXIMUM_DECIMAL_DIGITS < num_digits {
            return None;
        }
        Some(mantissa as f32 / POWERS_OF_TEN[num_decimals.unwrap_or(0)])
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        let is_there = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(is_there);
        is_there.then_some(())
    }
}

#[cfg(test)]
mod tests;
