//! Applications on their way through a real registry.
#![allow(clippy::print_stdout, reason = "a test that cannot run says so")]

mod registry;
mod round_trip;
