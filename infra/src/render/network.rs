//! Whom the functions may talk to.

use serde_json::{Value, json};

use super::application;
use crate::model::{Model, NAME};
use crate::object::Object;

/// What names are resolved by.
const DNS_PORT: u16 = 53;

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let dns: Vec<Value> = ["UDP", "TCP"]
        .map(|protocol| json!({ "protocol": protocol, "port": DNS_PORT }))
        .to_vec();
    let storage = json!({ "protocol": "TCP", "port": storage_port(model) });
    // The addresses of a bucket change; its port does not.
    let mut egress = vec![json!({ "ports": dns }), json!({ "ports": [storage] })];
    if application::pulls_itself(model) {
        let port = registry_port(&model.image);
        egress.push(json!({ "ports": [{ "protocol": "TCP", "port": port }] }));
    }
    let port = application::port(model);
    let content = json!({ "spec": {
        "podSelector": { "matchLabels": model.pod_labels() },
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{ "ports": [{ "protocol": "TCP", "port": port }] }],
        "egress": egress,
    } });
    let api = ["networking.k8s.io/v1", "NetworkPolicy"];
    vec![Object::new(model, "network-policy", api, NAME, content)]
}

/// The port of the bucket's endpoint.
fn storage_port(model: &Model<'_>) -> u16 {
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
