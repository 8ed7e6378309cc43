//! How many replicas there are, and how few there may be for a while.

use config::Autoscaler;
use serde_json::json;

use super::parts::{Part, parts};
use crate::model::Model;
use crate::object::Object;

/// Whether the number of replicas follows what they use; then nobody else says it.
pub(super) fn is_automatic(model: &Model<'_>) -> bool {
    let scaling = &model.environment.scaling;
    scaling.minimum_replicas < scaling.maximum_replicas
}

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let parts = parts(model);
    let of_part = |part| [autoscaler(model, part), disruption_budget(model, part)];
    parts.iter().flat_map(of_part).flatten().collect()
}

fn autoscaler(model: &Model<'_>, part: &Part<'_>) -> Option<Object> {
    is_automatic(model).then(|| match model.environment.scaling.autoscaler {
        Autoscaler::Hpa => horizontal_pod_autoscaler(model, part),
        Autoscaler::Keda => scaled_object(model, part),
    })
}

/// What is measured of replicas, and how much they should use of what they request, in percent.
fn measured(model: &Model<'_>) -> [(&'static str, u32); 2] {
    let scaling = &model.environment.scaling;
    [
        ("cpu", scaling.cpu_percent),
        ("memory", scaling.memory_percent),
    ]
}

fn horizontal_pod_autoscaler(model: &Model<'_>, part: &Part<'_>) -> Object {
    let scaling = &model.environment.scaling;
    let metrics = measured(model).map(|(resource, percent)| {
        json!({
            "type": "Resource",
            "resource": {
                "name": resource,
                "target": { "type": "Utilization", "averageUtilization": percent },
            },
        })
    });
    // A SpinApp has no scale of its own: its Deployment has, which is called as it is.
    let content = json!({ "spec": {
        "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": part.deployment_name() },
        "minReplicas": scaling.minimum_replicas,
        "maxReplicas": scaling.maximum_replicas,
        "metrics": metrics,
    } });
    let api = ["autoscaling/v2", "HorizontalPodAutoscaler"];
    Object::new(model, "autoscaler", api, &part.name, content)
}

/// The same for KEDA (<https://keda.sh/docs/latest/reference/scaledobject-spec/>).
fn scaled_object(model: &Model<'_>, part: &Part<'_>) -> Object {
    let scaling = &model.environment.scaling;
    let triggers = measured(model).map(|(resource, percent)| {
        json!({
            "type": resource,
            "metricType": "Utilization",
            "metadata": { "value": percent.to_string() },
        })
    });
    let content = json!({ "spec": {
        "scaleTargetRef": { "name": part.deployment_name() },
        "minReplicaCount": scaling.minimum_replicas,
        "maxReplicaCount": scaling.maximum_replicas,
        "triggers": triggers,
    } });
    let api = ["keda.sh/v1alpha1", "ScaledObject"];
    Object::new(model, "autoscaler", api, &part.name, content)
}

/// Of one replica, none could ever be moved.
fn disruption_budget(model: &Model<'_>, part: &Part<'_>) -> Option<Object> {
    (1 < model.environment.scaling.minimum_replicas).then(|| {
        let content = json!({ "spec": {
            "maxUnavailable": 1,
            "selector": { "matchLabels": part.pod_labels() },
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        } });
        let api = ["policy/v1", "PodDisruptionBudget"];
        Object::new(model, "disruption-budget", api, &part.name, content)
    })
}
