//! A plan that is kept, so that what is applied is what was looked at, or nothing.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diff::{Difference, hidden};
use crate::engine::{Action, Change, Consent, Plan};
use crate::error::{Failure, Refusal};
use crate::hash::short_hash;
use crate::object_id::ObjectId;

/// The version of the file. It changes where something means another thing than before.
const SCHEMA_VERSION: u32 = 2;

/// What to do with a plan that is not done.
const ANEW: &str = "make it anew";

/// What a plan would do, for what, and where. No value of a Secret is in it, nor anything by which one could be guessed: plans are posted where others read them.
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
    /// By which it is told whether the same one is there.
    uid_hash: Option<String>,
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

    /// The environment that it is for.
    pub(crate) fn environment_name(&self) -> &str {
        &self.target.environment
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
    let key = key(&plan.changes);
    plan.changed()
        .map(|change| SavedChange::of(change, key))
        .collect()
}

/// By what hashes are made that nobody can try values against without the cluster: the uid of the namespace, of which a plan has no more than a hash.
fn key(changes: &[Change]) -> Option<&str> {
    let mut changes = changes.iter();
    let namespace = changes.find(|change| change.id.kind == "Namespace")?;
    namespace.uid.as_deref()
}

impl SavedChange {
    fn of(change: &Change, key: Option<&str>) -> Self {
        let hash = |wanted: &Value| match key {
            Some(key) => short_hash(format!("{key} {wanted}").as_bytes()),
            // As long as there is no namespace, values of Secrets differ from nothing.
            None => short_hash(hidden(wanted).to_string().as_bytes()),
        };
        Self {
            id: change.id.clone(),
            action: change.action,
            uid_hash: change.uid.as_deref().map(|uid| short_hash(uid.as_bytes())),
            wanted_hash: change.object.as_ref().map(hash),
            differences: change.differences.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::SavedChange;
    use crate::engine::{Action, Change};
    use crate::object_id::ObjectId;

    fn change(object: Value) -> Change {
        Change {
            id: ObjectId::of(&object),
            action: Action::Configured,
            note: None,
            differences: Vec::new(),
            object: Some(object),
            uid: Some("uid-of-object".to_owned()),
        }
    }

    #[track_caller]
    fn check(one: &Value, other: &Value, key: Option<&str>, is_same: bool) {
        let [one, other] = [one, other].map(|object| SavedChange::of(&change(object.clone()), key));
        assert_eq!(one == other, is_same, "{key:?}: {one:?} {other:?}");
        assert!(!format!("{one:?}").contains("uid-of"), "{one:?}");
    }

    #[test]
    fn another_value_of_a_secret_is_told_by_who_knows_the_cluster() {
        let object = |kind: &str, value: &str| json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": "a" }, "data": { "key": value } });
        for kind in ["Secret", "ConfigMap"] {
            let (one, other) = (object(kind, "1"), object(kind, "2"));
            check(&one, &one, Some("uid-of-namespace"), true);
            check(&one, &other, Some("uid-of-namespace"), false);
            check(&one, &other, None, kind == "Secret");
        }
        let secret = change(object("Secret", "1"));
        let hashes =
            [None, Some("a"), Some("b")].map(|key| SavedChange::of(&secret, key).wanted_hash);
        assert!(
            hashes[0] != hashes[1] && hashes[1] != hashes[2],
            "{hashes:?}"
        );
    }
}
