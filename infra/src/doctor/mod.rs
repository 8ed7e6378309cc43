//! Whether a cluster has what an environment needs before it is applied: judgements of what is wanted and what was read, nothing else.
//!
//! Everything that is looked for is named by the wanted objects themselves, so that what is rendered tomorrow is looked for too.

mod classes;
mod kinds;
mod nodes;
mod rights;
mod runtime;
mod secrets;
mod version;
mod wanted;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use self::kinds::METRICS;
pub(crate) use self::rights::{Right, rights};
pub(crate) use self::wanted::Wanted;
use crate::cluster::Place;
use crate::object_id::ObjectId;

/// What came of looking for one thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Check {
    /// What was looked for.
    pub(crate) name: String,
    /// Whether it is there.
    pub(crate) verdict: Verdict,
    /// What was found.
    pub(crate) found: String,
    /// What to run, where it is not there.
    pub(crate) hint: Option<String>,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It is.
    Ok,
    /// It is not, and what is wanted does not run without it.
    Missing,
    /// That cannot be seen from here, or it may do without.
    Doubtful,
}

/// What was read, or why we may not read it.
pub(crate) type Reading<T> = Result<T, String>;

/// What was read of a cluster.
pub(crate) struct Live {
    /// Which one it is.
    pub(crate) place: Place,
    /// What it says of its version.
    pub(crate) version: Value,
    /// Those wanted kinds, and [`METRICS`], that it does not serve.
    pub(crate) unserved: Vec<ObjectId>,
    /// Whether the namespace of the environment is there.
    pub(crate) has_namespace: bool,
    /// What we have no right to of what [`rights`] says, each as `resource (verb)`.
    pub(crate) denied: Reading<Vec<(String, &'static str)>>,
    /// All nodes.
    pub(crate) nodes: Reading<Vec<Value>>,
    /// All of that kind.
    pub(crate) runtime_classes: Reading<Vec<Value>>,
    /// Those of runtime-class-manager, where it is.
    pub(crate) shims: Reading<Vec<Value>>,
    /// The Deployments in the namespace of the Spin operator.
    pub(crate) operators: Reading<Vec<Value>>,
    /// All of that kind.
    pub(crate) storage_classes: Reading<Vec<Value>>,
    /// All of that kind.
    pub(crate) ingress_classes: Reading<Vec<Value>>,
    /// The keys of each Secret that others have to bring, if it is there.
    pub(crate) secrets: BTreeMap<String, Reading<Option<Vec<String>>>>,
}

/// What a cluster lacks of what these objects need, thing by thing.
pub(crate) fn checks(wanted: &Wanted<'_>, live: &Live, namespace: &str) -> Vec<Check> {
    [
        vec![version::check(live)],
        kinds::checks(wanted, live),
        vec![rights::check(live, namespace)],
        vec![nodes::check(wanted, live)],
        runtime::checks(wanted, live),
        classes::checks(wanted, live),
        secrets::checks(wanted, live, namespace),
    ]
    .concat()
}

impl Check {
    pub(crate) fn ok(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, name, found, None)
    }

    pub(crate) fn missing(
        name: impl Into<String>,
        found: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::new(Verdict::Missing, name, found, Some(hint.into()))
    }

    pub(crate) fn doubtful(
        name: impl Into<String>,
        found: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::new(Verdict::Doubtful, name, found, Some(hint.into()))
    }

    /// Of something that we may not read.
    fn unseen(name: impl Into<String>, problem: &str) -> Self {
        let hint = "have somebody look who may read it";
        Self::doubtful(name, format!("it cannot be read: {problem}"), hint)
    }

    fn new(
        verdict: Verdict,
        name: impl Into<String>,
        found: impl Into<String>,
        hint: Option<String>,
    ) -> Self {
        Self {
            name: name.into(),
            verdict,
            found: found.into(),
            hint,
        }
    }
}

impl Verdict {
    /// What it is called in lists.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Doubtful => "doubtful",
        }
    }
}

/// The name of an object as it was read.
fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Whether a condition of an object holds.
fn has_condition(object: &Value, kind: &str) -> bool {
    let mut conditions = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten();
    conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
}

#[cfg(test)]
mod tests;
