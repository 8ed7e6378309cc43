//! Where index files are for the functions, and what is asked of a volume.

use serde::Deserialize;

use crate::checks;

/// Where the functions have index files.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum IndexPlace {
    /// In the bucket.
    #[default]
    S3,
    /// In a volume that the jobs write and the application reads.
    Volume,
    /// In the functions themselves, since `precompute seal` wrote them there.
    Sealed,
}

/// What is asked of a volume of the cluster.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Volume {
    /// How large it is. Default: `10Gi`.
    #[serde(deserialize_with = "checks::quantity")]
    pub size: String,
    /// The `StorageClass`. Not given: the cluster's default.
    pub class: Option<String>,
    /// Who may have it at a time. Not given: of index files all nodes, of what the jobs work in one.
    pub access_mode: Option<AccessMode>,
}

impl Default for Volume {
    fn default() -> Self {
        Self {
            size: "10Gi".to_owned(),
            class: None,
            access_mode: None,
        }
    }
}

/// Who may have a volume at a time (<https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes>).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub enum AccessMode {
    /// The pods of one node.
    ReadWriteOnce,
    /// The pods of all nodes.
    ReadWriteMany,
    /// One pod.
    ReadWriteOncePod,
}

impl AccessMode {
    /// What Kubernetes calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadWriteOnce => "ReadWriteOnce",
            Self::ReadWriteMany => "ReadWriteMany",
            Self::ReadWriteOncePod => "ReadWriteOncePod",
        }
    }
}
