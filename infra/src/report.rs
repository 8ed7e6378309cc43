//! What the commands tell: results on standard output, for people or for programs, and everything else on standard error.

use std::io::Write as _;

use anyhow::{Context, Result};
use clap::ValueEnum;
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
            let error = json!({ "code": failure.refusal.code(), "message": failure.to_string() });
            // Standard error says it in any case.
            let _ = self.tell("error", &error, "");
        }
        say(&format!("error: {failure}"));
    }
}

/// Tells people something, beside what a program reads.
pub(crate) fn say(line: &str) {
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(std::io::stderr(), "{line}");
}
