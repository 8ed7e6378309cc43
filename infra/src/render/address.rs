//! How requests come in from outside.

use config::{Address, AddressKind, Issuer};
use serde_json::{Value, json};

use super::application::{self, SERVICE_PORT};
use crate::model::{Model, NAME};
use crate::object::Object;

/// What is called so is for requests from outside.
const PUBLIC_NAME: &str = "kindred-public";

/// The Secret with the certificate.
const CERTIFICATE_NAME: &str = "kindred-certificate";

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let Some(address) = &model.environment.address else {
        return Vec::new();
    };
    match address.kind {
        AddressKind::NodePort => vec![service(model, "NodePort")],
        AddressKind::LoadBalancer => vec![service(model, "LoadBalancer")],
        AddressKind::Ingress => with_certificate(model, address, ingress(model, address)),
        AddressKind::Gateway => with_certificate(model, address, route(model, address)),
    }
}

/// Another Service beside the one within the cluster, which a `SpinApp` brings.
fn service(model: &Model<'_>, kind: &str) -> Object {
    let content = json!({ "spec": {
        "type": kind,
        "selector": model.pod_labels(),
        "ports": [{ "name": "http", "port": SERVICE_PORT, "targetPort": application::port(model) }],
    } });
    Object::new(model, "service", ["v1", "Service"], PUBLIC_NAME, content)
}

fn ingress(model: &Model<'_>, address: &Address) -> Object {
    let backend = json!({ "service": { "name": NAME, "port": { "number": SERVICE_PORT } } });
    let mut spec = json!({ "rules": [{
        "host": address.host,
        "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] },
    }] });
    if let Some(class) = &address.class {
        spec["ingressClassName"] = json!(class);
    }
    if address.certificate.is_some() {
        spec["tls"] = json!([{ "hosts": [address.host], "secretName": CERTIFICATE_NAME }]);
    }
    let api = ["networking.k8s.io/v1", "Ingress"];
    Object::new(model, "ingress", api, NAME, json!({ "spec": spec }))
}

fn route(model: &Model<'_>, address: &Address) -> Object {
    let gateway = address.gateway.as_deref().unwrap_or_default();
    let (namespace, name) = gateway.split_once('/').unwrap_or_default();
    let content = json!({ "spec": {
        "parentRefs": [{ "namespace": namespace, "name": name }],
        "hostnames": [address.host],
        "rules": [{ "backendRefs": [{ "name": NAME, "port": SERVICE_PORT }] }],
    } });
    let api = ["gateway.networking.k8s.io/v1", "HTTPRoute"];
    Object::new(model, "route", api, NAME, content)
}

/// Before a route, who signs its certificate, and the certificate (<https://cert-manager.io/docs/configuration/acme/>).
fn with_certificate(model: &Model<'_>, address: &Address, route: Object) -> Vec<Object> {
    let Some(certificate) = &address.certificate else {
        return vec![route];
    };
    let (issuer, server) = match certificate.issuer {
        Issuer::LetsEncryptStaging => (
            "lets-encrypt-staging",
            "https://acme-staging-v02.api.letsencrypt.org/directory",
        ),
        Issuer::LetsEncrypt => (
            "lets-encrypt",
            "https://acme-v02.api.letsencrypt.org/directory",
        ),
    };
    let content = json!({ "spec": { "acme": {
        "server": server,
        "email": certificate.email,
        "privateKeySecretRef": { "name": format!("{issuer}-account") },
        "solvers": [{ "http01": solver(address) }],
    } } });
    let api = ["cert-manager.io/v1", "Issuer"];
    let issuer_object = Object::new(model, "certificate", api, issuer, content);
    let content = json!({ "spec": {
        "secretName": CERTIFICATE_NAME,
        "dnsNames": [address.host],
        "issuerRef": { "kind": "Issuer", "name": issuer },
    } });
    let api = ["cert-manager.io/v1", "Certificate"];
    let certificate = Object::new(model, "certificate", api, CERTIFICATE_NAME, content);
    vec![issuer_object, certificate, route]
}

/// By which way the service that signs asks whether the name is ours.
fn solver(address: &Address) -> Value {
    match (&address.gateway, &address.class) {
        (Some(gateway), _) => {
            let (namespace, name) = gateway.split_once('/').unwrap_or_default();
            json!({ "gatewayHTTPRoute": { "parentRefs": [{ "namespace": namespace, "name": name }] } })
        }
        (None, Some(class)) => json!({ "ingress": { "ingressClassName": class } }),
        (None, None) => json!({ "ingress": {} }),
    }
}
