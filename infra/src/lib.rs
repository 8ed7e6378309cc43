//! Brings Kindred into a cluster: what `kindred.toml` says of an environment becomes Kubernetes objects.
//!
//! One way: [`Model`] (what is wanted, checked) → [`render`] (objects, pure) → files. The same input gives the same bytes.

pub mod cli;
mod commands;
mod error;
mod model;
mod object;
mod render;
mod report;
mod yaml;

pub use error::{Failure, Refusal};
pub use model::Model;
pub use object::Object;
pub use render::render;
