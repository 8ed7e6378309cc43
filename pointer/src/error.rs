use thiserror::Error;

/// Why a document is not taken for the manifest of a collection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The bytes are no JSON, or not of this shape; somebody else wrote them.
    #[error("this is not a manifest")]
    Malformed(#[from] serde_json::Error),
    /// A newer program wrote the document; upgrade this one, or publish again with the older job.
    #[error(
        "the manifest has version {version}, and this program reads versions up to {newest_readable}: upgrade it, or publish the collection again"
    )]
    NewerVersion {
        /// The document's version.
        version: u32,
        /// [`crate::MANIFEST_VERSION`] of this program.
        newest_readable: u32,
    },
    /// The document was copied from another collection's folder.
    #[error("the manifest is of the collection `{found}`, not of `{expected}`")]
    WrongCollection {
        /// The collection that was asked for.
        expected: String,
        /// The collection that the document names.
        found: String,
    },
    /// The document is not the one that was written under its name: it was damaged on its way, or edited.
    #[error(
        "the manifest is damaged: by its content it is the generation `{computed}`, and it says `{stated}`"
    )]
    WrongName {
        /// The name that it says.
        stated: String,
        /// The name that its content has.
        computed: String,
    },
    /// A name that becomes part of a key has characters that no writer of ours puts there.
    #[error("`{name}` cannot be part of a key")]
    BadName {
        /// The name.
        name: String,
    },
    /// A number that no writer of ours writes and no reader should act on.
    #[error("`{field}` of the manifest is to be {expected}")]
    BadValue {
        /// Where in the document, such as `files.neighbours.head_len_bytes`.
        field: String,
        /// What would be right.
        expected: String,
    },
}
