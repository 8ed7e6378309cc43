//! The host's tests: real components through the real server, the embedded S3 over HTTP, the command as a process.
#![allow(clippy::print_stdout, reason = "a test that cannot run says so")]

mod application;
mod client;
mod command;
mod load;
mod object_store;
mod pulled;
#[path = "../../../artifact/tests/it/registry.rs"]
mod registry;
