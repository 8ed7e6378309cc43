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
//! A request walks through [`listener`] (its connection), [`server`] (well-known paths, static files, route), [`request_body`] (what the client
//! sends), [`gate`] (its turn), [`component`] and [`call`] (instance, answer, failure) and, inside the component, through [`imports`] and
//! [`state`]: what a component sees of the world. [`limits`] has the bounds of all of them in one place.
//!
//! **Invariant:** nothing here knows what a component computes. Functions are files.

mod answer;
mod body;
mod call;
mod compile_cache;
mod component;
mod compress;
mod error;
mod files;
mod gate;
mod guest_log;
mod imports;
mod key_value;
mod limits;
mod listener;
mod memory_limit;
mod metrics;
mod options;
mod outbound;
mod patience;
mod providers;
mod request_body;
mod router;
mod runtime;
mod runtime_config;
pub mod s3;
mod server;
mod state;
mod static_files;
mod timed_body;
mod trace_context;

pub use error::Error;
pub use limits::{ConnectionLimits, Limits, default_concurrent_requests};
pub use options::{LogFormat, Options, Source, default_cache_dir};
pub use runtime::runtime;
pub use server::{ACCESS_LOG, Server};
