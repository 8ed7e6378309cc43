//! What the commands do.

mod apply;
mod arguments;
mod cloud;
mod destroy;
mod doctor;
mod image;
mod pin;
mod plan;
mod probe;
mod promote;
mod push;
mod render;
mod session;
mod site;
mod state;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use app::Application;
use config::{Config, Environment, EnvironmentName, nearest};
use tempfile::NamedTempFile;

pub(crate) use self::apply::{ApplyArgs, RollbackArgs, apply, rollback, wait};
pub(crate) use self::cloud::{CloudCommand, cloud};
pub(crate) use self::destroy::{DestroyArgs, destroy};
pub(crate) use self::doctor::{DoctorArgs, doctor};
pub(crate) use self::image::{ImageArgs, image};
pub(crate) use self::pin::{PinArgs, pin};
pub(crate) use self::plan::{DiffArgs, PlanArgs, drift, plan};
pub(crate) use self::probe::{ProbeArgs, probe};
pub(crate) use self::promote::{PromoteArgs, promote};
pub(crate) use self::push::{PushArgs, push};
pub(crate) use self::render::{RenderArgs, render};
pub(crate) use self::site::{SiteArgs, site};
pub(crate) use self::state::{ExplainArgs, explain, history, outputs, status, unlock};
use crate::cli::Global;
use crate::error::{Failure, Refusal};
use crate::model::{self, Model};

/// What the files say that the command line names.
struct Files {
    config: Config,
    /// What it was read from.
    configuration: String,
    application: Application,
}

impl Files {
    fn read(global: &Global) -> Result<Self, Failure> {
        let (config, configuration) = read_config(global)?;
        let application = read_application(global)?;
        Ok(Self {
            config,
            configuration,
            application,
        })
    }

    /// The environment that is asked for.
    fn environment<'a>(
        &'a self,
        global: &'a Global,
    ) -> Result<(&'a str, &'a Environment), Failure> {
        environment(&self.config, environment_name(global)?)
    }

    /// What is wanted of the environment that is asked for.
    fn model(&self, global: &Global, image: Option<&str>) -> Result<Model<'_>, Failure> {
        self.model_of(environment_name(global)?, image)
    }

    fn model_of(&self, name: &str, image: Option<&str>) -> Result<Model<'_>, Failure> {
        let Self {
            config,
            configuration,
            application,
        } = self;
        environment(config, name)?;
        let model = Model::new(config, configuration, application, name, image);
        model.map_err(|error| Refusal::Invalid.because(error))
    }

    /// The same, to be put somewhere: a protected environment takes only what is named by its digest.
    fn model_to_release(&self, global: &Global, image: Option<&str>) -> Result<Model<'_>, Failure> {
        self.model_of_release(environment_name(global)?, image)
    }

    /// The same of every environment.
    fn models_to_release(&self) -> Result<Vec<Model<'_>>, Failure> {
        let names = self.config.environments.keys();
        if names.len() == 0 {
            return Err(Refusal::Invalid
                .because(anyhow!("there is no environment"))
                .hint("write a table `[environments.dev]` into the configuration"));
        }
        names
            .map(|name| self.model_of_release(name.as_str(), None))
            .collect()
    }

    fn model_of_release(&self, name: &str, image: Option<&str>) -> Result<Model<'_>, Failure> {
        let model = self.model_of(name, image)?;
        let checked = model.check_images();
        checked.map_err(|error| Refusal::Invalid.because(error))?;
        Ok(model)
    }
}

/// The application's manifest.
fn read_application(global: &Global) -> Result<Application, Failure> {
    Application::read(&global.application).map_err(|error| {
        let is_unreadable = matches!(error, app::Error::Read { .. });
        let invalid = Refusal::Invalid.because(error);
        if is_unreadable {
            invalid.hint("name another one by `--application FILE`")
        } else {
            invalid
        }
    })
}

/// The configuration, with what the command line says of the environment that is asked for; and the text that it was read from.
fn read_config(global: &Global) -> Result<(Config, String), Failure> {
    let path = &global.config;
    let text = fs::read_to_string(path)
        .with_context(|| format!("could not read {}", path.display()))
        .map_err(|error| {
            let invalid = Refusal::Invalid.because(error);
            invalid.hint("write it, or name another one by `--config FILE`")
        })?;
    let mut config = Config::parse(&text, path).map_err(|error| Refusal::Invalid.because(error))?;
    let asked = global.env.as_deref();
    let asked = asked.and_then(|name| config.environments.get_mut(name));
    if let (Some(environment), Some(namespace)) = (asked, &global.namespace) {
        environment.namespace = Some(namespace.clone());
    }
    Ok((config, text))
}

/// Writes the configuration in one go.
fn write_config(path: &Path, edit: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let context = || format!("could not write {}", path.display());
    // What a link leads to is written, and not the link.
    let target = path.canonicalize().with_context(context)?;
    let text = edit(&fs::read_to_string(&target).with_context(context)?)?;
    let replace = || -> std::io::Result<()> {
        let folder = target.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        fs::set_permissions(file.path(), fs::metadata(&target)?.permissions())?;
        file.persist(&target)?;
        Ok(())
    };
    replace().with_context(context)
}

/// The environment of this name.
fn environment<'a>(config: &'a Config, name: &str) -> Result<(&'a str, &'a Environment), Failure> {
    let known = config.environments.keys().map(EnvironmentName::as_str);
    model::environment(config, name).map_err(|error| invalid(error, nearest(name, known)))
}

/// Makes no sense, perhaps since a name was meant that is like the one that was written.
fn invalid(error: anyhow::Error, meant: Option<&str>) -> Failure {
    let invalid = Refusal::Invalid.because(error);
    match meant {
        Some(meant) => invalid.hint(format!("did you mean `{meant}`?")),
        None => invalid,
    }
}

/// The environment that is asked for.
fn environment_name(global: &Global) -> Result<&str, Failure> {
    global.env.as_deref().ok_or_else(|| {
        Refusal::Invalid
            .because(anyhow!("it is not said for which environment"))
            .hint("give `--env NAME`, or set KINDRED_ENVIRONMENT")
    })
}
