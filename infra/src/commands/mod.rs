//! What the commands do.

mod push;
mod render;

use anyhow::anyhow;
use app::Application;
use config::Config;

pub(crate) use push::push;
pub(crate) use render::render;

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
        let config =
            Config::read(&global.config).map_err(|error| Refusal::Invalid.because(error))?;
        let application = Application::read(&global.application)
            .map_err(|error| Refusal::Invalid.because(error))?;
        Ok(Self {
            config,
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
        Model::new(&self.config, &self.application, environment, image)
            .map_err(|error| Refusal::Invalid.because(error))
    }
}
