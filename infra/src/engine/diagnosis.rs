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

    /// The newest events about something and its pods.
    async fn newest_events(&self, id: &ObjectId, pods: &[Value]) -> String {
        let names = pods
            .iter()
            .filter_map(|pod| pod["metadata"]["name"].as_str());
        let mut events = Vec::new();
        for name in names.chain([id.name.as_str()]) {
            let about = self.cluster.events(name, self.namespace).await;
            events.extend(about.unwrap_or_default());
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
