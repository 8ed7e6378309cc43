//! What runs the functions.

use config::Form;
use serde_json::{Value, json};

use super::scaling;
use crate::model::{Model, NAME};
use crate::object::Object;

/// Where the functions are asked for, within the cluster.
pub(super) const SERVICE_PORT: u16 = 80;

/// What a `SpinApp` and the shim listen on; it cannot be another.
const SHIM_PORT: u16 = 80;

/// What `host` listens on: a port that needs no right.
const HOST_PORT: u16 = 8080;

/// How a pod runs that the Spin operator does not make.
const TERMINATION_SECONDS: u32 = 30;

/// What replicas do not share where there is another.
const SPREAD_OVER: [&str; 2] = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"];

/// Who `host` is in its pod: nobody.
const HOST_USER_ID: u32 = 65_532;

/// The port on which the pods listen.
pub(super) fn port(model: &Model<'_>) -> u16 {
    match model.environment.application.form {
        Form::SpinApp | Form::Deployment => SHIM_PORT,
        Form::Host => HOST_PORT,
    }
}

/// Whether pods pull the application themselves.
pub(super) fn pulls_itself(model: &Model<'_>) -> bool {
    model.environment.application.form == Form::Host
}

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    match model.environment.application.form {
        Form::SpinApp => spin_app(model),
        Form::Deployment | Form::Host => {
            vec![deployment(model), service(model)]
        }
    }
}

/// The operator makes the Deployment and the Service of it (<https://www.spinkube.dev/docs/reference/spin-app/>).
fn spin_app(model: &Model<'_>) -> Vec<Object> {
    let settings = &model.environment.application;
    let api = ["core.spinkube.dev/v1alpha1", "SpinAppExecutor"];
    let executor = json!({ "spec": {
        "createDeployment": true,
        "deploymentConfig": { "runtimeClassName": settings.runtime_class },
    } });
    let executor = Object::new(model, "executor", api, NAME, executor);
    let check = |path: &str| json!({ "httpGet": { "path": path } });
    let mut spec = json!({
        "image": model.image,
        "executor": NAME,
        "checks": { "readiness": check(READY_PATH), "liveness": check(LIVE_PATH) },
        "resources": resources(model),
        "serviceAccountName": NAME,
        "podLabels": model.pod_labels(),
        "variables": model.variables_as(str::to_owned),
    });
    if scaling::is_automatic(model) {
        spec["enableAutoscaling"] = json!(true);
    } else {
        spec["replicas"] = json!(model.environment.scaling.minimum_replicas);
    }
    if let Some(secrets) = image_pull_secrets(model) {
        spec["imagePullSecrets"] = secrets;
    }
    let api = ["core.spinkube.dev/v1alpha1", "SpinApp"];
    let app = Object::new(model, "application", api, NAME, json!({ "spec": spec }));
    vec![executor, app]
}

/// The route that goes the whole way to the index.
const READY_PATH: &str = "/readyz";

/// The route that says that functions run.
const LIVE_PATH: &str = "/healthz";

fn deployment(model: &Model<'_>) -> Object {
    let settings = &model.environment.application;
    let is_host = settings.form == Form::Host;
    let probe =
        |path: &str| json!({ "httpGet": { "path": path, "port": "http" }, "periodSeconds": 10 });
    let mut container = json!({
        "name": "functions",
        "ports": [{ "name": "http", "containerPort": port(model) }],
        "env": model.variables_as(|variable| format!("SPIN_VARIABLE_{}", variable.to_uppercase())),
        "readinessProbe": probe(READY_PATH),
        "livenessProbe": probe(LIVE_PATH),
        "resources": resources(model),
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
            "readOnlyRootFilesystem": is_host,
        },
    });
    let spread = |key: &str| {
        json!({
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": { "matchLabels": model.pod_labels() },
        })
    };
    let mut pod = json!({
        "serviceAccountName": NAME,
        "automountServiceAccountToken": false,
        "terminationGracePeriodSeconds": TERMINATION_SECONDS,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": HOST_USER_ID,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "topologySpreadConstraints": SPREAD_OVER.map(spread),
    });
    if is_host {
        container["image"] = json!(settings.host_image);
        let listen = format!("0.0.0.0:{HOST_PORT}");
        container["args"] = json!(["up", "--listen", listen, "-f", model.image]);
        container["volumeMounts"] = json!([{ "name": "state", "mountPath": "/state" }]);
        pod["volumes"] = json!([{ "name": "state", "emptyDir": {} }]);
    } else {
        container["image"] = json!(model.image);
        // The shim takes no arguments, and no container is without.
        container["command"] = json!(["/"]);
        pod["runtimeClassName"] = json!(settings.runtime_class);
    }
    if let Some(secrets) = image_pull_secrets(model) {
        pod["imagePullSecrets"] = secrets;
    }
    pod["containers"] = json!([container]);
    let mut spec = json!({
        "selector": { "matchLabels": model.pod_labels() },
        "strategy": { "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } },
        "template": { "metadata": { "labels": model.pod_labels() }, "spec": pod },
    });
    if !scaling::is_automatic(model) {
        spec["replicas"] = json!(model.environment.scaling.minimum_replicas);
    }
    let api = ["apps/v1", "Deployment"];
    Object::new(model, "application", api, NAME, json!({ "spec": spec }))
}

fn service(model: &Model<'_>) -> Object {
    let content = json!({ "spec": {
        "selector": model.pod_labels(),
        "ports": [{ "name": "http", "port": SERVICE_PORT, "targetPort": "http" }],
    } });
    Object::new(model, "service", ["v1", "Service"], NAME, content)
}

fn resources(model: &Model<'_>) -> Value {
    let settings = &model.environment.application;
    json!({
        "requests": { "cpu": settings.cpu_request, "memory": settings.memory_request },
        "limits": { "memory": settings.memory_limit },
    })
}

fn image_pull_secrets(model: &Model<'_>) -> Option<Value> {
    let names = &model.environment.application.image_pull_secrets;
    (!names.is_empty()).then(|| names.iter().map(|name| json!({ "name": name })).collect())
}
