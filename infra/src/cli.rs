//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::commands;
use crate::error::Refusal;
use crate::report::Output;

const EXIT_CODES: &str = "\
Exit codes:
    0  done, or nothing to change
    1  something outside did not work
    2  there are changes (plan --detailed-exitcode)
    3  the command line or the configuration is wrong
    4  something is missing that has to be there before
    5  somebody else owns a field
    6  what was applied did not become ready
    7  somebody else is at work on the environment
    8  refused: protected, or nobody said yes
  130  interrupted";

/// Brings Kindred into a cluster.
#[derive(Debug, Parser)]
#[command(name = "infra", version, max_term_width = 100, after_long_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// What every command is told.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// The environment: a table of `environments` in the configuration
    #[arg(short, long, global = true, env = "KINDRED_ENVIRONMENT")]
    pub(crate) env: Option<String>,
    /// The configuration
    #[arg(long, global = true, default_value = config::FILE_NAME)]
    pub(crate) config: PathBuf,
    /// The Spin application
    #[arg(long, global = true, default_value = "spin.toml")]
    pub(crate) application: PathBuf,
    /// For whom results are written
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the objects of an environment as YAML, without a cluster
    Render(RenderArgs),
    /// Push the application to a registry, in the format of Spin
    Push(PushArgs),
}

/// What is rendered, and where to.
#[derive(Args, Debug)]
pub(crate) struct RenderArgs {
    /// A folder for a file a room and a kustomization.yaml; without it, everything goes to standard output
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// The application's artifact, instead of `application.image`
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) image: Option<String>,
}

/// What is pushed, and where to.
#[derive(Args, Debug)]
pub(crate) struct PushArgs {
    /// What the artifact is called, instead of `application.image` of the environment
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) tag: Option<String>,
    /// Speak plain HTTP with the registry, as with one on this machine
    #[arg(short = 'k', long)]
    pub(crate) insecure: bool,
}

/// Runs what the command line says.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing that can be done if the terminal is gone.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(Refusal::Invalid as u8)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let done = match &cli.command {
        Command::Render(args) => commands::render(&cli.global, args),
        Command::Push(args) => commands::push(&cli.global, args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            cli.global.output.tell_failure(&failure);
            ExitCode::from(failure.refusal as u8)
        }
    }
}
