//! What is wanted of an environment, checked against the application that it runs.

use std::collections::BTreeMap;
use std::{env, fmt, fs};

use anyhow::{Context, Result, bail};
use app::Application;
use artifact::Image;
use config::{Config, Environment, Form, SecretSource, Storage};
use serde_json::{Value, json};

/// What the objects of one installation are called.
pub(crate) const NAME: &str = "kindred";

/// The Secret with the values that whoever applies it has.
pub(crate) const SECRET_NAME: &str = "kindred-variables";

/// The Secret that the External Secrets operator makes.
pub(crate) const EXTERNAL_SECRET_NAME: &str = "kindred-external";

/// The setting of an environment that names its application.
const APPLICATION_IMAGE: &str = "application.image";

/// What is wanted of an environment: everything that its objects have in common.
#[derive(Debug)]
pub struct Model<'a> {
    /// What the environment is called.
    pub environment_name: &'a str,
    /// What it says.
    pub environment: &'a Environment,
    /// The namespace of its objects.
    pub namespace: String,
    /// The application's artifact.
    pub image: String,
    /// Where index files are.
    pub storage: &'a Storage,
    /// The values of the application's variables that differ from what `spin.toml` says.
    pub variables: BTreeMap<String, Setting<'a>>,
    /// The values of those variables whose secrets whoever applies it has; empty where they are not needed.
    pub(crate) secret_values: BTreeMap<String, SecretValue>,
}

/// A value that is shown nowhere.
#[derive(Clone)]
pub(crate) struct SecretValue(String);

impl SecretValue {
    /// The value, for the one place that it belongs to.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// Where a variable's value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting<'a> {
    /// Here.
    Value(String),
    /// In a Secret.
    Secret(&'a SecretSource),
}

impl<'a> Model<'a> {
    /// What `config` says of the environment of this name, which runs `application`; `image` counts before what is configured.
    pub fn new(
        config: &'a Config,
        application: &Application,
        environment_name: &str,
        image: Option<&str>,
    ) -> Result<Self> {
        let (name, environment) = self::environment(config, environment_name)?;
        let image = image.unwrap_or(&environment.application.image);
        if image.is_empty() {
            bail!(
                "it is not said where the application is: write `image` under `[environments.{environment_name}.application]`, or give `--image`"
            );
        }
        let settings = &environment.application;
        if settings.form == Form::Host && settings.host_image.is_empty() {
            bail!(
                "it is not said which image has `host`: write `host_image` under `[environments.{environment_name}.application]`"
            );
        }
        let storage = environment.storage.as_ref().unwrap_or(&config.storage);
        let mut model = Self {
            environment_name: name,
            environment,
            namespace: Self::namespace_of(name, environment),
            image: image.to_owned(),
            storage,
            variables: BTreeMap::new(),
            secret_values: BTreeMap::new(),
        };
        model.variables = variables(config, environment, storage, application)
            .with_context(|| format!("environment `{environment_name}`"))?;
        Ok(model)
    }

    /// Refuses an image without a digest where the environment is protected: what runs there changes when somebody applies it, and not when somebody moves a tag.
    pub(crate) fn check_digests(&self) -> Result<()> {
        if !self.environment.protected {
            return Ok(());
        }
        let name = self.environment_name;
        let configured = self.environment.images();
        let others = configured.filter(|(setting, _)| *setting != APPLICATION_IMAGE);
        for (setting, image) in [(APPLICATION_IMAGE, self.image.as_str())]
            .into_iter()
            .chain(others)
        {
            let parsed = Image::parse(image)
                .with_context(|| format!("environment `{name}`: `{setting}`"))?;
            if parsed.digest().is_none() {
                let or = if setting == APPLICATION_IMAGE {
                    ", or give `--image REFERENCE@DIGEST`"
                } else {
                    ""
                };
                bail!(
                    "the environment `{name}` is protected, and its `{setting}`, {image}, may be another image tomorrow: write its digest beside it with `infra pin --env {name}`{or}"
                );
            }
        }
        Ok(())
    }

    /// The namespace of an environment's objects.
    pub(crate) fn namespace_of(name: &str, environment: &Environment) -> String {
        let own = environment.namespace.clone();
        own.unwrap_or_else(|| format!("{NAME}-{name}"))
    }

    /// The same, with the values of the secrets that are in the environment and in files.
    pub(crate) fn with_secret_values(mut self) -> Result<Self> {
        let own = self.own_secrets();
        let values = own
            .map(|(variable, source)| Ok((variable.to_owned(), secret_value(variable, source)?)));
        self.secret_values = values.collect::<Result<_>>()?;
        Ok(self)
    }

    /// The labels of every object (<https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/>).
    pub(crate) fn labels(&self) -> Value {
        json!({
            "app.kubernetes.io/name": NAME,
            "app.kubernetes.io/instance": self.environment_name,
            "app.kubernetes.io/part-of": NAME,
            "app.kubernetes.io/managed-by": "kindred-infra",
        })
    }

    /// The labels by which the pods of the functions are known.
    pub(crate) fn pod_labels(&self) -> Value {
        json!({
            "app.kubernetes.io/name": NAME,
            "app.kubernetes.io/instance": self.environment_name,
            "app.kubernetes.io/component": "functions",
        })
    }

    /// The variables whose values are in Secrets.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&str, &SecretSource)> {
        self.variables
            .iter()
            .filter_map(|(name, setting)| match setting {
                Setting::Secret(source) => Some((name.as_str(), *source)),
                Setting::Value(_) => None,
            })
    }

    /// Those of them that whoever applies the environment has.
    pub(crate) fn own_secrets(&self) -> impl Iterator<Item = (&str, &SecretSource)> {
        self.secrets().filter(|(_, source)| {
            matches!(source, SecretSource::Environment(_) | SecretSource::File(_))
        })
    }

    /// Each variable as the environment of a pod has it: its value, or where that is.
    pub(crate) fn variables_as(&self, name_of: impl Fn(&str) -> String) -> Vec<Value> {
        let variables = self.variables.iter();
        let variables = variables.map(|(variable, setting)| {
            let name = name_of(variable);
            let (secret, key) = match setting {
                Setting::Value(value) => return json!({ "name": name, "value": value }),
                Setting::Secret(SecretSource::Secret { name, key }) => {
                    (name.as_str(), key.as_str())
                }
                Setting::Secret(SecretSource::External { .. }) => {
                    (EXTERNAL_SECRET_NAME, variable.as_str())
                }
                Setting::Secret(SecretSource::Environment(_) | SecretSource::File(_)) => {
                    (SECRET_NAME, variable.as_str())
                }
            };
            json!({ "name": name, "valueFrom": { "secretKeyRef": { "name": secret, "key": key } } })
        });
        variables.collect()
    }
}

/// The environment of this name.
pub(crate) fn environment<'a>(
    config: &'a Config,
    name: &str,
) -> Result<(&'a str, &'a Environment)> {
    if let Some((name, environment)) = config.environments.get_key_value(name) {
        return Ok((name.as_str(), environment));
    }
    let known = config
        .environments
        .keys()
        .map(config::EnvironmentName::as_str);
    let known = known.collect::<Vec<_>>().join(", ");
    if known.is_empty() {
        bail!(
            "there is no environment `{name}`: write a table `[environments.dev]` into the configuration"
        );
    }
    bail!("there is no environment `{name}`: known are {known}")
}

fn secret_value(variable: &str, source: &SecretSource) -> Result<SecretValue> {
    let value = match source {
        SecretSource::Environment(name) => env::var(name).with_context(|| {
            format!("the secret `{variable}` comes from {name} of the environment, which has none: set it")
        })?,
        SecretSource::File(path) => fs::read_to_string(path).with_context(|| {
            format!("the secret `{variable}` comes from {}, which could not be read", path.display())
        })?,
        // What others bring, they bring to the cluster.
        SecretSource::Secret { .. } | SecretSource::External { .. } => String::new(),
    };
    // Files end with a line's end, which is of no secret.
    let value = value.trim_end_matches(['\r', '\n']);
    if value.is_empty() {
        bail!("the secret `{variable}` is empty where it comes from: {source:?}");
    }
    Ok(SecretValue(value.to_owned()))
}

/// The values that differ from the application's own, each of which it knows.
fn variables<'a>(
    config: &'a Config,
    environment: &'a Environment,
    storage: &Storage,
    application: &Application,
) -> Result<BTreeMap<String, Setting<'a>>> {
    let collections: Vec<&str> = match &environment.collections {
        Some(collections) => collections.iter().map(String::as_str).collect(),
        None => config
            .collections
            .keys()
            .map(config::CollectionName::as_str)
            .collect(),
    };
    let Some(first) = collections.first() else {
        bail!("there is no collection to serve: write one into the configuration");
    };
    let endpoint = storage.endpoint.clone();
    let endpoint =
        endpoint.unwrap_or_else(|| format!("https://s3.{}.amazonaws.com", storage.region));
    let mut settings: BTreeMap<String, Setting<'a>> = [
        ("s3_endpoint", endpoint),
        ("s3_bucket", storage.bucket.clone()),
        ("s3_region", storage.region.clone()),
        ("s3_prefix", storage.prefix.clone()),
        ("collections", collections.join(",")),
        ("default_collection", (*first).to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), Setting::Value(value)))
    .collect();
    for (name, value) in &environment.variables {
        if application
            .variables
            .get(name)
            .is_some_and(|known| known.secret)
        {
            bail!(
                "`variables.{name}` is a secret, whose value stands in no file that is committed: say under `secrets` where it comes from"
            );
        }
        settings.insert(name.clone(), Setting::Value(value.clone()));
    }
    for (name, source) in &environment.secrets {
        settings.insert(name.clone(), Setting::Secret(source));
    }
    if let Some(unknown) = settings
        .keys()
        .find(|name| !application.variables.contains_key(*name))
    {
        let known: Vec<&str> = application.variables.keys().map(String::as_str).collect();
        bail!(
            "the application has no variable `{unknown}`: known are {}",
            known.join(", ")
        );
    }
    settings.retain(|name, setting| {
        let default = application
            .variables
            .get(name)
            .and_then(|known| known.default.as_ref());
        !matches!((setting, default), (Setting::Value(value), Some(default)) if value == default)
    });
    let is_missing = |name: &&String| {
        let needs_value = application
            .variables
            .get(*name)
            .is_some_and(|known| known.default.is_none());
        needs_value && !settings.contains_key(*name)
    };
    if let Some(missing) = application.variables.keys().find(is_missing) {
        bail!(
            "the application needs a value for `{missing}`: write it under `variables` or `secrets`"
        );
    }
    Ok(settings)
}
