//! Runs a Spin application on one machine as Spin would, with an embedded S3 beside it.
//!
//! Two servers, which know nothing of each other:
//!
//! - [`Server`] serves the components of a `spin.toml`: routes, variables, outbound hosts, files, key-value stores, and a fresh
//!   instance for each request. [`Options`] says how.
//! - [`s3::Server`] keeps objects in a folder and speaks enough of S3 for the publishing job and for range reads.
//!
//! Both take port 0 and shut down gracefully, so that end-to-end tests run them in their own process. The binary `host` is a
//! command line around the two.
//!
//! A request walks through [`server`] (well-known paths, static files, route), [`component`] (instance, trap) and, inside the
//! component, through [`imports`] and [`state`]: what a component sees of the world.
//!
//! **Invariant:** nothing here knows what a component computes. Functions are files.

mod compile_cache;
mod component;
mod error;
mod files;
mod guest_log;
mod imports;
mod key_value;
mod listener;
mod options;
mod outbound;
mod providers;
mod router;
mod runtime_config;
pub mod s3;
mod server;
mod state;
mod static_files;

pub use error::Error;
pub use listener::SHUTDOWN_GRACE;
pub use options::{Options, default_cache_dir};
pub use server::{ACCESS_LOG, Server};
