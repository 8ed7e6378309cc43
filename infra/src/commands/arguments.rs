//! What several commands are told.

use anyhow::anyhow;
use clap::Args;

use crate::cli::Global;
use crate::confirm::confirm;
use crate::error::{Failure, Refusal};

/// Whether somebody named the environment before, of which something is not easily undone.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConfirmEnv {
    /// Ask nothing: the name of the environment, as a protected one needs it
    #[arg(long, value_name = "NAME")]
    confirm_env: Option<String>,
}

impl ConfirmEnv {
    /// Goes on where somebody writes the name of the environment, or said yes before.
    pub(crate) fn ask(
        &self,
        global: &Global,
        question: &str,
        environment_name: &str,
        is_protected: bool,
    ) -> Result<(), Failure> {
        match &self.confirm_env {
            Some(given) if given == environment_name => Ok(()),
            Some(given) => Err(Refusal::Refused.because(anyhow!(
                "`--confirm-env {given}` is another environment than `{environment_name}`, and nothing was deleted"
            ))),
            None if global.yes && !is_protected => Ok(()),
            None if is_protected => {
                confirm(question, environment_name, &format!("--confirm-env {environment_name}"))
            }
            None => confirm(question, environment_name, "--yes"),
        }
    }
}
