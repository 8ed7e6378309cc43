//! Why a server did not start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The cause of an error of another crate, kept whole.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the application or the embedded S3 could not be started. Nothing listens when one of these is returned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The manifest could not be read, or its variables could not be resolved.
    #[error("cannot load the application {name}")]
    Application {
        /// The manifest, or what it was pulled as.
        name: String,
        /// What is wrong with it.
        source: app::Error,
    },
    /// A route of the manifest cannot be matched.
    #[error("the route {route:?} is malformed: {problem}")]
    Route {
        /// The route as written.
        route: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A component's WebAssembly file could not be read. Build it first.
    #[error("cannot read {} of the component {component:?}; is it built?", path.display())]
    ReadComponent {
        /// The component's id.
        component: String,
        /// Its source.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A component's file is not WebAssembly that can serve `wasi:http/incoming-handler@0.2`.
    #[error("cannot prepare the component {component:?} from {}", path.display())]
    PrepareComponent {
        /// The component's id.
        component: String,
        /// Its source.
        path: PathBuf,
        /// What the compiler or linker said.
        source: Cause,
    },
    /// A file of a component's `files` could not be laid out.
    #[error("cannot mount the files of the component {component:?}")]
    Files {
        /// The component's id.
        component: String,
        /// What is wrong with it.
        source: Cause,
    },
    /// A component names a key-value store other than `default` that the runtime configuration does not define.
    #[error(
        "the component {component:?} uses the key-value store {label:?}; define [key_value_store.{label}] in the runtime configuration"
    )]
    UnknownStore {
        /// The component's id.
        component: String,
        /// The store's label.
        label: String,
    },
    /// The runtime configuration could not be read.
    #[error("the runtime configuration {} is not valid: {message}", path.display())]
    RuntimeConfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A folder that the server needs could not be read or made.
    #[error("cannot use the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The WebAssembly engine could not be set up.
    #[error("cannot set up the WebAssembly engine")]
    Engine {
        /// What the engine said.
        source: Cause,
    },
    /// The address is taken, or not one of this machine.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The embedded S3 could not open its folder or make its bucket.
    #[error("cannot open the object store in {}", path.display())]
    ObjectStore {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        source: Cause,
    },
}
