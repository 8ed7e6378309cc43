//! Where the functions are asked for: within the cluster, and on its nodes or behind a balancer of its own.

use config::AddressKind;
use serde_json::{Value, json};

use super::parts::{HTTP_PORT_NAME, Part, parts};
use crate::model::Model;
use crate::object::Object;

/// Where the functions are asked for.
pub(super) const SERVICE_PORT: u16 = 80;

/// What is called so is for requests from outside.
const PUBLIC_NAME: &str = "kindred-public";

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let parts = parts(model);
    let within = parts.iter().map(|part| within(model, part));
    within.chain(public(model)).collect()
}

/// The one that routes lead to. It is called the same and finds the same pods whatever form the application has,
/// so that one form can take the place of another while requests come in; what the operator makes beside a `SpinApp` does not.
fn within(model: &Model<'_>, part: &Part<'_>) -> Object {
    service(model, &part.name, "ClusterIP", &part.pod_labels())
}

fn public(model: &Model<'_>) -> Option<Object> {
    let kind = match model.environment.address.as_ref()?.kind {
        AddressKind::NodePort => "NodePort",
        AddressKind::LoadBalancer => "LoadBalancer",
        AddressKind::Ingress | AddressKind::Gateway => return None,
    };
    Some(service(model, PUBLIC_NAME, kind, &model.pod_labels()))
}

fn service(model: &Model<'_>, name: &str, kind: &str, pod_labels: &Value) -> Object {
    let content = json!({ "spec": {
        "type": kind,
        "selector": pod_labels,
        "ports": [{ "name": "http", "port": SERVICE_PORT, "targetPort": HTTP_PORT_NAME }],
    } });
    Object::new(model, "service", ["v1", "Service"], name, content)
}
