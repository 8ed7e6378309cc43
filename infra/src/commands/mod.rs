//! What the commands do.

mod render;

use std::io::Write as _;

use anyhow::anyhow;
use app::Application;
use config::Config;

pub(crate) use render::render;

use crate::cli::Global;
use crate::error::Failure;
use crate::model::Model;

/// Tells people something, beside what a program reads.
pub(crate) fn say(line: &str) {
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What the files say that the command line names.
struct Files {
    config: Config,
    application: Application,
}

impl Files {
    fn read(global: &Global) -> Result<Self, Failure> {
        let config = Config::read(&global.config).map_err(Failure::invalid)?;
        let application = Application::read(&global.application).map_err(Failure::invalid)?;
        Ok(Self {
            config,
            application,
        })
    }

    /// What is wanted of the environment that is asked for.
    fn model(&self, global: &Global, image: Option<&str>) -> Result<Model<'_>, Failure> {
        let Some(environment) = &global.env else {
            return Err(Failure::invalid(anyhow!(
                "it is not said for which environment: give `--env NAME`, or set KINDRED_ENVIRONMENT"
            )));
        };
        Model::new(&self.config, &self.application, environment, image).map_err(Failure::invalid)
    }
}
