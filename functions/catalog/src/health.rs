//! Can everything be answered?

use index::{FileKind, Keys, SortedMap};
use kit::{Call, Context, Needs, Pointer, http::Response, problem::Problem, storage::StorageError};
use serde::Serialize;

#[derive(Serialize)]
struct ReadyAnswer {
    status: &'static str,
    #[serde(serialize_with = "pointer::as_object")]
    collections: SortedMap<String, &'static str>,
}

/// `GET /readyz`: the whole way to the index, for every collection: its pointer and the heads of all its files.
///
/// The default collection counts, which a deployment is there for. Another one that was never published, or is damaged, is no reason to take this
/// instance away from it.
pub(crate) fn readyz(call: &Call<'_>) -> Result<Response, Problem> {
    let context = call.context;
    let settings = context.settings();
    let mut collections = SortedMap::new();
    let mut default_problem = Some(Problem::Misconfigured {
        variable: "collections",
        what: "names no collection".to_owned(),
    });
    let names = &settings.collections;
    for (name, pointer) in names.iter().zip(context.pointers(names)?) {
        let problem = check(context, name, pointer).err();
        let status = match problem {
            None => "ready",
            Some(Problem::NotPublished { .. }) => "unpublished",
            Some(problem @ Problem::Storage(StorageError::Unreachable { .. })) => {
                return Err(problem);
            }
            Some(_) => "damaged",
        };
        collections.insert(name.clone(), status);
        if *name == settings.default_collection {
            default_problem = problem;
        }
    }
    match default_problem {
        None => Response::json(ReadyAnswer {
            status: "ready",
            collections,
        }),
        Some(why) => Err(Problem::NotReady {
            why: Box::new(why),
            collections,
        }),
    }
}

/// All that can be opened.
const EVERYTHING: Needs<'_> = Needs {
    kinds: &|_| FileKind::OF_ITEMS.to_vec(),
    keys: Keys {
        ids: &[],
        titles: &[],
    },
};

fn check(context: &Context<'_>, name: &str, pointer: Pointer) -> Result<(), Problem> {
    match pointer {
        Pointer::Ready(pinned) if pinned.predicts() => context.open_model(pinned).map(drop),
        Pointer::Ready(pinned) => context.open_pinned(pinned, &EVERYTHING).map(drop),
        Pointer::Unpublished => Err(Problem::NotPublished {
            collection: name.to_owned(),
        }),
        Pointer::Damaged(problem) => Err(problem),
    }
}
