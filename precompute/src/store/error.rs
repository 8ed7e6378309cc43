use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// What went wrong between the job and the bucket.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The object is not what it was when it was read: somebody else wrote it. Read it again and decide anew.
    #[error("`{key}` was changed by somebody else in the meantime")]
    ConditionFailed {
        /// The object.
        key: String,
    },
    /// The store refused a request or could not be reached; the SDK has repeated it as far as that makes sense.
    #[error("cannot {operation} `{key}`")]
    Request {
        /// What was being done, such as `read`.
        operation: &'static str,
        /// The object, or the prefix of a listing.
        key: String,
        /// What the store or the network said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store has no such bucket: make it, or name another one.
    #[error("there is no bucket `{bucket}` at {endpoint}")]
    NoBucket {
        /// The bucket.
        bucket: String,
        /// The store's address.
        endpoint: String,
    },
    /// No request reached the store: nothing listens at its address, or the way there is broken.
    #[error("cannot reach {endpoint}")]
    Unreachable {
        /// The store's address.
        endpoint: String,
        /// What the network said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A request was not even sent, for which missing credentials are the usual reason.
    #[error(
        "cannot send a request to {endpoint}: are there credentials, in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or the machine's role?"
    )]
    NotSent {
        /// The store's address.
        endpoint: String,
        /// What the client said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file to upload cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is no longer the one whose checksum was given: something else writes to it.
    #[error("{} changed while it was uploaded", path.display())]
    FileChanged {
        /// The file.
        path: PathBuf,
    },
    /// The client cannot run on this machine.
    #[error("cannot start the S3 client")]
    Client(#[source] io::Error),
}
