//! Whether pods have where to run.

use serde_json::Value;

use super::{Check, Live, has_condition};

/// The nodes that take pods.
pub(super) fn ready(nodes: &[Value]) -> impl Iterator<Item = &Value> {
    nodes
        .iter()
        .filter(|node| has_condition(node, "Ready") && node["spec"]["unschedulable"] != true)
}

pub(super) fn check(live: &Live) -> Check {
    let name = "nodes";
    let nodes = match &live.nodes {
        Ok(nodes) => nodes,
        Err(problem) => return Check::unseen(name, problem),
    };
    let ready_count = ready(nodes).count();
    let found = format!("{ready_count} of {} are ready and take pods", nodes.len());
    if ready_count == 0 {
        let hint = "see why: `kubectl get nodes`, then `kubectl describe node NAME`";
        return Check::missing(name, found, hint);
    }
    Check::ok(name, found)
}
