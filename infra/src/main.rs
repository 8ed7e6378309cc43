//! The program that brings Kindred into a cluster. See `--help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    infra::cli::run()
}
