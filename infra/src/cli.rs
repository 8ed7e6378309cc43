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
    /// What of an environment is on AWS, as one stack
    #[command(subcommand)]
    Cloud(CloudCommand),
    /// Put the page up: into the bucket of the stack, or into a folder for another host
    Site(SiteArgs),
}

/// What is put up, and where to.
#[derive(Args, Debug)]
pub(crate) struct SiteArgs {
    /// Where the functions answer, instead of what the stack says
    #[arg(long, value_name = "URL")]
    pub(crate) api: Option<String>,
    /// The folder of the page
    #[arg(long, value_name = "FOLDER", default_value = "web")]
    pub(crate) web: PathBuf,
    /// Write the files into a folder, and ask nobody
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["dry_run", "prune_older_than"])]
    pub(crate) out: Option<PathBuf>,
    /// Tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Delete files that were replaced so many days ago
    #[arg(long, value_name = "DAYS")]
    pub(crate) prune_older_than: Option<u32>,
}

/// What is done with the stack of an environment.
#[derive(Debug, Subcommand)]
enum CloudCommand {
    /// Write the stack's template as JSON, without credentials
    Render,
    /// Tell what applying would change, through a change set that is deleted again
    Plan(CloudPlanArgs),
    /// Change the stack to what the configuration says, and wait for it
    Apply(CloudApplyArgs),
    /// Tell the stack's outputs: buckets, addresses, repositories, roles
    Outputs,
    /// Delete the stack; the buckets stay
    Destroy(DestroyArgs),
}

/// How changes are told.
#[derive(Args, Debug)]
pub(crate) struct CloudPlanArgs {
    /// End with status 2 if there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

/// Whether it is asked.
#[derive(Args, Debug)]
pub(crate) struct CloudApplyArgs {
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Whether it is asked before everything goes.
#[derive(Args, Debug)]
pub(crate) struct DestroyArgs {
    /// Do not ask, unless the environment is protected
    #[arg(long)]
    pub(crate) yes: bool,
    /// Do not ask; the name of the environment, as a protected one needs it
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm_env: Option<String>,
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
        Command::Cloud(command) => match command {
            CloudCommand::Render => commands::cloud::render(&cli.global),
            CloudCommand::Plan(args) => commands::cloud::plan(&cli.global, args),
            CloudCommand::Apply(args) => commands::cloud::apply(&cli.global, args),
            CloudCommand::Outputs => commands::cloud::outputs(&cli.global),
            CloudCommand::Destroy(args) => commands::cloud::destroy(&cli.global, args),
        },
        Command::Site(args) => commands::site(&cli.global, args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // That there are changes was asked, and told.
            if failure.refusal != Refusal::Changes {
                cli.global.output.tell_failure(&failure);
            }
            ExitCode::from(failure.refusal as u8)
        }
    }
}
