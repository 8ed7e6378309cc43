//! The Spin application: what `spin.toml` says, as checked types.
//!
//! [`Application::read`] parses the subset of the Spin 3.6 manifest that runs on every host the project targets. Anything
//! else in the file is an error with its line, because a field that is silently ignored here would be obeyed in production.
//!
//! - [`Application`] holds [`Variable`]s, [`HttpTrigger`]s and [`Component`]s.
//! - [`Template`] is text with `{{ variable }}` in it; [`Variables`] are the values that fill it.
//! - [`AllowedHosts`] answers whether a component may call a host.
//!
//! [`Component::list_files`] finds the files that a component sees. The crate does nothing else: `host` runs what the manifest describes, `artifact`
//! packs it, `infra` deploys it.

mod error;
mod files;
mod manifest;
mod outbound;
mod schema;
mod template;
mod variables;

pub use error::Error;
pub use manifest::{Application, Build, Component, FileMount, HttpTrigger, Route, Variable};
pub use outbound::{AllowedHost, AllowedHosts};
pub use template::Template;
pub use variables::Variables;
