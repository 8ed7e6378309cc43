//! What builds index files in the cluster.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{SecretSource, Volume};
use crate::{Source, checks, schedule};

/// What builds index files in the cluster: `[environments.NAME.jobs]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Jobs {
    /// The image of `precompute`.
    pub image: String,
    /// The bucket's folder that is brought into the folder of `kindred.toml` before each run. Not given: nothing, and every source is a bucket itself.
    #[serde(deserialize_with = "checks::in_bucket")]
    pub data: Option<Source>,
    /// When index files are built and published, as cron writes it. Default: `0 2 * * *`.
    #[serde(deserialize_with = "schedule::cron_schedule")]
    pub nightly: String,
    /// When better settings are searched. Default: `0 5 * * 0`.
    #[serde(deserialize_with = "schedule::cron_schedule")]
    pub weekly: String,
    /// Whose clock that is. Default: `Etc/UTC`.
    #[serde(deserialize_with = "schedule::time_zone")]
    pub time_zone: String,
    /// How long a run may take, in minutes. Default: 360.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub deadline_minutes: u32,
    /// Where the stages leave their results for each other, and the data.
    pub scratch: Volume,
    /// What a run is sure to have of processors. Default: `1`.
    #[serde(deserialize_with = "checks::quantity")]
    pub cpu_request: String,
    /// What a run is sure to have of memory. Default: `1Gi`.
    #[serde(deserialize_with = "checks::quantity")]
    pub memory_request: String,
    /// The memory at which a run is stopped; learning keeps to three quarters of it. Default: `4Gi`.
    #[serde(deserialize_with = "checks::quantity")]
    pub memory_limit: String,
    /// Where the values of variables of a run's environment come from, such as `OMDB_API_KEY`. Without `AWS_ACCESS_KEY_ID` its keys are those of the application.
    pub secrets: BTreeMap<String, SecretSource>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            image: String::new(),
            data: None,
            nightly: "0 2 * * *".to_owned(),
            weekly: "0 5 * * 0".to_owned(),
            time_zone: "Etc/UTC".to_owned(),
            deadline_minutes: 360,
            scratch: Volume::default(),
            cpu_request: "1".to_owned(),
            memory_request: "1Gi".to_owned(),
            memory_limit: "4Gi".to_owned(),
            secrets: BTreeMap::new(),
        }
    }
}

impl Jobs {
    /// Applies the rules that need more than one value.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.image.is_empty() {
            return Err(
                "it is not said which image has `precompute`: write `image` under `jobs`"
                    .to_owned(),
            );
        }
        checks::memory("jobs", &self.memory_request, &self.memory_limit)?;
        let is_variable = |name: &&String| {
            let allowed =
                |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            name.starts_with(|first: char| first.is_ascii_uppercase()) && name.bytes().all(allowed)
        };
        match self.secrets.keys().find(|name| !is_variable(name)) {
            Some(name) => Err(format!(
                "`{name}` is not a variable of a job's environment: write one such as `OMDB_API_KEY` under `jobs.secrets`"
            )),
            None => Ok(()),
        }
    }
}
