//! Changing what differs, in an order in which nothing waits for what comes later.

use std::time::Duration;

use anyhow::anyhow;
use serde_json::Value;
use tokio::time::Instant;

use super::inventory::Inventory;
use super::{Action, Change, Consent, DryRun, Engine, Plan, Release};
use crate::cluster::ApplyWay;
use crate::error::{Failure, Refusal};
use crate::object_id::ObjectId;

/// How often it is looked whether something is gone.
const PAUSE: Duration = Duration::from_millis(250);

/// What is applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// The application's artifact.
    pub(crate) image: &'a str,
    /// The release that it is again, where it is gone back to.
    pub(crate) rollback_of: Option<u64>,
}

impl Engine<'_> {
    /// Does what a plan says, object by object, and tells of each what is done to it. Returns the release that this is: the newest, or another one.
    ///
    /// What is ended in the middle is gone on with by doing it again: the inventory names every object before it is made.
    pub(crate) async fn apply(
        &self,
        plan: &Plan,
        consent: &Consent,
        source: Source<'_>,
        tell: &mut dyn FnMut(&Change) -> Result<(), Failure>,
    ) -> Result<Release, Failure> {
        let unserved = plan
            .changed()
            .find(|change| change.object.is_some() && !self.cluster.serves(&change.id));
        if let Some(Change { id, .. }) = unserved {
            return Err(Refusal::Preflight
                .because(anyhow!(
                    "the cluster does not serve {} of {}/{}",
                    id.kind,
                    id.group,
                    id.version
                ))
                .hint("install what brings it (`infra doctor` says what), or configure the environment without")
                .about(id));
        }
        let namespace = self.namespace_id();
        // The lock lies in it, so that it is there first.
        let change = plan.changed().find(|change| change.id == namespace);
        let made = match change {
            Some(change) => self.change(change, consent).await?,
            None => None,
        };
        // Where it was not there, nothing in it was tried.
        let tried;
        let plan = match change {
            Some(change) if change.action == Action::Created => {
                tried = self.tried(plan, change, consent).await?;
                &tried
            }
            _ => plan,
        };
        self.alone("apply", async {
            let mut before = self.inventory().await?;
            if before != plan.inventory {
                return Err(Refusal::Locked
                    .because(anyhow!(
                        "somebody else changed what there is of the environment {} since this was planned: nothing was done",
                        self.environment
                    ))
                    .hint("run the same command again"));
            }
            let mut inventory = Inventory::default();
            let wanted = plan.changes.iter().filter(|change| change.object.is_some());
            wanted.for_each(|change| inventory.insert(&change.id, change.uid.clone()));
            if let Some(live) = &made {
                inventory.insert(&namespace, uid(live));
            }
            let unwanted = |change: &&Change| change.object.is_none();
            // The plan has them as they are to be deleted: the last one first.
            let others = plan.changes.iter().filter(unwanted).rev();
            others.for_each(|change| inventory.insert(&change.id, change.uid.clone()));
            self.write_inventory(&mut before, &inventory).await?;
            for change in &plan.changes {
                self.go_on()?;
                if change.action.is_change() && change.id != namespace {
                    match self.change(change, consent).await? {
                        Some(live) => inventory.insert(&change.id, uid(&live)),
                        None => inventory.remove(&change.id),
                    }
                } else if change.action == Action::Forgotten {
                    inventory.remove(&change.id);
                }
                tell(change)?;
            }
            self.write_inventory(&mut before, &inventory).await?;
            let objects = plan.changes.iter();
            let objects = objects.filter_map(|change| change.object.as_ref());
            // What was ended before its record was written has nothing left to change; what was only put right again is no other release.
            self.record_release(source.image, source.rollback_of, objects)
                .await
        })
        .await
    }

    /// A plan whose namespace is there by now, where everything else can be tried before the first of it is made.
    async fn tried(&self, plan: &Plan, made: &Change, consent: &Consent) -> Result<Plan, Failure> {
        let objects: Vec<Value> = plan
            .changes
            .iter()
            .filter_map(|change| change.object.clone())
            .collect();
        let mut tried = self.plan(&objects, consent, DryRun::Server).await?;
        let namespace = tried.changes.iter_mut().find(|change| change.id == made.id);
        if let Some(namespace) = namespace {
            namespace.clone_from(made);
        }
        Ok(tried)
    }

    /// Does to an object what is planned, and returns what it is then.
    async fn change(&self, change: &Change, consent: &Consent) -> Result<Option<Value>, Failure> {
        let Change {
            id, action, uid, ..
        } = change;
        if let (Action::Deleted | Action::Replaced, Some(uid)) = (action, uid) {
            self.delete(id, uid).await?;
        }
        let Some(object) = &change.object else {
            return Ok(None);
        };
        let way = ApplyWay {
            is_dry_run: false,
            takes_over: consent.force_conflicts.contains(id),
        };
        let live = self.cluster.apply(object, id, way).await;
        self.expect(live, "change", id).map(Some)
    }

    /// Deletes an object and waits until it is gone.
    pub(super) async fn delete(&self, id: &ObjectId, uid: &str) -> Result<(), Failure> {
        self.expect(self.cluster.delete(id, uid).await, "delete", id)?;
        let start = Instant::now();
        loop {
            let live = self.expect(self.cluster.get(id).await, "read", id)?;
            let Some(live) = live.filter(|live| live["metadata"]["uid"] == uid) else {
                return Ok(());
            };
            if self.timeout < start.elapsed() {
                return Err(stuck(id, &live, self.timeout));
            }
            self.pause(PAUSE).await?;
        }
    }
}

/// Which of those that were called so an object is.
fn uid(live: &Value) -> Option<String> {
    live["metadata"]["uid"].as_str().map(str::to_owned)
}

/// How a command ends where something that is deleted stays.
fn stuck(id: &ObjectId, live: &Value, timeout: Duration) -> Failure {
    let finalizers = live["metadata"]["finalizers"].as_array();
    let finalizers: Vec<&str> = finalizers
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let namespace = id
        .namespace
        .as_deref()
        .map(|name| format!(" -n {name}"))
        .unwrap_or_default();
    let kind = id.kind.to_lowercase();
    let stuck = Refusal::Rollout.because(anyhow!(
        "{id} is deleted, and not gone after {} s: {}",
        timeout.as_secs(),
        if finalizers.is_empty() {
            "what hangs on it ends first".to_owned()
        } else {
            format!("it waits for its finalizer {}", finalizers.join(", "))
        }
    ));
    let hint = format!(
        "see `kubectl get{namespace} {kind} {} -o yaml`, and run the same command again when it is gone",
        id.name
    );
    stuck.hint(hint).about(id)
}
