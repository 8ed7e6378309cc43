//! The function `search`: items by their words.
//!
//! [`ROUTES`] is the whole of it.

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod cursor;
mod interpretation;
mod search;
mod suggest;
mod wish;

use kit::{Route, paths};

/// What this function answers.
pub const ROUTES: [Route; 2] = [
    Route::get(paths::SEARCH, search::search),
    Route::get(paths::SUGGEST, suggest::suggest),
];

kit::component!(ROUTES);
