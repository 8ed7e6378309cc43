//! Where the application runs: a namespace of a cluster, and what is particular to it.

mod address;
mod application;
mod database;
mod jobs;
mod network;
mod observability;
mod scaling;
mod secrets;
mod standby;
mod volume;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::address::{Address, AddressKind, Certificate, Issuer};
pub use self::application::{ApplicationSettings, Form};
pub use self::database::{Database, DatabaseCluster};
pub use self::jobs::Jobs;
pub use self::network::Network;
pub use self::observability::Observability;
pub use self::scaling::{Autoscaler, Scaling};
pub use self::secrets::SecretSource;
pub use self::volume::{AccessMode, IndexPlace, Volume};
use crate::name::name;
use crate::{Cloud, Storage, checks};

name! {
    /// An environment's name. It is a part of the names of objects in a cluster.
    EnvironmentName: 32 bytes that are checks::is_dns_label, or "an environment's name" is to be
        "lower-case letters, digits and hyphens, with a letter or digit at both ends"
}

/// A namespace of a cluster in which everything of one purpose runs: `[environments.NAME]`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Environment {
    /// The context of the kubeconfig. Not given: the current one.
    pub context: Option<String>,
    /// The namespace. Not given: `kindred-` and the environment's name.
    #[serde(deserialize_with = "checks::dns_label")]
    pub namespace: Option<String>,
    /// Whether only who writes its name may destroy it, and nothing runs in it but what is named by its digest. Default: true for `prod`, false for others.
    pub protected: bool,
    /// The collections that are served. Not given: all.
    pub collections: Option<Vec<String>>,
    /// Where index files are. Not given: what the file says for all.
    pub storage: Option<Storage>,
    /// Where the functions have index files. Default: `s3`.
    pub index: IndexPlace,
    /// The volume of index files, where they are in one.
    pub volume: Volume,
    /// What runs the functions.
    pub application: ApplicationSettings,
    /// How many replicas there are.
    pub scaling: Scaling,
    /// Whom pods may talk to.
    pub network: Network,
    /// How requests reach the functions from outside. Not given: they do not, and there is a Service within the cluster.
    pub address: Option<Address>,
    /// What builds index files in the cluster. Not given: somebody else does.
    pub jobs: Option<Jobs>,
    /// The `PostgreSQL` that the functions are told of. Not given: there is none.
    pub database: Option<Database>,
    /// How one sees what happens.
    pub observability: Observability,
    /// Values of the application's variables, as `spin.toml` names them, beside those that follow from storage and collections.
    pub variables: BTreeMap<String, String>,
    /// Where the values of secret variables come from, by the names of `spin.toml`.
    pub secrets: BTreeMap<String, SecretSource>,
    /// What of it is on AWS. Not given: nothing.
    pub cloud: Option<Cloud>,
    /// The environment on another cluster that it stands by for: what is not said here is as there, but for context, namespace and `cloud`. Not given: none.
    pub standby_of: Option<EnvironmentName>,
    /// Which of those that stand by for it does its work. Not given: itself.
    pub active: Option<EnvironmentName>,
}

/// The environment that is protected without a word.
const PRODUCTION: &str = "prod";

/// Before an environment's name, where its namespace is not given.
const NAMESPACE_PREFIX: &str = "kindred-";

impl Environment {
    /// The namespace of its objects, where this is its name.
    pub fn namespace_of(&self, name: &str) -> String {
        let own = self.namespace.clone();
        own.unwrap_or_else(|| format!("{NAMESPACE_PREFIX}{name}"))
    }

    /// The images that it names, each with the setting that does.
    pub fn images(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let application = &self.application;
        let images = [
            ("application.image", application.image.as_str()),
            ("application.host_image", application.host_image.as_str()),
        ];
        let jobs = self
            .jobs
            .iter()
            .map(|jobs| ("jobs.image", jobs.image.as_str()));
        let database = self.database.iter().filter_map(|database| {
            let image = database.cluster.as_ref()?.image.as_deref()?;
            Some(("database.cluster.image", image))
        });
        let images = images.into_iter().chain(jobs).chain(database);
        images.filter(|(_, image)| !image.is_empty())
    }

    /// Applies the rules that need more than one value; `storage` is that of an environment which says nothing of its own.
    pub(crate) fn check(
        &self,
        is_collection: impl Fn(&str) -> bool,
        storage: &Storage,
    ) -> Result<(), String> {
        let mut collections = self.collections.iter().flatten();
        if let Some(unknown) = collections.find(|name| !is_collection(name)) {
            return Err(format!(
                "there is no collection `{unknown}`: correct `collections`"
            ));
        }
        self.application.check()?;
        self.scaling.check()?;
        self.observability.check(&self.application)?;
        let is_led_by_paths = self.address.as_ref().is_none_or(Address::is_route);
        if self.application.per_function && !is_led_by_paths {
            return Err("a port leads to one Service: write the kind `ingress` or `gateway`, or `per_function = false`".to_owned());
        }
        if let Some(address) = &self.address {
            address.check_controller(self.application.per_function)?;
        }
        self.network.check(self.address.as_ref())?;
        self.jobs.as_ref().map_or(Ok(()), Jobs::check)?;
        self.database.as_ref().map_or(Ok(()), Database::check)?;
        if let Some(cloud) = &self.cloud {
            cloud.check(self.storage.as_ref().unwrap_or(storage), &self.application)?;
        }
        self.address.as_ref().map_or(Ok(()), Address::check)
    }

    /// The same with what it has of the environment that it stands by for, if it does; `tables` are all as they are written.
    pub(crate) fn inherited(self, name: &str, tables: &toml::Table) -> Result<Self, String> {
        let table = |name: &str| tables.get(name).and_then(toml::Value::as_table);
        let primary = self.standby_of.as_ref();
        let primary = primary.and_then(|primary| table(primary.as_str()));
        match (table(name), primary) {
            (Some(own), Some(primary)) => standby::inherited(own, primary),
            _ => Ok(self),
        }
    }

    /// Protects the environment of this name unless it says otherwise.
    pub(crate) fn protect_production(&mut self, name: &str, tables: &toml::Table) {
        let says = |name: &str| {
            tables
                .get(name)
                .is_some_and(|table| table.get("protected").is_some())
        };
        let primary = self.standby_of.as_ref();
        if name == PRODUCTION
            && !says(name)
            && !primary.is_some_and(|primary| says(primary.as_str()))
        {
            self.protected = true;
        }
    }

    /// Applies the rules that need the others.
    pub(crate) fn check_among(
        &self,
        name: &EnvironmentName,
        all: &BTreeMap<EnvironmentName, Self>,
    ) -> Result<(), String> {
        standby::check(name, self, all)?;
        let others = all.iter().filter(|(other, _)| *other < name);
        self.check_place(name, others)
    }

    /// That none of the others has its place.
    fn check_place<'a>(
        &self,
        name: &EnvironmentName,
        mut others: impl Iterator<Item = (&'a EnvironmentName, &'a Self)>,
    ) -> Result<(), String> {
        let namespace = self.namespace_of(name.as_str());
        let sharing = others.find(|(name, other)| {
            other.context == self.context && other.namespace_of(name.as_str()) == namespace
        });
        sharing.map_or(Ok(()), |(other, _)| {
            Err(format!(
                "its namespace, {namespace}, is that of the environment `{other}` in the same cluster: give it a `namespace`, or a `context`, of its own"
            ))
        })
    }

    /// Makes paths start at a folder.
    pub(crate) fn start_at(&mut self, folder: &std::path::Path) {
        let of_jobs = self
            .jobs
            .iter_mut()
            .flat_map(|jobs| jobs.secrets.values_mut());
        let of_database = self.database.iter_mut().filter_map(|of| of.url.as_mut());
        let of_application = self.secrets.values_mut();
        for source in of_application.chain(of_jobs).chain(of_database) {
            if let SecretSource::File(path) = source {
                *path = folder.join(&path);
            }
        }
    }
}
