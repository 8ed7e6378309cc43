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
