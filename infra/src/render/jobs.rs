//! What builds index files: a Job for the first ones, every night those of new data, every week a search for better settings.

use config::{IndexPlace, Jobs};
use serde_json::{Value, json};

use super::volume::{INDEX_FOLDER, INDEX_NAME, SCRATCH_NAME};
use super::{pod, volume};
use crate::hash::short_hash;
use crate::model::{Model, Setting, VOLUME_ENDPOINT};
use crate::object::Object;

/// What the pods of jobs are called, and their configuration.
const NAME: &str = "kindred-jobs";

/// The name under which pods of jobs are known.
const COMPONENT: &str = "jobs";

/// What the Job is called that builds before the first night.
pub(super) const BUILD_NAME: &str = "kindred-build";

/// A folder as on one machine: `kindred.toml`, the data beside it, and what the stages leave for each other.
const FOLDER: &str = "/data";

/// What is tried again is what may go well then: not wrong usage (2), bad rows (3) or a generation that is worse (4).
const FINAL_EXIT_CODES: [u8; 3] = [2, 3, 4];

/// Where the stages leave their results, of whatever the image thinks.
const WORK_FOLDER: &str = "/data/.kindred";

/// How often a run is tried again.
const RETRIES: u32 = 2;

/// How long what ended is kept to be looked at.
const KEPT_SECONDS: u32 = 7 * 24 * 60 * 60;

/// How late a run may begin, where the cluster could not begin it in time.
const LATE_SECONDS: u32 = 60 * 60;

/// The variables by which `precompute` is told its keys, and those of the application that have them.
const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "s3_access_key_id"),
    ("AWS_SECRET_ACCESS_KEY", "s3_secret_access_key"),
    ("AWS_SESSION_TOKEN", "s3_session_token"),
];

/// The keys of the bucket that `host` serves: those that it has where it is not told others, since nobody outside of the pod is listened to.
const VOLUME_KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "kindred"),
    ("AWS_SECRET_ACCESS_KEY", "kindred-local"),
];

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let Some(jobs) = &model.environment.jobs else {
        return Vec::new();
    };
    let configuration = json!({ "data": { (config::FILE_NAME): model.configuration } });
    let mut objects = vec![
        Object::new(model, "configmap", ["v1", "ConfigMap"], NAME, configuration),
        super::namespace::service_account(model, NAME),
        network_policy(model, jobs),
        cron_job(model, jobs, "kindred-nightly", &jobs.nightly, &["run"]),
        // The configuration belongs to whoever applied it: what is found stands in the log, to be written there by hand.
        cron_job(
            model,
            jobs,
            "kindred-weekly",
            &jobs.weekly,
            &["tune", "--dry-run"],
        ),
    ];
    // What stands by begins with the index of the other one, and what another one took the place of goes on with its.
    if model.is_active && model.environment.standby_of.is_none() {
        objects.push(first_build(model, jobs));
    }
    objects
}

/// Whom the jobs may talk to: the bucket, and with its key the service that knows posters.
fn network_policy(model: &Model<'_>, jobs: &Jobs) -> Object {
    let mut ports = vec![super::network::storage_port(model)];
    if jobs.secrets.contains_key("OMDB_API_KEY") {
        ports.push(443);
    }
    let mut egress = super::network::egress(model, &ports);
    if model.storage.endpoint.is_none() && keys(model, jobs).is_empty() {
        egress.push(super::network::identity());
    }
    let spec = json!({
        "podSelector": { "matchLabels": model.labels_of(COMPONENT) },
        "policyTypes": ["Ingress", "Egress"],
        "egress": egress,
    });
    let api = ["networking.k8s.io/v1", "NetworkPolicy"];
    Object::new(model, "network-policy", api, NAME, json!({ "spec": spec }))
}

fn cron_job(
    model: &Model<'_>,
    jobs: &Jobs,
    name: &str,
    schedule: &str,
    command: &[&str],
) -> Object {
    let mut job = job(model, jobs, command);
    job["ttlSecondsAfterFinished"] = json!(KEPT_SECONDS);
    let mut spec = json!({
        "schedule": schedule,
        "timeZone": jobs.time_zone,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": LATE_SECONDS,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": { "spec": job },
    });
    // Of those that publish into one bucket, one works.
    if !model.is_active {
        spec["suspend"] = json!(true);
    }
    let content = json!({ "spec": spec });
    Object::new(model, "cronjob", ["batch/v1", "CronJob"], name, content)
}

/// A Job's template cannot change, so another one is another Job; and so is one of another configuration, which may have a collection that is not built yet.
/// It stays when it is done: one that went away would be made again.
fn first_build(model: &Model<'_>, jobs: &Jobs) -> Object {
    let job = job(model, jobs, &["run"]);
    let made_of = json!([job, model.configuration]).to_string();
    let name = format!("{BUILD_NAME}-{}", short_hash(made_of.as_bytes()));
    Object::new(
        model,
        "job",
        ["batch/v1", "Job"],
        &name,
        json!({ "spec": job }),
    )
}

fn job(model: &Model<'_>, jobs: &Jobs, command: &[&str]) -> Value {
    json!({
        "backoffLimit": RETRIES,
        "activeDeadlineSeconds": 60 * u64::from(jobs.deadline_minutes),
        "podFailurePolicy": { "rules": [{
            "action": "FailJob",
            "onExitCodes": {
                "containerName": "precompute",
                "operator": "In",
                "values": FINAL_EXIT_CODES,
            },
        }] },
        "template": {
            "metadata": { "labels": model.labels_of(COMPONENT) },
            "spec": template(model, jobs, command),
        },
    })
}

fn template(model: &Model<'_>, jobs: &Jobs, command: &[&str]) -> Value {
    let is_to_volume = model.environment.index == IndexPlace::Volume;
    let mut template = pod::restricted(model, NAME);
    // Within a node two would have one folder at a time; a volume keeps them apart between nodes.
    template["affinity"] = json!({ "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [{
            "labelSelector": { "matchLabels": model.labels_of(COMPONENT) },
            "topologyKey": "kubernetes.io/hostname",
        }],
    } });
    template["restartPolicy"] = json!("Never");
    let mut volumes = vec![
        volume::of_claim(SCRATCH_NAME),
        json!({ "name": "configuration", "configMap": { "name": NAME } }),
    ];
    let mut before = Vec::new();
    if is_to_volume {
        volumes.push(volume::of_claim(INDEX_NAME));
        before.push(bucket_of_volume(model));
    }
    if let Some(data) = &jobs.data {
        let arguments = ["fetch", &data.to_string(), "--into", FOLDER].map(str::to_owned);
        let endpoint = model.storage.endpoint.as_deref();
        let arguments = [&arguments[..], &options(model, endpoint)].concat();
        before.push(container(jobs, "fetch", &arguments, &keys(model, jobs)));
    }
    if !before.is_empty() {
        template["initContainers"] = json!(before);
    }
    template["containers"] = json!([precompute(model, jobs, command)]);
    template["volumes"] = json!(volumes);
    template
}

/// The container that does the work.
fn precompute(model: &Model<'_>, jobs: &Jobs, command: &[&str]) -> Value {
    let is_to_volume = model.environment.index == IndexPlace::Volume;
    let endpoint = if is_to_volume {
        Some(VOLUME_ENDPOINT)
    } else {
        model.storage.endpoint.as_deref()
    };
    let mut arguments: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    arguments.extend(options(model, endpoint));
    for name in model.environment.collections.iter().flatten() {
        arguments.extend(["--collection".to_owned(), name.clone()]);
    }
    // What is free on the node is not what a pod may take of it.
    let memory_bytes = config::amount(&jobs.memory_limit).unwrap_or_default() / 4.0 * 3.0;
    arguments.extend(["--max-memory".to_owned(), format!("{memory_bytes:.0}")]);
    let mut variables = if is_to_volume {
        VOLUME_KEYS
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .to_vec()
    } else {
        keys(model, jobs)
    };
    let others = jobs.secrets.iter().filter(|(name, _)| !is_key(name));
    variables.extend(others.map(|(name, source)| Setting::Secret(source).as_variable(name, name)));
    container(jobs, "precompute", &arguments, &variables)
}

/// A container of `precompute` in the folder.
fn container(jobs: &Jobs, name: &str, arguments: &[String], variables: &[Value]) -> Value {
    let file = config::FILE_NAME;
    json!({
        "name": name,
        "image": jobs.image,
        "args": arguments,
        "workingDir": FOLDER,
        "env": variables,
        "resources": pod::resources(&jobs.cpu_request, &jobs.memory_request, &jobs.memory_limit),
        "securityContext": pod::container_security(true),
        "volumeMounts": [
            { "name": SCRATCH_NAME, "mountPath": FOLDER },
            { "name": "configuration", "mountPath": format!("{FOLDER}/{file}"), "subPath": file, "readOnly": true },
        ],
    })
}

/// `host`, which serves the volume as a bucket for as long as the job runs (<https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>).
fn bucket_of_volume(model: &Model<'_>) -> Value {
    json!({
        "name": "bucket",
        "image": model.environment.application.host_image,
        "args": ["s3", "--data", INDEX_FOLDER, "--s3-bucket", model.storage.bucket],
        "restartPolicy": "Always",
        "resources": super::parts::resources(model),
        "securityContext": pod::container_security(true),
        "volumeMounts": [{ "name": INDEX_NAME, "mountPath": INDEX_FOLDER }],
    })
}

/// Where the bucket is, as options: an environment may have another than the file says, and progress for programs.
fn options(model: &Model<'_>, endpoint: Option<&str>) -> Vec<String> {
    let storage = model.storage;
    let mut options = vec![
        ("--work", WORK_FOLDER),
        ("--bucket", &*storage.bucket),
        ("--region", &*storage.region),
    ];
    options.extend(endpoint.map(|endpoint| ("--endpoint", endpoint)));
    if !storage.prefix.is_empty() {
        options.push(("--prefix", &storage.prefix));
    }
    options.push(("--progress", "json"));
    let words = options.into_iter().flat_map(|(name, value)| [name, value]);
    words.map(str::to_owned).collect()
}

/// The keys of the bucket: those of the jobs; none where the stack's cluster gives them a role; else those of the application, which may be for reading alone.
fn keys(model: &Model<'_>, jobs: &Jobs) -> Vec<Value> {
    if jobs.secrets.contains_key("AWS_ACCESS_KEY_ID") {
        let own = jobs.secrets.iter().filter(|(name, _)| is_key(name));
        return own
            .map(|(name, source)| Setting::Secret(source).as_variable(name, name))
            .collect();
    }
    let cloud = model.environment.cloud.as_ref();
    if cloud.is_some_and(|cloud| cloud.cluster.is_some()) && model.storage.endpoint.is_none() {
        return Vec::new();
    }
    let of_application = KEYS.iter().filter_map(|(name, variable)| {
        let setting = model.setting(variable)?;
        Some(setting.as_variable(name, variable))
    });
    of_application.collect()
}

fn is_key(name: &str) -> bool {
    KEYS.iter().any(|(key, _)| *key == name)
}
