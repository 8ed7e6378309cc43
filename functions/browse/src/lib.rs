//! The function `browse`: the catalogue as lists. What is popular, what to rate first, what is like an item, clusters, baskets.
//!
//! [`ROUTES`] is the whole of it.

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod baskets;
mod clusters;
mod lists;

use kit::{Route, paths};

/// What this function answers.
pub const ROUTES: [Route; 6] = [
    Route::get(paths::SIMILAR, lists::similar),
    Route::get(paths::POPULAR, lists::popular),
    Route::get(paths::ONBOARDING, lists::onboarding),
    Route::get(paths::CLUSTERS, clusters::all),
    Route::get(paths::CLUSTER, clusters::members),
    Route::post(paths::BASKETS, baskets::nearest),
];

kit::component!(ROUTES);
