//! The command line.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::error::ErrorKind;
use clap::{Args, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::commands::{
    self, ApplyArgs, CloudCommand, DestroyArgs, DiffArgs, DoctorArgs, ExplainArgs, ImageArgs,
    PinArgs, PlanArgs, ProbeArgs, PromoteArgs, PushArgs, RenderArgs, RollbackArgs, SiteArgs,
};
use crate::confirm::confirm;
use crate::error::{Failure, Refusal};
use crate::report::{Output, Verbosity};

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
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The environment: a table of `environments` in the configuration
    #[arg(short, long, global = true, env = "KINDRED_ENVIRONMENT")]
    pub(crate) env: Option<String>,
    /// The namespace, instead of the environment's
    #[arg(short, long, global = true, value_name = "NAME", value_parser = namespace)]
    pub(crate) namespace: Option<String>,
    /// The context of the kubeconfig, instead of the environment's
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// The configuration
    #[arg(long, global = true, value_name = "FILE", default_value = config::FILE_NAME)]
    pub(crate) config: PathBuf,
    /// The Spin application
    #[arg(long, global = true, value_name = "FILE", default_value = "spin.toml")]
    pub(crate) application: PathBuf,
    /// For whom results are written
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
    /// How long to wait for the cluster: until everything runs, or for each object until it is gone
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
    /// Ask nothing; to delete or promote what is protected, `--confirm-env` is needed
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    #[command(flatten)]
    verbosity: Verbosity,
    /// Write help and errors without colours, as where `NO_COLOR` is set
    #[arg(long, global = true)]
    no_color: bool,
}

impl Global {
    /// The same for another environment, whose namespace and context are its own.
    pub(crate) fn of(&self, environment_name: &str) -> Self {
        Self {
            env: Some(environment_name.to_owned()),
            namespace: None,
            context: None,
            ..self.clone()
        }
    }

    /// How long to wait for the cluster.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// Goes on where somebody says yes, or said so before.
    pub(crate) fn ask(&self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        confirm(question, "yes", "--yes")
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
    Drift(DiffArgs),
    /// Bring the cluster to what is wanted, and wait until it runs
    Apply(ApplyArgs),
    /// Wait until what was applied runs
    Wait,
    /// Say how what was applied is
    Status,
    /// Say what others need to know: addresses, image, bucket
    Outputs,
    /// Say of one object who owns it, in what it differs from what is wanted, and what happened to it
    Explain(ExplainArgs),
    /// List what was applied, the newest first
    History,
    /// Apply again what was applied before
    Rollback(RollbackArgs),
    /// Ask from outside whether it answers, and what from
    Probe(ProbeArgs),
    /// Make an environment that stands by the active one
    Promote(PromoteArgs),
    /// Take everything of an environment away
    Destroy(DestroyArgs),
    /// Open the lock that somebody left behind who is gone
    Unlock,
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

/// Writes what completes the commands in a shell. The generator panics where nobody reads on, and is given a buffer.
fn complete(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "infra", &mut script);
    let written = std::io::stdout().write_all(&script);
    Ok(written.context("could not write to standard output")?)
}

/// What the command line says.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    // What is wrong with the command line is written in this way, too.
    if arguments.iter().any(|argument| argument == "--no-color") {
        command = command.color(ColorChoice::Never);
    }
    let matches = command.try_get_matches_from_mut(arguments)?;
    let cli = Cli::from_arg_matches(&matches)?;
    // clap does not hold an option before the subcommand against one behind it.
    if cli.global.verbosity.is_contradictory() {
        let message = "the argument '--quiet' cannot be used with '--verbose'";
        return Err(command.error(ErrorKind::ArgumentConflict, message));
    }
    Ok(cli)
}

/// Whether a command line that cannot be read is a program's.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let one = |argument: &OsString| argument == "--output=json";
    arguments.iter().any(one) || arguments.windows(2).any(|two| two == ["--output", "json"])
}

/// How a command ends that clap does not understand, whose words have a paragraph for each thing.
fn misuse(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n").map(|paragraph| {
        let words: Vec<&str> = paragraph.split_whitespace().collect();
        words.join(" ")
    });
    let message = paragraphs.next().unwrap_or_default();
    let message = message
        .strip_prefix("error: ")
        .unwrap_or(&message)
        .to_owned();
    let tip = paragraphs.find_map(|paragraph| paragraph.strip_prefix("tip: ").map(str::to_owned));
    let hint = tip.unwrap_or_else(|| "see `--help`".to_owned());
    Refusal::Invalid.because(anyhow!(message)).hint(hint)
}

/// Runs what the command line says.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing that can be done if the terminal is gone.
            let _ = error.print();
            if !error.use_stderr() {
                return ExitCode::SUCCESS;
            }
            if asks_for_json(&arguments) {
                misuse(&error).tell();
            }
            return ExitCode::from(Refusal::Invalid as u8);
        }
    };
    let global = &cli.global;
    global.verbosity.set();
    let done = match &cli.command {
        Command::Doctor(args) => commands::doctor(global, args),
        Command::Render(args) => commands::render(global, args),
        Command::Push(args) => commands::push(global, args),
        Command::Pin(args) => commands::pin(global, args),
        Command::Image(args) => commands::image(global, args),
        Command::Plan(args) => commands::plan(global, args),
        Command::Drift(args) => commands::drift(global, args),
        Command::Apply(args) => commands::apply(global, args),
        Command::Wait => commands::wait(global),
        Command::Status => commands::status(global),
        Command::Outputs => commands::outputs(global),
        Command::Explain(args) => commands::explain(global, args),
        Command::History => commands::history(global),
        Command::Rollback(args) => commands::rollback(global, args),
        Command::Probe(args) => commands::probe(global, args),
        Command::Promote(args) => commands::promote(global, args),
        Command::Destroy(args) => commands::destroy(global, args),
        Command::Unlock => commands::unlock(global),
        Command::Cloud(command) => commands::cloud(global, command),
        Command::Site(args) => commands::site(global, args),
        Command::Completions(args) => complete(args.shell),
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
