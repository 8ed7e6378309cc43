//! What is wanted of an environment, checked against the application that it runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fmt, fs};

use anyhow::{Context, Result, anyhow, bail};
use app::Application;
use artifact::Image;
use config::{
    CollectionName, Config, Environment, Form, IndexPlace, SecretSource, Source, Storage,
};
use serde_json::{Value, json};

/// What the objects of one installation are called.
pub(crate) const NAME: &str = "kindred";

/// Who manages its objects and their fields. Another name would leave what was ours without an owner.
pub(crate) const MANAGER: &str = "kindred-infra";

/// Who the pods of the jobs are.
pub(crate) const JOB_SERVICE_ACCOUNT: &str = "kindred-jobs";

/// The Secret with the values that whoever applies it has.
pub(crate) const SECRET_NAME: &str = "kindred-variables";

/// The Secret that the External Secrets operator makes.
pub(crate) const EXTERNAL_SECRET_NAME: &str = "kindred-external";

/// The `Cluster` of the database. `CloudNativePG` names after it the Secret with its address.
pub(crate) const DATABASE_NAME: &str = "kindred-database";

/// The Secret that `CloudNativePG` makes for who uses a database, and the key of its address there
/// (<https://cloudnative-pg.io/docs/1.29/applications/>).
pub(crate) const DATABASE_SECRET_NAME: &str = "kindred-database-app";
const DATABASE_SECRET_KEY: &str = "uri";

/// What runtime-class-manager calls the shim.
pub(crate) const RUNTIME_CLASS: &str = "wasmtime-spin-v2";

/// Where `host`, in the same pod, serves a volume as a bucket.
///
/// Not as `files` of the functions: hosts copy those when they start, and who began with one generation would never see the next.
pub(crate) const VOLUME_ENDPOINT: &str = "http://127.0.0.1:9000";

/// The setting of an environment that names its application.
const APPLICATION_IMAGE: &str = "application.image";

/// What is wanted of an environment: everything that its objects have in common.
#[derive(Debug)]
pub struct Model<'a> {
    /// What the environment is called.
    pub environment_name: &'a str,
    /// What it says.
    pub environment: &'a Environment,
    /// Whether it does the work of which there is one: another one that stands by for it, or for which it stands by, may.
    pub is_active: bool,
    /// The namespace of its objects.
    pub namespace: String,
    /// The application's artifact.
    pub image: String,
    /// The bucket of index files.
    pub storage: &'a Storage,
    /// The collections that are served, the one first that is meant where none is named.
    pub collections: Vec<&'a str>,
    /// The application that runs.
    pub application: &'a Application,
    /// What the jobs read of the configuration.
    pub configuration: String,
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
    /// In the Secret of the database.
    Database,
}

impl<'a> Model<'a> {
    /// What `config` says, which was read from `configuration`, of the environment of this name, which runs `application`; `image` counts before what is
    /// configured.
    pub fn new(
        config: &'a Config,
        configuration: &str,
        application: &'a Application,
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
        if environment.index == IndexPlace::Volume && environment.application.form != Form::Host {
            bail!(
                "environment `{environment_name}`: functions of a shim see no volume: write `form = \"host\"`, or `index = \"s3\"` or \"sealed\""
            );
        }
        check_sources(config, environment)
            .with_context(|| format!("environment `{environment_name}`"))?;
        let storage = environment.storage.as_ref().unwrap_or(&config.storage);
        let configuration = config::for_jobs(configuration, Path::new(config::FILE_NAME))?;
        let mut model = Self {
            environment_name: name,
            environment,
            is_active: config.is_active(name),
            namespace: environment.namespace_of(name),
            image: image.to_owned(),
            storage,
            collections: served(config, environment),
            application,
            configuration,
            variables: BTreeMap::new(),
            secret_values: BTreeMap::new(),
        };
        model.variables = variables(config, environment, storage, application)
            .with_context(|| format!("environment `{environment_name}`"))?;
        Ok(model)
    }

    /// Refuses an application whose name is none; and an image without a digest where the environment is protected: what runs there changes when somebody applies it, and not when somebody moves a tag. So
    /// does what stands by, which would be another one than what it stands by for.
    pub(crate) fn check_images(&self) -> Result<()> {
        let name = self.environment_name;
        // Whether it is all of a name, who asks its registry says: that takes longer than everything that is rendered.
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/@-".contains(&byte);
        if !self.image.bytes().all(is_of_name) {
            bail!(
                "environment `{name}`: `{APPLICATION_IMAGE}`, {}, does not name an artifact in a registry",
                self.image
            );
        }
        let why = match &self.environment.standby_of {
            Some(primary) => &format!("stands by for `{primary}`"),
            None if self.environment.protected => "is protected",
            None => return Ok(()),
        };
        let database = self.environment.database.as_ref();
        let cluster = database.and_then(|database| database.cluster.as_ref());
        if cluster.is_some_and(|cluster| cluster.image.is_none()) {
            bail!(
                "the environment `{name}` {why}, and which PostgreSQL it gets is its operator's choice: write `image` under `database.cluster`, and its digest beside it with `infra pin --env {name}`"
            );
        }
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
                    "the environment `{name}` {why}, and its `{setting}`, {image}, may be another image tomorrow: write its digest beside it with `infra pin --env {name}`{or}"
                );
            }
        }
        Ok(())
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
            "app.kubernetes.io/managed-by": MANAGER,
        })
    }

    /// The labels by which the pods of a part are known.
    pub(crate) fn labels_of(&self, component: &str) -> Value {
        json!({
            "app.kubernetes.io/name": NAME,
            "app.kubernetes.io/instance": self.environment_name,
            "app.kubernetes.io/component": component,
        })
    }

    /// The labels by which the pods of the functions are known.
    pub(crate) fn pod_labels(&self) -> Value {
        self.labels_of("functions")
    }

    /// What the shim is called in the cluster.
    pub(crate) fn runtime_class(&self) -> &str {
        let settings = &self.environment.application;
        settings.runtime_class.as_deref().unwrap_or(RUNTIME_CLASS)
    }

    /// All values that are in Secrets which are said, with their names there: those of the application and those of the jobs.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&str, &SecretSource)> {
        let of_jobs = self.environment.jobs.iter().flat_map(|jobs| &jobs.secrets);
        let database = self.environment.database.iter();
        let of_database = database.filter_map(|of| Some((&of.variable, of.url.as_ref()?)));
        let of_application = self.environment.secrets.iter();
        let secrets = of_application.chain(of_jobs).chain(of_database);
        secrets.map(|(name, source)| (name.as_str(), source))
    }

    /// What is said of those values that whoever applies the environment has, where one is not there.
    pub(crate) fn own_secret_problems(
        &self,
    ) -> impl Iterator<Item = (&str, Option<anyhow::Error>)> {
        self.own_secrets()
            .map(|(variable, source)| (variable, secret_value(variable, source).err()))
    }

    /// Those of them that whoever applies the environment has.
    pub(crate) fn own_secrets(&self) -> impl Iterator<Item = (&str, &SecretSource)> {
        self.secrets().filter(|(_, source)| {
            matches!(source, SecretSource::Environment(_) | SecretSource::File(_))
        })
    }

    /// What the environment says of a variable of the application, whether the application is told or not.
    pub(crate) fn setting(&self, variable: &str) -> Option<Setting<'a>> {
        let environment = self.environment;
        let secret = environment.secrets.get(variable).map(Setting::Secret);
        let value = environment.variables.get(variable).cloned();
        secret.or_else(|| value.map(Setting::Value))
    }
}

impl Setting<'_> {
    /// A variable of a pod's environment: its value, or where that is; `key` is its name in the Secrets that are ours.
    pub(crate) fn as_variable(&self, name: &str, key: &str) -> Value {
        let (secret, key) = match self {
            Self::Value(value) => return json!({ "name": name, "value": value }),
            Self::Database => (DATABASE_SECRET_NAME, DATABASE_SECRET_KEY),
            Self::Secret(SecretSource::Secret { name, key }) => (name.as_str(), key.as_str()),
            Self::Secret(SecretSource::External { .. }) => (EXTERNAL_SECRET_NAME, key),
            Self::Secret(SecretSource::Environment(_) | SecretSource::File(_)) => {
                (SECRET_NAME, key)
            }
        };
        json!({ "name": name, "valueFrom": { "secretKeyRef": { "name": secret, "key": key } } })
    }
}

/// The names of the collections that are served: as the environment has them, or all, the file's first one before the others.
fn served<'a>(config: &'a Config, environment: &'a Environment) -> Vec<&'a str> {
    if let Some(collections) = &environment.collections {
        return collections.iter().map(String::as_str).collect();
    }
    let first = config.default_collection.as_ref();
    let others = config.collections.keys();
    let others = others.filter(|name| Some(*name) != first);
    first
        .into_iter()
        .chain(others)
        .map(CollectionName::as_str)
        .collect()
}

/// Whether the jobs of the environment, if it has some, can come by all data.
fn check_sources(config: &Config, environment: &Environment) -> Result<()> {
    let Some(jobs) = &environment.jobs else {
        return Ok(());
    };
    let is_elsewhere = |name: &&str| {
        let source = config.collections.get(*name).map(|found| &found.source);
        jobs.data.is_none() && !matches!(source, Some(Source::S3 { .. }))
    };
    if let Some(name) = served(config, environment).into_iter().find(is_elsewhere) {
        bail!(
            "the data of collection `{name}` is in a folder, which the jobs do not have: write under `jobs` the `data = \"s3://bucket/prefix\"` that is brought there, or such a `source`"
        );
    }
    if environment.index == IndexPlace::Volume && jobs.data.is_none() {
        bail!(
            "jobs that write to a volume read no bucket: write under `jobs` the `data = \"s3://bucket/prefix\"` that is brought to them"
        );
    }
    Ok(())
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

/// The value of a secret. What is said where there is none does not show what there is instead.
fn secret_value(variable: &str, source: &SecretSource) -> Result<SecretValue> {
    let (origin, value) = match source {
        SecretSource::Environment(name) => {
            let Some(value) = env::var_os(name) else {
                bail!(
                    "the secret `{variable}` comes from {name} of the environment, which has none: set it"
                );
            };
            let value = value.into_string().map_err(|_| {
                anyhow!(
                    "the secret `{variable}` comes from {name} of the environment, which is no text: set it to one in UTF-8"
                )
            })?;
            (format!("{name} of the environment"), value)
        }
        SecretSource::File(path) => {
            let value = fs::read_to_string(path).with_context(|| {
                format!(
                    "the secret `{variable}` comes from {}, which could not be read",
                    path.display()
                )
            })?;
            (path.display().to_string(), value)
        }
        // What others bring, they bring to the cluster.
        SecretSource::Secret { .. } | SecretSource::External { .. } => {
            bail!("the secret `{variable}` is in the cluster")
        }
    };
    // Files end with a line's end, which is of no secret.
    let value = value.trim_end_matches(['\r', '\n']);
    if value.is_empty() {
        bail!("the secret `{variable}` comes from {origin}, which is empty: write its value there");
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
    let collections = served(config, environment);
    let Some(first) = collections.first() else {
        bail!("there is no collection to serve: write one into the configuration");
    };
    let mut settings: BTreeMap<String, Setting<'a>> = [
        ("s3_endpoint", endpoint(environment, storage)),
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
    if let Some(database) = &environment.database {
        let variable = &database.variable;
        check_database_variable(variable, application)?;
        let setting = database
            .url
            .as_ref()
            .map_or(Setting::Database, Setting::Secret);
        if settings.insert(variable.clone(), setting).is_some() {
            bail!(
                "`{variable}` has the address of the database, as `database.variable` says: remove its other value"
            );
        }
    }
    if let Some(unknown) = settings
        .keys()
        .find(|name| !application.variables.contains_key(*name))
    {
        bail!(
            "the application has no variable `{unknown}`: known are {}",
            known_variables(application, unknown)
        );
    }
    settings.retain(|name, setting| {
        let is_of_bucket = name.starts_with("s3_");
        let is_key = matches!(setting, Setting::Secret(_)) || name == "s3_access_key_id";
        let is_read = match environment.index {
            IndexPlace::S3 => true,
            // Within a pod nobody else listens, and nothing is signed.
            IndexPlace::Volume => !is_of_bucket || !is_key,
            IndexPlace::Sealed => !is_of_bucket,
        };
        let default = application
            .variables
            .get(name)
            .and_then(|known| known.default.as_ref());
        is_read && !matches!((setting, default), (Setting::Value(value), Some(default)) if value == default)
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

/// Whether the application has a variable for what is secret in the address of a database.
fn check_database_variable(variable: &str, application: &Application) -> Result<()> {
    let Some(known) = application.variables.get(variable) else {
        bail!(
            "the application has no variable `{variable}`, which `database.variable` names: declare it in spin.toml as a secret and hand it to a component, or write one of those that are known, {}",
            known_variables(application, variable)
        );
    };
    if !known.secret {
        bail!(
            "`database.variable` names `{variable}`, which is no secret in spin.toml, and the address of a database has a password in it: write `secret = true` there"
        );
    }
    Ok(())
}

/// All variables, and which of them was probably meant by another name.
fn known_variables(application: &Application, unknown: &str) -> String {
    let known: Vec<&str> = application.variables.keys().map(String::as_str).collect();
    let all = known.join(", ");
    match config::nearest(unknown, known) {
        Some(meant) => format!("{all}; did you mean `{meant}`?"),
        None => all,
    }
}

/// Where the functions ask for the bucket.
fn endpoint(environment: &Environment, storage: &Storage) -> String {
    if environment.index == IndexPlace::Volume {
        return VOLUME_ENDPOINT.to_owned();
    }
    let endpoint = storage.endpoint.clone();
    endpoint.unwrap_or_else(|| format!("https://s3.{}.amazonaws.com", storage.region))
}
