//! How a command ends when it does not end well.

use std::fmt;

use serde_json::{Value, json};

/// Why a command ended, with the status by which a script tells the reasons apart.
#[derive(Debug)]
pub struct Failure {
    /// Which kind of reason.
    pub refusal: Refusal,
    /// What happened.
    pub error: anyhow::Error,
    /// What to do next, where that can be said.
    pub hint: Option<String>,
    /// The object that it happened to, as `Kind/name`.
    pub object: Option<String>,
    /// What happened to others at the same time.
    pub others: Vec<Failure>,
}

impl Failure {
    /// With what to do next.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// With the object that it happened to.
    pub(crate) fn about(self, object: &impl ToString) -> Self {
        Self {
            object: Some(object.to_string()),
            ..self
        }
    }

    /// What programs read of it, without the others.
    pub(crate) fn event(&self) -> Value {
        let mut event =
            json!({ "code": self.refusal.code(), "message": format!("{:#}", self.error) });
        for (name, text) in [("hint", &self.hint), ("object", &self.object)] {
            if let Some(text) = text {
                event[name] = json!(text);
            }
        }
        event
    }
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
            hint: None,
            object: None,
            others: Vec::new(),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Refusal::Unexpected.because(error)
    }
}

/// For people: what happened, and what to do next, in one sentence.
impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = format!("{:#}", self.error);
        // A sentence has one colon, and what has several lines ends with one of its own.
        let between = match &message {
            _ if message.contains('\n') => "\n",
            _ if message.contains(": ") => "; ",
            _ => ": ",
        };
        match &self.hint {
            Some(hint) => write!(formatter, "{message}{between}{hint}")?,
            None => write!(formatter, "{message}")?,
        }
        let mut others = self.others.iter();
        others.try_for_each(|other| write!(formatter, "\n       {other}"))
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;
    use serde_json::{Value, json};

    use super::{Failure, Refusal};

    #[track_caller]
    fn check(failure: &Failure, sentence: &str, event: &Value) {
        assert_eq!(failure.to_string(), sentence);
        assert_eq!(&failure.event(), event);
    }

    #[test]
    fn people_read_a_sentence_and_programs_its_parts() {
        let locked = Refusal::Locked.because(anyhow!("others work"));
        check(
            &locked,
            "others work",
            &json!({ "code": "locked", "message": "others work" }),
        );
        check(
            &locked.hint("wait"),
            "others work: wait",
            &json!({ "code": "locked", "message": "others work", "hint": "wait" }),
        );
        let caused = anyhow!("gone").context("could not read it");
        check(
            &Failure::from(caused).hint("write it").about(&"Secret/a"),
            "could not read it: gone; write it",
            &json!({
                "code": "unexpected", "message": "could not read it: gone",
                "hint": "write it", "object": "Secret/a",
            }),
        );
        let mut first = Refusal::Conflict.because(anyhow!("one"));
        first.others.push(Refusal::Conflict.because(anyhow!("two")));
        assert_eq!(first.to_string(), "one\n       two");
        let with_events = anyhow!("it does not run: why\nthe events:\n  one");
        let failure = Refusal::Rollout.because(with_events).hint("look further");
        assert!(failure.to_string().ends_with("  one\nlook further"));
    }
}
