//! A plan that is kept, so that what is applied is what was looked at, or nothing.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};

use crate::diff::Difference;
use crate::engine::{Action, Change, Consent, Plan};
use crate::error::{Failure, Refusal};
use crate::hash::short_hash;
use crate::object_id::ObjectId;

/// The version of the file. It changes where something means another thing than before.
const SCHEMA_VERSION: u32 = 1;

/// What to do with a plan that is not done.
const ANEW: &str = "make it anew";

/// What a plan would do, for what, and where. No value of a Secret is in it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedPlan {
    schema_version: u32,
    /// Where it is applied.
    target: Target,
    /// The application's artifact.
    pub(crate) image: String,
    /// What was said yes to.
    pub(crate) consent: Consent,
    changes: Vec<SavedChange>,
}

/// An environment, and where it is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) environment: String,
    pub(crate) namespace: String,
    /// The address of the cluster.
    pub(crate) server: String,
}

/// What would be done to an object.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct SavedChange {
    #[serde(flatten)]
    id: ObjectId,
    action: Action,
    /// Which of those that were called so was there.
    uid: Option<String>,
    /// By which it is told whether the same is wanted.
    wanted_hash: Option<String>,
    differences: Vec<Difference>,
}

impl SavedPlan {
    /// A plan for an environment, made with this consent.
    pub(crate) fn new(target: Target, image: String, consent: Consent, plan: &Plan) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            target,
            image,
            consent,
            changes: changes(plan),
        }
    }

    /// Writes it into a file.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text =
            serde_json::to_string_pretty(self).context("could not write the plan as JSON")?;
        fs::write(path, text + "\n")
            .with_context(|| format!("could not write the plan to {}", path.display()))
    }

    /// Reads what was written.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let invalid = |error: anyhow::Error| {
            Refusal::Invalid
                .because(error)
                .hint("make one with `infra plan --out FILE`")
        };
        let text = fs::read_to_string(path);
        let text = text.with_context(|| format!("could not read the plan {name}"));
        let plan = serde_json::from_str(&text.map_err(invalid)?);
        let plan: Self = plan
            .with_context(|| format!("{name} is no plan of this version"))
            .map_err(invalid)?;
        if plan.schema_version != SCHEMA_VERSION {
            return Err(invalid(anyhow!(
                "the plan {name} is of version {}, and this program knows {SCHEMA_VERSION}",
                plan.schema_version
            )));
        }
        Ok(plan)
    }

    /// Refuses another target than that of the plan.
    pub(crate) fn check_target(&self, target: &Target) -> Result<(), Failure> {
        if self.target == *target {
            return Ok(());
        }
        let Target {
            environment,
            namespace,
            server,
        } = &self.target;
        Err(Refusal::Refused.because(anyhow!(
            "the plan is for the environment {environment}, in the namespace {namespace} of the cluster at {server}, and this is another one"
        ))
        .hint(ANEW))
    }

    /// Refuses where something else would be done now than when it was made.
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), Failure> {
        check(&self.changes, plan)
    }
}

/// Refuses where something else would be done by a plan of now than by one that was shown.
pub(crate) fn check_shown(shown: &Plan, now: &Plan) -> Result<(), Failure> {
    check(&changes(shown), now)
}

fn check(shown: &[SavedChange], now: &Plan) -> Result<(), Failure> {
    let now = changes(now);
    let moved = shown.iter().filter(|change| !now.contains(change));
    let new = now.iter().filter(|change| !shown.contains(change));
    let mut moved: Vec<String> = moved
        .chain(new)
        .map(|change| change.id.to_string())
        .collect();
    moved.sort();
    moved.dedup();
    if moved.is_empty() {
        return Ok(());
    }
    Err(Refusal::Refused.because(anyhow!(
        "something else would be done to {} now than when the plan was made, as the cluster or what is wanted is another",
        moved.join(", ")
    ))
    .hint(ANEW))
}

fn changes(plan: &Plan) -> Vec<SavedChange> {
    plan.changed().map(SavedChange::of).collect()
}

impl SavedChange {
    fn of(change: &Change) -> Self {
        let wanted = change.object.as_ref();
        Self {
            id: change.id.clone(),
            action: change.action,
            uid: change.uid.clone(),
            wanted_hash: wanted.map(|wanted| short_hash(wanted.to_string().as_bytes())),
            differences: change.differences.clone(),
        }
    }
}
