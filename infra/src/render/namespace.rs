//! The namespace, and who the pods are in it.

use config::Form;
use serde_json::json;

use crate::model::{Model, NAME};
use crate::object::Object;

/// The label by which Kubernetes refuses pods that are less secured (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>).
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    // The Spin operator gives the pods of a SpinApp no security context, without which "restricted" takes none.
    let level = match model.environment.application.form {
        Form::SpinApp => "baseline",
        Form::Deployment | Form::Host => "restricted",
    };
    let api = ["v1", "Namespace"];
    let namespace = Object::new(model, "namespace", api, &model.namespace, json!({}));
    let service_account = Object::new(
        model,
        "service-account",
        ["v1", "ServiceAccount"],
        NAME,
        // The functions ask the cluster for nothing.
        json!({ "automountServiceAccountToken": false }),
    );
    vec![
        namespace.of_cluster().with_label(ENFORCE, level),
        service_account,
    ]
}
