//! By what an object is known in a cluster.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The part of a kind that stands before the slash of `apiVersion`, the kind, and the name: what an object is known by.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct ObjectId {
    /// The group of the kind; of the first kinds, empty.
    pub(crate) group: String,
    /// The version of the kind.
    pub(crate) version: String,
    /// The kind.
    pub(crate) kind: String,
    /// The namespace, where the kind has them.
    pub(crate) namespace: Option<String>,
    /// The name.
    pub(crate) name: String,
}

impl ObjectId {
    /// What an object is known by that has the fields which every object has.
    pub(crate) fn of(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let api_version = object["apiVersion"].as_str().unwrap_or_default();
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text(&object["kind"]).unwrap_or_default(),
            namespace: text(&object["metadata"]["namespace"]),
            name: text(&object["metadata"]["name"]).unwrap_or_default(),
        }
    }

    /// An object of one of the first kinds.
    pub(crate) fn of_core(kind: &str, namespace: &str, name: &str) -> Self {
        Self::of_group(["", "v1"], kind, namespace, name)
    }

    /// An object of a namespace.
    pub(crate) fn of_group(
        [group, version]: [&str; 2],
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        }
    }

    /// An object of no namespace.
    pub(crate) fn of_cluster(api: [&str; 2], kind: &str, name: &str) -> Self {
        Self {
            namespace: None,
            ..Self::of_group(api, kind, "", name)
        }
    }

    /// Whether both are the same object, in whichever version they speak of it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        fn key(id: &ObjectId) -> (&str, &str, Option<&str>, &str) {
            (&id.group, &id.kind, id.namespace.as_deref(), &id.name)
        }
        key(self) == key(other)
    }

    /// Whether a text such as `Deployment/kindred` means it.
    pub(crate) fn is_called(&self, text: &str) -> bool {
        text.split_once('/')
            .is_some_and(|(kind, name)| kind.eq_ignore_ascii_case(&self.kind) && name == self.name)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind, self.name)
    }
}
