//! The job as a program that the tests can run: cargo builds the programs of a package for its own tests only.

use std::process::ExitCode;

fn main() -> ExitCode {
    precompute::commands::main()
}
