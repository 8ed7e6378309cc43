//! Whether pods have where to run.

use serde_json::Value;

use super::{Check, Live, Wanted, has_condition, name_of};

/// The nodes that take pods.
pub(super) fn ready(nodes: &[Value]) -> impl Iterator<Item = &Value> {
    nodes
        .iter()
        .filter(|node| has_condition(node, "Ready") && node["spec"]["unschedulable"] != true)
}

/// What does not let everybody listen on port 80, which the pods of a `SpinApp` do, and those of `host` as nobody
/// (<https://github.com/containerd/containerd/blob/main/docs/cri/config.md>, `enable_unprivileged_ports`).
const OLD_CONTAINERD: &str = "containerd://1.";

pub(super) fn check(wanted: &Wanted<'_>, live: &Live) -> Check {
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
    let is_old = |node: &&Value| {
        let version = node["status"]["nodeInfo"]["containerRuntimeVersion"].as_str();
        version.is_some_and(|version| version.starts_with(OLD_CONTAINERD))
    };
    if !wanted.named("spinImage").is_empty()
        && let Some(old) = ready(nodes).find(is_old)
    {
        let found = format!(
            "{found}; {} has a containerd before version 2",
            name_of(old)
        );
        let hint = "`host` as a SpinApp listens on port 80 there only with `enable_unprivileged_ports = true` in its configuration: set that, or write the form `host`";
        return Check::doubtful(name, found, hint);
    }
    Check::ok(name, found)
}
