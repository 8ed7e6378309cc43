//! Brings Kindred into a cluster: what `kindred.toml` says of an environment becomes Kubernetes objects.
//!
//! One way, of a cluster: [`Model`] (what is wanted, checked) → [`render`] (objects, pure) → files. The same input gives the same bytes.

mod aws;
pub mod cli;
mod cloud;
mod commands;
mod confirm;
mod error;
mod model;
mod object;
mod render;
mod report;
mod site;
mod yaml;

pub use error::{Failure, Refusal};
pub use model::Model;
pub use object::Object;
pub use render::render;
