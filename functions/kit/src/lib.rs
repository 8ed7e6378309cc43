//! What the functions share.
//!
//! # Overview of types
//!
//! A function is a table of [`Route`]s and nothing else. The component ([`component!`]) hands it a [`Request`](http::Request) and a [`Context`]: the deployment's
//! [`Settings`](settings::Settings), a [`Storage`](storage::Storage), and a source of chance. [`respond`] picks the route, and a route opens a collection with
//! [`Context::open`], asks its generation, and renders; whatever goes wrong is a [`Problem`](problem::Problem).
//!
//! Nothing here is asynchronous: a reader plans a whole batch before it reads, a batch is one round trip, and a function's instance answers one request.
//! All of it but the module `spin` is plain Rust and tested natively.

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

#[cfg(any(target_arch = "wasm32", test))]
mod allocator;
mod component;
mod context;
pub mod cors;
pub mod filter;
pub mod health;
mod hexadecimal;
pub mod history;
pub mod http;
pub mod json;
mod keeping;
pub mod limits;
pub mod problem;
pub mod query;
pub mod ranking;
pub mod record;
mod server;
pub mod settings;
#[cfg(target_arch = "wasm32")]
pub mod spin;
pub mod storage;
#[cfg(feature = "testing")]
pub mod testing;
mod timing;

pub use context::{Collection, Context, Needs, Opened, Pinned, Pointer, Provenance};
pub use keeping::Keeping;
pub use server::{Answer, Call, Route, paths, respond};
