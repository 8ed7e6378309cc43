//! Where the application runs: a namespace of a cluster, and what is particular to it.

mod address;
mod application;
mod scaling;
mod secrets;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::address::{Address, AddressKind, Certificate, Issuer};
pub use self::application::{ApplicationSettings, Form};
pub use self::scaling::Scaling;
pub use self::secrets::SecretSource;
use crate::name::name;
use crate::{Storage, checks};

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
    /// Whether only who writes its name may destroy it. Default: false.
    pub protected: bool,
    /// The collections that are served. Not given: all.
    pub collections: Option<Vec<String>>,
    /// Where index files are. Not given: what the file says for all.
    pub storage: Option<Storage>,
    /// What runs the functions.
    pub application: ApplicationSettings,
    /// How many replicas there are.
    pub scaling: Scaling,
    /// How requests reach the functions from outside. Not given: they do not, and there is a Service within the cluster.
    pub address: Option<Address>,
    /// Values of the application's variables, as `spin.toml` names them, beside those that follow from storage and collections.
    pub variables: BTreeMap<String, String>,
    /// Where the values of secret variables come from, by the names of `spin.toml`.
    pub secrets: BTreeMap<String, SecretSource>,
}

impl Environment {
    /// Applies the rules that need more than one value.
    pub(crate) fn check(&self, is_collection: impl Fn(&str) -> bool) -> Result<(), String> {
        let mut collections = self.collections.iter().flatten();
        if let Some(unknown) = collections.find(|name| !is_collection(name)) {
            return Err(format!(
                "there is no collection `{unknown}`: correct `collections`"
            ));
        }
        self.scaling.check()?;
        self.address.as_ref().map_or(Ok(()), Address::check)
    }

    /// Makes paths start at a folder.
    pub(crate) fn start_at(&mut self, folder: &std::path::Path) {
        for source in self.secrets.values_mut() {
            if let SecretSource::File(path) = source {
                *path = folder.join(&path);
            }
        }
    }
}
