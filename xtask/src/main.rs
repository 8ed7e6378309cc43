//! Automation of the work on this repository.
//!
//! The commands here are the only ones a newcomer has to know. Each is a module: [`up`] runs everything on this machine, [`test`] is the
//! test command, [`functions`] builds what runs as WebAssembly, [`tidy`] checks what no compiler checks, [`ci`] is all of it in the order of
//! the continuous integration.

mod changelog;
mod ci;
mod custom_resources;
mod e2e;
mod functions;
mod pin_actions;
mod process;
mod test;
mod tidy;
mod tools;
mod up;
mod workflows;
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
        default_value = "auto",
        hide_env_values = true
    )]
    wasm_toolchain: ToolchainChoice,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything on this machine: build, publish the demo collection to an embedded S3, serve
    Up(up::UpArguments),
    /// Build the functions, then run every test
    Test {
        /// Handed on to `cargo test`, as in `cargo xtask test -- --package index`
        #[arg(last = true)]
        cargo_arguments: Vec<String>,
    },
    /// Build the functions, and the guest of the host's tests, into target/functions
    Functions,
    /// Test the deployment tool against clusters: that of KUBECONFIG, or those that scripts beside the checkout start
    E2e {
        /// The engine or the story; without it, both
        #[arg(value_enum)]
        part: Option<e2e::Part>,
    },
    /// Check what no compiler checks: edges, manifests, documents
    Tidy {
        /// Record the hash of the format modules in index/FORMAT.md, after reading it against them
        #[arg(long)]
        update_format_hash: bool,
    },
    /// Check licences, duplicate packages and sources with cargo-deny
    Deny,
    /// Check the workflows with actionlint and zizmor
    Workflows,
    /// Run what the continuous integration runs
    Ci,
    /// Print what CHANGELOG.md says of a release
    Changelog {
        /// The release, as in `1.2.0`
        version: String,
    },
    /// Replace the tags of GitHub actions in the workflows by their commits
    PinActions,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let workspace = Workspace::find()?;
    let choice = arguments.wasm_toolchain;
    match arguments.command {
        Command::Up(arguments) => up::up(&workspace, choice, &arguments),
        Command::Test { cargo_arguments } => test::test(&workspace, choice, &cargo_arguments),
        Command::E2e { part } => e2e::e2e(&workspace, choice, part),
        Command::Functions => functions::build_with_test_guests(&workspace, choice),
        Command::Tidy {
            update_format_hash: true,
        } => tidy::update_format_hash(&workspace),
        Command::Tidy {
            update_format_hash: false,
        } => tidy::run(&workspace),
        Command::Deny => ci::deny(&workspace),
        Command::Workflows => workflows::check(&workspace),
        Command::Ci => ci::ci(&workspace),
        Command::Changelog { version } => changelog::print(&workspace, &version),
        Command::PinActions => pin_actions::pin(&workspace),
    }
}
