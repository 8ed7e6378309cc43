//! Why something does not come to run, as far as the cluster knows.

use anyhow::anyhow;
use serde_json::Value;

use super::Engine;
use super::workload::containers;
use crate::error::{Failure, Refusal};
use crate::object_id::ObjectId;

/// How many events are told of what failed.
const TOLD_EVENTS: usize = 5;

/// How many lines are told of the log of what ended.
const TOLD_LINES: i64 = 10;

impl Engine<'_> {
    /// How a command ends where something does not come to run: with the reason, what was written in the log of what ended, the newest events, and where to look further.
    pub(super) async fn diagnosed(&self, id: &ObjectId, reason: &str) -> Failure {
        let pods = match self.cluster.get(id).await {
            Ok(Some(live)) => self.pods(&live).await.unwrap_or_default(),
            _ => Vec::new(),
        };
        let log = self.log_of_ended(&pods).await.unwrap_or_default();
        let events = self.newest_events(id, &pods).await;
        let failure = Refusal::Rollout.because(anyhow!("{id} does not run: {reason}{log}{events}"));
        let hint = format!(
            "look further with `kubectl -n {} describe {} {}`; `infra rollback --env {}` goes back to what ran",
            self.namespace,
            id.kind.to_lowercase(),
            id.name,
            self.environment,
        );
        failure.hint(hint).about(id)
    }

    /// The last lines of the first container that ended badly.
    async fn log_of_ended(&self, pods: &[Value]) -> Option<String> {
        let (pod, container) = pods.iter().find_map(|pod| {
            let name = pod["metadata"]["name"].as_str()?;
            let mut containers = containers(pod);
            let ended = containers.find(|container| {
                let states = [&container["state"], &container["lastState"]];
                states
                    .iter()
                    .any(|state| 0 < state["terminated"]["exitCode"].as_i64().unwrap_or(0))
            })?;
            Some((name, ended))
        })?;
        let name = container["name"].as_str()?;
        let is_running_again = container["state"]["terminated"].is_null();
        let id = ObjectId::of_core("Pod", self.namespace, pod);
        let log = self
            .cluster
            .log(&id, name, is_running_again, TOLD_LINES)
            .await
            .ok()?;
        let lines: Vec<String> = log.lines().map(|line| format!("\n  {line}")).collect();
        Some(format!(
            "\nthe end of the log of {name} in {id}:{}",
            lines.concat()
        ))
    }

    /// The newest events about something, its pods, and what made these.
    async fn newest_events(&self, id: &ObjectId, pods: &[Value]) -> String {
        let mut events = Vec::new();
        for id in with_pods(id, pods) {
            let named = self.cluster.events(&id.name, self.namespace).await;
            let named = named.unwrap_or_default().into_iter();
            events.extend(named.filter(|event| is_about(event, &id)));
        }
        events.sort_by_key(time);
        let newest = events.iter().rev().take(TOLD_EVENTS);
        let lines: Vec<String> = newest
            .map(|event| format!("\n  {} {}", time(event), told(event)))
            .collect();
        if lines.is_empty() {
            return String::new();
        }
        format!("\nthe newest events:{}", lines.concat())
    }
}

/// Something, its pods, and what made these, such as a `ReplicaSet`: each once.
fn with_pods(id: &ObjectId, pods: &[Value]) -> Vec<ObjectId> {
    let named = |kind: &str, object: &Value| ObjectId {
        kind: kind.to_owned(),
        name: object["name"].as_str().unwrap_or_default().to_owned(),
        ..id.clone()
    };
    let mut ids = vec![id.clone()];
    for metadata in pods.iter().map(|pod| &pod["metadata"]) {
        let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
        let owners = owners.filter_map(|owner| Some(named(owner["kind"].as_str()?, owner)));
        for id in [named("Pod", metadata)].into_iter().chain(owners) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    ids
}

/// Whether an event is about an object, and not about another kind's of the same name, such as its autoscaler.
fn is_about(event: &Value, id: &ObjectId) -> bool {
    let object = &event["involvedObject"];
    object["kind"] == id.kind.as_str() && object["name"] == id.name.as_str()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{is_about, with_pods};
    use crate::object_id::ObjectId;

    #[test]
    fn events_are_those_of_the_workload_its_pods_and_what_made_them() {
        let deployment = ObjectId::of_group(["apps", "v1"], "Deployment", "films", "kindred");
        let pod = |name: &str| json!({ "metadata": { "name": name, "ownerReferences": [{ "kind": "ReplicaSet", "name": "kindred-1" }] } });
        let ids = with_pods(&deployment, &[pod("kindred-1-a"), pod("kindred-1-b")]);
        let names: Vec<String> = ids.iter().map(ObjectId::to_string).collect();
        assert_eq!(
            names,
            [
                "Deployment/kindred",
                "Pod/kindred-1-a",
                "ReplicaSet/kindred-1",
                "Pod/kindred-1-b"
            ]
        );
        for (kind, name, expected) in [
            ("Deployment", "kindred", true),
            ("HorizontalPodAutoscaler", "kindred", false),
            ("Service", "kindred", false),
            ("ReplicaSet", "kindred-1", true),
            ("Pod", "kindred-1-b", true),
            ("Pod", "other", false),
        ] {
            let event = json!({ "involvedObject": { "kind": kind, "name": name } });
            let is_one = ids.iter().any(|id| is_about(&event, id));
            assert_eq!(is_one, expected, "{kind}/{name}");
        }
    }
}
