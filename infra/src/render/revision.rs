//! What pods carry so that one can see which change they are of, and so that they are made anew where only a Secret changed.

use serde_json::{Value, json};

use crate::hash::short_hash;
use crate::object::Object;

/// The annotation of pods with what they were made of.
pub(crate) const REVISION: &str = "kindred/revision";

/// What a `SpinApp` says that is not of its pods.
const BESIDE_PODS: [&str; 2] = ["enableAutoscaling", "replicas"];

/// Gives the pods of each object a hash of what they are made of, and of the Secrets that are rendered beside them.
pub(super) fn mark(objects: &mut [Object]) {
    let secrets = objects
        .iter()
        .filter(|object| object.value["kind"] == "Secret");
    let secrets: Vec<Value> = secrets.map(|object| object.value["data"].clone()).collect();
    for object in objects {
        let object = &mut object.value;
        if object["kind"] == "SpinApp" {
            let mut pods = object["spec"].clone();
            if let Some(pods) = pods.as_object_mut() {
                pods.retain(|name, _| !BESIDE_PODS.contains(&name.as_str()));
            }
            object["spec"]["podAnnotations"][REVISION] = json!(revision(&pods, &secrets));
        } else if object["kind"] == "Deployment" {
            let template = &mut object["spec"]["template"];
            let revision = revision(template, &secrets);
            template["metadata"]["annotations"][REVISION] = json!(revision);
        }
    }
}

fn revision(pods: &Value, secrets: &[Value]) -> String {
    short_hash(json!([pods, secrets]).to_string().as_bytes())
}
