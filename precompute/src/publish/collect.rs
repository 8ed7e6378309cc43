use std::collections::BTreeMap;

use pointer::CollectionKeys;

use super::{PublishError, read_pointer};
use crate::store::{ObjectInfo, Store};

/// A generation without a manifest is a publication that stopped, or one that is under way; this old, it is no longer under way.
const UNFINISHED_MIN_AGE_S: i64 = 24 * 60 * 60;

/// The decisions that the caller makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CollectOptions {
    /// How many of the newest complete generations stay.
    pub keep: usize,
    /// Only generations published longer ago than this go.
    pub older_than_s: i64,
    /// Whether to say only what would go.
    pub dry_run: bool,
    /// The time, in seconds since 1970.
    pub now_s: i64,
}

/// A generation that goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CollectedGeneration {
    /// Its name.
    pub generation: String,
    /// How many objects it has.
    pub num_objects: usize,
    /// How long they are together.
    pub len_bytes: u64,
}

/// What was deleted, or would be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CollectReport {
    /// What goes, by name.
    pub collected: Vec<CollectedGeneration>,
    /// How many generations stay.
    pub num_kept: usize,
}

struct Listed {
    generation: String,
    /// When its manifest was written, the last object of a publication; absent where it never came.
    published_s: Option<i64>,
    newest_s: i64,
    objects: Vec<ObjectInfo>,
}

/// Deletes old generations: never the one that is served, nor the one that it replaced, which a rollback needs.
///
/// A generation's manifest is deleted last, so that one whose deletion was interrupted is found again.
pub fn collect(
    store: &dyn Store,
    keys: &CollectionKeys,
    collection: &str,
    options: CollectOptions,
) -> Result<CollectReport, PublishError> {
    let current = read_pointer(store, keys, collection)?
        .ok_or_else(|| PublishError::NotPublished {
            key: keys.pointer(),
        })?
        .manifest;
    let mut generations = list_generations(store, keys)?;
    // The newest first; those that are not complete come last and do not count as kept ones.
    generations.sort_by_key(|listed| {
        (
            std::cmp::Reverse(listed.published_s),
            listed.generation.clone(),
        )
    });
    let (doomed, kept): (Vec<_>, Vec<_>) =
        generations
            .into_iter()
            .enumerate()
            .partition(|(position, listed)| {
                let protected = listed.generation == current.generation
                    || Some(&listed.generation) == current.previous.as_ref();
                let superfluous = match listed.published_s {
                    Some(published_s) => {
                        options.keep <= *position
                            && options.older_than_s <= options.now_s - published_s
                    }
                    None => {
                        UNFINISHED_MIN_AGE_S.max(options.older_than_s)
                            <= options.now_s - listed.newest_s
                    }
                };
                superfluous && !protected
            });
    let num_listed = doomed.len() + kept.len();
    let mut collected = Vec::new();
    for (_, listed) in doomed {
        if !options.dry_run && !delete_unless_served(store, keys, collection, &listed)? {
            continue;
        }
        collected.push(CollectedGeneration {
            generation: listed.generation,
            num_objects: listed.objects.len(),
            len_bytes: listed.objects.iter().map(|object| object.len_bytes).sum(),
        });
    }
    collected.sort_by(|left, right| left.generation.cmp(&right.generation));
    Ok(CollectReport {
        num_kept: num_listed - collected.len(),
        collected,
    })
}

fn list_generations(store: &dyn Store, keys: &CollectionKeys) -> Result<Vec<Listed>, PublishError> {
    let prefix = keys.generations();
    let mut by_name: BTreeMap<String, Vec<ObjectInfo>> = BTreeMap::new();
    for object in store.list(&prefix)? {
        let name = object.key[prefix.len()..]
            .split('/')
            .next()
            .unwrap_or_default();
        // What else somebody put there is not ours to delete.
        if pointer::is_generation_name(name) {
            by_name.entry(name.to_owned()).or_default().push(object);
        }
    }
    let listed = by_name.into_iter().map(|(generation, objects)| {
        let manifest = keys.manifest(&generation);
        let published = objects.iter().find(|object| object.key == manifest);
        Listed {
            published_s: published.map(|object| object.modified_s),
            newest_s: objects
                .iter()
                .map(|object| object.modified_s)
                .max()
                .unwrap_or_default(),
            generation,
            objects,
        }
    });
    Ok(listed.collect())
}

/// Deletes a generation, unless the pointer names it by now: while others were deleted, somebody may have published it again or gone back to it. False
/// then.
fn delete_unless_served(
    store: &dyn Store,
    keys: &CollectionKeys,
    collection: &str,
    listed: &Listed,
) -> Result<bool, PublishError> {
    let is_served = read_pointer(store, keys, collection)?.is_some_and(|current| {
        listed.generation == current.manifest.generation
            || Some(&listed.generation) == current.manifest.previous.as_ref()
    });
    if !is_served {
        delete(store, keys, listed)?;
    }
    Ok(!is_served)
}

fn delete(store: &dyn Store, keys: &CollectionKeys, listed: &Listed) -> Result<(), PublishError> {
    let manifest = keys.manifest(&listed.generation);
    for object in &listed.objects {
        if object.key != manifest {
            store.delete(&object.key)?;
        }
    }
    if listed.published_s.is_some() {
        store.delete(&manifest)?;
    }
    Ok(())
}
