//! Objects of a cluster as they are wanted.

use serde_json::{Map, Value, json};

use crate::model::{MANAGER, Model, NAME};

/// What data is in: volumes, and the database of `CloudNativePG`, whose volumes go with it.
pub(crate) const DATA_KINDS: [&str; 2] = ["PersistentVolumeClaim", "Cluster"];

/// An object as it is wanted: every field that we have an opinion on, and no other.
///
/// It is JSON rather than a type of the cluster's interface, whose defaults would be opinions too.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// In which file it stands, without the ending.
    pub file: &'static str,
    /// The object.
    pub value: Value,
}

impl Object {
    /// An object in the model's namespace, under a name, with the labels of all; `content` has what stands beside the metadata.
    pub(crate) fn new(
        model: &Model<'_>,
        file: &'static str,
        api: [&str; 2],
        name: &str,
        content: Value,
    ) -> Self {
        let metadata =
            json!({ "name": name, "namespace": model.namespace, "labels": model.labels() });
        Self::with_metadata(file, api, metadata, content)
    }

    /// An object of no environment, under a name, with the labels of all.
    pub(crate) fn of_no_environment(
        file: &'static str,
        api: [&str; 2],
        name: &str,
        content: Value,
    ) -> Self {
        let labels = json!({
            "app.kubernetes.io/part-of": NAME,
            "app.kubernetes.io/managed-by": MANAGER,
        });
        Self::with_metadata(
            file,
            api,
            json!({ "name": name, "labels": labels }),
            content,
        )
    }

    fn with_metadata(
        file: &'static str,
        [api_version, kind]: [&str; 2],
        metadata: Value,
        content: Value,
    ) -> Self {
        let mut object = Map::new();
        object.insert("apiVersion".to_owned(), json!(api_version));
        object.insert("kind".to_owned(), json!(kind));
        object.insert("metadata".to_owned(), metadata);
        if let Value::Object(content) = content {
            object.extend(content);
        }
        Self {
            file,
            value: Value::Object(object),
        }
    }

    /// The same, of the whole cluster instead of a namespace.
    pub(crate) fn of_cluster(mut self) -> Self {
        if let Some(metadata) = self.value["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
        self
    }

    /// The same, in another namespace than that of the environment.
    pub(crate) fn in_namespace(mut self, namespace: &str) -> Self {
        self.value["metadata"]["namespace"] = json!(namespace);
        self
    }

    /// Adds a label.
    pub(crate) fn with_label(mut self, key: &str, value: &str) -> Self {
        self.value["metadata"]["labels"][key] = json!(value);
        self
    }

    /// Adds an annotation.
    pub(crate) fn with_annotation(mut self, key: &str, value: &str) -> Self {
        self.value["metadata"]["annotations"][key] = json!(value);
        self
    }

    /// What it is called, as `Kind/name`.
    pub fn name(&self) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let [kind, name] = [&self.value["kind"], &self.value["metadata"]["name"]].map(text);
        format!("{kind}/{name}")
    }
}
