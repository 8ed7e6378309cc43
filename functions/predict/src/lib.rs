//! The function `predict`: a row in, the probability of each class and what each field contributed out.
//!
//! [`ROUTES`] is the whole of it. A request becomes rows of the schema, with warnings where they are unlike everything that was learnt from; the model answers.

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod alias;
mod predictions;
mod row;
mod schema;

use kit::{Route, paths};

/// What this function answers.
pub const ROUTES: [Route; 3] = [
    Route::post(paths::PREDICTIONS, predictions::predict),
    Route::get(paths::PREDICTION_SCHEMA, schema::schema),
    Route::post(paths::PREDICT, alias::predict),
];

kit::component!(ROUTES);
