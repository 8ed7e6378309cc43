//! What runs and scales by itself: all functions together, or each function.

use std::collections::BTreeMap;

use app::Route;
use config::Form;
use serde_json::{Value, json};

use super::pod;
use crate::model::{Model, NAME};

/// What a pod's port is called in every form, as the Spin operator calls it.
pub(super) const HTTP_PORT_NAME: &str = "http-app";

/// What the pods of a `SpinApp` listen on; it cannot be another.
pub(super) const SPIN_APP_PORT: u16 = 80;

/// What those of a Deployment of ours listen on: a port that needs no right.
pub(super) const DEPLOYMENT_PORT: u16 = 8080;

/// How long a pod may take to start. A shim that compiles functions, or a `host` that pulls them, takes a while.
pub(super) const STARTUP_SECONDS: u32 = 120;

/// The label by which the pods of one function are told from those of the others.
const FUNCTION_LABEL: &str = "function";

/// The route that goes the whole way to the index.
const READY_PATH: &str = "/readyz";

/// The route that says that functions run.
const LIVE_PATH: &str = "/healthz";

/// What a host of Spin applications answers itself, where no function answers these.
const HOST_PATH: &str = "/.well-known/spin/health";

/// Some functions with replicas, a Service and a scale of their own.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// What its objects are called, the Service among them.
    pub(super) name: String,
    /// The one component that it runs. None: all of them.
    pub(super) component: Option<&'a str>,
    model: &'a Model<'a>,
}

/// All parts of the application.
pub(super) fn parts<'a>(model: &'a Model<'a>) -> Vec<Part<'a>> {
    if !model.environment.application.per_function {
        return vec![Part {
            name: NAME.to_owned(),
            component: None,
            model,
        }];
    }
    let components = model.application.components.keys();
    components
        .map(|component| Part {
            name: format!("{NAME}-{component}"),
            component: Some(component),
            model,
        })
        .collect()
}

impl<'a> Part<'a> {
    /// What its Deployment is called: that of a `SpinApp` is the operator's, which could not become ours where the form changes.
    pub(super) fn deployment_name(&self) -> String {
        match self.model.environment.application.form {
            Form::SpinApp => format!("{}-app", self.name),
            Form::Deployment | Form::Host => self.name.clone(),
        }
    }

    /// The labels by which its pods are known.
    pub(super) fn pod_labels(&self) -> Value {
        let mut labels = self.model.pod_labels();
        if let Some(component) = self.component {
            labels[FUNCTION_LABEL] = json!(component);
        }
        labels
    }

    /// Which requests it answers, as the manifest has them.
    pub(super) fn routes(&self) -> impl Iterator<Item = &'a str> {
        let component = self.component;
        let triggers = self.model.application.triggers.iter();
        triggers.filter_map(move |trigger| match &trigger.route {
            Route::Path(path) if component.is_none_or(|id| id == trigger.component) => {
                Some(path.as_str())
            }
            _ => None,
        })
    }

    /// Where it says whether it can answer.
    pub(super) fn ready_path(&self) -> String {
        self.own_path(READY_PATH)
    }

    /// Where it says that it runs.
    pub(super) fn live_path(&self) -> String {
        self.own_path(LIVE_PATH)
    }

    /// A path of the functions themselves, or behind it that of the one that runs alone, if the manifest leads there.
    fn own_path(&self, path: &str) -> String {
        let alone = format!("{path}/{}", self.component.unwrap_or_default());
        [path, &alone]
            .into_iter()
            .find(|path| self.routes().any(|route| route == *path))
            .unwrap_or(HOST_PATH)
            .to_owned()
    }
}

/// Whether pods pull the application themselves, since they run `host`.
pub(super) fn pull_themselves(model: &Model<'_>) -> bool {
    !model.environment.application.host_image.is_empty()
}

/// What the application is told, under the names that its host has for it.
pub(super) fn variables(model: &Model<'_>, name_of: impl Fn(&str) -> String) -> Vec<Value> {
    let variables = model.variables.iter();
    variables
        .map(|(variable, setting)| setting.as_variable(&name_of(variable), variable))
        .collect()
}

/// What a replica may use.
pub(super) fn resources(model: &Model<'_>) -> Value {
    let settings = &model.environment.application;
    pod::resources(
        &settings.cpu_request,
        &settings.memory_request,
        &settings.memory_limit,
    )
}

/// What whoever collects logs is told by the pods.
pub(super) fn annotations<'a>(model: &Model<'a>) -> Option<&'a BTreeMap<String, String>> {
    let annotations = &model.environment.observability.pod_annotations;
    (!annotations.is_empty()).then_some(annotations)
}
