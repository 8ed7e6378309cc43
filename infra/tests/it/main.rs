//! The program as a whole: what it renders, what it says, and how it ends.
#![allow(clippy::print_stdout, reason = "a test that cannot run says so")]

mod answering;
mod bad_input;
mod cloud;
mod cloud_faults;
mod cloud_stack;
mod cluster;
mod early;
mod environments;
mod moto;
mod options;
mod pin;
mod probe;
mod program;
mod programs;
mod push;
#[path = "../../../artifact/tests/it/registry.rs"]
mod registry;
mod render;
mod schemas;
mod scripted;
mod site;
mod story;
