//! What is served.

use kit::{Call, Keeping, Pinned, Pointer, http::Response, problem::Problem};
use pointer::{Quality, ValueScale};
use serde::Serialize;

#[derive(Serialize)]
struct CollectionsAnswer<'a> {
    collections: Vec<Listed<'a>>,
}

/// A collection as it is listed. Only the name and the status are known of one that is not ready.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    status: &'static str,
    #[serde(flatten)]
    ready: Option<Ready<'a>>,
}

#[derive(Serialize)]
struct Ready<'a> {
    title: &'a str,
    generation: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stale: bool,
    created_at: &'a str,
    item_count: u64,
    values: Option<ValueScale>,
    quality: Option<&'a Quality>,
    synthetic: bool,
}

impl<'a> From<&'a Pinned> for Ready<'a> {
    fn from(Pinned { manifest, is_stale }: &'a Pinned) -> Self {
        Self {
            title: &manifest.title,
            generation: &manifest.generation,
            stale: *is_stale,
            created_at: &manifest.created_at,
            item_count: manifest.item_count,
            values: manifest.values,
            quality: manifest.quality.as_ref(),
            synthetic: manifest.synthetic,
        }
    }
}

/// `GET /v1/collections`.
pub(crate) fn collections(call: &Call<'_>) -> Result<Response, Problem> {
    call.query(&[])?;
    let names = &call.context.settings().collections;
    let pointers = call.context.pointers(names)?;
    let collections = names
        .iter()
        .zip(&pointers)
        .map(|(name, pointer)| Listed {
            name,
            status: status(pointer),
            ready: match pointer {
                Pointer::Ready(pinned) => Some(Ready::from(pinned)),
                Pointer::Unpublished | Pointer::Damaged(_) => None,
            },
        })
        .collect();
    Ok(Response::json(CollectionsAnswer { collections })?.kept(Keeping::Everybody))
}

/// How a collection does, in a word.
fn status(pointer: &Pointer) -> &'static str {
    match pointer {
        Pointer::Ready(_) => "ready",
        Pointer::Unpublished => "unpublished",
        Pointer::Damaged(_) => "damaged",
    }
}
