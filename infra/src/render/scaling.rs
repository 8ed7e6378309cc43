//! How many replicas there are, and how few there may be for a while.

use serde_json::{Value, json};

use crate::model::{Model, NAME};
use crate::object::Object;

/// Whether the number of replicas follows what they use; then nobody else says it.
pub(super) fn is_automatic(model: &Model<'_>) -> bool {
    let scaling = &model.environment.scaling;
    scaling.minimum_replicas < scaling.maximum_replicas
}

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let scaling = &model.environment.scaling;
    let mut objects = Vec::new();
    if is_automatic(model) {
        let metrics: [Value; 2] = [
            ("cpu", scaling.cpu_percent),
            ("memory", scaling.memory_percent),
        ]
        .map(|(resource, percent)| {
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
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": NAME },
            "minReplicas": scaling.minimum_replicas,
            "maxReplicas": scaling.maximum_replicas,
            "metrics": metrics,
        } });
        let api = ["autoscaling/v2", "HorizontalPodAutoscaler"];
        objects.push(Object::new(model, "autoscaler", api, NAME, content));
    }
    // Of one replica, none could ever be moved.
    if 1 < scaling.minimum_replicas {
        let content = json!({ "spec": {
            "maxUnavailable": 1,
            "selector": { "matchLabels": model.pod_labels() },
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        } });
        let api = ["policy/v1", "PodDisruptionBudget"];
        objects.push(Object::new(model, "disruption-budget", api, NAME, content));
    }
    objects
}
