//! The program as a whole: what it renders, what it says, and how it ends.
#![allow(clippy::print_stdout, reason = "a test that cannot run says so")]

mod bad_input;
mod cluster;
mod pin;
mod program;
mod push;
#[path = "../../../artifact/tests/it/registry.rs"]
mod registry;
mod render;
