//! What several commands are told.

use std::time::Duration;

use anyhow::anyhow;
use clap::Args;

use crate::confirm::confirm;
use crate::error::{Failure, Refusal};

/// Which cluster.
#[derive(Args, Debug)]
pub(crate) struct ClusterArgs {
    /// The context of the kubeconfig, instead of the environment's
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// How long to wait for the cluster: until everything runs, or for each object until it is gone
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
}

impl ClusterArgs {
    /// The same for another environment, whose context is its own.
    pub(crate) fn elsewhere(&self) -> Self {
        Self {
            context: None,
            timeout: self.timeout,
        }
    }

    /// How long to wait for the cluster.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// Whether somebody said yes before.
#[derive(Args, Debug)]
pub(crate) struct Yes {
    /// Ask nothing
    #[arg(short, long)]
    yes: bool,
}

impl Yes {
    /// Whether nothing is asked.
    pub(crate) fn is_said(&self) -> bool {
        self.yes
    }

    /// Goes on where somebody says yes, or said so before.
    pub(crate) fn ask(&self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        confirm(question, "yes", "--yes")
    }
}

/// Whether somebody said yes before to what is not easily undone.
#[derive(Args, Clone, Debug)]
pub(crate) struct YesByName {
    /// Ask nothing, unless the environment is protected
    #[arg(short, long)]
    yes: bool,
    /// Ask nothing: the name of the environment, as a protected one needs it
    #[arg(long, value_name = "NAME")]
    confirm_env: Option<String>,
}

impl YesByName {
    /// Goes on where somebody writes the name of the environment, or said yes before.
    pub(crate) fn ask(
        &self,
        question: &str,
        environment_name: &str,
        is_protected: bool,
    ) -> Result<(), Failure> {
        match &self.confirm_env {
            Some(given) if given == environment_name => Ok(()),
            Some(given) => Err(Refusal::Refused.because(anyhow!(
                "`--confirm-env {given}` is another environment than `{environment_name}`, and nothing was deleted"
            ))),
            None if self.yes && !is_protected => Ok(()),
            None if is_protected => {
                confirm(question, environment_name, &format!("--confirm-env {environment_name}"))
            }
            None => confirm(question, environment_name, "--yes"),
        }
    }
}
