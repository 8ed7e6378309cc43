//! `PostgreSQL` as a `Cluster` of `CloudNativePG`, and who may talk to it (<https://cloudnative-pg.io/docs/1.29/>).

use config::DatabaseCluster;
use serde_json::{Value, json};

use super::network::tcp;
use super::{monitoring, pod};
use crate::model::{DATABASE_NAME, Model, NAME};
use crate::object::Object;

/// The label by which the operator knows the pods of a `Cluster`.
pub(crate) const CLUSTER_LABEL: &str = "cnpg.io/cluster";

/// The name that the operator's own pods have, in whatever namespace it is.
const OPERATOR: &str = "cloudnative-pg";

/// What an instance listens on: `PostgreSQL`, its state for the operator and for the other instances, and its metrics
/// (<https://cloudnative-pg.io/docs/1.29/security/#exposed-ports>).
const POSTGRESQL_PORT: u16 = 5432;
const STATUS_PORT: u16 = 8000;
const METRICS_PORT: u16 = 9187;

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let database = model.environment.database.as_ref();
    let Some(cluster) = database.and_then(|database| database.cluster.as_ref()) else {
        return Vec::new();
    };
    let mut objects = vec![network_policy(model), postgresql(model, cluster)];
    if model.environment.observability.prometheus {
        objects.push(pod_monitor(model));
    }
    objects
}

/// To whom the functions are let out: the instances, or the port of whoever listens elsewhere.
pub(super) fn egress(model: &Model<'_>) -> Option<Value> {
    let database = model.environment.database.as_ref()?;
    if database.cluster.is_none() {
        return Some(json!({ "ports": tcp(&[database.port()]) }));
    }
    Some(json!({ "to": [{ "podSelector": instances() }], "ports": tcp(&[POSTGRESQL_PORT]) }))
}

/// The operator keeps instances of one node apart where there is another, and makes the Secret with the address.
fn postgresql(model: &Model<'_>, cluster: &DatabaseCluster) -> Object {
    let mut storage = json!({ "size": cluster.size });
    if let Some(class) = &cluster.class {
        storage["storageClass"] = json!(class);
    }
    let mut spec = json!({
        "instances": cluster.instances,
        "bootstrap": { "initdb": { "database": NAME, "owner": NAME } },
        "storage": storage,
        "resources": pod::resources(
            &cluster.cpu_request,
            &cluster.memory_request,
            &cluster.memory_limit,
        ),
    });
    if let Some(image) = &cluster.image {
        spec["imageName"] = json!(image);
    }
    if let Some(secrets) = pod::image_pull_secrets(model) {
        spec["imagePullSecrets"] = secrets;
    }
    let api = ["postgresql.cnpg.io/v1", "Cluster"];
    let content = json!({ "spec": spec });
    Object::new(model, "database", api, DATABASE_NAME, content)
}

/// Who may ask an instance. Whom it asks is not said: its manager asks the cluster's own interface, at an address and a port that are different in every cluster.
fn network_policy(model: &Model<'_>) -> Object {
    let operator = json!({
        "namespaceSelector": {},
        "podSelector": { "matchLabels": { "app.kubernetes.io/name": OPERATOR } },
    });
    let functions = json!({ "podSelector": { "matchLabels": model.pod_labels() } });
    let others = json!({ "podSelector": instances() });
    let mut ingress = vec![
        json!({ "from": [functions], "ports": tcp(&[POSTGRESQL_PORT]) }),
        json!({ "from": [others, operator], "ports": tcp(&[POSTGRESQL_PORT, STATUS_PORT]) }),
    ];
    if model.environment.observability.prometheus {
        ingress.push(json!({ "ports": tcp(&[METRICS_PORT]) }));
    }
    let content = json!({ "spec": {
        "podSelector": instances(),
        "policyTypes": ["Ingress"],
        "ingress": ingress,
    } });
    let api = ["networking.k8s.io/v1", "NetworkPolicy"];
    Object::new(model, "network-policy", api, DATABASE_NAME, content)
}

/// Ours, since the operator will make none any more (<https://cloudnative-pg.io/docs/1.29/monitoring/>).
fn pod_monitor(model: &Model<'_>) -> Object {
    let content = json!({ "spec": {
        "selector": instances(),
        "podMetricsEndpoints": [{ "port": "metrics" }],
    } });
    monitoring::of_operator(model, "PodMonitor", DATABASE_NAME, content)
}

/// The pods of the instances, and of what prepares them.
fn instances() -> Value {
    json!({ "matchLabels": { (CLUSTER_LABEL): DATABASE_NAME } })
}
