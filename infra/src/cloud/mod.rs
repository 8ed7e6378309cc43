//! What of an environment is on AWS, as a stack of `CloudFormation`.
//!
//! One way, as for a cluster: [`Stack`] (what is wanted, checked) → [`template`] (JSON, pure) → [`stacks`], [`change_set`] and [`events`], which
//! alone have a client.

mod buckets;
pub(crate) mod change_set;
mod cluster;
mod distribution;
pub(crate) mod events;
mod gateway;
mod repositories;
mod roles;
mod stack;
pub(crate) mod stacks;
mod template;

pub(crate) use stack::Stack;
pub(crate) use template::template;
