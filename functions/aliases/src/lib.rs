//! The function `aliases`: the names that older frontends call, with their old shapes. A deployment that has none of those pages can leave it out.
//!
//! [`ROUTES`] is the whole of it.

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod aliases;

use kit::{Route, paths};

/// What this function answers.
pub const ROUTES: [Route; 5] = [
    Route::get(paths::GETRANDOM, aliases::random),
    Route::post(paths::GETRECOMCOLLAB, aliases::recommend_for_titles),
    Route::post(paths::GETRECOM, aliases::recommend_for_ids),
    Route::post(paths::API_RECOMMEND, aliases::recommend_songs),
    Route::get(paths::ROOT, aliases::working),
];

kit::component!(ROUTES);
