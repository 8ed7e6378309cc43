//! `cargo xtask functions`: builds what runs as WebAssembly.
//!
//! A function is a package under `functions/` whose crate type is `cdylib`; a new one is found by that, not by a list here. What the compiler leaves is
//! trimmed by the program of `functions/trim` and comes to lie in `target/functions` of the checkout, wherever cargo's own target folder is, since
//! `spin.toml` names it there. That program is not a part of this one, which everything waits for.

pub(crate) mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{self, run, say, timed};
use crate::workspace::{Package, Workspace};
use toolchain::{Toolchain, ToolchainChoice};

/// The target of every function: WASI preview 1, which Spin lifts to a component itself.
pub(crate) const TARGET: &str = "wasm32-wasip1";

/// The profile of the root manifest for them: small first.
const PROFILE: &str = "function";

/// That for `search`: fast first.
const FAST_PROFILE: &str = "fast-function";

/// The largest function that may leave this build. It is fetched, compiled and started often, so its size is a promise; the aim is 400 kB.
const MAXIMUM_FUNCTION_SIZE_BYTES: u64 = 500_000;

/// What `search` may have: 18 stemmers are 173 kB, Unicode's tables of words and of normal forms most of the rest, and it is compiled to be fast.
const MAXIMUM_SEARCH_SIZE_BYTES: u64 = 1_200_000;

/// The package of the program that trims what the compiler leaves.
pub(crate) const TRIM: &str = "trim";

/// What tests run: those of the host, and those of sealed functions. Each is a workspace of its own and comes out under its package's name.
const TEST_GUEST_MANIFESTS: [&str; 2] =
    ["host/tests/guest/Cargo.toml", "e2e/tests/guest/Cargo.toml"];

/// Builds every function and checks their sizes.
pub(crate) fn build(workspace: &Workspace, choice: ToolchainChoice) -> Result<()> {
    let modules = compile(workspace, choice)?;
    run(process::cargo().current_dir(&workspace.root).args([
        "build",
        "--quiet",
        "--package",
        TRIM,
    ]))?;
    trim(workspace, &modules)
}

/// What the compiler left of a function.
pub(crate) struct Module {
    name: String,
    path: PathBuf,
}

/// Compiles every function.
pub(crate) fn compile(workspace: &Workspace, choice: ToolchainChoice) -> Result<Vec<Module>> {
    let functions: Vec<&Package> = workspace
        .packages
        .iter()
        .filter(|package| is_function(package))
        .collect();
    if functions.is_empty() {
        say(
            "no function to build: no package under functions/ has `crate-type = [\"cdylib\", \"rlib\"]` in its [lib] table",
        );
        return Ok(Vec::new());
    }
    let toolchain = Toolchain::find(workspace, choice)?;
    let target_directory = toolchain.target_directory(&workspace.target_directory);
    timed("functions compiled", || {
        [PROFILE, FAST_PROFILE].into_iter().try_for_each(|profile| {
            let mut command = build_command(workspace, &toolchain, &target_directory, profile);
            for package in functions
                .iter()
                .filter(|package| profile_of(package) == profile)
            {
                command.args(["--package", &package.name]);
            }
            run(&mut command)
        })
    })?;
    let module = |package: &&Package| Module {
        name: package.name.clone(),
        path: module_path(&target_directory, profile_of(package), &package.name),
    };
    Ok(functions.iter().map(module).collect())
}

/// Trims what was compiled, with a program that is built, and checks the sizes of what comes out.
pub(crate) fn trim(workspace: &Workspace, modules: &[Module]) -> Result<()> {
    let destination = destination(workspace)?;
    let mut too_large = Vec::new();
    for Module { name, path } in modules {
        let function = destination.join(format!("{name}.wasm"));
        run(Command::new(workspace.program(TRIM)).args([path, &function]))?;
        let size_bytes = fs::metadata(&function)
            .with_context(|| format!("could not read {}", function.display()))?
            .len();
        say(&format!("  {name:<12} {size_bytes:>9} bytes"));
        let maximum = match name.as_str() {
            "search" => MAXIMUM_SEARCH_SIZE_BYTES,
            _ => MAXIMUM_FUNCTION_SIZE_BYTES,
        };
        if maximum < size_bytes {
            too_large.push(format!("{name} has {size_bytes} bytes of {maximum}"));
        }
    }
    if !too_large.is_empty() {
        bail!(
            "a function has more bytes than it may: {}. `cargo tree --target {TARGET} -p <name> -e normal` shows what it carries",
            too_large.join(", ")
        );
    }
    Ok(())
}

/// Builds every function, and what tests run beside them.
pub(crate) fn build_with_test_guests(workspace: &Workspace, choice: ToolchainChoice) -> Result<()> {
    build(workspace, choice)?;
    let toolchain = Toolchain::find(workspace, choice)?;
    let destination = destination(workspace)?;
    timed("test guests built", || {
        TEST_GUEST_MANIFESTS
            .iter()
            .try_for_each(|manifest| build_guest(workspace, &toolchain, manifest, &destination))
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

/// A guest has a lock file of its own, but the same profile and target folder: what it shares with the functions is compiled once.
fn build_guest(
    workspace: &Workspace,
    toolchain: &Toolchain,
    manifest: &str,
    destination: &Path,
) -> Result<()> {
    let path = workspace.root.join(manifest);
    let guest = Workspace::of_manifest(&path)?;
    let Some(package) = guest.packages.iter().find(|package| package.is_cdylib()) else {
        bail!("{manifest} has no cdylib: give its [lib] table `crate-type = [\"cdylib\"]`");
    };
    let target_directory = toolchain.target_directory(&workspace.target_directory);
    // The working folder decides which rust-toolchain.toml counts, hence the root and not the folder of the guest.
    let mut command = build_command(workspace, toolchain, &target_directory, PROFILE);
    run(command.arg("--manifest-path").arg(path))?;
    let module = module_path(&target_directory, PROFILE, &package.name);
    copy(&module, &destination.join(format!("{}.wasm", package.name)))
}

/// The profile for a function.
fn profile_of(package: &Package) -> &'static str {
    match package.name.as_str() {
        "search" => FAST_PROFILE,
        _ => PROFILE,
    }
}

fn build_command(
    workspace: &Workspace,
    toolchain: &Toolchain,
    target_directory: &Path,
    profile: &str,
) -> Command {
    let mut command = toolchain.cargo();
    command.current_dir(&workspace.root).args([
        "build",
        "--profile",
        profile,
        "--target",
        TARGET,
        "--lib",
    ]);
    command.arg("--target-dir").arg(target_directory);
    command
}

fn module_path(target_directory: &Path, profile: &str, package_name: &str) -> PathBuf {
    let file_name = format!("{}.wasm", package_name.replace('-', "_"));
    target_directory.join(TARGET).join(profile).join(file_name)
}

/// Copies a file, unless it is there already: an unchanged one keeps its time, and what is derived from it stays valid.
fn copy(source: &Path, destination: &Path) -> Result<()> {
    let bytes = fs::read(source)
        .with_context(|| format!("the build did not leave {}", source.display()))?;
    if fs::read(destination).ok().as_deref() != Some(bytes.as_slice()) {
        fs::write(destination, &bytes)
            .with_context(|| format!("could not write {}", destination.display()))?;
    }
    Ok(())
}
