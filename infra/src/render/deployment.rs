//! The application as a Deployment and a Service: with the shim's `RuntimeClass`, or of the `host` image.

use config::{Form, IndexPlace};
use serde_json::{Value, json};

use super::monitoring::METRICS_PORT;
use super::parts::{self, DEPLOYMENT_PORT, HTTP_PORT_NAME, Part, STARTUP_SECONDS, parts};
use super::volume::{INDEX_FOLDER, INDEX_NAME};
use super::{pod, scaling, volume};
use crate::model::{Model, NAME};
use crate::object::Object;

/// What replicas do not share where there is another.
const SPREAD_OVER: [&str; 2] = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"];

/// How long a pod that is to end still answers, since everybody who sends it requests has to hear of it first.
const DRAIN_SECONDS: u32 = 5;

/// How long it may take to end: the drain, the 30 seconds that `host` lets a request take, and what is left to tidy up.
const TERMINATION_SECONDS: u32 = 45;

/// What `host` may write.
const STATE_FOLDER: &str = "/state";

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let parts = parts(model);
    parts.iter().map(|part| deployment(model, part)).collect()
}

fn deployment(model: &Model<'_>, part: &Part<'_>) -> Object {
    let spread = |key: &str| {
        json!({
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": { "matchLabels": part.pod_labels() },
        })
    };
    let mut pod = pod::restricted(model, NAME);
    pod["terminationGracePeriodSeconds"] = json!(TERMINATION_SECONDS);
    pod["topologySpreadConstraints"] = json!(SPREAD_OVER.map(spread));
    let container = match model.environment.application.form {
        Form::Host => {
            pod["volumes"] = json!(volumes(model));
            host(model, part)
        }
        Form::Deployment | Form::SpinApp => {
            pod["runtimeClassName"] = json!(model.runtime_class());
            shim(model, part)
        }
    };
    pod["containers"] = json!([container]);
    let mut metadata = json!({ "labels": part.pod_labels() });
    if let Some(annotations) = parts::annotations(model) {
        metadata["annotations"] = json!(annotations);
    }
    let mut spec = json!({
        "selector": { "matchLabels": part.pod_labels() },
        "strategy": { "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } },
        "template": { "metadata": metadata, "spec": pod },
    });
    if !scaling::is_automatic(model) {
        spec["replicas"] = json!(model.environment.scaling.minimum_replicas);
    }
    let api = ["apps/v1", "Deployment"];
    Object::new(
        model,
        "deployment",
        api,
        &part.deployment_name(),
        json!({ "spec": spec }),
    )
}

/// What a container's environment has: what the application is told, and what its host is.
fn variables(model: &Model<'_>, part: &Part<'_>) -> Vec<Value> {
    let name_of = |variable: &str| format!("SPIN_VARIABLE_{}", variable.to_uppercase());
    let endpoint = model.environment.observability.open_telemetry.as_deref();
    let is_host = model.environment.application.form == Form::Host;
    let listen = listen(DEPLOYMENT_PORT);
    let of_host = [
        ("SPIN_HTTP_LISTEN_ADDR", Some(listen.as_str())),
        ("SPIN_COMPONENTS_TO_RETAIN", part.component),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("TMPDIR", is_host.then_some(STATE_FOLDER)),
        (
            "DOCKER_CONFIG",
            pod::registry_volume(model).map(|_| pod::REGISTRY_FOLDER),
        ),
    ];
    let of_host = of_host
        .iter()
        .filter_map(|(name, value)| Some(json!({ "name": name, "value": (*value)? })));
    let mut variables = parts::variables(model, name_of);
    variables.extend(of_host);
    variables
}

/// What both have.
fn container(model: &Model<'_>, part: &Part<'_>) -> Value {
    let probe = |path: &str, period_seconds: u32| json!({ "httpGet": { "path": path, "port": HTTP_PORT_NAME }, "periodSeconds": period_seconds });
    let mut startup = probe(&part.live_path(), 1);
    startup["failureThreshold"] = json!(STARTUP_SECONDS);
    json!({
        "name": "functions",
        "ports": [{ "name": HTTP_PORT_NAME, "containerPort": DEPLOYMENT_PORT }],
        "env": variables(model, part),
        "startupProbe": startup,
        "readinessProbe": probe(&part.ready_path(), 10),
        "livenessProbe": probe(&part.live_path(), 10),
        "resources": parts::resources(model),
    })
}

/// The application itself as an image, which the shim runs.
fn shim(model: &Model<'_>, part: &Part<'_>) -> Value {
    let mut container = container(model, part);
    container["image"] = json!(model.image);
    // The shim takes no arguments, and no container is without.
    container["command"] = json!(["/"]);
    container["securityContext"] = pod::container_security(false);
    // It ends at once when it is told to. (<https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/>, since Kubernetes 1.30)
    container["lifecycle"] = json!({ "preStop": { "sleep": { "seconds": DRAIN_SECONDS } } });
    container
}

/// `host`, which pulls the application.
fn host(model: &Model<'_>, part: &Part<'_>) -> Value {
    let mut container = container(model, part);
    container["image"] = json!(model.environment.application.host_image);
    container["args"] = json!(host_arguments(model));
    container["securityContext"] = pod::container_security(true);
    let mut mounts = vec![json!({ "name": "state", "mountPath": STATE_FOLDER })];
    mounts.extend(pod::registry_volume(model).map(|(_, mount)| mount));
    if model.environment.index == IndexPlace::Volume {
        // The bucket alone: what the jobs keep beside it is theirs.
        let bucket = &model.storage.bucket;
        mounts.push(json!({
            "name": INDEX_NAME,
            "mountPath": format!("{INDEX_FOLDER}/{bucket}"),
            "subPath": bucket,
            "readOnly": true,
        }));
    }
    container["volumeMounts"] = json!(mounts);
    if model.environment.observability.prometheus
        && let Some(ports) = container["ports"].as_array_mut()
    {
        ports.push(json!({ "name": "metrics", "containerPort": METRICS_PORT }));
    }
    container
}

/// Everywhere on a port.
fn listen(port: u16) -> String {
    format!("0.0.0.0:{port}")
}

fn host_arguments(model: &Model<'_>) -> Vec<String> {
    let mut arguments: Vec<String> = ["up", "-f", &model.image].map(str::to_owned).to_vec();
    let mut option = |name: &str, value: &str| {
        arguments.extend([name.to_owned(), value.to_owned()]);
    };
    option("--state-dir", &format!("{STATE_FOLDER}/spin"));
    option("--cache-dir", &format!("{STATE_FOLDER}/compiled"));
    option("--drain-delay", &DRAIN_SECONDS.to_string());
    option("--log-format", "json");
    if model.environment.observability.prometheus {
        option("--metrics-listen", &listen(METRICS_PORT));
    }
    if model.environment.index == IndexPlace::Volume {
        option("--s3", INDEX_FOLDER);
        arguments.push("--s3-anonymous-reads".to_owned());
    }
    if model.environment.application.insecure_registry {
        arguments.push("--insecure".to_owned());
    }
    arguments
}

fn volumes(model: &Model<'_>) -> Vec<Value> {
    let mut volumes = vec![json!({ "name": "state", "emptyDir": {} })];
    volumes.extend(pod::registry_volume(model).map(|(volume, _)| volume));
    if model.environment.index == IndexPlace::Volume {
        volumes.push(volume::of_claim(INDEX_NAME));
    }
    volumes
}
