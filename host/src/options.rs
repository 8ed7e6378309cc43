//! How an application is served.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How to serve an application. [`Options::new`] gives what tests want; the command line sets every field.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `spin.toml`.
    pub manifest: PathBuf,
    /// Where to listen. Port 0 takes any free port.
    pub listen: SocketAddr,
    /// Values of variables. They win over every other provider.
    pub variables: Vec<(String, String)>,
    /// Whether `SPIN_VARIABLE_*` of the process and of `.env` in the current folder give values too.
    pub environment: bool,
    /// Spin's runtime configuration: key-value stores and providers of variables.
    pub runtime_config: Option<PathBuf>,
    /// Where key-value stores are kept. `None` is `.spin` beside the manifest.
    pub state_dir: Option<PathBuf>,
    /// Where compiled components are kept. `None` compiles them at every start.
    pub cache_dir: Option<PathBuf>,
    /// Whether instances come from a pool that is set aside at start. It needs terabytes of address space, though no memory.
    pub pooling: bool,
    /// A folder of static files that win over the application's routes.
    pub web: Option<PathBuf>,
}

impl Options {
    /// Serves `manifest` on a free port of the loopback interface: pooled, with the compile cache of the user, without the
    /// environment's variables.
    pub fn new(manifest: impl Into<PathBuf>) -> Self {
        Self {
            manifest: manifest.into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            variables: Vec::new(),
            environment: false,
            runtime_config: None,
            state_dir: None,
            cache_dir: default_cache_dir(),
            pooling: true,
            web: None,
        }
    }
}

/// The folder for what can be made again: `$XDG_CACHE_HOME/kindred`, or `~/.cache/kindred`; `None` without a home.
pub fn default_cache_dir() -> Option<PathBuf> {
    let folder = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    folder("XDG_CACHE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("kindred"))
}
