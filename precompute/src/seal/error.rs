use pointer::archive::ArchiveError;
use thiserror::Error;

/// Why a function is not sealed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SealError {
    /// The file is something else.
    #[error("this is not WebAssembly")]
    NotWebAssembly,
    /// The file begins as WebAssembly does and does not go on so: it is cut, or broken.
    #[error("this is not sound WebAssembly: build it again")]
    Malformed(#[from] wasmparser::Error),
    /// The file is what Spin makes of a function, or what was built for a target that gives that.
    #[error(
        "this is a component, and the index goes into the module that a component is made of: seal what `cargo xtask functions` leaves in target/functions. Spin and `host` make the component themselves"
    )]
    Component,
    /// There is no memory that the index could be read into, or more than one.
    #[error(
        "this has no memory of its own: it is no function of Kindred. `cargo xtask functions` builds them"
    )]
    NoMemory,
    /// The module is no function as Spin runs them.
    #[error(
        "this is not built for wasm32-wasip1 ({found}), and nothing else becomes a component: `cargo xtask functions` builds the functions"
    )]
    WrongTarget {
        /// What gave it away.
        found: &'static str,
    },
    /// Nothing in the module would read an index. A function has what does from `kit`.
    #[error(
        "this has no place for an index: it is no function of Kindred, or of a version that this program does not know. `cargo xtask functions` builds the functions of this checkout"
    )]
    NoArchiveFunction,
    /// There is an index in it, and only the function as it was built is looked at.
    #[error("this is sealed already: seal the function as it was built, in target/functions")]
    AlreadySealed,
    /// The index is large for a thing that every machine that runs the function keeps in its memory.
    #[error(
        "the index has {len_bytes} bytes, and more than {maximum_len_bytes} are not sealed unasked: leave it in the bucket, leave collections out, or allow it with --maximum-megabytes"
    )]
    TooLong {
        /// The length of the archive.
        len_bytes: u64,
        /// What is allowed.
        maximum_len_bytes: u64,
    },
    /// The objects do not become an archive.
    #[error("cannot put the index files together")]
    Archive(#[from] ArchiveError),
}
