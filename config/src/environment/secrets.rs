//! Where the values of secrets come from.

use std::path::PathBuf;

use serde::Deserialize;

/// Where a secret's value comes from.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SecretSource {
    /// A variable of the environment of whoever applies it.
    Environment(String),
    /// A file beside `kindred.toml`, which is not to be committed.
    File(PathBuf),
    /// A key of a Secret that is there already.
    Secret {
        /// Its name.
        name: String,
        /// The key in it.
        key: String,
    },
    /// What the External Secrets operator brings.
    External {
        /// The `ClusterSecretStore`.
        store: String,
        /// The name there.
        key: String,
        /// The part of what is there.
        #[serde(default)]
        property: Option<String>,
    },
}
