//! Whether a function that runs without the others can answer, which its pods are asked.

use serde::Serialize;

use crate::{Call, Pointer, Route, http::Response, paths, problem::Problem};

/// What every function answers beside its own routes.
pub(crate) static ROUTES: [Route; 2] = [
    Route::get(paths::FUNCTION_HEALTHZ, healthz),
    Route::get(paths::FUNCTION_READYZ, readyz),
];

#[derive(Serialize)]
struct HealthAnswer {
    status: &'static str,
}

/// The component runs and its settings can be read. It asks nobody else, so that a storage that is away restarts nothing.
pub fn healthz(_: &Call<'_>) -> Result<Response, Problem> {
    Response::json(HealthAnswer { status: "alive" })
}

/// What it is told leads to the bucket, and one of its collections is published there: it has something to answer from.
fn readyz(call: &Call<'_>) -> Result<Response, Problem> {
    let names = &call.context.settings().collections;
    let pointers = call.context.pointers(names)?;
    if pointers
        .iter()
        .any(|pointer| matches!(pointer, Pointer::Ready(_)))
    {
        return Response::json(HealthAnswer { status: "ready" });
    }
    Err(Problem::NotPublished {
        collection: names.join(","),
    })
}
