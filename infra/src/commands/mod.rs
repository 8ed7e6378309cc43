//! What the commands do.

mod render;

use std::fs;

use anyhow::{Context, anyhow};
use app::Application;
use config::Config;

pub(crate) use render::render;

use crate::cli::Global;
use crate::error::{Failure, Refusal};
use crate::model::Model;

/// What the files say that the command line names.
struct Files {
    config: Config,
    /// What it was read from.
    configuration: String,
    application: Application,
}

impl Files {
    fn read(global: &Global) -> Result<Self, Failure> {
        let path = &global.config;
        let configuration = fs::read_to_string(path)
            .with_context(|| format!("could not read {}", path.display()))
            .map_err(|error| Refusal::Invalid.because(error))?;
        let config =
            Config::parse(&configuration, path).map_err(|error| Refusal::Invalid.because(error))?;
        let application = Application::read(&global.application)
            .map_err(|error| Refusal::Invalid.because(error))?;
        Ok(Self {
            config,
            configuration,
            application,
        })
    }

    /// What is wanted of the environment that is asked for.
    fn model(&self, global: &Global, image: Option<&str>) -> Result<Model<'_>, Failure> {
        let Some(environment) = &global.env else {
            return Err(Refusal::Invalid.because(anyhow!(
                "it is not said for which environment: give `--env NAME`, or set KINDRED_ENVIRONMENT"
            )));
        };
        let Self {
            config,
            configuration,
            application,
        } = self;
        Model::new(config, configuration, application, environment, image)
            .map_err(|error| Refusal::Invalid.because(error))
    }
}
