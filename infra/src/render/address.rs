//! How requests come in from outside.

use config::{Address, AddressKind, Issuer};
use serde_json::{Value, json};

use super::parts::{Part, parts};
use super::service::SERVICE_PORT;
use crate::model::{Model, NAME};
use crate::object::Object;

/// The Secret with the certificate.
const CERTIFICATE_NAME: &str = "kindred-certificate";

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let Some(address) = &model.environment.address else {
        return Vec::new();
    };
    match address.kind {
        // A Service is enough.
        AddressKind::NodePort | AddressKind::LoadBalancer => Vec::new(),
        AddressKind::Ingress => with_certificate(model, address, ingress(model, address)),
        AddressKind::Gateway => {
            let mut objects = with_certificate(model, address, route(model, address));
            if address.certificate.is_some() {
                objects.push(grant(model, address));
            }
            objects
        }
    }
}

fn ingress(model: &Model<'_>, address: &Address) -> Object {
    let paths: Vec<Value> = parts(model).iter().flat_map(ingress_paths).collect();
    let mut spec = json!({ "rules": [{ "host": address.host, "http": { "paths": paths } }] });
    if let Some(class) = &address.class {
        spec["ingressClassName"] = json!(class);
    }
    if address.certificate.is_some() {
        spec["tls"] = json!([{ "hosts": [address.host], "secretName": CERTIFICATE_NAME }]);
    }
    let api = ["networking.k8s.io/v1", "Ingress"];
    let mut ingress = Object::new(model, "ingress", api, NAME, json!({ "spec": spec }));
    if model.environment.application.per_function {
        ingress = ingress.with_annotation("nginx.ingress.kubernetes.io/use-regex", "true");
    }
    if let Some(limit) = address.requests_per_second {
        let limit = limit.to_string();
        ingress = ingress.with_annotation("nginx.ingress.kubernetes.io/limit-rps", &limit);
    }
    ingress
}

/// Where requests for a part are led. What a path of an Ingress cannot say, ingress-nginx reads as a regular expression
/// (<https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/>).
fn ingress_paths(part: &Part<'_>) -> Vec<Value> {
    let backend = json!({ "service": { "name": part.name, "port": { "number": SERVICE_PORT } } });
    let path =
        |path: &str, kind: &str| json!({ "path": path, "pathType": kind, "backend": backend });
    if part.component.is_none() {
        return vec![path("/", "Prefix")];
    }
    let expression = |route| path(&expression(route), "ImplementationSpecific");
    part.routes().map(expression).collect()
}

fn route(model: &Model<'_>, address: &Address) -> Object {
    let gateway = address.gateway.as_deref().unwrap_or_default();
    let (namespace, name) = gateway.split_once('/').unwrap_or_default();
    let rules: Vec<Value> = parts(model).iter().map(route_rule).collect();
    let content = json!({ "spec": {
        "parentRefs": [{ "namespace": namespace, "name": name }],
        "hostnames": [address.host],
        "rules": rules,
    } });
    let api = ["gateway.networking.k8s.io/v1", "HTTPRoute"];
    Object::new(model, "route", api, NAME, content)
}

/// That the Gateway, which is in another namespace, may read the certificate (<https://gateway-api.sigs.k8s.io/api-types/referencegrant/>).
fn grant(model: &Model<'_>, address: &Address) -> Object {
    let gateway = address.gateway.as_deref().unwrap_or_default();
    let (namespace, _) = gateway.split_once('/').unwrap_or_default();
    let from =
        json!({ "group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": namespace });
    let to = json!({ "group": "", "kind": "Secret", "name": CERTIFICATE_NAME });
    let content = json!({ "spec": { "from": [from], "to": [to] } });
    let api = ["gateway.networking.k8s.io/v1beta1", "ReferenceGrant"];
    Object::new(model, "certificate", api, CERTIFICATE_NAME, content)
}

/// Which requests a part gets. Without a condition it is all of them.
fn route_rule(part: &Part<'_>) -> Value {
    let mut rule = json!({ "backendRefs": [{ "name": part.name, "port": SERVICE_PORT }] });
    if part.component.is_some() {
        let matches = part.routes().map(|route| {
            let (kind, value) = if let Some(start) = route.strip_suffix("/...") {
                (
                    "PathPrefix",
                    if start.is_empty() { "/" } else { start }.to_owned(),
                )
            } else if route.contains("/:") {
                ("RegularExpression", expression(route))
            } else {
                ("Exact", route.to_owned())
            };
            json!({ "path": { "type": kind, "value": value } })
        });
        rule["matches"] = matches.collect();
    }
    rule
}

/// A route of a manifest (<https://spinframework.dev/v3/http-trigger#http-trigger-routes>) as a regular expression.
fn expression(route: &str) -> String {
    let (route, end) = match route.strip_suffix("/...") {
        Some("") => return "/".to_owned(),
        Some(start) => (start, "(/.*)?$"),
        None => (route, "$"),
    };
    let mut expression = String::new();
    for segment in route.split('/').skip(1) {
        expression.push('/');
        if segment.starts_with(':') {
            expression.push_str("[^/]+");
        } else {
            expression.push_str(&segment.replace('.', "\\."));
        }
    }
    expression + end
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

#[cfg(test)]
mod tests {
    use super::expression;

    #[test]
    fn a_route_is_a_regular_expression() {
        for (route, expected) in [
            ("/", "/$"),
            ("/healthz", "/healthz$"),
            ("/openapi.json", "/openapi\\.json$"),
            ("/v1/:collection/items/:id", "/v1/[^/]+/items/[^/]+$"),
            ("/...", "/"),
            ("/a/...", "/a(/.*)?$"),
        ] {
            assert_eq!(expression(route), expected, "{route}");
        }
    }
}
