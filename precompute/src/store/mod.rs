//! Where generations are published: a bucket, seen as the few operations that publishing needs.
//!
//! The job sees [`Store`]. [`S3Store`] is the real one; tests publish to one in memory that fails when it is told to. The trait is synchronous,
//! like everything else in this crate: who wants several requests at once uses several threads, and the runtime stays inside of `s3.rs`.

mod error;
#[cfg(test)]
pub(crate) mod memory;
mod s3;

use std::path::Path;

pub use error::StoreError;
pub use s3::{AccessKeys, S3Location, S3Store};

/// An object as a listing or a HEAD shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ObjectInfo {
    /// The whole key.
    pub key: String,
    /// The length.
    pub len_bytes: u64,
    /// When it was written, in seconds since 1970.
    pub modified_s: i64,
    /// SHA-256 of the content, if a job like this one wrote the object; a listing never tells.
    pub sha256: Option<String>,
}

/// An object's content, and the tag by which it can be replaced conditionally.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Object {
    /// The content.
    pub bytes: Vec<u8>,
    /// The entity tag as the store gave it, quotes included.
    pub etag: String,
}

/// What has to hold for an object to be replaced.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Condition {
    /// There is no such object yet.
    Absent,
    /// The object is still the one with this entity tag.
    Unchanged {
        /// [`Object::etag`] of the object that was read.
        etag: String,
    },
}

/// What an immutable object is made from.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// A document in memory.
    Document(&'a [u8]),
    /// A file, uploaded in parts if it is large.
    File(&'a Path),
}

/// A bucket.
///
/// An object appears as a whole or not at all, and who reads after a successful write sees it: S3 promises both, and publishing relies on it.
pub trait Store: Send + Sync {
    /// All objects whose key begins with `prefix`, sorted by key.
    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, StoreError>;

    /// What is known of an object without reading it.
    fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StoreError>;

    /// An object's content.
    fn get(&self, key: &str) -> Result<Option<Object>, StoreError>;

    /// A piece of an object, shorter where the object ends before.
    fn get_range(&self, key: &str, offset: u64, len_bytes: u64) -> Result<Vec<u8>, StoreError>;

    /// Writes an object that never changes. The store checks the content against `sha256` on the way and keeps it for [`Self::head`].
    fn put_immutable(
        &self,
        key: &str,
        content: Content<'_>,
        sha256: &str,
    ) -> Result<(), StoreError>;

    /// Writes a document that readers must ask for anew, if the condition holds; otherwise [`StoreError::ConditionFailed`].
    fn put_if(&self, key: &str, document: &[u8], condition: &Condition) -> Result<(), StoreError>;

    /// Deletes an object; one that is not there is no error.
    fn delete(&self, key: &str) -> Result<(), StoreError>;
}
