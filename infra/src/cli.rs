//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::commands;
use crate::engine::Selection;
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
    /// Show what `apply` would do
    Plan(PlanArgs),
    /// Bring the cluster to what is wanted, and wait until it runs
    Apply(ApplyArgs),
    /// Wait until what was applied runs
    Wait(StateArgs),
    /// Say how what was applied is
    Status(StateArgs),
    /// Say what others need to know: addresses, image, bucket
    Outputs(StateArgs),
    /// Say of one object who owns it, in what it differs from what is wanted, and what happened to it
    Explain(ExplainArgs),
    /// List what was applied, the newest first
    History(StateArgs),
    /// Apply again what was applied before
    Rollback(RollbackArgs),
    /// Take everything of an environment away
    Destroy(DestroyArgs),
    /// Open the lock that somebody left behind who is gone
    Unlock(UnlockArgs),
    /// Write what completes the commands in a shell
    Completions(CompletionsArgs),
    /// Push the application to a registry, in the format of Spin
    Push(PushArgs),
    /// Write beside the tags of images the digests that they have now: into the configuration of one environment, or of all
    Pin(PinArgs),
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

/// Which cluster.
#[derive(Args, Debug)]
pub(crate) struct ClusterArgs {
    /// The context of the kubeconfig, instead of the environment's
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// How long to wait for the cluster: until everything runs, or for each object until it is gone
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
}

impl ClusterArgs {
    /// How long to wait for the cluster.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// What is wanted, and what may be done for it.
#[derive(Args, Debug)]
pub(crate) struct ChangeArgs {
    /// The application's artifact, instead of `application.image`
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) image: Option<String>,
    /// Delete what is not wanted any more
    #[arg(long)]
    pub(crate) prune: bool,
    /// Take over fields that others own: of `Kind/name`, several by commas, or of all
    #[arg(long, value_name = "OBJECTS", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = Selection::ALL)]
    pub(crate) force_conflicts: Vec<String>,
    /// Delete and make anew what cannot be changed: `Kind/name`, several by commas
    #[arg(long, value_name = "OBJECTS", value_delimiter = ',')]
    pub(crate) replace: Vec<String>,
    /// Take over objects that others made: `Kind/name`, several by commas
    #[arg(long, value_name = "OBJECTS", value_delimiter = ',')]
    pub(crate) adopt: Vec<String>,
}

/// What is shown before it is applied.
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// End with status 2 where there is something to change
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

/// What is applied.
#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// Wait until it runs
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    pub(crate) wait: bool,
    /// Ask nothing
    #[arg(short = 'y', long = "yes")]
    pub(crate) is_confirmed: bool,
}

/// Which environment is looked at.
#[derive(Args, Debug)]
pub(crate) struct StateArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

/// Which object is explained.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The object, as `Kind/name`
    #[arg(value_name = "OBJECT")]
    pub(crate) object: String,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

/// What is gone back to.
#[derive(Args, Debug)]
pub(crate) struct RollbackArgs {
    /// The release's number; without it, the newest before this one that ran
    pub(crate) release: Option<u64>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// Ask nothing
    #[arg(short = 'y', long = "yes")]
    pub(crate) is_confirmed: bool,
}

/// What is taken away.
#[derive(Args, Debug)]
pub(crate) struct DestroyArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// Delete volumes too
    #[arg(long)]
    pub(crate) delete_data: bool,
    /// Ask nothing; not enough for a protected environment
    #[arg(short = 'y', long = "yes")]
    pub(crate) is_confirmed: bool,
    /// The environment's name once more
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm_env: Option<String>,
}

/// Whose lock is opened.
#[derive(Args, Debug)]
pub(crate) struct UnlockArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// Ask nothing
    #[arg(short = 'y', long = "yes")]
    pub(crate) is_confirmed: bool,
}

/// For which shell.
#[derive(Args, Debug)]
struct CompletionsArgs {
    shell: clap_complete::Shell,
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

/// How images are looked up.
#[derive(Args, Debug)]
pub(crate) struct PinArgs {
    /// Speak plain HTTP with the registries, as with one on this machine
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
    let global = &cli.global;
    let done = match &cli.command {
        Command::Render(args) => commands::render(global, args),
        Command::Plan(args) => commands::plan(global, args),
        Command::Apply(args) => commands::apply(global, args),
        Command::Wait(args) => commands::wait(global, args),
        Command::Status(args) => commands::status(global, args),
        Command::Outputs(args) => commands::outputs(global, args),
        Command::Explain(args) => commands::explain(global, args),
        Command::History(args) => commands::history(global, args),
        Command::Rollback(args) => commands::rollback(global, args),
        Command::Destroy(args) => commands::destroy(global, args),
        Command::Unlock(args) => commands::unlock(global, args),
        Command::Completions(args) => {
            clap_complete::generate(
                args.shell,
                &mut Cli::command(),
                "infra",
                &mut std::io::stdout(),
            );
            Ok(())
        }
        Command::Push(args) => commands::push(global, args),
        Command::Pin(args) => commands::pin(global, args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            global.output.tell_failure(&failure);
            ExitCode::from(failure.refusal as u8)
        }
    }
}
