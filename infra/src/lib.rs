//! Brings Kindred into a cluster: what `kindred.toml` says of an environment becomes Kubernetes objects.
//!
//! One way: [`Model`] (what is wanted, checked) → [`render`] (objects, pure) → files, or an `engine` that compares them with a cluster and changes what differs. The same input gives
//! the same bytes. Only `cluster` speaks with one.

mod aws;
pub mod cli;
mod cloud;
mod cluster;
mod commands;
mod confirm;
mod diff;
mod doctor;
mod engine;
mod error;
mod hash;
mod interruption;
mod model;
mod object;
mod object_id;
mod probe;
mod render;
mod report;
mod saved_plan;
mod site;
mod yaml;

pub use error::{Failure, Refusal};
pub use model::Model;
pub use object::Object;
pub use render::render;
