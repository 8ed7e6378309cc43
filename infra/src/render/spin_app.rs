//! The application for the Spin operator, which makes the Deployment and the Service of it.

use serde_json::{Value, json};

use super::parts::{self, Part, STARTUP_SECONDS, parts};
use super::{pod, scaling};
use crate::model::{Model, NAME};
use crate::object::Object;

/// What the operator makes (<https://www.spinkube.dev/docs/reference/spin-app/>).
const API: &str = "core.spinkube.dev/v1alpha1";

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let parts = parts(model);
    let apps = parts.iter().map(|part| app(model, part));
    std::iter::once(executor(model)).chain(apps).collect()
}

/// What runs the pods: the shim, or `host` in its place.
fn executor(model: &Model<'_>) -> Object {
    let settings = &model.environment.application;
    let mut deployment = if settings.host_image.is_empty() {
        json!({ "runtimeClassName": model.runtime_class() })
    } else {
        json!({ "spinImage": settings.host_image })
    };
    if let Some(endpoint) = &model.environment.observability.open_telemetry {
        deployment["otel"] = json!({ "exporter_otlp_endpoint": endpoint });
    }
    let content = json!({ "spec": { "createDeployment": true, "deploymentConfig": deployment } });
    Object::new(model, "executor", [API, "SpinAppExecutor"], NAME, content)
}

fn app(model: &Model<'_>, part: &Part<'_>) -> Object {
    let check = |path: &str, first_seconds: u32| json!({ "httpGet": { "path": path }, "initialDelaySeconds": first_seconds });
    let mut spec = json!({
        "image": model.image,
        "executor": NAME,
        // There is no probe of a start, so that nobody asks before its end whether it lives.
        "checks": {
            "readiness": check(&part.ready_path(), 1),
            "liveness": check(&part.live_path(), STARTUP_SECONDS),
        },
        "resources": parts::resources(model),
        "serviceAccountName": NAME,
        "podLabels": part.pod_labels(),
        "variables": parts::variables(model, str::to_owned),
    });
    if let Some(component) = part.component {
        spec["components"] = json!([component]);
    }
    if scaling::is_automatic(model) {
        spec["enableAutoscaling"] = json!(true);
    } else {
        spec["replicas"] = json!(model.environment.scaling.minimum_replicas);
    }
    let registry = pod::registry_volume(model);
    let optional: [(&str, Option<Value>); 4] = [
        ("imagePullSecrets", pod::image_pull_secrets(model)),
        (
            "podAnnotations",
            parts::annotations(model).map(|annotations| json!(annotations)),
        ),
        (
            "volumes",
            registry.as_ref().map(|(volume, _)| json!([volume])),
        ),
        (
            "volumeMounts",
            registry.as_ref().map(|(_, mount)| json!([mount])),
        ),
    ];
    for (field, value) in optional {
        if let Some(value) = value {
            spec[field] = value;
        }
    }
    let content = json!({ "spec": spec });
    Object::new(
        model,
        "spin-app",
        [API, "SpinApp"],
        &part.deployment_name(),
        content,
    )
}
