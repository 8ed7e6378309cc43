//! `cargo xtask e2e`: the deployment tool against a real cluster.
//!
//! The cluster is the one that KUBECONFIG names, in which the tests make namespaces of their own. Without one, it is a bed: scripts beside the checkout that build and start
//! a control plane, whose pods only seem to run. Where neither is there, that is said.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{self, output_of, run, say, timed};
use crate::workspace::Workspace;

/// The folder of the bed's scripts, which is `../shared/cluster` beside the checkout unless it is set.
const BED_VARIABLE: &str = "KINDRED_CLUSTER_BED";

/// How the tests learn which cluster they may use, and that it is a bed.
const TEST_KUBECONFIG_VARIABLE: &str = "KINDRED_TEST_KUBECONFIG";
const TEST_BED_VARIABLE: &str = "KINDRED_TEST_BED";

/// The bed's mode with a whole control plane and a node on which nothing runs.
const MODE: &str = "kwok";

/// Runs the tests of `infra` that need a cluster.
pub(crate) fn e2e(workspace: &Workspace) -> Result<()> {
    if let Some(kubeconfig) = env::var_os("KUBECONFIG") {
        say(&format!(
            "testing in the cluster of {}",
            kubeconfig.display()
        ));
        return test(workspace, Path::new(&kubeconfig), None);
    }
    let bed = env::var_os(BED_VARIABLE).map(PathBuf::from);
    let bed = bed.unwrap_or_else(|| workspace.root.join("../shared/cluster"));
    if !bed.is_dir() {
        say(&format!(
            "NO CLUSTER: `infra` was NOT TESTED against one. Set KUBECONFIG, or {BED_VARIABLE}; {} is not there.",
            bed.display()
        ));
        return Ok(());
    }
    let started = timed("cluster started", || {
        output_of(Command::new("bash").arg(bed.join("up.sh")).arg(MODE))
    })?;
    let kubeconfig = started
        .lines()
        .find_map(|line| line.strip_prefix("export KUBECONFIG="));
    let kubeconfig = kubeconfig.context("the bed does not say where its kubeconfig is")?;
    let tested = test(workspace, Path::new(kubeconfig), Some(&bed));
    let stopped = run(Command::new("bash").arg(bed.join("down.sh")).arg(MODE));
    tested.and(stopped)
}

fn test(workspace: &Workspace, kubeconfig: &Path, bed: Option<&Path>) -> Result<()> {
    let mut command = process::cargo();
    command
        .current_dir(&workspace.root)
        .args([
            "test",
            "--package",
            "infra",
            "--test",
            "it",
            "--",
            "cluster::",
        ])
        .env(TEST_KUBECONFIG_VARIABLE, kubeconfig);
    if let Some(bed) = bed {
        command.env(TEST_BED_VARIABLE, bed);
    }
    timed("tests against a cluster passed", || run(&mut command))
}
