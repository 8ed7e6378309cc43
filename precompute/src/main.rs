//! The native job. See `--help`, and `commands.rs` for what each command does.

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use precompute::cli::Cli;
use precompute::exit::ExitStatus;
use precompute::progress::Progress;
use precompute::{commands, interrupt};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let progress = Progress::new(cli.global.progress);
    let outcome = interrupt::end_with(ExitStatus::Interrupted.code())
        .context("cannot listen for Ctrl-C")
        .and_then(|()| commands::run(&cli, &progress));
    let status = match outcome {
        Ok(()) => ExitStatus::Done,
        Err(error) => {
            let status = ExitStatus::of_error(&error);
            progress.error(&error, status.code());
            status
        }
    };
    ExitCode::from(status.code())
}
