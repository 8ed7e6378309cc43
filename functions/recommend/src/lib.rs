//! The function `recommend`: a history in, ranked items out.
//!
//! [`ROUTES`] is the whole of it. A request becomes a checked wish, the wish a [`Question`](index::Question) to the open generation, and what comes back is
//! rendered with its records. The aliases of older frontends ask the same questions and answer in their own shapes.

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

#[cfg(target_arch = "wasm32")]
mod adapter;
mod aliases;
mod baskets;
mod clusters;
mod filter;
mod history;
mod lists;
mod recommendations;
mod wish;

use kit::{Route, paths};

/// What this function answers.
pub const ROUTES: [Route; 13] = [
    Route::post(paths::RECOMMENDATIONS, recommendations::by_body),
    Route::get(paths::RECOMMENDATIONS, recommendations::by_query),
    Route::get(paths::SIMILAR, lists::similar),
    Route::get(paths::POPULAR, lists::popular),
    Route::get(paths::ONBOARDING, lists::onboarding),
    Route::get(paths::GETRANDOM, aliases::random),
    Route::post(paths::GETRECOMCOLLAB, aliases::recommend_for_titles),
    Route::get(paths::CLUSTERS, clusters::all),
    Route::get(paths::CLUSTER, clusters::members),
    Route::post(paths::BASKETS, baskets::nearest),
    Route::post(paths::GETRECOM, aliases::recommend_for_ids),
    Route::post(paths::API_RECOMMEND, aliases::recommend_songs),
    Route::get(paths::ROOT, aliases::working),
];
