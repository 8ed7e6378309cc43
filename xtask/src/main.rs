//! Automation of the work on this repository.
//!
//! The commands here are the only ones a newcomer has to know. Each is a module: [`up`] runs everything on this machine, [`test`] is the
//! test command, [`functions`] builds what runs as WebAssembly, [`tidy`] checks what no compiler checks, [`ci`] is all of it in the order of
//! the continuous integration.

mod functions;
mod process;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::functions::toolchain::ToolchainChoice;
use crate::workspace::Workspace;

/// Automation of the work on this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    /// Where the compiler for WebAssembly comes from.
    ///
    /// `auto` takes the active toolchain when it has the target, asks rustup for it otherwise, and falls back to the compiler of the
    /// Debian packages where rustup cannot download.
    #[arg(
        long,
        global = true,
        value_enum,
        env = "KINDRED_WASM_TOOLCHAIN",
        default_value = "auto"
    )]
    wasm_toolchain: ToolchainChoice,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the functions for wasm32-wasip1 into target/functions
    Functions,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let workspace = Workspace::find()?;
    match &arguments.command {
        Command::Functions => functions::build(&workspace, arguments.wasm_toolchain),
    }
}
