//! What applying would do, object by object. Nothing is written.

use anyhow::anyhow;
use clap::ValueEnum;
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Engine;
use super::inventory::Inventory;
use crate::cluster::{ApplyWay, Cause, cause};
use crate::diff::{Difference, differences, overlaid};
use crate::error::{Failure, Refusal};
use crate::model::MANAGER;
use crate::object_id::ObjectId;
use crate::render::{ENFORCE, RESTRICTED};

/// How many objects are asked for at once.
pub(super) const CONCURRENT_OBJECTS: usize = 8;

/// What is never removed because it is not wanted any more, as what [holds data](Inventory::holds_data) is not: with it, data would go.
const KEPT_KINDS: [&str; 2] = ["Namespace", "CustomResourceDefinition"];

/// What stays as it is where a release is gone back to: of Secrets none has a record, and the work of Jobs is done.
pub(super) const UNREPEATED_KINDS: [&str; 2] = ["Secret", "Job"];

/// With the value `false`, an object is not removed because it is not wanted any more.
const PRUNE: &str = "kindred/prune";

/// What applying would do.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Each object, in the order in which it would be changed; what is not wanted any more is at the end.
    pub(crate) changes: Vec<Change>,
    /// What is there because of us.
    pub(super) inventory: Inventory,
}

/// What applying would do to an object.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// Which object.
    pub(crate) id: ObjectId,
    /// What would be done.
    pub(crate) action: Action,
    /// What there is to say of it.
    pub(crate) note: Option<String>,
    /// In what it would differ.
    pub(crate) differences: Vec<Difference>,
    /// What is wanted; nothing of an object that is not.
    pub(crate) object: Option<Value>,
    /// Which of those that were called so is there.
    pub(crate) uid: Option<String>,
}

/// What is done to an object.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// It is made.
    Created,
    /// It is changed.
    Configured,
    /// It is deleted and made anew, as what differs cannot change.
    Replaced,
    /// Nothing.
    Unchanged,
    /// It is deleted, as it is not wanted any more.
    Deleted,
    /// It is not wanted any more, and left where it is.
    Skipped,
    /// It is not wanted any more, and not ours either: it is left where it is, and we forget it.
    Forgotten,
}

/// Who says in what an object would differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum DryRun {
    /// We do, by reading alone: what we write in another way than the cluster keeps it looks as if it differed, and what the cluster would refuse looks as if it did not
    Client,
    /// The cluster does, which tries each object without keeping it
    Server,
}

/// What somebody said yes to.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Consent {
    /// Objects whose fields are taken over from others.
    pub(crate) force_conflicts: Selection,
    /// Objects that may be deleted and made anew.
    pub(crate) replace: Selection,
    /// Objects that others made and that are ours from now on.
    pub(crate) adopt: Selection,
    /// What is done about what is not wanted any more.
    pub(crate) prune: Prune,
    /// Whether it is compared with what was applied before: Secrets, of which no release has a record, and Jobs, whose work is done, stay as they are.
    pub(crate) goes_back: bool,
}

/// What is done about what is not wanted any more.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Prune {
    /// It stays.
    #[default]
    Never,
    /// It stays until what takes its place runs.
    Later,
    /// It is deleted.
    Now,
}

/// Some objects, as `Kind/name`; or all, as `all`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Selection(pub(crate) Vec<String>);

impl Selection {
    /// What stands for every object.
    pub(crate) const ALL: &str = "all";

    /// Every object.
    pub(crate) fn all() -> Self {
        Self(vec![Self::ALL.to_owned()])
    }

    /// Whether an object is among them.
    pub(crate) fn contains(&self, id: &ObjectId) -> bool {
        self.0
            .iter()
            .any(|text| text == Self::ALL || id.is_called(text))
    }
}

impl Action {
    /// What it is called in lists.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Replaced => "replaced",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Skipped => "skipped",
            Self::Forgotten => "forgotten",
        }
    }

    /// Whether something is done.
    pub(crate) fn is_change(self) -> bool {
        !matches!(self, Self::Unchanged | Self::Skipped | Self::Forgotten)
    }
}

impl Plan {
    /// What would be done, without what stays as it is.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(|change| change.action.is_change())
    }
}

/// What the cluster says to an object of a plan.
enum Seen {
    Change(Change),
    /// Refused, which may come of others that are not there yet.
    Refused(Change, Failure),
}

impl Engine<'_> {
    /// What applying these objects would do. Two requests an object, and three for all.
    pub(crate) async fn plan(
        &self,
        objects: &[Value],
        consent: &Consent,
        dry_run: DryRun,
    ) -> Result<Plan, Failure> {
        let namespace = self.namespace_id();
        let live = self.cluster.get(&namespace).await;
        let live = self.expect(live, "read", &namespace)?;
        let inventory = match live {
            Some(_) => self.inventory().await?,
            None => Inventory::default(),
        };
        let has_namespace = live.is_some();
        let seen = stream::iter(objects)
            .map(|object| self.see(object, &inventory, has_namespace, consent, dry_run))
            .buffered(CONCURRENT_OBJECTS)
            .collect::<Vec<_>>()
            .await;
        let mut changes = Vec::new();
        let mut failures = Vec::new();
        for seen in seen {
            let creates = changes
                .iter()
                .any(|change: &Change| change.action == Action::Created);
            match seen {
                Ok(Seen::Change(change)) => changes.push(change),
                Ok(Seen::Refused(mut change, failure)) if creates => {
                    change.note = Some(format!("not tried: {failure}"));
                    changes.push(change);
                }
                Ok(Seen::Refused(_, failure)) | Err(failure) => failures.push(failure),
            }
        }
        if let Some(failure) = together(failures) {
            return Err(failure);
        }
        for entry in inventory.entries.iter().rev() {
            let is_wanted = objects
                .iter()
                .any(|object| ObjectId::of(object).is_same(&entry.id));
            if !is_wanted
                && let Some(change) = self
                    .unwanted(&entry.id, entry.uid.as_deref(), &inventory, consent)
                    .await?
            {
                changes.push(change);
            }
        }
        Ok(Plan { changes, inventory })
    }

    /// What applying an object would do.
    async fn see(
        &self,
        object: &Value,
        inventory: &Inventory,
        has_namespace: bool,
        consent: &Consent,
        dry_run: DryRun,
    ) -> Result<Seen, Failure> {
        let id = ObjectId::of(object);
        let mut change = Change {
            id: id.clone(),
            action: Action::Created,
            note: None,
            differences: Vec::new(),
            object: Some(object.clone()),
            uid: None,
        };
        if !self.cluster.serves(&id) {
            // It may be made behind others.
            change.note = Some(format!(
                "not tried: the cluster does not serve {} of {}/{} yet",
                id.kind, id.group, id.version
            ));
            return Ok(Seen::Change(change));
        }
        let live = if has_namespace || id.namespace.is_none() {
            match self.cluster.get(&id).await.map_err(cause) {
                Err(Cause::Forbidden(message)) if dry_run == DryRun::Client => {
                    change.action = Action::Skipped;
                    change.note = Some(format!("not compared: {message}"));
                    return Ok(Seen::Change(change));
                }
                live => live.map_err(|cause| self.cluster.place.failure("read", &id, cause))?,
            }
        } else {
            change.note = Some("not tried: its namespace is not there yet".to_owned());
            return Ok(Seen::Change(change));
        };
        if let Some(live) = &live {
            self.check_ownership(&id, live, inventory, consent)?;
            change.uid = live["metadata"]["uid"].as_str().map(str::to_owned);
            if is_going(live) {
                return self.see_going(change);
            }
        }
        let way = ApplyWay {
            is_dry_run: true,
            takes_over: consent.force_conflicts.contains(&id),
        };
        let after = match (dry_run, &live) {
            (DryRun::Server, _) => self.cluster.apply(object, &id, way).await,
            (DryRun::Client, Some(before)) => Ok(overlaid(before, object)),
            (DryRun::Client, None) => Ok(object.clone()),
        };
        match (after, live) {
            (Ok(_), None) => {}
            (Ok(after), Some(before)) => {
                change.differences = differences(&before, &after);
                change.action = if change.differences.is_empty() {
                    Action::Unchanged
                } else if consent.prune == Prune::Later && is_strict(object) {
                    change.note = Some("changed when what it would forbid is gone".to_owned());
                    Action::Skipped
                } else {
                    Action::Configured
                };
            }
            (Err(error), live) => match cause(error) {
                Cause::Immutable(message) if consent.replace.contains(&id) => {
                    self.try_anew(object, &id).await?;
                    change.action = Action::Replaced;
                    change.note = Some(message);
                }
                // Who may only read, or not write this, need not where nothing differs.
                Cause::Forbidden(_) if live.as_ref().is_some_and(|live| is_as(live, object)) => {
                    change.action = Action::Unchanged;
                }
                // What an operator refuses may be right when others of its kinds are there.
                Cause::Refused(message) if live.is_none() && message.contains("webhook") => {
                    let cause = Cause::Refused(message);
                    let failure = self.cluster.place.failure("create", &id, cause);
                    return Ok(Seen::Refused(change, failure));
                }
                cause => return Err(self.cluster.place.failure("change", &id, cause)),
            },
        }
        Ok(Seen::Change(change))
    }

    /// What is done about an object that is being deleted: another one is made when it is gone. A namespace takes everything with it.
    fn see_going(&self, change: Change) -> Result<Seen, Failure> {
        if change.id == self.namespace_id() {
            return Err(Refusal::Preflight
                .because(anyhow!("{} is being deleted", change.id))
                .hint(format!(
                    "wait until it is gone; where it does not go, `kubectl get namespace {} -o yaml` says what holds it",
                    change.id.name
                ))
                .about(&change.id));
        }
        Ok(Seen::Change(Change {
            action: Action::Replaced,
            note: Some("what is there is being deleted".to_owned()),
            ..change
        }))
    }

    /// That an object would be taken if it were made, by trying it under another name: what is there is deleted for it.
    async fn try_anew(&self, object: &Value, id: &ObjectId) -> Result<(), Failure> {
        let other = ObjectId {
            name: format!("{}-anew", id.name),
            ..id.clone()
        };
        let mut object = object.clone();
        object["metadata"]["name"] = json!(other.name);
        let way = ApplyWay {
            is_dry_run: true,
            takes_over: false,
        };
        let answer = self.cluster.apply(&object, &other, way).await;
        self.expect(answer, "make anew", id).map(|_| ())
    }

    /// Whether we may change an object that is there.
    fn check_ownership(
        &self,
        id: &ObjectId,
        live: &Value,
        inventory: &Inventory,
        consent: &Consent,
    ) -> Result<(), Failure> {
        let labels = &live["metadata"]["labels"];
        let environment = &labels["app.kubernetes.io/instance"];
        let is_made_by_us = labels["app.kubernetes.io/managed-by"] == MANAGER;
        if is_made_by_us && environment != self.environment {
            return Err(Refusal::Conflict
                .because(anyhow!(
                    "{id} belongs to the environment {}",
                    environment.as_str().unwrap_or("(unknown)")
                ))
                .hint(format!("give {} a namespace of its own", self.environment))
                .about(id));
        }
        if is_made_by_us || inventory.contains(id) || consent.adopt.contains(id) {
            return Ok(());
        }
        Err(Refusal::Conflict
            .because(anyhow!("{id} is there, and not made by us"))
            .hint(format!(
                "give the environment a namespace of its own, or take it over by `--adopt {id}`"
            ))
            .about(id))
    }

    /// What is done to an object that is not wanted any more; nothing if it is not there.
    async fn unwanted(
        &self,
        id: &ObjectId,
        uid: Option<&str>,
        inventory: &Inventory,
        consent: &Consent,
    ) -> Result<Option<Change>, Failure> {
        if consent.goes_back && UNREPEATED_KINDS.contains(&id.kind.as_str()) {
            // Who may not read it, need not.
            return Ok(Some(Change {
                id: id.clone(),
                action: Action::Skipped,
                note: Some("it stays as it is where a release is gone back to".to_owned()),
                differences: Vec::new(),
                object: None,
                uid: uid.map(str::to_owned),
            }));
        }
        let live = self.expect(self.cluster.get(id).await, "read", id)?;
        let Some(live) = live else {
            return Ok(None);
        };
        let metadata = &live["metadata"];
        let is_ours = uid.is_none_or(|uid| metadata["uid"] == uid) && self.is_ours(&live);
        let kind = id.kind.as_str();
        let is_kept = metadata["annotations"][PRUNE] == json!("false");
        let (action, note) = if !is_ours {
            (Action::Forgotten, Some("it is not ours any more"))
        } else if is_kept {
            (
                Action::Skipped,
                Some("its annotation `kindred/prune` keeps it"),
            )
        } else if KEPT_KINDS.contains(&kind) || inventory.holds_data(id) {
            (
                Action::Skipped,
                Some(
                    "it may hold data, or guards what does: delete it by hand where it is not needed",
                ),
            )
        } else {
            match consent.prune {
                Prune::Now => (Action::Deleted, None),
                Prune::Later => (
                    Action::Skipped,
                    Some("not wanted any more: deleted when what takes its place runs"),
                ),
                Prune::Never => (
                    Action::Skipped,
                    Some("not wanted any more: `--prune` deletes it"),
                ),
            }
        };
        Ok(Some(Change {
            id: id.clone(),
            action,
            note: note.map(str::to_owned),
            differences: Vec::new(),
            object: None,
            uid: metadata["uid"].as_str().map(str::to_owned),
        }))
    }

    /// Whether an object that is there was made by us for this environment.
    pub(super) fn is_ours(&self, live: &Value) -> bool {
        let labels = &live["metadata"]["labels"];
        labels["app.kubernetes.io/managed-by"] == MANAGER
            && labels["app.kubernetes.io/instance"] == self.environment
    }
}

/// Whether an object is there for no longer than something holds it.
pub(super) fn is_going(live: &Value) -> bool {
    !live["metadata"]["deletionTimestamp"].is_null()
}

/// Whether an object is a namespace that takes pods of `host` and no others, such as those of a `SpinApp`.
fn is_strict(object: &Value) -> bool {
    object["metadata"]["labels"][ENFORCE] == RESTRICTED
}

/// Whether an object is what is wanted of it, as far as that can be read.
fn is_as(live: &Value, wanted: &Value) -> bool {
    differences(live, &overlaid(live, wanted)).is_empty()
}

/// All failures as one, which ends as the first does.
fn together(failures: Vec<Failure>) -> Option<Failure> {
    let mut failures = failures.into_iter();
    let first = failures.next()?;
    Some(Failure {
        others: failures.collect(),
        ..first
    })
}
