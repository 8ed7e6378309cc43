//! `cargo xtask functions`: builds what runs as WebAssembly.
//!
//! A function is a package under `functions/` whose crate type is `cdylib`; a new one is found by that, not by a list here. The results are
//! copied to `target/functions` of the checkout, wherever cargo's own target folder is, since `spin.toml` names them there.

pub(crate) mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{run, say, timed};
use crate::workspace::{Package, Workspace};
use toolchain::{Toolchain, ToolchainChoice};

/// The target of every function: WASI preview 1, which Spin lifts to a component itself.
pub(crate) const TARGET: &str = "wasm32-wasip1";

/// The profile of the root manifest for them: small first.
const PROFILE: &str = "function";

/// The largest component that may leave this build. A function is fetched, compiled and started often, so its size is a promise; the aim is
/// 400 kB, and one mebibyte means that something large was pulled in by mistake.
const MAXIMUM_COMPONENT_SIZE_BYTES: u64 = 1 << 20;

/// The guest of the host's own tests; it is a workspace of its own and comes out as `host-guest.wasm`.
const HOST_GUEST_MANIFEST: &str = "host/tests/guest/Cargo.toml";

/// Builds every function and checks their sizes.
pub(crate) fn build(workspace: &Workspace, choice: ToolchainChoice) -> Result<()> {
    let functions: Vec<&Package> = workspace
        .packages
        .iter()
        .filter(|package| is_function(package))
        .collect();
    if functions.is_empty() {
        say(
            "no function to build: no package under functions/ has `crate-type = [\"cdylib\", \"rlib\"]` in its [lib] table",
        );
        return Ok(());
    }
    let toolchain = Toolchain::find(workspace, choice)?;
    timed("functions built", || {
        build_functions(workspace, &toolchain, &functions, &destination(workspace)?)
    })
}

/// Builds every function, and what the tests of the host run.
pub(crate) fn build_with_test_guest(workspace: &Workspace, choice: ToolchainChoice) -> Result<()> {
    build(workspace, choice)?;
    let manifest = workspace.root.join(HOST_GUEST_MANIFEST);
    if !manifest.exists() {
        return Ok(());
    }
    let toolchain = Toolchain::find(workspace, choice)?;
    timed("test guest built", || {
        build_host_guest(workspace, &toolchain, &manifest, &destination(workspace)?)
    })
}

fn destination(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.root.join("target/functions");
    fs::create_dir_all(&folder)
        .with_context(|| format!("could not create {}", folder.display()))?;
    Ok(folder)
}

fn is_function(package: &Package) -> bool {
    package.folder.starts_with("functions/") && package.is_cdylib()
}

fn build_functions(
    workspace: &Workspace,
    toolchain: &Toolchain,
    functions: &[&Package],
    destination: &Path,
) -> Result<()> {
    let target_directory = toolchain.target_directory(&workspace.target_directory);
    let mut command = build_command(workspace, toolchain, &target_directory);
    for package in functions {
        command.args(["--package", &package.name]);
    }
    run(&mut command)?;

    let mut too_large = Vec::new();
    for package in functions {
        let component = copy(
            &target_directory,
            &package.name,
            &destination.join(format!("{}.wasm", package.name)),
        )?;
        let size_bytes = fs::metadata(&component)
            .with_context(|| format!("could not read {}", component.display()))?
            .len();
        say(&format!("  {:<12} {:>9} bytes", package.name, size_bytes));
        if MAXIMUM_COMPONENT_SIZE_BYTES < size_bytes {
            too_large.push(format!("{} has {size_bytes} bytes", package.name));
        }
    }
    if !too_large.is_empty() {
        bail!(
            "{}; a function may have {MAXIMUM_COMPONENT_SIZE_BYTES} bytes at most. `cargo tree --target {TARGET} -p <name> -e normal` shows what it carries",
            too_large.join(", ")
        );
    }
    Ok(())
}

/// The guest has a lock file of its own, but the same profile and target folder: what it shares with the functions is compiled once.
fn build_host_guest(
    workspace: &Workspace,
    toolchain: &Toolchain,
    manifest: &Path,
    destination: &Path,
) -> Result<()> {
    let guest = Workspace::of_manifest(manifest)?;
    let Some(package) = guest.packages.iter().find(|package| package.is_cdylib()) else {
        bail!(
            "{HOST_GUEST_MANIFEST} has no cdylib: give its [lib] table `crate-type = [\"cdylib\"]`"
        );
    };
    let target_directory = toolchain.target_directory(&workspace.target_directory);
    // The working folder decides which rust-toolchain.toml counts, hence the root and not the folder of the guest.
    let mut command = build_command(workspace, toolchain, &target_directory);
    run(command.arg("--manifest-path").arg(manifest))?;
    copy(
        &target_directory,
        &package.name,
        &destination.join("host-guest.wasm"),
    )?;
    Ok(())
}

fn build_command(workspace: &Workspace, toolchain: &Toolchain, target_directory: &Path) -> Command {
    let mut command = toolchain.cargo();
    command.current_dir(&workspace.root).args([
        "build",
        "--profile",
        PROFILE,
        "--target",
        TARGET,
        "--lib",
    ]);
    command.arg("--target-dir").arg(target_directory);
    command
}

/// Copies a built module to its place, unless it is there already: an unchanged file keeps its time, and what is derived from it stays valid.
fn copy(target_directory: &Path, package_name: &str, destination: &Path) -> Result<PathBuf> {
    let file_name = format!("{}.wasm", package_name.replace('-', "_"));
    let built = target_directory.join(TARGET).join(PROFILE).join(file_name);
    let bytes =
        fs::read(&built).with_context(|| format!("the build did not leave {}", built.display()))?;
    if fs::read(destination).ok().as_deref() != Some(bytes.as_slice()) {
        fs::write(destination, &bytes)
            .with_context(|| format!("could not write {}", destination.display()))?;
    }
    Ok(destination.to_owned())
}
