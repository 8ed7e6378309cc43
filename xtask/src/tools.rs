//! Programs of others that checks and tests need, installed once a version under the cache home.
//!
//! The versions are fixed, so that findings change when we say so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::process::{self, run, say, timed};
use crate::workspace::Workspace;

/// A program of others.
pub(crate) struct Tool {
    /// What it is called.
    name: &'static str,
    version: &'static str,
    source: Source,
}

/// Where a program comes from.
enum Source {
    /// The package of its name on crates.io.
    Cargo,
    /// This package of a Go module.
    Go(&'static str),
    /// This package of `PyPI`, in an environment of its own.
    Python(&'static str),
}

/// Checks licences, banned packages and sources.
pub(crate) const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    source: Source::Cargo,
};

/// Checks what workflows say.
pub(crate) const ACTIONLINT: Tool = Tool {
    name: "actionlint",
    version: "1.7.12",
    source: Source::Go("github.com/rhysd/actionlint/cmd/actionlint"),
};

/// Checks what somebody else could make of workflows.
pub(crate) const ZIZMOR: Tool = Tool {
    name: "zizmor",
    version: "1.32.0",
    source: Source::Python("zizmor"),
};

/// Checks templates of `CloudFormation`.
pub(crate) const CFN_LINT: Tool = Tool {
    name: "cfn-lint",
    version: "1.51.0",
    source: Source::Python("cfn-lint"),
};

/// Much of AWS, which tests make stacks in.
pub(crate) const MOTO: Tool = Tool {
    name: "moto_server",
    version: "5.2.1",
    source: Source::Python("moto[server]"),
};

/// The registry of the CNCF, which tests push to.
pub(crate) const REGISTRY: Tool = Tool {
    name: "registry",
    version: "3.1.2",
    source: Source::Go("github.com/distribution/distribution/v3/cmd/registry"),
};

/// An S3 server that is not ours, which tests publish to.
pub(crate) const VERSITYGW: Tool = Tool {
    name: "versitygw",
    version: "1.8.0",
    source: Source::Go("github.com/versity/versitygw/cmd/versitygw"),
};

impl Tool {
    /// The program, installed if it is not yet. `None`, and a loud line, where there is nothing to install it with.
    pub(crate) fn program(&self) -> Result<Option<PathBuf>> {
        let Self { name, version, .. } = self;
        let folder = Workspace::cache_folder()?.join(format!("{name}-{version}"));
        let program = folder.join("bin").join(name);
        if program.exists() {
            return Ok(Some(program));
        }
        if let Some(absent) = self.source.absent() {
            say(&format!(
                "NOT INSTALLED: {name}, since there is no {absent}"
            ));
            return Ok(None);
        }
        timed(&format!("{name} {version} installed"), || {
            self.install(&folder)
        })?;
        Ok(Some(program))
    }

    fn install(&self, folder: &Path) -> Result<()> {
        let Self { name, version, .. } = self;
        match self.source {
            Source::Cargo => {
                let mut command = process::cargo();
                command.args(["install", name, "--quiet", "--locked"]);
                command.args(["--version", version]);
                // Unoptimised: 90 s of processor time to compile cargo-deny instead of 203 s, and it still checks our tree in seconds.
                command.arg("--debug").arg("--root").arg(folder);
                // Its dependencies are other versions than ours: they would only fill the shared target folder.
                let build = folder.join("build");
                run(command.env("CARGO_TARGET_DIR", &build))?;
                fs::remove_dir_all(&build)
                    .with_context(|| format!("could not remove {}", build.display()))
            }
            Source::Go(package) => run(Command::new("go")
                .arg("install")
                .arg(format!("{package}@v{version}"))
                // Nothing here needs a C compiler.
                .env("GOBIN", folder.join("bin"))
                .env("CGO_ENABLED", "0")),
            Source::Python(package) => {
                run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
                run(Command::new(folder.join("bin/python"))
                    .args(["-m", "pip", "--disable-pip-version-check"])
                    .args(["install", "--quiet", "--root-user-action", "ignore"])
                    .args(["--only-binary", ":all:"])
                    .arg(format!("{package}=={version}")))
            }
        }
    }
}

impl Source {
    /// What would be needed and is not there.
    fn absent(&self) -> Option<&'static str> {
        match self {
            Self::Cargo => None,
            Self::Go(_) => (!process::exists("go")).then_some("Go (https://go.dev/dl/)"),
            Self::Python(_) => {
                let asked = Command::new("python3")
                    .args(["-c", "import ensurepip, venv"])
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .status();
                let is_there = asked.is_ok_and(|status| status.success());
                (!is_there).then_some("Python with venv")
            }
        }
    }
}
