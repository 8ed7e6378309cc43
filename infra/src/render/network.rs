//! Whom the functions may talk to, and who to them.

use std::collections::BTreeSet;

use config::IndexPlace;
use serde_json::{Value, json};

use super::database;
use super::monitoring::METRICS_PORT;
use super::parts::{self, DEPLOYMENT_PORT, SPIN_APP_PORT};
use crate::model::{Model, NAME};
use crate::object::Object;

/// Where pods of EKS get their keys without having any (<https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html>).
const POD_IDENTITY: (&str, u16) = ("169.254.170.23/32", 80);

/// The label that every namespace has, with its name (<https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name>).
const NAMESPACE_LABEL: &str = "kubernetes.io/metadata.name";

/// What names are resolved by.
const DNS_PORT: u16 = 53;

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    // The addresses of a bucket change; its port does not.
    let mut ports: Vec<u16> = match model.environment.index {
        IndexPlace::S3 => vec![storage_port(model)],
        IndexPlace::Volume | IndexPlace::Sealed => Vec::new(),
    };
    if parts::pull_themselves(model) {
        // Who is asked for tokens, and where blobs lie, need not be the registry.
        ports.extend([registry_port(&model.image), 443]);
    }
    let observability = &model.environment.observability;
    ports.extend(observability.open_telemetry.as_deref().map(port_of));
    // Both, as pods of one form answer until those of another do.
    let mut listening = vec![SPIN_APP_PORT, DEPLOYMENT_PORT];
    if observability.prometheus {
        listening.push(METRICS_PORT);
    }
    let mut egress = egress(model, &ports);
    egress.extend(database::egress(model));
    let content = json!({ "spec": {
        "podSelector": { "matchLabels": model.pod_labels() },
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [ingress(model, &listening)],
        "egress": egress,
    } });
    let api = ["networking.k8s.io/v1", "NetworkPolicy"];
    vec![Object::new(model, "network-policy", api, NAME, content)]
}

/// From everybody, or from the namespaces that are said and the pods' own. (Whom the cluster asks for, such as its probes, needs nothing.)
fn ingress(model: &Model<'_>, ports: &[u16]) -> Value {
    let mut rule = json!({ "ports": tcp(ports) });
    let namespaces = &model.environment.network.ingress_namespaces;
    if !namespaces.is_empty() {
        rule["from"] = json!([
            { "podSelector": {} },
            { "namespaceSelector": { "matchExpressions": [
                { "key": NAMESPACE_LABEL, "operator": "In", "values": namespaces },
            ] } },
        ]);
    }
    rule
}

/// To ask for names, and to these ports of whoever, and those that are said.
pub(super) fn egress(model: &Model<'_>, ports: &[u16]) -> Vec<Value> {
    let dns = ["UDP", "TCP"].map(|protocol| json!({ "protocol": protocol, "port": DNS_PORT }));
    let said = &model.environment.network.egress_ports;
    let ports: BTreeSet<&u16> = ports.iter().chain(said).collect();
    let others = ports.iter().map(|port| json!({ "ports": tcp(&[**port]) }));
    std::iter::once(json!({ "ports": dns }))
        .chain(others)
        .collect()
}

/// Ports as a policy has them.
pub(super) fn tcp(ports: &[u16]) -> Vec<Value> {
    let ports = ports.iter();
    ports
        .map(|port| json!({ "protocol": "TCP", "port": port }))
        .collect()
}

/// To whom pods go that have no keys of a bucket on AWS.
pub(super) fn identity() -> Value {
    let (address, port) = POD_IDENTITY;
    json!({ "to": [{ "ipBlock": { "cidr": address } }], "ports": tcp(&[port]) })
}

/// The port of the bucket's endpoint.
pub(super) fn storage_port(model: &Model<'_>) -> u16 {
    let endpoint = model.storage.endpoint.as_deref();
    endpoint.map_or(443, port_of)
}

/// The port of an image's registry. Without a slash there is none in its name: what is behind a colon is a tag, then.
fn registry_port(image: &str) -> u16 {
    let registry = image.split_once('/').map(|(registry, _)| registry);
    registry.map_or(443, port_of)
}

/// The port of a web address: its own, or that of its scheme.
fn port_of(url: &str) -> u16 {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let authority = rest.split('/').next().unwrap_or_default();
    // The colons within an address of version 6 are not before a port.
    let behind_address = authority.rsplit(']').next().unwrap_or_default();
    let port = behind_address.rsplit_once(':');
    let port = port.and_then(|(_, port)| port.parse().ok());
    port.unwrap_or(if scheme == "http" { 80 } else { 443 })
}

#[cfg(test)]
mod tests {
    use super::{port_of, registry_port};

    #[test]
    fn the_port_of_an_address_is_its_own_or_that_of_its_scheme() {
        for (url, port) in [
            ("http://10.0.0.1:9000", 9000),
            ("https://s3.example.org", 443),
            ("http://minio/", 80),
            ("http://[::1]:9000/x", 9000),
            ("https://[::1]", 443),
        ] {
            assert_eq!(port_of(url), port, "{url}");
        }
    }

    #[test]
    fn the_port_of_a_registry_is_that_before_the_slash() {
        for (image, port) in [
            ("registry.example.org:5000/kindred@sha256:0123", 5000),
            ("ghcr.io/example/kindred:1", 443),
            ("example/kindred:1", 443),
            ("kindred:1", 443),
        ] {
            assert_eq!(registry_port(image), port, "{image}");
        }
    }
}
