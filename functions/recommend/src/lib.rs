//! The function `recommend`: a history in, ranked items out.
//!
//! [`ROUTES`] is the whole of it. A request becomes a checked wish, the wish a [`Question`](index::Question) to the open generation, and what comes back is
//! rendered with its records.

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod recommendations;
mod wish;

use kit::{Route, paths};

/// What this function answers.
pub const ROUTES: [Route; 2] = [
    Route::post(paths::RECOMMENDATIONS, recommendations::by_body),
    Route::get(paths::RECOMMENDATIONS, recommendations::by_query),
];

kit::component!(ROUTES);
