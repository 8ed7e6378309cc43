//! Waiting until what runs is what was applied, and no longer than there is hope.
//!
//! What a `SpinApp` says of itself is of the Deployment before; so that the Deployment is asked, and only once its pods carry the [`REVISION`] that was applied
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status>).

use std::time::Duration;

use anyhow::anyhow;
use serde_json::Value;
use tokio::time::Instant;

use super::Engine;
use crate::error::{Failure, Refusal};
use crate::object_id::ObjectId;
use crate::render::REVISION;

/// How often it is looked.
const PAUSE: Duration = Duration::from_millis(500);

/// How long something may look hopeless that comes right by itself, such as a `ServiceAccount` that was made a moment ago.
const DOUBT: Duration = Duration::from_secs(10);

/// How often a container may end before there is no hope.
const MAX_RESTARTS: u64 = 2;

/// How many events are told of what failed.
const TOLD_EVENTS: usize = 5;

/// What a container waits for that does not come by waiting.
const HOPELESS: [&str; 5] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
];

/// Something that runs, or does not yet.
struct Target {
    id: ObjectId,
    /// What its pods are to carry.
    revision: Option<String>,
}

/// How far something is.
#[derive(Debug, PartialEq)]
pub(super) enum State {
    Ready,
    Waiting(String),
    /// It looks as if there were no hope; where it goes on looking so, there is none.
    Doubtful(String),
    Failed(String),
}

impl Engine<'_> {
    /// Waits until everything that runs is what these objects say, and tells how far it is. Ends early where it will not come to that.
    pub(crate) async fn wait(
        &self,
        objects: &[Value],
        tell: &mut dyn FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let start = Instant::now();
        let mut targets: Vec<Target> = objects.iter().filter_map(target).collect();
        let mut told = String::new();
        let mut doubted_since = None;
        loop {
            let mut waiting = Vec::new();
            let mut remaining = Vec::new();
            let mut is_doubtful = false;
            for target in targets {
                let how_far = match self.state(&target).await? {
                    State::Ready => {
                        tell(&format!("{} is ready", target.id))?;
                        continue;
                    }
                    State::Failed(reason) => return Err(self.failed(&target, &reason).await),
                    State::Doubtful(reason) => {
                        is_doubtful = true;
                        let since: &mut Instant = doubted_since.get_or_insert_with(Instant::now);
                        if DOUBT < since.elapsed() {
                            return Err(self.failed(&target, &reason).await);
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
                return Err(self.failed(target, &reason).await);
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
        if id.kind == "Job" {
            return Ok(job_state(&live));
        }
        let state = deployment_state(&live, target.revision.as_deref());
        if state == State::Ready {
            return Ok(state);
        }
        for pod in self.pods(&live).await? {
            let carried = &pod["metadata"]["annotations"][REVISION];
            if target
                .revision
                .as_deref()
                .is_none_or(|revision| carried == revision)
                && let Some(reason) = pod_failure(&pod)
            {
                return Ok(State::Failed(reason));
            }
        }
        Ok(state)
    }

    /// The pods of a Deployment.
    async fn pods(&self, deployment: &Value) -> Result<Vec<Value>, Failure> {
        let labels = deployment["spec"]["selector"]["matchLabels"].as_object();
        let labels = labels.into_iter().flatten();
        let labels: Vec<String> = labels
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
            .collect();
        let pod = ObjectId::of_core("Pod", self.namespace, "");
        let pods = self.cluster.list(&pod, &labels.join(",")).await;
        self.expect(pods, "read the pods beside", &ObjectId::of(deployment))
    }

    /// How a command ends where something does not come to run: with the reason, the newest events, and where to look further.
    async fn failed(&self, target: &Target, reason: &str) -> Failure {
        let mut events = Vec::new();
        let mut about = vec![target.id.name.clone()];
        if let Ok(Some(live)) = self.cluster.get(&target.id).await {
            let pods = self.pods(&live).await.unwrap_or_default();
            let names = pods
                .iter()
                .filter_map(|pod| pod["metadata"]["name"].as_str());
            about.extend(names.map(str::to_owned));
        }
        for name in about {
            events.extend(
                self.cluster
                    .events(&name, self.namespace)
                    .await
                    .unwrap_or_default(),
            );
        }
        events.sort_by_key(time);
        let newest = events.iter().rev().take(TOLD_EVENTS);
        let lines: Vec<String> = newest
            .map(|event| format!("  {} {}", time(event), told(event)))
            .collect();
        let events = if lines.is_empty() {
            String::new()
        } else {
            format!("\nthe newest events:\n{}", lines.join("\n"))
        };
        Refusal::Rollout.because(anyhow!(
            "{} does not run: {reason}{events}\nlook further with `kubectl -n {} describe {} {}`; `infra rollback --env {}` goes back to what ran",
            target.id,
            self.namespace,
            target.id.kind.to_lowercase(),
            target.id.name,
            self.environment,
        ))
    }
}

/// When something happened, or happened last.
pub(super) fn time(event: &Value) -> String {
    let time = event["lastTimestamp"]
        .as_str()
        .or(event["eventTime"].as_str());
    time.unwrap_or_default().to_owned()
}

fn told(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
    let object = &event["involvedObject"];
    format!(
        "{}/{} {}: {}",
        text(&object["kind"]),
        text(&object["name"]),
        text(&event["reason"]),
        text(&event["message"])
    )
}

/// What is to be waited for because of an object, if anything.
fn target(object: &Value) -> Option<Target> {
    let id = ObjectId::of(object);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match id.kind.as_str() {
        "Deployment" => Some(Target {
            revision: text(&object["spec"]["template"]["metadata"]["annotations"][REVISION]),
            id,
        }),
        // The operator makes a Deployment of the same name.
        "SpinApp" => Some(Target {
            revision: text(&object["spec"]["podAnnotations"][REVISION]),
            id: ObjectId {
                group: "apps".to_owned(),
                version: "v1".to_owned(),
                kind: "Deployment".to_owned(),
                ..id
            },
        }),
        "Job" => Some(Target { id, revision: None }),
        _ => None,
    }
}

fn job_state(job: &Value) -> State {
    match condition(job, "Failed").or_else(|| condition(job, "Complete")) {
        Some(condition) if condition["type"] == "Failed" => {
            State::Failed(condition["message"].as_str().unwrap_or_default().to_owned())
        }
        Some(_) => State::Ready,
        None => State::Waiting("at work".to_owned()),
    }
}

/// A condition that holds.
fn condition<'v>(object: &'v Value, kind: &str) -> Option<&'v Value> {
    let mut conditions = object["status"]["conditions"].as_array()?.iter();
    conditions.find(|condition| condition["type"] == kind && condition["status"] == "True")
}

fn deployment_state(deployment: &Value, revision: Option<&str>) -> State {
    let template = &deployment["spec"]["template"]["metadata"]["annotations"][REVISION];
    if revision.is_some_and(|revision| template != revision) {
        return State::Waiting("the operator has not seen the change".to_owned());
    }
    let status = &deployment["status"];
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let generation = number(&deployment["metadata"]["generation"]);
    if number(&status["observedGeneration"]) < generation {
        return State::Waiting("the change has not been seen".to_owned());
    }
    let conditions = status["conditions"].as_array().into_iter().flatten();
    for condition in conditions {
        let message = || condition["message"].as_str().unwrap_or_default().to_owned();
        if condition["type"] == "ReplicaFailure" && condition["status"] == "True" {
            return State::Doubtful(with_hint(message()));
        }
        if condition["type"] == "Progressing" && condition["reason"] == "ProgressDeadlineExceeded" {
            return State::Failed(message());
        }
    }
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let [updated, all, available] =
        ["updatedReplicas", "replicas", "availableReplicas"].map(|name| number(&status[name]));
    if updated == wanted && all == updated && available == updated {
        return State::Ready;
    }
    let old = all.saturating_sub(updated);
    let old = if old == 0 {
        String::new()
    } else {
        format!(", {old} old")
    };
    State::Waiting(format!(
        "{updated} of {wanted} replicas updated, {available} available{old}"
    ))
}

/// What to do about a message of the cluster, where it does not say so.
fn with_hint(message: String) -> String {
    if message.contains("RuntimeClass") && message.contains("not found") {
        return format!("{message}; no shim is installed: `infra doctor` says how that is done");
    }
    message
}

/// Why a pod will not run, however long one waits.
fn pod_failure(pod: &Value) -> Option<String> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let status = &pod["status"];
    let lists = ["initContainerStatuses", "containerStatuses"];
    let containers = lists
        .iter()
        .flat_map(|list| status[*list].as_array().into_iter().flatten());
    for container in containers {
        let waiting = &container["state"]["waiting"];
        let reason = waiting["reason"].as_str().unwrap_or_default();
        let message = waiting["message"].as_str().unwrap_or_default();
        let restarts = container["restartCount"].as_u64().unwrap_or(0);
        if HOPELESS.contains(&reason) {
            return Some(format!("{reason} in pod {name}: {message}"));
        }
        if reason == "CrashLoopBackOff" && MAX_RESTARTS <= restarts {
            let ended = &container["lastState"]["terminated"];
            let exit_code = ended["exitCode"].as_i64().unwrap_or_default();
            let said = ended["message"].as_str().unwrap_or_default().trim();
            return Some(format!(
                "{reason} in pod {name}, which ended with status {exit_code} {restarts} times: {said}"
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{State, deployment_state, job_state, pod_failure};

    fn deployment(status: &Value) -> Value {
        json!({
            "metadata": { "generation": 3 },
            "spec": {
                "replicas": 2,
                "template": { "metadata": { "annotations": { "kindred/revision": "b" } } },
            },
            "status": status,
        })
    }

    fn counts(updated: u64, all: u64, available: u64) -> Value {
        json!({
            "observedGeneration": 3,
            "updatedReplicas": updated,
            "replicas": all,
            "availableReplicas": available,
        })
    }

    #[test]
    fn a_deployment_is_ready_when_only_new_pods_run() {
        let waiting = |text: &str| State::Waiting(text.to_owned());
        for (status, revision, expected) in [
            (counts(2, 2, 2), Some("b"), State::Ready),
            (counts(2, 2, 2), None, State::Ready),
            (
                counts(2, 2, 2),
                Some("c"),
                waiting("the operator has not seen the change"),
            ),
            (
                json!({ "observedGeneration": 2 }),
                Some("b"),
                waiting("the change has not been seen"),
            ),
            (
                counts(2, 3, 2),
                Some("b"),
                waiting("2 of 2 replicas updated, 2 available, 1 old"),
            ),
            (
                counts(1, 2, 2),
                Some("b"),
                waiting("1 of 2 replicas updated, 2 available, 1 old"),
            ),
            (
                counts(2, 2, 1),
                Some("b"),
                waiting("2 of 2 replicas updated, 1 available"),
            ),
        ] {
            assert_eq!(
                deployment_state(&deployment(&status), revision),
                expected,
                "{status}"
            );
        }
    }

    #[test]
    fn a_deployment_without_hope_has_failed() {
        let state = |kind: &str, status: &str, reason: &str| {
            let condition =
                json!({ "type": kind, "status": status, "reason": reason, "message": "why" });
            let status = json!({ "observedGeneration": 3, "conditions": [condition] });
            deployment_state(&deployment(&status), None)
        };
        let why = || "why".to_owned();
        assert_eq!(
            state("ReplicaFailure", "True", "FailedCreate"),
            State::Doubtful(why())
        );
        assert_eq!(
            state("Progressing", "False", "ProgressDeadlineExceeded"),
            State::Failed(why())
        );
    }

    #[test]
    fn a_pod_has_failed_when_waiting_does_not_help() {
        let pod = |state: Value, restarts: u64| {
            json!({
                "metadata": { "name": "p" },
                "status": { "containerStatuses": [{
                    "restartCount": restarts,
                    "state": state,
                    "lastState": { "terminated": { "exitCode": 1, "message": "no variable" } },
                }] },
            })
        };
        let waiting = |reason: &str| json!({ "waiting": { "reason": reason, "message": "m" } });
        for (pod, expected) in [
            (pod(json!({ "running": {} }), 5), None),
            (pod(waiting("ContainerCreating"), 0), None),
            (pod(waiting("ErrImagePull"), 0), None),
            (pod(waiting("CrashLoopBackOff"), 1), None),
            (
                pod(waiting("ImagePullBackOff"), 0),
                Some("ImagePullBackOff in pod p: m"),
            ),
            (
                pod(waiting("CrashLoopBackOff"), 2),
                Some("CrashLoopBackOff in pod p, which ended with status 1 2 times: no variable"),
            ),
        ] {
            assert_eq!(pod_failure(&pod).as_deref(), expected, "{pod}");
        }
    }

    #[test]
    fn a_job_is_ready_when_it_is_complete() {
        let job = |kind: &str| json!({ "status": { "conditions": [{ "type": kind, "status": "True", "message": "why" }] } });
        assert_eq!(job_state(&job("Complete")), State::Ready);
        assert_eq!(job_state(&job("Failed")), State::Failed("why".to_owned()));
        assert_eq!(job_state(&json!({})), State::Waiting("at work".to_owned()));
    }
}
