//! Puts generations into a bucket, and decides which one is served.
//!
//! Everything but the pointer is immutable and has a key of its own, named by its content. So a publication can stop anywhere: readers follow the
//! pointer, which is replaced last and only if nobody else replaced it in the meantime, and running it again skips what is there.

mod collect;
mod error;
mod quality;
mod rollback;
#[cfg(test)]
mod tests;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pointer::{CollectionKeys, Manifest};

pub use collect::{CollectOptions, CollectReport, CollectedGeneration, collect};
pub use error::PublishError;
pub use quality::QualityVerdict;
pub use rollback::{RollbackReport, rollback};

use crate::digest::sha256_hex;
use crate::generation::LocalGeneration;
use crate::store::{Condition, Content, Store, StoreError};

/// How many files are on their way at once; a generation has a handful of files.
const NUM_PARALLEL_UPLOADS: usize = 4;

/// The decisions that the caller makes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishOptions {
    /// The share of the current generation's quality that the new one may lack.
    pub maximum_quality_loss: f64,
    /// Whether a generation that is worse, or cannot be compared, is published all the same.
    pub force: bool,
}

/// What a publication did.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishReport {
    /// The generation that is served now.
    pub generation: String,
    /// The one that was served before, if any.
    pub replaced: Option<String>,
    /// The keys that were written, the pointer among them; sorted.
    pub written: Vec<String>,
    /// How many objects were there already, byte for byte.
    pub num_skipped: usize,
    /// How the new quality compares with the old one.
    pub quality: QualityVerdict,
}

/// The pointer as it was read, with what a conditional replacement needs.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentPointer {
    /// What the pointer says.
    pub manifest: Manifest,
    /// Its entity tag.
    pub etag: String,
}

/// Reads the pointer; `None` when nothing is published yet.
pub fn read_pointer(
    store: &dyn Store,
    keys: &CollectionKeys,
    collection: &str,
) -> Result<Option<CurrentPointer>, PublishError> {
    let key = keys.pointer();
    let Some(object) = store.get(&key)? else {
        return Ok(None);
    };
    let manifest = Manifest::parse(&object.bytes, collection)
        .map_err(|source| PublishError::Manifest { key, source })?;
    Ok(Some(CurrentPointer {
        manifest,
        etag: object.etag,
    }))
}

/// Publishes a generation: checks it, uploads what is missing, and then has the pointer name it.
///
/// # Errors
///
/// [`PublishError`]; in every case the generation that was served before still is.
pub fn publish(
    store: &dyn Store,
    keys: &CollectionKeys,
    generation: &LocalGeneration,
    options: PublishOptions,
) -> Result<PublishReport, PublishError> {
    generation.verify()?;
    let manifest = &generation.manifest;
    let current = read_pointer(store, keys, &manifest.collection)?;
    let served = current.as_ref().map(|current| &current.manifest);
    let quality = QualityVerdict::compare(
        served.and_then(|served| served.quality.as_ref()),
        manifest.quality.as_ref(),
        options.maximum_quality_loss,
    );
    if !options.force {
        match &quality {
            QualityVerdict::Worse {
                metric,
                current,
                new,
            } => {
                return Err(PublishError::WorseQuality {
                    metric: metric.clone(),
                    current: *current,
                    new: *new,
                    maximum_quality_loss: options.maximum_quality_loss,
                });
            }
            QualityVerdict::Incomparable(why) => {
                return Err(PublishError::IncomparableQuality { why: why.clone() });
            }
            QualityVerdict::NothingServed | QualityVerdict::GoodEnough { .. } => {}
        }
    }

    let (mut written, mut num_skipped) = upload_files(store, keys, generation)?;
    // The manifest comes after the files that it lists, so that a generation with a manifest is complete.
    let key = keys.manifest(&manifest.generation);
    if store.head(&key)?.is_some() {
        // Its time may differ from ours; everything else is in its name.
        num_skipped += 1;
    } else {
        let document = Manifest {
            previous: None,
            ..manifest.clone()
        }
        .to_json();
        store.put_immutable(&key, Content::Document(&document), &sha256_hex(&document))?;
        written.push(key);
    }

    let replaced = served.map(|served| served.generation.clone());
    if replaced.as_ref() == Some(&manifest.generation) {
        num_skipped += 1;
    } else {
        replace_pointer(store, keys, current.as_ref(), manifest)?;
        written.push(keys.pointer());
    }
    written.sort();
    Ok(PublishReport {
        generation: manifest.generation.clone(),
        replaced,
        written,
        num_skipped,
        quality,
    })
}

/// Uploads the files that are not there yet, several at once; gives the keys written and the number of files skipped.
fn upload_files(
    store: &dyn Store,
    keys: &CollectionKeys,
    generation: &LocalGeneration,
) -> Result<(Vec<String>, usize), PublishError> {
    let files: Vec<_> = generation.manifest.files.iter().collect();
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    let upload_the_next = || -> Result<(), StoreError> {
        while let Some((kind, entry)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let key = keys.file(&generation.manifest.generation, kind);
            let there = store.head(&key)?.is_some_and(|object| {
                object.len_bytes == entry.file_len_bytes
                    && object.sha256.as_ref() == Some(&entry.sha256)
            });
            if !there {
                let path = generation.file(kind);
                store.put_immutable(&key, Content::File(&path), &entry.sha256)?;
            }
            outcomes
                .lock()
                .expect("no holder of this lock panics")
                .push((key, there));
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let num_uploads = NUM_PARALLEL_UPLOADS.min(files.len());
        let uploads: Vec<_> = (0..num_uploads)
            .map(|_| scope.spawn(upload_the_next))
            .collect();
        uploads
            .into_iter()
            .try_for_each(|upload| upload.join().expect("an upload does not panic"))
    })?;
    let outcomes = outcomes
        .into_inner()
        .expect("no holder of this lock panics");
    let (skipped, written): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|(_, there)| *there);
    Ok((
        written.into_iter().map(|(key, _)| key).collect(),
        skipped.len(),
    ))
}

/// Has the pointer name `manifest`, if it is still the one that was read.
fn replace_pointer(
    store: &dyn Store,
    keys: &CollectionKeys,
    current: Option<&CurrentPointer>,
    manifest: &Manifest,
) -> Result<(), PublishError> {
    let key = keys.pointer();
    let condition = match current {
        Some(current) => Condition::Unchanged {
            etag: current.etag.clone(),
        },
        None => Condition::Absent,
    };
    let previous = current.map(|current| current.manifest.generation.clone());
    let document = Manifest {
        previous,
        ..manifest.clone()
    }
    .to_json();
    match store.put_if(&key, &document, &condition) {
        Err(StoreError::ConditionFailed { .. }) => {
            // A request whose answer was lost is repeated, and then fails because it had succeeded.
            let winner = read_pointer(store, keys, &manifest.collection)?;
            let winner = winner.map(|winner| winner.manifest.generation);
            if winner.as_ref() == Some(&manifest.generation) {
                Ok(())
            } else {
                Err(PublishError::LostRace { key, winner })
            }
        }
        other => Ok(other?),
    }
}
