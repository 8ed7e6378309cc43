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
    /// There is something to change, which was asked to be told apart.
    Changes = 2,
    /// What was asked for, or the configuration, makes no sense.
    Invalid = 3,
    /// Something is missing that has to be there before.
    Preflight = 4,
    /// Somebody else owns a field.
    Conflict = 5,
    /// What was applied did not become ready.
    Rollout = 6,
    /// Somebody else is at work on the environment.
    Locked = 7,
    /// It is protected, or nobody said yes.
    Refused = 8,
    /// Ended by Ctrl-C.
    Interrupted = 130,
}

impl Refusal {
    /// What an error of this kind is called where programs read it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unexpected => "unexpected",
            Self::Changes => "changes",
            Self::Invalid => "invalid",
            Self::Preflight => "preflight",
            Self::Conflict => "conflict",
            Self::Rollout => "rollout",
            Self::Locked => "locked",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
        }
    }

    /// For this reason.
    pub(crate) fn because(self, error: impl Into<anyhow::Error>) -> Failure {
        Failure {
            refusal: self,
            error: error.into(),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Refusal::Unexpected.because(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#}", self.error)
    }
}
