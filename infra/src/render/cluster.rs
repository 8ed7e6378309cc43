//! What a cluster has before any environment: who brings the shim to its nodes, who may look at it, and what collects its logs.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use config::{Cluster, Config, Installer};
use serde_json::{Value, json};

use super::logs;
use crate::model::RUNTIME_CLASS;
use crate::object::Object;

/// In which file everything stands: it is little.
const FILE: &str = "cluster";

/// The kinds by which rights are said.
const ROLES: &str = "rbac.authorization.k8s.io/v1";

/// Who looks at the cluster through a dashboard.
const VIEWER: &str = "kindred-viewer";

/// All objects of the cluster.
pub(crate) fn objects(config: &Config) -> Result<Vec<Object>> {
    let cluster = &config.cluster;
    let mut objects = match cluster.installer {
        // Where logs are collected and environments run `host`, there is something to do without a shim.
        Installer::RuntimeClassManager if cluster.shim.is_empty() && cluster.logs.is_some() => {
            Vec::new()
        }
        Installer::RuntimeClassManager => vec![shim(cluster)?],
        Installer::Kwasm => vec![runtime_class()],
    };
    if cluster.dashboard {
        objects.extend(viewer());
    }
    if let Some(settings) = &cluster.logs {
        let environments = config.environments.iter();
        let namespaces: BTreeSet<String> = environments
            .map(|(name, environment)| environment.namespace_of(name.as_str()))
            .collect();
        objects.extend(logs::objects(settings, &Vec::from_iter(namespaces))?);
    }
    Ok(objects)
}

/// What runtime-class-manager makes the shim and its `RuntimeClass` of (<https://github.com/spinframework/runtime-class-manager>).
fn shim(cluster: &Cluster) -> Result<Object> {
    if cluster.shim.is_empty() {
        bail!(
            "it is not said which shim the nodes get: write its `location` under `[cluster.shim.x86_64]`, and its checksum beside it with `infra pin`"
        );
    }
    let platforms = cluster.shim.iter().map(|(architecture, file)| {
        let name = architecture.as_str();
        let Some(sha256) = &file.sha256 else {
            bail!(
                "the shim at {} has no checksum, and may be another file tomorrow: write its `sha256` under `[cluster.shim.{name}]` with `infra pin`",
                file.location
            );
        };
        Ok(json!({ "os": "linux", "arch": name, "location": file.location, "sha256": sha256 }))
    });
    let platforms = platforms.collect::<Result<Vec<Value>>>()?;
    let content = json!({ "spec": {
        "nodeSelector": { (cluster.node_label.as_str()): "true" },
        "fetchStrategy": { "platforms": platforms },
        // Without it nothing measures what the pods of a shim use, and no autoscaler sees it.
        "containerdRuntimeOptions": { "SystemdCgroup": "true" },
        "runtimeClass": { "name": RUNTIME_CLASS, "handler": "spin-v2" },
        "rolloutStrategy": { "type": "recreate" },
    } });
    let api = ["runtime.spinkube.dev/v1alpha1", "Shim"];
    Ok(of_cluster(api, "spin-v2", content))
}

/// What `KWasm` leaves to others: its shim is called `spin`.
fn runtime_class() -> Object {
    let content = json!({ "handler": "spin" });
    of_cluster(["node.k8s.io/v1", "RuntimeClass"], RUNTIME_CLASS, content)
}

/// An account that may look at everything but Secrets and change nothing: `view` is Kubernetes' own role, which says nothing of what is in no namespace.
fn viewer() -> [Object; 4] {
    let account = of_cluster(["v1", "ServiceAccount"], VIEWER, json!({}));
    let account = account.in_namespace("kube-system");
    let seen = |group: &str, resources: &[&str]| json!({ "apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"] });
    let rules = [
        seen("", &["nodes", "persistentvolumes"]),
        seen("metrics.k8s.io", &["nodes", "pods"]),
        seen("node.k8s.io", &["runtimeclasses"]),
        seen("runtime.spinkube.dev", &["shims"]),
        seen("storage.k8s.io", &["storageclasses"]),
    ];
    let role = of_cluster([ROLES, "ClusterRole"], VIEWER, json!({ "rules": rules }));
    let binding = |name: &str, role: &str| {
        let content = json!({
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [{ "kind": "ServiceAccount", "name": VIEWER, "namespace": "kube-system" }],
        });
        of_cluster([ROLES, "ClusterRoleBinding"], name, content)
    };
    let of_cluster = format!("{VIEWER}-of-cluster");
    [
        account,
        binding(VIEWER, "view"),
        role,
        binding(&of_cluster, VIEWER),
    ]
}

fn of_cluster(api: [&str; 2], name: &str, content: Value) -> Object {
    Object::of_no_environment(FILE, api, name, content)
}
