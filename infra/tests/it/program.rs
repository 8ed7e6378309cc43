//! Running the program in a folder of its own.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Two collections, and what everything in a cluster needs.
pub(crate) const COLLECTIONS: &str = "[collections.books]\ntitle = \"Books\"\nsource = \"books\"\n\
    [collections.movies]\ntitle = \"Films\"\nsource = \"films\"\n";

/// A folder with a configuration and the application's manifest, gone with the value.
pub(crate) struct Place {
    folder: TempDir,
}

/// How the program ended, and what it said.
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// With environments beside two collections.
    pub(crate) fn new(environments: &str) -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        place.configure(environments);
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../spin.toml");
        std::fs::copy(manifest, place.path("spin.toml")).unwrap();
        place
    }

    /// A path within the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration anew, with other environments beside the two collections.
    pub(crate) fn configure(&self, environments: &str) {
        let config = format!("{COLLECTIONS}{environments}");
        std::fs::write(self.path("kindred.toml"), config).unwrap();
    }

    /// The program, to be run in the folder without what the surroundings may set.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infra"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_remove("KINDRED_ENVIRONMENT")
            .env("KUBECONFIG", "/dev/null")
            .env("COLUMNS", "100")
            // Nobody is logged in anywhere.
            .env("DOCKER_CONFIG", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program in the folder.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, &[])
    }

    /// The same with these variables of the environment.
    pub(crate) fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = self.command(args);
        Run::of(command.envs(variables.iter().copied()).output().unwrap())
    }
}

impl Run {
    /// What a program left when it ended.
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}
