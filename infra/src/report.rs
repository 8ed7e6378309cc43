//! What the commands tell: results on standard output, for people or for programs, and everything else on standard error.

use std::io::Write as _;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::error::Failure;

/// For whom results are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Output {
    /// Lines for people.
    Text,
    /// A JSON object a line, each with its `type`.
    Json,
}

impl Output {
    /// Tells a result: `line` for people; for programs the fields of `event`, behind its type.
    pub(crate) fn tell(self, event_type: &str, event: &Value, line: &str) -> Result<()> {
        let line = match self {
            Self::Text => line.to_owned(),
            Self::Json => {
                // A field of the same name, as events of a cluster have it, is not the type.
                let mut fields = event.as_object().cloned().unwrap_or_default();
                fields.insert("type".to_owned(), json!(event_type));
                Value::Object(fields).to_string()
            }
        };
        writeln!(std::io::stdout(), "{line}").context("could not write to standard output")
    }

    /// Tells how far something is: people on standard error, since it is no result; programs as an event.
    pub(crate) fn tell_progress(self, event_type: &str, event: &Value, line: &str) -> Result<()> {
        match self {
            Self::Text => say(line),
            Self::Json => self.tell(event_type, event, line)?,
        }
        Ok(())
    }

    /// Tells why a command ended: people on standard error, programs on standard output too.
    pub(crate) fn tell_failure(self, failure: &Failure) {
        if self == Self::Json {
            failure.tell();
        }
        insist(&format!("error: {failure}"));
    }
}

impl Failure {
    /// Tells programs why a command ended.
    pub(crate) fn tell(&self) {
        // Standard error says it in any case.
        let _ = Output::Json.tell("error", &self.event(), "");
        self.others.iter().for_each(Self::tell);
    }
}

/// How much people are told beside results.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Verbosity {
    /// Write nothing to standard error but questions and errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say of each request to the cluster how it was answered, and how fast
    #[arg(short, long, global = true)]
    verbose: bool,
}

/// As the command line has it: a process has one standard error, and whatever is said goes there.
static VERBOSITY: OnceLock<Verbosity> = OnceLock::new();

impl Verbosity {
    /// Whether it is asked for less and for more.
    pub(crate) fn is_contradictory(self) -> bool {
        self.quiet && self.verbose
    }

    /// Makes it that of the process.
    pub(crate) fn set(self) {
        VERBOSITY.get_or_init(|| self);
    }

    fn get() -> Self {
        VERBOSITY.get().copied().unwrap_or_default()
    }
}

/// Whether people want to know what is asked of others.
pub(crate) fn is_verbose() -> bool {
    Verbosity::get().verbose
}

/// Tells people something, beside what a program reads.
pub(crate) fn say(line: &str) {
    if !Verbosity::get().quiet {
        insist(line);
    }
}

/// Tells people what they are told with `--quiet`, too: a question with what it is about, and errors.
pub(crate) fn insist(line: &str) {
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(std::io::stderr(), "{line}");
}
