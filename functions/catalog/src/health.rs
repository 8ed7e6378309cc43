//! Is the function alive, and can it answer?

use std::collections::BTreeMap;

use index::FileKind;
use kit::{Call, Context, Pointer, http::Response, problem::Problem, storage::StorageError};
use serde::Serialize;
use serde_json::json;

#[derive(Serialize)]
struct ReadyAnswer<'a> {
    status: &'static str,
    collections: BTreeMap<&'a str, &'static str>,
}

/// `GET /healthz`: the component runs and its settings can be read. It asks nobody else, so that a storage that is away restarts nothing.
pub(crate) fn healthz(_: &Call<'_>) -> Result<Response, Problem> {
    Response::json(&json!({ "status": "alive" }))
}

/// `GET /readyz`: the whole way to the index, for every collection: its pointer and the head of its catalogue.
///
/// One collection that can be served is enough: another one that was never published, or is damaged, is no reason to take this instance away from it.
pub(crate) fn readyz(call: &Call<'_>) -> Result<Response, Problem> {
    let context = call.context;
    let names = &context.settings().collections;
    let mut collections = BTreeMap::new();
    let mut first_problem = None;
    for (name, pointer) in names.iter().zip(context.pointers(names)?) {
        let status = match check(context, name, pointer) {
            Ok(()) => "ready",
            Err(problem @ Problem::Storage(StorageError::Unreachable { .. })) => {
                return Err(problem);
            }
            Err(problem) => {
                let status = match problem {
                    Problem::NotPublished { .. } => "unpublished",
                    _ => "damaged",
                };
                first_problem.get_or_insert(problem);
                status
            }
        };
        collections.insert(name.as_str(), status);
    }
    if collections.values().any(|status| *status == "ready") {
        let status = "ready";
        return Response::json(&ReadyAnswer {
            status,
            collections,
        });
    }
    Err(first_problem.unwrap_or_else(|| Problem::Misconfigured {
        variable: "collections",
        what: "names no collection".to_owned(),
    }))
}

fn check(context: &Context<'_>, name: &str, pointer: Pointer) -> Result<(), Problem> {
    match pointer {
        Pointer::Ready(manifest) => context
            .open_manifest(manifest, &[FileKind::Catalogue])
            .map(|_| ()),
        Pointer::Unpublished => Err(Problem::NotPublished {
            collection: name.to_owned(),
        }),
        Pointer::Damaged(problem) => Err(problem),
    }
}
