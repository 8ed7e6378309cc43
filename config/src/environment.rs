//! Where the application runs: a namespace of a cluster, and what is particular to it.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use crate::{Storage, checks};

/// An environment's name. It is a part of the names of objects in a cluster.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(try_from = "String")]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// The longest name.
    pub const MAXIMUM_LEN_BYTES: usize = 32;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EnvironmentName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if checks::is_dns_label(&name) && name.len() <= Self::MAXIMUM_LEN_BYTES {
            Ok(Self(name))
        } else {
            Err(format!(
                "`{name}` is not an environment's name: write 1 to {} lower-case letters, digits and hyphens, with a letter or digit at both ends",
                Self::MAXIMUM_LEN_BYTES
            ))
        }
    }
}

impl Borrow<str> for EnvironmentName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
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
    /// Whether only who writes its name may destroy it, and nothing runs in it but what is named by its digest. Default: false.
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

/// What runs the functions: `[environments.NAME.application]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct ApplicationSettings {
    /// As which objects it runs. Default: `spin-app`.
    pub form: Form,
    /// The application's artifact in a registry, such as `ghcr.io/example/kindred`; with a digest, or one is given when it is applied.
    pub image: String,
    /// The image of `host`, where that is the form.
    pub host_image: String,
    /// The names of Secrets in the namespace by which images are pulled.
    pub image_pull_secrets: Vec<String>,
    /// The `RuntimeClass` of the shim. Default: `wasmtime-spin-v2`, as runtime-class-manager names it.
    #[serde(deserialize_with = "checks::some_dns_label")]
    pub runtime_class: String,
    /// What a replica is sure to have of processors, as Kubernetes writes it. Default: `100m`.
    #[serde(deserialize_with = "checks::quantity")]
    pub cpu_request: String,
    /// What a replica is sure to have of memory. Default: `128Mi`.
    #[serde(deserialize_with = "checks::quantity")]
    pub memory_request: String,
    /// The memory at which a replica is stopped. Default: `512Mi`.
    #[serde(deserialize_with = "checks::quantity")]
    pub memory_limit: String,
}

impl Default for ApplicationSettings {
    fn default() -> Self {
        Self {
            form: Form::SpinApp,
            image: String::new(),
            host_image: String::new(),
            image_pull_secrets: Vec::new(),
            runtime_class: "wasmtime-spin-v2".to_owned(),
            cpu_request: "100m".to_owned(),
            memory_request: "128Mi".to_owned(),
            memory_limit: "512Mi".to_owned(),
        }
    }
}

/// As which objects the application runs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A `SpinApp` of the Spin operator.
    SpinApp,
    /// A Deployment with the shim's `RuntimeClass`, for what a `SpinApp` cannot say: where its pods may run.
    Deployment,
    /// A Deployment of the `host` image, which pulls the application itself, for clusters without a shim.
    Host,
}

/// How many replicas there are: `[environments.NAME.scaling]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Scaling {
    /// There are at least so many. Default: 2.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub minimum_replicas: u32,
    /// There are at most so many; as many as at least means always as many. Default: 6.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub maximum_replicas: u32,
    /// There are more where they use more of the processors that they are sure to have, in percent. Default: 70.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub cpu_percent: u32,
    /// The same for memory. Default: 80.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub memory_percent: u32,
}

impl Default for Scaling {
    fn default() -> Self {
        Self {
            minimum_replicas: 2,
            maximum_replicas: 6,
            cpu_percent: 70,
            memory_percent: 80,
        }
    }
}

/// How requests reach the functions from outside: `[environments.NAME.address]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// By which object.
    pub kind: AddressKind,
    /// The name under which the functions are asked for. Needed where a route or a certificate goes by it.
    #[serde(default, deserialize_with = "checks::host_name")]
    pub host: Option<String>,
    /// The `IngressClass`. Not given: the cluster's default.
    #[serde(default)]
    pub class: Option<String>,
    /// The Gateway, as `namespace/name`.
    #[serde(default)]
    pub gateway: Option<String>,
    /// Who signs the certificate. Not given: there is none, and what stands before answers for it.
    #[serde(default)]
    pub certificate: Option<Certificate>,
}

/// By which object requests come in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum AddressKind {
    /// A port of every node.
    NodePort,
    /// The load balancer of whoever runs the cluster.
    LoadBalancer,
    /// An Ingress.
    Ingress,
    /// An `HTTPRoute` of the Gateway API.
    Gateway,
}

/// Who signs the certificate, through cert-manager.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Which of Let's Encrypt's services.
    pub issuer: Issuer,
    /// Whom it warns before a certificate ends.
    pub email: String,
}

/// A service of Let's Encrypt.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Issuer {
    /// For trying: no browser trusts it, and it has generous limits.
    LetsEncryptStaging,
    /// For everybody.
    LetsEncrypt,
}

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

impl Environment {
    /// The images that it names, each with the setting that does.
    pub fn images(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let images = [
            ("application.image", self.application.image.as_str()),
            (
                "application.host_image",
                self.application.host_image.as_str(),
            ),
        ];
        images.into_iter().filter(|(_, image)| !image.is_empty())
    }

    /// Applies the rules that need more than one value.
    pub(crate) fn check(&self, is_collection: impl Fn(&str) -> bool) -> Result<(), String> {
        let mut collections = self.collections.iter().flatten();
        if let Some(unknown) = collections.find(|name| !is_collection(name)) {
            return Err(format!(
                "there is no collection `{unknown}`: correct `collections`"
            ));
        }
        let Scaling {
            minimum_replicas,
            maximum_replicas,
            ..
        } = self.scaling;
        if maximum_replicas < minimum_replicas {
            return Err(format!(
                "there cannot be {minimum_replicas} replicas at least and {maximum_replicas} at most"
            ));
        }
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

impl Address {
    fn check(&self) -> Result<(), String> {
        let is_route = matches!(self.kind, AddressKind::Ingress | AddressKind::Gateway);
        match (self.kind, &self.gateway) {
            (AddressKind::Gateway, None) => {
                return Err(
                    "a route belongs to a Gateway: write `gateway = \"namespace/name\"`".to_owned(),
                );
            }
            (AddressKind::Gateway, Some(gateway)) if gateway.split('/').count() != 2 => {
                return Err(format!("`{gateway}` is no Gateway: write `namespace/name`"));
            }
            (AddressKind::Gateway, _) | (_, None) => {}
            (_, Some(_)) => return Err("only the kind `gateway` has a `gateway`".to_owned()),
        }
        if self.certificate.is_some() && !is_route {
            return Err("a port of a node or a load balancer has no certificate of the cluster: write the kind `ingress` or `gateway`".to_owned());
        }
        if is_route && self.host.is_none() {
            return Err("a route goes by a name: write `host`".to_owned());
        }
        Ok(())
    }
}
