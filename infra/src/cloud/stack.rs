//! What is wanted of an environment on AWS.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use config::{Cloud, Config, Environment, Source, Storage};

use crate::model::{self, MANAGER, NAME};

/// The stack of an environment: everything that its resources have in common.
#[derive(Debug)]
pub(crate) struct Stack<'a> {
    /// What it is called.
    pub(crate) name: String,
    /// What the environment is called.
    pub(crate) environment_name: &'a str,
    /// Whether only who writes that name may destroy it.
    pub(crate) protected: bool,
    /// The namespace of its objects in a cluster.
    pub(crate) namespace: String,
    /// Which bucket is made, and in which region.
    pub(crate) storage: &'a Storage,
    /// What jobs read beside it: buckets that are there, each with what the keys begin with.
    pub(crate) sources: BTreeSet<(&'a str, &'a str)>,
    /// What else is.
    pub(crate) cloud: Cloud,
}

impl<'a> Stack<'a> {
    /// What `config` says of the environment of this name.
    pub(crate) fn new(config: &'a Config, environment_name: &str) -> Result<Self> {
        let (name, environment) = model::environment(config, environment_name)?;
        let Some(cloud) = &environment.cloud else {
            bail!(
                "nothing of environment `{name}` is on AWS: write a table `[environments.{name}.cloud]` into the configuration"
            );
        };
        let stack_name = cloud.stack.clone();
        let mut cloud = cloud.clone();
        if let Some(api) = &mut cloud.api
            && !config.is_active(name)
            && let Some(standby) = api.standby.as_mut()
        {
            std::mem::swap(&mut api.host, standby);
        }
        Ok(Self {
            name: stack_name.unwrap_or_else(|| format!("{NAME}-{name}")),
            environment_name: name,
            protected: environment.protected,
            namespace: environment.namespace_of(name),
            storage: environment.storage.as_ref().unwrap_or(&config.storage),
            sources: sources(config, environment),
            cloud,
        })
    }

    /// The tags of all its resources.
    pub(crate) fn tags(&self) -> [(&'static str, &str); 2] {
        [
            ("kindred:environment", self.environment_name),
            ("kindred:managed-by", MANAGER),
        ]
    }
}

/// What is in buckets of what index files are built of: of all collections, since the workflow `data` builds whatever is in the file.
fn sources<'a>(config: &'a Config, environment: &'a Environment) -> BTreeSet<(&'a str, &'a str)> {
    let data = environment
        .jobs
        .as_ref()
        .and_then(|jobs| jobs.data.as_ref());
    let of_collections = config
        .collections
        .values()
        .map(|collection| &collection.source);
    let in_bucket = |source: &'a Source| match source {
        Source::S3 { bucket, prefix } => Some((bucket.as_str(), prefix.as_str())),
        Source::Parts | Source::Path(_) => None,
    };
    data.into_iter()
        .chain(of_collections)
        .filter_map(in_bucket)
        .collect()
}
