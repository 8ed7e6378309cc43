//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::commands::{
    self, ApplyArgs, CloudCommand, DestroyArgs, DoctorArgs, DriftArgs, ExplainArgs, ImageArgs,
    PinArgs, PlanArgs, ProbeArgs, PromoteArgs, PushArgs, RenderArgs, RollbackArgs, SiteArgs,
    StateArgs, UnlockArgs,
};
use crate::error::Refusal;
use crate::report::Output;

const EXIT_CODES: &str = "\
Exit codes:
    0  done, or nothing to change
    1  something outside did not work
    2  there are changes (plan and drift, with --detailed-exitcode)
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
    /// The namespace, instead of the environment's
    #[arg(short, long, global = true, value_name = "NAME", value_parser = namespace)]
    pub(crate) namespace: Option<String>,
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

impl Global {
    /// The same for another environment.
    pub(crate) fn of(&self, environment_name: &str) -> Self {
        Self {
            env: Some(environment_name.to_owned()),
            namespace: None,
            config: self.config.clone(),
            application: self.application.clone(),
            output: self.output,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what a cluster lacks of what an environment needs before, and what to run
    Doctor(DoctorArgs),
    /// Write the objects of an environment as YAML, without a cluster
    Render(RenderArgs),
    /// Push the application to a registry, in the format of Spin
    Push(PushArgs),
    /// Write what is named into the configuration as it is now: digests of images, of one environment or of all and of the cluster, and checksums of shims
    Pin(PinArgs),
    /// Pack `host` or `precompute` as a container image, without a container engine
    Image(ImageArgs),
    /// Show what `apply` would do
    Plan(PlanArgs),
    /// Show in what the cluster differs from what was applied last: objects that are gone, and fields that were applied. What others added beside these, and Secrets, are not looked at
    Drift(DriftArgs),
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
    /// Ask from outside whether it answers, and what from
    Probe(ProbeArgs),
    /// Make an environment that stands by the active one
    Promote(PromoteArgs),
    /// Take everything of an environment away
    Destroy(DestroyArgs),
    /// Open the lock that somebody left behind who is gone
    Unlock(UnlockArgs),
    /// What of an environment is on AWS, as one stack
    #[command(subcommand)]
    Cloud(CloudCommand),
    /// Put the page up: into the bucket of the stack, or into a folder for another host
    Site(SiteArgs),
    /// Write what completes the commands in a shell
    Completions(CompletionsArgs),
}

/// For which shell.
#[derive(Args, Debug)]
struct CompletionsArgs {
    shell: clap_complete::Shell,
}

fn namespace(text: &str) -> Result<String, String> {
    if config::is_dns_label(text) {
        Ok(text.to_owned())
    } else {
        Err("write 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends".to_owned())
    }
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
        Command::Doctor(args) => commands::doctor(global, args),
        Command::Render(args) => commands::render(global, args),
        Command::Push(args) => commands::push(global, args),
        Command::Pin(args) => commands::pin(global, args),
        Command::Image(args) => commands::image(global, args),
        Command::Plan(args) => commands::plan(global, args),
        Command::Drift(args) => commands::drift(global, args),
        Command::Apply(args) => commands::apply(global, args),
        Command::Wait(args) => commands::wait(global, args),
        Command::Status(args) => commands::status(global, args),
        Command::Outputs(args) => commands::outputs(global, args),
        Command::Explain(args) => commands::explain(global, args),
        Command::History(args) => commands::history(global, args),
        Command::Rollback(args) => commands::rollback(global, args),
        Command::Probe(args) => commands::probe(global, args),
        Command::Promote(args) => commands::promote(global, args),
        Command::Destroy(args) => commands::destroy(global, args),
        Command::Unlock(args) => commands::unlock(global, args),
        Command::Cloud(command) => commands::cloud(global, command),
        Command::Site(args) => commands::site(global, args),
        Command::Completions(args) => {
            let mut command = Cli::command();
            clap_complete::generate(args.shell, &mut command, "infra", &mut std::io::stdout());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // That there are changes was asked, and told.
            if failure.refusal != Refusal::Changes {
                global.output.tell_failure(&failure);
            }
            ExitCode::from(failure.refusal as u8)
        }
    }
}
