//! Volumes: the one that jobs work in, and that of index files where they are in none but that.

use config::{AccessMode, IndexPlace, Volume};
use serde_json::{Value, json};

use crate::model::Model;
use crate::object::Object;

/// What the jobs work in.
pub(super) const SCRATCH_NAME: &str = "kindred-scratch";

/// Index files.
pub(super) const INDEX_NAME: &str = "kindred-index";

/// Where index files are seen: a folder of buckets, as `host` serves it.
pub(super) const INDEX_FOLDER: &str = "/index";

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let environment = model.environment;
    let mut objects = Vec::new();
    if let Some(jobs) = &environment.jobs {
        let volume = (&jobs.scratch, AccessMode::ReadWriteOnce);
        objects.push(claim(model, SCRATCH_NAME, volume));
    }
    if environment.index == IndexPlace::Volume {
        let volume = (&environment.volume, AccessMode::ReadWriteMany);
        objects.push(claim(model, INDEX_NAME, volume));
    }
    objects
}

fn claim(model: &Model<'_>, name: &str, (volume, default): (&Volume, AccessMode)) -> Object {
    let access_mode = volume.access_mode.unwrap_or(default);
    let mut spec = json!({
        "accessModes": [access_mode.as_str()],
        "resources": { "requests": { "storage": volume.size } },
    });
    if let Some(class) = &volume.class {
        spec["storageClassName"] = json!(class);
    }
    let api = ["v1", "PersistentVolumeClaim"];
    Object::new(model, "pvc", api, name, json!({ "spec": spec }))
}

/// A volume of a pod, called as its claim is.
pub(super) fn of_claim(name: &str) -> Value {
    json!({ "name": name, "persistentVolumeClaim": { "claimName": name } })
}
