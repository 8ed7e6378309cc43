//! How a command ends when it does not end well.

use std::fmt;

/// Why a command ended, with the status by which a script tells the reasons apart.
#[derive(Debug)]
pub struct Failure {
    /// Which kind of reason.
    pub refusal: Refusal,
    /// What happened, and what to do next.
    pub error: anyhow::Error,
}

/// The kinds of reasons, each with an exit status of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// Something outside did not work.
    Unexpected = 1,
    /// What was asked for, or the configuration, makes no sense.
    Invalid = 3,
}

impl Failure {
    /// What was asked for makes no sense.
    pub(crate) fn invalid(error: impl Into<anyhow::Error>) -> Self {
        Self {
            refusal: Refusal::Invalid,
            error: error.into(),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self {
            refusal: Refusal::Unexpected,
            error,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#}", self.error)
    }
}
