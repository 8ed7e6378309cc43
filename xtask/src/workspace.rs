//! What `cargo metadata` says about this repository, reduced to what the commands ask for.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use crate::process;

/// The checkout we work on.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds; outside of the checkout when `CARGO_TARGET_DIR` says so.
    pub(crate) target_directory: PathBuf,
    /// The members, sorted by name.
    pub(crate) packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its folder relative to the root, with `/` between the names.
    pub(crate) folder: String,
    /// The names of the packages it depends on, of every kind, each once.
    pub(crate) dependencies: Vec<Dependency>,
    /// The crate types of all its targets: `bin`, `lib`, `cdylib` ...
    pub(crate) crate_types: Vec<String>,
}

/// A line of a `[dependencies]` table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dependency {
    /// The name of the package depended on.
    pub(crate) name: String,
    /// Whether only tests, examples and benches see it.
    pub(crate) only_for_tests: bool,
}

impl Workspace {
    /// Asks cargo about the workspace that the current folder is in.
    pub(crate) fn find() -> Result<Workspace> {
        let text = process::output_of(process::cargo().args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
        ]))?;
        let metadata = serde_json::from_str(&text).context("cargo metadata did not write JSON")?;
        Workspace::from_metadata(&metadata)
    }

    /// Asks cargo about the workspace of another manifest, such as that of a test guest.
    pub(crate) fn of_manifest(manifest: &Path) -> Result<Workspace> {
        let mut command = process::cargo();
        command
            .args([
                "metadata",
                "--format-version",
                "1",
                "--no-deps",
                "--manifest-path",
            ])
            .arg(manifest);
        let metadata = serde_json::from_str(&process::output_of(&mut command)?)
            .context("cargo metadata did not write JSON")?;
        Workspace::from_metadata(&metadata)
    }

    /// Reads the JSON of `cargo metadata --no-deps`.
    pub(crate) fn from_metadata(metadata: &Value) -> Result<Workspace> {
        let root = PathBuf::from(text(metadata, "workspace_root")?);
        let mut packages = Vec::new();
        for package in array(metadata, "packages")? {
            packages.push(Package::from_metadata(package, &root)?);
        }
        packages.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(Workspace {
            target_directory: PathBuf::from(text(metadata, "target_directory")?),
            root,
            packages,
        })
    }

    /// Where cargo leaves the program of a package.
    pub(crate) fn program(&self, package: &str) -> PathBuf {
        self.target_directory.join("debug").join(package)
    }

    /// Where tools and compilers are kept between clones: `$XDG_CACHE_HOME/kindred`, or `~/.cache/kindred`.
    pub(crate) fn cache_folder() -> Result<PathBuf> {
        let from_environment = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let cache_home = from_environment("XDG_CACHE_HOME")
            .or_else(|| Some(from_environment("HOME")?.join(".cache")));
        Ok(cache_home.context("neither XDG_CACHE_HOME nor HOME is set; set one, so that there is a place for caches")?.join("kindred"))
    }
}

impl Package {
    fn from_metadata(package: &Value, root: &Path) -> Result<Package> {
        let manifest = PathBuf::from(text(package, "manifest_path")?);
        let folder = manifest
            .parent()
            .and_then(|folder| folder.strip_prefix(root).ok())
            .unwrap_or(Path::new(""));
        let mut dependencies = Vec::new();
        for dependency in array(package, "dependencies")? {
            let kind = dependency.get("kind").and_then(Value::as_str);
            dependencies.push(Dependency {
                name: text(dependency, "name")?.to_owned(),
                only_for_tests: kind == Some("dev"),
            });
        }
        dependencies.sort();
        dependencies.dedup();
        let mut crate_types = Vec::new();
        for target in array(package, "targets")? {
            for crate_type in array(target, "crate_types")? {
                crate_types.extend(crate_type.as_str().map(str::to_owned));
            }
        }
        Ok(Package {
            name: text(package, "name")?.to_owned(),
            folder: folder.to_string_lossy().replace('\\', "/"),
            dependencies,
            crate_types,
        })
    }

    /// Whether building it for WebAssembly gives a component to be.
    pub(crate) fn is_cdylib(&self) -> bool {
        self.crate_types
            .iter()
            .any(|crate_type| crate_type == "cdylib")
    }
}

fn text<'json>(value: &'json Value, field: &str) -> Result<&'json str> {
    value
        .get(field)
        .and_then(Value::as_str)
        .ok_or_else(|| anyhow!("cargo metadata has no text field `{field}`"))
}

fn array<'json>(value: &'json Value, field: &str) -> Result<&'json Vec<Value>> {
    value
        .get(field)
        .and_then(Value::as_array)
        .ok_or_else(|| anyhow!("cargo metadata has no list `{field}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_reduced_to_what_the_commands_ask_for() {
        let metadata = serde_json::json!({
            "workspace_root": "/w",
            "target_directory": "/elsewhere",
            "packages": [
                {
                    "name": "recommend",
                    "manifest_path": "/w/functions/recommend/Cargo.toml",
                    "dependencies": [
                        { "name": "kit", "kind": null },
                        { "name": "insta", "kind": "dev" },
                        { "name": "kit", "kind": null, "target": "wasm32-wasip1" },
                    ],
                    "targets": [{ "crate_types": ["cdylib", "rlib"] }, { "crate_types": ["bin"] }],
                },
                { "name": "app", "manifest_path": "/w/app/Cargo.toml", "dependencies": [], "targets": [{ "crate_types": ["lib"] }] },
            ],
        });
        let workspace = Workspace::from_metadata(&metadata).unwrap();
        assert_eq!(workspace.target_directory, Path::new("/elsewhere"));
        let [app, recommend] = workspace.packages.as_slice() else {
            panic!("two packages: {workspace:?}")
        };
        assert_eq!((app.folder.as_str(), app.is_cdylib()), ("app", false));
        assert_eq!(
            (recommend.folder.as_str(), recommend.is_cdylib()),
            ("functions/recommend", true)
        );
        let dependencies: Vec<_> = recommend
            .dependencies
            .iter()
            .map(|found| (found.name.as_str(), found.only_for_tests))
            .collect();
        assert_eq!(dependencies, [("insta", true), ("kit", false)]);
    }

    #[test]
    fn metadata_without_a_field_names_it() {
        let error =
            Workspace::from_metadata(&serde_json::json!({ "workspace_root": "/w" })).unwrap_err();
        assert_eq!(error.to_string(), "cargo metadata has no list `packages`");
    }
}
