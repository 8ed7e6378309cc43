//! Waiting until what runs is what was applied, and no longer than there is hope.
//!
//! What a `SpinApp` says of itself is of the Deployment before; so that the Deployment is asked, and only once its pods carry the [`REVISION`] that was applied.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::workload::{State, Wanted, database_state, deployment_state, job_state, pod_failure};
use super::{Engine, Release};
use crate::error::Failure;
use crate::object_id::ObjectId;
use crate::render::{CLUSTER_LABEL, REVISION};

/// How often it is looked.
const PAUSE: Duration = Duration::from_millis(500);

/// How long something may look hopeless that comes right by itself, such as a `ServiceAccount` that was made a moment ago.
const DOUBT: Duration = Duration::from_secs(10);

/// Something that runs, or does not yet.
struct Target {
    id: ObjectId,
    wanted: Wanted,
}

impl Engine<'_> {
    /// Waits until everything that runs is what a release says, and tells how far it is. Ends early where it will not come to that.
    pub(crate) async fn wait(
        &self,
        release: &Release,
        tell: &mut dyn FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let start = Instant::now();
        let objects = &release.objects;
        let mut targets: Vec<Target> = objects.iter().filter_map(target).collect();
        for target in &mut targets {
            target.wanted.minimum_replicas = minimum_replicas(objects, &target.id);
        }
        let mut told = String::new();
        let mut doubted_since = None;
        loop {
            self.check_newest(release).await?;
            let mut waiting = Vec::new();
            let mut remaining = Vec::new();
            let mut is_doubtful = false;
            for target in targets {
                let how_far = match self.state(&target).await? {
                    State::Ready => {
                        tell(&format!("{} is ready", target.id))?;
                        continue;
                    }
                    State::Failed(reason) => return Err(self.diagnosed(&target.id, &reason).await),
                    State::Doubtful(reason) => {
                        is_doubtful = true;
                        let since: &mut Instant = doubted_since.get_or_insert_with(Instant::now);
                        if DOUBT < since.elapsed() {
                            return Err(self.diagnosed(&target.id, &reason).await);
                        }
                        reason
                    }
                    State::Waiting(how_far) => how_far,
                };
                waiting.push(format!("{}: {how_far}", target.id));
                remaining.push(target);
            }
            if !is_doubtful {
                doubted_since = None;
            }
            targets = remaining;
            let Some(target) = targets.first() else {
                return Ok(());
            };
            let line = waiting.join("; ");
            if line != told {
                tell(&line)?;
                told.clone_from(&line);
            }
            if self.timeout < start.elapsed() {
                let reason = format!("not ready after {} s: {line}", self.timeout.as_secs());
                return Err(self.diagnosed(&target.id, &reason).await);
            }
            self.pause(PAUSE).await?;
        }
    }

    /// How far something that runs is, as it is now; of what does not run, nothing.
    pub(super) async fn state_of(&self, live: &Value) -> Result<Option<State>, Failure> {
        match target(live) {
            Some(target) => self.state(&target).await.map(Some),
            None => Ok(None),
        }
    }

    async fn state(&self, target: &Target) -> Result<State, Failure> {
        let id = &target.id;
        let live = self.expect(self.cluster.get(id).await, "read", id)?;
        let Some(live) = live else {
            return Ok(State::Waiting("not made yet".to_owned()));
        };
        let state = match id.kind.as_str() {
            "Job" => job_state(&live),
            // Its operator judges its pods, which come and go as it prepares them.
            "Cluster" => return Ok(database_state(&live)),
            _ => deployment_state(&live, &target.wanted),
        };
        if state == State::Ready {
            return Ok(state);
        }
        for pod in self.pods(&live).await? {
            let carried = &pod["metadata"]["annotations"][REVISION];
            if target
                .wanted
                .revision
                .as_deref()
                .is_none_or(|revision| carried == revision)
                && let Some(failure) = pod_failure(&pod)
            {
                return Ok(failure);
            }
        }
        Ok(state)
    }

    /// The pods of a Deployment, a Job or a database.
    pub(super) async fn pods(&self, workload: &Value) -> Result<Vec<Value>, Failure> {
        let database = json!({ (CLUSTER_LABEL): workload["metadata"]["name"] });
        let labels = match workload["kind"].as_str() {
            Some("Cluster") => &database,
            _ => &workload["spec"]["selector"]["matchLabels"],
        };
        let labels = labels.as_object().into_iter().flatten();
        let labels: Vec<String> = labels
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
            .collect();
        let pod = ObjectId::of_core("Pod", self.namespace, "");
        let pods = self.cluster.list(&pod, &labels.join(",")).await;
        self.expect(pods, "read the pods beside", &ObjectId::of(workload))
    }
}

/// How many replicas a Deployment has at least, where one of these objects says that to an autoscaler.
fn minimum_replicas(objects: &[Value], id: &ObjectId) -> Option<u64> {
    objects.iter().find_map(|object| {
        let field = match object["kind"].as_str()? {
            "HorizontalPodAutoscaler" => "minReplicas",
            "ScaledObject" => "minReplicaCount",
            _ => return None,
        };
        let spec = &object["spec"];
        let is_target =
            id.kind == "Deployment" && spec["scaleTargetRef"]["name"] == id.name.as_str();
        is_target.then(|| spec[field].as_u64())?
    })
}

/// What is to be waited for because of an object, if anything.
fn target(object: &Value) -> Option<Target> {
    let id = ObjectId::of(object);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match id.kind.as_str() {
        "Deployment" => Some(Target {
            wanted: Wanted {
                revision: text(&object["spec"]["template"]["metadata"]["annotations"][REVISION]),
                replicas: object["spec"]["replicas"].as_u64(),
                ..Wanted::default()
            },
            id,
        }),
        // The operator makes a Deployment of the same name.
        "SpinApp" => Some(Target {
            wanted: Wanted {
                revision: text(&object["spec"]["podAnnotations"][REVISION]),
                replicas: object["spec"]["replicas"].as_u64(),
                ..Wanted::default()
            },
            id: ObjectId {
                group: "apps".to_owned(),
                version: "v1".to_owned(),
                kind: "Deployment".to_owned(),
                ..id
            },
        }),
        "Job" | "Cluster" => Some(Target {
            id,
            wanted: Wanted::default(),
        }),
        _ => None,
    }
}
