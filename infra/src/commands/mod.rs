//! What the commands do.

pub(crate) mod cloud;
mod render;
mod site;

use anyhow::anyhow;
use app::Application;
use config::Config;

pub(crate) use render::render;
pub(crate) use site::site;

use crate::cli::Global;
use crate::error::{Failure, Refusal};
use crate::model::Model;

/// What the files say that the command line names.
struct Files {
    config: Config,
    application: Application,
}

impl Files {
    fn read(global: &Global) -> Result<Self, Failure> {
        let config = read_config(global)?;
        let application = Application::read(&global.application)
            .map_err(|error| Refusal::Invalid.because(error))?;
        Ok(Self {
            config,
            application,
        })
    }

    /// What is wanted of the environment that is asked for.
    fn model(&self, global: &Global, image: Option<&str>) -> Result<Model<'_>, Failure> {
        let environment = environment_name(global)?;
        Model::new(&self.config, &self.application, environment, image)
            .map_err(|error| Refusal::Invalid.because(error))
    }
}

fn read_config(global: &Global) -> Result<Config, Failure> {
    Config::read(&global.config).map_err(|error| Refusal::Invalid.because(error))
}

/// The environment that is asked for.
fn environment_name(global: &Global) -> Result<&str, Failure> {
    global.env.as_deref().ok_or_else(|| {
        Refusal::Invalid.because(anyhow!(
            "it is not said for which environment: give `--env NAME`, or set KINDRED_ENVIRONMENT"
        ))
    })
}
