//! Whether the kinds of the wanted objects are served, and what is measured of pods.

use std::collections::BTreeMap;

use super::{Check, Live, Wanted};

/// What is measured of pods, where somebody does (<https://kubernetes.io/docs/tasks/debug/debug-cluster/resource-metrics-pipeline/>).
pub(crate) const METRICS: ([&str; 2], &str) = (["metrics.k8s.io", "v1beta1"], "PodMetrics");

/// Which project brings the kinds of a group, and how.
const PROJECTS: [(&str, &str, &str); 7] = [
    (
        "cert-manager.io",
        "cert-manager",
        "kubectl apply -f https://github.com/cert-manager/cert-manager/releases/download/v1.20.0/cert-manager.yaml",
    ),
    (
        "core.spinkube.dev",
        "the Spin operator, behind cert-manager",
        "kubectl apply -f https://github.com/spinframework/spin-operator/releases/download/v0.6.1/spin-operator.crds.yaml && \
         helm install spin-operator oci://ghcr.io/spinframework/charts/spin-operator --version 0.6.1 --namespace spin-operator --create-namespace --wait",
    ),
    (
        "external-secrets.io",
        "the External Secrets operator",
        "helm install external-secrets external-secrets --repo https://charts.external-secrets.io --namespace external-secrets --create-namespace",
    ),
    (
        "gateway.networking.k8s.io",
        "the Gateway API, with a controller of your choice",
        "kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/releases/latest/download/standard-install.yaml",
    ),
    (
        "keda.sh",
        "KEDA",
        "helm install keda keda --repo https://kedacore.github.io/charts --namespace keda --create-namespace",
    ),
    (
        "monitoring.coreos.com",
        "the Prometheus operator",
        "helm install prometheus kube-prometheus-stack --repo https://prometheus-community.github.io/helm-charts --namespace monitoring --create-namespace",
    ),
    (
        "postgresql.cnpg.io",
        "CloudNativePG",
        "kubectl apply --server-side -f https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/release-1.29/releases/cnpg-1.29.0.yaml",
    ),
];

pub(super) fn checks(wanted: &Wanted<'_>, live: &Live) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let kinds = wanted.kinds();
    for id in &kinds {
        if live.unserved.contains(id) {
            let of_group = missing.entry(format!("{}/{}", id.group, id.version));
            of_group.or_default().push(id.kind.clone());
        }
    }
    if missing.is_empty() {
        let found = format!("all {} that are wanted are served", kinds.len());
        checks.push(Check::ok("kinds", found));
    }
    for (version, kinds) in missing {
        let group = version.split('/').next().unwrap_or_default();
        let project = PROJECTS.iter().find(|(known, ..)| *known == group);
        let hint = match project {
            Some((_, project, command)) => format!("{project} brings them: `{command}`"),
            None => "upgrade the cluster, or install what serves them".to_owned(),
        };
        let found = format!("the cluster does not serve {}", kinds.join(", "));
        checks.push(Check::missing(format!("kinds of {version}"), found, hint));
    }
    if wanted.is_scaled() {
        checks.push(metrics(live));
    }
    checks
}

/// Without it an autoscaler never scales.
fn metrics(live: &Live) -> Check {
    let ([group, _], kind) = METRICS;
    let is_unserved = live
        .unserved
        .iter()
        .any(|id| id.group == group && id.kind == kind);
    if is_unserved {
        Check::missing(
            "metrics",
            "nobody measures what pods use, by which replicas are to be scaled",
            "install metrics-server: `kubectl apply -f https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml`",
        )
    } else {
        Check::ok("metrics", format!("{group} is served"))
    }
}
