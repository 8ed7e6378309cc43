//! The function `catalog`: what is known of items and of collections, whether all is well, and the description of the interface.
//!
//! [`ROUTES`] is the whole of it. The description is `openapi.json` beside `Cargo.toml`; the tests write it and hold it against the code.

// The description is one long value.
#![cfg_attr(test, recursion_limit = "256")]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod collections;
mod health;
mod items;
#[cfg(test)]
mod openapi;

use kit::{Call, Keeping, Route, http::Response, paths, problem::Problem};

/// What this function answers.
pub const ROUTES: [Route; 6] = [
    Route::get(paths::COLLECTIONS, collections::collections),
    Route::get(paths::ITEMS, items::items),
    Route::get(paths::ITEM, items::item),
    Route::get(paths::HEALTHZ, kit::health::healthz),
    Route::get(paths::READYZ, health::readyz),
    Route::get(paths::OPENAPI, openapi_json),
];

kit::component!(ROUTES);

/// The description of the interface, both functions' part.
const OPENAPI_JSON: &str = include_str!("../openapi.json");

#[expect(clippy::unnecessary_wraps, reason = "the type of every route")]
fn openapi_json(_: &Call<'_>) -> Result<Response, Problem> {
    Ok(Response::json_text(OPENAPI_JSON).kept(Keeping::EverybodyForLonger))
}
