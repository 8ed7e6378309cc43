//! `cargo xtask e2e`: the deployment tool against real clusters.
//!
//! Both are told to the cluster that KUBECONFIG names, in which the tests make namespaces of their own. Without one, it is a *bed*: scripts beside the checkout that build and start a
//! control plane, whose pods only seem to run, for the engine, and one with a real node for the story. Where there is neither, that is said. Behind the engine, everything that is
//! rendered is held against what the same server and the definitions of `custom_resources.rs` say.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::custom_resources;
use crate::functions;
use crate::functions::toolchain::ToolchainChoice;
use crate::process::{self, output_of, run, say, timed};
use crate::tools;
use crate::workspace::Workspace;

/// The folder of the bed's scripts, which is `../shared/cluster` beside the checkout unless it is set.
const BED_VARIABLE: &str = "KINDRED_CLUSTER_BED";

/// What the programs of images are built for.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The address of this machine, as the pods of the bed have it.
const ADDRESS_FOR_PODS: &str = "10.99.0.1";

/// What a cluster that is no bed is told of what stands beside it.
const NEEDED: [&str; 2] = ["KINDRED_TEST_IMAGES", "KINDRED_TEST_ADDRESS"];

/// What is tested.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Part {
    /// The engine, against an API server
    Engine,
    /// The whole way, on a node
    Story,
}

/// Tests a part, or both.
pub(crate) fn e2e(
    workspace: &Workspace,
    choice: ToolchainChoice,
    part: Option<Part>,
) -> Result<()> {
    if part != Some(Part::Story) {
        engine(workspace)?;
    }
    if part != Some(Part::Engine) {
        story(workspace, choice)?;
    }
    Ok(())
}

/// Tests the engine, and what it applies.
pub(crate) fn engine(workspace: &Workspace) -> Result<()> {
    match Cluster::find(workspace, "engine") {
        None => Ok(()),
        Some(Cluster::Named(kubeconfig)) => engine_in(workspace, &kubeconfig, None),
        Some(Cluster::Bed(bed)) => bed.with("kwok", |kubeconfig| {
            engine_in(workspace, kubeconfig, Some(&bed))
        }),
    }
}

/// Tests the engine in a cluster, and only then what is rendered: the kinds that this needs are not there for the engine.
fn engine_in(workspace: &Workspace, kubeconfig: &Path, bed: Option<&Bed>) -> Result<()> {
    let kubeconfig = ("KINDRED_TEST_KUBECONFIG", kubeconfig.to_owned());
    let mut variables = vec![kubeconfig.clone()];
    variables.extend(bed.map(|bed| ("KINDRED_TEST_BED", bed.folder.clone())));
    test(workspace, "cluster::", &variables)?;
    let Some(definitions) = custom_resources::folder()? else {
        say("NOT TESTED: whether what is rendered is what its operators defined");
        return Ok(());
    };
    let definitions = ("KINDRED_TEST_CRDS", definitions);
    test(workspace, "schemas::", &[kubeconfig, definitions])
}

/// Tells the story.
pub(crate) fn story(workspace: &Workspace, choice: ToolchainChoice) -> Result<()> {
    let Some(cluster) = Cluster::find(workspace, "story") else {
        return Ok(());
    };
    let is_named = matches!(cluster, Cluster::Named(_));
    if is_named && NEEDED.iter().any(|name| env::var_os(name).is_none()) {
        say(&format!(
            "NOT TESTED: beside KUBECONFIG, the story needs {}: CONTRIBUTING.md says what they are.",
            NEEDED.join(" and ")
        ));
        return Ok(());
    }
    let Some(registry) = tools::REGISTRY.program()? else {
        return Ok(());
    };
    functions::build(workspace, choice)?;
    let programs = static_programs(workspace)?;
    let data = demo_data(workspace)?;
    let tell = |kubeconfig: &Path, more: &[(&str, PathBuf)]| {
        let variables = [
            ("KINDRED_TEST_NODE_KUBECONFIG", kubeconfig.to_owned()),
            ("KINDRED_TEST_PROGRAMS", programs.clone()),
            ("KINDRED_TEST_DATA", data.clone()),
            ("KINDRED_REGISTRY", registry.clone()),
        ];
        test(workspace, "story::", &[&variables, more].concat())
    };
    match cluster {
        Cluster::Named(kubeconfig) => tell(&kubeconfig, &[]),
        Cluster::Bed(bed) => bed.with("node", |kubeconfig| {
            let more = [
                ("KINDRED_TEST_IMAGES", "localhost:5000".into()),
                ("KINDRED_TEST_ADDRESS", ADDRESS_FOR_PODS.into()),
                ("KINDRED_TEST_ENTER", enter(kubeconfig)?.into()),
            ];
            tell(kubeconfig, &more)
        }),
    }
}

/// What is written before a command that runs where the node of a bed does.
fn enter(kubeconfig: &Path) -> Result<String> {
    let home = kubeconfig
        .parent()
        .context("the kubeconfig lies in no folder")?;
    let holder = fs::read_to_string(home.join("run/node/pid/holder"));
    let holder = holder.context("the bed does not say how its node is entered")?;
    Ok(format!("nsenter -t {} -n -m -p --wd=/", holder.trim()))
}

/// Where is tested.
enum Cluster {
    /// In that of a kubeconfig.
    Named(PathBuf),
    Bed(Bed),
}

impl Cluster {
    /// The cluster; where there is none, it is said what is not tested.
    fn find(workspace: &Workspace, what: &str) -> Option<Self> {
        if let Some(kubeconfig) = env::var_os("KUBECONFIG") {
            say(&format!(
                "testing in the cluster of {}",
                kubeconfig.display()
            ));
            return Some(Self::Named(kubeconfig.into()));
        }
        let folder = env::var_os(BED_VARIABLE).map(PathBuf::from);
        let folder = folder.unwrap_or_else(|| workspace.root.join("../shared/cluster"));
        if folder.is_dir() {
            return Some(Self::Bed(Bed { folder }));
        }
        say(&format!(
            "NO CLUSTER: the {what} of `infra` was NOT TESTED. Set KUBECONFIG, or {BED_VARIABLE}; {} is not there.",
            folder.display()
        ));
        None
    }
}

/// Scripts that start a cluster on this machine.
struct Bed {
    folder: PathBuf,
}

impl Bed {
    /// Does something while a cluster runs.
    fn with(&self, mode: &str, work: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let started = timed("cluster started", || {
            let mut up = Command::new("bash");
            // The older containerd cannot unpack artifacts of Spin.
            output_of(
                up.arg(self.folder.join("up.sh"))
                    .arg(mode)
                    .env("CONTAINERD2", "1"),
            )
        })?;
        let kubeconfig = started
            .lines()
            .find_map(|line| line.strip_prefix("export KUBECONFIG="));
        let kubeconfig = kubeconfig.context("the bed does not say where its kubeconfig is")?;
        let worked = work(Path::new(kubeconfig));
        let stopped = run(Command::new("bash")
            .arg(self.folder.join("down.sh"))
            .arg(mode));
        worked.and(stopped)
    }
}

/// Builds `host` and `precompute` so that they need no other file, and says where they are.
fn static_programs(workspace: &Workspace) -> Result<PathBuf> {
    let variable = format!(
        "CARGO_TARGET_{}_RUSTFLAGS",
        TARGET.to_uppercase().replace('-', "_")
    );
    timed("static programs built", || {
        run(process::cargo()
            .current_dir(&workspace.root)
            .args([
                "build",
                "--package",
                "host",
                "--package",
                "precompute",
                "--target",
                TARGET,
            ])
            .env(variable, "-C target-feature=+crt-static"))
    })?;
    Ok(workspace.target_directory.join(TARGET).join("debug"))
}

/// Writes the demo's collection, and says where.
fn demo_data(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target_directory.join("demo-collection");
    run(process::cargo()
        .current_dir(&workspace.root)
        .args(["run", "--quiet", "--package", "demo", "--", "write"])
        .arg(&folder))?;
    Ok(folder)
}

fn test(workspace: &Workspace, filter: &str, variables: &[(&str, PathBuf)]) -> Result<()> {
    let mut command = process::cargo();
    command
        .current_dir(&workspace.root)
        .args(["test", "--package", "infra", "--test", "it", "--", filter])
        .envs(variables.iter().map(|(name, value)| (name, value)));
    if filter == "story::" {
        // Two of them would load the machine twice, which is a part of what they measure.
        command.arg("--test-threads=1");
    }
    timed("tests against a cluster passed", || run(&mut command))
}
