//! Writes the current generations of collections into a built function, which then answers with no storage at all.
//!
//! A [`SealedIndex`] gathers the objects of the collections, checked, as an archive laid out as the bucket is. [`Function`] is what `cargo xtask functions`
//! built; it gets the archive as one more data segment, and code that copies out of it. The segment is passive: it is in no memory, so no allocator can take its
//! place for free, and an instance has no page of it but what a request reads. `pointer::archive` describes both, and `kit` reads them. What comes out is a
//! module as before: Spin and `host` make a component of it and run it, and only `source` in `spin.toml` names another file.

mod error;
mod function;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::{Context, bail};
use pointer::archive::write_archive;
use pointer::{CollectionKeys, Manifest};

pub use error::SealError;
pub use function::Function;

use crate::atomic_file::write_bytes_atomically;
use crate::generation::{self, GenerationError, LocalGeneration};
use crate::progress::megabytes;
use crate::store::Store;

/// How long an archive may be unless more is allowed, in megabytes. Every machine that runs the function pulls it, compiles it and keeps it in its memory, and a
/// new generation means all of that again; from here on a bucket, of which a request reads some ten kilobytes, is the better place.
pub const DEFAULT_MAXIMUM_MEGABYTES: u32 = 64;

/// The objects that become part of a function.
#[derive(Clone, Debug, Default)]
pub struct SealedIndex {
    objects: BTreeMap<String, Vec<u8>>,
}

impl SealedIndex {
    /// Adds what the working folder has of a collection.
    pub fn add_built(&mut self, generation: &LocalGeneration) -> Result<(), GenerationError> {
        self.add(&generation.manifest, |kind| generation.read(kind))
    }

    /// Adds a published generation.
    pub fn add_published(
        &mut self,
        store: &dyn Store,
        keys: &CollectionKeys,
        manifest: &Manifest,
    ) -> Result<(), GenerationError> {
        self.add(manifest, |kind| {
            generation::read_published(store, keys, manifest, kind)
        })
    }

    fn add(
        &mut self,
        manifest: &Manifest,
        mut read: impl FnMut(&str) -> Result<(String, Vec<u8>), GenerationError>,
    ) -> Result<(), GenerationError> {
        // What all keys of a deployment begin with is for the bucket alone.
        let keys = CollectionKeys::new("", &manifest.collection);
        generation::check(manifest, |kind, _| {
            let (place, bytes) = read(kind)?;
            let key = keys.file(&manifest.generation, kind);
            self.objects.insert(key, bytes.clone());
            Ok((place, bytes))
        })?;
        // The generation before is not in the function.
        let pointer = Manifest {
            previous: None,
            ..manifest.clone()
        };
        self.objects.insert(keys.pointer(), pointer.to_compact());
        Ok(())
    }

    /// The archive for functions.
    ///
    /// # Errors
    ///
    /// [`SealError::TooLong`] when it has more megabytes than are allowed.
    pub fn archive(&self, maximum_megabytes: u32) -> Result<Vec<u8>, SealError> {
        let archive = write_archive(&self.objects)?;
        let len_bytes = archive.len() as u64;
        let maximum_len_bytes = u64::from(maximum_megabytes) * 1_000_000;
        if maximum_len_bytes < len_bytes {
            return Err(SealError::TooLong {
                len_bytes,
                maximum_len_bytes,
            });
        }
        Ok(archive)
    }
}

/// How much longer a host takes to compile a function for each megabyte of its index: 9 ms of processor time at most, and some four times the index in memory, as 50 MB cost `host up` on a machine of two cores.
/// From then on its compiled form is mapped, and a start takes 2 ms a megabyte, since the file is read and hashed.
const COMPILE_MILLISECONDS_PER_MEGABYTE: u64 = 9;

/// What a sealed function costs, beside what it cost before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SealCost {
    /// The length of the file before.
    pub function_len_bytes: u64,
    /// The length of the file now.
    pub sealed_len_bytes: u64,
}

impl fmt::Display for SealCost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let added_len_bytes = self.sealed_len_bytes - self.function_len_bytes;
        let compile_ms = (added_len_bytes * COMPILE_MILLISECONDS_PER_MEGABYTE).div_ceil(1_000_000);
        write!(
            formatter,
            "{} after {}; a host compiles it for some {compile_ms} ms longer, in about four times the memory of the index, and has its {} once, for all instances",
            megabytes(self.sealed_len_bytes),
            megabytes(self.function_len_bytes),
            megabytes(added_len_bytes),
        )
    }
}

/// Seals the function in a file: writes one of the same name `into` a folder, and tells what it costs.
pub fn seal_file(path: &Path, into: &Path, archive: &[u8]) -> anyhow::Result<(PathBuf, SealCost)> {
    let module = fs::read(path).context("cannot read it")?;
    let function = Function::read(&module)?;
    let sealed = function.seal(archive)?;
    let cost = SealCost {
        function_len_bytes: module.len() as u64,
        sealed_len_bytes: sealed.len() as u64,
    };
    let name = path.file_name().context("it has no name")?;
    let written = into.join(name);
    if fs::canonicalize(&written).ok() == fs::canonicalize(path).ok() {
        bail!("it would be overwritten: name another folder with --into");
    }
    write_bytes_atomically(&written, &sealed)
        .with_context(|| format!("cannot write {}", written.display()))?;
    Ok((written, cost))
}
