//! Spin's runtime configuration, as far as this host has the parts that it configures.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Error;

/// What an operator tells the host apart from the application. Unknown keys are errors, as in Spin.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuntimeConfig {
    /// Where state is kept; relative to the current folder.
    #[serde(default)]
    pub(crate) state_dir: Option<PathBuf>,
    /// Key-value stores by label.
    #[serde(default, rename = "key_value_store")]
    pub(crate) key_value_stores: BTreeMap<String, KeyValueStore>,
    /// Providers of variables, in order.
    #[serde(default, rename = "variables_provider", alias = "config_provider")]
    pub(crate) variables_providers: Vec<VariablesProvider>,
}

/// Where the keys and values of a label are kept.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum KeyValueStore {
    /// A folder of this host, relative to the configuration file; `None` is one in the state folder.
    Spin { path: Option<PathBuf> },
}

/// Where values of variables come from.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum VariablesProvider {
    /// The file itself.
    Static { values: HashMap<String, String> },
    /// The environment, with a file in its stead.
    Env {
        prefix: Option<String>,
        dotenv_path: Option<PathBuf>,
    },
}

impl RuntimeConfig {
    /// Reads `path`; without one, everything is at its default.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let invalid = |message: String| Error::RuntimeConfig {
            path: path.to_owned(),
            message,
        };
        let text = std::fs::read_to_string(path).map_err(|error| invalid(error.to_string()))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| invalid(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for store in config.key_value_stores.values_mut() {
            let KeyValueStore::Spin { path } = store;
            *path = path.take().map(|path| folder.join(path));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected_error: Option<&str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runtime-config.toml");
        std::fs::write(&path, text).unwrap();
        match (RuntimeConfig::read(Some(&path)), expected_error) {
            (Ok(_), None) => {}
            (Err(error), Some(expected)) if error.to_string().contains(expected) => {}
            (result, _) => panic!("{text}: {result:?}"),
        }
    }

    #[test]
    fn unknown_keys_and_kinds_are_errors() {
        check(
            "[key_value_store.default]\ntype = 'spin'\npath = 'kv'\n[[variables_provider]]\ntype = 'static'\nvalues = { a = 'b' }\n[[config_provider]]\ntype = 'env'",
            Some("duplicate field"),
        );
        check(
            "[key_value_store.default]\ntype = 'spin'\n[[config_provider]]\ntype = 'env'\nprefix = 'P'",
            None,
        );
        check("stat_dir = 'x'", Some("unknown field `stat_dir`"));
        check(
            "[key_value_store.default]\ntype = 'redis'\nurl = 'x'",
            Some("unknown variant `redis`"),
        );
        check(
            "[key_value_store.default]\ntype = 'spin'\nurl = 'x'",
            Some("unknown field `url`"),
        );
    }
}
