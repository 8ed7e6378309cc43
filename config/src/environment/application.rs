//! What runs the functions.

use serde::Deserialize;

use crate::checks;

/// What runs the functions: `[environments.NAME.application]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct ApplicationSettings {
    /// As which objects it runs. Default: `spin-app`.
    pub form: Form,
    /// The application's artifact in a registry, such as `ghcr.io/example/kindred`; with a digest, or one is given when it is applied.
    pub image: String,
    /// The image of `host`, where that is the form; for the form `spin-app`, what the Spin operator runs instead of the shim.
    pub host_image: String,
    /// Whether each function runs, and scales, by itself. Default: false.
    pub per_function: bool,
    /// Whether `host` asks the application's registry over plain HTTP, as one within a cluster may want it. Default: false.
    pub insecure_registry: bool,
    /// The names of Secrets in the namespace by which images are pulled.
    #[serde(deserialize_with = "checks::object_names")]
    pub image_pull_secrets: Vec<String>,
    /// The `RuntimeClass` of the shim. Not given: `wasmtime-spin-v2`, as runtime-class-manager names it.
    #[serde(deserialize_with = "checks::dns_label")]
    pub runtime_class: Option<String>,
    /// What a replica is sure to have of processors, as Kubernetes writes it. Default: `100m`.
    #[serde(deserialize_with = "checks::quantity")]
    pub cpu_request: String,
    /// What a replica is sure to have of memory: above what is used without requests, which is what replicas are added by. Default: `256Mi`.
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
            per_function: false,
            insecure_registry: false,
            image_pull_secrets: Vec::new(),
            runtime_class: None,
            cpu_request: "100m".to_owned(),
            memory_request: "256Mi".to_owned(),
            memory_limit: "512Mi".to_owned(),
        }
    }
}

impl ApplicationSettings {
    /// Applies the rules that need more than one value.
    pub(super) fn check(&self) -> Result<(), String> {
        checks::memory("application", &self.memory_request, &self.memory_limit)?;
        let has_host_image = !self.host_image.is_empty();
        match self.form {
            Form::SpinApp if has_host_image && self.runtime_class.is_some() => Err(
                "the Spin operator runs the shim or `host`: write `runtime_class` or `host_image`"
                    .to_owned(),
            ),
            Form::Deployment if has_host_image => Err(
                "the form `deployment` runs the shim: remove `host_image`, or write the form `host`"
                    .to_owned(),
            ),
            Form::SpinApp | Form::Deployment if self.insecure_registry => Err(
                "only the form `host` is told how to ask the registry: remove `insecure_registry`"
                    .to_owned(),
            ),
            Form::Host if !has_host_image => Err(
                "it is not said which image has `host`: write `host_image` under `application`"
                    .to_owned(),
            ),
            Form::Host if self.runtime_class.is_some() => Err(
                "the form `host` needs no shim: remove `runtime_class`".to_owned(),
            ),
            _ => Ok(()),
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
