//! Where index files go.

use serde::Deserialize;

use crate::checks;

/// A bucket at any S3-compatible endpoint. Credentials are never written here: they come from the usual chain of the environment.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// The endpoint's URL; absent for AWS's own.
    #[serde(deserialize_with = "checks::endpoint")]
    pub endpoint: Option<String>,
    /// The bucket. Default: `kindred`.
    #[serde(deserialize_with = "checks::bucket")]
    pub bucket: String,
    /// The region. Default: `us-east-1`.
    pub region: String,
    /// What every key begins with, without slashes at its ends. Default: empty.
    #[serde(deserialize_with = "checks::prefix")]
    pub prefix: String,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            endpoint: None,
            bucket: "kindred".to_owned(),
            region: "us-east-1".to_owned(),
            prefix: String::new(),
        }
    }
}
