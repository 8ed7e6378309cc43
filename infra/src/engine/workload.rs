//! How far what runs is, by what the cluster says of it (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status>).

use serde_json::Value;

use crate::render::REVISION;

/// How often a container may end before there is no hope.
const MAX_RESTARTS: u64 = 2;

/// What a container waits for that does not come by waiting.
const HOPELESS: [&str; 4] = [
    "CreateContainerError",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
];

/// What it waits for where a Secret is missing, which an operator may be about to make.
const DOUBTFUL: &str = "CreateContainerConfigError";

/// How far something is.
#[derive(Debug, PartialEq)]
pub(super) enum State {
    Ready,
    Waiting(String),
    /// It looks as if there were no hope; where it goes on looking so, there is none.
    Doubtful(String),
    Failed(String),
}

/// What a Deployment has to be before it counts, since an operator may make it what it is to be only later.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// What its pods carry.
    pub(super) revision: Option<String>,
    /// How many there are, where that is said.
    pub(super) replicas: Option<u64>,
    /// How many there are at least, where an autoscaler says how many.
    pub(super) minimum_replicas: Option<u64>,
}

/// How far a Job is.
pub(super) fn job_state(job: &Value) -> State {
    match condition(job, "Failed").or_else(|| condition(job, "Complete")) {
        Some(condition) if condition["type"] == "Failed" => {
            State::Failed(condition["message"].as_str().unwrap_or_default().to_owned())
        }
        Some(_) => State::Ready,
        None => State::Waiting("at work".to_owned()),
    }
}

/// How far a database is (<https://cloudnative-pg.io/docs/1.29/cloudnative-pg.v1/#clusterstatus>).
pub(super) fn database_state(cluster: &Value) -> State {
    if condition(cluster, "Ready").is_some() {
        return State::Ready;
    }
    let status = &cluster["status"];
    let phase = status["phase"].as_str();
    State::Waiting(format!(
        "{}, {} of {} instances ready",
        phase.unwrap_or("the operator has not seen it"),
        status["readyInstances"].as_u64().unwrap_or(0),
        cluster["spec"]["instances"].as_u64().unwrap_or(1),
    ))
}

/// A condition that holds.
fn condition<'v>(object: &'v Value, kind: &str) -> Option<&'v Value> {
    let mut conditions = object["status"]["conditions"].as_array()?.iter();
    conditions.find(|condition| condition["type"] == kind && condition["status"] == "True")
}

/// How far a Deployment is.
pub(super) fn deployment_state(deployment: &Value, wanted: &Wanted) -> State {
    let spec = &deployment["spec"];
    let carried = &spec["template"]["metadata"]["annotations"][REVISION];
    let is_other = |revision: &String| carried != revision.as_str();
    let are_others = |replicas: u64| spec["replicas"].as_u64() != Some(replicas);
    if wanted.revision.as_ref().is_some_and(is_other) || wanted.replicas.is_some_and(are_others) {
        return State::Waiting("the operator has not seen the change".to_owned());
    }
    let replicas = spec["replicas"].as_u64().unwrap_or(1);
    if let Some(minimum) = wanted.minimum_replicas
        && replicas < minimum
    {
        return State::Waiting(format!(
            "the autoscaler has not seen it: {replicas} of at least {minimum} replicas"
        ));
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
    let wanted = replicas;
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

/// How each container of a pod is, those that prepare it first.
pub(super) fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["initContainerStatuses", "containerStatuses"];
    let lists = lists.into_iter().map(|list| &pod["status"][list]);
    lists.flat_map(|list| list.as_array().into_iter().flatten())
}

/// Why a pod will not run, however long one waits, or not unless something comes soon.
pub(super) fn pod_failure(pod: &Value) -> Option<State> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    for container in containers(pod) {
        let waiting = &container["state"]["waiting"];
        let reason = waiting["reason"].as_str().unwrap_or_default();
        let message = waiting["message"].as_str().unwrap_or_default();
        let restarts = container["restartCount"].as_u64().unwrap_or(0);
        let told = || format!("{reason} in pod {name}: {message}");
        if reason == DOUBTFUL {
            return Some(State::Doubtful(told()));
        }
        if HOPELESS.contains(&reason) {
            return Some(State::Failed(told()));
        }
        if reason == "CrashLoopBackOff" && MAX_RESTARTS <= restarts {
            let ended = &container["lastState"]["terminated"];
            let exit_code = ended["exitCode"].as_i64().unwrap_or_default();
            let said = ended["message"].as_str().unwrap_or_default().trim();
            return Some(State::Failed(format!(
                "{reason} in pod {name}, which ended with status {exit_code} {restarts} times: {said}"
            )));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{State, Wanted, database_state, deployment_state, job_state, pod_failure};

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
        let seen = |revision: &str, replicas: Option<u64>| Wanted {
            revision: Some(revision.to_owned()),
            replicas,
            ..Wanted::default()
        };
        let at_least = |minimum: u64| Wanted {
            minimum_replicas: Some(minimum),
            ..Wanted::default()
        };
        let old = json!({ "observedGeneration": 2 });
        for (status, wanted, expected) in [
            (counts(2, 2, 2), seen("b", None), State::Ready),
            (counts(2, 2, 2), seen("b", Some(2)), State::Ready),
            (counts(2, 2, 2), Wanted::default(), State::Ready),
            (counts(2, 2, 2), at_least(2), State::Ready),
            (
                counts(2, 2, 2),
                at_least(3),
                waiting("the autoscaler has not seen it: 2 of at least 3 replicas"),
            ),
            (
                counts(2, 2, 2),
                seen("c", None),
                waiting("the operator has not seen the change"),
            ),
            (
                counts(2, 2, 2),
                seen("b", Some(3)),
                waiting("the operator has not seen the change"),
            ),
            (
                old,
                seen("b", None),
                waiting("the change has not been seen"),
            ),
            (
                counts(2, 3, 2),
                seen("b", None),
                waiting("2 of 2 replicas updated, 2 available, 1 old"),
            ),
            (
                counts(1, 2, 2),
                seen("b", None),
                waiting("1 of 2 replicas updated, 2 available, 1 old"),
            ),
            (
                counts(2, 2, 1),
                seen("b", None),
                waiting("2 of 2 replicas updated, 1 available"),
            ),
        ] {
            let state = deployment_state(&deployment(&status), &wanted);
            assert_eq!(state, expected, "{status} {wanted:?}");
        }
    }

    #[test]
    fn a_deployment_without_hope_has_failed() {
        let state = |kind: &str, status: &str, reason: &str| {
            let condition =
                json!({ "type": kind, "status": status, "reason": reason, "message": "why" });
            let status = json!({ "observedGeneration": 3, "conditions": [condition] });
            deployment_state(&deployment(&status), &Wanted::default())
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
                pod(waiting("CreateContainerConfigError"), 0),
                Some(State::Doubtful(
                    "CreateContainerConfigError in pod p: m".to_owned(),
                )),
            ),
            (
                pod(waiting("ImagePullBackOff"), 0),
                Some(State::Failed("ImagePullBackOff in pod p: m".to_owned())),
            ),
            (
                pod(waiting("CrashLoopBackOff"), 2),
                Some(State::Failed(
                    "CrashLoopBackOff in pod p, which ended with status 1 2 times: no variable"
                        .to_owned(),
                )),
            ),
        ] {
            assert_eq!(pod_failure(&pod), expected, "{pod}");
        }
    }

    #[test]
    fn a_database_is_ready_when_its_operator_says_so() {
        let database = |status: &Value| json!({ "spec": { "instances": 2 }, "status": status });
        let ready = |status: &str| json!([{ "type": "Ready", "status": status }]);
        let waiting = |text: &str| State::Waiting(text.to_owned());
        for (status, expected) in [
            (
                json!({}),
                waiting("the operator has not seen it, 0 of 2 instances ready"),
            ),
            (
                json!({ "phase": "Setting up primary", "readyInstances": 1, "conditions": ready("False") }),
                waiting("Setting up primary, 1 of 2 instances ready"),
            ),
            (json!({ "conditions": ready("True") }), State::Ready),
        ] {
            assert_eq!(database_state(&database(&status)), expected, "{status}");
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
