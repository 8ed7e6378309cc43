//! What runs functions: the shim on nodes, who brings it there, and the Spin operator.

use serde_json::Value;

use super::nodes::ready;
use super::{Check, Live, Wanted, has_condition, name_of};

/// How nodes get a shim.
const INSTALL: &str = "install runtime-class-manager as kwasm/README.md says, then `infra render --cluster | kubectl apply --server-side -f -`; or write `form = \"host\"`, which needs no shim";

pub(super) fn checks(wanted: &Wanted<'_>, live: &Live) -> Vec<Check> {
    let names = wanted.named("runtimeClassName");
    let mut checks: Vec<Check> = names
        .iter()
        .flat_map(|name| of_class(name, wanted, live))
        .collect();
    if wanted.of_kind("SpinApp").next().is_some() {
        checks.push(operator(live));
    }
    checks
}

/// The class, nodes for it, and the shim behind it.
fn of_class(name: &str, wanted: &Wanted<'_>, live: &Live) -> Vec<Check> {
    let title = format!("RuntimeClass {name}");
    let classes = match &live.runtime_classes {
        Ok(classes) => classes,
        Err(problem) => return vec![Check::unseen(title, problem)],
    };
    let Some(class) = classes.iter().find(|class| name_of(class) == name) else {
        return vec![Check::missing(title, "it is not there", INSTALL)];
    };
    let handler = class["handler"].as_str().unwrap_or_default();
    let mut checks = vec![
        Check::ok(title, format!("its handler is {handler}")),
        nodes_for(class, live),
    ];
    match &live.shims {
        Ok(shims) => {
            let mut shims = shims.iter();
            let shim = shims.find(|shim| shim["spec"]["runtimeClass"]["name"] == name);
            checks.extend(shim.into_iter().flat_map(|shim| of_shim(shim, wanted)));
        }
        Err(problem) => checks.push(Check::unseen("shims", problem)),
    }
    checks
}

/// Whether some node is one that the class asks for (<https://kubernetes.io/docs/concepts/containers/runtime-class/#scheduling>).
fn nodes_for(class: &Value, live: &Live) -> Check {
    let title = format!("nodes of RuntimeClass {}", name_of(class));
    let nodes = match &live.nodes {
        Ok(nodes) => nodes,
        Err(problem) => return Check::unseen(title, problem),
    };
    let selector = class["scheduling"]["nodeSelector"].as_object();
    let labels: Vec<(&str, &str)> = selector
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .collect();
    let is_selected = |node: &&Value| {
        let of_node = &node["metadata"]["labels"];
        labels.iter().all(|(key, value)| of_node[*key] == **value)
    };
    let count = ready(nodes).filter(is_selected).count();
    let labels: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let labels = labels.join(" ");
    let with = if labels.is_empty() {
        String::new()
    } else {
        format!(" with {labels}")
    };
    let found = format!("{count} ready{with}");
    if count == 0 {
        let hint = if labels.is_empty() {
            "see why none is ready: `kubectl get nodes`".to_owned()
        } else {
            format!("give some the label: `kubectl label node NAME {labels}`")
        };
        return Check::missing(title, found, hint);
    }
    Check::ok(title, found)
}

/// Whether the shim is on all nodes that it is for, and whether its pods are measured.
fn of_shim(shim: &Value, wanted: &Wanted<'_>) -> Vec<Check> {
    let name = name_of(shim);
    let title = format!("Shim {name}");
    let [ready, all] =
        ["nodesReady", "nodes"].map(|field| shim["status"][field].as_u64().unwrap_or(0));
    let found = format!("it is on {ready} of {all} nodes");
    let hint = format!(
        "see why: `kubectl describe shim {name}`, `kubectl -n runtime-class-manager get jobs`"
    );
    let mut checks = vec![if ready == 0 {
        Check::missing(title.clone(), found, hint)
    } else if ready < all {
        Check::doubtful(title.clone(), found, hint)
    } else {
        Check::ok(title.clone(), found)
    }];
    let option = &shim["spec"]["containerdRuntimeOptions"]["SystemdCgroup"];
    if wanted.is_scaled() && option != "true" {
        checks.push(Check::doubtful(
            format!("{title}, SystemdCgroup"),
            "it is not on, without which nothing measures what the pods of a shim use where nodes have systemd",
            format!("`kubectl patch shim {name} --type merge --patch '{{\"spec\":{{\"containerdRuntimeOptions\":{{\"SystemdCgroup\":\"true\"}}}}}}'`"),
        ));
    }
    checks
}

/// Whether the Spin operator runs, which may be elsewhere than where its project says.
fn operator(live: &Live) -> Check {
    let title = "Spin operator";
    let hint = "see whether it runs: `kubectl get deployments --all-namespaces`; kwasm/README.md says how it is installed";
    let operators = match &live.operators {
        Ok(operators) => operators,
        Err(problem) => return Check::unseen(title, problem),
    };
    let deployment = operators
        .iter()
        .find(|deployment| name_of(deployment).contains("spin-operator"));
    let Some(deployment) = deployment else {
        return Check::doubtful(title, "it is not in the namespace spin-operator", hint);
    };
    let name = format!("Deployment/{}", name_of(deployment));
    if has_condition(deployment, "Available") {
        Check::ok(title, format!("{name} is available"))
    } else {
        let hint = "see why: `kubectl -n spin-operator get pods,events`";
        Check::missing(title, format!("{name} is not available"), hint)
    }
}
