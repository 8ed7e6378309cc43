//! The `PostgreSQL` that the functions are told of.

use serde::Deserialize;

use super::SecretSource;
use crate::checks;

/// Where `PostgreSQL` listens, unless somebody had it listen elsewhere.
const DEFAULT_PORT: u16 = 5432;

/// The `PostgreSQL` that the functions are told of: `[environments.NAME.database]`. It is there already, or `CloudNativePG` makes it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The variable of `spin.toml` that has its address, such as `postgresql://user:password@host/database`.
    pub variable: String,
    /// Where that address comes from, of one that is there already.
    #[serde(default)]
    pub url: Option<SecretSource>,
    /// The port that is in the address, to which the functions are let out. Not given: 5432.
    #[serde(default)]
    pub port: Option<u16>,
    /// What is made by `CloudNativePG`.
    #[serde(default)]
    pub cluster: Option<DatabaseCluster>,
}

/// A `Cluster` of `CloudNativePG`: `[environments.NAME.database.cluster]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseCluster {
    /// How many instances there are: one that is written to, and others that take its place. Default: 2.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub instances: u32,
    /// The image of `PostgreSQL`. Not given: the one that the operator has for new databases.
    pub image: Option<String>,
    /// How large the volume of an instance is; it can grow, and not shrink. Default: `5Gi`.
    #[serde(deserialize_with = "checks::quantity")]
    pub size: String,
    /// The `StorageClass`. Not given: the cluster's default.
    pub class: Option<String>,
    /// What an instance is sure to have of processors. Default: `100m`.
    #[serde(deserialize_with = "checks::quantity")]
    pub cpu_request: String,
    /// What an instance is sure to have of memory. Default: `256Mi`.
    #[serde(deserialize_with = "checks::quantity")]
    pub memory_request: String,
    /// The memory at which an instance is stopped. Default: `1Gi`.
    #[serde(deserialize_with = "checks::quantity")]
    pub memory_limit: String,
}

impl Default for DatabaseCluster {
    fn default() -> Self {
        Self {
            instances: 2,
            image: None,
            size: "5Gi".to_owned(),
            class: None,
            cpu_request: "100m".to_owned(),
            memory_request: "256Mi".to_owned(),
            memory_limit: "1Gi".to_owned(),
        }
    }
}

impl Database {
    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(DEFAULT_PORT)
    }

    /// Applies the rules that need more than one value.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(cluster) = &self.cluster {
            let DatabaseCluster {
                memory_request,
                memory_limit,
                ..
            } = cluster;
            checks::memory("database.cluster", memory_request, memory_limit)?;
        }
        match (&self.url, &self.cluster) {
            (None, None) => Err(
                "it is not said which database there is: write under `database` the `url` of one that is there, or `cluster = {}` for one of CloudNativePG"
                    .to_owned(),
            ),
            (Some(_), Some(_)) => Err(
                "the database is there already or made by CloudNativePG: write `url` or `cluster` under `database`"
                    .to_owned(),
            ),
            (None, Some(_)) if self.port.is_some() => Err(
                "a database of CloudNativePG has a port already: remove `database.port`".to_owned(),
            ),
            _ => Ok(()),
        }
    }
}
