//! How an application is served.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use app::Application;

use crate::Limits;

/// How to serve an application. [`Options::new`] gives what tests want; the command line sets every field.
#[derive(Clone, Debug)]
pub struct Options {
    /// The application.
    pub source: Source,
    /// The components that are served, with their routes. None named: all.
    pub components: Vec<String>,
    /// Where to listen. Port 0 takes any free port.
    pub listen: SocketAddr,
    /// Values of variables. They win over every other provider.
    pub variables: Vec<(String, String)>,
    /// Whether `SPIN_VARIABLE_*` of the process and of `.env` in the current folder give values too.
    pub environment: bool,
    /// Spin's runtime configuration: key-value stores and providers of variables.
    pub runtime_config: Option<PathBuf>,
    /// Where key-value stores are kept. `None` is `.spin` beside the manifest, or nowhere for longer than the server lives where there is none.
    pub state_dir: Option<PathBuf>,
    /// Where compiled components are kept. `None` compiles them at every start.
    pub cache_dir: Option<PathBuf>,
    /// Whether instances come from a pool that is set aside at start. It needs terabytes of address space, though no memory.
    pub pooling: bool,
    /// A folder of static files that win over the application's routes.
    pub web: Option<PathBuf>,
    /// How long a stop goes on to serve while it says that it is not ready. Kubernetes takes a pod out of its Services while the pod is told to
    /// stop, not before (<https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>), so requests come for some seconds.
    pub drain_delay: Duration,
    /// What requests, instances and clients may take.
    pub limits: Limits,
    /// How many bytes a key-value store holds on disk; a full one refuses further values.
    pub key_value_bytes: u64,
    /// How many bytes of values a key-value store keeps in memory.
    pub key_value_memory_bytes: usize,
    /// Whether answers are compressed where that pays.
    pub compress: bool,
    /// Where metrics are served, under `/metrics`. `None` serves none.
    pub metrics_listen: Option<SocketAddr>,
    /// How the line about each request is written.
    pub log_format: LogFormat,
}

/// Where an application comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Its `spin.toml`.
    Manifest(PathBuf),
    /// It was read already, such as out of a registry.
    Read {
        /// The application.
        application: Box<Application>,
        /// Where its paths begin. The folder is not its own, so that nothing is kept there.
        root: PathBuf,
        /// What it is called in errors.
        name: String,
    },
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line, a member for each thing that is said about a request.
    Json,
}

impl Options {
    /// Serves `manifest` on a free port of the loopback interface: pooled, with the compile cache of the user, without the
    /// environment's variables.
    pub fn new(manifest: impl Into<PathBuf>) -> Self {
        Self {
            source: Source::Manifest(manifest.into()),
            components: Vec::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            variables: Vec::new(),
            environment: false,
            runtime_config: None,
            state_dir: None,
            cache_dir: default_cache_dir(),
            pooling: true,
            web: None,
            drain_delay: Duration::ZERO,
            limits: Limits::default(),
            key_value_bytes: 1 << 30,
            key_value_memory_bytes: 32 << 20,
            compress: true,
            metrics_listen: None,
            log_format: LogFormat::Text,
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
