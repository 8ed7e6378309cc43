//! The command `host`.

mod cli;
mod log;
mod origin;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use host::{ACCESS_LOG, LogFormat, Server, s3};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::cli::{Cli, Command, S3Args, UpArgs};
use crate::log::LogGuard;
use crate::origin::Origin;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (quiet, format) = match &cli.command {
        Command::Up(arguments) => (arguments.quiet, arguments.log_format()),
        Command::S3(_) => (false, LogFormat::Text),
    };
    // Dropped last: what was said is written before the program ends.
    let Ok(_log) = start_log(quiet, format) else {
        // Without a thread for the log there is nowhere to say so.
        return ExitCode::FAILURE;
    };
    raise_file_limit();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Lets the process have as many files open as the system lets it ask for: a connection is one, and the usual 1,024 are soon gone. Where it
/// cannot be raised, connections wait until others are closed.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!("cannot raise the limit of open files: {error}");
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let runtime = host::runtime().context("the system gives no threads")?;
    runtime.block_on(async {
        match command {
            Command::Up(arguments) => up(&arguments).await,
            Command::S3(arguments) => serve_s3(arguments).await,
        }
    })
}

/// Serves the application, and the S3 beside it. The S3 starts first and stops last: the application reads from it.
async fn up(arguments: &UpArgs) -> anyhow::Result<()> {
    let mut signals = StopSignals::listen()?;
    // A signal ends the wait for a registry at once.
    let origin = tokio::select! {
        origin = Origin::find(arguments) => origin?,
        () = signals.next() => anyhow::bail!("stopped before the application was there"),
    };
    let options = arguments.options(origin.source.clone())?;
    let (drain_delay, grace) = (options.drain_delay, options.limits.shutdown_grace());
    let objects = match arguments.s3_options() {
        Some(options) => {
            let objects = s3::Server::start(options).await?;
            tracing::info!("S3 on {}", objects.url());
            Some(objects)
        }
        None => None,
    };
    let application = Server::start(options).await?;
    drop(origin);
    if let Some(address) = application.metrics_address() {
        tracing::info!("metrics on http://{address}/metrics");
    }
    tracing::info!("serving {}", application.url());
    signals.next().await;
    if !drain_delay.is_zero() {
        tracing::info!("not ready any more, serving on for {drain_delay:?}");
    }
    signals
        .unless_again(grace, async {
            application.shutdown().await;
            if let Some(objects) = objects {
                objects.shutdown().await;
            }
        })
        .await
}

async fn serve_s3(arguments: S3Args) -> anyhow::Result<()> {
    let mut signals = StopSignals::listen()?;
    let objects = s3::Server::start(arguments.options()).await?;
    tracing::info!("S3 on {}", objects.url());
    signals.next().await;
    signals
        .unless_again(s3::SHUTDOWN_GRACE, objects.shutdown())
        .await
}

/// SIGINT and SIGTERM, from the start on: one that comes while components are compiled is not lost.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Lets the requests in flight finish, unless another signal says not to wait.
    async fn unless_again(
        &mut self,
        grace: Duration,
        shutdown: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        tracing::info!("stopping; requests in flight have {grace:?}");
        tokio::select! {
            () = shutdown => Ok(()),
            () = self.next() => anyhow::bail!("stopped before the requests in flight were done"),
        }
    }
}

/// Logs to stderr: what the host and its components say, one line a request unless `quiet`, and what `RUST_LOG` asks for.
fn start_log(quiet: bool, format: LogFormat) -> std::io::Result<LogGuard> {
    let access = if quiet { "off" } else { "info" };
    let directives = format!("warn,host=info,guest=info,{ACCESS_LOG}={access}");
    let given = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .parse_lossy(format!("{directives},{given}"));
    let (writer, guard) = log::start(std::io::stderr())?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    match format {
        LogFormat::Text => log
            .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
            .with_target(false)
            .init(),
        LogFormat::Json => log
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .init(),
    }
    Ok(guard)
}
