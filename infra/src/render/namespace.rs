//! The namespace, and who the pods are in it.

use config::Form;
use serde_json::json;

use super::pod;
use crate::model::{Model, NAME};
use crate::object::Object;

/// The label by which Kubernetes refuses pods that are less secured (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>).
pub(crate) const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// The strictest of its levels.
pub(crate) const RESTRICTED: &str = "restricted";

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    // The Spin operator gives the pods of a SpinApp no security context, without which "restricted" takes none.
    let level = match model.environment.application.form {
        Form::SpinApp => "baseline",
        Form::Deployment | Form::Host => RESTRICTED,
    };
    let api = ["v1", "Namespace"];
    let namespace = Object::new(model, "namespace", api, &model.namespace, json!({}));
    vec![
        namespace.of_cluster().with_label(ENFORCE, level),
        service_account(model, NAME),
    ]
}

/// Who pods are. They ask the cluster for nothing, so there are no rights, and no token to ask with.
pub(super) fn service_account(model: &Model<'_>, name: &str) -> Object {
    let mut content = json!({ "automountServiceAccountToken": false });
    if let Some(secrets) = pod::image_pull_secrets(model) {
        content["imagePullSecrets"] = secrets;
    }
    let api = ["v1", "ServiceAccount"];
    Object::new(model, "service-account", api, name, content)
}
