//! What is mined, held against what a naive program finds and against the published counts.
#![allow(clippy::print_stdout, reason = "a test that cannot run says so")]

mod oracle;
mod real_data;
