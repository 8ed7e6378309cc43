//! How much a request may ask for. Answers that refuse a request and the OpenAPI description take their numbers from here.

use std::ops::RangeInclusive;

/// The longest body of a request. A history at its limit, as objects with titles, has about 40 kB.
pub const MAXIMUM_BODY_LEN_BYTES: usize = 64 * 1024;

/// The longest query string, still encoded; servers and proxies on the way commonly stop there as well.
pub const MAXIMUM_QUERY_LEN_BYTES: usize = 8 * 1024;

/// Entries of a history. Each reads up to one block of the index.
pub const MAXIMUM_HISTORY_COUNT: usize = 500;

/// Items that are not wanted.
pub const MAXIMUM_EXCLUDE_COUNT: usize = 1000;

/// Words of a query that are looked up.
pub const MAXIMUM_WORD_COUNT: usize = 16;

/// Rows that are predicted at once. Saying what each field of a row contributed takes about as long as a thousand predictions.
pub const MAXIMUM_ROW_COUNT: usize = 100;

/// Ids that are looked up at once.
pub const MAXIMUM_ID_COUNT: usize = 100;

/// Values within one field of a filter.
pub const MAXIMUM_FILTER_VALUE_COUNT: usize = 100;

/// How many items may be asked for.
pub const COUNT_RANGE: RangeInclusive<usize> = 1..=100;

/// How many items are meant where nothing is said.
pub const DEFAULT_COUNT: usize = 10;

/// How many items to rate first are meant where nothing is said: some rows of posters.
pub const DEFAULT_ONBOARDING_COUNT: usize = 12;
