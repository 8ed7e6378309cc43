//! What brings the logs of the pods to Loki: Fluent Bit on every node, which reads what the runtime of containers leaves there.

use anyhow::{Context, Result, bail};
use artifact::Image;
use config::Logs;
use http::Uri;
use serde_json::{Value, json};

use super::pod;
use super::revision::REVISION;
use crate::hash::short_hash;
use crate::object::Object;
use crate::yaml;

/// In which file everything of it stands.
const FILE: &str = "logs";

/// What everything of it is called, and its namespace.
const NAME: &str = "kindred-logs";

/// Where a node has its logs: links that say in their names whose they are, and the files that these lead to
/// (<https://kubernetes.io/docs/concepts/cluster-administration/logging/#log-location-node>).
const NODE_FOLDERS: [(&str, &str); 2] =
    [("links", "/var/log/containers"), ("files", "/var/log/pods")];

/// The name of the configuration, in a folder of its own.
const CONFIGURATION: &str = "fluent-bit.yaml";

/// Where it is said that Fluent Bit is alive.
const HEALTH_PORT: u16 = 2020;

/// Where Loki takes logs (<https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs>).
const PUSH_PATH: &str = "/loki/api/v1/push";

/// By what logs are found: each is an index of Loki's, so they are few. What else is known stands in the lines.
const LABELS: &str = "job=kindred, environment=$kubernetes['labels']['app.kubernetes.io/instance'], \
    component=$kubernetes['labels']['app.kubernetes.io/component'], pod=$kubernetes['pod_name']";

/// All objects of it; it reads what pods in these namespaces say.
pub(super) fn objects(logs: &Logs, namespaces: &[String]) -> Result<Vec<Object>> {
    if namespaces.is_empty() {
        bail!(
            "logs are collected of environments, and there is none: write a table `[environments.dev]`, or remove `[cluster.logs]`"
        );
    }
    if namespaces.iter().any(|namespace| namespace == NAME) {
        bail!(
            "the namespace {NAME} is that of what collects logs, and an environment has it too: give that one another `namespace`"
        );
    }
    let image = Image::parse(&logs.image).context("`image` of `[cluster.logs]`")?;
    if image.digest().is_none() {
        bail!(
            "the collector of logs, {}, may be another image tomorrow: write its digest beside it under `[cluster.logs]` with `infra pin`",
            logs.image
        );
    }
    let configuration = yaml::document(&configuration(logs, namespaces)?)?;
    let namespace = Object::of_no_environment(FILE, ["v1", "Namespace"], NAME, json!({}));
    let account = Object::of_no_environment(FILE, ["v1", "ServiceAccount"], NAME, json!({}));
    let map = Object::of_no_environment(
        FILE,
        ["v1", "ConfigMap"],
        NAME,
        json!({ "data": { CONFIGURATION: configuration } }),
    );
    let [role, binding] = rights();
    Ok(vec![
        // Folders of the node are for the privileged (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>).
        namespace.with_label("pod-security.kubernetes.io/enforce", "privileged"),
        account.in_namespace(NAME),
        role,
        binding,
        map.in_namespace(NAME),
        daemon_set(logs, &configuration),
    ])
}

/// What it asks the cluster: which labels the pods have.
fn rights() -> [Object; 2] {
    let role = json!({ "rules": [{
        "apiGroups": [""],
        "resources": ["namespaces", "pods"],
        "verbs": ["get", "list", "watch"],
    }] });
    let binding = json!({
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME },
        "subjects": [{ "kind": "ServiceAccount", "name": NAME, "namespace": NAME }],
    });
    [("ClusterRole", role), ("ClusterRoleBinding", binding)].map(|(kind, content)| {
        let api = ["rbac.authorization.k8s.io/v1", kind];
        Object::of_no_environment(FILE, api, NAME, content)
    })
}

fn daemon_set(logs: &Logs, configuration: &str) -> Object {
    let mut volumes = vec![
        json!({ "name": "configuration", "configMap": { "name": NAME } }),
        json!({ "name": "state", "emptyDir": {} }),
    ];
    let mut mounts = vec![
        json!({ "name": "configuration", "mountPath": "/configuration", "readOnly": true }),
        json!({ "name": "state", "mountPath": "/state" }),
    ];
    for (name, path) in NODE_FOLDERS {
        volumes.push(json!({ "name": name, "hostPath": { "path": path } }));
        mounts.push(json!({ "name": name, "mountPath": path, "readOnly": true }));
    }
    let container = json!({
        "name": "fluent-bit",
        "image": logs.image,
        "args": ["--config", format!("/configuration/{CONFIGURATION}")],
        "ports": [{ "name": "health", "containerPort": HEALTH_PORT }],
        // Whether Loki takes anything is not asked: nothing here gets better by a new start.
        "livenessProbe": { "httpGet": { "path": "/", "port": "health" } },
        "resources": pod::resources("50m", "64Mi", "128Mi"),
        "securityContext": pod::container_security(true),
        "volumeMounts": mounts,
    });
    let labels = json!({ "app.kubernetes.io/name": NAME });
    let content = json!({ "spec": {
        "selector": { "matchLabels": labels },
        "template": {
            "metadata": {
                "labels": labels,
                // It reads its configuration when it starts.
                "annotations": { REVISION: short_hash(configuration.as_bytes()) },
            },
            "spec": {
                "serviceAccountName": NAME,
                // Whose files they are. It may do no more than read them, since it has none of the rights of root beside that.
                "securityContext": { "runAsUser": 0, "seccompProfile": { "type": "RuntimeDefault" } },
                // On every node, whatever that keeps others away for.
                "tolerations": [{ "operator": "Exists" }],
                "containers": [container],
                "volumes": volumes,
            },
        },
    } });
    Object::of_no_environment(FILE, ["apps/v1", "DaemonSet"], NAME, content).in_namespace(NAME)
}

/// What Fluent Bit is told (<https://docs.fluentbit.io/manual/administration/configuring-fluent-bit/yaml>).
fn configuration(logs: &Logs, namespaces: &[String]) -> Result<Value> {
    let loki = Address::parse(&logs.loki)?;
    let [(_, links), _] = NODE_FOLDERS;
    // As `pod_namespace_container-id.log`, and none of the three has the line in it.
    let paths = namespaces
        .iter()
        .map(|name| format!("{links}/*_{name}_*.log"));
    Ok(json!({
        "service": { "http_server": true, "http_port": HEALTH_PORT },
        "pipeline": {
            "inputs": [{
                "name": "tail",
                "tag": "kube.*",
                "path": paths.collect::<Vec<_>>().join(","),
                "multiline.parser": "cri",
                // A new pod of it begins anew: what Loki has already, it has by its time and does not keep twice.
                "read_from_head": true,
                "db": "/state/tail.db",
                "refresh_interval": 10,
                // While Loki is away, logs wait in their files.
                "mem_buf_limit": "32MB",
            }],
            "filters": [{
                "name": "kubernetes",
                "match": "kube.*",
                // Lines are JSON: their fields become those of the record.
                "merge_log": true,
                "keep_log": false,
                "annotations": false,
                // A pod that has a lot to say of itself has its labels nevertheless.
                "buffer_size": 0,
            }],
            "outputs": [{
                "name": "loki",
                "match": "kube.*",
                "host": loki.host,
                "port": loki.port,
                "tls": loki.is_encrypted,
                "uri": loki.path,
                "labels": LABELS,
                "remove_keys": "kubernetes,stream,_p",
                "line_format": "json",
                "retry_limit": "no_limits",
            }],
        },
    }))
}

/// Loki's address, in the parts that Fluent Bit wants.
struct Address {
    host: String,
    port: u16,
    path: String,
    is_encrypted: bool,
}

impl Address {
    fn parse(text: &str) -> Result<Self> {
        let doing = || format!("`loki` of `[cluster.logs]`: {text} is no address of a server");
        let uri: Uri = text.parse().with_context(doing)?;
        let authority = uri.authority().with_context(doing)?;
        if authority.as_str().contains('@') {
            bail!(
                "`loki` of `[cluster.logs]` has a name and a password in it, which stand in no file that is committed: write an address that needs none"
            );
        }
        let is_encrypted = uri.scheme_str() == Some("https");
        let host = authority.host();
        let port = match authority.as_str().strip_prefix(host) {
            Some("") if is_encrypted => 443,
            Some("") => 80,
            behind_host => {
                let port = behind_host.and_then(|text| text.strip_prefix(':'));
                let port = port.with_context(doing)?;
                port.parse().with_context(doing)?
            }
        };
        let folder = uri.path().trim_end_matches('/');
        Ok(Self {
            host: host.to_owned(),
            port,
            path: format!("{}{PUSH_PATH}", folder.trim_end_matches(PUSH_PATH)),
            is_encrypted,
        })
    }
}
