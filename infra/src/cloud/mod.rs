//! What of an environment is on AWS, as a stack of `CloudFormation`.
//!
//! One way, as for a cluster: [`Stack`] (what is wanted, checked) → [`template`] (JSON, pure) → change sets. `stacks.rs` alone has a client.

mod buckets;
mod cluster;
mod distribution;
mod gateway;
mod repositories;
mod roles;
mod stack;
pub(crate) mod stacks;
mod template;

pub(crate) use stack::Stack;
pub(crate) use template::template;
