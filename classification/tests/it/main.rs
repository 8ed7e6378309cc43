//! Over the whole crate: a table by hand, and the placement table where it is there.
#![allow(clippy::print_stdout, reason = "a test that cannot run says so")]

mod bad_input;
mod placement;
mod threads;
