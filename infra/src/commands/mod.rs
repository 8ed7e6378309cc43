//! What the commands do.

mod apply;
mod destroy;
mod pin;
mod push;
mod render;
mod session;
mod state;

use anyhow::anyhow;
use app::Application;
use config::{Config, Environment};

pub(crate) use apply::{apply, plan, rollback, wait};
pub(crate) use destroy::destroy;
pub(crate) use pin::pin;
pub(crate) use push::push;
pub(crate) use render::render;
pub(crate) use state::{explain, history, outputs, status, unlock};

use crate::cli::Global;
use crate::error::{Failure, Refusal};
use crate::model::{self, Model};

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

    /// The environment that is asked for.
    fn environment<'a>(
        &'a self,
        global: &'a Global,
    ) -> Result<(&'a str, &'a Environment), Failure> {
        let name = environment_name(global)?;
        let environment = model::environment(&self.config, name);
        environment.map_err(|error| Refusal::Invalid.because(error))
    }

    /// What is wanted of the environment that is asked for.
    fn model(&self, global: &Global, image: Option<&str>) -> Result<Model<'_>, Failure> {
        let name = environment_name(global)?;
        let model = Model::new(&self.config, &self.application, name, image);
        model.map_err(|error| Refusal::Invalid.because(error))
    }

    /// The same, to be put somewhere: a protected environment takes only what is named by its digest.
    fn model_to_release(&self, global: &Global, image: Option<&str>) -> Result<Model<'_>, Failure> {
        let model = self.model(global, image)?;
        let checked = model.check_digests();
        checked.map_err(|error| Refusal::Invalid.because(error))?;
        Ok(model)
    }
}

fn environment_name(global: &Global) -> Result<&str, Failure> {
    global.env.as_deref().ok_or_else(|| {
        Refusal::Invalid.because(anyhow!(
            "it is not said for which environment: give `--env NAME`, or set KINDRED_ENVIRONMENT"
        ))
    })
}
