//! The native job. See `--help`, and `commands.rs` for what each command does.

use std::process::ExitCode;

fn main() -> ExitCode {
    precompute::commands::main()
}
