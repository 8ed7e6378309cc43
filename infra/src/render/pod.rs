//! What all pods have in common.

use serde_json::{Value, json};

use super::parts;
use crate::model::Model;

/// Who the programs are in their pods: nobody. Volumes belong to the group of the same number.
const USER_ID: u32 = 65_532;

/// Where `host` finds the keys of the registry, as Docker keeps them.
pub(super) const REGISTRY_FOLDER: &str = "/registry";

/// What a pod has whose level of security is "restricted" (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>).
pub(super) fn restricted(model: &Model<'_>, service_account: &str) -> Value {
    let mut pod = json!({
        "serviceAccountName": service_account,
        "automountServiceAccountToken": false,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": USER_ID,
            "fsGroup": USER_ID,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
    });
    if let Some(secrets) = image_pull_secrets(model) {
        pod["imagePullSecrets"] = secrets;
    }
    pod
}

/// What each of its containers has, too.
pub(super) fn container_security(is_root_read_only: bool) -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "capabilities": { "drop": ["ALL"] },
        "readOnlyRootFilesystem": is_root_read_only,
    })
}

/// The Secrets by which images are pulled, if there are some.
pub(super) fn image_pull_secrets(model: &Model<'_>) -> Option<Value> {
    let names = &model.environment.application.image_pull_secrets;
    (!names.is_empty()).then(|| names.iter().map(|name| json!({ "name": name })).collect())
}

/// The Secret by which `host` pulls the application, as a volume and where it stands: the first of those by which the cluster pulls images. The image of `host` looks there, as nobody
/// can say to a `SpinApp` where it is to look.
pub(super) fn registry_volume(model: &Model<'_>) -> Option<(Value, Value)> {
    let settings = &model.environment.application;
    let first = settings.image_pull_secrets.first();
    let secret = first.filter(|_| parts::pull_themselves(model))?;
    let volume = json!({ "name": "registry", "secret": { "secretName": secret } });
    let mount = json!({ "name": "registry", "mountPath": REGISTRY_FOLDER, "readOnly": true });
    Some((volume, mount))
}

/// What is requested, and the memory that is the limit. Of processors there is none: what is idle may be used.
pub(super) fn resources(cpu: &str, memory: &str, memory_limit: &str) -> Value {
    json!({
        "requests": { "cpu": cpu, "memory": memory },
        "limits": { "memory": memory_limit },
    })
}
