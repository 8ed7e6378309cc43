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
        mark_pods(&mut object.value, &secrets);
    }
}

/// Gives the pods of an object, which may have one, the hash that they have beside Secrets with such data.
pub(crate) fn mark_pods(object: &mut Value, secrets: &[Value]) {
    if object["kind"] == "SpinApp" {
        forget(&mut object["spec"], "podAnnotations");
        let mut pods = object["spec"].clone();
        if let Some(pods) = pods.as_object_mut() {
            pods.retain(|name, _| !BESIDE_PODS.contains(&name.as_str()));
        }
        object["spec"]["podAnnotations"][REVISION] = json!(revision(&pods, secrets));
    } else if object["kind"] == "Deployment" {
        let template = &mut object["spec"]["template"];
        forget(&mut template["metadata"], "annotations");
        let revision = revision(template, secrets);
        template["metadata"]["annotations"][REVISION] = json!(revision);
    }
}

/// Takes the hash out of these annotations, and them if nothing else is in them.
fn forget(owner: &mut Value, annotations: &str) {
    let Some(owner) = owner.as_object_mut() else {
        return;
    };
    if let Some(Value::Object(found)) = owner.get_mut(annotations) {
        found.remove(REVISION);
        if found.is_empty() {
            owner.remove(annotations);
        }
    }
}

fn revision(pods: &Value, secrets: &[Value]) -> String {
    short_hash(json!([pods, secrets]).to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::mark_pods;

    #[track_caller]
    fn check(object: &Value) {
        let marked = |object: &Value, secrets: &[Value]| {
            let mut object = object.clone();
            mark_pods(&mut object, secrets);
            object
        };
        let [one, other] = [json!({ "key": "b25l" }), json!({ "key": "dHdv" })];
        let first = marked(object, std::slice::from_ref(&one));
        let second = marked(&first, &[other]);
        assert_ne!(first, second);
        assert_eq!(marked(&second, &[one]), first);
    }

    #[test]
    fn a_hash_goes_by_the_secrets_and_not_by_the_hash_before() {
        check(&json!({ "kind": "Deployment", "spec": { "template": { "metadata": {} } } }));
        let annotations = json!({ "metadata": { "annotations": { "a": "b" } } });
        check(&json!({ "kind": "Deployment", "spec": { "template": annotations } }));
        check(&json!({ "kind": "SpinApp", "spec": { "replicas": 2 } }));
    }
}
