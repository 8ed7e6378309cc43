//! Where the values of secrets come from.

use std::path::PathBuf;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Where a secret's value comes from.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
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

/// What is said of anything else. It may be the value itself, which is shown to nobody: an error is read on a pull request, too.
const EXPECTED: &str = "write where the value of the secret comes from, and not the value: `{ environment = \"NAME\" }`, `{ file = \"PATH\" }`, \
    `{ secret = { name = \"NAME\", key = \"KEY\" } }` or `{ external = { store = \"STORE\", key = \"KEY\" } }`";

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = toml::Value::deserialize(deserializer)?;
        Self::deserialize(written).map_err(|_| D::Error::custom(EXPECTED))
    }
}
