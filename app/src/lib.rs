//! The Spin application: what `spin.toml` says, as checked types.
//!
//! [`Application::read`] parses the subset of the Spin 3.6 manifest that runs on every host the project targets. Anything
//! else in the file is an error with its line, because a field that is silently ignored here would be obeyed in production.
//!
//! - [`Application`] holds [`Variable`]s, [`HttpTrigger`]s and [`Component`]s.
//! - [`Template`] is text with `{{ variable }}` in it; [`Variables`] are the values that fill it.
//! - [`AllowedHosts`] answers whether a component may call a host.
//!
//! The crate reads one file and does nothing else: `host` runs what it describes, `infra` deploys it.

mod error;
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
