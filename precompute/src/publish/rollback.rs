use pointer::{CollectionKeys, Manifest};

use super::{PublishError, read_pointer, replace_pointer};
use crate::store::Store;

/// What a rollback did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RollbackReport {
    /// The generation that is served now.
    pub generation: String,
    /// The one that was served before; the same where nothing had to be done.
    pub replaced: String,
}

/// Has the pointer name another generation that is in the bucket: the named one, or the one that the current one replaced.
///
/// Twice without a name is there and back again, since the pointer remembers what it named before.
pub fn rollback(
    store: &dyn Store,
    keys: &CollectionKeys,
    collection: &str,
    to: Option<&str>,
) -> Result<RollbackReport, PublishError> {
    let current =
        read_pointer(store, keys, collection)?.ok_or_else(|| PublishError::NotPublished {
            key: keys.pointer(),
        })?;
    let replaced = current.manifest.generation.clone();
    let generation = to
        .or(current.manifest.previous.as_deref())
        .ok_or_else(|| PublishError::NoPrevious {
            generation: replaced.clone(),
        })?
        .to_owned();
    if generation != replaced {
        let manifest = read_complete(store, keys, collection, &generation)?;
        replace_pointer(store, keys, Some(&current), &manifest)?;
    }
    Ok(RollbackReport {
        generation,
        replaced,
    })
}

/// Reads a generation's manifest and makes sure that its files are there; their content was checked before they were uploaded.
fn read_complete(
    store: &dyn Store,
    keys: &CollectionKeys,
    collection: &str,
    generation: &str,
) -> Result<Manifest, PublishError> {
    let incomplete = |missing| PublishError::Incomplete {
        generation: generation.to_owned(),
        missing,
    };
    let key = keys.manifest(generation);
    let object = store
        .get(&key)?
        .ok_or_else(|| PublishError::UnknownGeneration {
            generation: generation.to_owned(),
            key: key.clone(),
        })?;
    let manifest = Manifest::parse(&object.bytes, collection)
        .map_err(|source| PublishError::Manifest { key, source })?;
    for (kind, entry) in &manifest.files {
        let key = keys.file(generation, kind);
        match store.head(&key)? {
            Some(object) if object.len_bytes == entry.file_len_bytes => {}
            _ => return Err(incomplete(key)),
        }
    }
    Ok(manifest)
}
